"""Worth of answers and the scale that spends a budget."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aisles.select import (
    acquire,
    conflict,
    disagreement,
    divisor,
    entropy,
    inclusion,
    propensity,
    solve_scale,
)
from aisles.select.acquire import bin_count, bins_of


def test_entropy_is_one_bit_at_a_half_and_none_at_the_ends() -> None:
    assert entropy(np.array([0.0, 0.5, 1.0, 0.11])) == pytest.approx([0, 1, 0, 0.4999], abs=1e-4)


def test_disagreement_of_members() -> None:
    members = np.array([[0.5, 0.0, 0.9], [0.5, 1.0, 0.9]])
    assert disagreement(members.mean(0), members=members) == pytest.approx([0, 1, 0], abs=1e-9)


def test_spread_stands_for_the_members() -> None:
    members = np.array([0.42, 0.5, 0.55, 0.6])
    exact = disagreement(members.mean(), members=members)
    assert disagreement(members.mean(), members.std()) == pytest.approx(exact, rel=0.1)
    assert disagreement(np.array([0.01]), np.array([0.5])) <= entropy(np.array([0.01]))


def test_worth_grows_with_doubt_and_with_disagreement() -> None:
    worth = acquire(np.array([0.5, 0.9, 0.9, 0.0]), np.array([0.0, 0.0, 0.2, 0.0]), 1.0)
    assert worth[0] > worth[2] > worth[1] > worth[3] == 0
    assert conflict(np.array([0.8]), np.array([0.1])) == pytest.approx([0.49])


def test_no_category_takes_the_whole_budget() -> None:
    count, worth = np.array([10_000.0, 100.0, 0.0]), np.array([0.9, 0.3, 0.0])
    shares = count * worth / divisor(count * worth, count)
    assert shares[0] / shares[1] == pytest.approx(10, rel=0.2)
    assert np.isfinite(shares).all()


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=60),
    st.floats(0, 80),
)
def test_the_scale_spends_the_budget(worths: list[float], budget: float) -> None:
    worth = np.array([*worths, 0.0])
    chance = inclusion(worth, solve_scale(np.ones(len(worth)), worth, budget))
    assert chance.sum() == pytest.approx(min(budget, len(worths)))
    assert chance[-1] == 0
    assert (chance <= 1).all()


def test_bins_of_worth_spend_nearly_the_same() -> None:
    worth = np.random.default_rng(0).lognormal(0, 2, 20_000)
    place = bins_of(worth)
    count, total = np.bincount(place, minlength=bin_count()), np.bincount(place, worth)
    total = np.pad(total, (0, bin_count() - len(total)))
    for budget in (10, 500, 15_000):
        chance = inclusion(worth, solve_scale(count, total, budget))
        assert chance.sum() == pytest.approx(budget, rel=0.002)


def test_propensity_joins_independent_strata() -> None:
    assert propensity(np.array([0.5, 0.0]), 0.5) == pytest.approx([0.75, 0.5])
    assert propensity(0.0, 0.0) == 0
