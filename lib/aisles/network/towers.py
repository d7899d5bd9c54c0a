"""One tower an input: features (b, hidden) of text, picture, and attributes.

Nothing here depends on which rows share a batch: no batch normalisation, and a row's maximum over
positions looks at its own words only.
"""

from __future__ import annotations

import itertools

import torch
from torch import Tensor, nn
from torch.nn import functional

from aisles.config import EncoderConfig, NetworkConfig
from aisles.network.rowtable import RowTable

WIDTHS = (2, 3, 4)  # words under a text convolution


def dense(inputs: int, outputs: int) -> nn.Sequential:
    """A linear layer, GELU and layer normalisation."""
    return nn.Sequential(nn.Linear(inputs, outputs), nn.GELU(), nn.LayerNorm(outputs))


class BagTower(nn.Module):
    """Words without order: the sum of their embeddings, scaled by the root of their number."""

    def __init__(self, words: RowTable, network: NetworkConfig) -> None:
        super().__init__()
        self.words = words
        self.project = dense(network.text_dim, network.hidden)

    def forward(self, bag: Tensor) -> Tensor:
        """Features (b, hidden) of bag int32 (b, G)."""
        count = (bag != 0).sum(1)
        summed = self.words.sums(bag, count)
        return self.project(summed / count.clamp(min=1).sqrt().unsqueeze(1))


class ConvTower(nn.Module):
    """Words in order: convolutions over 2, 3 and 4 words and their maxima (Kim, EMNLP 2014)."""

    def __init__(self, words: RowTable, network: NetworkConfig) -> None:
        super().__init__()
        self.words = words
        self.convolutions = nn.ModuleList(
            nn.Conv1d(network.text_dim, network.conv_channels, width) for width in WIDTHS
        )
        self.project = dense(network.conv_channels * len(WIDTHS), network.hidden)

    def forward(self, tokens: Tensor) -> Tensor:
        """Features (b, hidden) of tokens int32 (b, T); padding stands at the end of a row."""
        places = torch.arange(1, tokens.shape[1] + 1, device=tokens.device)
        length = (places * (tokens != 0)).amax(1)
        # Columns that are padding in every row change no maximum and cost as much as the others.
        longest = max(1, int(length.max()))
        embedded = self.words(tokens[:, :longest]).transpose(1, 2)
        # Behind the row, so that its last word also stands first in a window.
        padded = functional.pad(embedded, (0, max(WIDTHS) - 1))
        within = (places[:longest] <= length.unsqueeze(1)).unsqueeze(1)
        # ReLU before the maximum makes 0 the value of a row without words.
        maxima = [
            (functional.relu(convolution(padded)[:, :, :longest]) * within).amax(2)
            for convolution in self.convolutions
        ]
        return self.project(torch.cat(maxima, 1))


class ImageTower(nn.Module):
    """A small convolutional network on a square picture, normalised per picture."""

    def __init__(self, encoder: EncoderConfig, network: NetworkConfig) -> None:
        super().__init__()
        sizes = [3, *(network.image_channels * factor for factor in (1, 2, 4))]
        layers: list[nn.Module] = []
        for before, after in itertools.pairwise(sizes):
            layers += [nn.Conv2d(before, after, 3, 2, 1), nn.GELU(), nn.GroupNorm(1, after)]
        side = encoder.image_px
        for _ in sizes[1:]:
            side = (side + 1) // 2
        self.convolutions = nn.Sequential(*layers)
        self.hidden = network.hidden
        self.project = dense(sizes[-1] * side * side, network.hidden)

    def forward(self, image: Tensor, there: Tensor, flipped: Tensor | None) -> Tensor:
        """Features (b, hidden) of image uint8 (b, 3, px, px); zeros where `there` (b,) is false.

        flipped: bool (b,), rows to mirror.
        """
        features = torch.zeros(len(image), self.hidden, device=image.device)
        at = there.nonzero().squeeze(1)
        if not len(at):
            return features
        pixels = image[at].float() / 127.5 - 1
        if flipped is not None:
            pixels = torch.where(flipped[at].view(-1, 1, 1, 1), pixels.flip(3), pixels)
        seen = self.project(self.convolutions(pixels).flatten(1))
        return features.index_copy(0, at, seen)


class TabularTower(nn.Module):
    """Categorical values (an embedding each) and numbers together."""

    def __init__(self, encoder: EncoderConfig, network: NetworkConfig) -> None:
        super().__init__()
        width = encoder.categorical * network.categorical_dim
        self.values = RowTable(encoder.buckets, network.categorical_dim)
        self.no_categorical = nn.Parameter(torch.zeros(width))
        self.no_numerical = nn.Parameter(torch.zeros(encoder.numerical))
        self.project = nn.Sequential(
            dense(width + encoder.numerical, network.hidden), dense(network.hidden, network.hidden)
        )

    def forward(
        self, categorical: Tensor, numerical: Tensor, has_values: Tensor, has_numbers: Tensor
    ) -> Tensor:
        """Features (b, hidden); a learned vector stands for an input that a row lacks."""
        embedded = self.values(categorical).flatten(1)
        embedded = torch.where(has_values.unsqueeze(1), embedded, self.no_categorical)
        numbers = torch.where(has_numbers.unsqueeze(1), numerical, self.no_numerical)
        return self.project(torch.cat((embedded, numbers), 1))
