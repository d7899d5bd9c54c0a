"""A tiny training for tests."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import torch

from aisles.config import NetworkConfig, TrainConfig
from aisles.train import FitSpec

sys.path.insert(0, str(Path(__file__).parents[1] / "dataset"))

import example_tables as et

NETWORK = NetworkConfig(
    text_dim=8, conv_channels=6, image_channels=4, categorical_dim=4, hidden=16, embedding=12
)


def make_spec(folder: Path, run: str, rows: int = 150, **train: Any) -> FitSpec:
    """A training on `rows` examples in files of 15, made in the folder if they are not there."""
    table, outputs = folder / "examples", folder / "outputs.npz"
    if not outputs.exists():
        et.write(table, et.parts(et.examples(rows), 15))
        et.write(table, et.parts(et.examples(40, seed=9, prefix="v"), 6), split="validation")
        et.outputs().save(outputs)
    settings = {"batch_size": 24, "epochs": 3, "threads": 1, "learning_rate": 0.01} | train
    return FitSpec(
        table=str(table),
        snapshot_id="s1",
        outputs=str(outputs),
        run_folder=str(folder / run),
        encoder=et.ENCODER,
        network=NETWORK,
        train=TrainConfig(**settings),
    )


def weights(model: str) -> dict[str, torch.Tensor]:
    """The stored weights of a model folder."""
    return torch.load(Path(model) / "model.pt", weights_only=True)


def furthest(one: str, other: str) -> float:
    """The largest difference between the weights of two model folders."""
    first, second = weights(one), weights(other)
    assert first.keys() == second.keys()
    return max(float((first[key] - second[key]).abs().max()) for key in first)
