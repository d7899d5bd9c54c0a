"""Which record of a delivery is the product: duplicates, collisions, and the books over both.

A record competes with those that carry its product_id in the same delivery (run_date), in the
order of file and record_no:

* the first one settles which product the id means;
* a later one whose title and product_url both differ from the first one's is another product that
  carries the id by mistake: it is rejected as `id_collision`. A record without title, or with a
  link missing on either side, does not differ;
* of the others the last one wins, the rest are duplicates.

So A, A' (the same again, cheaper), B (another product) gives A'; B is rejected. The order in
which records reach Spark does not matter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_ID = ["product_id", "run_date"]
_PLACE = ["file", "record_no"]
_KEY = [*_ID, *_PLACE]
_FEED_FILE = ["network", "retailer", "run_date", "file"]
COLLISION = "id_collision"
DUPLICATE = "duplicate"


def judge(candidates: DataFrame) -> DataFrame:
    """The candidates, one row for each record, with a column `verdict`.

    candidates: the output of `normalise`. verdict: null for the product itself, `duplicate`, or why
    it is rejected (`empty_record`, `no_id`, `id_collision`). The candidates are read three times,
    twice for a few columns: persist them where normalising anew would cost more.
    """
    from pyspark.sql import functions as F

    losers = _losers(candidates).withColumnRenamed("verdict", "_lost")
    return (
        candidates.join(losers, on=_KEY, how="left")
        .withColumn("verdict", F.coalesce("reason", "_lost"))
        .select(*candidates.columns, "verdict")
    )


def resolve(candidates: DataFrame) -> tuple[DataFrame, DataFrame]:
    """(products, rejected): one row for each product of a delivery; one for each rejected record.

    Both have the candidates' columns; `reason` is null in products. Duplicates are in neither.
    """
    from pyspark.sql import functions as F

    judged = judge(candidates)
    kept = judged.where(F.col("verdict").isNull()).drop("verdict")
    lost = judged.where(F.col("verdict") != DUPLICATE).withColumn("reason", F.col("verdict"))
    return kept, lost.drop("verdict")


def account(candidates: DataFrame) -> DataFrame:
    """One row for each feed file: raw, and products + duplicates + rejected, which add up to it."""
    from pyspark.sql import functions as F

    verdict = F.col("verdict")
    return (
        judge(candidates)
        .groupBy(*_FEED_FILE)
        .agg(
            F.count("*").alias("raw"),
            F.count_if(verdict.isNull()).alias("products"),
            F.count_if(verdict == DUPLICATE).alias("duplicates"),
            F.count_if(verdict != DUPLICATE).alias("rejected"),
        )
    )


def _losers(candidates: DataFrame) -> DataFrame:
    """One row for each record that loses its id to another one: its key and verdict.

    Only ids that occur more than once, a few in a hundred, are sorted.
    """
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    named = candidates.where(F.col("reason").isNull()).select(*_KEY, "title", "product_url")
    repeated = named.groupBy(*_ID).count().where("count > 1").drop("count")
    same_id = Window.partitionBy(*_ID)
    first = F.first(F.struct("title", "product_url")).over(same_id.orderBy(*_PLACE))
    place = F.struct(*_PLACE)
    last = F.max(F.when(~F.col("collides"), place)).over(same_id)
    return (
        named.join(repeated, on=_ID, how="left_semi")
        .withColumn("first", first)
        .withColumn("collides", F.expr(_COLLIDES))
        .withColumn("last", last)
        .select(
            *_KEY,
            F.when(F.col("collides"), COLLISION)
            .when(place < F.col("last"), DUPLICATE)
            .alias("verdict"),
        )
        .where(F.col("verdict").isNotNull())
    )


# The first record may lack a title and still be told from one that has a title and another link.
_COLLIDES = """
    title IS NOT NULL AND NOT (title <=> first.title)
    AND coalesce(product_url != first.product_url, false)
"""
