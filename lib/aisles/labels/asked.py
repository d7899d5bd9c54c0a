"""Answers joined with the questions of a round that asked for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

KEYS = ["product_id", "category_id"]
FILLED = ("strategy", "propensity", "model_version")


def with_questions(answers: DataFrame, candidates: DataFrame) -> DataFrame:
    """The answers with round, strategy, propensity and model_version of the question, if any.

    An answer on a single pair belongs to the question of the round that it names; one that names
    no round and no propensity to the newest round that asked this pair. What an answer brings
    along stays. A set was not asked for pair by pair: it keeps what it has.
    """
    from pyspark.sql import functions as F

    asked = candidates.select(
        *KEYS, F.col("round").alias("_round"), *[F.col(c).alias(f"_{c}") for c in FILLED]
    )
    newest = asked.groupBy(*KEYS).agg(F.max("_round").alias("_newest"))
    unnamed = F.when(F.col("propensity").isNull(), F.col("_newest"))
    wanted = F.when(F.col("form") == "pairs", F.coalesce("round", unnamed))
    joined = answers.join(newest, KEYS, how="left").withColumn("_round", wanted)
    filled = joined.join(asked, [*KEYS, "_round"], how="left")
    found = F.col("_strategy").isNotNull()
    kept = [c for c in answers.columns if c not in ("round", *FILLED)]
    return filled.select(
        *kept,
        F.coalesce("round", F.when(found, F.col("_round"))).alias("round"),
        *[F.coalesce(c, f"_{c}").alias(c) for c in FILLED],
    )


def answered(human: DataFrame) -> DataFrame:
    """One row is one question that has an answer: product_id, category_id, round, status."""
    from pyspark.sql import functions as F

    return (
        human.filter("round IS NOT NULL")
        .select(*KEYS, "round")
        .distinct()
        .withColumn("status", F.lit("answered"))
    )
