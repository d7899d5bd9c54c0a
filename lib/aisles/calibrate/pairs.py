"""Additive histograms of answered (product, category) pairs, for thresholds and calibration."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from aisles.calibrate.bins import bin_of, pack, unpack


class Pairs:
    """Weighted answers by category and score bin; those of parts add up.

    weight, positive, square: float64 (C, bins): sums of w, of w x target and of w^2, where w is
    1/propensity of a sampled answer, or a label's weight. Their ratio weight^2 / square is the
    number of answers of equal weight that say as much (Kish 1965).
    """

    def __init__(self, categories: int, bins: int) -> None:
        self.weight, self.positive, self.square = np.zeros((3, categories, bins))

    @property
    def bins(self) -> int:
        """Number of score bins."""
        return self.weight.shape[1]

    def add(
        self,
        category: NDArray[np.integer],
        probability: NDArray,
        target: NDArray,
        weight: NDArray | float = 1.0,
    ) -> None:
        """Count n more pairs: category place, probability, target 0..1 and weight, each (n,)."""
        size, shape = self.weight.size, self.weight.shape
        place = np.asarray(category, np.int64) * self.bins + bin_of(probability, self.bins)
        each = np.broadcast_to(np.asarray(weight, np.float64), place.shape)
        self.weight += np.bincount(place, each, size).reshape(shape)
        self.positive += np.bincount(place, each * target, size).reshape(shape)
        self.square += np.bincount(place, each**2, size).reshape(shape)

    def __add__(self, other: Pairs) -> Pairs:
        """The pairs of both. Raises ValueError where categories or bins differ."""
        if self.weight.shape != other.weight.shape:
            raise ValueError(
                f"pairs of {self.weight.shape} and {other.weight.shape} (categories, bins) cannot "
                "be added; count both with the same settings"
            )
        total = Pairs(*self.weight.shape)
        for name in ("weight", "positive", "square"):
            setattr(total, name, getattr(self, name) + getattr(other, name))
        return total

    def effective(self) -> float:
        """Number of answers of equal weight that say as much as all of these."""
        square = self.square.sum()
        return float(self.weight.sum() ** 2 / square) if square else 0.0

    def to_bytes(self) -> bytes:
        """The sums as bytes, for `from_bytes`."""
        return pack({"weight": self.weight, "positive": self.positive, "square": self.square})

    @staticmethod
    def from_bytes(packed: bytes) -> Pairs:
        """The pairs that `to_bytes` wrote."""
        arrays = unpack(packed)
        pairs = Pairs(*arrays["weight"].shape)
        pairs.weight, pairs.positive, pairs.square = (
            arrays[name] for name in ("weight", "positive", "square")
        )
        return pairs
