"""Whether a record with one cell too many has it at the end or in the middle.

A trailing delimiter and a cell slipped in before empty last columns look alike: N + 1 cells, the
last one empty. The first is harmless, the second moves every later value one column to the right.
The columns' own habits tell them apart: how often each is empty, and what its values begin with.
"""

from __future__ import annotations

import numpy as np

MIN_ROWS = 50
"""Clean rows seen before the habits are believed."""
MARGIN = 5.0
"""Log likelihood (nats) by which the shifted reading must win."""

_LENGTHS = np.array([2, 4, 8, 16, 32, 128])
_FIRST = np.zeros(256, dtype=np.uint8)
_FIRST[ord("0") : ord("9") + 1] = 1
_FIRST[ord("A") : ord("Z") + 1] = 2
_FIRST[ord("a") : ord("z") + 1] = 3
_FIRST[0x80:] = 4
SHAPES = 1 + 5 * 7


def shapes_of(first_byte: np.ndarray, length: np.ndarray) -> np.ndarray:
    """The shape of each cell, int64 in [0, SHAPES): 0 empty, else first sign and length."""
    kind = _FIRST[first_byte].astype(np.int64) * 7 + np.searchsorted(_LENGTHS, length, "right")
    return np.where(length == 0, 0, kind + 1)


def shapes_of_text(cells: list[str]) -> np.ndarray:
    """The shapes of one record's cells, given as text."""
    coded = [cell.encode("utf-8", "replace") for cell in cells]
    first = np.array([c[0] if c else 0 for c in coded], dtype=np.uint8)
    return shapes_of(first, np.array([len(c) for c in coded], dtype=np.int64))


class Profile:
    """How often each column takes each shape, learned from records of the right length."""

    def __init__(self, columns: int) -> None:
        self._counts = np.zeros((columns, SHAPES))
        self._rows = 0
        self._log: np.ndarray | None = None

    @property
    def ready(self) -> bool:
        return self._rows >= MIN_ROWS

    def learn(self, shapes: np.ndarray) -> None:
        """Counts clean records; ``shapes``: int64 (rows, columns)."""
        columns = self._counts.shape[0]
        flat = (np.arange(columns) * SHAPES + shapes).ravel()
        counts = np.bincount(flat, minlength=columns * SHAPES)
        self._counts += counts.reshape(columns, SHAPES)
        self._rows += len(shapes)
        self._log = None

    def fit(self, shapes: np.ndarray) -> np.ndarray:
        """Log likelihood of records read straight, float64 (rows,)."""
        return self._look(shapes).sum(axis=1)

    def shifted(self, shapes: np.ndarray) -> np.ndarray:
        """Which records, int64 (rows, columns + extra), hold an extra cell before the end: bool."""
        if not self.ready:
            return np.zeros(len(shapes), dtype=bool)
        columns = self._counts.shape[0]
        straight = self._look(shapes[:, :columns])
        whole = straight.sum(axis=1)
        before = np.cumsum(straight, axis=1) - straight
        moved = np.zeros(len(shapes), dtype=bool)
        for extra in range(1, shapes.shape[1] - columns + 1):
            other = self._look(shapes[:, extra : extra + columns])
            after = np.cumsum(other[:, ::-1], axis=1)[:, ::-1]
            moved |= (before + after).max(axis=1) > whole + MARGIN
        return moved

    def _look(self, shapes: np.ndarray) -> np.ndarray:
        if self._log is None:
            total = self._rows + 0.5 * SHAPES
            self._log = np.log((self._counts + 0.5) / total)
        return self._log[np.arange(shapes.shape[1]), shapes]
