"""A monotone map from the network's probability to the share of such pairs that are true."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.isotonic import isotonic_regression

from aisles.calibrate.bins import Floats, logit, middles, sigmoid
from aisles.calibrate.pairs import Pairs

STRENGTH = 20.0  # answers that the identity counts for
ISOTONIC = 1000.0  # effective answers from which the free-form part is fitted as well
_FLAT = 0.05  # the slope never falls below this: the order of scores is kept
Knots = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Calibration:
    """calibrated logit = bend(slope x raw logit + intercept), strictly increasing.

    bend: piecewise linear through knots (logit in, logit out) and parallel to the identity
    beyond them; the identity without knots. Exact 0 stays 0.
    """

    slope: float = 1.0
    intercept: float = 0.0
    knots: Knots = ()

    def apply(self, probability: NDArray[np.floating]) -> NDArray[np.floating]:
        """Calibrated probabilities of any shape and of the same float type; not yet coherent."""
        if self == Calibration():
            return probability.copy()
        value = bend(self.slope * logit(probability) + self.intercept, self.knots)
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


def bend(value: Floats, knots: Knots) -> Floats:
    """Values carried through the knots; parallel to the identity beyond them."""
    if not knots:
        return value
    x, y = np.array(knots).T
    beyond = np.minimum(value - x[0], 0.0) + np.maximum(value - x[-1], 0.0)
    return np.interp(value, x, y) + beyond


@dataclass(frozen=True, eq=False)
class Evidence:
    """Maps by category and by whether a rule voted for the pair.

    The legacy rules join the ensemble here: what a vote adds to a score is learned from answers.
    slope, intercept: float64 (2, C) or (2, 1), for pairs without and with a vote. knots: of the
    one bend of all categories, without and with a vote.
    """

    slope: Floats = field(default_factory=lambda: np.ones((2, 1)))
    intercept: Floats = field(default_factory=lambda: np.zeros((2, 1)))
    knots: tuple[Knots, Knots] = ((), ())

    def apply(
        self, probability: NDArray[np.floating], votes: NDArray[np.bool_]
    ) -> NDArray[np.floating]:
        """Calibrated probabilities (n, C) of raw ones (n, C); not yet coherent with the tree.

        votes: bool (n, C). Exact 0 stays 0; the float type is kept.
        """
        if (self.slope == 1).all() and not self.intercept.any() and self.knots == ((), ()):
            return probability.copy()
        raw = logit(probability)
        value = np.where(votes, self.slope[1] * raw, self.slope[0] * raw)
        value += np.where(votes, self.intercept[1], self.intercept[0])
        bent = bend(value, self.knots[0])
        bent[votes] = bend(value[votes], self.knots[1])
        return np.where(probability > 0, sigmoid(bent), 0.0).astype(probability.dtype)

    def alone(
        self, probability: NDArray[np.floating], category: NDArray[np.integer]
    ) -> NDArray[np.floating]:
        """Calibrated probabilities (m,) of single pairs as if no rule had voted for them.

        category: (m,), the place of each pair's category.
        """
        value = self.slope[0, category] * logit(probability) + self.intercept[0, category]
        calibrated = np.where(probability > 0, sigmoid(bend(value, self.knots[0])), 0.0)
        return calibrated.astype(probability.dtype)

    def to_json(self, category: int) -> str:
        """The two maps of one category as plain JSON."""
        maps = [
            Calibration(
                float(self.slope[at, category]), float(self.intercept[at, category]), self.knots[at]
            )
            for at in range(2)
        ]
        return json.dumps({n: json.loads(m.to_json()) for n, m in zip(("unvoted", "voted"), maps)})

    @staticmethod
    def from_json(texts: Sequence[str]) -> Evidence:
        """The maps that `to_json` wrote of each category, in order.

        Raises ValueError where one is no increasing map.
        """
        each = [json.loads(text) for text in texts]
        maps = [
            [Calibration.from_json(json.dumps(one[name])) for one in each]
            for name in ("unvoted", "voted")
        ]
        return Evidence(
            np.array([[one.slope for one in of] for of in maps]),
            np.array([[one.intercept for one in of] for of in maps]),
            (maps[0][0].knots, maps[1][0].knots),
        )


def fit_calibration(pairs: Pairs) -> Calibration:
    """The map that fits weighted answers by raw probability; the identity without answers.

    Platt scaling (1999), drawn towards the identity by STRENGTH answers' worth
    of prior; with ISOTONIC answers and more, isotonic regression on top (Zadrozny, Elkan 2002),
    joined by straight lines so that no two scores become equal.
    """
    slope, intercept, knots = _fit(pairs, np.zeros(len(pairs.weight)))
    return Calibration(float(slope[0]), float(intercept[0]), knots)


def fit_evidence(unvoted: Pairs, voted: Pairs, answered: NDArray) -> Evidence:
    """The maps of all categories, from answers of validation.

    answered: (C,), how many training products people have said to be in each category. Slope and
    intercept of a category are linear in log(1 + answered), and so a category of which the network
    has seen few answers is trusted less, as far as validation shows that it deserves it. Without
    this the categories of a shop that has no answers, which other shops hardly sell, get the
    confidence of the categories that the answers are about.
    """
    known = np.log1p(np.asarray(answered, np.float64))
    fitted = [_fit(pairs, known) for pairs in (unvoted, voted)]
    return Evidence(
        np.stack([slope for slope, _, _ in fitted]),
        np.stack([intercept for _, intercept, _ in fitted]),
        (fitted[0][2], fitted[1][2]),
    )


def _fit(pairs: Pairs, known: Floats) -> tuple[Floats, Floats, Knots]:
    """Slope and intercept (C,) of each category, and the knots of all."""
    effective = pairs.effective()
    if effective == 0:
        return np.ones(len(known)), np.zeros(len(known)), ()
    scale = effective / pairs.weight.sum()
    # Exact zeros (bin 0) stay zero, so that they say nothing about the map of the others.
    category, place = np.nonzero(pairs.weight[:, 1:] > 0)
    weight = pairs.weight[category, place + 1] * scale
    positive = pairs.positive[category, place + 1] * scale
    score = middles(pairs.bins)[place + 1]
    at = _platt(score, known[category], weight, positive)
    slope = np.maximum(at[0] + at[2] * known, _FLAT)
    intercept = at[1] + at[3] * known
    value = slope[category] * score + intercept[category]
    knots = _isotonic(value, weight, positive) if effective >= ISOTONIC else ()
    return slope, intercept, knots


def _platt(score: Floats, known: Floats, weight: Floats, positive: Floats) -> Floats:
    """Slope, intercept and what each gains with `known`, all (m,): float64 (4,).

    Of least weighted cross-entropy plus the pull of the identity.
    """
    design = np.stack([score, np.ones_like(score), score * known, known])
    # Curvature that STRENGTH answers with logits of about +-2 have around the identity.
    pull = STRENGTH * np.array([0.4, 0.15, 0.4, 0.15])
    identity = np.array([1.0, 0.0, 0.0, 0.0])

    def loss(at: Floats) -> tuple[float, Floats]:
        value = at @ design
        miss = weight * sigmoid(value) - positive
        drawn = pull * (at - identity)
        total = (weight * np.logaddexp(0.0, value) - positive * value).sum()
        gradient = design @ miss + drawn
        return float(total + 0.5 * (drawn * (at - identity)).sum()), gradient

    bounds = [(_FLAT, None), (None, None), (None, None), (None, None)]
    return minimize(loss, identity, jac=True, method="L-BFGS-B", bounds=bounds).x


def _isotonic(value: Floats, weight: Floats, positive: Floats) -> Knots:
    """Knots at the middles of the blocks of equal fitted share, each drawn towards its own logit.

    Drawn by STRENGTH answers a block, so that a block of a few answers cannot reach 0 or 1.
    """
    order = np.argsort(value, kind="stable")
    value, weight, positive = value[order], weight[order], positive[order]
    fitted = isotonic_regression(positive / weight, sample_weight=weight)
    block = np.cumsum(np.append(True, np.diff(fitted) > 0)) - 1
    total = np.bincount(block, weight)
    middle = np.bincount(block, weight * value) / total
    share = np.bincount(block, weight * fitted) / total
    drawn = (share * total + sigmoid(middle) * STRENGTH) / (total + STRENGTH)
    rising = np.maximum.accumulate(logit(drawn))
    # A hair of slope keeps the order of scores where the fit is flat.
    rising = rising + 1e-3 * (middle - middle[0])
    return tuple((float(x), float(y)) for x, y in zip(middle, rising))
