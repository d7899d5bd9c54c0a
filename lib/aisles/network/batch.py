"""What the network is given."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True)
class Batch:
    """b examples as tensors.

    tokens: int32 (b, T), word hashes in order, 0 is padding. bag: int32 (b, G), word hashes without
    order, 0 is padding. categorical: int32 (b, F), 0 is missing. numerical: float32 (b, N), 0 when
    missing. image: uint8 (b, 3, px, px). has_image: bool (b,). target, weight: float32 (b, C), or
    (b, 0) where nothing is learned from them. row_weight: float32 (b,), 0 for padding, else 1.
    product_ids: one a row ("" for padding), or None where they were not read.
    """

    tokens: Tensor
    bag: Tensor
    categorical: Tensor
    numerical: Tensor
    image: Tensor
    has_image: Tensor
    target: Tensor
    weight: Tensor
    row_weight: Tensor
    product_ids: tuple[str, ...] | None = None

    def __len__(self) -> int:
        return len(self.row_weight)

    def to(self, device: torch.device) -> Batch:
        """The batch with its tensors on the device."""
        if self.row_weight.device == device:
            return self
        named = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        moved: dict[str, Any] = {k: v.to(device) for k, v in named.items() if isinstance(v, Tensor)}
        return dataclasses.replace(self, **moved)

    @staticmethod
    def inputs(
        tokens: Tensor,
        bag: Tensor,
        categorical: Tensor,
        numerical: Tensor,
        image: Tensor,
        has_image: Tensor,
        product_ids: tuple[str, ...] | None = None,
    ) -> Batch:
        """A batch to predict from, without targets."""
        rows = len(tokens)
        nothing = torch.zeros(rows, 0)
        return Batch(
            tokens,
            bag,
            categorical,
            numerical,
            image,
            has_image,
            target=nothing,
            weight=nothing,
            row_weight=torch.ones(rows),
            product_ids=product_ids,
        )
