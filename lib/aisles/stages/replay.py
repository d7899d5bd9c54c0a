"""An older delivery that came late: all deliveries of its feed are read again, in order."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import reduce
from typing import TYPE_CHECKING, Any

from aisles.products.history import history
from aisles.products.identity import judge
from aisles.products.normalise import Readings, normalise
from aisles.stages.deliveries import Feed, among, deliveries, records
from aisles.stages.job import Account, Job, step

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_DIFFERS = (
    "first_seen", "changed_on", "delisted_on", "active", "content_hash", "delivery_hash",
)  # fmt: skip


def replay(
    job: Job,
    account: Account,
    feeds: list[Feed],
    how: Mapping[dt.date, Readings],
    metadata: dict[str, Any],
) -> None:
    """Makes the products of these feeds what all their deliveries in order give.

    how: the readings of their deliveries, by day.
    """
    from pyspark import StorageLevel

    with step(f"replaying all deliveries of {len(feeds)} feeds, as one of them came late"):
        candidates = _replayed(job, how).persist(StorageLevel.DISK_ONLY)
        try:
            account.rows_in += candidates.count()
            kept = judge(candidates).where("verdict IS NULL").drop("verdict", "reason")
            state = history(kept, deliveries(job, feeds))
            rows = job.tables.conform("products", state)
            job.tables.merge(
                "products",
                rows,
                ["product_id"],
                where=among(feeds, "t."),
                update_if=" OR ".join(f"NOT (t.{name} <=> s.{name})" for name in _DIFFERS),
                metadata=metadata,
            )
        finally:
            candidates.unpersist()


def _replayed(job: Job, how: Mapping[dt.date, Readings]) -> DataFrame:
    """One row is one record of any delivery of the feeds, read as its own day was."""
    cleaned = [
        normalise(readings)(records(job, readings, day)) for day, readings in sorted(how.items())
    ]
    return reduce(lambda some, more: some.unionByName(more), cleaned)
