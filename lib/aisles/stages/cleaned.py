"""What cleaning found in records, beside products: the rejected ones, and how fields are filled."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from aisles.stages.job import Job, together

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_SHOWN = ("merchant_product_id", "title", "brand", "product_url", "image_url", "all_text")
_LONGEST = 10_000  # signs of a rejected record that are kept


def store_cleaned(job: Job, refused: DataFrame, quality: DataFrame, where: str) -> None:
    """Replaces what normalise has found in these deliveries before.

    refused: the rejected records, cleaned; their untouched cells stand in raw_items. quality: rows
    of field_quality. where: SQL that holds for the rows of these deliveries, and for no others.
    """
    from pyspark.sql import functions as F

    raw = F.substring(F.to_json(F.struct(*_SHOWN)), 1, _LONGEST)
    rows = refused.withColumn("raw", raw).withColumn("stage", F.lit("normalise"))
    refusing = f"({where}) AND stage = 'normalise'"
    together(
        job.spark,
        lambda: job.tables.replace("rejected_items", rows, refusing),
        lambda: job.tables.replace("field_quality", quality, where),
    )


def unchanged_records(changes: DataFrame, day: dt.date) -> DataFrame:
    """One row for each record of the unchanged products of a delivery, as `field_quality` reads it.

    changes: product_id, places of its records, changed, and filled and valid of the stored product;
    a duplicate counts as filled as the record that won over it. day: that of the delivery.
    """
    from pyspark.sql import functions as F

    part = [F.split_part("product_id", F.lit("/"), F.lit(place)) for place in (1, 2)]
    return changes.where("NOT changed AND filled IS NOT NULL AND valid IS NOT NULL").select(
        part[0].alias("network"),
        part[1].alias("retailer"),
        F.lit(day).alias("run_date"),
        F.explode("places.file").alias("file"),
        "filled",
        "valid",
    )
