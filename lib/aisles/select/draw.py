"""Deterministic draws: every random number is a hash of what it decides about."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.stats import binom

from aisles.encode.hashing import UInts, combine, hash_strings, salted, unit

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_BLOCK = 1024  # products whose hashes with all categories are held at once


@dataclass(frozen=True)
class Stream:
    """One independent source of random numbers: a stratum of a round under a seed."""

    seed: int
    round: int
    stratum: str

    def products(self, product_id: pa.Array) -> UInts:
        """One uint64 a product."""
        name = pa.array([f"{self.seed}/{self.round}/{self.stratum}"])
        return salted(hash_strings(product_id), int(hash_strings(name)[0]))

    def pairs(self, product_id: pa.Array, category_id: pa.Array) -> Floats:
        """u in [0, 1) of each pair; a pair is drawn where u < its inclusion probability."""
        return unit(combine(self.products(product_id), hash_strings(category_id)))


class UniformDraw:
    """Draws of every product x category pair with one chance, without looking at each pair.

    Each product's number of hits is binomial, by the inverse of its distribution at the
    product's hash; the hits are the categories whose hashes with the product are lowest. That
    equals an independent draw of each pair.
    """

    def __init__(self, stream: Stream, category_ids: pa.Array, chance: float) -> None:
        """stream: of this stratum; category_ids: all live categories; chance: of each pair."""
        self._stream, self._count = stream, len(category_ids)
        self._categories = hash_strings(category_ids)
        self._below = binom.cdf(np.arange(self._count), self._count, chance)

    def hits(self, product_id: pa.Array) -> tuple[Ints, Ints]:
        """(row of product_id, place in category_ids) of every pair drawn."""
        hashes = self._stream.products(product_id)
        number = np.searchsorted(self._below, unit(salted(hashes, 1)), side="right")
        rows = np.flatnonzero(number)
        found = [
            self._choose(rows[first : first + _BLOCK], hashes, number)
            for first in range(0, len(rows), _BLOCK)
        ]
        empty = np.zeros(0, np.int64)
        return (
            np.concatenate([empty, *(row for row, _ in found)]),
            np.concatenate([empty, *(category for _, category in found)]),
        )

    def is_hit(self, product_id: pa.Array, category: Ints) -> NDArray[np.bool_]:
        """Whether each pair is one of the hits; category: place in category_ids."""
        row, place = self.hits(product_id)
        drawn = row * self._count + place
        return np.isin(np.arange(len(category)) * self._count + category, drawn)

    def _choose(self, rows: Ints, hashes: UInts, number: Ints) -> tuple[Ints, Ints]:
        matrix = combine(hashes[rows, None], self._categories[None, :])
        order = np.argsort(matrix, axis=1)
        taken = np.arange(self._count) < number[rows, None]
        return np.repeat(rows, number[rows]), order[taken]
