"""Unbiased precision and recall from answers that were sampled with known probabilities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from aisles.calibrate.bins import Bools, Floats, Ints

_RARE = 5  # answers of one kind below which their variance is not believed


@dataclass(frozen=True)
class Estimate:
    """One share a group: its value, the bounds of its interval, and what it rests on.

    value, low, high: float64 (G,); NaN, 0 and 1 where a group has no answers.
    answers: int64 (G,), sampled answers used. effective: float64 (G,), how many answers of a
    simple random sample would say as much; infinite where every pair was asked.
    """

    value: Floats
    low: Floats
    high: Floats
    answers: Ints
    effective: Floats


def estimate_precision(
    answer: NDArray,
    propensity: Floats,
    assigned: Bools,
    group: Ints | None = None,
    groups: int = 1,
    level: float = 0.9,
) -> Estimate:
    """Share of assigned pairs that are right, among all pairs that could have been asked.

    answer: (n,), true where the pair belongs (1 or True). propensity: (n,), probability with
    which each pair was asked; NaN (not sampled by us) is left out. assigned: bool (n,). group:
    int (n,), such as the category's place, with `groups` of them. level: of the interval.
    """
    use = assigned & ~np.isnan(propensity)
    return _share(np.asarray(answer) > 0, propensity, use, group, groups, level)


def estimate_recall(
    answer: NDArray,
    propensity: Floats,
    assigned: Bools,
    group: Ints | None = None,
    groups: int = 1,
    level: float = 0.9,
) -> Estimate:
    """Share of the true pairs that are assigned; arguments as for `estimate_precision`."""
    use = (np.asarray(answer) > 0) & ~np.isnan(propensity)
    return _share(assigned, propensity, use, group, groups, level)


def _share(
    yes: Bools, propensity: Floats, use: Bools, group: Ints | None, groups: int, level: float
) -> Estimate:
    """Hajek's ratio of inverse-propensity sums (1971), with a Wilson interval.

    The variance is the linearised one of Poisson sampling (Sarndal, Swensson, Wretman 1992,
    section 5.5). It enters as an effective number of answers, so that the interval stays within
    0..1 and does not collapse where all answers agree.
    """
    if use.any() and not ((propensity[use] > 0) & (propensity[use] <= 1)).all():
        worst = propensity[use][(propensity[use] <= 0) | (propensity[use] > 1)][0]
        raise ValueError(f"propensity: expected a probability above 0 and at most 1, came {worst}")
    place = np.zeros(len(yes), np.int64) if group is None else np.asarray(group, np.int64)
    place, yes = place[use], yes[use]
    design = 1.0 / propensity[use]

    def total(values: NDArray) -> Floats:
        return np.bincount(place, values, minlength=groups).astype(np.float64)

    size, answers = total(design), total(np.ones(len(place)))
    value = np.divide(total(design * yes), size, out=np.full(groups, np.nan), where=size > 0)
    unsure = design**2 * (1.0 - propensity[use])
    misses = total(unsure * (yes - value[place]) ** 2)
    rarer = np.minimum(total(yes), answers - total(yes))
    effective = _effective(value, size, total(unsure), misses, rarer)
    low, high = _wilson(value, effective, float(norm.ppf(0.5 + level / 2)))
    return Estimate(value, low, high, answers.astype(np.int64), effective)


def _effective(
    value: Floats, size: Floats, unsure: Floats, misses: Floats, rarer: Floats
) -> Floats:
    """The sample size that the variance implies; where one of the two answers is too rare to
    show a variance, no more than what the weights alone imply."""
    with np.errstate(divide="ignore", invalid="ignore"):
        by_weight = np.where(unsure > 0, size**2 / unsure, np.inf)
        by_variance = np.where(misses > 0, value * (1 - value) * size**2 / misses, np.inf)
    cautious = np.where(rarer < _RARE, np.minimum(by_weight, by_variance), by_variance)
    return np.where(size > 0, cautious, 0.0)


def _wilson(value: Floats, count: Floats, z: float) -> tuple[Floats, Floats]:
    with np.errstate(divide="ignore", invalid="ignore"):
        per = np.where(count > 0, z**2 / count, np.inf)
        middle = (value + per / 2) / (1 + per)
        half = np.sqrt(value * (1 - value) * per + per**2 / 4) / (1 + per)
    known = count > 0
    low = np.where(known, np.maximum(middle - half, 0.0), 0.0)
    return low, np.where(known, np.minimum(middle + half, 1.0), 1.0)
