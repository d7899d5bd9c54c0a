"""Each category's own threshold: the lowest score that still keeps the wanted precision.

A category with few answers near its threshold says little by itself: its precision is drawn
towards its parent's, and without evidence the general threshold stands. (Demanding a lower
bound of each category instead would push hundreds of rare categories to thresholds near 1.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aisles.calibrate.bins import Floats, Ints, edges, tail
from aisles.calibrate.pairs import Pairs
from aisles.taxonomy import Taxonomy

STRENGTH = 8.0  # answers that the parent's precision counts for
FEWEST = 8.0  # answers above LOWEST from which a category's own evidence sets its threshold
# Below this no threshold is taken: answers cluster at high scores, and a tail without answers
# below them must not be read as precise. The best F1 threshold of calibrated scores is half the
# best F1 (Lipton et al. 2014), so lower ones would only pay where F1 stays below 0.2.
LOWEST = 0.1
COLD = 0.5  # threshold without any evidence
_Z = 1.2815515655446004  # one-sided 90 %


@dataclass(frozen=True)
class Thresholds:
    """One entry a category, in the taxonomy's order.

    threshold: float64 (C,). precision_lower_bound: float64 (C,), one-sided 90 % lower bound of
    the precision at the threshold, shrunk towards the parent's. basis: str (C,): answers, rules,
    or none where there was no evidence at all.
    """

    threshold: Floats
    precision_lower_bound: Floats
    basis: NDArray[np.object_]


def choose_thresholds(
    answers: Pairs, rules: Pairs, taxonomy: Taxonomy, precision: float
) -> Thresholds:
    """Thresholds from validation answers, or from rule labels while there are none.

    answers, rules: pairs by calibrated, coherent probability; `rules` holds rule labels at their
    estimated precision together with unknown pairs at their prior and small weight. Answers take
    over once they count for FEWEST in all.
    """
    for name, pairs in (("answers", answers), ("rules", rules)):
        if answers.effective() >= FEWEST or (name == "rules" and pairs.effective() > 0):
            return _choose(pairs, taxonomy, precision, name)
    count = len(taxonomy)
    return Thresholds(np.full(count, COLD), np.zeros(count), np.full(count, "none", object))


def _choose(pairs: Pairs, taxonomy: Taxonomy, precision: float, basis: str) -> Thresholds:
    low = max(int(np.searchsorted(edges(pairs.bins), LOWEST)), 1)
    mean, effective = _shrunk(pairs, taxonomy)
    bound = _wilson(mean, effective + STRENGTH)
    pooled = _wilson(
        *_rate(tail(pairs.weight.sum(0)), tail(pairs.positive.sum(0)), tail(pairs.square.sum(0)))
    )
    fallback = _lowest(pooled, pairs.weight.sum(0), low, precision)
    if fallback < 0:
        fallback = max(_best_f1(pairs.weight.sum(0), pairs.positive.sum(0)), low)
    place = np.full(len(taxonomy), fallback)
    for category in np.flatnonzero(effective[:, low] >= FEWEST):
        own = _lowest(mean[category], pairs.weight[category], low, precision)
        # Enough answers and never precise enough: the most precise place above the general one.
        best = fallback + int(mean[category, fallback:].argmax())
        place[category] = own if own >= 0 else best
    count = len(taxonomy)
    return Thresholds(
        edges(pairs.bins)[place], bound[np.arange(count), place], np.full(count, basis, object)
    )


def _shrunk(pairs: Pairs, taxonomy: Taxonomy) -> tuple[Floats, Floats]:
    """(C, bins) precision from each bin upwards, and the answers that it rests on.

    A category's rate is drawn towards its parent's, a root's towards that of all categories.
    """
    rate, effective = _rate(tail(pairs.weight), tail(pairs.positive), tail(pairs.square))
    base, _ = _rate(
        tail(pairs.weight.sum(0)), tail(pairs.positive.sum(0)), tail(pairs.square.sum(0))
    )
    for place in range(len(taxonomy)):
        parent = taxonomy.parent[place]
        prior = base if parent < 0 else rate[parent]
        rate[place] = (rate[place] * effective[place] + prior * STRENGTH) / (
            effective[place] + STRENGTH
        )
    return rate, effective


def _rate(weight: Floats, positive: Floats, square: Floats) -> tuple[Floats, Floats]:
    """Precision and effective answers; 0 of both without answers."""
    rate = np.divide(positive, weight, out=np.zeros_like(weight), where=weight > 0)
    return rate, np.divide(weight**2, square, out=np.zeros_like(weight), where=square > 0)


def _wilson(rate: Floats, count: Floats) -> Floats:
    """Lower bound of a share seen in `count` answers (Wilson 1927); 0 without answers."""
    safe = np.maximum(count, 1e-9)
    spread = _Z * np.sqrt(rate * (1 - rate) / safe + _Z**2 / (4 * safe**2))
    return np.where(count > 0, (rate + _Z**2 / (2 * safe) - spread) / (1 + _Z**2 / safe), 0.0)


def _lowest(reached: Floats, weight: Floats, low: int, precision: float) -> int:
    """The lowest bin from `low` on with answers in it that reaches the precision, or -1."""
    places: Ints = low + np.flatnonzero((reached[low:] >= precision) & (weight[low:] > 0))
    return int(places[0]) if len(places) else -1


def _best_f1(weight: Floats, positive: Floats) -> int:
    """The bin from which upwards the pooled F1 is largest."""
    f1 = 2 * tail(positive) / np.maximum(tail(weight) + positive.sum(), 1e-300)
    return int(f1.argmax())
