"""Shares of many items, each drawn towards those around it as far as the data say.

    share_i ~ Beta(s m_i, s (1 - m_i)),   yes_i ~ Binomial(n_i, share_i)

m_i, the mean of item i's prior, is found by going down the tree: from the configured mean m_0 at
the top to

    m_j = (s m_(j-1) + yes_j) / (s + n_j)

where n_j and yes_j are the answers of level j on other items. Those of one item resemble each
other: n of them say as much of the items around it as

    n (s + 1) / (s + n)

answers on as many items, at most s + 1 (the variance of a beta-binomial share; Williams 1982,
doi 10.2307/2347977). So that a rule with hundreds of answers does not speak for all the others.

s, how many answers the prior weighs, says how much the items resemble each other: small where some
are always right and others never. It is that of the largest marginal likelihood (beta-binomial,
each item under the prior that the others make; empirical Bayes, Efron and Morris 1975) times a
log-normal prior around the configured s_0, among s_0 sqrt(2)^k, so that it rarely moves from one
day to the next.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Levels = Callable[[Floats], Floats]
"""(n, 2) answers and yeses of each item → (n, L, 2) those of the levels around it, top first."""

KNOWN = ("prior", "prior_answers", "prior_strength", "effective", "share", "mean", "low", "high")
LEVEL = 0.95  # of every interval
_STEPS = np.arange(-10, 7)
_SPREAD = 1.0  # of ln s around ln s_0
_EDGE = 1e-3  # a prior is never surer than this
_ROUNDING = 1e-9


def pooled(own: Floats, levels: Levels, prior: float, strength: float) -> dict[str, Floats]:
    """KNOWN of each item: float64 (n,), share NaN without answers.

    own: float64 (n, 2), the effective answers on each item and the yeses among them. strength: s_0.
    prior_answers: answers that moved the item's prior from the configured mean.
    """
    scores = {s: _score(own, levels, prior, s, strength) for s in strength * np.sqrt(2.0) ** _STEPS}
    return at_strength(own, levels, prior, float(max(scores, key=scores.__getitem__)))


def at_strength(own: Floats, levels: Levels, prior: float, s: float) -> dict[str, Floats]:
    """KNOWN of each item at a given strength of the prior, in answers."""
    mean, moved = _priors(own, levels, prior, s)
    count, yes = own.T
    share = np.divide(yes, count, out=np.full(len(own), np.nan), where=count > 0)
    low, high = interval(s * mean + yes, s * (1 - mean) + count - yes)
    strengths = np.full(len(own), s)
    found = (mean, moved, strengths, count, share, (s * mean + yes) / (s + count), low, high)
    return dict(zip(KNOWN, found))


def nested(paths: Ints) -> Levels:
    """The levels of items that lie in nested pools: each without the answers of the next one.

    paths: int64 (n, L), the pools around each item from the top down, -1 after the last one.
    """
    pools = int(paths.max(initial=-1)) + 1

    def levels(answers: Floats) -> Floats:
        chain = np.repeat(answers[:, None], paths.shape[1] + 1, axis=1)
        for level, at in enumerate(paths.T):
            inside = at >= 0
            sums = np.zeros((pools, 2))
            np.add.at(sums, at[inside], answers[inside])
            chain[inside, level] = sums[at[inside]]
        beyond = chain[:, :-1] - chain[:, 1:]
        return np.where(beyond < _ROUNDING, 0.0, beyond)

    return levels


def chained(paths: Ints) -> Levels:
    """The levels of items that lie below other items, each level being one of these.

    paths: int64 (n, L), the items above each item from the top down, -1 after the last one.
    """

    def levels(answers: Floats) -> Floats:
        if not len(answers):
            return np.zeros((*paths.shape, 2))
        return np.where((paths >= 0)[..., None], answers[np.maximum(paths, 0)], 0.0)

    return levels


def interval(yes: Floats, no: Floats, level: float = LEVEL) -> tuple[Floats, Floats]:
    """Bounds of the equal-tailed interval of Beta(yes, no)."""
    from scipy.special import betaincinv

    tail = (1 - level) / 2
    return betaincinv(yes, no, tail), betaincinv(yes, no, 1 - tail)


def _priors(own: Floats, levels: Levels, prior: float, s: float) -> tuple[Floats, Floats]:
    """(mean of each item's prior, answers that moved it)."""
    around = levels(own * ((s + 1) / (s + own[:, :1])))
    mean, moved = np.full(len(own), prior), np.zeros(len(own))
    for level in range(around.shape[1]):
        count, yes = around[:, level].T
        mean = (s * mean + yes) / (s + count)
        moved += count
    return np.clip(mean, _EDGE, 1 - _EDGE), moved


def _score(own: Floats, levels: Levels, prior: float, s: float, configured: float) -> float:
    """Log of marginal likelihood times prior of a strength."""
    from scipy.special import betaln

    mean, _ = _priors(own, levels, prior, s)
    count, yes = own.T
    fit = betaln(s * mean + yes, s * (1 - mean) + count - yes) - betaln(s * mean, s * (1 - mean))
    return float(fit.sum()) - 0.5 * (np.log(s / configured) / _SPREAD) ** 2
