"""Where a training stands: counters that survive a restart, and lines for people and programs."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class State:
    """The counters of a training.

    epoch: being trained, from 0. step: next one of that epoch. loss, weight: sums over the epoch so
    far. best: lowest validation loss, of best_epoch (counted from 1; 0: none yet).
    """

    epoch: int = 0
    step: int = 0
    loss: float = 0.0
    weight: float = 0.0
    best: float = float("inf")
    best_epoch: int = 0
    train_loss: float = 0.0
    validation: list[float] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    def numbers(self) -> list[float]:
        """The fixed-width part, to be shared with other ranks."""
        return [
            self.epoch,
            self.step,
            self.loss,
            self.weight,
            self.best,
            self.best_epoch,
            self.train_loss,
            len(self.validation),
        ]

    @staticmethod
    def of(numbers: list[float], validation: list[float]) -> State:
        """The state of what `numbers` gave."""
        epoch, step, loss, weight, best, best_epoch, train_loss, _ = numbers
        return State(
            int(epoch), int(step), loss, weight, best, int(best_epoch), train_loss, validation
        )


class Progress:
    """Appends lines to progress.jsonl and prints one now and then; silent except on rank 0."""

    def __init__(self, folder: Path, active: bool, every_s: float = 10.0) -> None:
        self._path = folder / "progress.jsonl" if active else None
        self._every_s = every_s
        self._last = time.monotonic()

    def due(self) -> bool:
        """True when a step should be reported."""
        return self._path is not None and time.monotonic() - self._last >= self._every_s

    def tell(self, text: str, **values: Any) -> None:
        """Appends the values and prints the text."""
        if self._path is None:
            return
        self._last = time.monotonic()
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(values) + "\n")
        print(text, flush=True)
