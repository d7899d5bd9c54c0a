"""Draws by hash behave like independent random numbers, and repeat."""

import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import chisquare, kstest

from aisles.calibrate import estimate_precision
from aisles.select import Stream, UniformDraw, inclusion, propensity, solve_scale

PRODUCTS = pa.array([f"net/shop/{i}" for i in range(300)])
CATEGORIES = pa.array([f"c{i}" for i in range(12)])
ROUNDS = 300


def crossed(products: int) -> tuple[pa.Array, pa.Array, np.ndarray, np.ndarray]:
    row, place = np.divmod(np.arange(products * len(CATEGORIES)), len(CATEGORIES))
    return PRODUCTS.take(row), CATEGORIES.take(place), row, place


def test_numbers_are_uniform_and_depend_on_every_part() -> None:
    product, category, _, _ = crossed(300)
    base = Stream(1, 1, "uncertain").pairs(product, category)
    assert kstest(base, "uniform").pvalue > 0.001
    assert (base == Stream(1, 1, "uncertain").pairs(product, category)).all()
    for other in (Stream(2, 1, "uncertain"), Stream(1, 2, "uncertain"), Stream(1, 1, "relabel")):
        assert abs(np.corrcoef(base, other.pairs(product, category))[0, 1]) < 0.06
    # Stored propensities rely on these draws: they never change.
    assert base[:2].tolist() == [0.5449909946167008, 0.7376014024331607]


def test_inclusion_frequencies_match_the_chances() -> None:
    rng = np.random.default_rng(0)
    product, category, _, _ = crossed(60)
    worth = rng.lognormal(0, 1.5, len(product))
    chance = inclusion(worth, solve_scale(np.ones(len(worth)), worth, 80))
    drawn = np.array([Stream(1, r, "a").pairs(product, category) < chance for r in range(ROUNDS)])
    sizes = drawn.sum(1)
    assert sizes.mean() == pytest.approx(80, abs=4 * np.sqrt(80 / ROUNDS))
    assert sizes.var() < 80  # Poisson sampling: sum of chance x (1 - chance)
    z = (drawn.mean(0) - chance) / np.sqrt(np.maximum(chance * (1 - chance), 1e-9) / ROUNDS)
    unsure = (chance > 0.02) & (chance < 0.98)
    assert np.abs(z[unsure]).max() < 4.5
    assert np.std(z[unsure]) == pytest.approx(1, abs=0.1)


def test_the_uniform_stratum_equals_independent_draws() -> None:
    chance = 0.03
    counts = np.zeros((len(PRODUCTS), len(CATEGORIES)))
    for number in range(ROUNDS):
        row, place = UniformDraw(Stream(1, number, "u"), CATEGORIES, chance).hits(PRODUCTS)
        assert len(set(zip(row.tolist(), place.tolist()))) == len(row)
        counts[row, place] += 1
    expected = ROUNDS * chance
    assert counts.sum() == pytest.approx(expected * counts.size, rel=0.02)
    assert chisquare(counts.sum(0)).pvalue > 0.001
    assert chisquare(counts.sum(1)).pvalue > 0.001
    assert counts.var() == pytest.approx(expected * (1 - chance), rel=0.06)


@pytest.mark.parametrize("chance", [0.0, 1e-9, 0.4, 1.0])
def test_hits_and_is_hit_agree_whatever_the_batch(chance: float) -> None:
    draw = UniformDraw(Stream(1, 1, "u"), CATEGORIES, chance)
    product, _, row, place = crossed(40)
    hit = draw.is_hit(product, place)
    rows, places = draw.hits(PRODUCTS[:40])
    assert set(zip(rows.tolist(), places.tolist())) == set(
        zip(row[hit].tolist(), place[hit].tolist())
    )
    assert (draw.is_hit(product[7:9], place[7:9]) == hit[7:9]).all()
    assert len(rows) == {0.0: 0, 1e-9: 0, 1.0: 480}.get(chance, len(rows))


def test_a_weighted_estimate_from_such_a_sample_recovers_the_precision() -> None:
    rng = np.random.default_rng(2)
    product, category, _, place = crossed(300)
    score = rng.random(len(product))
    answer, assigned = rng.random(len(product)) < score**2, score > 0.5
    worth = np.exp(-4 * np.abs(score - 0.5))  # the doubtful are asked, the sure ones hardly
    chance = inclusion(worth, solve_scale(np.ones(len(worth)), worth, 300))
    together = propensity(chance, 0.02)
    estimates, plain, inside = [], [], []
    truth = answer[assigned].mean()
    for number in range(ROUNDS):
        drawn = Stream(3, number, "uncertain").pairs(product, category) < chance
        drawn |= UniformDraw(Stream(3, number, "uniform"), CATEGORIES, 0.02).is_hit(product, place)
        made = estimate_precision(answer[drawn], together[drawn], assigned[drawn])
        estimates.append(made.value[0])
        plain.append(answer[drawn & assigned].mean())
        inside.append(made.low[0] <= truth <= made.high[0])
    assert np.mean(estimates) == pytest.approx(truth, abs=0.01)
    assert abs(np.mean(plain) - truth) > 0.05
    assert 0.84 <= np.mean(inside) <= 0.96
