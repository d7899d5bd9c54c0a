"""What is known of each product, for measuring: answers, truth, and what the rules say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aisles.labels.targets import assigning
from aisles.labels.tree import above
from aisles.stages.job import Job
from aisles.stages.label_changes import trained_precision
from aisles.taxonomy import Taxonomy

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_TRUTH = ("network", "retailer", "merchant_product_id", "category_ids", "complete")


def evidence(job: Job, tree: Taxonomy, truth: str) -> DataFrame:
    """One row is one product of which something is known: known, asked, rules (see `measure`).

    Each product counts with its answers and, beside that, with its truth where a folder is given.
    """
    from pyspark.sql import functions as F

    places = _places(job, tree)
    answered, asked = _answers(job, places)
    known = answered if not truth else answered.unionByName(_truth(job, truth, places))
    sets = known.groupBy("product_id").agg(
        F.collect_list(F.struct("basis", "products", "complete", "given")).alias("known")
    )
    either = sets.join(asked, "product_id", how="full_outer")
    return either.join(rules_of(job, tree), "product_id", how="left")


def _places(job: Job, tree: Taxonomy) -> DataFrame:
    """One row is one category with its place among the outputs."""
    return job.spark.createDataFrame(
        [(category, i) for i, category in enumerate(tree.ids)], "category_id string, index int"
    )


def _retailers(job: Job) -> DataFrame:
    """One row is one retailer of which answers are stored."""
    shop = "substring_index(product_id, '/', 2) AS shop"
    return job.tables.read("human_labels").selectExpr(shop).distinct()


def _answers(job: Job, places: DataFrame) -> tuple[DataFrame, DataFrame]:
    """Products with complete or positive answers, and pairs that were asked singly."""
    from pyspark.sql import functions as F

    human = job.tables.read("human_labels")
    whole = human.filter("complete").select("product_id").distinct().withColumn("w", F.lit(True))
    believed = (
        job.tables.read("labels")
        .filter("source IN ('answer', 'answer_closure')")
        .join(F.broadcast(places), "category_id", how="inner")
        .join(whole, "product_id", how="left")
        .withColumn("complete", F.coalesce("w", F.lit(False)))
    )
    given = F.array_compact(F.collect_list(F.when(F.col("target") > 0.5, F.col("index"))))
    known = (
        believed.groupBy("product_id", "complete")
        .agg(given.alias("given"))
        .select("product_id", F.lit("answers").alias("basis"), F.lit("in_shop").alias("products"),
                "complete", "given")
    )  # fmt: skip
    entry = F.struct(
        "index",
        F.col("target").cast("float").alias("answer"),
        F.col("importance").cast("float").alias("weight"),
    )
    asked = (
        believed.filter("NOT complete AND source = 'answer'")
        .groupBy("product_id")
        .agg(F.collect_list(entry).alias("asked"))
    )
    return known, asked


def _truth(job: Job, folder: str, places: DataFrame) -> DataFrame:
    """One row is one product of the truth files."""
    from pyspark.sql import functions as F

    raw = job.spark.read.option("recursiveFileLookup", True).csv(folder, header=True)
    missing = [name for name in _TRUTH if name not in raw.columns]
    if missing:
        raise ValueError(
            f"--truth {folder}: column {', '.join(missing)} is missing; expected {','.join(_TRUTH)}"
        )
    joined = F.concat_ws("/", "network", "retailer", "merchant_product_id")
    one = raw.select(
        joined.alias("product_id"),
        F.concat_ws("/", "network", "retailer").alias("shop"),
        F.col("complete").isin("1", "true").alias("complete"),
        F.explode(F.split("category_ids", ";")).alias("category_id"),
    )
    with_place = one.withColumn("category_id", F.trim("category_id")).join(
        F.broadcast(places), "category_id", how="left"
    )
    # A product of which the tree lacks a true category is only partly known.
    rows = with_place.groupBy("product_id", "shop").agg(
        (F.bool_and("complete") & F.bool_and(F.col("index").isNotNull())).alias("complete"),
        F.array_compact(F.collect_list("index")).alias("given"),
    )
    seen = _retailers(job).withColumn("products", F.lit("in_shop"))
    return rows.join(F.broadcast(seen), "shop", how="left").select(
        "product_id",
        F.lit("truth").alias("basis"),
        F.coalesce("products", F.lit("left_out")).alias("products"),
        "complete",
        "given",
    )


def rules_of(job: Job, tree: Taxonomy) -> DataFrame:
    """One row is one product with the categories that rules alone give it: `rules`, see `VOTES`.

    A category that an `is not` denies is not among them. votes_hash tells whether the set of these
    categories has changed.
    """
    from pyspark.sql import functions as F

    places = _places(job, tree)
    containing = above(job.spark, tree)
    votes = job.tables.read("rule_votes")
    precision = trained_precision(job, votes, job.tables.read("human_labels"), containing)
    entry = F.struct("index", F.col("precision").cast("float").alias("score"))
    return (
        assigning(votes, containing)
        .join(F.broadcast(precision), ["rule_id", "rule_version"], how="inner")
        .join(F.broadcast(places), "category_id", how="inner")
        .groupBy("product_id")
        .agg(
            F.collect_list(entry).alias("rules"),
            F.xxhash64(F.array_sort(F.collect_set("index"))).alias("votes_hash"),
        )
    )
