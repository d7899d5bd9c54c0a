"""Delimited text cut into records and cells, whole blocks at a time.

The quoting of RFC 4180 needs a state (inside or outside quotes) that an unclosed quote would turn
round for the rest of the file. Here a run of quotes sets the state by where it stands: one that
follows a delimiter or line break opens, one that is followed by a delimiter or line break closes,
one that stands between two of them toggles, and a quote inside a word is a sign like any other.
So the state comes right again at the next quoted field, and a record's damage stays with it. What
a run does depends on its neighbours only, which makes the whole a few passes of numpy.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LF, CR = 10, 13
_DELIMITER, _BREAK, _QUOTE = 1, 2, 3


@dataclass(frozen=True)
class Tokens:
    """A block's records and cells. R records, C cells, every offset in bytes of the block.

    ``record_start``, ``record_end``: int64 (R,), the end past the line break.
    ``first_cell``: int64 (R + 1,), a record's place among the cells.
    ``cell_start``: int64 (C,); ``cell_length``: int64 (C,), bytes without the quotes dropped.
    ``improper``: bool (R,), a quote stands where quoting does not allow it.
    ``breaks``: int64 (R,), line breaks in the record, its own included.
    ``delimiters``: int64 (R,), delimiters in the record, quoted ones included.
    ``keep``: bool (block,), false at delimiters, record ends and quotes that are syntax.
    """

    record_start: np.ndarray
    record_end: np.ndarray
    first_cell: np.ndarray
    cell_start: np.ndarray
    cell_length: np.ndarray
    improper: np.ndarray
    breaks: np.ndarray
    delimiters: np.ndarray
    keep: np.ndarray

    @property
    def end(self) -> int:
        """Where the last whole record ends."""
        return int(self.record_end[-1]) if len(self.record_end) else 0


def tokenize(block: np.ndarray, delimiter: int, quote: int | None) -> Tokens:
    """The records of ``block`` (uint8 (n,)) up to its last line break outside quotes."""
    table = np.zeros(256, dtype=np.uint8)
    table[delimiter], table[LF] = _DELIMITER, _BREAK
    if quote is not None:
        table[quote] = _QUOTE
    classes = table[block]
    at = np.flatnonzero(classes != 0)
    kind = classes[at]
    runs = _Runs(block, classes, at, kind)
    return _assemble(block, at, kind, runs)


class _Runs:
    """The runs of quotes: what each does to the state, and how many of its quotes are syntax."""

    def __init__(
        self, block: np.ndarray, classes: np.ndarray, at: np.ndarray, kind: np.ndarray
    ) -> None:
        quotes = kind == _QUOTE
        where = at[quotes]
        new = np.ones(len(where), dtype=bool)
        new[1:] = np.diff(where) > 1
        self.start = where[new]
        self.length = np.diff(np.append(np.flatnonzero(new), len(where)))
        first = np.zeros(len(at), dtype=bool)
        first[np.flatnonzero(quotes)[new]] = True
        self.first = first
        if len(self.start):
            self._neighbours(block, classes)
            self._states()
            self._syntax()
        else:
            self.after = self.dropped = np.zeros(0, dtype=np.int64)
            self.improper = np.zeros(0, dtype=bool)

    def _neighbours(self, block: np.ndarray, classes: np.ndarray) -> None:
        before = self.start - 1
        end = self.start + self.length
        n = len(block)
        self.opens = (before < 0) | _is_edge(classes[np.maximum(before, 0)])
        follows = np.minimum(end, n - 1)
        crlf = (block[follows] == CR) & (
            (end + 1 >= n) | (classes[np.minimum(end + 1, n - 1)] == _BREAK)
        )
        self.closes = (end >= n) | _is_edge(classes[follows]) | crlf

    def _states(self) -> None:
        """The state after each run: that of the last run that set it, turned by later toggles."""
        odd = (self.length & 1).astype(bool)
        sets = odd & (self.opens ^ self.closes)
        toggles = np.cumsum(odd & self.opens & self.closes)
        last = np.maximum.accumulate(np.where(sets, np.arange(len(sets)), -1))
        known = last >= 0
        base = np.where(known, self.opens[last], False)
        turned = toggles - np.where(known, toggles[last], 0)
        self.after = base ^ (turned & 1).astype(bool)
        self.before = np.append(False, self.after[:-1])

    def _syntax(self) -> None:
        """Quotes of a run that are dropped; bytes being equal, which of the run is no matter."""
        length, inside = self.length, self.before
        odd = (length & 1).astype(bool)
        opening = ~inside & self.opens
        kept = np.where(inside, length // 2, length)
        kept = np.where(inside & odd & ~self.closes, (length + 1) // 2, kept)
        kept = np.where(opening, (length - 1) // 2, kept)
        self.dropped = length - kept
        self.improper = (inside & odd & self.opens & ~self.closes) | (opening & ~odd & ~self.closes)


def _is_edge(kind: np.ndarray) -> np.ndarray:
    return (kind == _DELIMITER) | (kind == _BREAK)


def _assemble(block: np.ndarray, at: np.ndarray, kind: np.ndarray, runs: _Runs) -> Tokens:
    structural = kind != _QUOTE
    if len(runs.start):
        latest = np.cumsum(runs.first) - 1
        structural &= ~np.append(runs.after, False)[latest]
    cut, ends = at[structural], kind[structural] == _BREAK
    last = np.flatnonzero(ends)
    cells = int(last[-1]) + 1 if len(last) else 0
    cut, ends = cut[:cells], ends[:cells]
    first_cell = np.append(0, last + 1)
    cell_start = np.append(0, cut[:-1] + 1) if cells else cut
    length, keep = cut - cell_start, np.ones(len(block), dtype=bool)
    keep[cut] = False
    _drop_cr(block, cut[last], length, last, keep)
    improper = np.zeros(len(last), dtype=bool)
    record_end = cut[last] + 1
    if len(runs.start):
        _drop_quotes(runs, cell_start, length, keep, int(record_end[-1]) if len(last) else 0)
        hurt = np.searchsorted(record_end, runs.start[runs.improper], side="right")
        improper[hurt[hurt < len(last)]] = True
    record_start = np.append(0, record_end[:-1]) if len(last) else record_end
    return Tokens(
        record_start, record_end, first_cell, cell_start, length, improper,
        _count_to(at[kind == _BREAK], record_end), _count_to(at[kind == _DELIMITER], record_end),
        keep,
    )  # fmt: skip


def _drop_cr(
    block: np.ndarray, breaks: np.ndarray, length: np.ndarray, last: np.ndarray, keep: np.ndarray
) -> None:
    """A CR before a record's LF is part of the line break."""
    crlf = (length[last] > 0) & (block[np.maximum(breaks - 1, 0)] == CR)
    length[last[crlf]] -= 1
    keep[breaks[crlf] - 1] = False


def _drop_quotes(
    runs: _Runs, cell_start: np.ndarray, length: np.ndarray, keep: np.ndarray, end: int
) -> None:
    dropped = runs.dropped
    total = int(dropped.sum())
    offset = np.arange(total) - np.repeat(np.cumsum(dropped) - dropped, dropped)
    keep[np.repeat(runs.start, dropped) + offset] = False
    if len(cell_start):
        whole = runs.start < end
        cell = np.searchsorted(cell_start, runs.start[whole], side="right") - 1
        lost = np.bincount(cell, weights=dropped[whole], minlength=len(length))
        length -= lost.astype(np.int64)


def _count_to(positions: np.ndarray, record_end: np.ndarray) -> np.ndarray:
    """How many of the positions lie in each record."""
    return np.diff(np.searchsorted(positions, record_end), prepend=0)
