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

from aisles.products.ids import joined

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_ID = ["product_id", "run_date"]
_PLACE = ["file", "record_no"]
_KEY = ["run_date", *_PLACE]
_FEED_FILE = ["network", "retailer", "run_date", "file"]
COLLISION = "id_collision"
DUPLICATE = "duplicate"


def verdicts(candidates: DataFrame) -> DataFrame:
    """One row for each record that shares its id with others or is rejected.

    candidates: the output of `normalise`, of which a few columns are read twice: persist it where
    normalising anew would cost more. Columns: run_date, file, record_no; verdict: null for the
    product itself, `duplicate`, or why it is rejected; delivery_hash, see `judge`.
    """
    from pyspark.sql import functions as F

    known = candidates.select(*_KEY, "product_id", "title", "product_url", "reason", "raw_hash")
    repeated = known.where("product_id IS NOT NULL").groupBy(*_ID).count().where("count > 1")
    alone = known.where("reason IS NOT NULL").join(repeated, on=_ID, how="left_anti")
    refused = alone.select(
        *_KEY, F.col("reason").alias("verdict"), F.lit(None).cast("string").alias("delivery_hash")
    )
    return _shared(known.join(repeated, on=_ID, how="left_semi")).unionByName(refused)


def judge(candidates: DataFrame, marks: DataFrame | None = None) -> DataFrame:
    """The candidates, one row for each record, with the columns verdict and delivery_hash.

    marks: the output of `verdicts`, where it is there already. delivery_hash: the same in two
    deliveries whose records of the product are the same in the same order (see
    `aisles.products.ids.signature`); null where one of them was rejected.
    """
    from pyspark.sql import functions as F

    found = (verdicts(candidates) if marks is None else marks).withColumn("_marked", F.lit(True))
    own = F.when(F.col("_marked"), F.col("delivery_hash")).otherwise(F.col("raw_hash"))
    return candidates.join(found, on=_KEY, how="left").select(
        *[candidates[name] for name in candidates.columns],
        "verdict",
        own.alias("delivery_hash"),
    )


def resolve(candidates: DataFrame, marks: DataFrame | None = None) -> tuple[DataFrame, DataFrame]:
    """(products, rejected): one row for each product of a delivery; one for each rejected record.

    Both have the candidates' columns, products also delivery_hash; `reason` is null in products.
    Duplicates are in neither.
    """
    from pyspark.sql import functions as F

    judged = judge(candidates, marks)
    kept = judged.where(F.col("verdict").isNull()).drop("verdict")
    lost = judged.where(F.col("verdict") != DUPLICATE).withColumn("reason", F.col("verdict"))
    return kept, lost.drop("verdict", "delivery_hash")


def account(candidates: DataFrame, marks: DataFrame | None = None) -> DataFrame:
    """One row for each feed file: raw, and products + duplicates + rejected, which add up to it."""
    from pyspark.sql import functions as F

    verdict = F.col("verdict")
    return (
        judge(candidates.select(*_FEED_FILE, *_SEEN), marks)
        .groupBy(*_FEED_FILE)
        .agg(
            F.count("*").alias("raw"),
            F.count_if(verdict.isNull()).alias("products"),
            F.count_if(verdict == DUPLICATE).alias("duplicates"),
            F.count_if(verdict != DUPLICATE).alias("rejected"),
        )
    )


_SEEN = ("record_no", "product_id", "title", "product_url", "reason", "raw_hash")


def _shared(several: DataFrame) -> DataFrame:
    """One row for each record of the ids that occur more than once, a few in a hundred."""
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    same_id = Window.partitionBy(*_ID)
    place, usable = F.struct(*_PLACE), F.col("reason").isNull()
    named = F.when(usable, F.struct("title", "product_url"))
    standing = F.when(usable & ~F.col("collides"), place)
    verdict = (
        F.when(~usable, F.col("reason"))
        .when(F.col("collides"), COLLISION)
        .when(place < F.col("last"), DUPLICATE)
    )
    return (
        several.withColumn("first", F.first(named, True).over(same_id.orderBy(*_PLACE)))
        .withColumn("collides", usable & F.expr(_COLLIDES))
        .withColumn("last", F.max(standing).over(same_id))
        .withColumn("verdict", verdict)
        .withColumn("spoilt", F.max(F.col("verdict") != DUPLICATE).over(same_id))
        .withColumn("_all", F.collect_list(F.struct(*_PLACE, "raw_hash")).over(same_id))
        .withColumn("delivery_hash", F.when(~F.coalesce("spoilt", F.lit(False)), joined("_all")))
        .select(*_KEY, "verdict", "delivery_hash")
    )


# The first record may lack a title and still be told from one that has a title and another link.
_COLLIDES = """
    title IS NOT NULL AND NOT (title <=> first.title)
    AND coalesce(product_url != first.product_url, false)
"""
