"""How a feed's columns moved since their roles were inferred."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aisles.feeds.profile import Profile, overlap, read_profile

ENOUGH = 20
"""Filled rows on both sides from which a column's kind of values is compared."""
_MOVED = 0.35
_NOISE = 1.5
_LONGER = 4.0
_COLLAPSED = 0.5
_FILL = 0.2
_ALIVE = 0.05
SEEN = ("renamed", "moved")
"""What shows in the records that are there, however many lack."""

Row = Mapping[str, Any]
"""One row of column_roles, with ``profile``."""


@dataclass(frozen=True)
class Drift:
    """One column that moved, what happened (gone, new, renamed, moved, emptied, filled), and a
    sentence that says so with numbers."""

    column: str
    what: str
    sentence: str


def drift(before: Iterable[Row], after: Iterable[Row]) -> list[Drift]:
    """What happened to one feed's columns between two sets of its rows of ``column_roles``."""
    old, new = _profiles(before), _profiles(after)
    gone = [name for name, profile in old.items() if name not in new and _counts(profile)]
    come = [name for name, profile in new.items() if name not in old and _counts(profile)]
    found = []
    for name in gone:
        heir = max(come, key=lambda other: _likeness(old[name], new[other]), default=None)
        if heir is not None and _likeness(old[name], new[heir]) > 0:
            come.remove(heir)
            found.append(_renamed(name, heir, old[name], new[heir]))
        else:
            found.append(Drift(name, "gone", f"column {name!r} is gone ({_filled(old[name])})"))
    found += [Drift(name, "new", f"column {name!r} is new ({_filled(new[name])})") for name in come]
    for name in old:
        if name in new:
            found += _changed(name, old[name], new[name])
    return found


def _profiles(rows: Iterable[Row]) -> dict[str, Profile]:
    return {row["column"]: read_profile(row["profile"]) for row in rows if row["profile"]}


def _counts(profile: Profile) -> bool:
    """Whether a column is filled so often that no sample of the feed misses it."""
    return profile.rows >= ENOUGH or profile.filled >= _COLLAPSED


def _likeness(one: Profile, other: Profile) -> float:
    """Above 0 when two columns may be one under two names: the same values, or one kind of many."""
    if min(one.rows, other.rows) < ENOUGH or _moved_marks(one, other):
        return 0.0
    same = overlap(one, other)
    # Of columns in which each row says something else two deliveries may sample different rows.
    kin = one.unique > 0.5 and other.unique > 0.5 and 0.8 < one.length / other.length < 1.25
    return same if same >= 0.3 else 0.1 if kin else 0.0


def _renamed(name: str, heir: str, one: Profile, other: Profile) -> Drift:
    same = f"{100 * overlap(one, other):.0f} % of a sample of their values are equal"
    told = f"column {name!r} is gone, and {heir!r} has come with values like it ({same})"
    return Drift(name, "renamed", told)


def _changed(name: str, one: Profile, other: Profile) -> list[Drift]:
    if one.filled < _ALIVE and other.filled - one.filled >= _ALIVE and other.rows >= 5:
        told = f"column {name!r} was blank in nearly all records and is {_filled(other)} now"
        return [Drift(name, "filled", told)]
    fell = one.filled - other.filled
    if fell > _FILL and other.filled < _COLLAPSED * one.filled and one.rows >= ENOUGH:
        told = f"column {name!r} was {_filled(one)} and is {_filled(other)}"
        return [Drift(name, "emptied", told)]
    moved = "; ".join(_moved_marks(one, other))
    told = f"column {name!r} changed its values: {moved}"
    return [Drift(name, "moved", told)] if moved else []


def _moved_marks(one: Profile, other: Profile) -> Sequence[str]:
    """What kinds of values there are more or less of than samples of these sizes explain."""
    fewest = min(one.rows, other.rows)
    if fewest < ENOUGH:
        return []
    least = _MOVED + _NOISE / math.sqrt(fewest)
    told = []
    for mark in sorted({*one.marks, *other.marks}):
        share, now = one.marks.get(mark, 0.0), other.marks.get(mark, 0.0)
        if abs(share - now) > least:
            told.append(f"{_NAMES.get(mark, mark)} {100 * share:.0f} % -> {100 * now:.0f} %")
    if max(one.length, other.length) > _LONGER * max(min(one.length, other.length), 4.0):
        told.append(f"length {one.length:.0f} -> {other.length:.0f}")
    return told


def _filled(profile: Profile) -> str:
    return f"filled in {100 * profile.filled:.0f} % of records"


_NAMES = {
    "url": "links", "picture": "links to pictures", "money": "amounts", "decimal": "decimals",
    "comma": "decimal commas", "dot": "decimal points", "numeric": "numbers",
    "integer": "whole numbers", "date": "dates", "hashed": "hashes", "path": "paths",
    "identifier": "codes", "letters": "texts", "gtin": "GTINs", "currency": "currency codes",
    "gender": "genders", "availability": "stock words", "flag": "flags", "size": "sizes",
}  # fmt: skip
