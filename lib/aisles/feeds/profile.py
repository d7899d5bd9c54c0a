"""What is kept of a column's values, so that a later delivery can be held against it."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from aisles.feeds.shapes import Shape

MARKS = (
    "url", "picture", "money", "decimal", "comma", "dot", "numeric", "integer", "date", "hashed",
    "markup", "path", "identifier", "letters", "gtin", "currency", "gender", "availability", "flag",
    "size",
)  # fmt: skip
"""Shares that say what kind of values they are; others follow the assortment."""
_SKETCH = 16
_LEAST = 0.02


@dataclass(frozen=True)
class Profile:
    """One column's values in one delivery: how many, how long, of what kind, and a few hashes.

    ``rows`` is of filled ones in the sample, ``filled`` their share, ``values`` the smallest hashes
    of the different values.
    """

    rows: int
    filled: float
    unique: float
    length: float
    marks: dict[str, float]
    values: tuple[int, ...] = ()

    @cached_property
    def text(self) -> str:
        """The profile as the JSON that the table holds."""
        return json.dumps(
            {
                "rows": self.rows,
                "filled": round(self.filled, 4),
                "unique": round(self.unique, 3),
                "length": round(self.length, 1),
                "marks": {m: round(share, 3) for m, share in self.marks.items()},
                "values": list(self.values),
            }
        )


def profile_of(shape: Shape, values: Sequence[str | None]) -> Profile:
    """The profile of a column with these sampled values and this shape."""
    shares = {mark: getattr(shape, mark) for mark in MARKS}
    hashes = {zlib.crc32(v.strip().encode()) for v in values if v and v.strip()}
    return Profile(
        shape.count,
        shape.filled,
        shape.unique,
        shape.length,
        {mark: share for mark, share in shares.items() if share >= _LEAST},
        tuple(sorted(hashes)[:_SKETCH]),
    )


def read_profile(text: str) -> Profile:
    """The profile that ``Profile.text`` wrote."""
    data: dict[str, Any] = json.loads(text)
    return Profile(**{**data, "values": tuple(data["values"])})


def overlap(one: Profile, other: Profile) -> float:
    """About which share of the two columns' different values both have, 0 when nothing is known."""
    least = sorted({*one.values, *other.values})[:_SKETCH]
    both = set(one.values) & set(other.values)
    return len(both.intersection(least)) / len(least) if least else 0.0
