"""Every vote of a rule with what speaks for and against it."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from aisles.labels.targets import KEYS, RULE, assigning, contradictions, judge
from aisles.labels.tree import closed_down, closed_up

_FOUND = ["field", "span_start", "span_end", "matched_text"]


def audit(
    votes: DataFrame, answers: DataFrame, word: DataFrame, containing: DataFrame
) -> DataFrame:
    """One row is one vote, with the other rules that say the same and what others say of the pair.

    answers: from `closed_answers`. word: from `model_word`. Added are others (array<string>, rules
    that say the same of the pair: of the category or one below it, for `is not` one above it),
    opposed (a rule says the contrary), answer, propensity, of_set, assigned and alone.
    """
    human = judge(votes.join(answers, "product_id", how="left_semi"), answers, containing)
    joined = (
        votes.select(*KEYS, *RULE, "vote", *_FOUND)
        .join(_companions(votes, containing), [*KEYS, "vote"], how="inner")
        .join(_opposed(votes, containing), [*KEYS, "vote"], how="left")
        .join(human, KEYS, how="left")
        .join(word, KEYS, how="left")
    )
    return joined.select(
        *KEYS,
        *RULE,
        "vote",
        *_FOUND,
        F.filter("rules", lambda rule: rule != F.col("rule_id")).alias("others"),
        *[
            F.coalesce(name, F.lit(False)).alias(name)
            for name in ("opposed", "assigned", "alone", "of_set")
        ],
        "answer",
        "propensity",
    )


def found_pairs(votes: DataFrame, containing: DataFrame) -> DataFrame:
    """One row is one (product, category) that rules found and none denied, there or below."""
    found = assigning(votes, containing).select(*KEYS)
    return closed_up(found, containing).select(*KEYS).distinct()


def _companions(votes: DataFrame, containing: DataFrame) -> DataFrame:
    """One row is one pair and sign of a vote, with all rules that say it: `is` of a category says
    it of those above as well, `is not` of those below."""
    said = votes.select(*KEYS, "vote", "rule_id")
    denied = said.filter("vote < 0")
    # Only where another rule denies as well: below a high category there are hundreds.
    spoken = containing.join(
        F.broadcast(denied.select("category_id").distinct()), "category_id", how="left_semi"
    )
    spread = closed_up(said.filter("vote > 0"), containing).unionByName(closed_down(denied, spoken))
    return (
        spread.groupBy(*KEYS, "vote")
        .agg(F.collect_list("rule_id").alias("rules"), F.bool_or("direct").alias("direct"))
        .filter("direct")
        .drop("direct")
    )


def _opposed(votes: DataFrame, containing: DataFrame) -> DataFrame:
    """One row is one pair and sign of a vote that a vote of the other sign stands against."""
    met = contradictions(votes, containing)
    stated = met.selectExpr(*KEYS, "1 AS vote")
    refused = met.selectExpr("product_id", "above AS category_id", "-1 AS vote")
    return stated.unionByName(refused).distinct().withColumn("opposed", F.lit(True))
