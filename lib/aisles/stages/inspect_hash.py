"""Spark's `xxhash64` of where a record stands, without Spark: the draw of records is by this hash.

XXH64 (Collet 2014) as Spark chains it: the hash of one column is the seed of the next.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
from numpy.typing import NDArray

_P1, _P2, _P3, _P4, _P5 = (
    0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x85EBCA77C2B2AE63,
    0x27D4EB2F165667C5,
)  # fmt: skip
_MASK = (1 << 64) - 1
_SEED = 42
_EPOCH = dt.date(1970, 1, 1)

UInts = NDArray[np.uint64]


def place_hashes(
    network: str, retailer: str, run_date: dt.date, file: str, record_no: NDArray[np.int64]
) -> NDArray[np.int64]:
    """`xxhash64(network, retailer, run_date, file, record_no)` of each record, int64 (n,).

    file: the path below the feeds folder, as raw_items has it. run_date: day of the delivery.
    """
    seed = _of_bytes(retailer.encode(), _of_bytes(network.encode(), _SEED))
    seed = _of_bytes(file.encode(), _of_days((run_date - _EPOCH).days, seed))
    return _of_longs(record_no.astype(np.uint64), seed).view(np.int64)


def _of_longs(values: UInts, seed: int) -> UInts:
    mixed = _rotated(values * np.uint64(_P2), 31) * np.uint64(_P1)
    value = mixed ^ np.uint64(seed + _P5 + 8 & _MASK)
    value = _rotated(value, 27) * np.uint64(_P1) + np.uint64(_P4)
    value = (value ^ (value >> np.uint64(33))) * np.uint64(_P2)
    value = (value ^ (value >> np.uint64(29))) * np.uint64(_P3)
    return value ^ (value >> np.uint64(32))


def _rotated(values: UInts, bits: int) -> UInts:
    return (values << np.uint64(bits)) | (values >> np.uint64(64 - bits))


def _of_days(days: int, seed: int) -> int:
    value = seed + _P5 + 4 & _MASK
    value ^= (days & 0xFFFFFFFF) * _P1 & _MASK
    return _final(_turn(value, 23) * _P2 + _P3 & _MASK)


def _of_bytes(data: bytes, seed: int) -> int:
    value, at = seed + _P5, 0
    if len(data) >= 32:
        value, at = _of_stripes(data, seed)
    value = value + len(data) & _MASK
    while at + 8 <= len(data):
        value ^= _round(0, int.from_bytes(data[at : at + 8], "little"))
        value, at = _turn(value, 27) * _P1 + _P4 & _MASK, at + 8
    if at + 4 <= len(data):
        value ^= int.from_bytes(data[at : at + 4], "little") * _P1 & _MASK
        value, at = _turn(value, 23) * _P2 + _P3 & _MASK, at + 4
    for byte in data[at:]:
        value = _turn(value ^ (byte * _P5 & _MASK), 11) * _P1 & _MASK
    return _final(value)


def _of_stripes(data: bytes, seed: int) -> tuple[int, int]:
    """What the whole 32 bytes at the beginning come to, and where they end."""
    lanes = [seed + _P1 + _P2, seed + _P2, seed, seed - _P1]
    end = len(data) // 32 * 32
    for at in range(0, end, 8):
        lane = at // 8 % 4
        lanes[lane] = _round(lanes[lane], int.from_bytes(data[at : at + 8], "little"))
    value = sum(_turn(lane, bits) for lane, bits in zip(lanes, (1, 7, 12, 18), strict=True))
    for lane in lanes:
        value = (value ^ _round(0, lane)) * _P1 + _P4 & _MASK
    return value, end


def _round(lane: int, word: int) -> int:
    return _turn(lane + word * _P2 & _MASK, 31) * _P1 & _MASK


def _turn(value: int, bits: int) -> int:
    return (value << bits | value >> 64 - bits) & _MASK


def _final(value: int) -> int:
    value = (value ^ value >> 33) * _P2 & _MASK
    value = (value ^ value >> 29) * _P3 & _MASK
    return value ^ value >> 32
