"""Which records of a delimited file are plain, so that whole blocks of them are cut at once."""

from __future__ import annotations

import numpy as np

from aisles.feeds.formats import Format
from aisles.feeds.lines import MAX_EXTRA, MAX_RECORD_CHARS, MAX_RECORD_LINES
from aisles.feeds.shift import Profile, shapes_of
from aisles.feeds.tokens import Tokens

_LEARN_ROWS = 4_000
_SHORT_SHARE, _MERELY_SHORT = 0.1, 0.95
"""The share of a file's first records that must end early before any may, and the share of these
that must suit the first columns."""


class Judge:
    """Tells clean records, R of a block, from those that must be looked at one by one.

    A block is uint8 (bytes,), its tokens are `aisles.feeds.tokens.tokenize` of it. profile: what
    the columns usually look like. header: the header line, blank where there is none. shortest: the
    fewest cells of a record that leaves out its last, empty columns; the number of columns where
    that is no habit of the file.
    """

    def __init__(self, form: Format, quote: int | None) -> None:
        self.profile = Profile(len(form.columns))
        self.header = b""
        self.shortest = self._width = len(form.columns)
        self._quote = quote
        self._trailer_marks = form.has_trailer_marks

    def learn(self, block: np.ndarray, tokens: Tokens) -> None:
        """Learns what the columns look like, and whether records end early, from the records that
        the file starts with."""
        fields = np.diff(tokens.first_cell)
        clean = (fields == self._width) & ~tokens.improper & ~self._swallows(tokens)
        some = np.flatnonzero(clean)[:_LEARN_ROWS]
        if len(some):
            self.profile.learn(self._shapes(block, tokens, some, self._width))
        self.shortest = self._shortest(block, tokens)

    def clean(self, block: np.ndarray, tokens: Tokens) -> tuple[np.ndarray, np.ndarray]:
        """Which records are clean (as many cells as columns, or trailing delimiters, or as few as
        is usual here), and which are blank lines: two bool (R,)."""
        width, fields = self._width, np.diff(tokens.first_cell)
        blank = (fields == 1) & (tokens.cell_length[tokens.first_cell[:-1]] == 0)
        doubtful = tokens.improper | blank | self._swallows(tokens)
        if self._trailer_marks:
            doubtful |= _starts_with(block, tokens.record_start, b"TRL")
        if self.header:
            size = tokens.record_end - tokens.record_start - len(self.header)
            alike = (size >= 0) & (size <= 2)
            doubtful |= alike & _starts_with(block, tokens.record_start, self.header[:8])
        clean = (fields == width) & ~doubtful
        over = (fields > width) & (fields <= width + MAX_EXTRA) & ~doubtful
        for more in np.unique(fields[over] - width).tolist():
            some = np.flatnonzero(over & (fields == width + more))
            surplus = tokens.first_cell[some][:, np.newaxis] + np.arange(width, width + more)
            some = some[~tokens.cell_length[surplus].any(axis=1)]
            shapes = self._shapes(block, tokens, some, width + more)
            clean[some[~self.profile.shifted(shapes)]] = True
        for cells in range(self.shortest, width):
            some = np.flatnonzero((fields == cells) & ~doubtful)
            clean[some[self._leads(self._shapes(block, tokens, some, cells))]] = True
        return clean, blank

    def _leads(self, shapes: np.ndarray) -> np.ndarray:
        """Which short records, int64 (records, cells), suit the first columns and not the last
        ones, as the rest of a record that was broken in two does: bool (records,)."""
        gap = np.zeros((len(shapes), self._width - shapes.shape[1]), shapes.dtype)
        last = self.profile.fit(np.hstack([gap, shapes])) - self.profile.fit(gap)
        return self.profile.fit(shapes) > last

    def _shortest(self, block: np.ndarray, tokens: Tokens) -> int:
        """What `shortest` is to be; short records that are not merely short are damage."""
        width = self._width
        if not self.profile.ready or width < 3:
            return width
        clean, blank = self.clean(block, tokens)
        fields = np.diff(tokens.first_cell)
        short = np.flatnonzero((fields < width) & ~clean & ~blank & ~tokens.improper)
        least, leading = (width + 1) // 2, 0
        for cells in range(least, width):
            some = short[fields[short] == cells]
            leading += int(self._leads(self._shapes(block, tokens, some, cells)).sum())
        often = len(short) >= _SHORT_SHARE * (~blank).sum()
        return least if often and leading >= _MERELY_SHORT * len(short) else width

    def _swallows(self, tokens: Tokens) -> np.ndarray:
        """Records over several lines that may hold other records, or are too long for one."""
        many = tokens.breaks > 1
        if not many.any():
            return many
        size = tokens.record_end - tokens.record_start
        roomy = tokens.delimiters >= 2 * (self._width - 1)
        return many & (roomy | (size > MAX_RECORD_CHARS) | (tokens.breaks > MAX_RECORD_LINES))

    def _shapes(
        self, block: np.ndarray, tokens: Tokens, records: np.ndarray, cells: int
    ) -> np.ndarray:
        """The cells' shapes, int64 (records, cells)."""
        which = tokens.first_cell[records][:, np.newaxis] + np.arange(cells)
        start = tokens.cell_start[which]
        quoted = block[start] == (self._quote if self._quote is not None else 0)
        first = block[np.minimum(start + quoted, len(block) - 1)]
        return shapes_of(first, tokens.cell_length[which])


def _starts_with(block: np.ndarray, starts: np.ndarray, mark: bytes) -> np.ndarray:
    found = np.ones(len(starts), dtype=bool)
    for offset, sign in enumerate(mark):
        found &= block[np.minimum(starts + offset, len(block) - 1)] == sign
    return found
