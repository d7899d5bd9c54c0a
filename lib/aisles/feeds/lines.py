"""The slow path: a stretch of delimited text that does not read cleanly, one record at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from aisles.feeds.cells import CellReader, Reading
from aisles.feeds.records import RAW_LIMIT, Row, rejected
from aisles.feeds.remarks import Remarks, is_rule
from aisles.feeds.rewrite import Rewriter
from aisles.feeds.shift import Profile, shapes_of_text
from aisles.feeds.trailer import MOST_CELLS, MOST_CHARS, counts_of, trailer_cells
from aisles.feeds.trials import ESCAPE

MAX_RECORD_CHARS = 1 << 20
MAX_RECORD_LINES = 1000
_ENTITY = re.compile(r"&(?:[A-Za-z]{2,8}[12]?|#\d{2,6}|#x[0-9A-Fa-f]{2,5})$")
MAX_EXTRA = 16
"""Empty cells past the last column that count as trailing delimiters."""
_MAX_STRAY_TRIES = 64
_MAX_JOINED = 4


class Resolver:
    """Reads the records of a doubtful stretch, keeping what can be read without a guess.

    ``header``: the header's words, which may come again; ``sample``: the first lines of records.
    """

    def __init__(
        self,
        columns: tuple[str, ...],
        rewriter: Rewriter,
        quote: str | None,
        profile: Profile,
        header: tuple[str, ...] = (),
        sample: bytes = b"",
    ) -> None:
        self.columns = columns
        self.rewriter = rewriter
        self.delimiter = rewriter.delimiter
        self.quote = quote
        self.profile = profile
        self.header = header
        self.trailer: list[int] = []
        """The numbers of the last trailer seen that may be its count, in their order."""
        self.reader = CellReader(self.delimiter, quote)
        self.remarks = Remarks(self.delimiter, len(columns), self.cells, sample)
        self._escaper = Rewriter(self.delimiter, quote, ESCAPE)

    def rows(self, text: str) -> Iterator[Row]:
        """One row per record of ``text``, which ends at a record's end; blank lines are none."""
        place = 0
        while place < len(text):
            stop = text.find("\n", place)
            stop = len(text) if stop < 0 else stop
            line = text[place:stop]
            if not line.strip() or self._is_no_record(line):
                place = stop + 1
                continue
            if several := self._several(line):
                yield from several
                place = stop + 1
                continue
            row, place = self._record(text, place, stop)
            yield row

    def cells(self, line: str) -> list[str]:
        """The cells of one line, as the feed means them."""
        read = self.reader.read(line, 0, len(line)).cells
        return read if self.rewriter.idle else list(map(self.rewriter.cell, read))

    def alone(self, line: str) -> bool:
        """Whether the line by itself is a whole record, and not the end of a quoted cell."""
        if len(self.columns) == 1 or line.count(self.delimiter) < len(self.columns) - 1:
            return False
        read = self.reader.read(line, 0, len(line))
        if read.unclosed or read.improper or read.lone or sum(map(bool, read.cells)) < 2:
            return False
        if not self._fits(read.cells):
            return False
        plain = (cell for place, cell in enumerate(read.cells) if place not in read.quoted)
        return self.quote is None or not any(self.quote in cell for cell in plain)

    def _several(self, line: str) -> list[Row]:
        """The records of a line that holds several, a lone CR after each; none of another one."""
        parts = line.rstrip("\r").split("\r")
        if len(parts) < 2:
            return []
        one = self.reader.read(line, 0, len(line))
        if self._fits(one.cells) and not (one.unclosed or one.improper or one.lone):
            return []
        told = [part for part in parts if part.strip() and not self._is_no_record(part)]
        if not all(map(self.alone, told)):
            return []
        return [self._kept(self.reader.read(part, 0, len(part)).cells) for part in told]

    def _is_trailer(self, line: str) -> bool:
        """Whether the line, wherever it stands, is a trailer: it is no record and has a count."""
        cells = trailer_cells(line, self.cells)
        numbers = counts_of(line) if cells else []
        wide = max(len(self.columns), 4) if line.startswith("TRL") else len(self.columns)
        if not numbers or len(cells) >= wide:
            return False
        self.trailer = numbers
        return True

    def ending(self, line: str, paired: bool) -> list[int] | None:
        """What the file's last line may count, where it is a trailer; None where it is none.

        paired: a T answers an H at the file's start.
        """
        width, cells = len(self.columns), trailer_cells(line, self.cells)
        if len(cells) >= width:  # in capitals, and emptier than a product
            room = max(MOST_CELLS, width // 2)
            named = cells[0].isupper() and sum(map(bool, cells)) <= room
        elif cells:
            named = True
        else:
            named = paired and line[:2].strip("\"'")[:1] == "T" and self._is_letter(line)
        return counts_of(line) if named else None

    def _is_letter(self, line: str) -> bool:
        cells = self.cells(line[:MOST_CHARS])
        return cells[0] == "T" and 1 < len(cells) != len(self.columns)

    def _is_no_record(self, line: str) -> bool:
        """Whether the line is a trailer, a remark, or the rule between names and records."""
        other = self.remarks.has(line) or is_rule(line, self.delimiter)
        return self._is_trailer(line) or other

    def _record(self, text: str, start: int, stop: int) -> tuple[Row, int]:
        one = self.reader.read(text, start, stop)
        if not one.unclosed and not one.improper:
            if self._fits(one.cells):
                return self._kept(one.cells), stop + 1
            cells = self._with_entities(one)
            if cells is not None:
                return self._kept(cells), stop + 1
        cells = self._escaped(text[start:stop]) if ESCAPE in text[start:stop] else None
        if cells is not None:
            return self._kept(cells), stop + 1
        span = None
        if one.unclosed:
            span = self._span(text, start)
            if span is not None and self._fits(span.cells):
                return self._kept(span.cells), span.end + 1
        doubtful = one.quoted and (one.unclosed or one.improper)
        cells = self._stray(text, start, stop, one) if doubtful else None
        if cells is not None:
            return self._kept(cells), stop + 1
        if one.unclosed:
            joined = self._joined(text, start, stop, one)
            if joined is not None:
                return self._kept(joined.cells), joined.end + 1
        return self._rejected(text, start, stop, span, one)

    def _with_entities(self, one: Reading) -> list[str] | None:
        """The cells where the semicolons of entities, ``&nbsp;``, are not what keeps them apart."""
        if self.delimiter != ";" or len(one.cells) <= len(self.columns):
            return None
        cells: list[str] = []
        for place, cell in enumerate(one.cells):
            if cells and place - 1 not in one.quoted and _ENTITY.search(cells[-1]):
                cells[-1] += ";" + cell
            else:
                cells.append(cell)
        return cells if self._fits(cells) else None

    def _escaped(self, line: str) -> list[str] | None:
        """The line's cells where backslashes before quotes and delimiters make it come right."""
        text = self._escaper.feed(line.encode(), final=True).decode("utf-8", "replace")
        read = self.reader.read(text, 0, len(text))
        if text == line or read.unclosed or read.improper or not self._fits(read.cells):
            return None
        return list(map(self._escaper.cell, read.cells))

    def _rejected(
        self, text: str, start: int, stop: int, span: Reading | None, one: Reading
    ) -> tuple[Row, int]:
        end = stop if span is None else span.end
        got = len((span or one).cells)
        reason = f"wrong_columns: expected {len(self.columns)}, got {got}"
        if self._extra_is_empty((span or one).cells):
            reason += " with a cell too many before the last"
        if one.unclosed and span is None:
            reason = "unclosed_quote"
        return self._refused(text[start:end], reason), end + 1

    def _refused(self, text: str, reason: str) -> Row:
        return rejected(self.rewriter.raw(text[:RAW_LIMIT]).removesuffix("\r"), reason)

    def _kept(self, cells: list[str]) -> Row:
        if not self.rewriter.idle:
            cells = list(map(self.rewriter.cell, cells))
        if self.header and tuple(cell.strip() for cell in cells[: len(self.header)]) == self.header:
            text = self.delimiter.join(cells)
            return self._refused(text, "repeated_header: the names of the columns once more")
        return Row(list(zip(self.columns, cells, strict=False)))

    def _span(self, text: str, start: int) -> Reading | None:
        """The record that runs over line breaks inside quotes, unless it swallows others."""
        limit = min(len(text), start + MAX_RECORD_CHARS)
        read = self.reader.read(text, start, limit, many=True)
        if read.unclosed or read.improper:
            return None
        lines = text[start : read.end].split("\n")[1:]
        if len(lines) > MAX_RECORD_LINES or any(self.alone(line) for line in lines):
            return None
        return read

    def _stray(self, text: str, start: int, stop: int, one: Reading) -> list[str] | None:
        """The line's cells when one of its quotes is taken as a stray sign and not as syntax."""
        options: list[list[str]] = []
        for cell in self._quoted_cells(text, start, stop, one):
            read = self.reader.read(text, start, stop, literal=cell)
            if read.unclosed or read.improper or len(read.cells) <= cell:
                continue
            options += list(self._closings(read.cells, cell))
        options = [cells for cells in options if self._fits(cells)]
        if not options:
            return None
        if len(options) == 1 or not self.profile.ready:
            return options[0]
        return max(options, key=self._likelihood)

    def _quoted_cells(self, text: str, start: int, stop: int, one: Reading) -> list[int]:
        cells = one.quoted[:_MAX_STRAY_TRIES]
        if one.unclosed or not cells:
            return cells
        further = self.reader.read(text, start, stop, literal=cells[-1]).quoted
        return sorted(set(cells) | set(further))[:_MAX_STRAY_TRIES]

    def _closings(self, cells: list[str], stray: int) -> Iterator[list[str]]:
        """The cells with the stray one closed where the record comes out right.

        A field that lost its closing quote may hold delimiters: as its start and the number of
        columns are known, its end follows, up to the trailing delimiters.
        """
        width = len(self.columns)
        for extra in range(MAX_EXTRA + 1):
            over = len(cells) - extra - width
            if over < 0 or (extra and any(cells[len(cells) - extra :])):
                return
            body = self.delimiter.join(cells[stray : stray + over + 1])
            yield cells[:stray] + [self._unquoted(body)] + cells[stray + over + 1 :]

    def _unquoted(self, cell: str) -> str:
        """The text of a cell whose opening quote was never closed."""
        assert self.quote is not None
        inner = cell[1:] if cell.startswith(self.quote) else cell
        if self.quote in inner.replace(self.quote * 2, ""):
            return cell
        return inner.replace(self.quote * 2, self.quote)

    def _joined(self, text: str, start: int, stop: int, one: Reading) -> Reading | None:
        """A record with an unclosed quote and a line break in one cell, put together again."""
        stray = len(one.cells) - 1
        read = self.reader.read(text, start, stop, literal=one.quoted[-1])
        if read.unclosed or len(read.cells) - 1 != one.quoted[-1] or stray != one.quoted[-1]:
            return None
        cells, end = read.cells, stop
        for _ in range(_MAX_JOINED):
            if end >= len(text):
                return None
            follow = text.find("\n", end + 1)
            follow = len(text) if follow < 0 else follow
            line = text[end + 1 : follow]
            more = self.reader.read(line, 0, len(line))
            if more.unclosed or self.alone(line):
                return None
            cells = [*cells[:-1], cells[-1] + "\n" + more.cells[0], *more.cells[1:]]
            if self._fits(cells) and len(more.cells) > 1:
                cells[stray] = self._unquoted(cells[stray])
                return Reading(cells, follow)
            end = follow
        return None

    def _likelihood(self, cells: list[str]) -> float:
        shapes = shapes_of_text(cells[: len(self.columns)])
        return float(self.profile.fit(shapes[np.newaxis, :])[0])

    def _extra_is_empty(self, cells: list[str]) -> bool:
        width = len(self.columns)
        return width < len(cells) <= width + MAX_EXTRA and not any(cells[width:])

    def _fits(self, cells: list[str]) -> bool:
        """Whether the cells fill the columns, at most followed by empty ones."""
        width = len(self.columns)
        if len(cells) == width:
            return True
        if not self._extra_is_empty(cells):
            return False
        shapes = shapes_of_text(cells)
        return not bool(self.profile.shifted(shapes[np.newaxis, :])[0])
