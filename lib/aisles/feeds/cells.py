"""One record of delimited text, from a place in the text on, to its cells."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Reading:
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


class CellReader:
    """Reads cells sign by sign, for the records that the fast path does not take."""

    def __init__(self, delimiter: str, quote: str | None) -> None:
        self.delimiter = delimiter
        self.quote = quote

    def words(self, line: str) -> tuple[str, ...]:
        """The cells of a line of names, without space around them; none for an empty line."""
        return tuple(cell.strip() for cell in self.read(line, 0, len(line)).cells if line)

    def read(
        self, text: str, start: int, stop: int, literal: int = -1, many: bool = False
    ) -> Reading:
        """Reads from ``start`` to ``stop`` or, with ``many``, to the first line break outside
        quotes before it; the cell numbered ``literal`` is taken without quoting."""
        found = Reading([], stop)
        place = start
        while True:
            quoted = self.quote is not None and text.startswith(self.quote, place)
            if quoted and place < stop:
                found.quoted.append(len(found.cells))
            if quoted and place < stop and len(found.cells) != literal:
                place = self._quoted(text, place, stop, found, many)
            else:
                place = self._plain(text, place, stop, found, many)
            if place < 0:
                return found

    def _plain(self, text: str, place: int, stop: int, found: Reading, many: bool) -> int:
        end = text.find(self.delimiter, place, stop)
        if many:
            line_end = text.find("\n", place, stop)
            if line_end >= 0 and (end < 0 or line_end < end):
                found.end, end = line_end, -1
        last = end < 0
        cell = text[place : found.end if last else end]
        found.cells.append(cell.removesuffix("\r") if last else cell)
        return -1 if last else end + 1

    def _quoted(self, text: str, place: int, stop: int, found: Reading, many: bool) -> int:
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
            if after >= stop or text[after] in (self.delimiter, "\n") or _ends(text, after, stop):
                break
            found.lone = True
            found.improper |= text[close - 1] in (self.delimiter, "\n") and close - 1 > place
            if many and found.improper:  # no record over several lines: look no further
                return -1
            look = after
        found.cells.append(text[place + 1 : close].replace(quote * 2, quote))
        if after < stop and text[after] == self.delimiter:
            return after + 1
        line_end = text.find("\n", after, stop)
        found.end = stop if line_end < 0 else line_end
        return -1


def _ends(text: str, place: int, stop: int) -> bool:
    """Whether a CR stands there that ends a line: before a line feed, or the stretch's end."""
    return text[place] == "\r" and (place + 1 >= stop or text[place + 1] == "\n")
