"""feed files → raw_items, rejected_items, feed_files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aisles.feeds.spark import FeedFile, list_files, read_files
from aisles.stages.job import Account, Job, step
from aisles.stages.params import Ingest

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def run(job: Job, params: Ingest, account: Account) -> None:
    """Reads the files that are new for this day; checks that read = kept + rejected."""
    files = list_files(params.feeds, (*job.config.ingest.ignore, *params.ignore))
    if not files:
        raise ValueError(
            f"--feeds {params.feeds}: no feed found; expected files <network>/<retailer>.*"
        )
    new = _new(job, files)
    account.figures.update(files=len(files), files_unchanged=len(files) - len(new))
    if not new:
        return
    from pyspark import StorageLevel

    parsed = read_files(job.spark, new, job.run_date, job.config.ingest.batch_rows)
    parsed = parsed.persist(StorageLevel.DISK_ONLY)
    try:
        with step(f"reading {len(new)} feed files, {sum(f.bytes for f in new) / 1e6:,.0f} MB"):
            counts = _counts(job, parsed, new)
        _check(counts, account)
        where = _slice(job, new)
        with step("writing raw_items and rejected_items"):
            job.tables.replace("raw_items", _kept(parsed), where)
            job.tables.replace("rejected_items", _rejected(parsed), f"{where} AND stage = 'ingest'")
        # feed_files last: its row says that the file's records are all there.
        job.tables.replace("feed_files", counts, where)
    finally:
        parsed.unpersist()


def _new(job: Job, files: list[FeedFile]) -> list[FeedFile]:
    """The files that this day's delivery does not already hold with the same content."""
    stored = job.tables.read("feed_files").filter(f"run_date = DATE'{job.run_date}'")
    known = {
        (row["network"], row["retailer"], row["file"], row["content_hash"])
        for row in stored.select("network", "retailer", "file", "content_hash").collect()
    }
    return [f for f in files if (f.network, f.retailer, f.file, f.content_hash) not in known]


def _slice(job: Job, files: list[FeedFile]) -> str:
    names = ", ".join(sorted({"'" + f.file.replace("'", "\\'") + "'" for f in files}))
    return f"run_date = DATE'{job.run_date}' AND file IN ({names})"


def _counts(job: Job, parsed: DataFrame, files: list[FeedFile]) -> DataFrame:
    """One row is one file with what was found in it."""
    from pyspark.sql import functions as F

    declared = job.spark.createDataFrame(
        [(f.network, f.retailer, job.run_date, f.file, f.content_hash, f.bytes) for f in files],
        "network string, retailer string, run_date date, file string, content_hash string,"
        " bytes bigint",
    )
    marks = F.col("record_no").isNull()  # the closing row of a file carries its trailer
    counted = parsed.groupBy("file").agg(
        F.count_if(~marks).alias("read"),
        F.count_if(~marks & F.col("reason").isNull()).alias("kept"),
        F.count_if(~marks & F.col("reason").isNotNull()).alias("rejected"),
        F.max("trailer_count").alias("trailer_count"),
        F.coalesce(F.bool_and(F.col("complete")), F.lit(False)).alias("complete"),
        F.max("format").alias("format"),
    )
    rows = declared.join(F.broadcast(counted), "file", how="left").na.fill(
        {"read": 0, "kept": 0, "rejected": 0, "complete": False}
    )
    # One small row a file: taken to the driver once, so that nothing is parsed again.
    return job.spark.createDataFrame(rows.collect(), rows.schema)


def _check(counts: DataFrame, account: Account) -> None:
    for row in counts.collect():
        assert row["read"] == row["kept"] + row["rejected"], f"{row['file']}: records lost"
        account.rows_in += row["read"]
        account.rows_out += row["kept"]
        name = f"{row['network']}/{row['retailer']}"
        if not row["complete"]:
            account.warn(f"{row['file']} of {name} looks truncated: nothing of it is delisted")
        account.figures[f"kept {name}"] = row["kept"]
        account.figures[f"rejected {name}"] = row["rejected"]
    account.figures["rejected"] = account.rows_in - account.rows_out


def _kept(parsed: DataFrame) -> DataFrame:
    from pyspark.sql import functions as F

    return parsed.filter("record_no IS NOT NULL AND reason IS NULL").withColumn(
        "content_hash", F.md5(F.to_json("values"))
    )


def _rejected(parsed: DataFrame) -> DataFrame:
    from pyspark.sql import functions as F

    return parsed.filter("record_no IS NOT NULL AND reason IS NOT NULL").withColumn(
        "stage", F.lit("ingest")
    )
