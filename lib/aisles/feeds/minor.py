"""Columns of amounts of which another column says that they count minor units.

`prices.price` beside `prices.currency_minor_unit` 2 (WooCommerce Store API), `price.amount` beside
`price.divisor` 100 (Etsy Open API v3), `centAmount` beside `fractionDigits` (commercetools).
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Mapping
from typing import Any

from aisles.feeds.lexicon import words_of
from aisles.feeds.profile import Profile, read_profile

_DIVISORS = frozenset(["divisor", "denominator"])
_DIGITS = (frozenset(["minor", "unit"]), frozenset(["fraction", "digits"]), frozenset(["exponent"]))
_WHOLE = 0.98
_ENOUGH = 8


def in_minor_units(rows: Iterable[Mapping[str, Any]], prices: Iterable[str]) -> frozenset[str]:
    """Those of a feed's price columns whose amounts are minor units by another column's word.

    rows: the feed's rows of column_roles. The other column is of the same group, says the same of
    every record, and the amounts are whole numbers.
    """
    profiles = {row["column"]: read_profile(row["profile"]) for row in rows if row.get("profile")}
    groups = {_group(name) for name, seen in profiles.items() if _says_minor(name, seen)}
    return frozenset(
        name
        for name in prices
        if name in profiles
        and profiles[name].marks.get("integer", 0.0) >= _WHOLE
        and any(_group(name).startswith(group) for group in groups)
    )


def _says_minor(name: str, seen: Profile) -> bool:
    """Whether a column says of all records that amounts are to be divided."""
    if seen.rows < _ENOUGH or len(seen.values) != 1:
        return False
    words = set(words_of(name))
    wanted = (
        ("100", "1000") if words & _DIVISORS
        else ("2", "3") if any(digits <= words for digits in _DIGITS)
        else ()
    )  # fmt: skip
    return seen.values[0] in {zlib.crc32(text.encode()) for text in wanted}


def _group(name: str) -> str:
    """What stands before the last part of a path; blank where there is none."""
    return re.split(r"[/.@](?=[^/.@]*$)", name)[0] if re.search(r"[/.@]", name) else ""
