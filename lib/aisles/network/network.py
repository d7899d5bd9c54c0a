"""The network: a tower and a member an input, a fused trunk, and their learned mixture."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from aisles.config import EncoderConfig, NetworkConfig
from aisles.network.batch import Batch
from aisles.network.noise import Noise
from aisles.network.rowtable import RowTable
from aisles.network.towers import BagTower, ConvTower, ImageTower, TabularTower, dense

TOWERS = ("bag", "conv", "image", "tabular")
MEMBERS = (*TOWERS, "fused")
# Shares of the members' logits in the prediction at first, before they are scaled to sum 1: the
# picture alone tells little, attributes alone less than words.
_START = {"bag": 1.0, "conv": 1.0, "image": 0.1, "tabular": 0.5, "fused": 1.5}


@dataclass(frozen=True)
class Output:
    """What one forward pass gives for b rows, C outputs and the M members of MEMBERS.

    logits: float32 (b, C), of the prediction. members: float32 (M, b, C), logits. present: bool
    (M, b), whether a member had an input of the row; the fused one always. embedding: float32
    (b, E), the trunk's features; the fused member's logits are linear in them.
    """

    logits: Tensor
    members: Tensor
    present: Tensor
    embedding: Tensor


@dataclass(frozen=True)
class Prediction:
    """What the network says of b rows.

    probabilities, spread: float32 (b, C); spread is the standard deviation of the probabilities of
    the members that are present. embedding: float32 (b, E). members: float32 (M, b, C),
    probabilities, NaN for members without an input; None where they were not asked for.
    """

    probabilities: Tensor
    spread: Tensor
    embedding: Tensor
    members: Tensor | None = None

    def cpu(self) -> Prediction:
        """The same in the host's memory."""
        members = None if self.members is None else self.members.cpu()
        return Prediction(
            self.probabilities.cpu(), self.spread.cpu(), self.embedding.cpu(), members
        )


@dataclass(frozen=True)
class _Seen:
    """Which inputs of each row are used, bool (b,) each."""

    text: Tensor
    image: Tensor
    values: Tensor
    numbers: Tensor


class Network(nn.Module):
    """Any input may be missing in any row; results do not depend on the other rows of a batch.

    prior: float32 (C,), share of positives of each output, with which its logit starts.
    """

    def __init__(self, encoder: EncoderConfig, config: NetworkConfig, prior: Tensor) -> None:
        super().__init__()
        self.encoder, self.config = encoder, config
        hidden, width, outputs = config.hidden, config.embedding, len(prior)
        words = RowTable(encoder.vocabulary, config.text_dim)
        self.bag = BagTower(words, config)
        self.conv = ConvTower(words, config)
        self.image = ImageTower(encoder, config)
        self.tabular = TabularTower(encoder, config)
        self.missing = nn.Parameter(torch.zeros(len(TOWERS), hidden))
        # All heads as one batched product: the towers' features narrowed, then every member's.
        self.neck = nn.Parameter(torch.randn(len(TOWERS), hidden, width) / hidden**0.5)
        self.neck_bias = nn.Parameter(torch.zeros(len(TOWERS), 1, width))
        self.trunk = dense(len(TOWERS) * hidden, hidden)
        self.trunk_out = nn.Sequential(nn.Linear(hidden, width), nn.LayerNorm(width))
        self.head = nn.Parameter(torch.randn(len(MEMBERS), width, outputs) * 0.1 / width**0.5)
        start = torch.logit(prior.float().clamp(1e-4, 1 - 1e-4))
        self.head_bias = nn.Parameter(start.repeat(len(MEMBERS), 1, 1))
        # Where no loss of the prediction itself is asked for, the prediction stays the mean that
        # it starts as. A learned one leans on the members that fit best and carry over worst.
        self.mixture = nn.Parameter(torch.tensor([_START[name] for name in MEMBERS]).log())

    @property
    def tables(self) -> tuple[RowTable, RowTable]:
        """The embeddings of words and of categorical values."""
        return self.bag.words, self.tabular.values

    def forward(self, batch: Batch, noise: Noise | None = None) -> Output:
        """Logits of every row; noise: dropout and augmentation of a training step."""
        seen = self._seen(batch, noise)
        features, there = self._features(batch, seen, noise)
        fused = torch.where(there.unsqueeze(2), features, self.missing.unsqueeze(1))
        trunk = self.trunk(fused.transpose(0, 1).flatten(1))
        if noise is not None:
            trunk = noise.dropout("trunk", trunk, self.config.dropout)
        embedding = self.trunk_out(trunk)
        narrow = torch.tanh(torch.baddbmm(self.neck_bias, features, self.neck))
        stacked = torch.cat((narrow, embedding.unsqueeze(0)))
        members = torch.baddbmm(self.head_bias, stacked, self.head)
        present = torch.cat((there, torch.ones_like(there[:1])))
        share = self.mixture.unsqueeze(1).masked_fill(~present, -torch.inf).softmax(0)
        logits = torch.einsum("mb,mbc->bc", share, members)
        return Output(logits, members, present, embedding)

    @torch.inference_mode()
    def predict(self, batch: Batch, members: bool = False) -> Prediction:
        """Probabilities, disagreement and features of every row; members: also theirs."""
        output = self(batch)
        said = output.members.sigmoid()
        there = output.present.unsqueeze(2)
        count = there.sum(0)
        mean = (said * there).sum(0) / count
        spread = (((said - mean) ** 2 * there).sum(0) / count).sqrt()
        return Prediction(
            output.logits.sigmoid(),
            spread,
            output.embedding,
            said.masked_fill(~there, torch.nan) if members else None,
        )

    def _features(self, batch: Batch, seen: _Seen, noise: Noise | None) -> tuple[Tensor, Tensor]:
        """Features (4, b, hidden) of the towers, and which of them had an input, bool (4, b)."""
        flipped = None
        if noise is not None and self.config.flip > 0:
            flipped = noise.chance("flip", 1, self.config.flip).squeeze(1)
        bag, tokens = batch.bag, batch.tokens
        if noise is not None and self.config.word_dropout > 0:
            bag = bag * ~noise.chance("bag words", bag.shape[1], self.config.word_dropout)
            tokens = tokens * ~noise.chance("words", tokens.shape[1], self.config.word_dropout)
        features = [
            self.bag(bag),
            self.conv(tokens),
            self.image(batch.image, seen.image, flipped),
            self.tabular(batch.categorical, batch.numerical, seen.values, seen.numbers),
        ]
        if noise is not None:
            features = [
                noise.dropout(name, values, self.config.dropout)
                for name, values in zip(TOWERS, features)
            ]
        there = torch.stack(
            (
                seen.text & (batch.bag != 0).any(1),
                seen.text & (batch.tokens != 0).any(1),
                seen.image,
                seen.values | seen.numbers,
            )
        )
        return torch.stack(features), there

    def _seen(self, batch: Batch, noise: Noise | None) -> _Seen:
        there = torch.stack(
            (
                (batch.bag != 0).any(1) | (batch.tokens != 0).any(1),
                batch.has_image,
                (batch.categorical != 0).any(1),
                (batch.numerical != 0).any(1),
            ),
            1,
        )
        if noise is not None and self.config.modality_dropout > 0:
            hidden = noise.chance("modality", there.shape[1], self.config.modality_dropout)
            shown = there & ~hidden
            # A row of which nothing would be left keeps all it has.
            there = torch.where(shown.any(1, keepdim=True), shown, there)
        return _Seen(*there.unbind(1))
