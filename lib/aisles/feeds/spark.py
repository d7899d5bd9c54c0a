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
from aisles.feeds.records import PARSED, batch_of, rejected

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

__all__ = ["FeedFile", "file_batches", "list_files", "read_files"]

SCHEMA = (
    "network string, retailer string, run_date date, file string, record_no bigint, "
    "values map<string, string>, raw string, reason string, trailer_count bigint, "
    "complete boolean, format string"
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


def read_files(
    spark: SparkSession,
    files: Sequence[FeedFile],
    run_date: dt.date | None = None,
    batch_rows: int = 8192,
) -> DataFrame:
    """One row per record of the files, and one closing row per file; one Spark task per file.

    A record's row holds network, retailer, run_date, file, record_no, values (map), raw and
    reason. A file's closing row has record_no null and holds trailer_count, complete and format
    (JSON of what was sniffed, columns included), which are null elsewhere. A file that cannot be
    read gives one rejected record whose reason starts with ``unreadable:``.
    """
    if not files:
        return spark.createDataFrame([], SCHEMA)
    todo = list(files)

    def read(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for place in batch.column(0).to_pylist():
                yield from file_batches(todo[place], run_date, batch_rows)

    return spark.range(0, len(todo), 1, len(todo)).mapInArrow(read, SCHEMA)


def file_batches(
    file: FeedFile, run_date: dt.date | None = None, batch_rows: int = 8192
) -> Iterator[pa.RecordBatch]:
    """The file's records in batches, then its closing row."""
    parsed: Parsed | None = None
    try:
        with fsspec.open(file.location, "rb") as stream:
            parsed = parse(stream, file.file, batch_rows)
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
