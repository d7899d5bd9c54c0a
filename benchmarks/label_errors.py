"""Suspicious labels beside cleanlab's, on random data with planted errors, in one process.

Hard labels, every pair labelled (cleanlab knows no pair without a label), category by category:

1. the ranking: Spearman correlation of our margins with cleanlab's normalised margins with
   adjusted probabilities, once with our thresholds drawn towards the mean of all categories
   (the default) and once without; the latter should be 1;
2. the labels flagged: Jaccard overlap with cleanlab's `find_label_issues` (prune by noise rate),
   and which share of each is a planted error, beside the base rate and beside as many labels of
   the lowest self-confidence;
3. the estimated number of errors against the planted number;
4. seconds of the whole estimate, as a ratio (median and range of the repetitions).

The reference is an optional package that changes none of the pins:

    .venv/bin/uv pip install -c setup/constraints.txt cleanlab
    python benchmarks/label_errors.py [--rows N] [--categories N] [--noise X] [--repetitions N]
"""

from __future__ import annotations

import argparse
import platform
import statistics
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from aisles.select.suspects import (
    Labels,
    Thresholds,
    expected_errors,
    joint_sums,
    margin,
    objected,
    self_confidence,
    threshold_sums,
    thresholds,
)

Bools = NDArray[np.bool_]


def made(rows: int, categories: int, noise: float, seed: int) -> tuple[Labels, Bools]:
    """All pairs of `rows` products, labels flipped at the rate `noise`, rare and common classes;
    and which labels are flipped."""
    rng = np.random.default_rng(seed)
    category = np.tile(np.arange(categories), rows)
    share = np.geomspace(0.01, 0.4, categories)[category]
    truth = rng.random(len(category)) < share
    prior = np.log(share / (1 - share))
    signal = rng.normal(np.where(truth, 2.0, -2.0), 1.3) * 1.5 + 0.3 * prior
    wrong = rng.random(len(category)) < np.where(truth, noise * 2, noise / 2)
    given = (truth ^ wrong).astype(float)
    return Labels(category, given, 1 / (1 + np.exp(-signal)), categories), wrong


def ours(labels: Labels, shrink: float = 10.0) -> tuple[NDArray, Bools, float]:
    """Margins, flags and the estimated number of errors."""
    sums = threshold_sums(labels)
    limits: Thresholds = thresholds(sums, shrink)
    errors = expected_errors(sums[0], joint_sums(labels, limits))
    margins = margin(labels, limits)
    # The place of each label among those of its category and side, most suspicious first.
    order = np.lexsort((margins, labels.cell))
    cells = labels.cell[order]
    first = np.flatnonzero(np.diff(cells, prepend=-1))
    place = np.arange(len(cells)) - np.repeat(first, np.diff(first, append=len(cells)))
    flagged = np.zeros(len(cells), bool)
    flagged[order] = place < np.round(errors).reshape(-1)[cells]
    return margins, flagged & objected(labels, margins), float(errors.sum())


def theirs(labels: Labels) -> tuple[NDArray, Bools]:
    """The same from cleanlab, one category after the other."""
    from cleanlab.filter import find_label_issues
    from cleanlab.rank import get_label_quality_scores

    margins, flagged = np.zeros(len(labels.target)), np.zeros(len(labels.target), bool)
    for category in range(labels.categories):
        at = labels.category == category
        said, p = labels.target[at].astype(int), labels.probability[at]
        both = np.stack([1 - p, p], 1)
        margins[at] = get_label_quality_scores(
            said, both, method="normalized_margin", adjust_pred_probs=True
        )
        flagged[at] = find_label_issues(said, both, n_jobs=1)
    return margins, flagged


def timed(work: Callable[[], object], repetitions: int) -> list[float]:
    seconds = []
    for _ in range(repetitions):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return seconds


def compare(labels: Labels, wrong: Bools, repetitions: int) -> None:
    """Prints all comparisons."""
    margins, flagged, estimated = ours(labels)
    plain, _, _ = ours(labels, 0.0)
    reference, issues = theirs(labels)
    for name, values in (("default", margins), ("without shrinkage", plain)):
        print(f"ranking, {name}: Spearman {spearmanr(values, reference).statistic:.4f}")
    both, either = (flagged & issues).sum(), (flagged | issues).sum()
    print(
        f"flagged: {flagged.sum():,} ours, {issues.sum():,} cleanlab, Jaccard {both / either:.3f}"
    )
    lowest = np.argsort(self_confidence(labels))[: flagged.sum()]
    precision = {
        "base rate": wrong.mean(),
        "ours": wrong[flagged].mean(),
        "cleanlab": wrong[issues].mean(),
        "lowest self-confidence": wrong[lowest].mean(),
    }
    recall = {"ours": wrong[flagged].sum(), "cleanlab": wrong[issues].sum()}
    print("share that is wrong: " + ", ".join(f"{k} {v:.3f}" for k, v in precision.items()))
    print("of the planted: " + ", ".join(f"{k} {v / wrong.sum():.3f}" for k, v in recall.items()))
    print(f"errors: {estimated:,.0f} estimated, {wrong.sum():,} planted")
    mine = timed(lambda: ours(labels), repetitions)
    reference_s = timed(lambda: theirs(labels), repetitions)
    ratios = [b / a for a, b in zip(mine, reference_s)]
    print(
        f"seconds, cleanlab / ours: {statistics.median(ratios):.1f} "
        f"({min(ratios):.1f} to {max(ratios):.1f}), ours {statistics.median(mine):.2f} s"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--categories", type=int, default=20)
    parser.add_argument("--noise", type=float, default=0.1)
    parser.add_argument("--repetitions", type=int, default=3)
    args = parser.parse_args()
    try:
        import cleanlab
    except ImportError as error:
        advice = "uv pip install -c setup/constraints.txt cleanlab"
        raise SystemExit(f"cleanlab is not installed; install it: {advice}") from error
    print(
        f"cleanlab {cleanlab.__version__}, numpy {np.__version__}, {platform.machine()}, 1 thread"
    )
    labels, wrong = made(args.rows, args.categories, args.noise, seed=1)
    print(f"{args.rows:,} products x {args.categories} categories, {wrong.mean():.3f} wrong")
    compare(labels, wrong, args.repetitions)


if __name__ == "__main__":
    main()
