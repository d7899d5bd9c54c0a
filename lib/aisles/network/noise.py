"""Randomness of a training step that does not depend on the number of ranks."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from aisles.network.device import CPU

_LEVELS = 1 << 16  # a chance is rounded to 1 / _LEVELS


@dataclass(frozen=True)
class Noise:
    """The masks of one step: drawn for the global batch, cut to the rows of one rank.

    rows: the rank's rows of the global batch. total: rows of the global batch. device: of the
    masks; they are drawn on the CPU, so that they are the same on any device.
    """

    seed: int
    epoch: int
    step: int
    rows: slice
    total: int
    device: torch.device = CPU

    def chance(self, name: str, width: int, probability: float) -> Tensor:
        """bool (b, width), true with the probability; the same for the same name."""
        key = (self.seed, self.epoch, self.step, zlib.crc32(name.encode()))
        random = np.random.Generator(np.random.SFC64(np.random.SeedSequence(key)))
        # Raw bytes: several times faster than uniform floats, and this is done on every rank.
        drawn = np.frombuffer(random.bytes(2 * self.total * width), np.uint16)
        mine = drawn.reshape(self.total, width)[self.rows]
        return torch.from_numpy(mine < round(probability * _LEVELS)).to(self.device)

    def dropout(self, name: str, values: Tensor, rate: float) -> Tensor:
        """Values (b, width) with a share of `rate` set to 0 and the others scaled up."""
        if rate <= 0:
            return values
        kept = self.chance(name, values.shape[1], 1 - rate)
        return values * (kept.to(values.dtype) / (1 - rate))
