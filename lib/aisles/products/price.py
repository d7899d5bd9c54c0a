"""Prices in minor units, exact to the last digit, from whatever a feed writes in a price column.

Plain decimals (`12.99`), also with a code (`12,99 EUR`), take a vectorised path over 128-bit
decimals; what is left is parsed once for each distinct text. The conventions:

* A range or "from" price is its first number. More than two numbers, or words that are neither
  money nor "from", "to" and the like, make it no price: null.
* A negative price is null; a price of 0 is kept, because free things are sold and rules read it.
* More digits than the currency has are rounded half up.
* One dot and three digits (`1.234`) is read as the other values of the column write their
  decimals (`9.99` or `9,99`); where they do not tell, a thousands separator for currencies written
  with a decimal comma or without minor unit, else a decimal point. One comma and three digits
  (`1,234`) is a thousands separator unless the other values have decimal commas. Behind a zero
  either is a decimal mark (`0,999`), as no group of thousands begins with one.
* A mark that stands for no decimals (`1.234,-`) makes the one before a thousands separator.
* The currency is the one in the text; an ambiguous word (`kr`, `$`, `Rs.`) gives way to the feed's
  currency column where it can mean that. Where neither tells, the column's name does: `price_gbp`.
* In a column whose name speaks of cents, numbers are minor units, unless the text itself has a
  currency and decimals.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from aisles.products.currency import EXPONENTS, currency_codes, exponents, meanings, settle
from aisles.products.price_name import PriceName
from aisles.products.price_text import parse_price

__all__ = ["EXPONENTS", "Habit", "parse_price", "parse_prices"]

_SCALE = 4
# Three digits after the only dot are ambiguous below a million and take the slow path, unless a
# zero begins the number: no group of thousands does so.
_PLAIN = r"^(?:[0-9]{1,13}(?:\.(?:[0-9]{1,2}|[0-9]{4}))?|(?:[0-9]{4,13}|0[0-9]{0,2})\.[0-9]{3})$"
# One amount that reads the same whatever the column's habit, with at most one code beside it.
_TAGGED = (
    r"^(?:(?P<before>[A-Z]{3}) ?)?(?P<whole>[0-9]{1,13})(?:[.,](?P<part>[0-9]{1,2}))?"
    r"(?: ?(?P<after>[A-Z]{3}))?$"
)
# Which mark parts decimals: one or two digits behind it, a zero alone before it, or the other one
# twice.
_DOT_DECIMAL = (
    r"[0-9]\.[0-9]{1,2}(?:[^0-9.,]|$)|(?:^|[^0-9.,])0+\.[0-9]{3,}(?:[^0-9.,]|$)"
    r"|[0-9],[0-9]{2,3},[0-9]{3}"
)
_COMMA_DECIMAL = (
    r"[0-9],[0-9]{1,2}(?:[^0-9.,]|$)|(?:^|[^0-9.,])0+,[0-9]{3,}(?:[^0-9.,]|$)"
    r"|[0-9]\.[0-9]{2,3}\.[0-9]{3}"
)
Habit = Literal["comma", "dot", "unknown"]
"""How a feed's price columns write decimals."""


def parse_prices(
    values: pa.StringArray,
    currency: pa.StringArray | None = None,
    habit: Habit | None = None,
    name: PriceName | None = None,
) -> tuple[pa.Int64Array, pa.StringArray]:
    """Price in minor units (cents) and ISO 4217 code of each text; null where there is none.

    `currency` is the feed's currency column, row by row. `habit`: how the column writes decimals;
    without it the values of this call tell. `name`: what the column's name says.
    """
    name = name or PriceName()
    stated = stated_codes(currency, name, len(values))
    plain = pc.fill_null(pc.match_substring_regex(values, _PLAIN), False)
    amounts = _plain_amounts(pc.if_else(plain, values, None), stated, name.minor)
    odd = pc.and_(pc.is_valid(values), pc.invert(plain))
    if not pc.any(odd).as_py():
        return amounts, stated
    comma = _habit(values) if habit is None else {"comma": True, "dot": False}.get(habit)
    odd_amounts, odd_codes = _odd_amounts(values.filter(odd), stated.filter(odd), comma, name.minor)
    return (
        pc.replace_with_mask(amounts, odd, odd_amounts),
        pc.replace_with_mask(stated, odd, odd_codes),
    )


def stated_codes(currency: pa.StringArray | None, name: PriceName, rows: int) -> pa.StringArray:
    """ISO 4217 code of each row, from the currency column, else from the price column's name."""
    own = pa.nulls(rows, pa.string()) if currency is None else currency_codes(currency)
    return own if name.currency is None else pc.fill_null(own, name.currency)


def _odd_amounts(
    values: pa.StringArray, stated: pa.StringArray, comma: bool | None, minor: bool
) -> tuple[pa.Int64Array, pa.StringArray]:
    """Minor units and code of all texts that are not plain."""
    amounts, codes = _tagged_amounts(values, stated, minor)
    left = pc.is_null(amounts)
    if not pc.any(left).as_py():
        return amounts, codes
    rest_amounts, rest_codes = _each_amount(values.filter(left), stated.filter(left), comma, minor)
    return (
        pc.replace_with_mask(amounts, left, rest_amounts),
        pc.replace_with_mask(codes, left, rest_codes),
    )


def _tagged_amounts(
    values: pa.StringArray, stated: pa.StringArray, minor: bool
) -> tuple[pa.Int64Array, pa.StringArray]:
    """Minor units and code of texts such as `12,99 EUR`; null for all others.

    minor: numbers alone count minor units; those with a code are left to be looked at.
    """
    found = pc.extract_regex(values, _TAGGED)
    part = {name: pc.struct_field(found, name) for name in ("before", "whole", "part", "after")}
    both = pc.and_(pc.not_equal(part["before"], ""), pc.not_equal(part["after"], ""))
    word = pc.binary_join_element_wise(part["before"], part["after"], "")
    tags = pc.binary_join_element_wise(word, pc.fill_null(stated, ""), "\n").dictionary_encode()
    settled = [_settled_tag(*tag.split("\n")) for tag in tags.dictionary.to_pylist()]
    fits = pa.array([fit for fit, _ in settled], pa.bool_()).take(tags.indices)
    fits = pc.fill_null(pc.and_(fits, pc.equal(word, "") if minor else pc.invert(both)), False)
    codes = pa.array([code for _, code in settled], pa.string()).take(tags.indices)
    numbers = pc.binary_join_element_wise(part["whole"], part["part"], ".")
    plain = pc.utf8_rtrim(pc.if_else(fits, numbers, None), ".")
    return _plain_amounts(plain, codes, minor), codes


def _settled_tag(word: str, stated: str) -> tuple[bool, str | None]:
    """Whether the word beside an amount is a code of money, or none at all; and the code."""
    possible = meanings(word) if word else ()
    return not word or bool(possible), settle(tuple(possible), stated or None)


def _plain_amounts(values: pa.StringArray, codes: pa.StringArray, minor: bool) -> pa.Int64Array:
    """Minor units of plain decimals: the decimal's own integer, shifted by the currency.

    minor: they are minor units already.
    """
    decimals = values.cast(pa.decimal128(13 + _SCALE, _SCALE))
    words64 = np.frombuffer(decimals.buffers()[1], np.int64)
    unscaled = words64[2 * decimals.offset : 2 * (decimals.offset + len(decimals)) : 2]
    step = 10 ** (_SCALE - (0 if minor else exponents(codes).to_numpy()))
    null = pc.is_null(decimals).to_numpy(zero_copy_only=False)
    return pa.array((unscaled + step // 2) // step, pa.int64(), mask=null)


def _habit(values: pa.StringArray) -> bool | None:
    """Whether these values write decimals with a comma; None when they do not tell."""
    dot = pc.any(pc.match_substring_regex(values, _DOT_DECIMAL)).as_py()
    comma = pc.any(pc.match_substring_regex(values, _COMMA_DECIMAL)).as_py()
    return None if bool(dot) == bool(comma) else bool(comma)


def _each_amount(
    values: pa.StringArray, stated: pa.StringArray, comma: bool | None, minor: bool
) -> tuple[pa.Int64Array, pa.StringArray]:
    """Minor units and code of texts of any shape, parsed once for each distinct one."""
    pairs = pc.binary_join_element_wise(values, pc.fill_null(stated, ""), "\n").dictionary_encode()
    parsed = []
    for pair in pairs.dictionary.to_pylist():
        text, _, code = pair.rpartition("\n")
        parsed.append(parse_price(text, code or None, comma, minor))
    amounts = pa.array([amount for amount, _ in parsed], pa.int64())
    codes = pa.array([code for _, code in parsed], pa.string())
    return amounts.take(pairs.indices), codes.take(pairs.indices)
