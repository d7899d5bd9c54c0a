"""Counts of all pairs in arrays of a fixed shape."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def summed(
    pairs: DataFrame,
    count: Callable[[pa.RecordBatch], NDArray[np.float64]],
    shape: tuple[int, ...],
) -> NDArray[np.float64]:
    """The sum of `count` over all batches; what reaches the driver does not grow with the data."""
    from pyspark.sql import functions as F

    def partial(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        total = np.zeros(shape)
        for batch in batches:
            total += count(batch)
        place = np.flatnonzero(total)
        yield pa.record_batch([place, total.ravel()[place]], names=["place", "value"])

    rows = (
        pairs.mapInArrow(partial, "place long, value double")
        .groupBy("place")
        .agg(F.sum("value").alias("value"))
        .collect()
    )
    out = np.zeros(int(np.prod(shape)))
    out[[row.place for row in rows]] = [row.value for row in rows]
    return out.reshape(shape)
