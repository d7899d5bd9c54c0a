"""Feed files to a Spark table of records."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import fsspec
import pyarrow as pa

from aisles.feeds.files import FeedFile, list_files
from aisles.feeds.formats import Format
from aisles.feeds.parse import Parsed, parse
from aisles.feeds.parts import Part
from aisles.feeds.records import PARSED, batch_of, rejected
from aisles.feeds.split import SPLIT_BYTES, Task, tasks_of

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

__all__ = ["FeedFile", "file_batches", "list_files", "numbered", "read_files", "read_parts"]

SCHEMA = (
    "network string, retailer string, run_date date, file string, record_no bigint, "
    "values map<string, string>, raw string, reason string, trailer_count bigint, "
    "complete boolean, format string"
)
PARTS_SCHEMA = f"{SCHEMA}, part int, records bigint"
_OUT = pa.schema(
    [
        pa.field("network", pa.string()),
        pa.field("retailer", pa.string()),
        pa.field("run_date", pa.date32()),
        pa.field("file", pa.string()),
        *(field.with_nullable(True) for field in PARSED),
        pa.field("trailer_count", pa.int64()),
        pa.field("complete", pa.bool_()),
        pa.field("format", pa.string()),
    ]
)
_OUT_PARTS = _OUT.append(pa.field("part", pa.int32())).append(pa.field("records", pa.int64()))


def read_files(
    spark: SparkSession,
    files: Sequence[FeedFile],
    run_date: dt.date | None = None,
    batch_rows: int = 8192,
    split_bytes: int = SPLIT_BYTES,
) -> DataFrame:
    """One row per record of the files, and one closing row per file.

    A record's row holds network, retailer, run_date, file, record_no, values (map), raw and
    reason. A file's closing row has record_no null and holds trailer_count, complete and format
    (JSON of what was sniffed, columns included), which are null elsewhere. A file that cannot be
    read gives one rejected record whose reason starts with ``unreadable:``.

    One Spark task reads one file, or one part of a file larger than ``split_bytes`` where its
    format allows that. With such files everything is read twice, once for the numbers of the
    records: who reads large files persists ``read_parts`` and takes ``numbered`` of it.
    """
    tasks = tasks_of(files, split_bytes)
    parts = _read(spark, tasks, run_date, batch_rows)
    if any(task.part for task in tasks):
        return numbered(parts)
    return parts.drop("part", "records")


def read_parts(
    spark: SparkSession,
    files: Sequence[FeedFile],
    run_date: dt.date | None = None,
    batch_rows: int = 8192,
    split_bytes: int = SPLIT_BYTES,
) -> DataFrame:
    """One row per record, its record_no counted within its part, and one closing row per part."""
    return _read(spark, tasks_of(files, split_bytes), run_date, batch_rows)


def numbered(parts: DataFrame) -> DataFrame:
    """The rows of ``read_files`` from those of ``read_parts``: numbers run through each file."""
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    order = Window.partitionBy("file").orderBy("part")
    whole = order.rowsBetween(Window.unboundedPreceding, Window.unboundedFollowing)
    ends = parts.where("record_no IS NULL").select(
        "file",
        "part",
        (F.sum("records").over(order) - F.col("records")).alias("before"),
        F.sum("records").over(whole).alias("total"),
        F.last("trailer_count", ignorenulls=True).over(whole).alias("counted"),
        F.min("complete").over(whole).alias("all_complete"),
        (F.max("part").over(whole) == F.col("part")).alias("is_last"),
    )
    closes = F.col("record_no").isNull()
    enough = F.col("total") >= F.coalesce("counted", F.lit(0))
    changed = {
        "record_no": F.col("record_no") + F.col("before"),
        "trailer_count": F.when(closes, F.col("counted")),
        "complete": F.when(closes, F.col("all_complete") & enough),
    }
    return (
        parts.join(F.broadcast(ends), ["file", "part"], how="inner")
        .where(~closes | F.col("is_last"))
        .select(*(changed.get(n, F.col(n)).alias(n) for n in _OUT.names))
    )


def _read(
    spark: SparkSession, tasks: list[Task], run_date: dt.date | None, batch_rows: int
) -> DataFrame:
    if not tasks:
        return spark.createDataFrame([], PARTS_SCHEMA)

    def read(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for place in batch.column(0).to_pylist():
                yield from _task_batches(tasks[place], run_date, batch_rows)

    return spark.range(0, len(tasks), 1, len(tasks)).mapInArrow(read, PARTS_SCHEMA)


def _task_batches(
    task: Task, run_date: dt.date | None, batch_rows: int
) -> Iterator[pa.RecordBatch]:
    records = 0
    for batch in file_batches(task.file, run_date, batch_rows, task.part):
        closes = batch.column("record_no").null_count == batch.num_rows
        records += 0 if closes else batch.num_rows
        number = pa.repeat(pa.scalar(task.number, pa.int32()), batch.num_rows)
        total = pa.repeat(pa.scalar(records if closes else None, pa.int64()), batch.num_rows)
        yield pa.RecordBatch.from_arrays([*batch.columns, number, total], schema=_OUT_PARTS)


def file_batches(
    file: FeedFile,
    run_date: dt.date | None = None,
    batch_rows: int = 8192,
    part: Part | None = None,
) -> Iterator[pa.RecordBatch]:
    """The records of the file, or of one part of it, in batches, then its closing row."""
    parsed: Parsed | None = None
    try:
        with fsspec.open(file.location, "rb") as stream:
            parsed = parse(stream, file.file, batch_rows, part)
            for batch in parsed:
                yield _labelled(file, run_date, batch, None)
    except OSError as error:
        message = batch_of([rejected("", f"unreadable: {error}")], 1)
        yield _labelled(file, run_date, message, None)
    closing = pa.RecordBatch.from_pylist([{}], pa.schema([f.with_nullable(True) for f in PARSED]))
    yield _labelled(file, run_date, closing, parsed)


def _labelled(
    file: FeedFile, run_date: dt.date | None, batch: pa.RecordBatch, closing: Parsed | None
) -> pa.RecordBatch:
    """The batch with the file's columns before it and, for a closing row, its findings after."""
    rows = batch.num_rows
    form = None if closing is None else closing.format
    known = {
        "network": file.network,
        "retailer": file.retailer,
        "run_date": run_date,
        "file": file.file,
        "trailer_count": None if closing is None else closing.trailer_count,
        "complete": None if closing is None else closing.complete,
        "format": None if form is None else format_text(form),
    }
    columns = [
        pa.repeat(pa.scalar(known[field.name], field.type), rows)
        if field.name in known
        else batch.column(field.name)
        for field in _OUT
    ]
    return pa.RecordBatch.from_arrays(columns, schema=_OUT)


def format_text(form: Format) -> str:
    """The format as JSON, its fields by name."""
    return json.dumps(dataclasses.asdict(form), ensure_ascii=False)
