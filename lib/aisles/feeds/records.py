"""The Arrow shape of parsed records, and the building of batches from single rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

RAW_LIMIT = 10_000
"""Characters of a rejected record's text that are kept."""

VALUES = pa.map_(pa.string(), pa.string())
PARSED = pa.schema(
    [
        pa.field("record_no", pa.int64(), nullable=False),
        pa.field("values", VALUES),
        pa.field("raw", pa.string()),
        pa.field("reason", pa.string()),
    ]
)
"""One row is one data record: its cells by column (``values``), or why it was rejected."""


@dataclass(frozen=True)
class Row:
    """One record outside the vectorised path: its cells, or its raw text and why it is rejected."""

    cells: Sequence[tuple[str, str]] | None
    raw: str | None = None
    reason: str | None = None


def rejected(raw: str, reason: str) -> Row:
    """A rejected record, its raw text cut to the limit and storable as UTF-8."""
    return Row(None, storable(raw[:RAW_LIMIT]), storable(reason))


def storable(text: str) -> str:
    """The text without NUL and lone surrogates, which tables and files cannot all hold."""
    if "\0" in text:
        text = text.replace("\0", "\ufffd")
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def map_array(rows: Sequence[Row]) -> pa.MapArray:
    """The rows' cells as maps; null for a rejected row; empty cells are left out."""
    cells = list(chain.from_iterable(row.cells or () for row in rows))
    keys, values = (pa.array([cell[side] for cell in cells], pa.string()) for side in (0, 1))
    ends = np.cumsum([0, *(len(row.cells or ()) for row in rows)])
    filled = pc.not_equal(values, "").to_numpy(zero_copy_only=False)
    if not filled.all():
        keys, values = keys.filter(pa.array(filled)), values.filter(pa.array(filled))
        ends = np.concatenate([[0], np.cumsum(filled)])[ends]
    null = np.array([row.cells is None for row in rows], dtype=bool)
    return build_map(ends.astype(np.int32), keys, values, null)


def build_map(
    offsets: np.ndarray, keys: pa.Array, values: pa.Array, null: np.ndarray | None = None
) -> pa.MapArray:
    """Maps of the given offsets: int32 (rows + 1,), with null rows where ``null`` is true."""
    holes = offsets.astype(np.int32)
    if null is None or not null.any():
        return pa.MapArray.from_arrays(pa.array(holes), keys, values, type=VALUES)
    mask = np.append(null, False)
    return pa.MapArray.from_arrays(pa.array(holes, mask=mask), keys, values, type=VALUES)


def with_cells(maps: pa.MapArray, cells: Sequence[tuple[str, str]]) -> pa.MapArray:
    """The maps, none null, each with these cells before its own."""
    if not cells:
        return maps
    offsets = maps.offsets.to_numpy()
    ends = offsets - offsets[0] + len(cells) * np.arange(len(offsets))
    place = np.full(ends[-1], -1, np.int64)
    place[ends[:-1, np.newaxis] + np.arange(len(cells))] = np.arange(len(cells))
    place[place < 0] = len(cells) + np.arange(offsets[-1] - offsets[0])
    keys, values = (
        pa.concat_arrays([pa.array([cell[side] for cell in cells], pa.string()), own])
        for side, own in enumerate(
            column.slice(offsets[0], offsets[-1] - offsets[0]) for column in (maps.keys, maps.items)
        )
    )
    return build_map(ends, keys.take(pa.array(place)), values.take(pa.array(place)))


def batch_of(rows: Sequence[Row], first_no: int) -> pa.RecordBatch:
    """The rows as one batch, numbered from ``first_no``."""
    numbers = pa.array(np.arange(first_no, first_no + len(rows), dtype=np.int64))
    raw = pa.array([row.raw for row in rows], pa.string())
    reason = pa.array([row.reason for row in rows], pa.string())
    return pa.RecordBatch.from_arrays([numbers, map_array(rows), raw, reason], schema=PARSED)


def slices(batch: pa.RecordBatch, batch_rows: int) -> Iterator[pa.RecordBatch]:
    """The batch in pieces of at most ``batch_rows`` rows, without a copy."""
    for start in range(0, batch.num_rows, batch_rows):
        yield batch.slice(start, batch_rows)


def merged(
    maps: pa.MapArray,
    places: np.ndarray,
    rows: Sequence[Row],
    row_places: Sequence[int] | np.ndarray,
) -> pa.RecordBatch:
    """Records read at once and records read one by one, in the order of their places."""
    raw = pa.nulls(len(maps), pa.string())
    reason = raw
    if rows:
        take = pa.array(np.argsort(np.append(places, row_places), kind="stable"))
        maps = pa.concat_arrays([maps, map_array(rows)]).take(take)
        raw = pa.concat_arrays([raw, pa.array([r.raw for r in rows], pa.string())]).take(take)
        why = pa.array([r.reason for r in rows], pa.string())
        reason = pa.concat_arrays([reason, why]).take(take)
    numbers = pa.array(np.arange(1, len(maps) + 1, dtype=np.int64))
    return pa.RecordBatch.from_arrays([numbers, maps, raw, reason], schema=PARSED)
