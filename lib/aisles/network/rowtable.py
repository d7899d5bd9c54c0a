"""Embedding tables of which a training step touches only a few rows."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class RowTable(nn.Module):
    """Embeddings (rows, width) by id; id 0 stands for nothing and is always the zero vector.

    A dense gradient of the whole table would be summed over the ranks and stepped through at every
    batch. Instead `pick` copies the rows that the global batch touches into one small tensor, which
    takes the gradient: (picked, width), in the same order on every rank.
    """

    place: Tensor

    def __init__(self, rows: int, width: int) -> None:
        super().__init__()
        weight = torch.randn(rows, width) / width**0.5
        weight[0] = 0
        self.weight = nn.Parameter(weight, requires_grad=False)
        self.register_buffer("place", torch.zeros(rows, dtype=torch.int64), persistent=False)
        self.rows: Tensor | None = None
        self.picked: Tensor | None = None

    def pick(self, touched: Tensor) -> None:
        """From now on look up in a copy of the touched rows (bool (rows,)) that has a gradient."""
        touched[0] = True
        self.rows = touched.nonzero().squeeze(1)
        self.place[self.rows] = torch.arange(len(self.rows), device=touched.device)
        self.picked = self.weight[self.rows].requires_grad_()

    def unpick(self) -> None:
        """From now on look up in the whole table."""
        self.rows = self.picked = None

    def forward(self, ids: Tensor) -> Tensor:
        """Embeddings float32 (..., width) of ids (...)."""
        if self.picked is None:
            return functional.embedding(ids, self.weight)
        return functional.embedding(self._places(ids), self.picked, padding_idx=0)

    def sums(self, ids: Tensor, count: Tensor) -> Tensor:
        """Sum of the embeddings float32 (b, width) of each row of ids (b, k), 0 left out.

        count: int64 (b,), the ids of each row that are not 0.
        """
        # Only the ids that are there: most rows fill a small part of their places.
        offsets = torch.cumsum(count, 0) - count
        flat = ids[ids != 0]
        table = self.weight if self.picked is None else self.picked
        places = flat.long() if self.picked is None else self._places(flat)
        return functional.embedding_bag(places, table, offsets, mode="sum")

    def _places(self, ids: Tensor) -> Tensor:
        return self.place.index_select(0, ids.reshape(-1).long()).view(ids.shape)
