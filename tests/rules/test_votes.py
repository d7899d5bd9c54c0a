"""Rule votes as a Spark step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aisles.rules.load import Rule
from aisles.rules.matcher import RuleSet
from aisles.rules.votes import VOTE_ARROW, VOTE_SCHEMA, votes

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def test_products_become_votes(spark: SparkSession) -> None:
    products = spark.createDataFrame(
        [
            ("p1", "Straße Mug", None, None, "b", None, 4.5),
            ("p2", "cup", None, None, None, None, 9.0),
        ],
        "product_id string, title string, description string, merchant_category string, "
        "brand string, gender string, price double",
    ).selectExpr("*", "1 AS further")
    rules = RuleSet.compile(
        [Rule("R1", "c1", 'title contains "mug"'), Rule("R2", "c2", "price > 5", effect="is_not")]
    )
    frame = products.transform(votes(rules))
    rows = {row.rule_id: row for row in frame.collect()}
    assert frame.columns == VOTE_ARROW.names
    assert frame.schema == spark.createDataFrame([], VOTE_SCHEMA).schema
    assert (rows["R1"].product_id, rows["R1"].span_start, rows["R1"].span_end) == ("p1", 7, 10)
    assert rows["R1"].evidence[0].asDict() == {
        "field": "title",
        "start": 7,
        "end": 10,
        "text": "Mug",
    }
    assert (rows["R2"].product_id, rows["R2"].vote, rows["R2"].evidence) == ("p2", -1, [])
