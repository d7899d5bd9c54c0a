"""What each rule found, to look at: its commonest texts, some products, the rules beside it."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from aisles.labels.targets import RULE

_AROUND = 60  # code points shown on either side of a hit
_FIELDS = ("title", "description", "merchant_category", "brand", "gender")


def texts(audited: DataFrame, most: int) -> DataFrame:
    """One row is one rule with `texts`: its commonest matched texts in lower case."""
    counted = (
        audited.filter("matched_text IS NOT NULL")
        .groupBy(*RULE, "field", F.lower("matched_text").alias("text"))
        .agg(
            F.count("*").alias("products"),
            F.count_if(F.expr("answer = vote")).alias("right"),
            F.count_if(F.expr("answer <> vote")).alias("wrong"),
        )
    )
    return _first(counted, [F.desc("products"), F.col("text"), F.col("field")], most, "texts")


def overlaps(audited: DataFrame, most: int) -> DataFrame:
    """One row is one rule with `overlaps`: the rules that find most of the same products."""
    counted = (
        audited.select(*RULE, F.explode("others").alias("other"))
        .groupBy(*RULE, F.col("other"))
        .agg(F.count("*").alias("products"))
        .select(*RULE, F.col("other").alias("with_rule_id"), "products")
    )
    return _first(counted, [F.desc("products"), F.col("with_rule_id")], most, "overlaps")


def examples(audited: DataFrame, products: DataFrame, most: int) -> DataFrame:
    """One row is one rule with `examples`: products it votes for, some refused by people first.

    Which products is drawn by a hash, so that a rerun shows the same ones.
    """
    wrong = F.coalesce(F.expr("answer <> vote"), F.lit(False)).alias("refused")
    order = [F.xxhash64("product_id", "rule_id"), F.col("product_id")]
    kind = Window.partitionBy(*RULE, "refused").orderBy(*order)
    drawn = (
        audited.select("*", wrong)
        .withColumn("_place", F.row_number().over(kind))
        .filter(F.col("_place") <= F.when(F.col("refused"), max(most // 2, 1)).otherwise(most))
    )
    shown = drawn.join(products.select("product_id", *_FIELDS), "product_id", how="inner").select(
        *RULE,
        F.col("refused").alias("_refused"),
        F.col("_place").alias("_order"),
        "product_id",
        "title",
        "field",
        *_around(),
        "answer",
        "assigned",
        "alone",
    )
    return _first(shown, [F.desc("_refused"), F.col("_order")], most, "examples")


def spare(audited: DataFrame, leaving: DataFrame) -> DataFrame:
    """One row is one rule that can go: each of its products is found by a rule that stays.

    leaving: RULE of the rules that are advised to go for another reason.

    Of rules that find the same, the one with most products stays: a rule is spare when on each of
    its products a rule stands before it in the order (finds something alone; more products;
    rule_id). All spare ones can go at once: the first in that order on a product never is.
    """
    gone = leaving.agg(F.collect_set("rule_id").alias("gone"))
    audited = (
        audited.join(F.broadcast(leaving), RULE, how="left_anti")
        .crossJoin(F.broadcast(gone))
        .withColumn("others", F.array_except("others", "gone"))
    )
    place = F.struct("spareable", "fewer", "rule_id").alias("place")
    ordered = audited.groupBy(*RULE).agg(
        F.bool_and(F.size("others") > 0).alias("spareable"), (-F.count("*")).alias("fewer")
    )
    candidates = ordered.filter("spareable").select(*RULE)
    places = ordered.select(F.col("rule_id").alias("finder"), place)
    finders = F.explode(F.concat("others", F.array("rule_id")))
    return (
        audited.join(F.broadcast(candidates), RULE, how="left_semi")
        .select("product_id", *RULE, finders.alias("finder"))
        .join(F.broadcast(places), "finder", how="inner")
        .groupBy("product_id", *RULE)
        .agg(F.min("place").alias("first"))
        .groupBy(*RULE)
        .agg(F.bool_and(F.col("first.rule_id") != F.col("rule_id")).alias("spare"))
        .filter("spare")
    )


def _around() -> list[Column]:
    """before, match, after: the hit in its field; only the title where nothing was found."""
    chosen = F.when(F.col("field").isNull(), F.col("title"))
    for name in _FIELDS:
        chosen = chosen.when(F.col("field") == name, F.col(name))
    start, end = F.col("span_start"), F.col("span_end")
    first = F.greatest(start - _AROUND, F.lit(0))
    cut = F.when(first > 0, "…").otherwise("")
    more = F.when(F.length(chosen) > end + _AROUND, "…").otherwise("")
    return [
        F.concat(cut, F.substring(chosen, first + 1, start - first)).alias("before"),
        F.substring(chosen, start + 1, end - start).alias("match"),
        F.concat(F.substring(chosen, end + 1, F.lit(_AROUND)), more).alias("after"),
    ]


def _first(rows: DataFrame, order: list[Column], most: int, name: str) -> DataFrame:
    """One row is one rule with its first rows in the order as an array of structs."""
    shown = [column for column in rows.columns if column not in RULE and column[0] != "_"]
    ranked = Window.partitionBy(*RULE).orderBy(*order)
    listed = F.array_sort(F.collect_list(F.struct("_rank", *shown)))
    return (
        rows.withColumn("_rank", F.row_number().over(ranked))
        .filter(F.col("_rank") <= most)
        .groupBy(*RULE)
        .agg(listed.alias("_listed"))
        .select(
            *RULE,
            F.transform("_listed", lambda row: F.struct(*[row[c].alias(c) for c in shown])).alias(
                name
            ),
        )
    )
