"""Labels ranked by how probably they are wrong, in Spark; the estimates are those of `suspects`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from aisles.select.implied import with_implied
from aisles.select.sums import summed
from aisles.select.suspects import (
    YES,
    Labels,
    Thresholds,
    expected_errors,
    joint_sums,
    margin,
    objected,
    self_confidence,
    threshold_sums,
    thresholds,
)

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_KEY = ("product_id", "category_id")
_ADDED = "says string, self_confidence double, usual double, margin double, objected boolean"


def suspects(
    labels: DataFrame, scores: DataFrame, containing: DataFrame, category_ids: Sequence[str]
) -> tuple[DataFrame, dict[str, float]]:
    """One row is one direct label with how suspicious it is; beside it figures of all labels.

    labels: product_id, category_id, target (0 to 1), direct (false: it follows from another one)
    and more columns, which stay. scores: product_id, category_id, probability (of a model that has
    not seen the label), spread. containing: category_id, above (see labels.tree). Added: says
    (yes, no), self_confidence, usual (the category's mean self-confidence of such labels), margin
    (lower: more suspicious), and flagged: it is among so many of the lowest margins of its
    category and side as are estimated to be wrong, and the model objects; and what `with_implied`
    adds. What reaches the driver is a few numbers a category.
    """
    from pyspark.sql import functions as F

    live = pa.array(sorted(set(category_ids)), pa.string())
    scored = labels.join(scores, list(_KEY), how="inner").filter(
        F.col("category_id").isin(live.to_pylist())
    )
    sums = _summed(scored, live, threshold_sums, (2, len(live), 2))
    limits = thresholds(sums)
    joint = _summed(scored, live, lambda some: joint_sums(some, limits), (len(live), 2, 2))
    errors = expected_errors(sums[0], joint)
    flagged = _flagged(_measured(scored, live, limits), live, errors)
    return with_implied(flagged, containing), {
        "claims": float(sums[0].sum()),
        "expected_wrong_yes": float(errors[:, 1].sum()),
        "expected_wrong_no": float(errors[:, 0].sum()),
    }


def labels_in(batch: pa.RecordBatch, live: pa.Array) -> Labels:
    """The labels of a batch; all its categories are live."""
    place = pc.index_in(batch.column("category_id"), value_set=live)
    numbers = (batch.column(name).cast(pa.float64()) for name in ("target", "probability"))
    target, probability = (column.to_numpy(zero_copy_only=False) for column in numbers)
    return Labels(np.asarray(place).astype(np.int64), target, probability, len(live))


def _summed(
    scored: DataFrame,
    live: pa.Array,
    count: Callable[[Labels], NDArray[np.float64]],
    shape: tuple[int, ...],
) -> NDArray[np.float64]:
    """The sum of `count` over all labels."""
    few = scored.select("category_id", "target", "probability")
    return summed(few, lambda batch: count(labels_in(batch, live)), shape)


def _measured(scored: DataFrame, live: pa.Array, limits: Thresholds) -> DataFrame:
    """The labels with the columns of _ADDED."""

    def run(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            some = labels_in(batch, live)
            margins = margin(some, limits)
            added = [
                np.where(some.side == YES, "yes", "no"),
                self_confidence(some),
                limits.of[some.category, some.side],
                margins,
                objected(some, margins),
            ]
            names = [part.split()[0] for part in _ADDED.split(", ")]
            columns = [*batch.columns, *map(pa.array, added)]
            yield pa.RecordBatch.from_arrays(columns, names=[*batch.schema.names, *names])

    kinds = {part.split()[0]: part.split()[1] for part in _ADDED.split(", ")}
    schema = scored.limit(0).schema
    for name, kind in kinds.items():
        schema = schema.add(name, kind)
    return scored.mapInArrow(run, schema)


def _flagged(measured: DataFrame, live: pa.Array, errors: NDArray[np.float64]) -> DataFrame:
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    rows = [
        (category, says, round(float(errors[place, side])))
        for place, category in enumerate(live.to_pylist())
        for side, says in enumerate(("no", "yes"))
    ]
    counts = measured.sparkSession.createDataFrame(
        rows, "category_id string, says string, expected long"
    )
    order = Window.partitionBy("category_id", "says").orderBy("margin", "product_id")
    few = F.row_number().over(order) <= F.col("expected")
    return (
        measured.join(F.broadcast(counts), ["category_id", "says"], how="inner")
        .withColumn("flagged", few & F.col("objected"))
        .drop("expected", "objected")
    )
