"""Delimited text cut in one way or another, and how well that goes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

import numpy as np

from aisles.feeds.rewrite import Rewriter
from aisles.feeds.tokens import Tokens, tokenize

SAMPLE_RECORDS = 1000
ESCAPE = "\\"
_LOOKED_AT = 40
_NUMBER = r"[-+]?(?:[^\w\s.,-]|[A-Z]{2,3})? ?\d[\d.,]*(?: ?(?:[^\w\s.,-]|[A-Za-z]{2,3}))?"
_VALUE = re.compile(rf"{_NUMBER}|https?://\S+|\d{{4}}-\d\d-\d\d.*|\d\d?\.\d\d?\.\d{{4}}.*")

_GLUED = re.compile(r"""[^ \n"'=(>\[\]]https?://""")


class Trial:
    """A text cut in one way, and how well that goes."""

    def __init__(self, body: bytes, delimiter: str, quote: str | None, escape: str | None = None):
        rewriter = Rewriter(delimiter, quote, escape)
        self._text = rewriter.feed(body, final=True)
        sign = None if quote is None else ord(quote)
        block = np.frombuffer(self._text, np.uint8)
        self.tokens: Tokens = tokenize(block, ord(rewriter.delimiter), sign)

    @cached_property
    def fields(self) -> np.ndarray:
        """How many cells each record has, blank lines left out: int64 (records,)."""
        fields = np.diff(self.tokens.first_cell)
        return fields[~self._blank(fields)][:SAMPLE_RECORDS]

    @cached_property
    def usual(self) -> int:
        """The usual number of cells."""
        if len(self.fields) <= 3:
            return int(self.fields[0]) if len(self.fields) else 0
        return int(np.bincount(self.fields).argmax())

    @cached_property
    def share(self) -> float:
        """The share of records with the usual number of cells or a little more; 0 below two."""
        if self.usual < 2:
            return 0.0
        near = (self.fields >= self.usual) & (self.fields < self.usual + 3)
        return float(near.mean())

    @cached_property
    def even(self) -> float:
        """The share of records with the usual number of cells, no more; 0 below two."""
        return float((self.fields == self.usual).mean()) if self.usual >= 2 else 0.0

    @property
    def right(self) -> int:
        """How many records have the usual number of cells."""
        return int((self.fields == self.usual).sum())

    @property
    def evenness(self) -> float:
        """The share, a little more for more cells."""
        return self.share * (1 + 0.05 * float(np.log2(min(max(self.usual, 1), 256))))

    @cached_property
    def first(self) -> list[str]:
        """The cells of the first record."""
        return next(self._records(1), [])

    @cached_property
    def values(self) -> int:
        """`columns_of_values` of the first records."""
        return columns_of_values(list(self._records(_LOOKED_AT)), self.usual)

    def _records(self, most: int) -> Iterator[list[str]]:
        """The cells of the first records, blank lines left out."""
        tokens = self.tokens
        fields = np.diff(tokens.first_cell)
        for number in np.flatnonzero(~self._blank(fields))[:most].tolist():
            first, after = tokens.first_cell[number : number + 2]
            starts = tokens.cell_start[first:after].tolist()
            ends = [*(start - 1 for start in starts[1:]), int(tokens.record_end[number]) - 1]
            yield [
                self._text[start:end].strip(b"\"' \r").decode("utf-8", "replace")
                for start, end in zip(starts, ends, strict=True)
            ]

    def _blank(self, fields: np.ndarray) -> np.ndarray:
        return (fields == 1) & (self.tokens.cell_length[self.tokens.first_cell[:-1]] == 0)


class Trials:
    """The trials of one text, each made once."""

    def __init__(self, body: bytes) -> None:
        self.body = body
        self._made: dict[tuple[str, str | None, str | None], Trial] = {}

    def of(self, delimiter: str, quote: str | None, escape: str | None = None) -> Trial:
        """The text cut at these signs."""
        signs = (delimiter, quote, escape)
        if signs not in self._made:
            self._made[signs] = Trial(self.body, *signs)
        return self._made[signs]

    def best(self, delimiter: str) -> Trial:
        """The trial that cuts most evenly with the delimiter: quoted, not quoted, escaped."""
        sign = delimiter.encode()
        quotes: list[str | None] = ['"', None]
        if min(self.body.count(sign + b"'"), self.body.count(b"'" + sign)) > 1:
            quotes.append("'")
        trials = [self.of(delimiter, quote) for quote in quotes]
        if self.body.count(ESCAPE.encode() + sign) > 1:
            trials += [self.of(delimiter, quote, ESCAPE) for quote in ('"', None)]
        return max(trials, key=lambda trial: trial.evenness)


def columns_of_values(records: list[list[str]], usual: int) -> int:
    """How many columns of the records with the usual number of cells hold nothing but numbers,
    dates or whole links; -1 where links do not begin their cells, but follow another value and
    what parts it from them."""
    rows = [cells for cells in records if len(cells) == usual]
    links = [cell for cells in rows for cell in cells if "://" in cell]
    glued = (not c.startswith("http") and _GLUED.search(c) is not None for c in links)
    if 10 * sum(glued) > len(links):
        return -1
    return sum(map(_holds_values, zip(*rows, strict=True)))


def _holds_values(column: tuple[str, ...]) -> bool:
    """Whether a column is mostly filled, and with values of a kind that says so."""
    filled = [cell for cell in column if cell]
    found = sum(_VALUE.fullmatch(cell) is not None for cell in filled)
    return 2 * len(filled) >= len(column) > 0 and found >= 0.9 * len(filled)
