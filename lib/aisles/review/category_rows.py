"""How much of each category the rules find, and how much of it is right."""

from __future__ import annotations

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from aisles.config import LabelsConfig
from aisles.labels.pooling import KNOWN, Floats
from aisles.labels.posterior import (
    SET_SUMS,
    SUMS,
    adding,
    floats,
    guarded,
    set_sums,
    shares,
    sums,
)
from aisles.labels.targets import KEYS, judge

_GUARDED = ("share", "effective", "mean", "low", "high")


def category_rows(
    found: DataFrame,
    answers: DataFrame,
    word: DataFrame,
    containing: DataFrame,
    config: LabelsConfig,
) -> DataFrame:
    """One row is one category of the tree: what rules and model find, precision and recall.

    found: from `found_pairs`. answers: from `closed_answers`, of active products.
    word: from `model_word`. Everything counts a category with those below it.
    """
    named = {"mean": "precision", "low": "precision_low", "high": "precision_high"}
    return (
        containing.select("category_id")
        .distinct()
        .join(found.groupBy("category_id").agg(F.count("*").alias("found")), "category_id", "left")
        .join(_model(word, found), "category_id", how="left")
        .join(_precision(found, answers, containing, config), "category_id", how="left")
        .join(_recall(found, answers), "category_id", how="left")
        .fillna(0, ["found", "assigned", "model_only", "recall_answers", "other_true"])
        .fillna(0, ["other_found"])
        .fillna("none", ["recall_basis"])
        .withColumnsRenamed(named)
        .withColumn("missed", 1 - F.col("recall"))
    )


def _model(word: DataFrame, found: DataFrame) -> DataFrame:
    """One row is one category with the products that the model assigns, and those no rule found."""
    alone = F.count_if(F.col("found").isNull()).alias("model_only")
    return (
        word.filter("assigned")
        .join(found.withColumn("found", F.lit(True)), KEYS, how="left")
        .groupBy("category_id")
        .agg(F.count("*").alias("assigned"), alone)
    )


def _precision(
    found: DataFrame, answers: DataFrame, containing: DataFrame, config: LabelsConfig
) -> DataFrame:
    """One row is one category with the posterior of its found products being right.

    The prior comes down the tree: at the top the configured one, then the category's above.
    """
    right, share = F.col("answer") > 0, F.col("propensity")
    other = [
        F.count_if(share.isNull() & (F.col("answer") == sign)).alias(name)
        for sign, name in ((1, "other_right"), (-1, "other_wrong"))
    ]
    asked = found.join(answers.select("product_id").distinct(), "product_id", how="left_semi")
    counted = (
        judge(asked, answers, containing)
        .groupBy("category_id")
        .agg(
            *set_sums(right, share, F.col("of_set")),
            F.count_if(right & share.isNotNull()).alias("sampled_right"),
            *other,
        )
    )
    counts = ["sampled_right", "other_right", "other_wrong"]
    own = (
        containing.select("category_id")
        .distinct()
        .join(counted, "category_id", how="left")
        .fillna(0, [*SET_SUMS, *counts])
        .localCheckpoint()
    )
    known = shares(own, containing, config.rule_precision, config.rule_strength)
    basis = (
        F.when(F.col("answers") > 0, "sampled answers")
        .when(F.col("set_answers") > 0, "complete sets")
        .when(F.col("prior_answers") > 0, "answers above")
        .otherwise("prior")
    )
    wrong = (F.col("answers") - F.col("sampled_right")).alias("sampled_wrong")
    return known.join(own, "category_id", how="inner").select(
        "category_id", *counts, wrong, *KNOWN, basis.alias("basis")
    )


def _recall(found: DataFrame, answers: DataFrame) -> DataFrame:
    """One row is one category with the share of its products that rules find.

    Estimated from sampled sets or sampled pairs, whichever say more: their weights are not of one
    kind. Where there are none, from complete sets that nobody sampled, and recall_basis says so.
    """
    drawn = F.when(F.col("complete") | F.col("direct"), F.col("propensity"))
    kind = (
        F.when(F.col("complete") & drawn.isNotNull(), "sampled sets")
        .when(drawn.isNotNull(), "sampled pairs")
        .when(F.col("complete") & F.col("propensity").isNull(), "other sets")
    )
    told = answers.withColumn("kind", kind).filter("kind IS NOT NULL")
    weighted = told.withColumn("chance", F.coalesce(drawn, F.lit(1.0)))
    heaviest = weighted.groupBy("kind").agg(F.max(1 / F.col("chance")).alias("heaviest"))
    counted = (
        weighted.filter("answer > 0")
        .join(found.withColumn("found", F.lit(True)), KEYS, how="left")
        .groupBy("category_id", "kind")
        .agg(*sums(F.col("found"), F.col("chance")))
        .join(F.broadcast(heaviest), "kind", how="inner")
    )
    other, sampled = F.col("kind") == "other sets", F.col("kind") != "other sets"
    best = F.max_by(F.struct("kind", "answers", *_GUARDED), F.struct(sampled, "effective", "kind"))
    return (
        counted.transform(adding(_GUARDED, _guarded))
        .groupBy("category_id")
        .agg(
            best.alias("best"),
            F.sum(F.when(other, F.col("answers"))).alias("other_true"),
            F.sum(F.when(other, F.col("right").cast("bigint"))).alias("other_found"),
        )
        .selectExpr(
            "category_id",
            "best.kind AS recall_basis",
            "best.answers AS recall_answers",
            "best.share AS recall_share",
            "best.effective AS recall_effective",
            "best.mean AS recall",
            "best.low AS recall_low",
            "best.high AS recall_high",
            "other_true",
            "other_found",
        )
    )


def _guarded(batch: pa.RecordBatch) -> dict[str, Floats]:
    return guarded(floats(batch, SUMS), floats(batch, ["heaviest"])[:, 0])
