"""Parquet feeds to batches of records, one row group after another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from aisles.feeds import expand
from aisles.feeds.expand import Unreadable
from aisles.feeds.leaves import map_of
from aisles.feeds.records import PARSED, batch_of, rejected

MAX_BATCH_BYTES = 1 << 25
"""Text of one batch; a dictionary may stand for far more than the file's size."""
_MOST_LOST = 1 << 20
"""Records of a row group that are rejected one by one; few writers put as many into one."""
_BUFFER_BYTES = 1 << 20
_THRIFT_BYTES = 1 << 27
_ERRORS = (pa.ArrowException, OSError, ValueError, OverflowError, MemoryError)


class ParquetRecords:
    """The batches of one Parquet file or some of its row groups.

    Args:
        file: the file, readable at any place.
        batch_rows: the most records in one batch.
        groups: the row groups to read, all when None.

    Raises:
        Unreadable: when it has no valid footer.
    """

    def __init__(
        self, file: BinaryIO, batch_rows: int, groups: Sequence[int] | None = None
    ) -> None:
        self._file = opened(file)
        self._rows = batch_rows
        count = self._file.metadata.num_row_groups
        self._groups = range(count) if groups is None else groups
        self.columns = tuple(self._file.schema_arrow.names)
        self.clean_end = True

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Batches in file order; what a row group that cannot be read on has left is rejected."""
        for group in self._groups:
            done, rows = 0, self._file.metadata.row_group(group).num_rows
            try:
                for batch in self._group(group):
                    yield batch
                    done += batch.num_rows
            except _ERRORS as error:
                self.clean_end = False
                why = f"damaged: row group {group}, {rows - done} of {rows} records lost: {error}"
                yield from _lost(rows - done, why, self._rows)

    def _group(self, group: int) -> Iterator[pa.RecordBatch]:
        _check(self._file.metadata.row_group(group))
        for batch in self._file.iter_batches(self._rows, row_groups=[group]):
            size = sum(_text_bytes(column) for column in batch.columns)
            pieces = max(1, -(-size // MAX_BATCH_BYTES))
            if pieces > batch.num_rows:
                raise ValueError(f"a record holds more than {MAX_BATCH_BYTES} bytes")
            step = -(-batch.num_rows // pieces)
            for start in range(0, batch.num_rows, step):
                yield _parsed(batch.slice(start, step))


def _check(group: pq.RowGroupMetaData) -> None:
    """Refuses what the footer tells is too large, before a page of it is decoded.

    Raises:
        ValueError: for a record beyond the limit, or a decompression bomb.
    """
    columns = [group.column(place) for place in range(group.num_columns)]
    sizes = [column.total_uncompressed_size for column in columns]
    if max(sizes, default=0) > MAX_BATCH_BYTES * max(1, group.num_rows):
        raise ValueError(f"a record holds more than {MAX_BATCH_BYTES} bytes")
    stored, size = sum(column.total_compressed_size for column in columns), sum(sizes)
    if size > expand.BOMB_BYTES and size > expand.BOMB_RATIO * stored:
        raise ValueError(f"decompression bomb: {stored} bytes stand for {size}")


def _lost(rows: int, why: str, batch_rows: int) -> Iterator[pa.RecordBatch]:
    """So many rejected records, one at least; of more than a footer can be believed, no more."""
    left = min(max(1, rows), _MOST_LOST)
    one = batch_of([rejected("", why)], 1)
    for start in range(0, left, batch_rows):
        yield one.take(pa.array(np.zeros(min(batch_rows, left - start), np.int64)))


def opened(file: BinaryIO) -> pq.ParquetFile:
    """The file's footer, and its columns as they come in bounded memory.

    Raises:
        Unreadable: when it has no valid footer.
    """
    try:
        known = pq.ParquetFile(
            file,
            buffer_size=_BUFFER_BYTES,
            pre_buffer=False,
            thrift_string_size_limit=_THRIFT_BYTES,
            thrift_container_size_limit=_THRIFT_BYTES,
        )
        texts = [f.name for f in known.schema_arrow if pa.types.is_string(f.type)]
        file.seek(0)
        return pq.ParquetFile(
            file,
            read_dictionary=texts,
            buffer_size=_BUFFER_BYTES,
            pre_buffer=False,
            thrift_string_size_limit=_THRIFT_BYTES,
            thrift_container_size_limit=_THRIFT_BYTES,
        )
    except _ERRORS as error:
        raise Unreadable(f"parquet: {error}; it is damaged or cut off, deliver it again") from error


def _text_bytes(column: pa.Array) -> int:
    """About how many bytes of text the column stands for."""
    if not pa.types.is_dictionary(column.type):
        return int(column.nbytes)
    sizes = pc.binary_length(column.dictionary).to_numpy(zero_copy_only=False)
    codes = column.indices.drop_null().to_numpy()
    if not len(codes):
        return 0
    if codes.min() < 0 or codes.max() >= len(sizes):  # Arrow itself would read on regardless
        raise ValueError(f"dictionary of {len(sizes)} values, found an index outside it")
    return int(np.asarray(sizes, dtype=np.int64)[codes].sum())


def _parsed(batch: pa.RecordBatch) -> pa.RecordBatch:
    rows = batch.num_rows
    numbers = pa.array(np.arange(1, rows + 1, dtype=np.int64))
    none = pa.nulls(rows, pa.string())
    return pa.RecordBatch.from_arrays([numbers, map_of(batch), none, none], schema=PARSED)
