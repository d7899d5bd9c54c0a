"""Which labels are probably wrong: confident learning on single (product, category) labels.

After Northcutt, Jiang and Chuang (2021, Confident learning) in the form that cleanlab gives it for
several labels a product: each category is a question of its own, yes or no. What is added here:
a pair without a label takes no part, and a label may be soft (a rule's target), in which case the
self-confidence and the margin are those to be expected of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SHRINK = 10.0  # labels that all categories together count for in the thresholds of one
NO, YES = 0, 1
_UNDECIDED = 0.5


@dataclass(frozen=True)
class Thresholds:
    """From which probability on a category is confidently yes or no.

    of: float64 (C, 2), the mean self-confidence of its labels that say no, and that say yes.
    """

    of: Floats


@dataclass(frozen=True)
class Labels:
    """n labels. category: int64 (n,), below `categories`. target: float64 (n,), 0 to 1.
    probability: float64 (n,), of a model that has not seen the label (out of fold)."""

    category: Ints
    target: Floats
    probability: Floats
    categories: int

    @property
    def side(self) -> Ints:
        """What each label says: YES or NO."""
        return (self.target >= _UNDECIDED).astype(np.int64)

    @property
    def claim(self) -> Floats:
        """How sure each label is of what it says, 0.5 to 1."""
        return np.maximum(self.target, 1 - self.target)

    @property
    def cell(self) -> Ints:
        """category x 2 + side."""
        return self.category * 2 + self.side

    def sums(self, value: Floats) -> Floats:
        """float64 (C, 2): the claims' sum of value, by category and side."""
        size = self.categories * 2
        counted = np.bincount(self.cell, self.claim * value, size)
        return counted.astype(np.float64).reshape(-1, 2)


def self_confidence(labels: Labels) -> Floats:
    """The probability that the model gives to what the label says; of a soft one, expected."""
    return _expected(labels.target, labels.probability)


def threshold_sums(labels: Labels) -> Floats:
    """float64 (2, C, 2): claims, and claims x self-confidence, by side; they add up over parts."""
    agreed = np.where(labels.side == YES, labels.probability, 1 - labels.probability)
    return np.stack([labels.sums(np.ones(len(agreed))), labels.sums(agreed)])


def thresholds(sums: Floats, shrink: float = SHRINK) -> Thresholds:
    """The thresholds of summed `threshold_sums`.

    shrink: labels that the mean over all categories counts for; that mean is itself drawn towards
    0.5, so that a side without any label has a threshold too.
    """
    claims, agreed = sums
    with np.errstate(invalid="ignore"):
        mean = (agreed.sum(0) + shrink * _UNDECIDED) / (claims.sum(0) + shrink)
        return Thresholds(np.nan_to_num((agreed + shrink * mean) / (claims + shrink)))


def confident(labels: Labels, limits: Thresholds) -> NDArray[np.int8]:
    """YES or NO where the model is confident of it, -1 where of neither."""
    p = labels.probability
    limit = limits.of[labels.category]
    yes, no = p >= limit[:, YES] - 1e-6, 1 - p >= limit[:, NO] - 1e-6
    both = np.where(p > _UNDECIDED, YES, NO)
    return np.select([yes & no, yes, no], [both, YES, NO], -1).astype(np.int8)


def joint_sums(labels: Labels, limits: Thresholds) -> Floats:
    """float64 (C, 2, 2): claims by what the label says and what the model is confident of."""
    sure = confident(labels, limits)
    return np.stack([labels.sums(sure == NO), labels.sums(sure == YES)], -1)


def expected_errors(claims: Floats, joint: Floats) -> Floats:
    """float64 (C, 2): how many labels of each side are estimated to be wrong.

    claims: (C, 2) of `threshold_sums`. Of the pairs on which the model is confident, the share
    that it is confident of the other side, applied to all labels. One at least is taken as right.
    """
    right = np.maximum(np.stack([joint[:, NO, NO], joint[:, YES, YES]], -1), 1.0)
    wrong = np.stack([joint[:, NO, YES], joint[:, YES, NO]], -1)
    return claims * wrong / (right + wrong)


def margin(labels: Labels, limits: Thresholds) -> Floats:
    """Normalised margin of each label, 0 (surely wrong) to 1, below 0.5 where the model objects.

    The thresholds are subtracted first: what is a low probability for one category is a usual one
    for another. Of a soft label the expected margin.
    """
    limit = limits.of[labels.category]
    most = limit.max(1)
    yes = labels.probability - limit[:, YES] + most
    no = 1 - labels.probability - limit[:, NO] + most
    return _expected(labels.target, yes / (yes + no))


def objected(labels: Labels, margins: Floats) -> NDArray[np.bool_]:
    """Where the model says the opposite, by its probability and by the margin.

    By its probability alone every yes of a rare category would be objected to, by the margin alone
    many a no of it.
    """
    return (margins < _UNDECIDED) & (self_confidence(labels) < _UNDECIDED)


def suspicion(margins: Floats) -> Floats:
    """Worth of asking: the squared odds that the label is wrong, at most 1e6; 1 at margin 0.5."""
    return np.square((1 - margins) / np.maximum(margins, 1e-3))


def _expected(target: Floats, probability: Floats) -> Floats:
    return target * probability + (1 - target) * (1 - probability)
