"""Votes and answers joined into one belief a (product, category)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aisles.config import LabelsConfig
from aisles.labels.posterior import SET_SUMS, posteriors, set_sums, with_paths
from aisles.labels.tree import closed_down, closed_up

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

KEYS = ["product_id", "category_id"]
RULE = ["rule_id", "rule_version"]


def rule_precision(
    votes: DataFrame, judged: DataFrame, config: LabelsConfig, containing: DataFrame
) -> DataFrame:
    """One row is one rule version with the mean of the Beta posterior of its precision.

    Answers count as `posterior` says: sampled ones by 1 / propensity, those of complete sets, and
    no others; drawn towards the rules around it in the tree. judged: from `judge`.
    """
    return (
        rule_answers(votes.select(*RULE, "category_id", "vote").distinct(), votes, judged)
        .transform(lambda rules: with_paths(rules, containing))
        .transform(posteriors(config.rule_precision, config.rule_strength, nested=True))
        .selectExpr(*RULE, "mean AS precision")
    )


def rule_answers(rules: DataFrame, votes: DataFrame, judged: DataFrame) -> DataFrame:
    """One row is one of the rules with the sums of its answers, see `posterior.set_sums`."""
    from pyspark.sql import functions as F

    counted = (
        votes.select(*KEYS, *RULE, "vote")
        .join(judged.filter("propensity IS NOT NULL OR of_set"), KEYS, how="inner")
        .groupBy(*RULE)
        .agg(*set_sums(F.col("answer") == F.col("vote"), F.col("propensity"), F.col("of_set")))
    )
    filled = [F.coalesce(name, F.lit(0)).alias(name) for name in SET_SUMS]
    return rules.join(counted, RULE, how="left").select(*RULE, "category_id", "vote", *filled)


def closed_answers(human: DataFrame, containing: DataFrame) -> DataFrame:
    """One row is one (product, category) that an answer decides, the newest first.

    Yes closes upwards, no closes downwards; the newest wins, and among answers of one moment a
    direct one beats one that only follows from another. The no of a complete set is kept as one
    row for its subtree.
    """
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    columns = ["product_id", "category_id", "answer", "at", "propensity", "answer_id", "complete"]
    rows = human.select(*columns)
    yes = closed_up(rows.filter("answer > 0"), containing)
    no = closed_down(rows.filter("answer < 0 AND NOT complete"), containing)
    whole = rows.filter("answer < 0 AND complete").withColumn("direct", F.lit(True))
    newest = Window.partitionBy(*KEYS).orderBy(
        F.desc_nulls_last("at"), F.desc("direct"), F.desc("answer_id")
    )
    return (
        yes.unionByName(no)
        .unionByName(whole)
        .unionByName(_reached(yes, whole, containing))
        .withColumn("_place", F.row_number().over(newest))
        .filter("_place = 1")
        .drop("_place")
    )


def _reached(yes: DataFrame, whole: DataFrame, containing: DataFrame) -> DataFrame:
    """The pairs with a yes that the no of a complete set above them speaks of as well."""
    from pyspark.sql import functions as F

    pairs = yes.select(*KEYS).distinct().join(F.broadcast(containing), "category_id", how="inner")
    above = whole.withColumnRenamed("category_id", "above")
    return (
        pairs.filter("category_id <> above")
        .join(above, ["product_id", "above"], how="inner")
        .withColumn("direct", F.lit(False))
        .withColumn("complete", F.lit(False))
        .select(*yes.columns)
    )


def judge(pairs: DataFrame, answers: DataFrame, containing: DataFrame) -> DataFrame:
    """One row is one pair that the closed answers decide, directly or by a `no` above it.

    Columns: product_id, category_id, answer, propensity, of_set. The propensity stays only where it
    is that of asking this very pair, directly or in a complete set: a pair that merely follows from
    another answer was drawn because of that answer, and would bias what is estimated. of_set: the
    answer is one of a complete set that nobody sampled.
    """
    from pyspark.sql import functions as F

    said = answers.withColumnRenamed("category_id", "above").drop("at")
    exact = F.col("category_id") == F.col("above")
    drawn = F.when(F.col("complete") | (F.col("direct") & exact), F.col("propensity"))
    of_set = F.col("complete") & F.col("propensity").isNull()
    chosen = F.struct(exact, F.col("answer_id"))
    return (
        pairs.select(*KEYS)
        .distinct()
        .join(F.broadcast(containing), "category_id", how="inner")
        .join(said, ["product_id", "above"], how="inner")
        .filter(exact | (F.col("answer") < 0))
        .groupBy(*KEYS)
        .agg(
            F.max_by(
                F.struct("answer", drawn.alias("propensity"), of_set.alias("of_set")), chosen
            ).alias("said")
        )
        .select(*KEYS, "said.answer", "said.propensity", "said.of_set")
    )


def labels(
    votes: DataFrame,
    human: DataFrame,
    containing: DataFrame,
    config: LabelsConfig,
    precision: DataFrame | None = None,
) -> DataFrame:
    """One row is one (product, category) with a vote or an answer, ready for `labels`.

    Answers override votes. A vote's target is its rule's estimated precision; several rules: the
    largest, lowered by the strongest `is not`. precision: of all rules (see `rule_precision`),
    where votes and answers are those of some products only.
    """
    answers = closed_answers(human, containing)
    judged = judge(votes, answers, containing)
    if precision is None:
        precision = rule_precision(votes, judged, config, containing)
    # A vote that people refused says nothing of the categories above it either.
    standing = votes.join(judged.filter("answer < 0"), KEYS, how="left_anti")
    believed = _believed(standing, precision, containing)
    free = believed.join(judge(believed, answers, containing), KEYS, how="left_anti")
    return _from_answers(answers, config).unionByName(_from_votes(free, config))


def _believed(votes: DataFrame, precision: DataFrame, containing: DataFrame) -> DataFrame:
    from pyspark.sql import functions as F

    weighed = votes.join(F.broadcast(precision), RULE, how="inner")
    strength = {sign: F.when(F.col("vote") == sign, F.col("precision")) for sign in (1, -1)}
    direct = weighed.groupBy(*KEYS).agg(
        F.max(strength[1]).alias("for_it"),
        F.max(strength[-1]).alias("against"),
        F.array_sort(F.collect_set("rule_id")).alias("rule_ids"),
    )
    target = F.coalesce("for_it", F.lit(0.0)) * (1 - F.coalesce("against", F.lit(0.0)))
    direct = direct.select("product_id", "category_id", target.alias("target"), "rule_ids")
    up = closed_up(direct.filter("target > 0"), containing)
    flat = direct.filter("target <= 0").withColumn("direct", F.lit(True))
    return (
        up.unionByName(flat)
        .groupBy(*KEYS)
        .agg(
            F.max("target").alias("target"),
            F.array_sort(F.array_distinct(F.flatten(F.collect_list("rule_ids")))).alias("rule_ids"),
            F.max("direct").alias("direct"),
        )
    )


def _from_answers(answers: DataFrame, config: LabelsConfig) -> DataFrame:
    from pyspark.sql import functions as F

    return answers.select(
        "product_id",
        "category_id",
        F.when(F.col("answer") > 0, 1.0).otherwise(0.0).alias("target"),
        F.lit(config.answer_weight).alias("weight"),
        F.coalesce(1 / F.col("propensity"), F.lit(1.0)).alias("importance"),
        F.when(F.col("direct"), "answer").otherwise("answer_closure").alias("source"),
        (F.col("complete") & (F.col("answer") < 0)).alias("complete"),
        F.lit(None).cast("array<string>").alias("rule_ids"),
        "answer_id",
    )


def _from_votes(free: DataFrame, config: LabelsConfig) -> DataFrame:
    from pyspark.sql import functions as F

    return free.select(
        "product_id",
        "category_id",
        "target",
        F.lit(config.vote_weight).alias("weight"),
        F.lit(1.0).alias("importance"),
        F.when(F.col("direct"), "votes").otherwise("votes_closure").alias("source"),
        F.lit(False).alias("complete"),
        "rule_ids",
        F.lit(None).cast("string").alias("answer_id"),
    )
