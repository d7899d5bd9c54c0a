"""What is kept of a column's values, so that a later delivery can be held against it."""

from __future__ import annotations

import json
import re
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
_LOOKED_AT = 1000
_LEAST_PATHS = 4
_NEARLY = 0.8
_TIGHT = re.compile(r"[^\W\d]/[^\W\d]")  # no fraction, no date
_STRONGER = re.compile(r"://|[<>|;~»›→]|\s/|/\s")


@dataclass(frozen=True)
class Profile:
    """One column's values in one delivery: how many, how long, of what kind, and a few hashes.

    ``rows`` is of filled ones in the sample, ``filled`` their share, ``values`` the smallest hashes
    of the different values; ``slashed``: as paths of levels they are written with tight slashes.
    """

    rows: int
    filled: float
    unique: float
    length: float
    marks: dict[str, float]
    values: tuple[int, ...] = ()
    slashed: bool = False

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
            | ({"slashed": True} if self.slashed else {})
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
        is_slashed(values),
    )


def is_slashed(values: Sequence[str | None]) -> bool:
    """Whether tight slashes separate levels: `Home/Kitchen` beside `Home/Garden`.

    In one value `T-Shirts/Tops` is one level. Where they separate, some values have several of
    them, or a few words stand before the first one again and again, or alone.
    """
    some = {v.strip() for v in values[:_LOOKED_AT] if v and "/" in v}
    tight = {v for v in some if _TIGHT.search(v) and not _STRONGER.search(v)}
    if len(tight) < _LEAST_PATHS or len(tight) < _NEARLY * len(some):
        return False
    alone = {v.strip() for v in values[:_LOOKED_AT] if v and v.strip() and "/" not in v}
    heads = {v.strip("/").split("/", 1)[0].strip() for v in tight}
    every = len(tight) + len(alone)
    deep = sum(v.strip("/").count("/") > 1 for v in tight)
    if 2 * len(tight) >= every and 5 * deep >= len(tight):
        return True
    again = len(tight) >= _NEARLY * every and 2 * len(heads) <= len(tight)
    return again or 2 * len(heads & alone) >= len(heads)


def read_profile(text: str) -> Profile:
    """The profile that ``Profile.text`` wrote."""
    data: dict[str, Any] = json.loads(text)
    return Profile(**{**data, "values": tuple(data["values"])})


def overlap(one: Profile, other: Profile) -> float:
    """About which share of the two columns' different values both have, 0 when nothing is known."""
    least = sorted({*one.values, *other.values})[:_SKETCH]
    both = set(one.values) & set(other.values)
    return len(both.intersection(least)) / len(least) if least else 0.0
