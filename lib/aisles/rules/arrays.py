"""Small helpers on integer arrays: adjacency lists, ranges and sorted keys."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


class Lists(NamedTuple):
    """Lists of integers one behind the other: list i is `items[offsets[i]:offsets[i + 1]]`."""

    offsets: Ints
    items: Ints

    @classmethod
    def of(cls, lists: Sequence[Iterable[int]]) -> Lists:
        """The lists as two arrays."""
        sized = [list(items) for items in lists]
        offsets = np.cumsum([0] + [len(items) for items in sized], dtype=np.int64)
        return cls(offsets, np.array([item for items in sized for item in items], np.int64))

    @classmethod
    def by_key(cls, pairs: Iterable[tuple[int, int]], size: int) -> Lists:
        """For each key below `size` the items paired with it."""
        lists: list[list[int]] = [[] for _ in range(size)]
        for key, item in pairs:
            lists[key].append(item)
        return cls.of(lists)

    def expand(self, keys: Ints) -> tuple[Ints, Ints]:
        """(place in `keys`, item) for every item of every key's list, in the order of keys."""
        places, index = ranges(self.offsets[keys], self.offsets[keys + 1])
        return places, self.items[index]


def ranges(starts: Ints, ends: Ints) -> tuple[Ints, Ints]:
    """(place, number) for every number of every half-open range, in the order of ranges."""
    lengths = ends - starts
    stops = np.cumsum(lengths)
    places = np.repeat(np.arange(len(lengths)), lengths)
    total = int(stops[-1]) if len(stops) else 0
    return places, np.arange(total) + np.repeat(starts - stops + lengths, lengths)


def is_new(ordered: Ints) -> NDArray[np.bool_]:
    """For each of the sorted keys whether it differs from the one before it."""
    return np.append(True, ordered[1:] != ordered[:-1])[: len(ordered)]


def distinct(keys: Ints) -> Ints:
    """The keys sorted, each once. (np.unique hashes them, which is slower on sorted runs.)"""
    ordered = np.sort(keys, kind="stable")
    return ordered[is_new(ordered)]
