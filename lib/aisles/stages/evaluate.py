"""examples, answers or truth, model → figures, thresholds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from aisles.calibrate import Tally, coverage_threshold, figures
from aisles.calibrate.calibration import Evidence, fit_evidence
from aisles.calibrate.pairs import Pairs
from aisles.calibrate.thresholds import Thresholds, choose_thresholds
from aisles.score import Measured, Packed, Scorer, measure, measured
from aisles.stages.evidence import evidence
from aisles.stages.job import Account, Job, step
from aisles.stages.params import Evaluate
from aisles.tracking import Registered, Tracking

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_TOLERANCE = 0.005  # a new model may be this much worse in average precision and still lead
_ANY_VOTE = 1e-6  # rules assign wherever one of them has voted


@dataclass(frozen=True)
class Subject:
    """A registered model that is measured."""

    model: Registered
    packed: Packed
    scorer: Scorer
    snapshot_id: str
    examples_version: int


def run(job: Job, params: Evaluate, account: Account) -> None:
    """Measures the newest model and gives it the alias unless it is worse than the champion."""
    tracking = Tracking(job.config)
    subject = load_model(tracking, tracking.newest())
    known = evidence(job, subject.scorer.taxonomy, params.truth)
    with step("calibrating on validation"):
        raw = _pass(job, subject, known, "validation", Evidence(), None)
    nothing = Pairs(len(subject.scorer.taxonomy), job.config.evaluate.bins)
    unvoted, voted = (raw.pairs.get(("answers", name), nothing) for name in ("unvoted", "voted"))
    calibration = fit_evidence(unvoted, voted, _answered(job, subject))
    with step("choosing thresholds on validation"):
        validation = _pass(job, subject, known, "validation", calibration, None)
    chosen = choose_thresholds(
        validation.of("answers", nothing),
        validation.of("rules", nothing),
        subject.scorer.taxonomy,
        job.config.evaluate.threshold_precision,
    )
    _store_thresholds(job, subject, chosen, calibration)
    with step("measuring on test"):
        test = _pass(job, subject, known, "test", calibration, chosen)
    found = _figures(job, validation, test)
    _store_figures(job, subject, found)
    _promote(tracking, subject, validation, account)
    account.rows_out = len(found)
    account.rows_in = sum(
        int(tally.rows.sum()) for key, tally in test.tallies.items() if key[2] == "model"
    )
    named = {f"{'.'.join(key)}": value for key, (value, _) in found.items()}
    tracking.log_figures(subject.model, {k: v for k, v in named.items() if math.isfinite(v)})
    account.figures["threshold_basis_answers"] = float((chosen.basis == "answers").mean())


def load_model(tracking: Tracking, model: Registered) -> Subject:
    """The model with its files in memory."""
    from aisles.network import load

    folder = tracking.download(model)
    tags = tracking.tags(model)
    return Subject(
        model,
        Packed.read(folder),
        Scorer(load(folder)),
        tags["snapshot_id"],
        int(tags["examples_version"]),
    )


def _pass(
    job: Job,
    subject: Subject,
    known: DataFrame,
    split: str,
    calibration: Evidence,
    chosen: Thresholds | None,
) -> Measured:
    """Counts of one split. Without chosen thresholds rule labels are counted as well."""
    tree, outputs = subject.scorer.taxonomy, subject.scorer.model.outputs
    where = f"snapshot_id = '{subject.snapshot_id}' AND split = '{split}'"
    examples = job.tables.read("examples", subject.examples_version).filter(where)
    model_thresholds = np.full(len(tree), 0.5) if chosen is None else chosen.threshold
    counted = measure(
        job.spark.sparkContext.broadcast(subject.packed),
        calibration.apply,
        {"model": model_thresholds, "rules": np.full(len(tree), _ANY_VOTE)},
        job.config.evaluate.bins,
        (outputs.prior, outputs.unknown_weight) if chosen is None else None,
    )
    joined = examples.join(known, "product_id", how="left" if chosen is None else "inner")
    # The same rows in the same order each time: float sums repeat to the last digit.
    few = joined.repartition(job.spark.sparkContext.defaultParallelism, "product_id")
    few = few.sortWithinPartitions("product_id")
    return measured((row.asDict() for row in counted(few).collect()), tree)


def _answered(job: Job, subject: Subject) -> NDArray[np.int64]:
    """How many training products people have said to be in each category, int64 (C,)."""
    rows = job.tables.read("outputs").filter(f"snapshot_id = '{subject.snapshot_id}'")
    by_category = {row["category_id"]: row["answered"] for row in rows.collect()}
    return np.array([by_category[c] or 0 for c in subject.scorer.taxonomy.ids], np.int64)


def _store_thresholds(
    job: Job, subject: Subject, chosen: Thresholds, calibration: Evidence
) -> None:
    version = subject.model.version
    rows = [
        (category, float(t), str(basis), float(bound), version, calibration.to_json(place))
        for place, (category, t, basis, bound) in enumerate(
            zip(
                subject.scorer.taxonomy.ids,
                chosen.threshold,
                chosen.basis,
                chosen.precision_lower_bound,
            )
        )
    ]
    schema = (
        "category_id string, threshold double, basis string, precision_lower_bound double,"
        " model_version string, calibration string"
    )
    frame = job.spark.createDataFrame(rows, schema)
    job.tables.replace("thresholds", frame, f"model_version = '{version}'")


Found = dict[tuple[str, str, str, str], tuple[float, int]]


def _figures(job: Job, validation: Measured, test: Measured) -> Found:
    """(basis, products, system, figure) -> value and the products that it rests on."""
    config, found = job.config.evaluate, Found()
    for (basis, products, system), tally in test.tallies.items():
        at = _coverage_at(validation, basis, products, system, config.precision)
        values = figures(tally, config.min_truth, config.precision, at)
        if at is None:
            values |= dict.fromkeys(_CHOSEN, math.nan)
        for name, value in values.items():
            rounded = float(f"{value:.9g}")  # parts are added in any order
            found[(basis, products, system, name)] = (rounded, int(tally.rows.sum()))
    return found


# Figures that need a threshold from validation; without one they are not stated.
_CHOSEN = ("coverage_threshold", "precision_at_coverage", "coverage", "coverage_complete")


def _coverage_at(
    validation: Measured, basis: str, products: str, system: str, precision: float
) -> float | None:
    """The global threshold, chosen on validation: on shops with answers where there are any."""
    for group in ("in_shop", products):
        tally: Tally | None = validation.tallies.get((basis, group, system))
        if tally is not None and tally.rows[0] > 0:
            return coverage_threshold(tally, precision)
    return None


def _store_figures(job: Job, subject: Subject, found: Found) -> None:
    rows = [
        (subject.model.version, job.run_date, *key, value if math.isfinite(value) else None, count)
        for key, (value, count) in found.items()
    ]
    schema = (
        "model_version string, run_date date, basis string, products string, system string,"
        " figure string, value double, count bigint"
    )
    where = f"model_version = '{subject.model.version}' AND run_date = DATE'{job.run_date}'"
    job.tables.replace("figures", job.spark.createDataFrame(rows, schema), where)


def _promote(tracking: Tracking, subject: Subject, validation: Measured, account: Account) -> None:
    """The alias goes to the new model unless the champion was better on validation answers."""
    quality = _quality(validation.tallies)
    champion = tracking.champion()
    account.figures["model_version"] = int(subject.model.version)
    if quality is not None:
        tracking.tag(subject.model, "validation_micro_ap", f"{quality:.6f}")
    if champion is not None and champion.version != subject.model.version:
        before = tracking.tags(champion).get("validation_micro_ap")
        if before and quality is not None and quality < float(before) - _TOLERANCE:
            account.warn(
                f"model version {subject.model.version} is not promoted: average precision "
                f"{quality:.3f} on validation answers, version {champion.version} has {before}"
            )
            return
    tracking.promote(subject.model)


def _quality(tallies: Mapping[tuple[str, str, str], Tally]) -> float | None:
    tally = tallies.get(("answers", "in_shop", "model"))
    if tally is None or not tally.rows[0]:
        return None
    value = figures(tally, 1, 0.5)["micro_ap"]
    return value if math.isfinite(value) else None


def thresholds_of(job: Job, subject: Subject) -> tuple[NDArray[np.float64], Evidence]:
    """The stored thresholds (C,) and calibration of a model; ValueError when there are none."""
    rows = (
        job.tables.read("thresholds").filter(f"model_version = '{subject.model.version}'").collect()
    )
    if not rows:
        raise ValueError(
            f"model version {subject.model.version} has no thresholds; run the stage evaluate first"
        )
    by_category = {row["category_id"]: row for row in rows}
    ordered = [by_category[category] for category in subject.scorer.taxonomy.ids]
    values = np.array([row["threshold"] for row in ordered], np.float64)
    return values, Evidence.from_json([row["calibration"] for row in ordered])
