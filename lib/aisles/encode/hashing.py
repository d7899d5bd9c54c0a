"""Stable 64-bit hashes of byte ranges, whole columns at a time, without a dictionary of words.

A range's hash is a polynomial in an odd base modulo 2^64 over random values of its bytes
(Karp and Rabin 1987), so that prefix sums give the hash of any word, stem or trigram in constant
time, then the finaliser of SplitMix64 (Steele, Lea, Flood 2014). Nothing depends on the process,
the platform, or where in a batch the text lies.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

UInts = NDArray[np.uint64]
Ints = NDArray[np.int64]

_GOLDEN = 0x9E3779B97F4A7C15
_BASE = 0xD1342543DE82EF95  # odd, hence invertible modulo 2^64
_MASK = (1 << 64) - 1


def mix(value: UInts) -> UInts:
    """Well-spread 64 bits of each value (the finaliser of SplitMix64), a new array."""
    value = value ^ (value >> np.uint64(30))
    value *= np.uint64(0xBF58476D1CE4E5B9)
    value ^= value >> np.uint64(27)
    value *= np.uint64(0x94D049BB133111EB)
    value ^= value >> np.uint64(31)
    return value


def salted(value: UInts, salt: int) -> UInts:
    """Hashes that differ from the plain ones, so that two fields or two uses share nothing."""
    return mix(value + np.uint64(salt * _GOLDEN & _MASK))


def combine(first: UInts, second: UInts) -> UInts:
    """One hash for each ordered pair of hashes."""
    return mix(first * np.uint64(_BASE) + second)


def bucket(value: UInts, size: int) -> Ints:
    """Buckets 1 .. size-1 of hashes; 0 stays free for padding and for missing values."""
    return ((value >> np.uint64(32)) * np.uint64(size - 1) >> np.uint64(32)).astype(np.int64) + 1


def unit(value: UInts) -> NDArray[np.float64]:
    """Numbers in [0, 1) of hashes, 53 bits each."""
    return (value >> np.uint64(11)).astype(np.float64) * 2.0**-53


class Ranges:
    """The hash of any byte range of one buffer, in constant time a range."""

    def __init__(self, data: NDArray[np.uint8]) -> None:
        powers, self._inverse = _powers(_room(len(data)))
        terms = _byte_values()[data]
        terms *= powers[: len(data)]
        self._prefix = np.zeros(len(data) + 1, np.uint64)
        np.cumsum(terms, out=self._prefix[1:])

    def hash(self, start: Ints, end: Ints) -> UInts:
        """uint64 hash of each range [start, end): equal bytes, equal hash."""
        difference = self._prefix[end] - self._prefix[start]
        return mix(difference * self._inverse[start])


def buffers(text: pa.Array) -> tuple[NDArray[np.uint8], Ints]:
    """UTF-8 bytes of all rows one after another, and the n+1 offsets of the rows in them.

    A null row reads as empty.
    """
    text = pc.fill_null(text.cast(pa.string()), "")
    assert isinstance(text, pa.StringArray)
    _, offset_buffer, data_buffer = text.buffers()
    offsets = np.frombuffer(offset_buffer, np.int32)[text.offset : text.offset + len(text) + 1]
    low, high = int(offsets[0]), int(offsets[-1])
    data = np.frombuffer(data_buffer, np.uint8)[low:high] if high else np.zeros(0, np.uint8)
    return data, offsets.astype(np.int64) - low


def hash_strings(text: pa.Array | pa.ChunkedArray) -> UInts:
    """One stable uint64 hash a row of a string column; null hashes as the empty string."""
    if isinstance(text, pa.ChunkedArray):
        text = text.combine_chunks()
    if not len(text):
        return np.zeros(0, np.uint64)
    parts = []
    for first in range(0, len(text), 8192):  # bounds the tables of powers
        data, offsets = buffers(text[first : first + 8192])
        parts.append(Ranges(data).hash(offsets[:-1], offsets[1:]))
    return np.concatenate(parts)


def _room(length: int) -> int:
    return 1 << max(16, (length + 1).bit_length())


@cache
def _byte_values() -> UInts:
    return mix(np.arange(1, 257, dtype=np.uint64) * np.uint64(_GOLDEN))


@cache
def _powers(count: int) -> tuple[UInts, UInts]:
    powers = np.full(count, _BASE, np.uint64)
    inverse = np.full(count, pow(_BASE, -1, 1 << 64), np.uint64)
    powers[0] = inverse[0] = 1
    return np.cumprod(powers), np.cumprod(inverse)
