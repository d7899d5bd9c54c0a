"""What votes, answers and the model say of each rule, counted and estimated."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from aisles.config import LabelsConfig
from aisles.labels.pooling import KNOWN, Floats
from aisles.labels.posterior import SET_SUMS, adding, floats, guarded, precisions, set_sums
from aisles.labels.targets import RULE

COUNTS = {
    "products": "true",
    "overlap": "size(others) > 0",
    "unique_products": "size(others) = 0",
    "conflict": "opposed OR answer <> vote",
    "conflict_votes": "opposed",
    "conflict_answers": "answer <> vote",
    "sampled_right": "answer = vote AND propensity IS NOT NULL",
    "sampled_wrong": "answer <> vote AND propensity IS NOT NULL",
    "other_right": "answer = vote AND propensity IS NULL",
    "other_wrong": "answer <> vote AND propensity IS NULL",
    "unique_right": "answer = vote AND size(others) = 0",
    "unique_wrong": "answer <> vote AND size(others) = 0",
    "assigned": "assigned",
    "agreed": "alone = (vote > 0)",
    "confirmed": "answer = vote AND held",
    "right_agreed": "answer = vote AND held AND alone = (vote > 0)",
}
"""Column of rule_report -> the votes (see `audit`) that it counts."""
_UNIQUE = ["only_heaviest", *[f"only_{name}" for name in SET_SUMS]]
_OF_UNIQUE = {"unique_precision": "mean", "unique_low": "low", "unique_high": "high"}


def rule_rows(
    rules: DataFrame, audited: DataFrame, containing: DataFrame, config: LabelsConfig
) -> DataFrame:
    """One row is one of the rules with COUNTS and its precision, also that of what only it finds.

    rules: rule_id, rule_version, category_id, vote and more, which stays. Estimates are null for a
    rule whose category is not in the tree.
    """
    counted = rules.join(_counted(audited), RULE, how="left")
    numbers = [*COUNTS, *SET_SUMS, *_UNIQUE]
    counted = counted.fillna(0, numbers).localCheckpoint()
    known = precisions(counted, containing, config.rule_precision, config.rule_strength)
    return (
        counted.join(known.select(*RULE, *KNOWN), RULE, how="left")
        .withColumn("basis", _basis())
        .drop(*SET_SUMS)
        .withColumn("unique_basis", _unique_basis())
        .transform(adding(list(_OF_UNIQUE), _unique, _UNIQUE))
    )


def _counted(audited: DataFrame) -> DataFrame:
    right, share = F.col("answer") == F.col("vote"), F.col("propensity")
    lone = F.expr("size(others) = 0")
    alone = F.when(lone, share)
    parts = [F.max(1 / alone), *set_sums(right, alone, lone & F.col("of_set"))]
    of_unique = [column.alias(name) for column, name in zip(parts, _UNIQUE)]
    counts = [F.count_if(F.expr(which)).alias(name) for name, which in COUNTS.items()]
    own = set_sums(right, share, F.col("of_set"))
    return audited.groupBy(*RULE).agg(*counts, *own, *of_unique)


def _basis() -> Column:
    return (
        F.when(F.col("prior").isNull(), "none")
        .when(F.col("answers") > 0, "sampled answers")
        .when(F.col("set_answers") > 0, "complete sets")
        .when(F.col("prior_answers") > 0, "answers on other rules")
        .otherwise("prior")
    )


def _unique_basis() -> Column:
    kind = F.when(F.col("only_answers") > 0, "sampled answers")
    of_sets = F.when(F.col("only_set_answers") > 0, "complete sets")
    return F.coalesce(kind, of_sets, F.lit("none"))


def _unique(batch: pa.RecordBatch) -> dict[str, Floats]:
    """The share of right ones among the unique catches, with its interval; NaN without answers.

    Answers of complete sets are counted where there are no sampled ones: each as one.
    """
    heaviest, *drawn, answers, right = floats(batch, _UNIQUE).T
    plain = np.stack([answers, answers, right, answers], axis=1)
    sampled = np.stack(drawn, axis=1)
    some = sampled[:, 0] > 0
    own = np.where(some[:, None], sampled, plain)
    known = guarded(own, np.where(some, heaviest, 1.0))
    return {n: np.where(own[:, 0] > 0, known[of], np.nan) for n, of in _OF_UNIQUE.items()}
