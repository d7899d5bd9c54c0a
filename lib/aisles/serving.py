"""The registered model as MLflow loads it: product columns in, probable categories out.

MLflow keeps this file with the model (models from code), so nothing is ever unpickled.
"""

from __future__ import annotations

from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pyarrow as pa
from mlflow.pyfunc import PythonModel, PythonModelContext

from aisles.encode import COLUMNS, encode_batch
from aisles.network import load
from aisles.score import Scorer

FLOOR = 0.05  # pairs below this probability are left out unless `floor` is given


class Categories(PythonModel):
    """One output row is one probable category of one input row."""

    def load_context(self, context: PythonModelContext) -> None:
        """Reads the two files of the model."""
        self.scorer = Scorer(load(context.artifacts["model"]))

    def predict(
        self,
        context: PythonModelContext,  # noqa: ARG002
        model_input: pd.DataFrame,
        params: dict[str, Any] | None = None,
    ) -> pd.DataFrame:
        """row (place in the input), category_id, probability; raw and coherent with the tree.

        model_input: any of the columns of `products` that the encoder reads, and `image` (JPEG).
        params: {"floor": lowest probability that is returned}.
        """
        floor = float((params or {}).get("floor", FLOOR))
        batch = _as_products(model_input)
        encoded = encode_batch(batch, self.scorer.model.network.encoder)
        columns = [*encoded.columns, batch.column("image")]
        inputs = pa.RecordBatch.from_arrays(columns, names=[*encoded.schema.names, "image"])
        said = [part.probabilities.numpy() for part in self.scorer.predict(inputs)]
        probability = self.scorer.taxonomy.coherent(np.concatenate(said))
        row, category = np.nonzero(probability >= floor)
        ids = np.array(self.scorer.taxonomy.ids, dtype=object)
        return pd.DataFrame(
            {"row": row, "category_id": ids[category], "probability": probability[row, category]}
        )


def _as_products(frame: pd.DataFrame) -> pa.RecordBatch:
    kinds = {"price_minor": pa.int64(), "old_price_minor": pa.int64(), "image": pa.binary()}
    arrays = {}
    for name in (*COLUMNS, "image"):
        kind = kinds.get(name, pa.string())
        if name in frame:
            arrays[name] = pa.array(frame[name], kind, from_pandas=True)
        else:
            arrays[name] = pa.nulls(len(frame), kind)
    return pa.RecordBatch.from_arrays(list(arrays.values()), names=list(arrays))


# The last word of a model from code names the model.
mlflow.models.set_model(Categories())
