"""Which parameters of a feed stand in cells together with their names (`aisles.parameters`)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from aisles.feeds.naming import belongs, role_of
from aisles.parameters import JSON, MARKS, SIGNS, Beside, Listed, pairs_in

Values = Sequence[str | None]

_ROLES = ("colour", "size", "gender", "brand", "gtin")
"""Roles that a parameter may have; others have columns of their own everywhere."""
_LOOKED_AT = 400
_ENOUGH = 5  # cells that tell how a column is to be read
_SHAPED = 0.8  # of them have that shape
_OFTEN = 0.05  # of the cells name a parameter that gets a column of its own
_KIND = 0.5  # at most, of different cells among those of a column that names others
_AHEAD = 3
_KEY = r"\s*([^\W\d_][^:：=|;<>\n\"{}]{0,39}?)\s*"
_SENTENCE = re.compile(r"[.!?]\s")


def parameters_of(columns: Mapping[str, Values]) -> list[str]:
    """Names of the columns within columns that tell of a role, in the columns' order.

    columns: their values, row by row.
    """
    found: list[str] = []
    for name, values in columns.items():
        filled = [text for text in values if text and not text.isspace()][:_LOOKED_AT]
        if len(filled) >= _ENOUGH:
            found += map(str, _listed(name, filled))
            found += map(str, _beside(name, filled, columns))
    return found


def _listed(name: str, filled: Sequence[str]) -> list[Listed]:
    """The telling parameters that the cells of one column list."""
    best: Counter[str] = Counter()
    how = ("", "")
    for sign, mark, cells in _readings(filled):
        shaped = sum(bool(keys) for keys in cells)
        counts = Counter(key for keys in cells for key in dict.fromkeys(keys))
        if shaped >= _SHAPED * len(filled) and counts.total() > best.total():
            best, how = counts, (sign, mark)
    least = max(_ENOUGH, _OFTEN * len(filled))
    often = [key for key, times in best.items() if times >= least]
    return [Listed(name, key, *how) for key in often if role_of(key) in _ROLES]


def _readings(filled: Sequence[str]) -> list[tuple[str, str, list[list[str]]]]:
    """The ways in which the cells may list parameters: sign, mark, and the names in each cell.

    A cell that is not of that shape has none.
    """
    found = []
    if sum(text.lstrip()[:1] in ("{", "[") for text in filled) >= _SHAPED * len(filled):
        return [(":", JSON, [list(pairs_in(text)) for text in filled])]
    for sign, assigned in SIGNS.items():
        key = re.compile(_KEY + assigned + r"(?!//)\s*\S")
        if sum(bool(key.match(text)) for text in filled) < _SHAPED * len(filled):
            continue
        for mark, between in MARKS.items():
            apart = re.compile(between)
            found.append((sign, mark, [_keys(apart.split(text), key) for text in filled]))
    return found


def _keys(parts: Sequence[str], key: re.Pattern[str]) -> list[str]:
    """The names of parameters; none where more than a few parts name none."""
    filled = [part for part in parts if part.strip()]
    found = [match[1] for part in filled if (match := key.match(part))]
    named = [one for one in found if not _SENTENCE.search(one)]
    return named if 3 * len(named) >= 2 * len(filled) else []


def _beside(name: str, filled: Sequence[str], columns: Mapping[str, Values]) -> list[Beside]:
    """The telling parameters that the cells of one column name for one of the next ones."""
    counts = Counter(text.strip() for text in filled)
    often = [key for key, times in counts.items() if times >= _ENOUGH and len(key) <= 40]
    told = [key for key in often if role_of(key) in _ROLES]
    if not told or len(counts) > _KIND * len(filled):
        return []
    if len(counts) == 1:
        return []  # the column behind it says that of every record: see `names_of`
    names = list(columns)
    place = names.index(name)
    for other in names[place + 1 : place + 1 + _AHEAD]:
        if belongs(name, other) and not role_of(other) and any(columns[other]):
            return [Beside(other, name, key) for key in told]
    return []
