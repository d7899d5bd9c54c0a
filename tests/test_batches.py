"""Small Arrow batches joined to larger ones."""

from __future__ import annotations

import pyarrow as pa
import pytest

from aisles.batches import gathered


@pytest.mark.parametrize(
    ("sizes", "rows", "size", "expected"),
    [
        ([3, 3, 3, 2], 6, 1 << 20, [6, 5]),
        ([10, 1, 1], 6, 1 << 20, [10, 2]),
        ([4, 4, 4], 100, 70, [8, 4]),  # 8 bytes a row
        ([], 6, 1 << 20, []),
        ([0, 2], 6, 1 << 20, [2]),
    ],
)
def test_rows_stay_in_order(sizes: list[int], rows: int, size: int, expected: list[int]) -> None:
    whole = pa.record_batch([pa.array(range(sum(sizes)), pa.int64())], names=["n"])
    starts = [sum(sizes[:i]) for i in range(len(sizes))]
    found = list(gathered((whole.slice(a, n) for a, n in zip(starts, sizes)), rows, size))
    assert [batch.num_rows for batch in found] == expected
    assert [n for batch in found for n in batch["n"].to_pylist()] == list(range(sum(sizes)))
