"""Lines among the records of delimited text that are none: remarks, and rules under names."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

from aisles.feeds.shift import shapes_of_text

REMARK = re.compile(r"#+(?:[\s=*-]|$)")
_RULE = re.compile(r"""[\s|+*"':=_-]*(?:--|==)[\s|+*"':=_-]*""")
_LEARNED_LINES = 200
_OFTEN = 0.02
"""The share of lines that begin like remarks in which that is how records begin."""
_KIND = 7
"""Shapes of cells that begin alike: so many, in a row."""


def is_rule(line: str, delimiter: str) -> bool:
    """Whether the line only parts names from records: `---;---;---`, `|----|:---:|`."""
    return _RULE.fullmatch(line.replace(delimiter, " ")) is not None


def starts_like_remark(block: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Which of the records that begin at these places of a block begin like a remark: bool (R,)."""
    if not len(starts):
        return np.zeros(0, dtype=bool)
    after = block[np.minimum(starts + 1, len(block) - 1)]
    return (block[starts] == ord("#")) & np.isin(after, np.frombuffer(b"# \t=*-\r\n", np.uint8))


class Remarks:
    """Tells remarks from records.

    A remark without a delimiter is plain to see. One that holds delimiters is a line unlike the
    records, in a file whose records never begin like that.

    Args:
        delimiter: what parts the cells.
        width: how many columns there are.
        cells: cuts a line into its cells.
        sample: the first lines of records; looked at when the first such line is met.
    """

    def __init__(
        self, delimiter: str, width: int, cells: Callable[[str], list[str]], sample: bytes = b""
    ) -> None:
        self._delimiter = delimiter
        self._width = width
        self._cells = cells
        self._sample = sample
        self._kinds: list[set[int]] | None = None
        self._begin_records = False

    def has(self, line: str) -> bool:
        """Whether the line is a remark."""
        if self._width < 2 or REMARK.match(line) is None:
            return False
        if self._delimiter not in line:
            return True
        if self._kinds is None:
            self._learn()
        return not self._begin_records and self._is_unlike(self._cells(line))

    def _learn(self) -> None:
        lines = self._sample.decode("utf-8", "replace").split("\n")[: _LEARNED_LINES + 1][:-1]
        plain = (not REMARK.match(line) and not is_rule(line, self._delimiter) for line in lines)
        records = [self._cells(line) for line, is_plain in zip(lines, plain) if is_plain]
        records = [cells for cells in records if len(cells) == self._width]
        self._kinds = [set(column) for column in zip(*map(_kinds_of, records))]
        begin = [self._cells(line) for line in lines if REMARK.match(line)]
        alike = sum(not self._is_unlike(cells) for cells in begin)
        self._begin_records = not records or alike > _OFTEN * len(lines)

    def _is_unlike(self, cells: list[str]) -> bool:
        """Whether most of the cells begin with a kind of sign that none of their column does."""
        if len(cells) != self._width or not self._kinds:
            return True
        filled = [place for place, cell in enumerate(cells) if cell]
        kinds = _kinds_of(cells)
        strange = sum(kinds[place] not in self._kinds[place] for place in filled)
        return 2 * strange >= len(filled)


def _kinds_of(cells: list[str]) -> list[int]:
    """The kind of sign that each cell begins with; -1 of an empty one."""
    return [(shape - 1) // _KIND for shape in shapes_of_text(cells).tolist()]
