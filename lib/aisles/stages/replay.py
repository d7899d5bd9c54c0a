"""An older delivery that came late: all deliveries of its feed are read again, in order."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from typing import TYPE_CHECKING, Any

from aisles.parts import Feed, Part, among
from aisles.products.history import history
from aisles.products.identity import account as accounted
from aisles.products.identity import judge, resolve, told, verdicts
from aisles.products.normalise import DERIVED, normalise
from aisles.products.quality import field_quality, kinds
from aisles.products.reading import Readings
from aisles.stages.cleaned import (
    rejected_rows,
    store_quality,
    store_rejected,
    summed,
)
from aisles.stages.deliveries import Delivery, deliveries, every_day, records
from aisles.stages.job import Account, Job, step
from aisles.stages.normalise_plan import Turns, has_turned
from aisles.stages.refused import but, hollow_days
from aisles.together import together

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_DIFFERS = (
    "first_seen", "changed_on", "delisted_on", "active", "content_hash", "delivery_hash", *DERIVED,
)  # fmt: skip


def replay(
    job: Job,
    account: Account,
    feeds: list[Feed],
    how: Mapping[dt.date, Readings],
    turns: Turns,
    metadata: dict[str, Any],
) -> None:
    """Makes the products of these feeds what all their deliveries in order give.

    So it does with what cleaning tells of each delivery beside them: rejected records, field
    quality. The books count the records of every delivery. how: the readings of their deliveries,
    by day; turns: when sales in them start or are over.
    """
    from pyspark import StorageLevel

    with step(f"replaying all deliveries of {len(feeds)} feeds, as one of them came late"):
        every = every_day(job, feeds)
        candidates = _replayed(job, every, how).persist(StorageLevel.DISK_ONLY)
        known = told(candidates).persist()
        marks = verdicts(known).persist()
        counted = kinds(known).persist()
        try:
            books = accounted(counted, marks).collect()
            summed(books, account)
            kept, refused = resolve(judge(candidates, marks))
            cleaned = _of(cleaned_in_order(every, how, turns))
            part = Part.of(how, feeds)
            together(
                job.spark,
                lambda: store_rejected(job, rejected_rows(refused.where(cleaned)), part),
                lambda: store_quality(job, field_quality(counted.where(cleaned)), part),
            )
            days = but(deliveries(job, feeds), hollow_days(job, books))
            state = history(kept.drop("reason"), days)
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
            for frame in (counted, marks, known, candidates):
                frame.unpersist()


def cleaned_in_order(
    every: Iterable[Delivery], how: Mapping[dt.date, Readings], turns: Turns
) -> dict[dt.date, list[Feed]]:
    """By day the feeds whose delivery would have been cleaned, had all of them come in order.

    One with the files and the reading of the one before would not, unless that one was in doubt or
    a sale has started or ended since.
    """
    before: dict[Feed, tuple[str, str]] = {}
    doubted: dict[Feed, bool] = {}
    turn: dict[Feed, str] = {}
    days: dict[dt.date, list[Feed]] = {}
    for one in sorted(every, key=lambda one: one.day):
        now = (one.files, how[one.day][one.feed].fingerprint)
        turned = has_turned(turn.get(one.feed, ""), one.day)
        if before.get(one.feed) != now or (one.whole and doubted[one.feed]) or turned:
            days.setdefault(one.day, []).append(one.feed)
        before[one.feed], doubted[one.feed] = now, not one.whole
        turn[one.feed] = turns.get((one.feed, one.day), "")
    return days


def _of(days: Mapping[dt.date, Iterable[Feed]]) -> str:
    """SQL: whether a row belongs to one of these deliveries."""
    return " OR ".join(f"run_date = {_date(day)} AND {among(own)}" for day, own in days.items())


def _date(day: dt.date) -> str:
    return f"DATE'{day}'"


def _replayed(job: Job, every: Sequence[Delivery], how: Mapping[dt.date, Readings]) -> DataFrame:
    """One row is one record of any delivery of the feeds, read as its own day was."""
    cleaned = [
        normalise(readings)(records(job, [one for one in every if one.day == day]))
        for day, readings in sorted(how.items())
    ]
    return reduce(lambda some, more: some.unionByName(more), cleaned)
