"""Rule votes as a step of a Spark job."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pyarrow as pa

from aisles.batches import gathered
from aisles.rules.matcher import COLUMNS, VOTE_ARROW, RuleSet

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["VOTE_ARROW", "VOTE_SCHEMA", "votes"]

VOTE_SCHEMA = (
    "product_id string, rule_id string, rule_version int, category_id string, vote tinyint, "
    "field string, span_start int, span_end int, matched_text string, "
    "evidence array<struct<field: string, start: int, end: int, text: string>>"
)


def votes(rules: RuleSet) -> Callable[[DataFrame], DataFrame]:
    """A step from products to votes: one row per (product, rule that is true).

    The products have the columns product_id, title, description, merchant_category, brand,
    gender and price (major units); the votes those of `VOTE_SCHEMA`, see `RuleSet.match`.
    """

    def matched(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in gathered(batches):
            yield rules.match(batch)

    def step(products: DataFrame) -> DataFrame:
        return products.select(*COLUMNS).mapInArrow(matched, VOTE_SCHEMA)

    return step
