"""Quality figures of a tally: F1, average precision, coverage, calibration error, recall."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aisles.calibrate.bins import Floats, Ints, edges, tail
from aisles.calibrate.tally import Tally

_ECE_GROUPS = 15  # equal widths of probability


@dataclass(frozen=True)
class CategoryFigures:
    """One entry a category, in the taxonomy's order; NaN where nothing defines the figure.

    truth: int64, complete products in the category. hit, wrong, missed: int64, pairs.
    """

    truth: Ints
    hit: Ints
    wrong: Ints
    missed: Ints
    precision: Floats
    recall: Floats
    f1: Floats
    average_precision: Floats
    brier: Floats


def figures(
    tally: Tally, min_truth: int, precision: float, coverage_at: float | None = None
) -> dict[str, float]:
    """Named figures of one set of products; NaN where nothing defines one.

    min_truth: categories with fewer truth products are left out of the macro figures.
    coverage_at: the threshold that `coverage_threshold` chose on validation; without it the
    threshold is chosen on this very tally, which flatters it.
    """
    each = by_category(tally)
    enough = each.truth >= min_truth
    hit, wrong, missed = (int(value.sum()) for value in (each.hit, each.wrong, each.missed))
    at = coverage_threshold(tally, precision) if coverage_at is None else coverage_at
    covered = coverage(tally, at)
    return {
        "products": float(tally.rows.sum()),
        "complete_products": float(tally.rows[0]),
        "macro_categories": float(enough.sum()),
        "micro_precision": _ratio(hit, hit + wrong),
        "micro_recall": _ratio(hit, hit + missed),
        "micro_f1": _ratio(2 * hit, 2 * hit + wrong + missed),
        "macro_f1": _mean(each.f1[enough]),
        "micro_ap": float(_average_precision(tally.every.sum(0), tally.right.sum(0))),
        "macro_ap": _mean(each.average_precision[enough]),
        "coverage_threshold": at,
        **covered,
        "calibration_error": calibration_error(tally),
        "calibration_error_above_5_percent": calibration_error(tally, low=0.05),
        "brier": _ratio(float(tally.brier.sum()), float(tally.every.sum())),
        "coarse_recall": _ratio(int(tally.found.sum()), int(tally.given.sum())),
    }


def by_category(tally: Tally) -> CategoryFigures:
    """The figures of every category, on complete products."""
    hit, wrong, missed = tally.hit, tally.wrong, tally.missed
    return CategoryFigures(
        truth=hit + missed,
        hit=hit,
        wrong=wrong,
        missed=missed,
        precision=_ratios(hit, hit + wrong),
        recall=_ratios(hit, hit + missed),
        f1=_ratios(2 * hit, 2 * hit + wrong + missed),
        average_precision=_average_precision(tally.every, tally.right),
        brier=_ratios(tally.brier, tally.every.sum(1)),
    )


def coverage_threshold(tally: Tally, precision: float) -> float:
    """The lowest probability t at which the active pairs' precision reaches `precision`.

    Above 1, so that nothing is active, where no threshold reaches it. A pair is active when its
    probability >= t, no descendant's is, and it is not level 1.
    """
    every, right = tally.active()
    reached = (every > 0) & (right >= precision * every)
    reached[0] = False
    return float(edges(tally.bins)[reached.argmax()]) if reached.any() else float("inf")


def coverage(tally: Tally, threshold: float) -> dict[str, float]:
    """precision_at_coverage, coverage (share of all products with an active pair), and
    coverage_complete (the share among complete products), at one of the bins' lower edges."""
    place = int(np.searchsorted(edges(tally.bins), threshold))
    # Beyond the last bin nothing is active, and the empty slices say so.
    every, right = (int(counts[place : place + 1].sum()) for counts in tally.active())
    covered, coarse = int(tally.top[place:].sum()), int(tally.top_coarse[place:].sum())
    return {
        "precision_at_coverage": _ratio(right, every),
        "coverage": _ratio(covered + coarse, int(tally.rows.sum())),
        "coverage_complete": _ratio(covered, int(tally.rows[0])),
    }


def calibration_error(tally: Tally, low: float = 0.0) -> float:
    """Expected calibration error: mean |share true - mean probability| over 15 equal widths.

    Pairs of complete products with probability of about `low` and more; nearly all pairs of a
    large tree lie near 0, so without `low` the figure is small whatever the model.
    """
    lower = edges(tally.bins)
    use = lower >= low
    group = np.minimum((lower * _ECE_GROUPS).astype(np.int64), _ECE_GROUPS - 1)[use]
    every, right = tally.every.sum(0)[use], tally.right.sum(0)[use]
    gap = np.bincount(group, weights=tally.predicted[use] - right, minlength=_ECE_GROUPS)
    return _ratio(float(np.abs(gap).sum()), int(every.sum()))


def _average_precision(every: Ints, right: Ints) -> Floats:
    """Sum over thresholds (last axis) of precision x gained recall, without interpolation."""
    above = tail(every)
    precision = tail(right) / np.maximum(above, 1)
    total = right.sum(-1)
    return _ratios((precision * right).sum(-1), total)


def _ratios(top: Ints | Floats, bottom: Ints | Floats) -> Floats:
    bottom = np.asarray(bottom, np.float64)
    return np.divide(top, bottom, out=np.full(bottom.shape, np.nan), where=bottom > 0)


def _ratio(top: float, bottom: float) -> float:
    return top / bottom if bottom else float("nan")


def _mean(values: Floats) -> float:
    return float(np.mean(values)) if len(values) else float("nan")
