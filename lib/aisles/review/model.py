"""The model's word on a pair, with the rules' votes and without them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from aisles.calibrate.calibration import Evidence
from aisles.labels.targets import KEYS
from aisles.labels.tree import closed_up


@dataclass(frozen=True)
class ModelRules:
    """How one model version decides: each category's threshold, and the calibration."""

    version: str
    threshold: Mapping[str, float]
    calibration: Evidence

    @staticmethod
    def of(version: str, rows: list[Row]) -> ModelRules:
        """Of the rows of `thresholds` of that version."""
        if not rows:
            raise ValueError(
                f"scores are of model version {version}, which has no row in thresholds; run the "
                "stages evaluate and score"
            )
        threshold = {row["category_id"]: row["threshold"] for row in rows}
        return ModelRules(
            version, threshold, Evidence.from_json([row["calibration"] for row in rows])
        )


def model_word(scores: DataFrame, rules: ModelRules, containing: DataFrame) -> DataFrame:
    """One row is one scored pair: product_id, category_id, assigned, alone.

    assigned: as stored; a vote takes part in it, as evidence in the calibration. alone: the network
    would assign the pair had no rule voted for anything, which is what is left of a category whose
    rules retire.
    """
    alone = closed_up(_without_votes(scores, rules), containing).select(*KEYS).distinct()
    return (
        scores.select(*KEYS, "assigned")
        .join(alone.withColumn("alone", F.lit(True)), KEYS, how="left")
        .select(*KEYS, "assigned", F.coalesce("alone", F.lit(False)).alias("alone"))
    )


def _without_votes(scores: DataFrame, rules: ModelRules) -> DataFrame:
    """One row is one pair that reaches its own threshold by the map for pairs without a vote."""
    ids = pa.array(list(rules.threshold), pa.string())
    threshold = np.append(np.fromiter(rules.threshold.values(), np.float64), np.inf)

    def run(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import pyarrow.compute as pc

        for batch in batches:
            place = np.asarray(pc.fill_null(pc.index_in(batch.column("category_id"), ids), -1))
            raw = np.asarray(batch.column("raw_probability"), np.float64)
            reached = rules.calibration.alone(raw, place) >= threshold[place]
            yield batch.select(KEYS).filter(pa.array(reached))

    return scores.select(*KEYS, "raw_probability").mapInArrow(
        run, "product_id string, category_id string"
    )
