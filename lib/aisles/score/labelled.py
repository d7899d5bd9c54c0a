"""What a model says of single labelled pairs, such as those of the fold that it has not seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from aisles.score.scorer import Packed, Scorer, flat, opened

if TYPE_CHECKING:
    from pyspark import Broadcast
    from pyspark.sql import DataFrame

ENTRIES = "entries"  # column array<int>: outputs of which a product has a label
SAID = "product_id string, output_index int, probability double, spread double"


def score_labelled(sent: Broadcast[Packed]) -> Callable[[DataFrame], DataFrame]:
    """A transform whose output row is one labelled pair with the model's probability of it.

    The frame has product_id, the model's inputs as in `examples`, and ENTRIES. The probabilities
    are the network's own, made coherent with the tree.
    """

    def run(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        scorer = opened(sent)
        return (said for batch in batches for said in of_batch(scorer, batch))

    def transform(frame: DataFrame) -> DataFrame:
        return frame.mapInArrow(run, SAID)

    return transform


def of_batch(scorer: Scorer, batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """The labelled pairs of one batch (see SAID)."""
    first = 0
    for said in scorer.predict(batch):
        part = batch.slice(first, len(said.embedding))
        first += part.num_rows
        row, entries = flat(part.column(ENTRIES))
        place = np.asarray(entries)
        probability = scorer.taxonomy.coherent(said.probabilities.numpy())
        columns = [
            part.column("product_id").take(pa.array(row)),
            pa.array(place, pa.int32()),
            pa.array(probability[row, place], pa.float64()),
            pa.array(said.spread.numpy()[row, place], pa.float64()),
        ]
        names = [field.split()[0] for field in SAID.split(", ")]
        yield pa.RecordBatch.from_arrays(columns, names=names)
