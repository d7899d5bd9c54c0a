"""The deliveries of feeds: which there are, which look whole, and where their records stand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import pyarrow as pa

from aisles.feeds.roles import Declared
from aisles.parts import Feed, Part, among, on_days
from aisles.stages.extents import Extent, FileRow, doubts, hashed
from aisles.stages.job import Job
from aisles.together import together

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, Row


@dataclass(frozen=True)
class Delivery:
    """All files of one retailer that carry one run date.

    newest: day of the retailer's newest delivery. whole: nothing speaks for a truncated delivery;
    doubt: what does. files: hash of the names and contents of its files. places: each file, and the
    day under which raw_items has its records (that of the first of several deliveries with just
    this file). declared: how many records these are, and their formats.
    """

    feed: Feed
    day: dt.date
    newest: dt.date
    whole: bool
    doubt: str | None
    files: str
    places: tuple[tuple[str, dt.date], ...] = ()
    declared: Declared = field(default_factory=partial(Declared, 0))

    @property
    def late(self) -> bool:
        """Whether a newer delivery was there before."""
        return self.newest > self.day


def deliveries(job: Job, only: Iterable[Feed] | None = None) -> DataFrame:
    """One row is one delivery: network, retailer, run_date, newest, whole, doubt, files.

    It follows from feed_files alone, in whatever order deliveries came in: a delivery is whole
    unless one of its files is incomplete, it is empty, or it has suddenly lost the share
    `ingest.sudden_loss` of the records or bytes, or a file or trailer (see `extents.doubts`).
    """
    return judged(_files(job, only), job.config.ingest.sudden_loss)


def _files(job: Job, only: Iterable[Feed] | None) -> DataFrame:
    files = job.tables.read("feed_files")
    return files if only is None else files.filter(among(only))


def judged(files: DataFrame, sudden_loss: float) -> DataFrame:
    """The rows of ``deliveries`` from those of feed_files."""

    def of_feed(table: pa.Table) -> pa.Table:
        days: dict[dt.date, list[FileRow]] = {}
        for row in sorted(table.to_pylist(), key=lambda row: row["run_date"]):
            days.setdefault(row["run_date"], []).append(row)
        found = doubts(map(Extent.of, days.values()), 1 - sudden_loss)
        rows = [
            {name: held[0][name] for name in _ORDER}
            | {"newest": max(days), "doubt": doubt, "whole": doubt is None}
            | {"files": hashed(f"{row['file']} {row['content_hash']}" for row in held)}
            for held, doubt in zip(days.values(), found, strict=True)
        ]
        return pa.Table.from_pylist(rows, _DELIVERIES)

    some = files.select(*_ORDER, *_MEASURED)
    return some.groupBy("network", "retailer").applyInArrow(of_feed, _DELIVERIES_DDL)


_ORDER = ("network", "retailer", "run_date")
_MEASURED = ("file", "content_hash", "bytes", "kept", "read", "complete", "trailer_count")
_DELIVERIES_DDL = (
    "network string, retailer string, run_date date, newest date, doubt string, files string, "
    "whole boolean"
)
_ARROW = {"string": pa.string(), "date": pa.date32(), "boolean": pa.bool_()}
_DELIVERIES = pa.schema(
    [(name, _ARROW[kind]) for name, kind in (part.split() for part in _DELIVERIES_DDL.split(", "))]
)


def todays(job: Job) -> list[Delivery]:
    """The deliveries of the run's day, one a retailer at most."""
    return _listed(job, None, on_days([job.run_date]))


def every_day(job: Job, feeds: Iterable[Feed]) -> list[Delivery]:
    """All deliveries of a few feeds."""
    return _listed(job, list(feeds), "true")


def _listed(job: Job, only: list[Feed] | None, where: str) -> list[Delivery]:
    files, found = together(
        job.spark,
        lambda: _files(job, only).filter(where).select(*_ORDER, *_PLACED).collect(),
        lambda: deliveries(job, only).filter(where).collect(),
    )
    held: dict[tuple[str, str, dt.date], list[Row]] = {}
    for row in sorted(files, key=lambda row: row["file"]):  # one a file of a delivery
        held.setdefault(_ordered(row), []).append(row)
    return [_delivery(row, held[_ordered(row)]) for row in sorted(found, key=_ordered)]


_PLACED = ("file", "same_as", "kept", "format")


def _ordered(row: Row) -> tuple[str, str, dt.date]:
    return row["network"], row["retailer"], row["run_date"]


def _delivery(row: Row, files: list[Row]) -> Delivery:
    formats = sorted({one["format"] for one in files if one["format"] is not None})
    return Delivery(
        (row["network"], row["retailer"]),
        row["run_date"],
        row["newest"],
        row["whole"],
        row["doubt"],
        row["files"],
        tuple((one["file"], one["same_as"] or row["run_date"]) for one in files),
        Declared(sum(one["kept"] for one in files), tuple(formats)),
    )


def records(job: Job, present: Iterable[Delivery]) -> DataFrame:
    """The raw_items of these deliveries, by the day of the delivery.

    A file that came again unchanged is stored once; its records stand with the day of the first
    such delivery and count for the others as well.
    """
    from pyspark.sql import functions as F

    present = list(present)
    places = [(on, file, one.day) for one in present for file, on in one.places]
    days = {on for on, *_ in places}
    stored = job.tables.part("raw_items", Part.of(days, {one.feed for one in present}))
    if not places:
        return stored
    files = sorted({file for _, file, _ in places})
    if all(places[0][0] == on == day for on, _, day in places):
        return stored.filter(stored["file"].isin(files))
    names = ("run_date", "file", "delivered")
    wanted = pa.table(dict(zip(names, map(pa.array, zip(*places)), strict=True)))
    return (
        stored.join(F.broadcast(job.spark.createDataFrame(wanted)), ["file", "run_date"])
        .withColumn("run_date", F.col("delivered"))
        .select(*stored.columns)
    )
