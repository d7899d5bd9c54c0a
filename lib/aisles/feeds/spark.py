"""Feed files to a Spark table of records."""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from aisles.feeds.files import FeedFile, list_files, open_file
from aisles.feeds.formats import Format
from aisles.feeds.parse import Parsed, parse
from aisles.feeds.parts import Part
from aisles.feeds.records import PARSED, batch_of, rejected
from aisles.feeds.split import SPLIT_BYTES, Task, tasks_of
from aisles.feeds.trailer import agrees

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, Row, SparkSession

__all__ = ["End", "FeedFile", "ends_of", "file_batches", "list_files", "numbered", "read_parts"]

RECORDS_SCHEMA = (
    "network string, retailer string, run_date date, file string, record_no bigint, "
    "values map<string, string>, raw string, reason string"
)
_RECORD = [part.split()[0] for part in RECORDS_SCHEMA.replace(", string>", ">").split(", ")]
PARTS_SCHEMA = (
    f"{RECORDS_SCHEMA}, trailer_count bigint, complete boolean, format string, "
    "part int, records bigint, refused bigint"
)
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
_OUT_PARTS = pa.schema(
    [
        *_OUT,
        pa.field("part", pa.int32()),
        pa.field("records", pa.int64()),
        pa.field("refused", pa.int64()),
    ]
)


@dataclasses.dataclass(frozen=True)
class End:
    """What is known of a file once it is read.

    read: its records, rejected: those of them that are no products' records. trailer_count,
    complete and format: see ``aisles.feeds.parse.Parsed``; format is its JSON. before: how many
    records lie before each part that was read by itself.
    """

    file: str
    read: int
    rejected: int
    trailer_count: int | None
    complete: bool
    format: str | None
    before: tuple[int, ...]


def read_parts(
    spark: SparkSession,
    files: Sequence[FeedFile],
    run_date: dt.date | None = None,
    batch_rows: int = 8192,
    split_bytes: int = SPLIT_BYTES,
) -> DataFrame:
    """One row per record of the files, and one closing row per part.

    A record's row holds network, retailer, run_date, file, record_no (counted within its part),
    values (map), raw and reason. A file that cannot be read gives one rejected record whose reason
    starts with ``unreadable:``. A closing row has record_no null and is for ``ends_of``.

    One Spark task reads one file, or one part of a file larger than ``split_bytes`` where its
    format allows that. The files are read for each action: persist the rows.
    """
    return read_tasks(spark, tasks_of(files, split_bytes), run_date, batch_rows)


def read_tasks(
    spark: SparkSession, tasks: Sequence[Task], run_date: dt.date | None, batch_rows: int
) -> DataFrame:
    """The rows of ``read_parts`` of all parts of some files."""
    return over_tasks(
        spark, tasks, lambda task: _task_batches(task, run_date, batch_rows), PARTS_SCHEMA
    )


def over_tasks(
    spark: SparkSession,
    tasks: Sequence[Task],
    read: Callable[[Task], Iterator[pa.RecordBatch]],
    schema: str,
) -> DataFrame:
    """What ``read`` makes of each of the tasks, a Spark task each."""
    if not tasks:
        return spark.createDataFrame([], schema)

    def rows(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for place in batch.column(0).to_pylist():
                yield from read(tasks[place])

    return spark.range(0, len(tasks), 1, len(tasks)).mapInArrow(rows, schema)


def ends_of(parts: DataFrame) -> list[End]:
    """What is known of each file, from the closing rows of ``read_parts``, a row or so a file."""
    closing = parts.where("record_no IS NULL").drop(*_RECORD[4:]).collect()
    of_file: dict[str, list[Row]] = {}
    for row in sorted(closing, key=lambda row: (row["file"], row["part"])):
        of_file.setdefault(row["file"], []).append(row)
    return [end_of(file, rows) for file, rows in of_file.items()]


def is_closing(batch: pa.RecordBatch) -> bool:
    """Whether a batch of ``file_batches`` is the closing row and no records."""
    return bool(batch.column("record_no").null_count == batch.num_rows)


def end_of(file: str, rows: Sequence[Row | Mapping[str, Any]]) -> End:
    """What the closing rows of a file's parts, in order, say of it."""
    sizes = [row["records"] for row in rows]
    read = sum(sizes)
    counts = [row["trailer_count"] for row in rows if row["trailer_count"] is not None]
    counted = counts[-1] if counts else None
    refused = sum(row["refused"] for row in rows)
    # Of a file in one part it is told there.
    agreed = len(rows) == 1 or counted is None or agrees(counted, read, refused)
    return End(
        file,
        read,
        refused,
        counted,
        all(row["complete"] for row in rows) and agreed,
        next((row["format"] for row in rows if row["format"] is not None), None),
        tuple(itertools.accumulate(sizes[:-1], initial=0)),
    )


def numbered(parts: DataFrame, ends: Sequence[End]) -> DataFrame:
    """The records alone, with numbers that run through each file.

    Args:
        parts: the rows of ``read_parts``.
        ends: what ``ends_of`` found in them.
    """
    from pyspark.sql import functions as F

    records = parts.where("record_no IS NOT NULL")
    if all(len(end.before) == 1 for end in ends):
        return records.select(*_RECORD)
    starts = [
        (end.file, part, start) for end in ends for part, start in enumerate(end.before) if start
    ]
    known = parts.sparkSession.createDataFrame(starts, "file string, part int, before bigint")
    number = F.col("record_no") + F.coalesce("before", F.lit(0))
    return (
        records.join(F.broadcast(known), ["file", "part"], how="left")
        .withColumn("record_no", number)
        .select(*_RECORD)
    )


def _task_batches(
    task: Task, run_date: dt.date | None, batch_rows: int
) -> Iterator[pa.RecordBatch]:
    records = refused = 0
    for batch in file_batches(task.file, run_date, batch_rows, task.part):
        closes = is_closing(batch)
        if not closes:
            records += batch.num_rows
            refused += batch.num_rows - batch.column("reason").null_count
        of_part = (
            pa.scalar(task.number, pa.int32()),
            pa.scalar(records if closes else None, pa.int64()),
            pa.scalar(refused if closes else None, pa.int64()),
        )
        more = [pa.repeat(value, batch.num_rows) for value in of_part]
        yield pa.RecordBatch.from_arrays([*batch.columns, *more], schema=_OUT_PARTS)


def file_batches(
    file: FeedFile,
    run_date: dt.date | None = None,
    batch_rows: int = 8192,
    part: Part | None = None,
) -> Iterator[pa.RecordBatch]:
    """The records of the file, or of one part of it, in batches, then its closing row."""
    parsed: Parsed | None = None
    try:
        with open_file(file.location) as stream:
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
