"""Arrow batches of the size that whole-column work is fastest with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pyarrow as pa

ROWS = 16_384
"""Large enough for what is done once a batch (patterns are compiled), small enough for caches."""
BYTES = 1 << 25


def gathered(
    batches: Iterable[pa.RecordBatch], rows: int = ROWS, size: int = BYTES
) -> Iterator[pa.RecordBatch]:
    """The same rows in order, small batches joined up to so many rows and bytes."""
    held: list[pa.RecordBatch] = []
    count = held_bytes = 0
    for batch in batches:
        full = count + batch.num_rows > rows or held_bytes + batch.nbytes > size
        if held and full:
            yield pa.concat_batches(held)
            held, count, held_bytes = [], 0, 0
        held.append(batch)
        count, held_bytes = count + batch.num_rows, held_bytes + batch.nbytes
    if held:
        yield pa.concat_batches(held)
