"""When records of deliveries come out otherwise though they stay as they are: sales turn."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from aisles.parts import Feed, among, on_days
from aisles.products.reading import Readings
from aisles.products.sale_dates import turns
from aisles.stages.deliveries import Delivery

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def next_turns(
    present: Iterable[Delivery], records: DataFrame, how: Mapping[dt.date, Readings]
) -> dict[tuple[Feed, dt.date], str]:
    """By feed and day of its delivery: the next day on which a sale starts or is over, ISO 8601.

    records: those of the deliveries. how: their readings, by day. Only feeds whose sales have dates
    are looked at.
    """
    from pyspark.sql import functions as F

    dated: dict[dt.date, list[Feed]] = {}
    for one in present:
        if how[one.day][one.feed].sale:
            dated.setdefault(one.day, []).append(one.feed)
    found: dict[tuple[Feed, dt.date], str] = {}
    for day, feeds in dated.items():
        dates = {feed: sale for feed in feeds if (sale := how[day][feed].sale)}
        own = records.where(on_days([day])).where(among(feeds))
        least = own.transform(turns(dates)).groupBy("network", "retailer").agg(F.min("turn"))
        for network, retailer, turn in least.collect():  # one a feed
            found[(network, retailer), day] = str(turn or "")
    return found
