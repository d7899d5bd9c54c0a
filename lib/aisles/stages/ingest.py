"""feed files → raw_items, rejected_items, feed_files."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from pyspark.sql import Row

from aisles.feeds.spark import End, FeedFile, ends_of, list_files, numbered, read_parts
from aisles.stages.job import Account, Job, step, together
from aisles.stages.params import Ingest
from aisles.tables import quoted

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def run(job: Job, params: Ingest, account: Account) -> None:
    """Reads the files that are new for this day; checks that read = kept + rejected."""
    ignore = (*job.config.ingest.ignore, *params.ignore)
    files = list_files(params.feeds, ignore, _hashed(job))
    if not files:
        raise ValueError(
            f"--feeds {params.feeds}: no feed found; expected files <network>/<retailer>.*"
        )
    known = _known(job, files)
    today = {row["file"]: row for row in known if row["run_date"] == job.run_date}
    changed = [f for f in files if f.file not in today or not _same(f, today[f.file])]
    again = {f.file: row for f in changed if (row := _stored(f, known, job.run_date))}
    new = [f for f in changed if f.file not in again]
    account.figures.update(
        files=len(files), files_unchanged=len(files) - len(new), files_read=len(new)
    )
    replaced = sorted({f.file for f in changed} & set(today))
    if replaced:
        _rehome(job, replaced)
    if new:
        _read(job, account, new, bool(replaced))
    if again:
        _repeat(job, again, [f.file for f in changed if f.file in today and f.file in again])


def _read(job: Job, account: Account, new: list[FeedFile], known_today: bool) -> None:
    """Stores the records of the files; known_today: feed_files may have rows on them of the day."""
    from pyspark import StorageLevel

    config = job.config.ingest
    parts = read_parts(job.spark, new, job.run_date, config.batch_rows, config.split_bytes)
    parts = parts.persist(StorageLevel.DISK_ONLY)
    try:
        with step(f"reading {len(new)} feed files, {sum(f.bytes for f in new) / 1e6:,.0f} MB"):
            ends = ends_of(parts)
        parsed = numbered(parts, ends)
        counts = _counts(job, ends, new)
        _report(counts, account)
        where = _slice(job, [f.file for f in new])
        with step("writing raw_items and rejected_items"):
            refusing = f"{where} AND stage = 'ingest'"
            kept, refused = together(
                job.spark,
                lambda: job.tables.replace("raw_items", _kept(parsed), where),
                lambda: job.tables.replace("rejected_items", _rejected(parsed), refusing),
            )
        read = sum(end.read for end in ends)
        assert read == kept + refused, f"{read} records read, {kept} kept, {refused} rejected"
        # feed_files last: its row says that the file's records are all there.
        schema = job.tables.read("feed_files").schema
        rows = [tuple(row.get(name) for name in schema.names) for row in counts]
        frame = job.spark.createDataFrame(rows, schema)
        if known_today:
            job.tables.replace("feed_files", frame, where)
        else:
            job.tables.append("feed_files", frame)
    finally:
        parts.unpersist()


def _hashed(job: Job) -> dict[str, tuple[int, str, str]]:
    """Of each file as last read: bytes, what the storage said of its last change, content_hash."""
    from pyspark.sql import functions as F

    said = F.struct("bytes", "modified", "content_hash")
    last = job.tables.read("feed_files").groupBy("file").agg(F.max_by(said, "run_date").alias("s"))
    rows = last.select("file", "s.*").filter("modified <> ''").collect()  # one a file
    return {row["file"]: (row["bytes"], row["modified"], row["content_hash"]) for row in rows}


def _known(job: Job, files: list[FeedFile]) -> list[Row]:
    """The rows of feed_files on these files with this day's or with their present content."""
    contents = job.spark.createDataFrame(
        [(f.file, f.content_hash) for f in files], "file string, content_hash string"
    )
    stored = job.tables.read("feed_files")
    same = stored.join(contents, ["file", "content_hash"], how="left_semi")
    today = stored.filter(f"run_date = DATE'{job.run_date}'")
    return same.unionByName(today).distinct().collect()  # a row or two a file


def _same(file: FeedFile, row: Row) -> bool:
    return bool(row["content_hash"] == file.content_hash)


def _stored(file: FeedFile, known: list[Row], day: dt.date) -> Row | None:
    """The delivery that holds the records of this very content, if any."""
    held = [
        row
        for row in known
        if row["file"] == file.file
        and _same(file, row)
        and row["same_as"] is None
        and row["run_date"] != day
        and (row["network"], row["retailer"]) == (file.network, file.retailer)
    ]
    return min(held, key=lambda row: row["run_date"], default=None)


def _repeat(job: Job, again: dict[str, Row], replaced: list[str]) -> None:
    """Notes files that came again unchanged: their records are stored already."""
    schema = job.tables.read("feed_files").schema
    rows = [
        Row(**row.asDict() | {"run_date": job.run_date, "same_as": row["run_date"]})
        for row in again.values()
    ]
    frame = job.spark.createDataFrame([tuple(row[f] for f in schema.names) for row in rows], schema)
    if replaced:
        where = _slice(job, replaced)
        nothing = job.tables.read("raw_items").filter("false")
        job.tables.replace("raw_items", nothing, where)
        refused = job.tables.read("rejected_items").filter("false")
        job.tables.replace("rejected_items", refused, f"{where} AND stage = 'ingest'")
    job.tables.replace("feed_files", frame, _slice(job, list(again)))


def _rehome(job: Job, replaced: list[str]) -> None:
    """Before a day's file is replaced: deliveries that repeat it get its records for themselves.

    The first of them takes the records over, the others then repeat that one.
    """
    from pyspark.sql import functions as F

    names = ", ".join(f"'{quoted(name)}'" for name in replaced)
    repeats = job.tables.read("feed_files").filter(
        f"same_as = DATE'{job.run_date}' AND file IN ({names})"
    )
    heirs = repeats.groupBy("file").agg(
        F.min("run_date").alias("heir"), F.collect_list("run_date").alias("days")
    )
    for row in heirs.collect():  # rare: a delivery of the past was corrected
        name, heir = f"file = '{quoted(row['file'])}'", f"DATE'{row['heir']}'"
        raw = job.tables.read("raw_items").filter(f"run_date = DATE'{job.run_date}' AND {name}")
        moved = raw.withColumn("run_date", F.lit(row["heir"]))
        job.tables.replace("raw_items", moved, f"run_date = {heir} AND {name}")
        days = ", ".join(f"DATE'{day}'" for day in row["days"])
        own = F.when(F.col("run_date") != F.lit(row["heir"]), F.lit(row["heir"]))
        job.tables.replace(
            "feed_files",
            repeats.filter(name).withColumn("same_as", own),
            f"run_date IN ({days}) AND {name}",
        )


def _slice(job: Job, files: list[str]) -> str:
    names = ", ".join(sorted(f"'{quoted(name)}'" for name in set(files)))
    return f"run_date = DATE'{job.run_date}' AND file IN ({names})"


def _counts(job: Job, ends: list[End], files: list[FeedFile]) -> list[dict[str, Any]]:
    """The rows of feed_files: one a file with what was found in it."""
    found = {end.file: end for end in ends}
    assert set(found) == {f.file for f in files}, "files without a closing row"
    return [
        {
            "network": f.network,
            "retailer": f.retailer,
            "run_date": job.run_date,
            "file": f.file,
            "content_hash": f.content_hash,
            "modified": f.modified,
            "bytes": f.bytes,
            "read": (end := found[f.file]).read,
            "kept": end.read - end.rejected,
            "rejected": end.rejected,
            "trailer_count": end.trailer_count,
            "complete": end.complete,
            "format": end.format,
        }
        for f in files
    ]


def _report(counts: list[dict[str, Any]], account: Account) -> None:
    for row in counts:
        account.rows_in += row["read"]
        account.rows_out += row["kept"]
        name = f"{row['network']}/{row['retailer']}"
        if not row["complete"]:
            account.warn(f"{name}: {row['file']} ends early or disagrees with its trailer")
        account.figures[f"kept {name}"] = row["kept"]
        account.figures[f"rejected {name}"] = row["rejected"]
    account.figures["rejected"] = account.rows_in - account.rows_out


def _kept(parsed: DataFrame) -> DataFrame:
    from pyspark.sql import functions as F

    # 64 bits tell a record from its own next version; no JSON is made of every record.
    digest = F.lower(
        F.lpad(F.hex(F.xxhash64(F.map_keys("values"), F.map_values("values"))), 16, "0")
    )
    return parsed.filter("reason IS NULL").withColumn("content_hash", digest)


def _rejected(parsed: DataFrame) -> DataFrame:
    from pyspark.sql import functions as F

    return parsed.filter("reason IS NOT NULL").withColumn("stage", F.lit("ingest"))
