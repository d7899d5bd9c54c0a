"""Checkpoints: one file that is always whole, from which a training goes on as if undisturbed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from aisles.network import Network
from aisles.train.optimise import Optimiser
from aisles.train.progress import State
from aisles.train.ranks import Ranks, agree


class Checkpoints:
    """The checkpoint and the best weights so far in a run folder; only rank 0 touches files."""

    def __init__(self, folder: Path, fingerprint: str, ranks: Ranks) -> None:
        self._last = folder / "checkpoint.pt"
        self._best = folder / "best.pt"
        self._fingerprint = fingerprint
        self._ranks = ranks

    def save(self, network: Network, optimiser: Optimiser, state: State) -> None:
        """Stores where the training stands."""
        if self._ranks.rank == 0:
            stored = {
                "fingerprint": self._fingerprint,
                "network": network.state_dict(),
                "optimiser": optimiser.state(),
                "state": state.to_dict(),
            }
            _replace(self._last, stored)

    def save_best(self, network: Network) -> None:
        """Stores the weights as the best so far."""
        if self._ranks.rank == 0:
            _replace(self._best, network.state_dict())

    def load_best(self, network: Network) -> None:
        """Brings the best weights back, on rank 0 only."""
        if self._ranks.rank == 0 and self._best.exists():
            network.load_state_dict(torch.load(self._best, weights_only=True, map_location="cpu"))

    def restore(self, network: Network, optimiser: Optimiser) -> State:
        """Where the last checkpoint stood, or the very start; the same weights on every rank.

        Raises ValueError when the folder's checkpoint belongs to another training.
        """
        state = self._read(network, optimiser) if self._ranks.rank == 0 else State()
        numbers = agree(self._ranks, state.numbers(), "state")
        losses = state.validation or [0.0] * int(numbers[-1])
        state = State.of(numbers, agree(self._ranks, losses, "losses") if losses else [])
        weights: list[Tensor] = [p.data for p in network.parameters()]
        self._ranks.share(weights, "weights")
        self._ranks.share(optimiser.tensors(), "optimiser")
        return state

    def _read(self, network: Network, optimiser: Optimiser) -> State:
        if not self._last.exists():
            return State()
        stored = torch.load(self._last, weights_only=True, map_location="cpu")
        if stored["fingerprint"] != self._fingerprint:
            raise ValueError(
                f"{self._last} belongs to another training (other data or settings); "
                "give an empty run folder"
            )
        network.load_state_dict(stored["network"])
        optimiser.restore(stored["optimiser"])
        return State(**stored["state"])


def _replace(path: Path, stored: dict[str, Any]) -> None:
    # A crash while writing leaves the former file.
    fresh = path.with_suffix(".tmp")
    with fresh.open("wb") as file:
        torch.save(stored, file)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
