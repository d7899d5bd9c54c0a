"""Batches of a pinned split: for one rank of a training, or in file order."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray

from aisles.config import EncoderConfig, TrainConfig
from aisles.dataset.lanes import Kept, Reading, Source, Streamed, rechunk
from aisles.dataset.pinned import Pinned
from aisles.dataset.planning import Plan, plan, rank_lanes
from aisles.dataset.rows import Rows, targets
from aisles.network.batch import Batch


@dataclass
class Loader:
    """One rank's part of every global batch of a split.

    prior, unknown_weight: float32 (C,). shuffle: False keeps the files' order within each lane, for
    measuring. ids: read the product ids as well (slower).
    """

    pinned: Pinned
    train: TrainConfig
    encoder: EncoderConfig
    prior: NDArray[np.float32]
    unknown_weight: NDArray[np.float32]
    rank: int = 0
    ranks: int = 1
    shuffle: bool = True
    ids: bool = False
    plan: Plan = field(init=False)
    _reading: Reading = field(init=False)

    def __post_init__(self) -> None:
        self.plan = plan(self.pinned, self.train, self.encoder)
        lanes = rank_lanes(self.rank, self.ranks, self.plan.lanes)
        source = Source(self.pinned, self.plan, self.encoder, self.train.importance_clip, self.ids)
        seed = self.train.seed
        window = self.train.shuffle_rows // self.plan.lanes
        self._reading = (
            Kept(source, lanes, seed, self.shuffle)
            if self.plan.in_memory
            else Streamed(source, lanes, seed, self.shuffle, window)
        )

    @property
    def steps(self) -> int:
        """Batches an epoch, the same on every rank."""
        return self.plan.steps

    def epoch(self, epoch: int, start: int = 0) -> Iterator[Batch]:
        """The rank's slice of every global batch from step `start` on: batch_size / ranks rows
        each, missing ones padded with rows of weight 0."""
        lanes = self._reading.epoch(epoch, start)
        for _ in range(start, self.steps):
            yield self._batch([next(lane, None) for lane in lanes])
        for lane in lanes:
            left = next(lane, None)
            assert left is None, "a lane gave more rows than the footers say"

    def _batch(self, portions: list[Rows | None]) -> Batch:
        size = self.plan.per_lane
        parts: list[Rows] = []
        real = np.zeros((len(portions), size), np.float32)
        for lane, portion in enumerate(portions):
            rows = portion or Rows.blank(0, self.encoder, self.ids)
            parts += [rows, Rows.blank(size - len(rows), self.encoder, self.ids)]
            real[lane, : len(rows)] = 1
        return batch_of(Rows.concat(parts), self.prior, self.unknown_weight, real.reshape(-1))


def on_device(batches: Iterator[Batch], device: torch.device) -> Iterator[Batch]:
    """The batches on the device; while a GPU works on one the next is made by another thread."""
    if device.type == "cpu":
        yield from (batch.to(device) for batch in batches)
        return
    with ThreadPoolExecutor(1, "aisles-batches") as pool:
        coming = pool.submit(next, batches, None)
        while (batch := coming.result()) is not None:
            coming = pool.submit(next, batches, None)
            yield batch.to(device)


def in_order(
    pinned: Pinned,
    encoder: EncoderConfig,
    prior: NDArray[np.float32],
    unknown_weight: NDArray[np.float32],
    rows: int = 1024,
    clip: float = TrainConfig.importance_clip,
) -> Iterator[Batch]:
    """Batches of up to `rows` rows with their product ids: the whole split once, in file order."""
    whole = Plan(pinned.rows, (pinned.rows,), rows, by_row=False, in_memory=False)
    source = Source(pinned, whole, encoder, clip, ids=True)
    for block in rechunk(source.blocks(None, None), rows):
        yield batch_of(block, prior, unknown_weight, np.ones(len(block), np.float32))


def batch_of(
    rows: Rows,
    prior: NDArray[np.float32],
    unknown_weight: NDArray[np.float32],
    real: NDArray[np.float32],
) -> Batch:
    """The tensors of rows; real: float32 (n,), 0 for padding, whose targets weigh nothing."""
    target, weight = targets(rows, prior, unknown_weight)
    weight *= real[:, None]
    image = np.zeros((len(rows), *rows.image.shape[1:]), np.uint8)
    image[rows.has_image] = rows.image
    return Batch(
        tokens=torch.from_numpy(rows.tokens),
        bag=torch.from_numpy(rows.bag),
        categorical=torch.from_numpy(rows.categorical),
        numerical=torch.from_numpy(rows.numerical),
        image=torch.from_numpy(image),
        has_image=torch.from_numpy(rows.has_image),
        target=torch.from_numpy(target),
        weight=torch.from_numpy(weight),
        row_weight=torch.from_numpy(real),
        product_ids=None if rows.ids is None else tuple(rows.ids),
    )
