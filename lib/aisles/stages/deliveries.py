"""The deliveries of feeds: which there are, which look whole, and where their records stand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aisles.stages.job import Job
from aisles.tables import quoted

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

Feed = tuple[str, str]  # network, retailer


@dataclass(frozen=True)
class Delivery:
    """All files of one retailer that carry one run date.

    newest: day of the retailer's newest delivery. whole: nothing speaks for a truncated delivery;
    doubt: what does. files: hash of the names and contents of its files.
    """

    feed: Feed
    day: dt.date
    newest: dt.date
    whole: bool
    doubt: str | None
    files: str

    @property
    def late(self) -> bool:
        """Whether a newer delivery was there before."""
        return self.newest > self.day


def deliveries(job: Job, only: Iterable[Feed] | None = None) -> DataFrame:
    """One row is one delivery: network, retailer, run_date, newest, whole, doubt, files.

    A delivery is whole unless one of its files is incomplete, or it has suddenly lost more than
    `ingest.sudden_loss` of the records or bytes of the delivery before it. It follows from
    feed_files alone, in whatever order deliveries came in. A loss that stands in two deliveries
    running is believed, as the second has lost nothing.
    """
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    files = job.tables.read("feed_files")
    if only is not None:
        files = files.filter(among(only))
    names = F.array_sort(F.collect_list("file"))
    contents = F.array_sort(F.collect_list(F.concat_ws(" ", "file", "content_hash")))
    before = Window.partitionBy("network", "retailer").orderBy("run_date")
    every = Window.partitionBy("network", "retailer")
    loss = job.config.ingest.sudden_loss
    return (
        files.groupBy("network", "retailer", "run_date")
        .agg(
            F.array_join(F.collect_list(F.when(~F.col("complete"), F.col("file"))), ", ").alias(
                "torn"
            ),
            F.sum("kept").alias("kept"),
            F.sum("bytes").alias("bytes"),
            F.md5(F.array_join(names, "\n")).alias("names"),
            F.md5(F.array_join(contents, "\n")).alias("files"),
        )
        .withColumn("last", F.lag(F.struct("kept", "bytes", "names")).over(before))
        .withColumn("newest", F.max("run_date").over(every))
        .withColumn("doubt", F.expr(_DOUBT.format(keep=1 - loss)))
        .select(
            *["network", "retailer", "run_date", "newest", "doubt", "files"],
            F.col("doubt").isNull().alias("whole"),
        )
    )


# Bytes are compared between files of the same names only: another compression is another size.
_DOUBT = """CASE
  WHEN torn <> '' THEN concat(torn, ' ends early or disagrees with its trailer')
  WHEN kept < {keep} * last.kept THEN
    concat(kept, ' records where the delivery before had ', last.kept)
  WHEN names = last.names AND bytes < {keep} * last.bytes THEN
    concat(bytes, ' bytes where the delivery before had ', last.bytes)
END"""


def todays(job: Job) -> list[Delivery]:
    """The deliveries of the run's day, one a retailer at most."""
    rows = deliveries(job).filter(f"run_date = DATE'{job.run_date}'").collect()
    return [
        Delivery(
            (row["network"], row["retailer"]),
            row["run_date"],
            row["newest"],
            row["whole"],
            row["doubt"],
            row["files"],
        )
        for row in sorted(rows, key=lambda row: (row["network"], row["retailer"]))
    ]


def records(job: Job, feeds: Iterable[Feed], day: dt.date | None = None) -> DataFrame:
    """The raw_items of the feeds' deliveries, of one day or of all, by the day of the delivery.

    A file that came again unchanged is stored once; its records stand with the day of the first
    such delivery and count for the others as well.
    """
    from pyspark.sql import functions as F

    files = job.tables.read("feed_files").filter(among(feeds))
    if day is not None:
        files = files.filter(f"run_date = DATE'{day}'")
    places = files.select(
        "run_date", "file", F.coalesce("same_as", "run_date").alias("stored_on")
    ).collect()  # one row a file of a delivery
    raw = job.tables.read("raw_items")
    days = sorted({row["stored_on"] for row in places})
    stored = raw.filter(raw["run_date"].isin(days)) if days else raw.filter("false")
    if all(row["stored_on"] == row["run_date"] for row in places) and day is not None:
        names = sorted({row["file"] for row in places})
        return stored.filter(stored["file"].isin(names))
    schema = "delivered date, file string, run_date date"
    wanted = job.spark.createDataFrame([tuple(row) for row in places], schema)
    return (
        stored.join(F.broadcast(wanted), ["file", "run_date"], how="inner")
        .withColumn("run_date", F.col("delivered"))
        .select(*raw.columns)
    )


def among(feeds: Iterable[Feed], prefix: str = "") -> str:
    """SQL: whether a row belongs to one of the feeds; files without such rows are skipped."""

    def listed(values: set[str]) -> str:
        return ", ".join(sorted(f"'{quoted(value)}'" for value in values))

    known = list(feeds)
    if not known:
        return "false"
    network, retailer = f"{prefix}network", f"{prefix}retailer"
    return (
        f"{network} IN ({listed({n for n, _ in known})})"
        f" AND {retailer} IN ({listed({r for _, r in known})})"
        f" AND concat({network}, '/', {retailer}) IN ({listed({'/'.join(f) for f in known})})"
    )
