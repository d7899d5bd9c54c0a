"""The category tree as small Spark tables for closures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aisles.taxonomy import Taxonomy

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


def above(spark: SparkSession, tree: Taxonomy) -> DataFrame:
    """One row is one category and one that contains it, itself included (for broadcasting)."""
    pairs = [
        (category, tree.ids[over])
        for place, category in enumerate(tree.ids)
        for over in [place, *tree.ancestors(place)]
    ]
    return spark.createDataFrame(pairs or [("", "")], "category_id string, above string")


def closed_up(frame: DataFrame, containing: DataFrame) -> DataFrame:
    """One row is a row of the frame for each category that contains its own; adds `direct`."""
    return _spread(frame, containing, "category_id", "above")


def closed_down(frame: DataFrame, containing: DataFrame) -> DataFrame:
    """One row is a row of the frame for each category below its own; adds `direct`."""
    return _spread(frame, containing, "above", "category_id")


def _spread(frame: DataFrame, containing: DataFrame, at: str, to: str) -> DataFrame:
    from pyspark.sql import functions as F

    step = containing.select(F.col(at).alias("_at"), F.col(to).alias("_to"))
    return (
        frame.join(F.broadcast(step), F.col("category_id") == F.col("_at"), how="inner")
        .withColumn("direct", F.col("_at") == F.col("_to"))
        .withColumn("category_id", F.col("_to"))
        .drop("_at", "_to")
    )
