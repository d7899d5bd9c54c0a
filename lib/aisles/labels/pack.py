"""Lists packed into binary cells, which readers decode several times faster than lists."""

from __future__ import annotations

import numpy as np
import pyarrow as pa


def pack(lists: pa.ListArray, dtype: str) -> pa.BinaryArray:
    """Each list as one little-endian binary cell; a null list becomes an empty cell."""
    kind = np.dtype(dtype).newbyteorder("<")
    filled = lists.fill_null([]) if lists.null_count else lists
    values = np.ascontiguousarray(np.asarray(filled.flatten()).astype(kind))
    offsets = np.asarray(filled.offsets).astype(np.int64)
    starts = ((offsets - offsets[0]) * kind.itemsize).astype(np.int32)
    buffers = [None, pa.py_buffer(starts.tobytes()), pa.py_buffer(values.tobytes())]
    return pa.BinaryArray.from_buffers(pa.binary(), len(filled), buffers)
