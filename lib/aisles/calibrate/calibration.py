"""A monotone map from the network's probability to the share of such pairs that are true."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.isotonic import isotonic_regression

from aisles.calibrate.bins import Floats, logit, middles, sigmoid
from aisles.calibrate.pairs import Pairs

STRENGTH = 20.0  # answers that the identity counts for
ISOTONIC = 1000.0  # effective answers from which the free-form part is fitted as well
_FLAT = 0.05  # the slope never falls below this: the order of scores is kept


@dataclass(frozen=True)
class Calibration:
    """calibrated logit = bend(slope x raw logit + intercept), strictly increasing.

    bend: piecewise linear through knots (logit in, logit out) and parallel to the identity
    beyond them; the identity without knots. Exact 0 stays 0.
    """

    slope: float = 1.0
    intercept: float = 0.0
    knots: tuple[tuple[float, float], ...] = ()

    def apply(self, probability: NDArray[np.floating]) -> NDArray[np.floating]:
        """Calibrated probabilities of any shape and of the same float type; not yet coherent."""
        if self == Calibration():
            return probability.copy()
        value = self._bend(self.slope * logit(probability) + self.intercept)
        return np.where(probability > 0, sigmoid(value), 0.0).astype(probability.dtype)

    def to_json(self) -> str:
        """The map as plain JSON."""
        return json.dumps(
            {"slope": self.slope, "intercept": self.intercept, "knots": list(self.knots)}
        )

    @staticmethod
    def from_json(text: str) -> Calibration:
        """The map of `to_json`. Raises ValueError where the text is no increasing map."""
        values = json.loads(text)
        knots = tuple((float(x), float(y)) for x, y in values["knots"])
        rising = all(a[0] < b[0] and a[1] <= b[1] for a, b in itertools.pairwise(knots))
        if values["slope"] <= 0 or not rising:
            raise ValueError(
                f"calibration: expected a positive slope and rising knots, came {text}"
            )
        return Calibration(float(values["slope"]), float(values["intercept"]), knots)

    def _bend(self, value: Floats) -> Floats:
        if not self.knots:
            return value
        x, y = np.array(self.knots).T
        beyond = np.minimum(value - x[0], 0.0) + np.maximum(value - x[-1], 0.0)
        return np.interp(value, x, y) + beyond


@dataclass(frozen=True)
class Evidence:
    """Two maps: for pairs that no rule voted for and for pairs that one voted for.

    The legacy rules join the ensemble here: what a vote adds to a score is learned from answers.
    """

    unvoted: Calibration = Calibration()
    voted: Calibration = Calibration()

    def apply(
        self, probability: NDArray[np.floating], votes: NDArray[np.bool_]
    ) -> NDArray[np.floating]:
        """Calibrated probabilities of one shape with `votes`; not yet coherent with the tree."""
        calibrated = self.unvoted.apply(probability)
        calibrated[votes] = self.voted.apply(probability[votes])
        return calibrated

    def to_json(self) -> str:
        """Both maps as plain JSON."""
        maps = {"unvoted": self.unvoted.to_json(), "voted": self.voted.to_json()}
        return json.dumps({name: json.loads(text) for name, text in maps.items()})

    @staticmethod
    def from_json(text: str) -> Evidence:
        """The maps of `to_json`. Raises ValueError where one is no increasing map."""
        maps = {name: json.dumps(value) for name, value in json.loads(text).items()}
        return Evidence(**{name: Calibration.from_json(value) for name, value in maps.items()})


def fit_calibration(pairs: Pairs) -> Calibration:
    """The map that fits weighted answers by raw probability; the identity without answers.

    Platt scaling (1999), drawn towards the identity by STRENGTH answers' worth
    of prior; with ISOTONIC answers and more, isotonic regression on top (Zadrozny, Elkan 2002),
    joined by straight lines so that no two scores become equal.
    """
    effective = pairs.effective()
    if effective == 0:
        return Calibration()
    scale = effective / pairs.weight.sum()
    weight, positive = pairs.weight.sum(0) * scale, pairs.positive.sum(0) * scale
    # Exact zeros stay zero, so that they say nothing about the map of the others.
    weight[0] = positive[0] = 0.0
    score = middles(pairs.bins)
    slope, intercept = _platt(score, weight, positive)
    knots = _isotonic(slope * score + intercept, weight, positive) if effective >= ISOTONIC else ()
    return Calibration(slope, intercept, knots)


def _platt(score: Floats, weight: Floats, positive: Floats) -> tuple[float, float]:
    """(slope, intercept) of least weighted cross-entropy plus the pull of the identity."""
    # Curvature that STRENGTH answers with logits of about +-2 have around the identity.
    pull = STRENGTH * np.array([0.4, 0.15])
    identity = np.array([1.0, 0.0])

    def loss(at: Floats) -> tuple[float, Floats]:
        value = at[0] * score + at[1]
        miss = weight * sigmoid(value) - positive
        drawn = pull * (at - identity)
        total = (weight * np.logaddexp(0.0, value) - positive * value).sum()
        gradient = np.array([(miss * score).sum(), miss.sum()]) + drawn
        return float(total + 0.5 * (drawn * (at - identity)).sum()), gradient

    fitted = minimize(
        loss, identity, jac=True, method="L-BFGS-B", bounds=[(_FLAT, None), (None, None)]
    )
    return float(fitted.x[0]), float(fitted.x[1])


def _isotonic(value: Floats, weight: Floats, positive: Floats) -> tuple[tuple[float, float], ...]:
    """Knots at the middles of the blocks of equal fitted share, each drawn towards its own logit.

    Drawn by STRENGTH answers a block, so that a block of a few answers cannot reach 0 or 1.
    """
    seen = weight > 0
    value, weight = value[seen], weight[seen]
    fitted = isotonic_regression(positive[seen] / weight, sample_weight=weight)
    block = np.cumsum(np.append(True, np.diff(fitted) > 0)) - 1
    total = np.bincount(block, weight)
    middle = np.bincount(block, weight * value) / total
    share = np.bincount(block, weight * fitted) / total
    drawn = (share * total + sigmoid(middle) * STRENGTH) / (total + STRENGTH)
    rising = np.maximum.accumulate(logit(drawn))
    # A hair of slope keeps the order of scores where the fit is flat.
    rising = rising + 1e-3 * (middle - middle[0])
    return tuple((float(x), float(y)) for x, y in zip(middle, rising))
