"""An older delivery that came late: all deliveries of its feed are read again, in order."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import TYPE_CHECKING, Any

from aisles.products.history import history
from aisles.products.identity import judge
from aisles.products.normalise import normalise
from aisles.stages.deliveries import Feed, among, deliveries, records
from aisles.stages.job import Account, Job, step
from aisles.stages.readings import Stated, unsettled

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_DIFFERS = (
    "first_seen", "changed_on", "delisted_on", "active", "content_hash", "delivery_hash",
)  # fmt: skip


def replay(
    job: Job,
    account: Account,
    feeds: list[Feed],
    stated: Mapping[Feed, Stated],
    metadata: dict[str, Any],
) -> None:
    """Makes the products of these feeds what all their deliveries in order give."""
    from pyspark import StorageLevel

    with step(f"replaying all deliveries of {len(feeds)} feeds, as one of them came late"):
        every = deliveries(job, feeds)
        candidates = _replayed(job, feeds, every, stated).persist(StorageLevel.DISK_ONLY)
        try:
            account.rows_in += candidates.count()
            kept = judge(candidates).where("verdict IS NULL").drop("verdict", "reason")
            state = history(kept, every)
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


def _replayed(
    job: Job, feeds: list[Feed], every: DataFrame, stated: Mapping[Feed, Stated]
) -> DataFrame:
    """One row is one record of any delivery of the feeds, read as its own day was laid out."""
    days = [row["run_date"] for row in every.select("run_date").distinct().collect()]
    cleaned = [
        normalise(unsettled(job, feeds, stated, day))(records(job, feeds, day))
        for day in sorted(days)
    ]
    return reduce(lambda some, more: some.unionByName(more), cleaned)
