"""Answers of people, read from their two forms into rows of `human_labels`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from aisles.taxonomy import Taxonomy

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

PAIRS = ("product_id", "category_id", "answer")
SETS = ("network", "retailer", "merchant_product_id", "category_ids", "complete")
OPTIONAL = {
    "annotator": "string",
    "at": "timestamp",
    "reason": "string",
    "round": "int",
    "strategy": "string",
    "propensity": "double",
    "model_version": "string",
}
_KEEP = ["answer_id", "product_id", *OPTIONAL]


def read_answers(spark: SparkSession, path: str, tree: Taxonomy) -> DataFrame:
    """One row is one answer on one (product, category), ready for `human_labels`.

    Columns: answer_id, product_id, category_id, answer (+1, -1), complete and the optional ones.
    answer_id is a hash of the answer's content, so that reading a file again finds the same.
    Raises ValueError when the columns fit neither form or a value cannot be read.
    """
    from pyspark.sql import functions as F

    raw = spark.read.csv(path, header=True, quote='"', escape='"', multiLine=True)
    blank = F.lit("")
    raw = raw.select(
        [F.nullif(F.trim(F.col(f"`{name}`")), blank).alias(name) for name in raw.columns]
    )
    have = set(raw.columns)
    pairs = set(PAIRS) <= have
    if not pairs and not set(SETS) <= have:
        raise ValueError(
            f"{path}: expected the columns {','.join(PAIRS)} or {','.join(SETS)}; "
            f"came {','.join(raw.columns)}"
        )
    if not pairs:
        joined = F.concat_ws("/", "network", "retailer", "merchant_product_id")
        raw = raw.withColumn("product_id", joined)
    _check(raw, path)
    content = [F.coalesce(F.col(f"`{name}`"), F.lit("")) for name in sorted(have)]
    base = raw.withColumn("answer_id", F.sha1(F.concat_ws("\u001f", *content)))
    for name, kind in OPTIONAL.items():
        value = F.col(name) if name in have else F.lit(None)
        base = base.withColumn(name, value.cast("string").try_cast(kind))
    if pairs:
        return base.select(
            *_KEEP,
            "category_id",
            F.when(F.col("answer").isin("1", "true"), 1)
            .otherwise(-1)
            .cast("tinyint")
            .alias("answer"),
            F.lit(False).alias("complete"),
        )
    sets = base.withColumn("complete", F.col("complete").isin("1", "true"))
    return expand_sets(sets.select(*_KEEP, "category_ids", "complete"), tree)


def _check(raw: DataFrame, path: str) -> None:
    """ValueError with the first value that cannot be read; only an answer may not be blank."""
    from pyspark.sql import functions as F

    truth = ("0", "1", "true", "false")
    share = F.col("propensity").try_cast("double")
    readable = {
        "answer": (F.coalesce(F.col("answer").isin(*truth), F.lit(False)), "1 or 0"),
        "complete": (F.col("complete").isin(*truth), "1 or 0"),
        "at": (F.col("at").try_cast("timestamp").isNotNull(), "a timestamp"),
        "round": (F.col("round").try_cast("int").isNotNull(), "a whole number"),
        "propensity": (
            F.coalesce((share > 0) & (share <= 1), F.lit(False)),
            "a number above 0 and at most 1",
        ),
    }
    given = [name for name in readable if name in raw.columns]
    wrong = [
        F.when(
            ~readable[name][0] & (F.col(name).isNotNull() | F.lit(name == "answer")),
            F.struct(F.lit(name).alias("name"), F.col(name).alias("value"), "product_id"),
        )
        for name in given
    ]
    found = raw.select(F.coalesce(*wrong).alias("wrong")).filter("wrong IS NOT NULL").first()
    if found is not None:
        name, value, product = found["wrong"]
        raise ValueError(f"{path}: {name} of {product} is {value!r}; expected {readable[name][1]}")


def expand_sets(sets: DataFrame, tree: Taxonomy) -> DataFrame:
    """One row is one category that a set answers: yes for the named, no for the highest others."""
    from pyspark.sql.types import BooleanType, ByteType, StringType, StructField, StructType

    kept = [field for field in sets.schema.fields if field.name not in ("category_ids", "complete")]
    schema = StructType(
        [
            *kept,
            StructField("category_id", StringType()),
            StructField("answer", ByteType()),
            StructField("complete", BooleanType()),
        ]
    )

    def expand(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            if batch.num_rows:
                yield expand_batch(batch, tree)

    return sets.mapInArrow(expand, schema)


def expand_batch(batch: pa.RecordBatch, tree: Taxonomy) -> pa.RecordBatch:
    """The rows that the sets of one batch stand for.

    A complete set is a yes for each named category and a no for the highest categories off the
    paths to them. Where a set names a category that the tree lacks it cannot be complete.
    """
    named, known = _named(batch.column("category_ids"), tree)
    complete = np.asarray(batch.column("complete").fill_null(False)) & known
    closed = tree.close_up(named)
    under = np.ones_like(closed)
    inner = tree.parent >= 0
    under[:, inner] = closed[:, tree.parent[inner]]
    refused = ~closed & under & complete[:, None]
    row, place = np.nonzero(named | refused)
    taken = batch.drop_columns(["category_ids", "complete"]).take(pa.array(row))
    return pa.RecordBatch.from_arrays(
        [
            *taken.columns,
            pa.array(np.array(tree.ids, dtype=object)[place], pa.string()),
            pa.array(np.where(named[row, place], 1, -1).astype(np.int8)),
            pa.array(complete[row]),
        ],
        names=[*taken.schema.names, "category_id", "answer", "complete"],
    )


def _named(lists: pa.Array, tree: Taxonomy) -> tuple[np.ndarray, np.ndarray]:
    """Membership (rows, C) of the named categories, and whether the tree has all of them."""
    import pyarrow.compute as pc

    parts = pc.split_pattern(lists.fill_null(""), ";")
    row = np.repeat(np.arange(len(lists)), np.diff(np.asarray(parts.offsets)))
    words = pc.utf8_trim_whitespace(parts.flatten())
    place = pc.index_in(words, pa.array(tree.ids, pa.string())).fill_null(-1)
    places, blank = np.asarray(place), np.asarray(pc.equal(words, ""))
    member = np.zeros((len(lists), len(tree)), dtype=bool)
    found = places >= 0
    member[row[found], places[found]] = True
    known = np.ones(len(lists), dtype=bool)
    known[row[~found & ~blank]] = False
    return member, known
