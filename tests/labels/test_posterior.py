"""Weighted Beta posteriors: worked out by hand, against scipy, and by simulated sampling."""

import numpy as np
import pytest
from scipy.stats import beta

from aisles.labels.posterior import guarded, interval, posterior

S, M = 8.0, 0.8  # strength and mean of the prior
NOTHING = (0, 0.0, 0.0, 0.0, 0, 0)


def sums(*answers: tuple[float, int], of_sets: tuple[int, int] = (0, 0)) -> tuple[float, ...]:
    """SET_SUMS of answers given as (propensity, right); of_sets: answers of sets, right ones."""
    w = [1 / p for p, _ in answers]
    right = sum(weight for weight, (_, y) in zip(w, answers) if y)
    return len(answers), sum(w), right, sum(x * x for x in w), *of_sets


def of(own: tuple, *levels: tuple) -> dict[str, float]:
    stacked = np.array([levels], float).reshape(1, len(levels), 6)
    found = posterior(stacked, np.array([own], float), M, S)
    return {name: float(value[0]) for name, value in found.items()}


@pytest.mark.parametrize(
    ("own", "levels", "prior", "effective", "share", "mean"),
    [
        # Nothing is known: the prior itself.
        (NOTHING, [], 0.8, 0, np.nan, 0.8),
        (NOTHING, [NOTHING, NOTHING], 0.8, 0, np.nan, 0.8),
        # Equal weights: as many effective answers as answers, whatever the weight.
        (sums((0.5, 1), (0.5, 0)), [], 0.8, 2, 0.5, (6.4 + 1) / 10),
        (sums((0.01, 1), (0.01, 0)), [], 0.8, 2, 0.5, (6.4 + 1) / 10),
        # Weights 2 and 4: share 1/3, effective 36 / 20.
        (sums((0.5, 1), (0.25, 0)), [], 0.8, 1.8, 1 / 3, (6.4 + 0.6) / 9.8),
        # Two answers on other rules of the category, both wrong, move the prior to 6.4 / 10.
        (NOTHING, [NOTHING, sums((1, 0), (1, 0))], 0.64, 0, np.nan, 0.64),
        # Five answers of sets, four right, alone and beside the sampled ones above.
        (sums(of_sets=(5, 4)), [], 0.8, 5, 0.8, 0.8),
        (sums((0.5, 1), (0.25, 0), of_sets=(5, 4)), [], 0.8, 6.8, 4.6 / 6.8, 11 / 14.8),
        (NOTHING, [sums(of_sets=(8, 0))], 0.4, 0, np.nan, 0.4),
        # Top first: 8 right above (0.9), then 8 wrong in the category (0.45), then one right.
        (
            sums((0.5, 1)),
            [sums(*[(1, 1)] * 8), sums(*[(1, 0)] * 8)],
            0.45,
            1,
            1.0,
            (8 * 0.45 + 1) / 9,
        ),
    ],
)
def test_posterior(own, levels, prior, effective, share, mean) -> None:  # type: ignore[no-untyped-def]
    found = of(own, *levels)
    assert found["prior"] == pytest.approx(prior)
    assert found["effective"] == pytest.approx(effective)
    assert found["share"] == pytest.approx(share, nan_ok=True)
    assert found["mean"] == pytest.approx(mean)
    yes, no = mean * (S + effective), (1 - mean) * (S + effective)
    assert (found["low"], found["high"]) == pytest.approx(beta.interval(0.95, yes, no))


def test_intervals_are_equal_tailed() -> None:
    yes, no = np.array([0.5, 6.4, 300.0]), np.array([0.5, 1.6, 20.0])
    low, high = interval(yes, no)
    assert beta.cdf(low, yes, no) == pytest.approx([0.025] * 3)
    assert beta.sf(high, yes, no) == pytest.approx([0.025] * 3)


@pytest.mark.parametrize(
    ("own", "heaviest", "yes", "no"),
    [
        # Equal weights: Jeffreys' prior.
        (sums(*[(1, 1)] * 3, (1, 0)), 1.0, 3.5, 1.5),
        (sums(*[(0.1, 1)] * 3, (0.1, 0)), 10.0, 3.5, 1.5),
        # Nothing answered: Beta(1/2, 1/2).
        (NOTHING, 4.0, 0.5, 0.5),
    ],
)
def test_guarded_is_jeffreys_for_equal_weights(own, heaviest, yes, no) -> None:  # type: ignore[no-untyped-def]
    found = guarded(np.array([own], float)[:, :4], np.array([heaviest]))
    assert found["mean"][0] == pytest.approx(yes / (yes + no))
    assert (found["low"][0], found["high"][0]) == pytest.approx(beta.interval(0.95, yes, no))


def test_guarded_knows_that_rare_pairs_were_not_seen() -> None:
    # Twenty voted pairs drawn one in ten, all found; pairs without a vote are one in ten thousand.
    own = np.array([sums(*[(0.1, 1)] * 20)], float)[:, :4]
    found = guarded(own, np.array([1e4]))
    assert found["share"][0] == 1.0
    assert found["low"][0] < 0.05
    assert found["high"][0] > 0.95


def drawn(seed: int, rounds: int) -> tuple[np.ndarray, float]:
    """SUMS (rounds, 4) of independent samples of one population, and its true share.

    Wrong pairs are five times as likely to be asked as right ones, so that counts mislead.
    """
    draw = np.random.default_rng(seed)
    right = draw.random(400) < 0.7
    chance = np.where(right, 0.06, 0.3) * draw.uniform(0.5, 1.5, 400)
    asked = draw.random((rounds, 400)) < chance
    w = asked / chance
    totals = [asked.sum(1), w.sum(1), (w * right).sum(1), (w**2).sum(1)]
    return np.stack(totals, axis=1).astype(float), float(right.mean())


def test_the_share_is_unbiased_under_sampling_that_prefers_errors() -> None:
    own, truth = drawn(1, 4000)
    share = posterior(np.zeros((len(own), 0, 4)), own, M, S)["share"]
    error = share.std() / np.sqrt(len(share))
    # Hajek's ratio has a bias of the order 1 / answers, far below the plain share's.
    assert share.mean() == pytest.approx(truth, abs=3 * error + 0.01)
    assert truth - np.mean(own[:, 0] ** -1 * _plain_right(1, 4000)) > 0.25


def _plain_right(seed: int, rounds: int) -> np.ndarray:
    """Right answers of the same samples, unweighted."""
    draw = np.random.default_rng(seed)
    right = draw.random(400) < 0.7
    chance = np.where(right, 0.06, 0.3) * draw.uniform(0.5, 1.5, 400)
    return ((draw.random((rounds, 400)) < chance) & right).sum(1)


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    held = []
    for seed in range(40):
        own, truth = drawn(100 + seed, 50)
        found = posterior(np.zeros((len(own), 0, 4)), own, truth, 1e-9)
        held.append(np.mean((found["low"] <= truth) & (truth <= found["high"])))
    assert np.mean(held) > 0.93


def test_drawing_down_the_tree_errs_less_than_one_prior_for_all() -> None:
    # 60 categories of 6 rules each, about 4 answers a rule; rules of a category are alike.
    draw = np.random.default_rng(3)
    category = draw.beta(4, 2, 60)
    precision = draw.beta(20 * np.repeat(category, 6), 20 * (1 - np.repeat(category, 6)))
    count = draw.poisson(4, 360)
    right = draw.binomial(count, precision)
    own = np.stack([count, count, right, count], axis=1).astype(float)
    together = np.add.reduceat(own, np.arange(0, 360, 6)).repeat(6, axis=0)
    alone = posterior(np.zeros((360, 0, 4)), own, M, S)["mean"]
    drawn_down = posterior((together - own)[:, None], own, M, S)["mean"]
    assert ((drawn_down - precision) ** 2).mean() < 0.75 * ((alone - precision) ** 2).mean()
