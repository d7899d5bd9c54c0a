"""What a training is asked to do and what it gives back, as plain data."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

from aisles.config import EncoderConfig, NetworkConfig, TrainConfig
from aisles.typed import from_dict

# Settings of TrainConfig that change how a training runs but not what comes out.
_NO_EFFECT = ("ranks", "threads", "device", "timeout_s", "checkpoint_steps")


@dataclass(frozen=True)
class FitSpec:
    """One training. Everything random in it follows from train.seed.

    table: folder of the examples table; version: of it, None for the newest. outputs: .npz file of
    network.Outputs. run_folder: gets progress.jsonl, checkpoints, the model and result.json.
    without: cross-validation folds of the training rows that are left out.
    """

    table: str
    snapshot_id: str
    outputs: str
    run_folder: str
    version: int | None = None
    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    network: NetworkConfig = field(default_factory=NetworkConfig)
    train: TrainConfig = field(default_factory=TrainConfig)
    without: tuple[int, ...] = ()

    def save(self, path: Path) -> None:
        """Writes the spec as JSON."""
        path.write_text(json.dumps(dataclasses.asdict(self), indent=1) + "\n", encoding="utf-8")

    @staticmethod
    def load(path: Path) -> FitSpec:
        """The spec of a file that `save` has written."""
        values = json.loads(path.read_text(encoding="utf-8"))
        sections = {
            name: from_dict(kind, values.pop(name))
            for name, kind in (
                ("encoder", EncoderConfig),
                ("network", NetworkConfig),
                ("train", TrainConfig),
            )
        }
        without = tuple(values.pop("without"))
        return FitSpec(**values, **sections, without=without)

    @property
    def fingerprint(self) -> str:
        """Hash of all that decides the trained weights; equal for any number of ranks."""
        values = dataclasses.asdict(self)
        for name in _NO_EFFECT:
            del values["train"][name]
        for name in ("run_folder", "outputs"):
            del values[name]
        if not self.without:  # a training on all folds is the same as before there was a choice
            del values["without"]
        text = json.dumps(values, sort_keys=True)
        outputs = Path(self.outputs).read_bytes()
        return hashlib.sha256(text.encode() + outputs).hexdigest()[:16]


@dataclass(frozen=True)
class FitResult:
    """One finished training.

    model: folder for network.load. version: of the examples table. rows: training examples. epochs:
    done, of which best_epoch (counted from 1) gave the model. steps: an epoch. train_loss: of the
    last epoch; validation_loss: of the best one, None without validation examples. padding: share
    of an epoch's rows, 0..1. seconds: of this call's training, without start-up; rows_per_s: rows
    of it trained on a second. device: of rank 0.
    """

    model: str
    run_folder: str
    version: int
    snapshot_id: str
    rows: int
    ranks: int
    threads: int
    epochs: int
    best_epoch: int
    steps: int
    train_loss: float
    validation_loss: float | None
    validation_losses: list[float] = field(default_factory=list)
    padding: float = 0.0
    seconds: float = 0.0
    rows_per_s: float = 0.0
    in_memory: bool = True
    device: str = "cpu"

    def save(self, path: Path) -> None:
        """Writes the result as JSON."""
        path.write_text(json.dumps(dataclasses.asdict(self), indent=1) + "\n", encoding="utf-8")

    @staticmethod
    def load(path: Path) -> FitResult:
        """The result of a file that `save` has written."""
        return FitResult(**json.loads(path.read_text(encoding="utf-8")))
