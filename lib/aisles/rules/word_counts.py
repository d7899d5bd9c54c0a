"""The words of a condition among those of the products, counted by Spark."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from aisles.rules.findings import Entry, predicates
from aisles.rules.words import Seen, fields_of, seen_words, words_in

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

MOST_NEAR = 100_000
"""Words that begin like one of the condition's and are looked through for what was meant."""
_SCHEMA = "field string, word string, times long"


def counted(products: DataFrame, entry: Entry) -> Seen:
    """Of the products' words those that the condition asks for or that begin like one of them.

    Of the latter the most frequent ones. The products have the text fields of rules.
    """
    from pyspark.sql import functions as F

    asked = sorted(words_in(entry))
    fields = sorted({field for _, node in predicates(entry.node) for field in fields_of(node)})
    if not asked or not fields:
        return Seen({})
    letters = {word[0] for word in asked}

    def run(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for field, counts in seen_words(batches, [entry]).counts.items():
            first = pc.utf8_slice_codeunits(counts.column("values"), 0, 1)
            near = counts.filter(pc.is_in(first, value_set=pa.array(sorted(letters))))
            for batch in near.to_batches():
                names = pa.repeat(pa.scalar(field), len(batch))
                yield pa.record_batch([names, *batch.columns], names=["field", "word", "times"])

    rows = (
        products.select(*fields)
        .mapInArrow(run, _SCHEMA)
        .groupBy("field", "word")
        .agg(F.sum("times").alias("times"))
        .orderBy(F.col("word").isin(asked).desc(), F.desc("times"), "word")
        .limit(MOST_NEAR)
        .toArrow()
    )
    return Seen({field: _of(rows, field) for field in fields})


def _of(rows: pa.Table, field: str) -> pa.Table:
    own = rows.filter(pc.equal(rows.column("field"), field))
    return own.select(["word", "times"]).rename_columns(["values", "counts"])
