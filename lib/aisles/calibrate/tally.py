"""Additive histograms of scored products with known truth: all figures are read from them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from aisles.calibrate.bins import Bools, Floats, Ints, bin_of, edges, pack, tail, unpack
from aisles.taxonomy import Taxonomy

_SUMS = (
    "every", "right", "child_every", "child_right", "top", "top_coarse", "predicted", "brier",
    "hit", "wrong", "missed", "given", "found", "rows",
)  # fmt: skip


class Tally:
    """Counts of one set of products; tallies of parts add up to the tally of the whole.

    Categories are in the taxonomy's order; bins are those of `bins.edges`.
    every, right: int64 (C, bins), pairs of complete products and those of them in the truth.
    child_every, child_right: int64 (bins,), the same pairs below level 1 by the probability of
    their best child: a pair is active at t exactly where best child < t <= its own.
    top, top_coarse: int64 (bins,), products by their best category below level 1.
    predicted: float64 (bins,), sum of probabilities; brier: float64 (C,), sum of squared errors.
    hit, wrong, missed: int64 (C,), pairs of complete products at the thresholds, closed upwards.
    given, found: int64 (C,), pairs given for coarse products, and those assigned.
    rows: int64 (2,), complete and coarse products.
    """

    def __init__(self, taxonomy: Taxonomy, bins: int, threshold: Floats | float = 0.5) -> None:
        """An empty tally. threshold: probability at which a category (C,) or any is assigned."""
        count = len(taxonomy)
        self.taxonomy, self.bins = taxonomy, bins
        self.threshold = np.broadcast_to(np.asarray(threshold, np.float64), (count,)).copy()
        self.deep: Bools = taxonomy.level > 1
        self.every = np.zeros((count, bins), np.int64)
        self.right = np.zeros((count, bins), np.int64)
        self.child_every, self.child_right = np.zeros((2, bins), np.int64)
        self.top, self.top_coarse = np.zeros((2, bins), np.int64)
        self.predicted, self.brier = np.zeros(bins), np.zeros(count)
        self.hit, self.wrong, self.missed = np.zeros((3, count), np.int64)
        self.given, self.found = np.zeros((2, count), np.int64)
        self.rows = np.zeros(2, np.int64)

    def add(
        self, probability: NDArray, truth: Bools, complete: Bools, given: Bools | None = None
    ) -> None:
        """Count n more products.

        probability: (n, C), coherent. truth: bool (n, C), closed upwards; read on complete rows.
        complete: bool (n,). given: bool (n, C), what is known of the other rows; truth without it.
        """
        expected = (len(complete), len(self.taxonomy))
        for name, value in (("probability", probability), ("truth", truth)):
            assert value.shape == expected, f"{name} is {value.shape}, expected {expected}"
        complete = np.asarray(complete, np.bool_)
        best = np.max(probability, axis=1, initial=0.0, where=self.deep)
        best_bin = bin_of(best, self.bins)
        self.top += np.bincount(best_bin[complete], minlength=self.bins)
        self.top_coarse += np.bincount(best_bin[~complete], minlength=self.bins)
        self.rows += [complete.sum(), (~complete).sum()]
        assigned = self.taxonomy.close_up(probability >= self.threshold)
        self._add_complete(probability[complete], truth[complete], assigned[complete])
        known = self.taxonomy.close_up((truth if given is None else given)[~complete])
        self.given += known.sum(0)
        self.found += (known & assigned[~complete]).sum(0)

    def __add__(self, other: Tally) -> Tally:
        """The tally of both sets of products. Raises ValueError where they cannot be added."""
        same = self.bins == other.bins and self.taxonomy.ids == other.taxonomy.ids
        if not same or not np.array_equal(self.threshold, other.threshold):
            raise ValueError(
                "tallies of different categories, bins or thresholds cannot be added; "
                "count both parts with the same settings"
            )
        total = Tally(self.taxonomy, self.bins, self.threshold)
        for name in _SUMS:
            setattr(total, name, getattr(self, name) + getattr(other, name))
        return total

    def to_bytes(self) -> bytes:
        """The counts as bytes, for `from_bytes` with the same taxonomy."""
        sums = {name: getattr(self, name) for name in _SUMS}
        return pack({**sums, "threshold": self.threshold})

    @staticmethod
    def from_bytes(packed: bytes, taxonomy: Taxonomy) -> Tally:
        """The tally that `to_bytes` wrote. Raises ValueError for another number of categories."""
        arrays: dict[str, Any] = unpack(packed)
        count, bins = arrays["every"].shape
        if count != len(taxonomy):
            raise ValueError(f"a tally of {count} categories was read with {len(taxonomy)}")
        tally = Tally(taxonomy, bins, arrays["threshold"])
        for name in _SUMS:
            setattr(tally, name, arrays[name])
        return tally

    def active(self) -> tuple[Ints, Ints]:
        """int64 (bins,) twice: pairs active at each bin's lower edge, and those of them right."""
        every = tail(self.every[self.deep].sum(0) - self.child_every)
        right = tail(self.right[self.deep].sum(0) - self.child_right)
        return every, right

    def _add_complete(self, probability: NDArray, truth: Bools, assigned: Bools) -> None:
        self.hit += (assigned & truth).sum(0)
        self.wrong += (assigned & ~truth).sum(0)
        self.missed += (truth & ~assigned).sum(0)
        self.brier += np.square(probability - truth, dtype=np.float64).sum(0)
        self._add_pairs(probability, truth)
        child = self.taxonomy.best_child(probability)[:, self.deep]
        children = bin_of(child[child > 0], self.bins)
        self.child_every += np.bincount(children, minlength=self.bins)
        self.child_right += np.bincount(
            children[truth[:, self.deep][child > 0]], minlength=self.bins
        )
        # Zeros take part in no threshold; only their number has to be right.
        zeros = child.size - len(children), int(truth[:, self.deep][child == 0].sum())
        self.child_every[0] += zeros[0]
        self.child_right[0] += zeros[1]

    def _add_pairs(self, probability: NDArray, truth: Bools) -> None:
        """Histograms of the pairs. Most lie in the lowest bin and are false: they are not binned
        one by one, but found by subtraction."""
        count = len(self.taxonomy)
        row, category = np.nonzero((probability >= edges(self.bins)[2]) | truth)
        value, yes = probability[row, category], truth[row, category]
        place = category * self.bins + bin_of(value, self.bins)
        size = count * self.bins
        binned = np.bincount(place, minlength=size).reshape(count, self.bins)
        binned[:, 0] = (probability == 0).sum(0)
        binned[:, 1] += len(probability) - binned.sum(1)
        self.every += binned
        self.right += np.bincount(place[yes], minlength=size).reshape(count, self.bins)
        pooled = np.bincount(place % self.bins, weights=value, minlength=self.bins)
        pooled[1] += probability.sum(dtype=np.float64) - value.sum(dtype=np.float64)
        self.predicted += pooled
