"""Prices that come as an object of JSON, or a number with an exponent, as the texts they stand for.

The Content API of Google writes `{"value": "19.99", "currency": "USD"}`. An amount without
decimals is none here unless it is such a `value` in quotes: payment services count minor units in
them (`{"amount": 1999, "currency": "eur"}` of Stripe), and nothing tells the two apart.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal

from aisles.products.currency import meanings

_AMOUNTS = frozenset(["value", "amount", "price"])
_CURRENCIES = frozenset(["currency", "currencycode", "currency_code"])
_DECIMALS = re.compile(r"[0-9]+[.,][0-9]{1,2}")
_WHOLE = re.compile(r"[0-9]+")
# A number as spreadsheets and programs write it, with one digit before the mark: 1,23E+02, 1.2E7.
_POWER = re.compile(
    r"(?<![^\W_])(?<![0-9][.,])([0-9])[.,]([0-9]{1,17})E([+-]?)([0-9]{1,2})(?![^\W_]|[.,][0-9])",
    re.I,
)


def flat(text: str) -> str:
    """`19.99 USD` for an object of one amount and at most one currency; "" for any other object."""
    if "'" in text and '"' not in text:
        text = text.replace("'", '"')  # as Python prints it
    try:
        read = json.loads(text, parse_float=str)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(read, dict) or len(read) > 2:
        return ""
    amount, currency = "", ""
    for key, value in ((key.casefold(), value) for key, value in read.items()):
        if key in _AMOUNTS and not amount:
            amount = _amount(key, value)
        elif key in _CURRENCIES and isinstance(value, str) and meanings(value):
            currency = value
        else:
            return ""
    return f"{amount} {currency}".strip() if amount else ""


def _amount(key: str, value: object) -> str:
    """The amount of one value; "" where it may count minor units, or is none."""
    if not isinstance(value, str):
        return ""
    if _DECIMALS.fullmatch(value) or (key == "value" and _WHOLE.fullmatch(value)):
        return value
    return ""


def without_powers(text: str) -> str:
    """`1,23E+02` as `123`.

    A spreadsheet (`E+`, two digits) shows what its cell is wide enough for: where it left digits
    before the decimal mark out, the number is lost, and the text stays as it is.
    """
    return _POWER.sub(_written_out, text)


def _written_out(found: re.Match[str]) -> str:
    whole, fraction, sign, power = found.groups()
    if sign == "+" and len(fraction) < int(power):
        return found.group()
    number = Decimal(f"{whole}.{fraction}E{sign}{power}")
    digits = format(number, "f")
    # Three digits behind a mark would be doubtful again.
    return digits + "0" if re.search(r"\.[0-9]{3}$", digits) else digits
