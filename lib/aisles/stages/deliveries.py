"""The deliveries of feeds: which there are, which look whole, and where their records stand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from functools import partial
from typing import TYPE_CHECKING

import pyarrow as pa

from aisles.feeds.roles import Declared
from aisles.parts import Feed, Part, among, on_days
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


MANY = 1000
"""Lines that a trailer counts too many, of a file that is torn for certain."""


@dataclass(frozen=True)
class Extent:
    """How much one delivery holds; torn: its files that end early, names: hash of all their names.

    Bytes are compared between files of the same names only: another compression is another size.
    listed: how many files these are, counted: how many of them count their records in a trailer.
    over: by how many the trailers of the torn ones count more than was read, where that is but a
    line or two of each: those at the start and the end.
    """

    torn: str
    kept: int
    bytes: int
    names: str
    listed: int = 1
    counted: int = 0
    over: int | None = None

    def lost(self, before: Extent | None, keep: float) -> str | None:
        """What it lacks of the delivery before it, where less than the share `keep` is left."""
        if before is None:
            return None
        pairs = [
            (self.kept, before.kept, keep, "records"),
            (self.listed, before.listed, 1.0, "files"),
            # Of a file that is cut at the end of a line the lack of a trailer tells.
            (self.counted, before.counted, 1.0, "trailers"),
        ]
        if self.names == before.names:
            pairs.insert(1, (self.bytes, before.bytes, keep, "bytes"))
        for now, once, share, what in pairs:
            if now < once and now <= share * once:
                return f"{now} {what} where the last whole delivery had {once}"
        return None

    def agrees(self, other: Extent, keep: float) -> bool:
        """Whether neither has lost much of the other."""
        return not (self.lost(other, keep) or other.lost(self, keep))


def doubts(extents: Iterable[Extent], keep: float) -> list[str | None]:
    """What speaks for truncation in each of one feed's deliveries, which come in order of days.

    Each is held against the last one without doubt. A loss is believed where the complete delivery
    before has it as well, and so is a trailer that counts its own line; that a shop has nothing
    left is never believed.
    """
    found: list[str | None] = []
    over: int | None = None  # of the delivery before
    trusted: Extent | None = None
    suspect: Extent | None = None  # the last complete one since that has lost much
    for one in extents:
        doubt = one.lost(trusted, keep)
        torn, over = bool(one.torn) and (one.over is None or one.over != over), one.over
        if not one.kept:
            doubt = "no records"
        elif torn:
            doubt = f"{one.torn} ends early or disagrees with its trailer"
        elif doubt and not (suspect and one.agrees(suspect, keep)):
            suspect = one
        else:
            doubt, trusted, suspect = None, one, None
        found.append(doubt)
    return found


def deliveries(job: Job, only: Iterable[Feed] | None = None) -> DataFrame:
    """One row is one delivery: network, retailer, run_date, newest, whole, doubt, files.

    It follows from feed_files alone, in whatever order deliveries came in: a delivery is whole
    unless one of its files is incomplete, it is empty, or it has suddenly lost the share
    `ingest.sudden_loss` of the records or bytes, or a file or trailer (see `doubts`).
    """
    return judged(_files(job, only), job.config.ingest.sudden_loss)


def _files(job: Job, only: Iterable[Feed] | None) -> DataFrame:
    files = job.tables.read("feed_files")
    return files if only is None else files.filter(among(only))


def judged(files: DataFrame, sudden_loss: float) -> DataFrame:
    """The rows of ``deliveries`` from those of feed_files."""
    from pyspark.sql import functions as F

    def of_feed(table: pa.Table) -> pa.Table:
        rows = sorted(table.to_pylist(), key=lambda row: row["run_date"])
        extents = [Extent(**{name: row[name] for name in _EXTENT}) for row in rows]
        found = zip(rows, doubts(extents, 1 - sudden_loss), strict=True)
        newest = rows[-1]["run_date"]
        return pa.Table.from_pylist(
            [row | {"newest": newest, "doubt": d, "whole": d is None} for row, d in found],
            _DELIVERIES,
        )

    names = F.array_sort(F.collect_list("file"))
    contents = F.array_sort(F.collect_list(F.concat_ws(" ", "file", "content_hash")))
    torn = F.array_sort(F.collect_list(F.when(~F.col("complete"), F.col("file"))))
    more = F.coalesce(F.col("trailer_count") - F.col("read"), F.lit(0))
    over = F.when(~F.col("complete"), F.when(more.between(1, 2), more).otherwise(MANY))
    return (
        files.groupBy("network", "retailer", "run_date")
        .agg(
            F.array_join(torn, ", ").alias("torn"),
            F.sum("kept").alias("kept"),
            F.sum("bytes").alias("bytes"),
            F.count(F.lit(1)).cast("int").alias("listed"),
            F.count("trailer_count").cast("int").alias("counted"),
            F.when(F.sum(over) < MANY, F.sum(over)).cast("int").alias("over"),
            F.md5(F.array_join(names, "\n")).alias("names"),
            F.md5(F.array_join(contents, "\n")).alias("files"),
        )
        .groupBy("network", "retailer")
        .applyInArrow(of_feed, _DELIVERIES_DDL)
    )


_EXTENT = tuple(one.name for one in fields(Extent))
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


_ORDER = ("network", "retailer", "run_date")
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
