"""Rule votes as a step of a Spark job."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pyarrow as pa

from aisles.rules.matcher import COLUMNS, ROWS, VOTE_ARROW, RuleSet

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
        for batch in _gathered(batches):
            yield rules.match(batch)

    def step(products: DataFrame) -> DataFrame:
        return products.select(*COLUMNS).mapInArrow(matched, VOTE_SCHEMA)

    return step


def _gathered(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The batches, those of Spark joined to the size that matching is fastest with."""
    held: list[pa.RecordBatch] = []
    for batch in batches:
        if held and sum(b.num_rows for b in held) + batch.num_rows > ROWS:
            yield pa.concat_batches(held)
            held = []
        held.append(batch)
    if held:
        yield pa.concat_batches(held)
