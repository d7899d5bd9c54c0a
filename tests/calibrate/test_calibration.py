"""Answers in, a monotone map out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aisles.calibrate import Calibration, Pairs, fit_calibration
from aisles.calibrate.bins import logit, sigmoid

BINS = 2000


def answered(count: int, true_share: object, seed: int = 0, weight: object = 1.0) -> Pairs:
    """Answers with raw scores spread in the logit, true with the share true_share(score)."""
    rng = np.random.default_rng(seed)
    score = sigmoid(rng.normal(0, 2, count))
    pairs = Pairs(2, BINS)
    truth = rng.random(count) < true_share(score)  # type: ignore[operator]
    pairs.add(rng.integers(0, 2, count), score, truth, weight)  # type: ignore[arg-type]
    return pairs


def test_no_answers_give_the_identity() -> None:
    fitted = fit_calibration(Pairs(3, BINS))
    assert fitted == Calibration()
    raw = np.array([[0.0, 0.3, 1.0]], np.float32)
    assert (fitted.apply(raw) == raw).all()


def test_a_logistic_distortion_is_found() -> None:
    fitted = fit_calibration(answered(900, lambda p: sigmoid(0.5 * logit(p) - 1)))
    assert fitted.knots == ()
    assert fitted.slope == pytest.approx(0.5, abs=0.12)
    assert fitted.intercept == pytest.approx(-1, abs=0.25)


def test_any_monotone_distortion_is_found_with_enough_answers() -> None:
    def step(score: np.ndarray) -> np.ndarray:
        return np.where(score < 0.5, 0.1, 0.7)

    fitted = fit_calibration(answered(40_000, step))
    grid = np.array([0.05, 0.2, 0.4, 0.6, 0.8, 0.95])
    assert fitted.apply(grid) == pytest.approx(step(grid), abs=0.06)


def test_few_answers_stay_near_the_identity() -> None:
    pairs = Pairs(2, BINS)
    pairs.add(np.array([0, 1]), np.array([0.9, 0.8]), np.array([0, 0]))
    made = fit_calibration(pairs).apply(np.array([0.1, 0.5, 0.9]))
    assert made == pytest.approx([0.1, 0.5, 0.9], abs=0.2)


def test_weights_undo_the_sampling() -> None:
    rng = np.random.default_rng(5)
    score = sigmoid(rng.normal(0, 2, 40_000))
    truth = rng.random(40_000) < score
    propensity = np.where(truth, 0.4, 0.04)  # true ones are asked ten times as often
    asked = rng.random(40_000) < propensity
    weighted, plain = Pairs(1, BINS), Pairs(1, BINS)
    zeros = np.zeros(asked.sum(), int)
    weighted.add(zeros, score[asked], truth[asked], 1 / propensity[asked])
    plain.add(zeros, score[asked], truth[asked])
    middle = np.array([0.5])
    assert fit_calibration(weighted).apply(middle)[0] == pytest.approx(0.5, abs=0.06)
    assert fit_calibration(plain).apply(middle)[0] > 0.8


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([3, 30, 3000]), st.floats(-2, 2), st.floats(-2, 2))
def test_the_map_is_increasing_and_round_trips(seed: int, count: int, a: float, b: float) -> None:
    fitted = fit_calibration(answered(count, lambda p: sigmoid(a * logit(p) + b), seed))
    grid = sigmoid(np.linspace(-10, 10, 200))
    made = fitted.apply(grid)
    assert (np.diff(made) > 0).all()
    assert (made > 0).all()
    assert (made < 1).all()
    again = Calibration.from_json(fitted.to_json())
    assert again == fitted


def test_type_shape_and_zeros_are_kept() -> None:
    raw = np.array([[0.0, 0.2], [0.9, 1.0]], np.float32)
    made = Calibration(0.5, 0.1, ((-2.0, -1.0), (2.0, 3.0))).apply(raw)
    assert made.dtype == np.float32
    assert made.shape == raw.shape
    assert made[0, 0] == 0
    assert (np.diff(made.ravel()) > 0).all()


def test_a_falling_map_is_refused() -> None:
    with pytest.raises(ValueError, match="positive slope"):
        Calibration.from_json('{"slope": -1, "intercept": 0, "knots": []}')
