"""Suspicious labels: estimates beside planted errors, and beside cleanlab's where it is there."""

import numpy as np
import pytest

from aisles.select.suspects import (
    NO,
    YES,
    Labels,
    confident,
    expected_errors,
    joint_sums,
    margin,
    self_confidence,
    suspicion,
    threshold_sums,
    thresholds,
)


def labels_of(
    category: list[int], target: list[float], probability: list[float], count: int
) -> Labels:
    return Labels(
        np.array(category, np.int64), np.array(target), np.array(probability, float), count
    )


def planted(seed: int, n: int = 20_000, categories: int = 6, noise: float = 0.1) -> tuple:
    """Labels of which a share is flipped, and which they are; a model that is often right."""
    rng = np.random.default_rng(seed)
    category = rng.integers(0, categories, n)
    truth = rng.random(n) < 0.2 + 0.1 * category
    probability = 1 / (1 + np.exp(-rng.normal(np.where(truth, 1.5, -1.5), 1.0)))
    flipped = rng.random(n) < noise
    given = (truth ^ flipped).astype(float)
    return Labels(category, given, probability, categories), flipped


def test_a_few_labels_by_hand() -> None:
    # Category 0: yes at 0.9 and 0.7, no at 0.2; category 1: yes at 0.4.
    labels = labels_of([0, 0, 0, 1], [1, 1, 0, 1], [0.9, 0.7, 0.2, 0.4], 2)
    sums = threshold_sums(labels)
    assert sums[0].tolist() == [[1, 2], [0, 1]]
    limits = thresholds(sums, shrink=0)
    assert limits.of == pytest.approx(np.array([[0.8, 0.8], [0, 0.4]]))
    assert confident(labels, limits).tolist() == [YES, -1, NO, NO]
    assert self_confidence(labels).tolist() == pytest.approx([0.9, 0.7, 0.8, 0.4])
    # Both thresholds are 0.8, so that the margin is the self-confidence; then 0.4 of 0.4 + 1.0.
    assert margin(labels, limits).tolist() == pytest.approx([0.9, 0.7, 0.8, 0.4 / 1.4])


def test_a_soft_label_is_suspected_less() -> None:
    labels = labels_of([0] * 4, [1.0, 0.8, 0.5, 0.0], [0.1] * 4, 1)
    assert self_confidence(labels).tolist() == pytest.approx([0.1, 0.26, 0.5, 0.9])
    limits = thresholds(threshold_sums(labels))
    assert np.all(np.diff(margin(labels, limits)) > 0)
    assert np.all(np.diff(suspicion(margin(labels, limits))) < 0)


def test_a_side_without_labels_has_the_threshold_of_the_others() -> None:
    labels = labels_of([0] * 50 + [1] * 50, [1] * 50 + [0] * 50, [0.9] * 50 + [0.2] * 50, 3)
    limits = thresholds(threshold_sums(labels)).of
    assert limits[0, YES] == pytest.approx(0.9, abs=0.02)
    assert limits[1, NO] == pytest.approx(0.8, abs=0.02)
    # What the other category shows, drawn a little towards 0.5.
    assert limits[2].tolist() == pytest.approx([0.75, 0.833], abs=1e-3)
    nothing = thresholds(np.zeros((2, 3, 2))).of
    assert np.all(nothing == 0.5)


def test_sums_of_parts_are_the_sum_of_the_whole() -> None:
    labels, _ = planted(3, n=1000)
    parts = [
        Labels(labels.category[i::3], labels.target[i::3], labels.probability[i::3], 6)
        for i in range(3)
    ]
    assert sum(map(threshold_sums, parts)) == pytest.approx(threshold_sums(labels))


@pytest.mark.parametrize("noise", [0.03, 0.1, 0.2])
def test_planted_errors_are_found_and_counted(noise: float) -> None:
    labels, flipped = planted(1, noise=noise)
    sums = threshold_sums(labels)
    limits = thresholds(sums)
    errors = expected_errors(sums[0], joint_sums(labels, limits))
    assert errors.sum() == pytest.approx(flipped.sum(), rel=0.5, abs=300)
    first = np.argsort(margin(labels, limits))[: int(flipped.sum() / 2)]
    assert flipped[first].mean() > 3 * min(noise, 0.25)
    assert flipped[first].mean() > 0.6


def test_without_errors_few_are_expected() -> None:
    labels, _ = planted(2, noise=0.0)
    sums = threshold_sums(labels)
    errors = expected_errors(sums[0], joint_sums(labels, thresholds(sums)))
    assert errors.sum() < 0.12 * len(labels.target)


def test_hard_labels_give_what_cleanlab_gives() -> None:
    cleanlab = pytest.importorskip("cleanlab")
    from cleanlab.rank import get_label_quality_scores

    labels, _ = planted(5, n=3000)
    sums = threshold_sums(labels)
    limits = thresholds(sums, shrink=0)
    joint, ours = joint_sums(labels, limits), margin(labels, limits)
    for category in range(labels.categories):
        at = labels.category == category
        said = labels.target[at].astype(int)
        p = labels.probability[at]
        both = np.stack([1 - p, p], 1)
        assert limits.of[category] == pytest.approx(
            cleanlab.count.get_confident_thresholds(said, both)
        )
        counted = cleanlab.count.compute_confident_joint(said, both, calibrate=False)
        assert joint[category] == pytest.approx(counted)
        theirs = get_label_quality_scores(
            said, both, method="normalized_margin", adjust_pred_probs=True
        )
        assert ours[at] == pytest.approx(theirs)
