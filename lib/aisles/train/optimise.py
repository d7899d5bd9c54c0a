"""AdamW whose step is the same for any number of ranks."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from aisles.config import TrainConfig
from aisles.network import Network, RowTable
from aisles.train.ranks import Ranks

_BETAS = (0.9, 0.999)
_EPSILON = 1e-8


def rate_at(step: int, steps: int, train: TrainConfig) -> float:
    """The learning rate of a step (from 0) of all steps: a linear rise, then half a cosine."""
    rise = max(1, round(train.warmup * steps))
    if step < rise:
        return train.learning_rate * (step + 1) / rise
    done = (step - rise) / max(1, steps - rise)
    return train.learning_rate * 0.5 * (1 + math.cos(math.pi * done))


class _RowAdam:
    """Adam for the rows of a table that a step touches; other rows and their moments rest.

    No weight decay: it would have to visit every row at every step.
    """

    def __init__(self, table: RowTable) -> None:
        self.table = table
        self.first = torch.zeros_like(table.weight)
        self.second = torch.zeros_like(table.weight)

    def step(self, gradient: Tensor, rate: float, count: int) -> None:
        """One step of the picked rows. gradient: float32 (picked, width). count: from 1."""
        rows = self.table.rows
        assert rows is not None
        first = self.first[rows].lerp_(gradient, 1 - _BETAS[0])
        second = self.second[rows].mul_(_BETAS[1]).addcmul_(gradient, gradient, value=1 - _BETAS[1])
        self.first[rows], self.second[rows] = first, second
        scale = math.sqrt(1 - _BETAS[1] ** count)
        divisor = second.sqrt_().div_(scale).add_(_EPSILON)
        change = first.div_(divisor).mul_(-rate / (1 - _BETAS[0] ** count))
        with torch.no_grad():
            self.table.weight.index_add_(0, rows, change)


class Optimiser:
    """Sums the ranks' gradients, clips them by their whole norm and takes one AdamW step."""

    def __init__(self, network: Network, train: TrainConfig) -> None:
        self.network, self.train = network, train
        self.parameters = [p for p in network.parameters() if p.requires_grad]
        self.tables = [_RowAdam(table) for table in network.tables]
        decayed = [p for p in self.parameters if p.dim() > 1]
        plain = [p for p in self.parameters if p.dim() <= 1]
        groups: list[dict[str, Any]] = [
            {"params": decayed, "weight_decay": train.weight_decay},
            {"params": plain},
        ]
        self.adam = torch.optim.AdamW(
            groups,
            lr=train.learning_rate,
            betas=_BETAS,
            eps=_EPSILON,
            weight_decay=0.0,
            fused=True,
        )
        self._prepare()

    def step(self, ranks: Ranks, rate: float, count: int, extra: Tensor) -> Tensor:
        """Applies the gradients of backward(); count: steps so far, from 1.

        extra: float32 (k,), is summed over the ranks along with the gradients and returned.
        """
        flat = ranks.add(torch.cat([extra, *self._gradients()]), "gradients")
        extra, gradients = flat[: len(extra)], flat[len(extra) :]
        if self.train.clip_norm > 0:
            norm = float(gradients.norm())
            gradients *= min(1.0, self.train.clip_norm / max(norm, 1e-12))
        at = 0
        for parameter in self.parameters:
            at = self._give(parameter, gradients, at)
        for group in self.adam.param_groups:
            group["lr"] = rate
        self.adam.step()
        for table in self.tables:
            assert table.table.picked is not None
            size = table.table.picked.numel()
            table.step(gradients[at : at + size].view_as(table.table.picked), rate, count)
            at += size
        return extra

    def state(self) -> dict[str, Any]:
        """All that a restart needs, as tensors in plain containers."""
        moments = {str(i): (t.first, t.second) for i, t in enumerate(self.tables)}
        return {"adam": self.adam.state_dict(), "tables": moments}

    def restore(self, state: dict[str, Any]) -> None:
        """Goes back to a state."""
        self.adam.load_state_dict(state["adam"])
        for i, table in enumerate(self.tables):
            first, second = state["tables"][str(i)]
            table.first.copy_(first)
            table.second.copy_(second)

    def tensors(self) -> list[Tensor]:
        """Every tensor of the state, in an order that is the same on each rank."""
        adam = [self.adam.state[p] for p in self.parameters]
        moments = [t[key] for t in adam for key in ("step", "exp_avg", "exp_avg_sq")]
        return moments + [m for table in self.tables for m in (table.first, table.second)]

    def _prepare(self) -> None:
        # Adam makes its moments at the first step; they must be there to be shared before it.
        for parameter in self.parameters:
            self.adam.state[parameter] = {
                "step": torch.zeros((), dtype=torch.float32, device=parameter.device),
                "exp_avg": torch.zeros_like(parameter),
                "exp_avg_sq": torch.zeros_like(parameter),
            }

    def _gradients(self) -> list[Tensor]:
        tables = [table.table.picked for table in self.tables]
        leaves = [*self.parameters, *(picked for picked in tables if picked is not None)]
        # A rank without any picture has no gradient there, but must send as much as the others.
        return [
            (torch.zeros_like(leaf) if leaf.grad is None else leaf.grad).reshape(-1)
            for leaf in leaves
        ]

    @staticmethod
    def _give(parameter: Tensor, gradients: Tensor, at: int) -> int:
        end = at + parameter.numel()
        parameter.grad = gradients[at:end].view_as(parameter)
        return end
