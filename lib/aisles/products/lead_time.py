"""How soon a product is sent, where a feed tells that instead of its stock.

`DELIVERY_DATE` of Heureka and Zboží.cz counts days: 0 is in stock
(https://sluzby.heureka.cz/napoveda/xml-feed/).
"""

from __future__ import annotations

import re

import pyarrow as pa

from aisles.products.canonical import availability_form, by_value

_SOON = 10  # days within which a product that is there is sent
_NUMBERS = re.compile(r"\d+")
_DAYS = re.compile(r"(?:\D*\d{1,3}(?:[.,]0+)?\s*(?:[-–+]|a|à|to|bis|tot|až|do|до)?){1,2}\D*")
_HOURS = re.compile(r"(?i)\d\s*-?\s*(?:h|hrs?|hours?|std|stunden|heures?|horas?|ore|uur|timer?|tim"
                    r"|hodin|godzin\w*|час\w*|óra|시간|時間|小时)\b")  # fmt: skip
_WEEKS = re.compile(r"(?i)week|woche|semain|seman|settiman|veck|uge|uker?\b|viikko|tydzie|tygod|týd"
                    r"|недел|тижн|hét|săptămân|hafta|週|周|주")  # fmt: skip
_MONTHS = re.compile(r"(?i)month|monat|mois|mes(?:es)?\b|mesi|maand|månad|måned|kuukau|miesi|měsíc"
                     r"|месяц|місяц|hónap|lun[iă]|ay\b|か月|个月|개월")  # fmt: skip


def availability_by_lead_time(values: pa.StringArray) -> pa.StringArray:
    """in_stock where it is sent within days, backorder where later, else as words state it.

    A number counts days, two are from and to; null where nothing is told.
    """
    return by_value(values, _availability)


def _availability(text: str) -> str | None:
    bare = text.strip()
    if bare[:1] in ("-", "–"):
        return None  # -1 is not known
    if not bare.isdigit() and (stated := availability_form(text)) != text:
        return stated
    numbers = _NUMBERS.findall(bare)
    if not numbers:
        return text
    if not _DAYS.fullmatch(bare):
        return None
    most = max(map(int, numbers))
    if _HOURS.search(bare):
        most //= 24
    elif _MONTHS.search(bare):
        most *= 30
    elif _WEEKS.search(bare):
        most *= 7
    return "in_stock" if most <= _SOON else "backorder"
