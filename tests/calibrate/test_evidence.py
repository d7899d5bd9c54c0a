"""Votes of rules as evidence beside the network's score."""

import numpy as np
import pytest

from aisles.calibrate.calibration import Calibration, Evidence, fit_calibration
from aisles.calibrate.pairs import Pairs


def test_a_vote_has_its_own_map() -> None:
    maps = Evidence(Calibration(1.0, -1.0), Calibration(1.0, 2.0))
    raw = np.array([[0.5, 0.5], [0.0, 0.5]])
    votes = np.array([[True, False], [True, True]])
    expected = [[1 / (1 + np.exp(-2.0)), 1 / (1 + np.exp(1.0))], [0.0, 1 / (1 + np.exp(-2.0))]]
    assert maps.apply(raw, votes) == pytest.approx(np.array(expected))
    assert raw[0, 0] == 0.5


def test_without_answers_nothing_changes() -> None:
    raw = np.array([[0.1, 0.9]], np.float32)
    assert (Evidence().apply(raw, np.array([[True, False]])) == raw).all()


def test_json_round_trip() -> None:
    maps = Evidence(Calibration(0.8, 0.1, ((-1.0, -0.5), (1.0, 2.0))), Calibration(1.2, -0.3))
    assert Evidence.from_json(maps.to_json()) == maps


def test_what_a_vote_adds_is_learned_from_answers() -> None:
    draw = np.random.default_rng(5)
    score = draw.uniform(0.05, 0.6, 4000)
    voted = Pairs(1, 500)
    # With a vote three of four pairs are right, whatever the network's low scores say.
    voted.add(np.zeros(4000, np.int64), score, draw.random(4000) < 0.75)
    maps = Evidence(voted=fit_calibration(voted))
    said = maps.apply(np.array([[0.1, 0.3, 0.3]]), np.array([[True, True, False]]))[0]
    assert said[:2] == pytest.approx([0.75, 0.75], abs=0.06)
    assert said[2] == pytest.approx(0.3)
