"""What the values of one column look like: shares of rows with each shape."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from aisles.feeds.marks import marks_of, width_of, words_in

SHAPE_VALUES = 400
"""Values whose shape is looked at; uniqueness and blanks are counted over all that are given."""

ENOUGH = 8
"""Filled rows from which a single value counts as a constant."""

_UNTOLD = 0.55


@dataclass(frozen=True)
class Shape:
    """One column's values; every share is of the filled ones, but ``filled`` of all."""

    count: int
    filled: float
    unique: float
    distinct: int
    length: float
    words: float
    url: float = 0.0
    picture: float = 0.0
    small: float = 0.0
    pixel: float = 0.0
    cart: float = 0.0
    home: float = 0.0
    machine: float = 0.0
    money: float = 0.0
    decimal: float = 0.0
    cents: float = 0.0
    rate: float = 0.0
    comma: float = 0.0
    dot: float = 0.0
    worded: float = 0.0
    priced: float = 0.0
    round: float = 0.0
    numeric: float = 0.0
    integer: float = 0.0
    whole: float = 0.0
    date: float = 0.0
    hashed: float = 0.0
    markup: float = 0.0
    sentence: float = 0.0
    path: float = 0.0
    number_path: float = 0.0
    listed: float = 0.0
    pairs: float = 0.0
    size: float = 0.0
    identifier: float = 0.0
    coded: float = 0.0
    letters: float = 0.0
    gtin: float = 0.0
    currency: float = 0.0
    gender: float = 0.0
    age: float = 0.0
    availability: float = 0.0
    flag: float = 0.0
    colour: float = 0.0
    department: float = 0.0

    @property
    def constant(self) -> bool:
        """One value only, in rows enough for that to mean something."""
        return self.distinct == 1 and self.count >= ENOUGH


def shape_of(values: Sequence[str | None]) -> Shape:
    """The shape of a column's values; None and blanks count as not filled."""
    texts = [t for v in values if v and (t := v.strip())]
    if not texts:
        return Shape(0, 0.0, 0.0, 0, 0.0, 0.0)
    distinct = len(set(texts))
    step = max(len(texts) // SHAPE_VALUES, 1)
    some = Counter(texts[::step][:SHAPE_VALUES])
    marks: Counter[str] = Counter()
    for text, times in some.items():
        for mark in marks_of(text):
            marks[mark] += times
    total = some.total()
    return Shape(
        count=len(texts),
        filled=len(texts) / max(len(values), 1),
        # Few rows do not tell whether values repeat: the share is one that no clue asks for.
        unique=distinct / len(texts) if len(texts) >= ENOUGH else _UNTOLD,
        distinct=distinct,
        length=sum(width_of(t) * n for t, n in some.items()) / total,
        words=sum(words_in(t) * n for t, n in some.items()) / total,
        **{mark: n / total for mark, n in marks.items()},
    )
