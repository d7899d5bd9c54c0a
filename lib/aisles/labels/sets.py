"""Sets of categories that a person gave for a product, as a yes or a no on single categories."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from aisles.taxonomy import Taxonomy

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


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
    named, unknown = named_in(batch.column("category_ids"), tree)
    known = ~np.asarray(pc.is_valid(unknown))
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


def named_in(lists: pa.Array, tree: Taxonomy) -> tuple[NDArray[np.bool_], pa.Array]:
    """Membership (rows, C) of the named categories, and the words that are none, else null.

    lists: texts joined by semicolons. A category is named by its id, by the names on its path or
    by the ids on its path, both joined by ` > `.
    """
    parts = pc.split_pattern(lists.fill_null(""), ";")
    row = np.repeat(np.arange(len(lists)), np.diff(np.asarray(parts.offsets)))
    words = pc.utf8_trim_whitespace(parts.flatten())
    places = np.asarray(_places(words, tree))
    blank = np.asarray(pc.equal(words, ""))
    member = np.zeros((len(lists), len(tree)), dtype=bool)
    found = places >= 0
    member[row[found], places[found]] = True
    strange = pa.array(~found & ~blank)
    # The unknown words of each list, by the lists' lengths without the known ones.
    counts = np.bincount(row[~found & ~blank], minlength=len(lists))
    offsets = pa.array(np.concatenate([[0], np.cumsum(counts)]), pa.int32())
    left = pa.ListArray.from_arrays(offsets, words.filter(strange))
    joined = pc.binary_join(left, "; ")
    return member, pc.if_else(pa.array(counts > 0), joined, pa.scalar(None, pa.string()))


def _places(words: pa.Array, tree: Taxonomy) -> pa.Array:
    """Place of the category that each word names, -1 for none."""
    spellings = (tree.ids, tree.paths, _id_paths(tree))
    found = [pc.index_in(words, pa.array(spelling, pa.string())) for spelling in spellings]
    return pc.coalesce(*found, pa.scalar(-1, pa.int32()))


def _id_paths(tree: Taxonomy) -> list[str]:
    paths: list[str] = []
    for category, parent in zip(tree.ids, tree.parent):
        paths.append(category if parent < 0 else f"{paths[parent]} > {category}")
    return paths
