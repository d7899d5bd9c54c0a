"""OPTIMIZE and VACUUM between days change nothing that a day does."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from test_deliveries import DAYS, Shop

from aisles import schema

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_CHECK = "spark.databricks.delta.retentionDurationCheck.enabled"


@pytest.mark.long
def test_days_with_upkeep_between_them_end_in_the_same_tables(
    spark: SparkSession, tmp_path: Path
) -> None:
    plain, kept = (Shop(spark, tmp_path / name) for name in ("plain", "kept"))
    for day, lines in DAYS.items():
        for shop in (plain, kept):
            done = shop.deliver(day, lines)["normalise"].rows_in
        _upkeep(spark, kept)
        assert shop.run(day)["normalise"].rows_in == 0, "nothing is cleaned again"
        assert done > 0
    assert kept.products() == plain.products()
    for table in ("raw_items", "feed_files", "rejected_items", "field_quality", "column_roles"):
        one, other = (shop.tables.read(table).drop("values", "modified") for shop in (plain, kept))
        assert one.exceptAll(other).isEmpty() and other.exceptAll(one).isEmpty(), table


def _upkeep(spark: SparkSession, shop: Shop) -> None:
    spark.conf.set(_CHECK, "false")
    try:
        for table in schema.names():
            path = Path(shop.tables.path(table))
            if path.is_dir():
                spark.sql(f"OPTIMIZE delta.`{path}`")
                spark.sql(f"VACUUM delta.`{path}` RETAIN 0 HOURS")
    finally:
        spark.conf.unset(_CHECK)
