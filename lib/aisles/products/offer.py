"""What a product costs now and what it cost before, of a feed's price and old price columns."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc

from aisles.products.columns import Cells, first_filled
from aisles.products.price import Habit, parse_prices, stated_codes
from aisles.products.price_name import PriceName, price_name
from aisles.products.sale_dates import is_on_sale, is_sale_date


@dataclass(frozen=True)
class Prices:
    """One price role, row by row: minor units, ISO 4217 codes, and whether a cell held a text."""

    amounts: pa.Int64Array
    codes: pa.StringArray
    filled: pa.BooleanArray


@dataclass(frozen=True)
class Offer:
    """Row by row: the price and the higher one before, in minor units, and the ISO 4217 code."""

    price: pa.Int64Array
    old_price: pa.Int64Array
    currency: pa.StringArray


def prices(
    read: Cells,
    columns: Sequence[str],
    stated: pa.StringArray,
    habit: Habit | None,
    minor: Collection[str] = (),
    usual: str | None = None,
) -> Prices:
    """The price of each record in the first of the columns that is filled there.

    stated: texts of the currency column. minor: columns that count minor units, whatever their
    names say. usual: the ISO 4217 code of prices that state none.
    """
    places = [read.column(name) for name in columns]
    chosen = first_filled(places, read.records)
    amounts = pa.nulls(read.records, pa.int64())
    codes = stated_codes(stated, PriceName(), read.records)
    for name, own in zip(columns, places, strict=True):
        here = pa.array((chosen == own) & (own >= 0))
        texts = pc.if_else(here, read.take(own), None) if len(columns) > 1 else read.take(own)
        says = price_name(name)
        says = replace(says, minor=says.minor or name in minor, currency=says.currency or usual)
        found, found_codes = parse_prices(texts, stated, habit, says)
        amounts = pc.if_else(here, found, amounts)
        codes = pc.if_else(here, found_codes, codes)
    return Prices(amounts, codes, pa.array(chosen >= 0))


def sale_columns(columns: Iterable[str], taken: Collection[str]) -> list[str]:
    """The columns without a role whose names say that they hold the price during a sale."""
    others = (name for name in columns if name not in taken and price_name(name).sale)
    return sorted(name for name in others if not is_sale_date(name))


def without_specials(columns: Sequence[str]) -> tuple[Sequence[str], list[str]]:
    """The price columns, and apart those that by their names hold one only during a sale.

    Of columns that are all of that kind none is.
    """
    special = [name for name in columns if is_on_sale(name)]
    usual = [name for name in columns if name not in special]
    return (usual, special) if usual else (columns, [])


def offered(now: Prices, before: Prices, sale: Prices | None = None) -> Offer:
    """The price is the one now, or the one before where none is stated now, or 0.

    Where a sale price stands beside it, the price is that one, and the other is the one before.
    What is not above the price, or stands beside none that was understood, was no price before.
    """
    if sale is not None:
        now, before = _during(sale, now, before)
    positive = pc.fill_null(pc.greater(before.amounts, 0), False)
    unsold = pc.or_(pc.invert(now.filled), pc.fill_null(pc.equal(now.amounts, 0), False))
    regular = pc.and_(unsold, positive)
    price = pc.if_else(regular, before.amounts, now.amounts)
    lower = pc.fill_null(pc.less(price, before.amounts), False)
    # Amounts in two currencies do not compare.
    alike = pc.fill_null(pc.equal(now.codes, before.codes), True)
    old = pc.if_else(pc.and_(pc.and_(positive, lower), alike), before.amounts, None)
    codes = pc.if_else(
        regular,
        pc.coalesce(before.codes, now.codes),
        pc.coalesce(now.codes, before.codes),
    )
    return Offer(price, old, codes)


def _during(sale: Prices, now: Prices, before: Prices) -> tuple[Prices, Prices]:
    """The prices now and before, with the sale price where it is the lower or the only one."""
    below = pc.fill_null(pc.less(sale.amounts, now.amounts), pc.invert(now.filled))
    lower = pc.and_(pc.greater(sale.amounts, 0), below)
    alike = pc.fill_null(pc.equal(sale.codes, now.codes), True)
    holds = pc.fill_null(pc.and_(lower, alike), False)
    # A recommended price is kept where it is higher than both.
    higher = pc.fill_null(pc.greater(before.amounts, now.amounts), pc.is_valid(before.amounts))
    regular = pc.and_(holds, pc.invert(higher))
    return _where(holds, sale, now), _where(regular, now, before)


def _where(here: pa.BooleanArray, one: Prices, other: Prices) -> Prices:
    """One's rows where it holds, elsewhere the other's."""
    return Prices(
        pc.if_else(here, one.amounts, other.amounts),
        pc.if_else(here, one.codes, other.codes),
        pc.if_else(here, one.filled, other.filled),
    )
