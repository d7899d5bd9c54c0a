"""The state of products after any number of deliveries, whatever the order they came in."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def history(delivered: DataFrame, days: DataFrame) -> DataFrame:
    """One row is one product that any of the deliveries has had, as the newest of them had it.

    delivered: one row a product of a delivery, with run_date and content_hash. days: the
    deliveries themselves: network, retailer, run_date, whole. The result has the columns of
    `delivered` but for run_date, and first_seen; changed_on, the first day of the content that
    stands; delisted_on, the first whole delivery after the last that had it; active.
    """
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    product = Window.partitionBy("product_id")
    in_time = product.orderBy("run_date")
    before = F.lag("content_hash").over(in_time)
    changed = before.isNull() | (before != F.col("content_hash"))
    seen = (
        delivered.withColumn("_change", F.when(changed, F.col("run_date")))
        .withColumn("first_seen", F.min("run_date").over(product))
        .withColumn("changed_on", F.max("_change").over(product))
        .withColumn("_last", F.max("run_date").over(product))
        .where(F.col("_last") == F.col("run_date"))
    )
    feed = ["network", "retailer"]
    whole = days.where("whole").groupBy(*feed).agg(F.collect_list("run_date").alias("_whole"))
    later = F.filter("_whole", lambda day: day > F.col("_last"))
    return (
        seen.join(F.broadcast(whole), feed, how="left")
        .withColumn("delisted_on", F.array_min(later))
        .withColumn("active", F.col("delisted_on").isNull())
        .drop("_change", "_last", "_whole", "run_date")
    )
