"""Weighted Beta posteriors: worked out by hand, against scipy, and by simulated sampling."""

import numpy as np
import pytest
from scipy.stats import beta

from aisles.labels.pooling import at_strength, chained, interval, nested, pooled
from aisles.labels.posterior import effective, guarded

S, M = 8.0, 0.8  # strength and mean of the prior
NOTHING = (0, 0.0, 0.0, 0.0, 0, 0)


def sums(*answers: tuple[float, int], of_sets: tuple[int, int] = (0, 0)) -> tuple[float, ...]:
    """SET_SUMS of answers given as (propensity, right); of_sets: answers of sets, right ones."""
    w = [1 / p for p, _ in answers]
    right = sum(weight for weight, (_, y) in zip(w, answers) if y)
    return len(answers), sum(w), right, sum(x * x for x in w), *of_sets


def of(own: tuple, *levels: tuple) -> dict[str, float]:
    around = effective(np.array(levels, float).reshape(len(levels), 6))
    found = at_strength(effective(np.array([own], float)), lambda _: around[None], M, S)
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


def alone(own: np.ndarray, prior: float, strength: float) -> dict[str, np.ndarray]:
    """KNOWN of items with nothing around them, of SUMS."""
    return at_strength(effective(own), chained(np.zeros((len(own), 0), int)), prior, strength)


def test_the_share_is_unbiased_under_sampling_that_prefers_errors() -> None:
    own, truth = drawn(1, 4000)
    share = alone(own, M, S)["share"]
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
        found = alone(own, truth, 1e-9)
        held.append(np.mean((found["low"] <= truth) & (truth <= found["high"])))
    assert np.mean(held) > 0.93


def test_answers_on_one_item_count_once_and_less_the_more_they_are() -> None:
    # Pools 0 > 1; items 0 and 1 lie in 1, item 2 in 0 alone, item 3 in another tree (2).
    paths = np.array([[0, 1], [0, 1], [0, -1], [2, -1]])
    own = np.array([[12.0, 12.0], [4.0, 0.0], [1.0, 1.0], [2.0, 2.0]])
    s = 3.0
    known = at_strength(own, nested(paths), 0.5, s)
    many, few, one = 12 * 4 / 15, 4 * 4 / 7, 1.0  # n (s + 1) / (s + n)
    top = (s * 0.5 + one) / (s + one)
    assert known["prior"] == pytest.approx(
        [
            (s * top + 0) / (s + few),
            (s * top + many) / (s + many),
            (s * 0.5 + many) / (s + many + few),
            0.5,
        ]
    )
    assert known["prior_answers"] == pytest.approx([one + few, one + many, many + few, 0])
    assert known["mean"][0] == pytest.approx((s * known["prior"][0] + 12) / (s + 12))


def test_levels_of_a_chain_are_the_items_above() -> None:
    levels = chained(np.array([[-1, -1], [0, -1], [0, 1]]))
    own = np.array([[4.0, 3.0], [2.0, 1.0], [1.0, 0.0]])
    expected = [[[0, 0], [0, 0]], [[4, 3], [0, 0]], [[4, 3], [2, 1]]]
    assert levels(own).tolist() == expected


def population(
    seed: int, categories: int, rules: int, spread: float, answers: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """True precision of rules, their answers (n, 2) and their pools; spread: the true strength."""
    draw = np.random.default_rng(seed)
    category = draw.beta(4, 2, categories).clip(0.02, 0.98).repeat(rules)
    precision = draw.beta(spread * category, spread * (1 - category))
    count = draw.poisson(draw.gamma(0.5, answers / 0.5, len(category)))
    own = np.stack([count, draw.binomial(count, precision)], axis=1).astype(float)
    return precision, own, np.arange(categories).repeat(rules)[:, None]


@pytest.mark.parametrize("spread", [0.7, 3.0, 20.0])
def test_how_alike_rules_are_is_told_by_their_answers(spread: float) -> None:
    precision, own, pools = population(5, 80, 8, spread, 6)
    known = pooled(own, nested(pools), M, 4.0)
    # Categories differ as well, which the one strength has to hold too.
    assert spread / 3 <= known["prior_strength"][0] <= spread * 2
    inside = (known["low"] <= precision) & (precision <= known["high"])
    # At spread 0.7 most rules are always right or never: right at the bounds.
    near = (known["low"] - 0.01 <= precision) & (precision <= known["high"] + 0.01)
    assert near.mean() > 0.92
    assert inside.mean() > 0.85
    worse = at_strength(own, nested(pools), M, spread * 8)
    better = ((known["mean"] - precision) ** 2).mean()
    assert better < 0.9 * ((worse["mean"] - precision) ** 2).mean()


def test_without_answers_the_configured_strength_stays() -> None:
    known = pooled(np.zeros((3, 2)), nested(np.zeros((3, 1), int)), M, 4.0)
    assert known["prior_strength"].tolist() == [4.0] * 3
    assert known["mean"] == pytest.approx([M] * 3)
    assert np.isnan(known["share"]).all()


def test_drawing_down_the_tree_errs_less_than_one_prior_for_all() -> None:
    # 60 categories of 6 rules each, about 4 answers a rule; rules of a category are alike.
    precision, own, pools = population(3, 60, 6, 20.0, 4)
    one = at_strength(own, chained(np.zeros((360, 0), int)), M, S)["mean"]
    drawn_down = pooled(own, nested(pools), M, S)["mean"]
    assert ((drawn_down - precision) ** 2).mean() < 0.75 * ((one - precision) ** 2).mean()
