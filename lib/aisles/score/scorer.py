"""Scores, embeddings and assignments of products by a trained model, in Arrow batches."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray

from aisles.config import EncoderConfig
from aisles.dataset import pictures
from aisles.network import CPU, Batch, Model, Prediction, load, use
from aisles.taxonomy import Taxonomy

if TYPE_CHECKING:
    from pyspark import Broadcast
    from pyspark.sql import DataFrame

# (raw probabilities, which of the pairs a rule voted for) -> calibrated probabilities
Calibrate = Callable[[NDArray, NDArray[np.bool_]], NDArray]
VOTES = "rules"  # column array<struct<index:int,score:float>>: categories that rules voted for

SCORED = (
    "product_id string, content_hash string, votes_hash bigint, embedding array<float>,"
    " category array<int>,"
    " raw array<float>, probability array<float>, spread array<float>, assigned array<boolean>"
)


@dataclass(frozen=True)
class Packed:
    """A model's two files as bytes: what is sent to Spark's workers."""

    key: str
    files: Mapping[str, bytes]

    @staticmethod
    def read(folder: Path) -> Packed:
        """The model files of a folder; the key is their hash."""
        files = {name: (folder / name).read_bytes() for name in ("model.json", "model.pt")}
        return Packed(hashlib.sha1(b"".join(files.values())).hexdigest(), files)


class Scorer:
    """A loaded model with its tree, on a device."""

    def __init__(self, model: Model, device: torch.device = CPU) -> None:
        self.model, self.device = model, device
        use(device)
        model.network.to(device)

    @cached_property
    def taxonomy(self) -> Taxonomy:
        """The tree that the model was trained for; its order is that of the outputs."""
        outputs = self.model.outputs
        above = [outputs.ids[p] if p >= 0 else None for p in outputs.parent]
        tree = Taxonomy.build(zip(outputs.ids, above, outputs.names))
        assert tree.ids == outputs.ids, "the model's outputs are not in preorder"
        return tree

    def predict(self, batch: pa.RecordBatch, rows: int = 2048) -> Iterator[Prediction]:
        """The network's word on consecutive slices of at most `rows` encoded products.

        batch: the packed inputs of `encode` and `image` (JPEG or null).
        """
        for first in range(0, batch.num_rows, rows):
            inputs = inputs_of(batch.slice(first, rows), self.model.network.encoder)
            yield self.model.network.predict(inputs.to(self.device)).cpu()


def flat(lists: pa.ListArray) -> tuple[NDArray[np.int64], pa.Array]:
    """(row of each entry, the entries) of a column of lists."""
    filled = lists.fill_null([]) if lists.null_count else lists
    lengths = np.diff(np.asarray(filled.offsets))
    return np.repeat(np.arange(len(lists)), lengths), filled.flatten()


def vote_scores(rules: pa.ListArray, tree: Taxonomy) -> NDArray[np.float32]:
    """(n, C): precision of the best rule that voted for the category or one below it."""
    scores = np.zeros((len(rules), len(tree)), np.float32)
    row, values = flat(rules)
    np.maximum.at(
        scores, (row, np.asarray(values.field("index"))), np.asarray(values.field("score"))
    )
    return tree.coherent(scores).astype(np.float32)


def inputs_of(batch: pa.RecordBatch, encoder: EncoderConfig) -> Batch:
    """The network's inputs of encoded products."""
    images = [cell or b"" for cell in batch.column("image").to_pylist()]
    pixels, there = pictures.decode(images, encoder.image_px)
    image = np.zeros((len(images), 3, encoder.image_px, encoder.image_px), np.uint8)
    image[there] = pixels

    def fixed(name: str, width: int, kind: type) -> torch.Tensor:
        return torch.from_numpy(_fixed(batch.column(name), width, kind))

    return Batch.inputs(
        tokens=fixed("tokens", encoder.tokens, np.int32),
        bag=fixed("bag", encoder.bag, np.int32),
        categorical=fixed("categorical", encoder.categorical, np.int32),
        numerical=fixed("numerical", encoder.numerical, np.float32),
        image=torch.from_numpy(image),
        has_image=torch.from_numpy(there),
    )


def _fixed(column: pa.Array, width: int, kind: type) -> NDArray:
    data = bytearray().join(column.to_pylist())
    assert len(data) == len(column) * width * 4, "inputs of another encoder than the model's"
    return np.frombuffer(data, kind).reshape(len(column), width)


_LOADED: dict[tuple[str, torch.device], Scorer] = {}  # of this worker process; tasks come and go


def task_device() -> torch.device:
    """The GPU that Spark has given the task, else the CPU."""
    from pyspark import TaskContext

    task = TaskContext.get()
    gpus = task.resources().get("gpu") if task else None
    return torch.device("cuda", int(gpus.addresses[0])) if gpus else CPU


def opened(sent: Broadcast[Packed]) -> Scorer:
    """The scorer of a broadcast model, loaded once a process.

    On the GPU that Spark gives the task (spark.task.resource.gpu.amount), else on the CPU.
    """
    packed, device = sent.value, task_device()
    key = packed.key, device
    if key not in _LOADED:
        torch.set_num_threads(1)  # Spark runs one worker a core
        _LOADED.clear()
        with tempfile.TemporaryDirectory() as folder:
            for name, data in packed.files.items():
                Path(folder, name).write_bytes(data)
            _LOADED[key] = Scorer(load(folder), device)
    return _LOADED[key]


def score(
    sent: Broadcast[Packed],
    calibrate: Calibrate,
    threshold: NDArray[np.float64],
    floor: float,
    rows: int,
) -> Callable[[DataFrame], DataFrame]:
    """A transform whose output row is one product with its embedding and its pairs above the floor.

    Probabilities are calibrated by score and by whether a rule voted (the column `rules`, see
    VOTES), then made coherent with the tree. A pair is assigned when its
    probability reaches its category's threshold, or a descendant's does. Assigned pairs are kept
    also below the floor.
    """

    def run(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        scorer = opened(sent)
        for batch in batches:
            first = 0
            for said in scorer.predict(batch, rows):
                part = batch.slice(first, len(said.embedding))
                first += len(said.embedding)
                yield _rows(scorer.taxonomy, part, said, calibrate, threshold, floor)

    def transform(encoded: DataFrame) -> DataFrame:
        return encoded.mapInArrow(run, SCORED)

    return transform


def _rows(
    taxonomy: Taxonomy,
    batch: pa.RecordBatch,
    said: Prediction,
    calibrate: Calibrate,
    threshold: NDArray[np.float64],
    floor: float,
) -> pa.RecordBatch:
    raw = said.probabilities.numpy()
    votes = vote_scores(batch.column(VOTES), taxonomy) > 0
    probability = taxonomy.coherent(calibrate(raw, votes))
    assigned = taxonomy.close_up(probability >= threshold)
    row, category = np.nonzero((probability >= floor) | assigned)
    offsets = pa.array(np.concatenate([[0], np.cumsum(np.bincount(row, minlength=len(raw)))]))
    offsets = offsets.cast(pa.int32())

    def lists(values: NDArray, kind: pa.DataType) -> pa.ListArray:
        return pa.ListArray.from_arrays(offsets, pa.array(values, kind))

    embedding = said.embedding.numpy()
    width = np.arange(len(raw) + 1, dtype=np.int32) * embedding.shape[1]
    return pa.RecordBatch.from_arrays(
        [
            batch.column("product_id"),
            batch.column("content_hash"),
            batch.column("votes_hash"),
            pa.ListArray.from_arrays(pa.array(width), pa.array(embedding.reshape(-1))),
            lists(category, pa.int32()),
            lists(raw[row, category], pa.float32()),
            lists(probability[row, category], pa.float32()),
            lists(said.spread.numpy()[row, category], pa.float32()),
            lists(assigned[row, category], pa.bool_()),
        ],
        names=[part.split()[0] for part in SCORED.split(", ")],
    )
