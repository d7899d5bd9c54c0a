"""Availability in columns that tell how soon a product is sent, where a feed tells no stock.

`DELIVERY_DATE` of Heureka and Zboží.cz counts days: 0 is in stock
(https://sluzby.heureka.cz/napoveda/xml-feed/).
"""

from __future__ import annotations

import re

import pyarrow as pa

from aisles.lead_time import SOON
from aisles.products.canonical import availability_form, by_value

_DATE = re.compile(r"\d{4}-\d\d-\d\d|\d{1,2}\. ?\d{1,2}\. ?\d{4}")
_DAYS = re.compile(r"(\d{1,3})(?:[.,]0+)?(?:\s*[-–]\s*(\d{1,3}))?")


def availability_by_lead_time(values: pa.StringArray) -> pa.StringArray:
    """in_stock where it is sent within days, backorder where later, else as words state it.

    A number counts days, two are from and to. A date among days is that of what is still to come;
    null for a time of a day and other numbers.
    """
    return by_value(values, _availability)


def _availability(text: str) -> str | None:
    bare = text.strip()
    if days := _DAYS.fullmatch(bare):
        return "in_stock" if int(days[2] or days[1]) <= SOON else "backorder"
    if _DATE.fullmatch(bare):
        return "preorder"
    if bare[:1] in ("-", "–"):
        return None  # -1 is not known
    stated = availability_form(text)
    return None if stated == text and any(sign.isdigit() for sign in text) else stated
