"""Which rules earn their keep: the rows of rule_report and category_rule_report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from aisles.config import Config
from aisles.labels.targets import RULE
from aisles.review.advice import LEAVING, advised
from aisles.review.category_rows import category_rows
from aisles.review.rule_rows import rule_rows
from aisles.review.sightings import examples, overlaps, spare, texts

_OF_MODEL = ("assigned", "agreed", "right_agreed")
_OTHERS = 3  # overlapping rules that are named


@dataclass(frozen=True)
class Sources:
    """What the report is made of.

    rules: the versions in force. products: the active ones. audited: from `audit`, with `held`
    (the product is not one of training). found: from
    `found_pairs`. answers: from `closed_answers`. word: from `model_word`, empty without a model.
    thresholds: category_id, model_basis, model_precision_low of that model, or empty.
    model_version: whose word it is; None without a model.
    """

    rules: DataFrame
    products: DataFrame
    active: int
    audited: DataFrame
    found: DataFrame
    answers: DataFrame
    word: DataFrame
    thresholds: DataFrame
    model_version: str | None
    containing: DataFrame
    config: Config


def rule_report(of: Sources) -> DataFrame:
    """One row is one rule version in force, ready for `rule_report`."""
    config = of.config.rule_report
    sign = F.when(F.col("effect") == "is", 1).otherwise(-1)
    rules = of.rules.select(*RULE, "category_id", "effect", "error", "enabled", sign.alias("vote"))
    rows = rule_rows(rules, of.audited, of.containing, of.config.labels)
    shown = (
        texts(of.audited, config.texts),
        overlaps(of.audited, _OTHERS),
        examples(of.audited, of.products, config.examples),
    )
    for part in shown:
        rows = rows.join(part, RULE, how="left")
    named = {"mean": "precision", "low": "precision_low", "high": "precision_high"}
    known = (
        rows.withColumnsRenamed(named)
        .join(of.thresholds, "category_id", how="left")
        .withColumns(_of_model(_OF_MODEL, of.model_version))
        .withColumn("coverage", _share("products", of.active))
        .localCheckpoint()  # a few thousand rows, advised twice
    )
    wanted = of.config.evaluate.threshold_precision
    alone = advised(known.withColumn("spare", F.lit(False)), config, wanted, of.active)
    # What goes for a reason of its own cannot stand for others.
    going = spare(of.audited, alone.filter(F.col("advice").isin(*LEAVING)).select(*RULE))
    marked = known.join(going, RULE, how="left").fillna(False, ["spare"])
    return advised(marked, config, wanted, of.active)


def category_report(of: Sources) -> DataFrame:
    """One row is one category of the tree, ready for `category_rule_report`."""
    voting = of.rules.filter("enabled AND error IS NULL")
    own = voting.groupBy("category_id").agg(F.count("*").alias("rules"))
    below = (
        voting.join(F.broadcast(of.containing), "category_id", how="inner")
        .filter("above <> category_id")
        .groupBy(F.col("above").alias("category_id"))
        .agg(F.count("*").alias("rules_below"))
    )
    rows = category_rows(of.found, of.answers, of.word, of.containing, of.config.labels)
    for part in (own, below, of.thresholds):
        rows = rows.join(part, "category_id", how="left")
    return (
        rows.fillna(0, ["rules", "rules_below"])
        .withColumns(_of_model(("assigned", "model_only"), of.model_version))
        .withColumn("coverage", _share("found", of.active))
    )


def _of_model(names: Sequence[str], version: str | None) -> dict[str, Column]:
    """The model's counts and its version; null without a model."""
    said = {name: F.col(name) if version else F.lit(None) for name in names}
    return {**said, "model_version": F.lit(version)}


def _share(count: str, of: int) -> Column:
    return F.col(count) / F.lit(of or None)
