"""Score bins: uniform in the logit, hence fine near 0 and 1, and one bin of exact zeros."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_LOGIT = 9.0  # probabilities within 1.2e-4 of 0 or 1 share the outermost bins


def logit(probability: NDArray, closest: float = 1e-7) -> Floats:
    """log(p / (1-p)), with p kept `closest` away from 0 and 1."""
    inside = np.clip(np.asarray(probability, np.float64), closest, 1.0 - closest)
    return np.log(inside) - np.log1p(-inside)


def sigmoid(value: NDArray) -> Floats:
    """1 / (1 + exp(-value)), without overflow."""
    value = np.asarray(value, np.float64)
    small = np.exp(-np.abs(value))
    return np.where(value >= 0, 1.0, small) / (1.0 + small)


def edges(bins: int) -> Floats:
    """float64 (bins,): the lowest probability of each bin; bin 0 holds exact zeros alone."""
    lower = np.linspace(-_LOGIT, _LOGIT, bins - 1, endpoint=False)
    return np.concatenate([[0.0, np.nextafter(0.0, 1.0)], sigmoid(lower[1:])])


def middles(bins: int) -> Floats:
    """float64 (bins,): the logit in the middle of each bin; bin 0 reads as the lowest of all."""
    step = 2 * _LOGIT / (bins - 1)
    return np.concatenate([[-_LOGIT - step], -_LOGIT + step * (np.arange(bins - 1) + 0.5)])


def bin_of(probability: NDArray, bins: int) -> Ints:
    """The bin of each probability: p >= edges(bins)[b] exactly where bin_of(p) >= b."""
    value = np.asarray(probability, np.float64)
    low = edges(bins)
    with np.errstate(divide="ignore"):
        guess = (np.log(value) - np.log1p(-value) + _LOGIT) * ((bins - 1) / (2 * _LOGIT))
    place = np.clip(guess, 0, bins - 2).astype(np.int64) + 1
    # The logarithm may be off by one unit in the last place: compare with the edges themselves.
    place -= value < low[place]
    place += value >= np.append(low, np.inf)[place + 1]
    return np.where(value > 0, np.maximum(place, 1), 0)


def tail(histogram: NDArray) -> NDArray:
    """For each bin (last axis) the sum over it and all higher bins."""
    return np.flip(np.cumsum(np.flip(histogram, -1), -1), -1)


def pack(arrays: dict[str, NDArray]) -> bytes:
    """The arrays as a compressed npz."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def unpack(packed: bytes) -> dict[str, NDArray]:
    """The arrays of `pack`; no Python object is ever read."""
    with np.load(io.BytesIO(packed), allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}
