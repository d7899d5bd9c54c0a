"""Random numbers that depend on a key and an index only: any chunk of rows, the same draws."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import cycle
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_ONE = np.uint64(0xBF58476D1CE4E5B9)
_TWO = np.uint64(0x94D049BB133111EB)


def key_of(*parts: object) -> int:
    """A 64-bit key of the parts, the same in every process."""
    text = "\0".join(str(part) for part in parts)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


def mixed(key: int, index: NDArray[np.int64]) -> NDArray[np.uint64]:
    """One 64-bit hash per index (the finaliser of splitmix64, Steele et al. 2014)."""
    with np.errstate(over="ignore"):
        x = np.uint64(key) + (index.astype(np.uint64) + np.uint64(1)) * _GOLDEN
        x = (x ^ (x >> np.uint64(30))) * _ONE
        x = (x ^ (x >> np.uint64(27))) * _TWO
        return x ^ (x >> np.uint64(31))


def uniform(key: int, index: NDArray[np.int64]) -> NDArray[np.float64]:
    """One number in [0, 1) per index."""
    return (mixed(key, index) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def table(key: int, index: NDArray[np.int64], width: int) -> list[list[float]]:
    """`width` numbers in [0, 1) per index, rows as Python lists."""
    places = index[:, None] * np.int64(width) + np.arange(width, dtype=np.int64)
    flat = uniform(key, places.reshape(-1))
    rows: list[list[float]] = flat.reshape(len(index), width).tolist()
    return rows


class Draws:
    """One row's stream of numbers; it starts over in the rare case that it runs out."""

    __slots__ = ("next",)

    def __init__(self, values: Sequence[float]) -> None:
        self.next = cycle(values).__next__

    def chance(self, probability: float) -> bool:
        """True with the given probability."""
        return self.next() < probability

    def pick(self, values: Sequence[T]) -> T:
        """One of the values, all alike."""
        return values[int(self.next() * len(values))]

    def whole(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return low + int(self.next() * (high - low + 1))
