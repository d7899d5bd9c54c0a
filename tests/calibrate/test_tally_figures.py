"""Figures from histograms against slow, direct computations."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from aisles.calibrate import Tally, by_category, coverage, coverage_threshold, figures
from aisles.calibrate.bins import bin_of, edges
from aisles.taxonomy import Taxonomy

TREE = Taxonomy.build(
    [
        ("a", None, "A"),
        ("a1", "a", "A1"),
        ("a2", "a", "A2"),
        ("a21", "a2", "A21"),
        ("a22", "a2", "A22"),
        ("b", None, "B"),
        ("b1", "b", "B1"),
        ("c", None, "C"),
    ]
)
BINS = 60
COUNT = len(TREE)


def sample(seed: int, rows: int = 80) -> dict[str, np.ndarray]:
    """Random products whose probabilities lie on bin edges, so that bins lose nothing."""
    rng = np.random.default_rng(seed)
    truth = TREE.close_up(rng.random((rows, COUNT)) < 0.15)
    raw = np.clip(rng.random((rows, COUNT)) ** 2 + 0.3 * truth * rng.random((rows, 1)), 0, 0.999)
    on_edge = edges(BINS)[bin_of(raw, BINS)] * (rng.random((rows, COUNT)) < 0.8)
    complete = rng.random(rows) < 0.7
    return {
        "probability": TREE.coherent(on_edge),
        "truth": truth & complete[:, None],
        "complete": complete,
        "given": truth & ~complete[:, None],
    }


def tallied(data: dict[str, np.ndarray], threshold: np.ndarray | float = 0.5) -> Tally:
    tally = Tally(TREE, BINS, threshold)
    tally.add(**data)
    return tally


def active_pairs(probability: np.ndarray, t: float) -> np.ndarray:
    """Slow: at or above t, no descendant is, not level 1."""
    active = np.zeros(probability.shape, bool)
    for row in range(len(probability)):
        for place in range(COUNT):
            below = range(place + 1, int(TREE.end[place]))
            quiet = all(probability[row, lower] < t for lower in below)
            active[row, place] = probability[row, place] >= t and quiet and TREE.level[place] > 1
    return active


def direct_coverage(data: dict[str, np.ndarray], t: float) -> tuple[int, int, float, float]:
    active = active_pairs(data["probability"], t)
    full = active & data["complete"][:, None]
    covered = active.any(1)
    return (
        int(full.sum()),
        int((full & data["truth"]).sum()),
        float(covered.mean()),
        float(covered[data["complete"]].mean()),
    )


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([0.3, 0.5, 0.7, 0.92]))
def test_coverage_equals_brute_force(seed: int, precision: float) -> None:
    data = sample(seed)
    tally = tallied(data)
    direct = {t: direct_coverage(data, t) for t in np.unique(data["probability"]) if t > 0}
    reached = [
        t for t, (every, right, *_) in direct.items() if every and right >= precision * every
    ]
    chosen = coverage_threshold(tally, precision)
    if not reached:
        assert chosen == np.inf
        assert coverage(tally, chosen)["coverage"] == 0
        return
    # Any t between two scores acts alike: the chosen edge is at most the lowest such score.
    assert direct_coverage(data, chosen) == direct[min(reached)]
    for t, (every, right, share, share_complete) in direct.items():
        made = coverage(tally, float(t))
        assert made["precision_at_coverage"] == pytest.approx(
            right / every if every else np.nan, nan_ok=True
        )
        assert made["coverage"] == pytest.approx(share)
        assert made["coverage_complete"] == pytest.approx(share_complete)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6))
def test_f1_recall_brier_equal_direct_computations(seed: int) -> None:
    data = sample(seed)
    threshold = np.random.default_rng(seed).random(COUNT)
    made = figures(tallied(data, threshold), min_truth=3, precision=0.9)
    full, truth = data["complete"], data["truth"][data["complete"]]
    assigned = TREE.close_up(data["probability"] >= threshold)
    hit, wrong, missed = (
        (assigned[full] & truth).sum(0),
        (assigned[full] & ~truth).sum(0),
        (~assigned[full] & truth).sum(0),
    )
    f1 = 2 * hit / (2 * hit + wrong + missed + 1e-300)
    enough = truth.sum(0) >= 3
    assert made["micro_f1"] == pytest.approx(
        2 * hit.sum() / (2 * hit.sum() + wrong.sum() + missed.sum())
    )
    assert made["macro_f1"] == pytest.approx(
        f1[enough].mean() if enough.any() else np.nan, nan_ok=True
    )
    assert made["micro_precision"] == pytest.approx(hit.sum() / (hit + wrong).sum())
    assert made["micro_recall"] == pytest.approx(hit.sum() / truth.sum())
    assert made["brier"] == pytest.approx(np.mean((data["probability"][full] - truth) ** 2))
    coarse = data["given"][~full]
    assert made["coarse_recall"] == pytest.approx(
        (assigned[~full] & coarse).sum() / coarse.sum(), nan_ok=True
    )
    assert made["products"] == len(full)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6))
def test_average_precision_equals_sklearn(seed: int) -> None:
    data = sample(seed)
    tally = tallied(data)
    scores, truth = data["probability"][data["complete"]], data["truth"][data["complete"]]
    made = figures(tally, min_truth=3, precision=0.9)
    assert made["micro_ap"] == pytest.approx(average_precision_score(truth.ravel(), scores.ravel()))
    each = by_category(tally).average_precision
    enough = truth.sum(0) >= 3
    expected = [
        average_precision_score(truth[:, place], scores[:, place])
        if truth[:, place].any()
        else np.nan
        for place in range(COUNT)
    ]
    assert each == pytest.approx(np.array(expected), nan_ok=True)
    assert made["macro_ap"] == pytest.approx(
        np.mean(np.array(expected)[enough]) if enough.any() else np.nan, nan_ok=True
    )


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6))
def test_calibration_error_equals_direct_computation(seed: int) -> None:
    data = sample(seed)
    made = figures(tallied(data), min_truth=3, precision=0.9)
    scores, truth = data["probability"][data["complete"]], data["truth"][data["complete"]]
    for name, low in (("calibration_error", 0.0), ("calibration_error_above_5_percent", 0.05)):
        use = scores >= low
        group = np.minimum((scores[use] * 15).astype(int), 14)
        gaps = [abs((scores[use] - truth[use])[group == g].sum()) for g in range(15)]
        assert made[name] == pytest.approx(sum(gaps) / use.sum())


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 80))
def test_parts_add_up_and_bytes_round_trip(seed: int, cut: int) -> None:
    data = sample(seed)
    parts = [
        tallied({name: value[rows] for name, value in data.items()})
        for rows in (slice(0, cut), slice(cut, None))
    ]
    added = Tally.from_bytes(parts[0].to_bytes(), TREE) + parts[1]
    whole = tallied(data)
    assert figures(added, 3, 0.5) == pytest.approx(figures(whole, 3, 0.5), nan_ok=True)
    assert (added.every == whole.every).all()
    assert (added.child_every == whole.child_every).all()
    assert whole.every.sum() == data["complete"].sum() * COUNT


def test_an_empty_tally_has_no_figures_and_full_coverage_of_nothing() -> None:
    made = figures(Tally(TREE, BINS), 10, 0.92)
    assert made["products"] == 0
    assert np.isnan(made["micro_f1"])
    assert np.isnan(made["macro_ap"])
    assert made["coverage_threshold"] == np.inf


def test_tallies_of_different_settings_are_not_added() -> None:
    with pytest.raises(ValueError, match="cannot be added"):
        Tally(TREE, BINS, 0.5) + Tally(TREE, BINS, 0.6)
    with pytest.raises(ValueError, match="read with 1"):
        Tally.from_bytes(Tally(TREE, BINS).to_bytes(), Taxonomy.build([("a", None, "A")]))


@given(
    st.lists(st.floats(0, 1) | st.sampled_from(edges(50).tolist()), min_size=1),
    st.sampled_from([3, 10, 50]),
)
def test_bins_agree_with_their_edges(values: list[float], bins: int) -> None:
    places = bin_of(np.array(values), bins)
    assert places.min() >= 0
    assert places.max() < bins
    for value, place in zip(values, places):
        assert [value >= edge for edge in edges(bins)] == [b <= place for b in range(bins)]
