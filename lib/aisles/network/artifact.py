"""A trained network as a folder of two files: model.pt (weights) and model.json (the rest)."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from aisles.config import EncoderConfig, NetworkConfig
from aisles.network.network import Network
from aisles.network.outputs import Outputs
from aisles.typed import from_dict

FORMAT = 1  # raised when an older model.pt no longer fits the code


@dataclass(frozen=True)
class Model:
    """A network and what is needed to use it. about: snapshot id, versions and the like."""

    network: Network
    outputs: Outputs
    about: dict[str, Any]


def save(folder: str | Path, model: Model) -> None:
    """Writes the model into a folder, which is made when missing."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    torch.save(model.network.state_dict(), folder / "model.pt")
    described = {
        "format": FORMAT,
        "encoder": dataclasses.asdict(model.network.encoder),
        "network": dataclasses.asdict(model.network.config),
        "outputs": model.outputs.to_dict(),
        "about": model.about,
    }
    text = json.dumps(described, ensure_ascii=False, indent=1)
    (folder / "model.json").write_text(text + "\n", encoding="utf-8")


def load(folder: str | Path) -> Model:
    """The model of a folder, ready to predict.

    Only tensors are read from model.pt, never objects. Raises ValueError for a folder that holds no
    model or one of another format.
    """
    folder = Path(folder)
    missing = [name for name in ("model.json", "model.pt") if not (folder / name).is_file()]
    if missing:
        raise ValueError(f"model folder {folder}: {' and '.join(missing)} missing; train first")
    described = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    if described.get("format") != FORMAT:
        raise ValueError(
            f"{folder}/model.json: format {described.get('format')!r}, expected {FORMAT}; "
            "train a new model"
        )
    outputs = Outputs.from_dict(described["outputs"])
    network = Network(
        from_dict(EncoderConfig, described["encoder"]),
        from_dict(NetworkConfig, described["network"]),
        torch.from_numpy(outputs.prior),
    )
    state = torch.load(folder / "model.pt", weights_only=True, map_location="cpu")
    network.load_state_dict(state)
    return Model(network.eval(), outputs, described["about"])
