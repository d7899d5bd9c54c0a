"""When a sale price holds: the columns that carry a sale's dates, and what they say of a day.

sale_date_words.csv: a word of a column's name and what it tells: `start` and `end` of a sale, or
`date`, which stands beside either, or alone where one cell holds both (Google:
`sale_price_effective_date`, two ISO 8601 times with `/` between them).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from aisles.products.columns import Cells, cells, first_filled
from aisles.products.dates import first_date, second_date
from aisles.products.price_name import is_a_sale, only_sale, paths, price_name, sale_words
from aisles.products.slices import Feed, by_feed
from aisles.products.text import clean
from aisles.products.words import rows

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

# Short words mean too much to count in the middle of a name (promo_od, promo_fin).
_SHORT = 3
_TURN_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("network", "retailer")),
        *((name, pa.date32()) for name in ("run_date", "turn")),
    ]
)
_LAST = pa.scalar(dt.date.max, pa.date32())
_TURN_DDL = "network string, retailer string, run_date date, turn date"


@dataclass(frozen=True)
class SaleDates:
    """The dates of one feed's sale prices.

    prices: the columns of prices that hold between the dates alone. start, end: the columns of the
    first and the last day, one of them perhaps None; the same column where one cell holds both.
    """

    prices: tuple[str, ...]
    start: str | None
    end: str | None

    @property
    def columns(self) -> set[str]:
        """The columns of dates."""
        return {name for name in (self.start, self.end) if name}


def sale_dates(columns: Iterable[str]) -> SaleDates | None:
    """The dates of the sale prices among a feed's columns, by their names; None where it has none.

    They belong to the sale prices that share a word for the sale with them, or to the only one.
    """
    names = sorted(set(columns), key=lambda name: (len(name), name))
    dated = {name: moment for name in names if (moment := _moment(name))}
    prices = [one for one in names if one not in dated and is_on_sale(one)]

    def first(kind: str) -> str | None:
        return next((name for name, moment in dated.items() if moment == kind), None)

    start, end = first("start"), first("end")
    if start is None and end is None:
        start = end = first("date")
    sales = {word for name in (start, end) if name for word in _sales(paths(name))}
    own = [name for name in prices if _sales(paths(name)) & sales]
    own = own or (prices if len(prices) == 1 else [])
    return SaleDates(tuple(own), start, end) if own and sales else None


def is_on_sale(column: str) -> bool:
    """Whether a column's name says that it holds the price while a product is on sale."""
    return price_name(column).sale or only_sale(column)


def is_sale_date(column: str) -> bool:
    """Whether a column's name says that it tells when a sale starts or ends."""
    return bool(_moment(column))


def _moment(column: str) -> str:
    """What the name says that the column tells of a sale: `start`, `end`, `date`; "": nothing."""
    parts = paths(column)
    last = parts[-1]
    beside = _sales([last])
    if not beside and len(parts) > 1 and is_a_sale(parts[:-1]):
        beside = _sales([parts[-2]])
    told = {
        kind for place in range(len(last)) if _counts(last, place) for kind in _times(last[place])
    }
    if not beside or not told:
        return ""
    one = told - {"date"}
    return one.pop() if len(one) == 1 else "date"


def _counts(name: list[str], place: int) -> bool:
    """Whether a word of a name is long enough, or stands where short ones may be prepositions."""
    size, beside = len(name[place]), name[max(place - 1, 0) : place + 2]
    ends = place == len(name) - 1 or (place == 0 and size == _SHORT)
    return size > _SHORT or ends or any(_TIMES.get(word) == "date" for word in beside)


def _times(word: str) -> set[str]:
    """What a word of a name tells of a time, itself or as the end of a compound."""
    if word in _TIMES:
        return {_TIMES[word]}
    ends = (word[place:] for place in range(_SHORT, len(word) - _SHORT))
    if not word.isascii():
        ends = (word[place:] for place in range(1, len(word)))
    return {_TIMES[end] for end in ends if end in _TIMES and sale_words(word)}


def _sales(parts: Iterable[Iterable[str]]) -> set[str]:
    """The words for a sale among those of a name's parts; `sales` is `sale`."""
    return {found.rstrip("s") for part in parts for word in part for found in sale_words(word)}


def is_over(read: Cells, dates: SaleDates, days: pa.Date32Array) -> pa.BooleanArray:
    """Whether the sale of each record has not begun by its day, or has ended before it.

    read: cells with the columns of dates. A date that cannot be read bounds nothing; of two in the
    wrong order neither does.
    """
    start, end = _bounds(read, dates)
    early, late = pc.greater(start, days), pc.less(end, days)
    either = pc.or_(pc.fill_null(early, False), pc.fill_null(late, False))
    return pc.and_(either, pc.fill_null(pc.less_equal(start, end), True))


def told_apart(hashes: pa.StringArray, over: pa.BooleanArray | None) -> pa.StringArray:
    """The hashes of records, others where no price of a sale holds: they come out otherwise."""
    if over is None or not pc.any(over).as_py():
        return hashes
    return pc.if_else(over, pc.binary_join_element_wise(hashes, "", "-"), hashes)


def without_sales(
    read: Cells, prices: Sequence[str], dates: SaleDates, over: pa.BooleanArray
) -> Cells:
    """The cells without prices of sales that are over, where there is another price.

    prices: all columns of prices.
    """
    usual = [read.column(name) for name in prices if name not in dates.prices]
    gone = over.to_numpy(zero_copy_only=False) & (first_filled(usual, read.records) >= 0)
    places = np.concatenate([read.column(name)[gone] for name in dates.prices])
    none = np.zeros(len(read.texts), np.bool_)
    none[places[places >= 0]] = True
    return replace(read, texts=pc.if_else(pa.array(none), None, read.texts))


def _bounds(read: Cells, dates: SaleDates) -> tuple[pa.Date32Array, pa.Date32Array]:
    """The first and the last day of each record's sale."""

    def texts(name: str | None) -> pa.StringArray:
        return read.take(read.column(name)) if name else pa.nulls(read.records, pa.string())

    both = dates.start == dates.end
    return first_date(texts(dates.start)), (second_date if both else first_date)(texts(dates.end))


def turns(dates: Mapping[Feed, SaleDates]) -> Callable[[DataFrame], DataFrame]:
    """A transform of raw_items of these feeds into rows network, retailer, run_date, turn.

    turn: a day after run_date on which a sale of the feed starts, or the first after one ended. The
    earliest of a feed's rows says when a record comes out otherwise though it stays as it is.
    """

    def rows(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield by_feed(batch, lambda part, feed: _turns(part, dates[feed]), _TURN_SCHEMA)

    return lambda raw: raw.mapInArrow(rows, _TURN_DDL)


def _turns(batch: pa.RecordBatch, dates: SaleDates) -> pa.RecordBatch:
    start, end = _bounds(cells(batch["values"], clean, dates.columns), dates)
    days = batch["run_date"]
    # What ends on the last day of the calendar, as many feeds write, never ends.
    ends = pc.if_else(pc.less(end, _LAST), end, None).cast(pa.int32())
    after = pc.add(ends, pa.scalar(1, pa.int32())).cast(pa.date32())
    turn = pc.min_element_wise(
        *(pc.if_else(pc.greater(day, days), day, None) for day in (start, after))
    )
    kept = [batch[name] for name in _TURN_SCHEMA.names[:-1]]
    return pa.RecordBatch.from_arrays([*kept, turn], schema=_TURN_SCHEMA)


_TIMES = {
    word: row["kind"] for row in rows("sale_date_words.csv") for word in paths(row["word"])[-1]
}
