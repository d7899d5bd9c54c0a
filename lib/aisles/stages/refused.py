"""Deliveries of which cleaning refuses so much that they tell nothing of what is gone.

A feed may come whole and yet without its ids or names: as many records as ever, and none of them a
product. `aisles.stages.deliveries` cannot see that, as it looks at files alone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING

from aisles.parts import Feed, Part, among
from aisles.stages.deliveries import Delivery
from aisles.stages.job import Account, Job

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, Row

Day = tuple[Feed, dt.date]
"""A feed and the day of a delivery of it."""


def hollow(records: Mapping[Day, int], refused: Mapping[Day, int], sudden_loss: float) -> set[Day]:
    """The deliveries of whose records the share `ingest.sudden_loss` and more was refused."""
    return {day for day, count in records.items() if 0 < sudden_loss * count <= refused.get(day, 0)}


def perhaps_hollow(job: Job, present: Iterable[Delivery], refused: int) -> bool:
    """Whether so many refused records may be enough of one of these deliveries."""
    least = min((one.declared.records for one in present), default=0)
    return refused > 0 and refused >= job.config.ingest.sudden_loss * least


def hollow_feeds(job: Job, account: Account, present: Collection[Delivery]) -> set[Feed]:
    """Of these deliveries the hollow ones, whose refused records are stored; a warning for each."""
    part = Part.of({one.day for one in present}, {one.feed for one in present})
    stored = job.tables.part("rejected_items", part).where("stage = 'normalise'")
    counts = {
        ((row["network"], row["retailer"]), row["run_date"]): row["count"]
        for row in stored.groupBy("network", "retailer", "run_date").count().collect()
    }
    records = {(one.feed, one.day): one.declared.records for one in present}
    found = hollow(records, counts, job.config.ingest.sudden_loss)
    for feed, day in sorted(found):
        account.warn(
            f"{'/'.join(feed)}: {counts[feed, day]} of {records[feed, day]} records are no"
            " products: nothing is delisted"
        )
    return {feed for feed, _ in found}


def hollow_days(job: Job, books: Iterable[Row]) -> set[Day]:
    """The hollow ones of any deliveries, by `aisles.products.identity.account` of their files."""
    records: dict[Day, int] = {}
    refused: dict[Day, int] = {}
    for row in books:
        day = ((row["network"], row["retailer"]), row["run_date"])
        records[day] = records.get(day, 0) + row["raw"]
        refused[day] = refused.get(day, 0) + row["rejected"]
    return hollow(records, refused, job.config.ingest.sudden_loss)


def but(days: DataFrame, found: Iterable[Day]) -> DataFrame:
    """The rows of ``deliveries``, of which these are not whole."""
    from pyspark.sql import functions as F

    some = [f"({among([feed])} AND run_date = DATE'{day}')" for feed, day in sorted(found)]
    if not some:
        return days
    return days.withColumn("whole", F.expr(f"whole AND NOT ({' OR '.join(some)})"))
