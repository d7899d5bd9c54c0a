"""How much an answer on each pair is worth, and the Poisson sampling that follows from it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SHRINK = 10.0  # pairs that the mean over all categories counts for in a category's mean
_BINS = 2000
_LOG_LOW, _LOG_HIGH = np.log(1e-8), np.log(1e6)


def entropy(probability: NDArray) -> Floats:
    """Binary entropy in bits, 0 to 1."""
    p = np.asarray(probability, np.float64)
    q = 1.0 - p
    with np.errstate(divide="ignore", invalid="ignore"):
        bits = -(p * np.log2(p) + q * np.log2(q))
    return np.where((p > 0) & (q > 0), bits, 0.0)


def disagreement(
    probability: NDArray, spread: NDArray | None = None, members: NDArray | None = None
) -> Floats:
    """Mutual information of answer and member in bits (BALD: Houlsby et al. 2011), 0 to 1.

    members: (M, ...), the members' probabilities; the exact value. spread: their standard
    deviation; the second-order expansion, never more than the entropy. One of the two is needed.
    """
    if members is not None:
        together = entropy(np.mean(members, axis=0))
        return np.maximum(together - entropy(members).mean(0), 0.0)
    assert spread is not None, "disagreement needs members or spread"
    p = np.asarray(probability, np.float64)
    room = np.maximum(p * (1 - p), 1e-12)
    expansion = np.square(spread, dtype=np.float64) / (2 * np.log(2.0) * room)
    return np.minimum(expansion, entropy(p))


def acquire(
    probability: NDArray, spread: NDArray, weight: float, members: NDArray | None = None
) -> Floats:
    """Worth of an answer: entropy of the calibrated probability + weight x disagreement."""
    return entropy(probability) + weight * disagreement(probability, spread, members)


def conflict(target: NDArray, probability: NDArray) -> Floats:
    """Worth of checking a rule's label: the squared gap between its target and the model."""
    return np.square(np.asarray(target, np.float64) - probability)


def divisor(total: Floats, count: Floats) -> Floats:
    """float64 (C,): what a category's worths are divided by, so that none takes all questions.

    total, count: sum and number of positive worths of each category. Dividing by the category's
    mean (drawn towards the mean of all by SHRINK pairs) leaves a share of the budget that grows
    with the number of its pairs; dividing by the root of that number as well leaves its root.
    """
    mean = total.sum() / max(count.sum(), 1.0)
    own = (total + SHRINK * mean) / (count + SHRINK)
    return np.where(own > 0, own * np.sqrt(np.maximum(count, 1.0)), 1.0)


def solve_scale(count: Floats, total: Floats, budget: float) -> float:
    """k for which the sum of min(count, k x total) is the budget; infinite where all fit into it.

    One entry an item (count 1, total its worth: exact) or a bin of items of like worth.
    """
    used = total > 0
    count, total = np.asarray(count, np.float64)[used], np.asarray(total, np.float64)[used]
    if budget >= count.sum():
        return float("inf")
    order = np.argsort(-total / count)
    count, total = count[order], total[order]
    capped = np.cumsum(count) - count
    rest = np.cumsum(total[::-1])[::-1]
    # With the j most worthy capped, k is what the others share; the first j at which the next
    # one stays below its cap is the solution, as k only falls from there on.
    scale = (budget - capped) / rest
    return float(scale[np.argmax(scale * total <= count * (1 + 1e-12))])


def inclusion(worth: Floats, scale: float) -> Floats:
    """Probability with which each pair is drawn: min(1, scale x worth), 0 for no worth."""
    with np.errstate(invalid="ignore"):
        return np.where(worth > 0, np.minimum(scale * worth, 1.0), 0.0)


def propensity(*strata: Floats | float) -> Floats:
    """Probability that at least one of independent strata draws the pair."""
    missed = np.asarray(1.0)
    for chance in strata:
        missed = missed * (1.0 - np.asarray(chance, np.float64))
    return 1.0 - missed


def bins_of(worth: Floats) -> Ints:
    """The bin (by the logarithm, about 1.6 % wide) of each positive worth, below bin_count()."""
    place = (np.log(worth) - _LOG_LOW) / (_LOG_HIGH - _LOG_LOW) * _BINS
    return np.clip(place, 0, _BINS - 1).astype(np.int64)


def bin_count() -> int:
    """Number of bins of `bins_of`."""
    return _BINS
