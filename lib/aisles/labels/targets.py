"""Votes and answers joined into one belief a (product, category)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aisles.config import LabelsConfig
from aisles.labels.posterior import SET_SUMS, precisions, set_sums
from aisles.labels.tree import closed_down, closed_up

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

KEYS = ["product_id", "category_id"]
RULE = ["rule_id", "rule_version"]


def rule_precision(
    votes: DataFrame, judged: DataFrame, config: LabelsConfig, containing: DataFrame
) -> DataFrame:
    """One row is one rule version with the mean of the Beta posterior of its precision.

    Answers count as `posterior` says: sampled ones by 1 / propensity, those of complete sets, and
    no others; drawn towards the rules around it in the tree. judged: from `judge`.
    """
    rules = votes.select(*RULE, "category_id", "vote").distinct()
    answered = rule_answers(rules, votes, judged)
    known = precisions(answered, containing, config.rule_precision, config.rule_strength)
    return known.selectExpr(*RULE, "mean AS precision")


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


def assigning(votes: DataFrame, containing: DataFrame) -> DataFrame:
    """The `is` votes that no `is not` of the product denies, there or in a category above."""
    denied = contradictions(votes, containing).select(*KEYS).distinct()
    return votes.filter("vote > 0").join(denied, KEYS, how="left_anti")


def contradictions(votes: DataFrame, containing: DataFrame) -> DataFrame:
    """One row is one pair of an `is` vote and the category, there or above, of an `is not` vote
    of the same product: product_id, category_id, above."""
    from pyspark.sql import functions as F

    denied = votes.filter("vote < 0").select("product_id", F.col("category_id").alias("above"))
    return (
        votes.filter("vote > 0")
        .select(*KEYS)
        .distinct()
        .join(denied.select("product_id").distinct(), "product_id", how="left_semi")
        .join(F.broadcast(containing), "category_id", how="inner")
        .join(denied.distinct(), ["product_id", "above"], how="left_semi")
    )


def closed_answers(human: DataFrame, containing: DataFrame) -> DataFrame:
    """One row is one (product, category) that an answer decides, the newest first.

    Yes closes upwards, no closes downwards; the newest wins, and among answers of one moment a
    direct one beats one that only follows from another, then what the majority of them say. The no
    of a complete set is kept as one row for its subtree; where a newer yes below contradicts it,
    as one row for each part of the subtree that the yes does not touch.
    """
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    columns = ["product_id", "category_id", "answer", "at", "propensity", "answer_id", "complete"]
    rows = human.select(*columns)
    yes = closed_up(rows.filter("answer > 0"), containing)
    no = closed_down(rows.filter("answer < 0 AND NOT complete"), containing)
    whole = rows.filter("answer < 0 AND complete").withColumn("direct", F.lit(True))
    agreed = F.sum("answer").over(Window.partitionBy(*KEYS, "at", "direct")) * F.col("answer")
    newest = Window.partitionBy(*KEYS).orderBy(
        F.desc_nulls_last("at"), F.desc("direct"), F.desc("_agreed"), F.desc("answer_id")
    )
    return (
        yes.unionByName(no)
        .unionByName(whole)
        .unionByName(_reached(yes, whole, containing))
        .unionByName(_beside(yes, whole, containing))
        .withColumn("_agreed", agreed)
        .withColumn("_place", F.row_number().over(newest))
        .filter("_place = 1")
        .drop("_place", "_agreed")
    )


def _beside(yes: DataFrame, whole: DataFrame, containing: DataFrame) -> DataFrame:
    """The no of complete sets with a yes below, once more for each part that the yes leaves alone:
    a category without a yes whose parent has one or is the refused category itself."""
    from pyspark.sql import functions as F

    depth = containing.groupBy("category_id").agg(F.count("*").alias("depth"))
    up = containing.join(depth, "category_id", how="inner").join(
        depth.selectExpr("category_id AS above", "depth AS above_depth"), "above", how="inner"
    )
    parents = up.filter("depth = above_depth + 1").selectExpr("category_id", "above AS parent")
    touched = yes.select(*KEYS).distinct()
    torn = whole.join(touched, KEYS, how="left_semi").withColumnRenamed("category_id", "refused")
    inside = containing.selectExpr("category_id AS parent", "above AS refused")
    of_yes = touched.withColumnRenamed("category_id", "parent")
    return (
        torn.join(F.broadcast(inside), "refused", how="inner")
        .join(of_yes, ["product_id", "parent"], how="left_semi")
        .join(F.broadcast(parents), "parent", how="inner")
        .join(touched, KEYS, how="left_anti")
        .withColumn("direct", F.lit(False))
        .select(*yes.columns)
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
    largest, lowered by the strongest `is not` of the category or one above it. An `is not` alone
    is a no for the whole subtree (one row, complete) that weighs as much as its rule is precise.
    precision: of all rules (see `rule_precision`), where votes and answers are those of some
    products only.
    """
    # Each is read several times below; unrolled, the plan would hold dozens of copies of them.
    answers = closed_answers(human, containing).localCheckpoint()
    judged = judge(votes, answers, containing).localCheckpoint()
    if precision is None:
        precision = rule_precision(votes, judged, config, containing)
    # A vote that people refused says nothing of the categories above or below it either.
    refused = judged.selectExpr(*KEYS, "-answer AS vote")
    standing = votes.join(refused, [*KEYS, "vote"], how="left_anti")
    believed = _believed(standing, precision, containing).localCheckpoint()
    free = believed.join(judge(believed, answers, containing), KEYS, how="left_anti")
    return _from_answers(answers, config).unionByName(_from_votes(free, config))


def _believed(votes: DataFrame, precision: DataFrame, containing: DataFrame) -> DataFrame:
    from pyspark.sql import functions as F

    weighed = votes.join(F.broadcast(precision), RULE, how="inner")
    stated, denied = (_strongest(weighed.filter(F.col("vote") == sign)) for sign in (1, -1))
    against = (
        stated.select(*KEYS)
        .join(F.broadcast(containing), "category_id", how="inner")
        .join(denied.withColumnRenamed("category_id", "above"), ["product_id", "above"])
        .groupBy(*KEYS)
        .agg(F.max("strength").alias("against"), _all_rules("rule_ids").alias("deniers"))
    )
    lowered = stated.join(against, KEYS, how="left").select(
        *KEYS,
        (F.col("strength") * (1 - F.coalesce("against", F.lit(0.0)))).alias("target"),
        F.concat("rule_ids", F.coalesce("deniers", F.array().cast("array<string>"))).alias(
            "rule_ids"
        ),
        F.lit(1.0).alias("trust"),
    )
    refused = denied.selectExpr(
        *KEYS, "0D AS target", "rule_ids", "strength AS trust", "true AS direct"
    )
    return (
        closed_up(lowered, containing)
        .unionByName(refused)
        .groupBy(*KEYS)
        .agg(
            F.max("target").alias("target"),
            F.max("trust").alias("trust"),
            _all_rules("rule_ids").alias("rule_ids"),
            F.max("direct").alias("direct"),
        )
    )


def _strongest(weighed: DataFrame) -> DataFrame:
    """One row is one pair with the precision of the most precise of its rules: `strength`."""
    from pyspark.sql import functions as F

    return weighed.groupBy(*KEYS).agg(
        F.max("precision").alias("strength"),
        F.array_sort(F.collect_set("rule_id")).alias("rule_ids"),
    )


def _all_rules(lists: str) -> Column:
    from pyspark.sql import functions as F

    return F.array_sort(F.array_distinct(F.flatten(F.collect_list(lists))))


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
        (F.lit(config.vote_weight) * F.col("trust")).alias("weight"),
        F.lit(1.0).alias("importance"),
        F.when(F.col("direct"), "votes").otherwise("votes_closure").alias("source"),
        (F.col("target") == 0).alias("complete"),
        "rule_ids",
        F.lit(None).cast("string").alias("answer_id"),
    )
