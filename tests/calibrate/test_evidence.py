"""Votes of rules and the number of answers as evidence beside the network's score."""

import numpy as np
import pytest

from aisles.calibrate.bins import logit, sigmoid
from aisles.calibrate.calibration import Evidence, fit_evidence
from aisles.calibrate.pairs import Pairs

NOTHING = Pairs(1, 500)


def test_a_vote_has_its_own_map() -> None:
    maps = Evidence(np.ones((2, 1)), np.array([[-1.0], [2.0]]))
    raw = np.array([[0.5, 0.5], [0.0, 0.5]])
    votes = np.array([[True, False], [True, True]])
    expected = [[1 / (1 + np.exp(-2.0)), 1 / (1 + np.exp(1.0))], [0.0, 1 / (1 + np.exp(-2.0))]]
    assert maps.apply(raw, votes) == pytest.approx(np.array(expected))
    assert raw[0, 0] == 0.5


def test_without_answers_nothing_changes() -> None:
    raw = np.array([[0.1, 0.9]], np.float32)
    votes = np.array([[True, False]])
    assert (Evidence().apply(raw, votes) == raw).all()
    fitted = fit_evidence(Pairs(2, 500), Pairs(2, 500), np.array([0, 7]))
    assert (fitted.apply(raw, votes) == raw).all()


def test_each_category_round_trips() -> None:
    bends = (((-1.0, -0.5), (1.0, 2.0)), ())
    maps = Evidence(np.array([[0.8, 0.9], [1.2, 1.0]]), np.array([[0.1, 0.0], [-0.3, 1.0]]), bends)
    again = Evidence.from_json([maps.to_json(0), maps.to_json(1)])
    assert (again.slope == maps.slope).all() and (again.intercept == maps.intercept).all()
    assert again.knots == bends


def test_what_a_vote_adds_is_learned_from_answers() -> None:
    draw = np.random.default_rng(5)
    score = draw.uniform(0.05, 0.6, 4000)
    voted = Pairs(1, 500)
    # With a vote three of four pairs are right, whatever the network's low scores say.
    voted.add(np.zeros(4000, np.int64), score, draw.random(4000) < 0.75)
    maps = fit_evidence(NOTHING, voted, np.array([20]))
    said = [maps.apply(np.array([[p]]), np.array([[v]]))[0, 0] for p, v in
            ((0.1, True), (0.3, True), (0.3, False))]  # fmt: skip
    assert said[:2] == pytest.approx([0.75, 0.75], abs=0.06)
    assert said[2] == pytest.approx(0.3)


def test_categories_with_few_answers_are_trusted_as_far_as_they_deserve() -> None:
    """What holds of the categories in validation carries over to one that is not in it."""
    draw = np.random.default_rng(3)
    answered = np.array([0, 1, 2, 4, 200, 400, 300, 0])
    share = np.array([0.2, 0.25, 0.3, 0.4, 1.0, 1.0, 1.0])  # of what the network claims
    pairs = Pairs(8, 500)
    for category, honest in enumerate(share):
        score = draw.uniform(0.05, 0.95, 3000)
        truth = draw.random(3000) < score * honest
        pairs.add(np.full(3000, category), score, truth)
    maps = fit_evidence(pairs, NOTHING_OF_8, answered)
    said = maps.apply(np.full((1, 8), 0.9), np.zeros((1, 8), bool))[0]
    assert said[5] == pytest.approx(0.9, abs=0.06)
    assert said[0] == said[7] == pytest.approx(0.18, abs=0.12)
    assert (np.diff(said[[0, 1, 2, 3, 4]]) > 0).all()
    rising = maps.apply(
        sigmoid(np.linspace(-6, 6, 50))[:, None] * np.ones(8), np.zeros((50, 8), bool)
    )
    assert (np.diff(logit(rising), axis=0) > 0).all()


NOTHING_OF_8 = Pairs(8, 500)
