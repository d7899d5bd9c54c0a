"""Rows of the examples table as arrays, and their dense targets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aisles.config import EncoderConfig
from aisles.dataset import pictures
from aisles.dataset.reader import Columns

_TARGETS = {
    "target_index": np.int32,
    "target_span": np.int32,
    "target_value": np.float32,
    "target_weight": np.float32,
    "target_importance": np.float32,
}
INPUTS = ("tokens", "bag", "categorical", "numerical", "image")
COLUMNS = (*INPUTS, *_TARGETS)


@dataclass(frozen=True)
class Rows:
    """n decoded examples.

    tokens, bag, categorical: int32 (n, width). numerical: float32 (n, width). has_image: bool
    (n,). image: uint8 (k, 3, px, px), the pictures of the k rows that have one. counts: int64 (n,),
    sparse targets of each row; index, span: int32, value, weight: float32, all rows' sparse targets
    one after the other. ids: product ids, object (n,), or None where they were not read.
    """

    tokens: NDArray[np.int32]
    bag: NDArray[np.int32]
    categorical: NDArray[np.int32]
    numerical: NDArray[np.float32]
    image: NDArray[np.uint8]
    has_image: NDArray[np.bool_]
    counts: NDArray[np.int64]
    index: NDArray[np.int32]
    span: NDArray[np.int32]
    value: NDArray[np.float32]
    weight: NDArray[np.float32]
    ids: NDArray[np.object_] | None = None

    def __len__(self) -> int:
        return len(self.counts)

    def take(self, places: NDArray[np.int64] | slice) -> Rows:
        """The rows at the places, in that order (copies)."""
        at = np.arange(len(self))[places] if isinstance(places, slice) else places
        picture = (np.cumsum(self.has_image) - 1)[at]
        entries = _ranges((np.cumsum(self.counts) - self.counts)[at], self.counts[at])
        return Rows(
            **{name: getattr(self, name)[at] for name in _BY_ROW},
            **{name: getattr(self, name)[entries] for name in _BY_ENTRY},
            image=self.image[picture[self.has_image[at]]],
            ids=None if self.ids is None else self.ids[at],
        )

    @staticmethod
    def concat(parts: Sequence[Rows]) -> Rows:
        """The rows of all parts, one part after the other."""
        if len(parts) == 1:
            return parts[0]
        names = (*_BY_ROW, *_BY_ENTRY, "image")
        ids = [part.ids for part in parts if part.ids is not None]
        return Rows(
            **{name: np.concatenate([getattr(part, name) for part in parts]) for name in names},
            ids=np.concatenate(ids) if ids else None,
        )

    @staticmethod
    def blank(count: int, encoder: EncoderConfig, ids: bool = False) -> Rows:
        """Rows without any input or target, such as padding."""
        px = encoder.image_px
        return Rows(
            tokens=np.zeros((count, encoder.tokens), np.int32),
            bag=np.zeros((count, encoder.bag), np.int32),
            categorical=np.zeros((count, encoder.categorical), np.int32),
            numerical=np.zeros((count, encoder.numerical), np.float32),
            image=np.zeros((0, 3, px, px), np.uint8),
            has_image=np.zeros(count, np.bool_),
            counts=np.zeros(count, np.int64),
            index=np.zeros(0, np.int32),
            span=np.zeros(0, np.int32),
            value=np.zeros(0, np.float32),
            weight=np.zeros(0, np.float32),
            ids=np.full(count, "", object) if ids else None,
        )


_BY_ROW = ("tokens", "bag", "categorical", "numerical", "has_image", "counts")
_BY_ENTRY = ("index", "span", "value", "weight")


def decode(columns: Columns, encoder: EncoderConfig, clip: float) -> Rows:
    """The rows of one row group's columns.

    clip: largest importance that a target keeps; a target's weight is weight * min(importance,
    clip). Raises ValueError with the column's name for bytes of another width than the encoder's.
    """
    count = len(columns["tokens"])
    pixels, there = pictures.decode(columns["image"].tolist(), encoder.image_px)
    counts, flat = _entries(columns)
    importance = np.minimum(flat["target_importance"], np.float32(clip))
    return Rows(
        tokens=_fixed(columns, "tokens", count, encoder.tokens, np.int32),
        bag=_fixed(columns, "bag", count, encoder.bag, np.int32),
        categorical=_fixed(columns, "categorical", count, encoder.categorical, np.int32),
        numerical=_fixed(columns, "numerical", count, encoder.numerical, np.float32),
        image=pixels,
        has_image=there,
        counts=counts,
        index=flat["target_index"],
        span=flat["target_span"],
        value=flat["target_value"],
        weight=flat["target_weight"] * importance,
        ids=columns["product_id"].astype(object) if "product_id" in columns else None,
    )


def targets(
    rows: Rows, prior: NDArray[np.float32], unknown_weight: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Targets and weights, float32 (n, C) each, of rows with sparse targets.

    A sparse target covers the outputs index .. index + span - 1 and overrides earlier ones of its
    row; what none covers has the prior and the weight of the unknown.
    Raises ValueError for a target that lies outside the C outputs.
    """
    outputs = len(prior)
    if len(rows.index):
        _check_range(rows, outputs)
    first = np.repeat(np.arange(len(rows)) * outputs, rows.counts) + rows.index
    cells = _ranges(first, rows.span)
    # maximum.at and not plain assignment: numpy leaves it open which of several values stays.
    owner = np.full(len(rows) * outputs, -1, np.int64)
    np.maximum.at(owner, cells, np.repeat(np.arange(len(first)), rows.span))
    known = np.flatnonzero(owner >= 0)
    target = np.tile(prior, len(rows))
    weight = np.tile(unknown_weight, len(rows))
    target[known] = rows.value[owner[known]]
    weight[known] = rows.weight[owner[known]]
    return target.reshape(len(rows), outputs), weight.reshape(len(rows), outputs)


def _ranges(starts: NDArray, lengths: NDArray) -> NDArray[np.int64]:
    """start, start + 1, ... of every range, one range after the other."""
    ends = np.cumsum(lengths, dtype=np.int64)
    shift = np.repeat(starts.astype(np.int64) - (ends - lengths), lengths)
    return shift + np.arange(len(shift))


def _check_range(rows: Rows, outputs: int) -> None:
    last = rows.index + rows.span
    if rows.index.min() < 0 or rows.span.min() < 0 or last.max() > outputs:
        raise ValueError(
            f"examples: a target covers outputs {rows.index.min()} to {last.max() - 1}, but there "
            f"are {outputs} outputs; the snapshot's outputs and examples do not belong together"
        )


def _fixed(columns: Columns, name: str, count: int, width: int, kind: type) -> NDArray:
    data = bytearray().join(columns[name])  # unlike bytes an array over it can be written
    if len(data) != count * width * 4:
        raise ValueError(
            f"examples.{name}: expected {width} values of 4 bytes in each of {count} rows, came "
            f"{len(data)} bytes; the snapshot was written with another encoder configuration"
        )
    return np.frombuffer(data, kind).reshape(count, width)


def _entries(columns: Columns) -> tuple[NDArray[np.int64], dict[str, NDArray]]:
    count = len(columns["target_index"])
    sizes = [np.fromiter(map(len, columns[name]), np.int64, count) for name in _TARGETS]
    if any((size != sizes[0]).any() for size in sizes) or (sizes[0] % 4).any():
        raise ValueError(
            f"examples: {', '.join(_TARGETS)} of a row must hold the same number of values of 4 "
            "bytes; write the snapshot anew"
        )
    flat = {
        name: np.frombuffer(bytearray().join(columns[name]), kind)
        for name, kind in _TARGETS.items()
    }
    return sizes[0] // 4, flat
