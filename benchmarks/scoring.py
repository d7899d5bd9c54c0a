"""Scoring from Arrow batches to sparse rows against a bare torch loop over ready tensors.

Prints the throughput of `score` relative to nothing but the network's forward pass on inputs that
are decoded already, both in this process and with the same threads, alternating.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import torch

from aisles.config import EncoderConfig, NetworkConfig
from aisles.network import Model, Network, Outputs, save
from aisles.score import Packed, inputs_of, opened
from aisles.score.scorer import _rows
from aisles.taxonomy import Taxonomy


def made_inputs(rows: int, encoder: EncoderConfig, seed: int) -> pa.RecordBatch:
    """Random packed inputs, half of the words padding, without pictures."""
    draw = np.random.default_rng(seed)

    def packed(values: np.ndarray) -> pa.Array:
        return pa.array([row.tobytes() for row in values], pa.binary())

    words = draw.integers(1, encoder.vocabulary, (rows, encoder.tokens), np.int32)
    bag = draw.integers(1, encoder.vocabulary, (rows, encoder.bag), np.int32)
    words[:, encoder.tokens // 2 :], bag[:, encoder.bag // 2 :] = 0, 0
    values = draw.integers(0, encoder.buckets, (rows, encoder.categorical), np.int32)
    numbers = draw.normal(size=(rows, encoder.numerical)).astype(np.float32)
    votes = pa.list_(pa.struct([("index", pa.int32()), ("score", pa.float32())]))
    ids = pa.array([f"n/r/{i}" for i in range(rows)])
    return pa.RecordBatch.from_arrays(
        [ids, ids, pa.array(np.zeros(rows, np.int64)), packed(words), packed(bag),
         packed(values), packed(numbers), pa.array([b""] * rows, pa.binary()),
         pa.nulls(rows, votes)],
        names=["product_id", "content_hash", "votes_hash", "tokens", "bag", "categorical",
               "numerical", "image", "rules"],
    )  # fmt: skip


class _Sent:
    """Stands in for a broadcast variable: the worker's side of it."""

    def __init__(self, value: Packed) -> None:
        self.value = value


def uncalibrated(probability: np.ndarray, votes: np.ndarray) -> np.ndarray:  # noqa: ARG001
    """Stands in for a calibration."""
    return probability.copy()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=8192)
    parser.add_argument("--categories", type=int, default=850)
    parser.add_argument("--repeat", type=int, default=5)
    given = parser.parse_args()
    torch.set_num_threads(1)
    encoder = EncoderConfig()
    tree = Taxonomy.build(
        (str(i), str((i - 1) // 6) if i else None, f"c{i}") for i in range(given.categories)
    )
    prior = np.full(len(tree), 0.01, np.float32)
    outputs = Outputs.of(tree, prior, prior)
    network = Network(encoder, NetworkConfig(), torch.from_numpy(prior)).eval()
    batch = made_inputs(given.rows, encoder, 1)
    with tempfile.TemporaryDirectory() as folder:
        save(folder, Model(network, outputs, {}))
        scorer = opened(_Sent(Packed.read(Path(folder))))  # type: ignore[arg-type]
    threshold = np.full(len(tree), 0.5)
    ready = [inputs_of(batch.slice(first, 2048), encoder) for first in range(0, given.rows, 2048)]

    def ours() -> None:
        first = 0
        for said in scorer.predict(batch, 2048):
            part = batch.slice(first, len(said.embedding))
            first += part.num_rows
            _rows(scorer.taxonomy, part, said, uncalibrated, threshold, 0.05)

    def bare() -> None:
        with torch.inference_mode():
            for inputs in ready:
                scorer.model.network(inputs).logits.sigmoid()

    def seconds(work: Callable[[], None]) -> float:
        begun = time.perf_counter()
        work()
        return time.perf_counter() - begun

    ours(), bare()
    pairs = [(seconds(bare), seconds(ours)) for _ in range(given.repeat)]
    ratios = [reference / own for reference, own in pairs]
    print(
        f"{given.rows} rows, {given.categories} categories, 1 thread, {given.repeat} repetitions\n"
        f"throughput of scoring / bare torch loop: median {statistics.median(ratios):.2f}, "
        f"range {min(ratios):.2f} to {max(ratios):.2f}"
    )


if __name__ == "__main__":
    main()
