"""Spark's `xxhash64` of where a record stands, without Spark: the draw of records is by this hash.

XXH64 (Collet 2014) as Spark chains it: the hash of one column is the seed of the next.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from xxhash import xxh64_intdigest

_P1, _P2, _P3 = 0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9
_P4, _P5 = 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5
_MASK = (1 << 64) - 1
_SEED = 42

UInts = NDArray[np.uint64]


def place_hashes(
    network: str, retailer: str, file: str, record_no: NDArray[np.int64]
) -> NDArray[np.int64]:
    """`xxhash64(network, retailer, file, record_no)` of each record, int64 (n,).

    file: the path below the feeds folder, as raw_items has it.
    """
    seed = _SEED
    for text in (network, retailer, file):
        seed = xxh64_intdigest(text.encode(), seed)
    return _of_longs(record_no.astype(np.uint64), seed).view(np.int64)


def _of_longs(values: UInts, seed: int) -> UInts:
    """XXH64 of the eight bytes of each number, all at once."""
    mixed = _rotated(values * np.uint64(_P2), 31) * np.uint64(_P1)
    value = mixed ^ np.uint64(seed + _P5 + 8 & _MASK)
    value = _rotated(value, 27) * np.uint64(_P1) + np.uint64(_P4)
    value = (value ^ (value >> np.uint64(33))) * np.uint64(_P2)
    value = (value ^ (value >> np.uint64(29))) * np.uint64(_P3)
    return value ^ (value >> np.uint64(32))


def _rotated(values: UInts, bits: int) -> UInts:
    return (values << np.uint64(bits)) | (values >> np.uint64(64 - bits))
