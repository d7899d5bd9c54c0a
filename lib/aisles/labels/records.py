"""Files of answers as records: CSV, Parquet and Label Studio's JSON, told apart by content."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import zlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from aisles.labels.label_studio import JSON, with_tasks

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

PAIRS = ("product_id", "category_id", "answer")
SETS = ("network", "retailer", "merchant_product_id", "category_ids", "complete")
# record_no: from 1; 0 is the file itself, once a file. form: pairs or sets. wrong: why the record
# (of record_no 0: the whole file) cannot be used, null where nothing was found so far.
RECORD = {
    "file": pa.string(),
    "file_hash": pa.string(),
    "record_no": pa.int64(),
    "form": pa.string(),
    "cells": pa.map_(pa.string(), pa.string()),
    "raw": pa.string(),
    "wrong": pa.string(),
}
_SQL = (
    "file string, file_hash string, record_no bigint, form string, cells map<string,string>,"
    " raw string, wrong string"
)
_MOST_COLUMNS = 1000
_PORTION = 65_536  # records an Arrow batch


class Unusable(ValueError):
    """A file that cannot be read as a whole, and why."""


def read_records(spark: SparkSession, path: str) -> DataFrame:
    """One row is one record of one file, or the file itself (record_no 0); columns: see RECORD.

    path: a file, a folder (with all below it) or an address that Spark opens. Cells are trimmed
    text, blank ones null. A file is read whole by one task: below 2 GB.
    Raises ValueError when nothing is there.
    """
    from pyspark.errors import AnalysisException

    try:
        files = spark.read.format("binaryFile").option("recursiveFileLookup", True).load(path)
    except AnalysisException as error:
        raise ValueError(f"answers {path}: there is no such file or folder") from error
    root = path if "://" in path else os.path.abspath(path)

    def run(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for place, content in zip(batch.column("path").to_pylist(), batch.column("content")):
                yield from records(file_name(place, root), content.as_py())

    return with_tasks(files.select("path", "content").mapInArrow(run, _SQL))


def file_name(place: str, root: str) -> str:
    """How a file is called in reports: its path below the folder that was asked for."""
    inside = place.partition(root.rstrip("/"))[2].lstrip("/")
    return inside or place.rsplit("/", 1)[-1]


def records(file: str, content: bytes) -> Iterator[pa.RecordBatch]:
    """The row of the file itself, then those of its records; JSON only as the file's own row."""
    about = (file, hashlib.sha256(content).hexdigest())
    try:
        content = _unpacked(content)
        if content[:4] == b"PAR1":
            yield from _rows(about, *_parquet(content), [])
        elif content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"[", b"{"):
            yield _own_row(about, form=JSON, raw=content.decode("utf-8-sig"))
        else:
            yield from _rows(about, *_csv(content))
    except (Unusable, pa.ArrowInvalid, UnicodeDecodeError) as error:
        yield _own_row(about, wrong=str(error))


def _unpacked(content: bytes) -> bytes:
    if content[:2] != b"\x1f\x8b":
        return content
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise Unusable(f"the gzip file is damaged ({error}); deliver it again") from error


def _csv(content: bytes) -> tuple[list[str], list[pa.Array], list[tuple[int, str, str]]]:
    """Header, columns, and what has another number of cells: (record number, raw, why)."""
    from pyarrow import csv

    broken: list[tuple[int, str, str]] = []

    def note(row: csv.InvalidRow) -> str:
        why = f"{row.actual_columns} cells; expected {row.expected_columns}"
        broken.append((row.number - 1, row.text, why))
        return "skip"

    names = [f"f{place}" for place in range(_MOST_COLUMNS)]
    table = csv.read_csv(
        io.BytesIO(content),
        # The header is read as a row, so that every column is read as text; in one thread, since
        # only then are the numbers of broken rows known.
        csv.ReadOptions(
            autogenerate_column_names=True,
            use_threads=False,
            block_size=max(len(content), 1 << 16),
        ),
        csv.ParseOptions(newlines_in_values=True, invalid_row_handler=note),
        csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
        ),
    ).combine_chunks()
    header = [str(column[0].as_py()).strip() for column in table.columns]
    columns = [column.combine_chunks().slice(1) for column in table.columns]
    return header, columns, broken


def _parquet(content: bytes) -> tuple[list[str], list[pa.Array]]:
    import pyarrow.parquet as pq

    table = pq.read_table(io.BytesIO(content))
    kept = [field.name for field in table.schema if not pa.types.is_nested(field.type)]
    kept += [field.name for field in table.schema if _is_list(field.type)]
    return kept, [_text(table.column(name).combine_chunks()) for name in kept]


def _is_list(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind))


def _text(column: pa.Array) -> pa.Array:
    """The values as a CSV would have them; lists joined by semicolons."""
    if _is_list(column.type):
        return pc.binary_join(pc.cast(column, pa.list_(pa.string())), ";")
    return pc.cast(column, pa.string())


def _rows(
    about: tuple[str, str],
    names: Sequence[str],
    columns: Sequence[pa.Array],
    broken: Sequence[tuple[int, str, str]],
) -> Iterator[pa.RecordBatch]:
    form = _form(names)
    yield _own_row(about)
    count = len(columns[0]) + len(broken)
    skipped = np.array([number for number, _, _ in broken], np.int64)
    numbers = np.setdiff1d(np.arange(1, count + 1), skipped)
    for first in range(0, len(numbers), _PORTION):
        part = [column.slice(first, _PORTION) for column in columns]
        cells = _cells(names, part)
        yield _batch(about, numbers[first : first + _PORTION], form=form, cells=cells)
    if broken:
        raw, why = (pa.array([row[place] for row in broken], pa.string()) for place in (1, 2))
        yield _batch(about, skipped, form=form, raw=raw, wrong=why)


def _form(names: Sequence[str]) -> str:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise Unusable(f"column {twice[0]!r} stands more than once in the header; keep one")
    for form, wanted in (("pairs", PAIRS), ("sets", SETS)):
        if set(wanted) <= set(names):
            return form
    raise Unusable(
        f"expected the columns {','.join(PAIRS)} or {','.join(SETS)}; came {','.join(names)}"
    )


def _cells(names: Sequence[str], columns: Sequence[pa.Array]) -> pa.MapArray:
    """One map column -> trimmed text a record; blank cells are null."""
    width, count = len(names), len(columns[0])
    flat = pc.utf8_trim_whitespace(pa.concat_arrays(columns))
    flat = pc.if_else(pc.equal(flat, ""), pa.scalar(None, pa.string()), flat)
    by_record = np.arange(width * count).reshape(width, count).T.ravel()
    keys = pa.array(names, pa.string()).take(pa.array(np.tile(np.arange(width), count)))
    offsets = pa.array(np.arange(0, width * count + 1, width), pa.int32())
    return pa.MapArray.from_arrays(offsets, keys, flat.take(pa.array(by_record)))


def _own_row(
    about: tuple[str, str],
    form: str | None = None,
    raw: str | None = None,
    wrong: str | None = None,
) -> pa.RecordBatch:
    texts = (pa.array([value], pa.string()) for value in (raw, wrong))
    return _batch(about, np.zeros(1, np.int64), form, None, *texts)


def _batch(
    about: tuple[str, str],
    numbers: np.ndarray,
    form: str | None = None,
    cells: pa.MapArray | None = None,
    raw: pa.Array | None = None,
    wrong: pa.Array | None = None,
) -> pa.RecordBatch:
    count = len(numbers)
    given = [*[pa.repeat(value, count) for value in about], pa.array(numbers)]
    form_column = pa.array([form] * count, pa.string())
    rest = [pa.nulls(count, RECORD[name]) for name in ("cells", "raw", "wrong")]
    found = [made if made is not None else blank for made, blank in zip((cells, raw, wrong), rest)]
    return pa.record_batch([*given, form_column, *found], schema=pa.schema(list(RECORD.items())))
