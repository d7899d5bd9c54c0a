"""Answers in, thresholds out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aisles.calibrate import Pairs, choose_thresholds
from aisles.calibrate.thresholds import COLD, LOWEST
from aisles.taxonomy import Taxonomy

TREE = Taxonomy.build([("a", None, "A"), ("a1", "a", "A1"), ("a2", "a", "A2"), ("b", None, "B")])
BINS = 400
NONE = Pairs(4, BINS)


def answered(category: int, count: int, cut: float, seed: int = 0, noise: float = 0.02) -> Pairs:
    """Evenly spread scores: below `cut` all wrong, above all right, but for some noise."""
    rng = np.random.default_rng(seed)
    score = rng.random(count)
    truth = (score >= cut) ^ (rng.random(count) < noise)
    pairs = Pairs(4, BINS)
    pairs.add(np.full(count, category), score, truth)
    return pairs


def test_no_evidence_gives_the_cold_threshold() -> None:
    made = choose_thresholds(NONE, NONE, TREE, 0.8)
    assert made.threshold.tolist() == [COLD] * 4
    assert made.precision_lower_bound.tolist() == [0] * 4
    assert set(made.basis) == {"none"}


def test_each_category_with_answers_finds_its_own_cut() -> None:
    answers = answered(1, 3000, 0.3) + answered(3, 3000, 0.8, seed=1)
    made = choose_thresholds(answers, NONE, TREE, 0.8)
    # Precision 0.8 is reached with a quarter as many wrong as right ones: a little below the cut.
    assert made.threshold[1] == pytest.approx(0.3 - 0.25 * 0.7, abs=0.04)
    assert made.threshold[3] == pytest.approx(0.8 - 0.25 * 0.2, abs=0.04)
    # The bound is stated, not demanded: it lies below the precision that the cut was chosen for.
    assert made.precision_lower_bound[[1, 3]] == pytest.approx(0.8, abs=0.02)
    assert set(made.basis) == {"answers"}


def test_a_category_without_answers_takes_the_general_threshold() -> None:
    answers = answered(1, 3000, 0.5) + answered(3, 3000, 0.5, seed=1)
    made = choose_thresholds(answers, NONE, TREE, 0.8)
    assert made.threshold[2] == made.threshold[0]
    assert made.threshold[2] == pytest.approx(0.5 - 0.25 * 0.5, abs=0.04)
    assert 0 < made.precision_lower_bound[2] < made.precision_lower_bound[1]


def test_few_answers_keep_the_general_threshold_and_more_move_it() -> None:
    rest = answered(3, 4000, 0.5)
    few = choose_thresholds(rest + answered(1, 5, 0.9), NONE, TREE, 0.8)
    many = choose_thresholds(rest + answered(1, 400, 0.9), NONE, TREE, 0.8)
    assert few.threshold[1] == few.threshold[0]
    assert many.threshold[1] > 0.8


def test_rules_serve_until_answers_suffice() -> None:
    rules = answered(1, 500, 0.5)
    assert set(choose_thresholds(answered(1, 5, 0.5), rules, TREE, 0.8).basis) == {"rules"}
    assert set(choose_thresholds(answered(1, 50, 0.5), rules, TREE, 0.8).basis) == {"answers"}


def test_labels_that_never_reach_the_precision_give_the_best_f1() -> None:
    score = np.linspace(0.01, 0.99, 500)
    rules = Pairs(4, BINS)
    rules.add(np.zeros(500, int), score, np.where(score >= 0.6, 0.6, 0.0))
    made = choose_thresholds(NONE, rules, TREE, 0.8)
    assert made.threshold[2] == pytest.approx(0.6, abs=0.02)


def test_high_scores_alone_do_not_open_the_door_to_low_ones() -> None:
    answers = Pairs(4, BINS)
    answers.add(np.ones(200, int), np.linspace(0.9, 0.99, 200), np.ones(200))
    assert choose_thresholds(answers, NONE, TREE, 0.8).threshold.min() >= 0.89


def test_weights_count_as_their_effective_number() -> None:
    score, truth = np.full(200, 0.9), np.ones(200)
    even, uneven = Pairs(4, BINS), Pairs(4, BINS)
    even.add(np.ones(200, int), score, truth, 1000.0)
    uneven.add(np.ones(200, int), score, truth, np.where(np.arange(200) < 2, 1e6, 1.0))
    bounds = [
        choose_thresholds(pairs + answered(3, 2000, 0.5), NONE, TREE, 0.8).precision_lower_bound[1]
        for pairs in (even, uneven)
    ]
    assert even.effective() == pytest.approx(200)
    assert uneven.effective() == pytest.approx(2, rel=0.01)
    assert bounds[0] > bounds[1]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 300), st.floats(0.5, 0.99))
def test_thresholds_are_probabilities_above_the_lowest(
    seed: int, count: int, wanted: float
) -> None:
    rng = np.random.default_rng(seed)
    pairs = Pairs(4, BINS)
    pairs.add(
        rng.integers(0, 4, count), rng.random(count), rng.random(count) < 0.5, rng.random(count)
    )
    made = choose_thresholds(pairs, NONE, TREE, wanted)
    assert (made.threshold >= LOWEST).all()
    assert (made.threshold <= 1).all()
    assert (made.precision_lower_bound >= 0).all()
    assert (made.precision_lower_bound <= 1).all()


def test_bytes_round_trip() -> None:
    rng = np.random.default_rng(3)
    score = TREE.coherent(rng.random((50, 4)))
    truth = TREE.close_up(rng.random((50, 4)) < 0.2)
    direct = Pairs(4, BINS)
    direct.add(np.tile(np.arange(4), 50), score.ravel(), truth.ravel())
    made = Pairs.from_bytes(direct.to_bytes())
    for name in ("weight", "positive", "square"):
        assert (getattr(made, name) == getattr(direct, name)).all()
    with pytest.raises(ValueError, match="cannot"):
        made + Pairs(4, 10)
