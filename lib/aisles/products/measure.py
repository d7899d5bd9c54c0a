"""A quantity out of a few words: the units, and how amounts and packs are written.

The units are in units.csv: mass (g), volume (ml), area (m2), number (piece) and length (mm), the
measures for which shops in the EU state a price per unit (Directive 98/6/EC). A word is of kind
content (mass, volume, area), count, length, before or after (a pack: `pack of 3`, `3 pack`). Words
that mean something else as often are left out: ct is also a carat, in also a preposition, mg mostly
states a dose.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from aisles.products.words import rows

_TABLE = [row | {"word": word} for row in rows("units.csv") for word in row["words"].split("|")]
UNITS = {row["word"]: row for row in _TABLE if row["kind"] != "before"}
BEFORE = tuple(row["word"] for row in _TABLE if row["kind"] == "before")
_LONGEST = max(map(len, BEFORE))
_FIRST = {word.split(" ")[0] for word in UNITS if " " in word}
TIMES = " ?[x×*х] ?"
# A number, the sign between it and the next one, or the word behind it.
_NUMBER = re.compile(
    r"([0-9]+(?:[.,][0-9]+)*)"
    r"(?:( ?[x×*х] ?| ?[-–—~] ?)(?=[0-9])|[ -]?([^\W\d_](?>[^\s\d,;:()/\[\]+*×-]*)[23]?))?"
)
_MORE = re.compile(r" ?[x×*х] ?([0-9]{1,3})(?![\w.,])")
_SECOND = re.compile(r"[ -]([^\W\d_]+)")
_SIGNS = ".,!?\"'™®"
_NO_END = "/0123456789"
_WIDE = 5  # times the lower number of a range, at most, is the upper one
_YEAR = re.compile("19[0-9][1-9]|20[0-4][1-9]")


class Quantity(NamedTuple):
    """amount: of all packs together, in units of `unit`. packs: how many; None where not stated."""

    amount: float
    unit: str
    packs: int | None


@lru_cache(maxsize=1 << 14)
def read(text: str) -> Quantity | None:
    """What phrases state: the first content, else the first count or pack, else a length."""
    found: dict[str, Quantity] = {}
    packs = 0
    times, low = 0, 0.0
    for number in _NUMBER.finditer(text):
        written, sign, word = number.groups()
        start, end = number.start(), number.end()
        if not (times or low or _may_start(text, start)):
            continue
        if sign and sign.strip() in "-–—~":
            packs = packs or (_packs(written) if _is_pack(text, start) else 0)
            times, low = 0, _amount(written, 1)
            continue
        if sign:
            times, low = _packs(written), 0.0
            continue
        unit = _unit(word, text, end) if word else None
        if unit is None or unit["kind"] == "after":
            named = not times and (unit is not None or _is_pack(text, start))
            packs = packs or (_packs(written) if named else 0)
        elif unit["kind"] not in found and not _means_more(number[0], written, word, low):
            more = _MORE.match(text, end)
            one = _measure(written, unit, times or (int(more[1]) if more else 0))
            if one:
                found[unit["kind"]] = one
        times, low = 0, 0.0
    one = found.get("content") or found.get("count")
    if one is None:
        return Quantity(packs, "piece", packs) if packs else found.get("length")
    if not packs or one.packs:
        return one
    return Quantity(round(one.amount * packs, 6), one.unit, packs)


def _unit(word: str, text: str, end: int) -> dict[str, str] | None:
    """The row of the table that the word belongs to which ends there in the text."""
    if end < len(text) and text[end] in _NO_END:
        return None
    if word in _FIRST and (second := _SECOND.match(text, end)):
        unit = UNITS.get(f"{word} {second[1]}")
        if unit:
            return unit
    unit = UNITS.get(word) or UNITS.get(word.rstrip(_SIGNS))
    if unit:
        return unit
    if word.isascii():
        return None
    # Where no spaces stand between words: 500克装.
    starts = (word[:size] for size in range(min(len(word), 12), 0, -1))
    return next((UNITS[s] for s in starts if s in UNITS and s[0] > "\u0dff"), None)


def _packs(written: str) -> int:
    return int(written) if len(written) <= 3 and written.isdecimal() else 0


def _is_pack(text: str, start: int) -> bool:
    """Whether the word before a place says that the number there is one of packs."""
    return text[max(start - _LONGEST - 1, 0) : start].rstrip().endswith(BEFORE)


def _may_start(text: str, start: int) -> bool:
    """Whether a number may begin at this place, and not a later part of a code, date or sum."""
    if not start:
        return True
    before = text[start - 1]
    if before in ".,-":
        return not text[start - 2 : start - 1].isdecimal()
    return before not in "/⁄+" and (before > "\u0dff" or not before.isalpha())


def _means_more(phrase: str, written: str, word: str, low: float) -> bool:
    """Whether what looks like a measure may well be none.

    9-14 kg says for whom and not how much, 5G is a network, 3M a brand, 2024 г a year.
    """
    code = len(phrase) == 2 and word in ("g", "m")
    year = word == "г" and _YEAR.fullmatch(written)
    return bool(code or year or (low and low < _amount(written, 1) <= _WIDE * low))


def _measure(written: str, unit: dict[str, str], packs: int) -> Quantity | None:
    factor = float(unit["factor"])
    amount = _amount(written, factor)
    if not amount or (unit["kind"] == "count" and amount != int(amount)):
        return None
    return Quantity(round(amount * factor * (packs or 1), 6), unit["unit"], packs or None)


def _amount(written: str, factor: float) -> float:
    """A number as written; 1,000 is a thousand of a small unit, yet 1.000 kg is one. 0: unclear."""
    *groups, last = re.split("[.,]", written)
    thousands = len(last) == 3 and all(len(group) == 3 for group in groups[1:])
    if thousands and (len(groups) > 1 or (factor <= 1 and groups not in ([], ["0"]))):
        return float("".join([*groups, last]))
    return float(written.replace(",", ".")) if len(groups) < 2 and len(written) < 9 else 0.0
