"""The slow path: a stretch of delimited text that does not read cleanly, one record at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from aisles.feeds.records import Row, rejected
from aisles.feeds.shift import Profile, shapes_of_text

MAX_RECORD_CHARS = 1 << 20
MAX_RECORD_LINES = 1000
MAX_EXTRA = 2
"""Empty cells past the last column that count as trailing delimiters."""
_MAX_STRAY_TRIES = 64
_MAX_JOINED = 4
_TRAILER = re.compile(r"^TRL\W(?:.*\W)?(\d+)\W*$")


@dataclass
class _Read:
    """One reading of a record: its cells, where it ended, and what is odd about its quotes.

    ``improper``: one opens inside another; ``lone``: one stands undoubled inside a quoted cell;
    ``quoted``: the cells that begin with a quote.
    """

    cells: list[str]
    end: int
    unclosed: bool = False
    improper: bool = False
    lone: bool = False
    quoted: list[int] = field(default_factory=list)


class Resolver:
    """Reads the records of a doubtful stretch, keeping what can be read without a guess."""

    def __init__(
        self, columns: tuple[str, ...], delimiter: str, quote: str | None, profile: Profile
    ) -> None:
        self.columns = columns
        self.delimiter = delimiter
        self.quote = quote
        self.profile = profile
        self.trailer_count: int | None = None

    def rows(self, text: str) -> Iterator[Row]:
        """One row per record of ``text``, which ends at a record's end; blank lines are none."""
        place = 0
        while place < len(text):
            stop = text.find("\n", place)
            stop = len(text) if stop < 0 else stop
            line = text[place:stop]
            if not line.strip() or self._is_trailer(line):
                place = stop + 1
                continue
            row, place = self._record(text, place, stop)
            yield row

    def cells(self, line: str) -> list[str]:
        """The cells of one line as they stand."""
        return self._read(line, 0, len(line)).cells

    def _is_trailer(self, line: str) -> bool:
        found = _TRAILER.match(line) if line.startswith("TRL") and len(line) < 200 else None
        if found is None or line.count(self.delimiter) >= max(len(self.columns) - 1, 3):
            return False
        self.trailer_count = int(found[1][:18])
        return True

    def _record(self, text: str, start: int, stop: int) -> tuple[Row, int]:
        one = self._read(text, start, stop)
        if not one.unclosed and not one.improper and self._fits(one.cells):
            return self._kept(one.cells), stop + 1
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

    def _rejected(
        self, text: str, start: int, stop: int, span: _Read | None, one: _Read
    ) -> tuple[Row, int]:
        end = stop if span is None else span.end
        got = len((span or one).cells)
        reason = f"wrong_columns: expected {len(self.columns)}, got {got}"
        if self._extra_is_empty((span or one).cells):
            reason += " with a cell too many before the last"
        if one.unclosed and span is None:
            reason = "unclosed_quote"
        return rejected(text[start:end].removesuffix("\r"), reason), end + 1

    def _kept(self, cells: list[str]) -> Row:
        return Row(list(zip(self.columns, cells, strict=False)))

    def _read(
        self, text: str, start: int, stop: int, literal: int = -1, many: bool = False
    ) -> _Read:
        """Reads from ``start`` to ``stop`` or, with ``many``, to the first line break outside
        quotes before it; the cell numbered ``literal`` is taken without quoting."""
        found = _Read([], stop)
        place = start
        while True:
            quoted = self.quote is not None and text.startswith(self.quote, place)
            if quoted and place < stop:
                found.quoted.append(len(found.cells))
            if quoted and place < stop and len(found.cells) != literal:
                place = self._quoted(text, place, stop, found)
            else:
                place = self._plain(text, place, stop, found, many)
            if place < 0:
                return found

    def _plain(self, text: str, place: int, stop: int, found: _Read, many: bool) -> int:
        end = text.find(self.delimiter, place, stop)
        if many:
            line_end = text.find("\n", place, stop)
            if line_end >= 0 and (end < 0 or line_end < end):
                found.end, end = line_end, -1
        last = end < 0
        cell = text[place : found.end if last else end]
        found.cells.append(cell.removesuffix("\r") if last else cell)
        return -1 if last else end + 1

    def _quoted(self, text: str, place: int, stop: int, found: _Read) -> int:
        """Reads one quoted cell; the next cell's place, or -1 at the record's end."""
        assert self.quote is not None
        quote, look = self.quote, place + 1
        while True:
            close = text.find(quote, look, stop)
            if close < 0:
                found.unclosed, found.end = True, stop
                found.cells.append(text[place + 1 : stop].removesuffix("\r"))
                return -1
            after = close + 1
            if after < stop and text[after] == quote:
                look = after + 1
                continue
            if after >= stop or text[after] in (self.delimiter, "\n", "\r"):
                break
            found.lone = True
            found.improper |= text[close - 1] in (self.delimiter, "\n") and close - 1 > place
            look = after
        found.cells.append(text[place + 1 : close].replace(quote * 2, quote))
        if after < stop and text[after] == self.delimiter:
            return after + 1
        line_end = text.find("\n", after, stop)
        found.end = stop if line_end < 0 else line_end
        return -1

    def _span(self, text: str, start: int) -> _Read | None:
        """The record that runs over line breaks inside quotes, unless it swallows others."""
        limit = min(len(text), start + MAX_RECORD_CHARS)
        read = self._read(text, start, limit, many=True)
        if read.unclosed or read.improper:
            return None
        lines = text[start : read.end].split("\n")[1:]
        if len(lines) > MAX_RECORD_LINES or any(self._alone(line) for line in lines):
            return None
        return read

    def _alone(self, line: str) -> bool:
        """Whether the line by itself is a whole record, and not the end of a quoted cell."""
        if len(self.columns) == 1 or line.count(self.delimiter) < len(self.columns) - 1:
            return False
        read = self._read(line, 0, len(line))
        if read.unclosed or read.improper or read.lone or sum(map(bool, read.cells)) < 2:
            return False
        if not self._fits(read.cells):
            return False
        plain = (cell for place, cell in enumerate(read.cells) if place not in read.quoted)
        return self.quote is None or not any(self.quote in cell for cell in plain)

    def _stray(self, text: str, start: int, stop: int, one: _Read) -> list[str] | None:
        """The line's cells when one of its quotes is taken as a stray sign and not as syntax."""
        options: list[list[str]] = []
        for cell in self._quoted_cells(text, start, stop, one):
            read = self._read(text, start, stop, literal=cell)
            if read.unclosed or read.improper or len(read.cells) <= cell:
                continue
            options += list(self._closings(read.cells, cell))
        options = [cells for cells in options if self._fits(cells)]
        if not options:
            return None
        if len(options) == 1 or not self.profile.ready:
            return options[0]
        return max(options, key=self._likelihood)

    def _quoted_cells(self, text: str, start: int, stop: int, one: _Read) -> list[int]:
        cells = one.quoted[:_MAX_STRAY_TRIES]
        if one.unclosed or not cells:
            return cells
        further = self._read(text, start, stop, literal=cells[-1]).quoted
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

    def _joined(self, text: str, start: int, stop: int, one: _Read) -> _Read | None:
        """A record with an unclosed quote and a line break in one cell, put together again."""
        stray = len(one.cells) - 1
        read = self._read(text, start, stop, literal=one.quoted[-1])
        if read.unclosed or len(read.cells) - 1 != one.quoted[-1] or stray != one.quoted[-1]:
            return None
        cells, end = read.cells, stop
        for _ in range(_MAX_JOINED):
            if end >= len(text):
                return None
            follow = text.find("\n", end + 1)
            follow = len(text) if follow < 0 else follow
            line = text[end + 1 : follow]
            more = self._read(line, 0, len(line))
            if more.unclosed or self._alone(line):
                return None
            cells = [*cells[:-1], cells[-1] + "\n" + more.cells[0], *more.cells[1:]]
            if self._fits(cells) and len(more.cells) > 1:
                cells[stray] = self._unquoted(cells[stray])
                return _Read(cells, follow)
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
