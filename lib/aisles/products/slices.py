"""Batches that hold records of several feeds, taken feed by feed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

Feed = tuple[str, str]  # network, retailer


def by_feed(
    batch: pa.RecordBatch, make: Callable[[pa.RecordBatch, Feed], pa.RecordBatch], schema: pa.Schema
) -> pa.RecordBatch:
    """What `make` makes of each feed's records, one row each, in the batch's order."""
    coded = pc.binary_join_element_wise(
        batch["network"], batch["retailer"], "\n"
    ).dictionary_encode()
    codes = coded.indices.to_numpy()
    parts, places = [], []
    for code, joined in enumerate(coded.dictionary.to_pylist()):
        network, retailer = joined.split("\n")
        here = np.flatnonzero(codes == code)
        rows = batch if len(here) == len(batch) else batch.take(pa.array(here))
        parts.append(make(rows, (network, retailer)))
        places.append(here)
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return pa.RecordBatch.from_arrays([pa.array([], f.type) for f in schema], schema=schema)
    table = pa.Table.from_batches(parts).take(pa.array(np.argsort(np.concatenate(places))))
    return table.combine_chunks().to_batches()[0]
