"""Sampled answers in, precision and recall of all pairs out."""

import numpy as np
import pytest

from aisles.calibrate import estimate_precision, estimate_recall

ROUNDS = 400


def population(seed: int = 0, size: int = 4000) -> dict[str, np.ndarray]:
    """Pairs of two categories whose propensity depends on the truth through the score."""
    rng = np.random.default_rng(seed)
    score = rng.random(size)
    return {
        "answer": rng.random(size) < score**2,
        "propensity": 0.02 + 0.25 * (1 - np.abs(2 * score - 1)),
        "assigned": score > 0.6,
        "group": (rng.random(size) < 0.3).astype(int),
    }


def draws(pairs: dict[str, np.ndarray]) -> list[dict[str, np.ndarray]]:
    rng = np.random.default_rng(1)
    asked = rng.random((ROUNDS, len(pairs["answer"]))) < pairs["propensity"]
    return [{name: value[mask] for name, value in pairs.items()} for mask in asked]


@pytest.mark.parametrize("figure", ["precision", "recall"])
def test_unbiased_with_honest_intervals(figure: str) -> None:
    pairs = population()
    estimate = {"precision": estimate_precision, "recall": estimate_recall}[figure]
    made = [estimate(**sample, groups=2) for sample in draws(pairs)]
    for group in (0, 1):
        here = pairs["group"] == group
        top = (pairs["answer"] & pairs["assigned"] & here).sum()
        bottom = (pairs["assigned" if figure == "precision" else "answer"] & here).sum()
        values = np.array([each.value[group] for each in made])
        inside = [each.low[group] <= top / bottom <= each.high[group] for each in made]
        assert values.mean() == pytest.approx(
            top / bottom, abs=4 * values.std() / np.sqrt(ROUNDS) + 0.005
        )
        assert 0.86 <= np.mean(inside) <= 0.97  # nominal 0.9


def test_counting_without_weights_would_be_biased() -> None:
    pairs = population()
    truth = pairs["answer"][pairs["assigned"]].mean()
    plain = [sample["answer"][sample["assigned"]].mean() for sample in draws(pairs)]
    assert np.mean(plain) < truth - 0.05


def test_asking_everything_leaves_no_doubt() -> None:
    made = estimate_precision(np.array([1, 0, 1, 1]), np.ones(4), np.array([True] * 4))
    assert (made.value[0], made.low[0], made.high[0]) == (0.75, 0.75, 0.75)
    assert made.effective[0] == np.inf


def test_equal_answers_keep_an_interval() -> None:
    made = estimate_precision(np.ones(20), np.full(20, 0.1), np.ones(20, bool))
    assert made.value[0] == 1
    assert 0.8 < made.low[0] < 0.95
    assert made.high[0] == 1


def test_groups_without_sampled_answers_know_nothing() -> None:
    made = estimate_recall(
        np.array([1, 1]), np.array([0.5, np.nan]), np.array([True, False]), np.array([0, 1]), 3
    )
    assert made.answers.tolist() == [1, 0, 0]
    assert made.value[0] == 1
    assert np.isnan(made.value[1:]).all()
    assert made.low[1:].tolist() == [0, 0]
    assert made.high[1:].tolist() == [1, 1]


def test_a_propensity_outside_0_to_1_is_refused() -> None:
    with pytest.raises(ValueError, match="propensity"):
        estimate_precision(np.ones(1), np.zeros(1), np.ones(1, bool))
