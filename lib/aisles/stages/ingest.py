"""feed files → raw_items, rejected_items, feed_files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import Any

from pyspark.sql import DataFrame, Row

from aisles.feeds.files import Listing, listing
from aisles.feeds.spark import End, FeedFile, ends_of, numbered, read_tasks
from aisles.feeds.split import Task, tasks_of
from aisles.feeds.streamed import streamed
from aisles.feeds.trailer import agrees
from aisles.parts import Part, on_days, quoted
from aisles.stages.job import Account, Job, step
from aisles.stages.params import Ingest

_REFUSED_HERE = "stage = 'ingest'"


def run(job: Job, params: Ingest, account: Account) -> None:
    """Reads the files that are new for this day; checks that read = kept + rejected."""
    job.tables.prepare("feed_files", "raw_items", "rejected_items", "runs")
    ignore = (*job.config.ingest.ignore, *params.ignore)
    found = listing(params.feeds, ignore, _hashed(job))
    _tell(found, account)
    if not (files := found.files):
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
    rows = _read(job, account, new) if new else []
    if emptied := [name for name in replaced if name in again]:
        _empty(job, emptied)
    rows += [_again(row, job.run_date) for row in again.values()]
    if rows:
        _note(job, rows, bool(replaced))


def _tell(found: Listing, account: Account) -> None:
    """Warns of what is not read because of where it lies."""
    for network, why in found.unlisted.items():
        account.warn(f"{network}: its folder cannot be listed: {why}")
    if found.misplaced:
        account.figures["files_misplaced"] = len(found.misplaced)
        account.warn(
            f"{len(found.misplaced)} files are not read because of where they lie, such as "
            f"{', '.join(found.misplaced[:3])}: expected <network>/<retailer>.*; move them, or "
            "name them in ingest.ignore"
        )


def _read(job: Job, account: Account, new: list[FeedFile]) -> list[dict[str, Any]]:
    """Stores the records of the files; their rows of feed_files."""
    tasks = tasks_of(new, job.config.ingest.split_bytes)
    parted = [task for task in tasks if task.part is not None]
    whole = [task for task in tasks if task.part is None]
    with step(f"reading {len(new)} feed files, {sum(f.bytes for f in new) / 1e6:,.0f} MB"):
        found = [_read_whole(job, whole)] if whole else []
        if parted:
            found.append(_read_parted(job, parted))
    ends = [end for one in found for end in one.ends]
    _report(counts := _counts(job, ends, new), account)
    try:
        refused = _refuse(job, sum(end.rejected for end in ends), found, [f.file for f in new])
    finally:
        for one in found:
            one.close()
    read, kept = sum(end.read for end in ends), sum(one.kept for one in found)
    assert read == kept + refused, f"{read} records read, {kept} kept, {refused} rejected"
    return counts


def _refuse(job: Job, expected: int, found: list[_Found], files: list[str]) -> int:
    """Stores the rejected records in place of those of these files; how many there are."""
    theirs = _slice(job, files, _REFUSED_HERE)
    if not expected:
        job.tables.clear("rejected_items", theirs)
        return 0
    rejected = reduce(DataFrame.unionByName, [one.rejected for one in found])
    return job.tables.replace_part("rejected_items", rejected, theirs)


def _note(job: Job, rows: list[dict[str, Any]], known_today: bool) -> None:
    """Stores rows of feed_files, last of all: a row says that the file's records are all there.

    known_today: there may be rows on these files of the day.
    """
    schema = job.tables.read("feed_files").schema
    values = [tuple(row.get(name) for name in schema.names) for row in rows]
    frame = job.spark.createDataFrame(values, schema).coalesce(1)  # one file a day, not one a core
    if known_today:
        job.tables.replace("feed_files", frame, _slice(job, [row["file"] for row in rows]).sql)
    else:
        job.tables.append("feed_files", frame)


@dataclass(frozen=True)
class _Found:
    """What some files hold, their kept records being stored: how many; rows of rejected_items."""

    ends: list[End]
    kept: int
    rejected: DataFrame
    close: Callable[[], object] = lambda: None


def _read_whole(job: Job, tasks: list[Task]) -> _Found:
    """Stores the records of files of one task each, in the pass that reads them."""
    found = streamed(job.spark, tasks, job.run_date, job.config.ingest.batch_rows)
    where = _slice(job, [task.file.file for task in tasks])
    kept = job.tables.replace_part("raw_items", _kept(found.records), where)
    return _Found(found.ends(), kept, _rejected(found.rejected()))


def _read_parted(job: Job, tasks: list[Task]) -> _Found:
    """Stores the records of files of several tasks: they are numbered once all are read."""
    from pyspark import StorageLevel

    parts = read_tasks(job.spark, tasks, job.run_date, job.config.ingest.batch_rows)
    parts = parts.persist(StorageLevel.DISK_ONLY)
    try:
        ends = ends_of(parts)
        parsed = numbered(parts, ends)
        where = _slice(job, [task.file.file for task in tasks])
        records = _kept(parsed.filter("reason IS NULL"))
        kept = job.tables.replace_part("raw_items", records, where)
    except BaseException:
        parts.unpersist()
        raise
    rejected = _rejected(parsed.filter("reason IS NOT NULL"))
    return _Found(ends, kept, rejected, parts.unpersist)


def _hashed(job: Job) -> dict[str, tuple[int, str, str]]:
    """Of each file as last read: bytes, what the storage said of its last change, content_hash."""
    from pyspark.sql import functions as F

    said = F.struct("bytes", "modified", "content_hash")
    last = job.tables.read("feed_files").groupBy("file").agg(F.max_by(said, "run_date").alias("s"))
    rows = last.select("file", "s.*").filter("modified <> ''").collect()  # one a file
    return {row["file"]: (row["bytes"], row["modified"], row["content_hash"]) for row in rows}


def _known(job: Job, files: list[FeedFile]) -> list[Row]:
    """The rows of feed_files with this day or with a content that one of the files has now."""
    from pyspark.sql import functions as F

    stored = job.tables.read("feed_files")
    contents = sorted({file.content_hash for file in files})
    today = F.expr(on_days([job.run_date]))
    return stored.filter(stored["content_hash"].isin(contents) | today).collect()  # a few a file


def _same(file: FeedFile, row: Row) -> bool:
    return bool(file.content_hash) and bool(row["content_hash"] == file.content_hash)


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


def _again(row: Row, day: dt.date) -> dict[str, Any]:
    """The row of feed_files of a file that came again unchanged: its records are stored already."""
    return {**row.asDict(), "run_date": day, "same_as": row["run_date"]}


def _empty(job: Job, replaced: list[str]) -> None:
    """Drops the day's records of files whose correction is a delivery that is stored already."""
    job.tables.clear("raw_items", _slice(job, replaced))
    job.tables.clear("rejected_items", _slice(job, replaced, _REFUSED_HERE))


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
        raw = job.tables.read("raw_items").filter(f"{on_days([job.run_date])} AND {name}")
        moved = raw.withColumn("run_date", F.lit(row["heir"]))
        job.tables.replace("raw_items", moved, f"run_date = {heir} AND {name}")
        days = ", ".join(f"DATE'{day}'" for day in row["days"])
        own = F.when(F.col("run_date") != F.lit(row["heir"]), F.lit(row["heir"]))
        job.tables.replace(
            "feed_files",
            repeats.filter(name).withColumn("same_as", own),
            f"run_date IN ({days}) AND {name}",
        )


def _slice(job: Job, files: list[str], also: str = "") -> Part:
    """The day's rows on these files for which `also` holds."""
    names = ", ".join(sorted(f"'{quoted(name)}'" for name in set(files)))
    return Part.of([job.run_date], also=f"file IN ({names})" + (f" AND {also}" if also else ""))


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
            account.warn(f"{name}: {row['file']} {_lacking(row)}")
        account.figures[f"kept {name}"] = row["kept"]
        account.figures[f"rejected {name}"] = row["rejected"]
    account.figures["rejected"] = account.rows_in - account.rows_out


def _lacking(row: dict[str, Any]) -> str:
    """Why a file is not complete, as far as its row of feed_files tells."""
    counted = row["trailer_count"]
    if counted is not None and not agrees(counted, row["read"], row["rejected"]):
        return f"has {row['read']} records where its trailer counts {counted}"
    if not row["read"]:
        return "holds no record"
    if not row["kept"]:
        return "cannot be read: its reason is in rejected_items"
    return "ends early"


def _kept(records: DataFrame) -> DataFrame:
    from pyspark.sql import functions as F

    # 64 bits tell a record from its own next version; no JSON is made of every record.
    digest = F.lower(
        F.lpad(F.hex(F.xxhash64(F.map_keys("values"), F.map_values("values"))), 16, "0")
    )
    return records.withColumn("content_hash", digest)


def _rejected(records: DataFrame) -> DataFrame:
    from pyspark.sql import functions as F

    return records.drop("values").withColumn("stage", F.lit("ingest"))
