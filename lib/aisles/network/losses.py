"""Weighted binary cross entropy of the prediction and of its members."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from aisles.config import TrainConfig
from aisles.network.batch import Batch
from aisles.network.network import MEMBERS, Output


class _Bce(torch.autograd.Function):
    """Sum of weight * BCE(logit, target) over all places.

    Its gradient, weight * (sigmoid(logit) - target), is made in the forward pass: half of the
    memory traffic of binary_cross_entropy_with_logits.
    """

    @staticmethod
    def forward(ctx: Any, logits: Tensor, target: Tensor, weight: Tensor) -> Tensor:
        loss = functional.softplus(logits).sub_(logits * target).mul_(weight).sum()
        ctx.save_for_backward(torch.sigmoid(logits).sub_(target).mul_(weight))
        return loss

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        (gradient,) = ctx.saved_tensors
        return gradient * grads[0], None, None


def bce_sum(logits: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Sum of weight * binary cross entropy over all places, float32 ()."""
    return _Bce.apply(logits, target, weight)


def objective(output: Output, batch: Batch, train: TrainConfig) -> tuple[Tensor, Tensor]:
    """What training minimises and, of it, the loss of the prediction; sums, float32 () each.

    Divide both by the sum of batch.weight over all ranks. Members without an input learn nothing.
    """
    factor = torch.full((len(MEMBERS), 1), train.member_loss, device=batch.weight.device)
    factor[MEMBERS.index("fused")] = train.fused_loss
    weight = (factor * output.present).unsqueeze(2) * batch.weight
    members = bce_sum(output.members, batch.target.expand_as(output.members), weight)
    if not train.mixture_loss:
        return members, _loss(output.logits.detach(), batch)
    prediction = bce_sum(output.logits, batch.target, batch.weight)
    return train.mixture_loss * prediction + members, prediction.detach()


def _loss(logits: Tensor, batch: Batch) -> Tensor:
    """The loss of logits from which nothing is learned."""
    return functional.softplus(logits).sub_(logits * batch.target).mul_(batch.weight).sum()
