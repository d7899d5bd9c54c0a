"""Which processor a network runs on."""

from __future__ import annotations

import torch

CPU = torch.device("cpu")
NAMES = ("auto", "cpu", "cuda")


def check_name(name: str) -> None:
    """Raises ValueError for a name that `device_of` does not know."""
    if name not in NAMES:
        raise ValueError(f"train.device takes {', '.join(NAMES)}, came {name!r}")


def device_of(name: str, place: int = 0) -> torch.device:
    """The device of the process with this place (from 0) among those of its machine.

    auto: a GPU if torch sees one, else the CPU. Processes take the machine's GPUs in turn, and
    share them when they are more. Raises ValueError for cuda where there is no GPU.
    """
    check_name(name)
    gpus = torch.cuda.device_count() if name != "cpu" and torch.cuda.is_available() else 0
    if gpus:
        return torch.device("cuda", place % gpus)
    if name == "cuda":
        raise ValueError("train.device is cuda, but torch sees no GPU here; take auto or cpu")
    return CPU


def use(device: torch.device) -> None:
    """Makes the device ready: results as exact as on a CPU, and NCCL on the same GPU."""
    if device.type == "cuda":
        torch.cuda.set_device(device)
        # Else convolutions round their inputs to 10 bits, which saves little in small networks.
        torch.backends.cudnn.allow_tf32 = False
