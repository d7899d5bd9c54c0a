"""Training and scoring on a GPU against the CPUs of the same machine: examples a second.

    python benchmarks/gpu.py --rows 36864 --batch 384 3072

One rank each, at the same global batch; start-up is left out, the reading of the examples in the
first epoch is not. The CPU's rank has all cores as
threads. Scoring is the forward pass with its copies, not the reading of examples.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import torch

from aisles.config import EncoderConfig, NetworkConfig, TrainConfig
from aisles.dataset import in_order, pin
from aisles.network import Outputs, device_of, load
from aisles.train import FitSpec, launch

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "dataset"))

import example_tables

DEVICES = ("cpu", "cuda")


def main() -> None:
    """Prints median and range of each device's examples a second, and the ratios."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=36864)
    parser.add_argument("--outputs", type=int, default=850)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--batch", type=int, nargs="+", default=[384, 3072])
    parser.add_argument("--repetitions", type=int, default=3)
    asked = parser.parse_args()
    device_of("cuda")  # an error where there is none
    print(f"{asked.rows} rows, {asked.outputs} outputs; {os.cpu_count()} cores, ", end="")
    print(torch.cuda.get_device_name(), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        table, outputs = _inputs(Path(folder), asked.rows, asked.outputs)
        model = ""
        for batch in asked.batch:
            rates: dict[str, list[float]] = {device: [] for device in DEVICES}
            for repetition in range(asked.repetitions):
                for device in DEVICES:
                    train = TrainConfig(
                        epochs=asked.epochs, patience=0, batch_size=batch, device=device
                    )
                    run = str(Path(folder) / f"run-{batch}-{repetition}-{device}")
                    spec = FitSpec(
                        table, "s1", outputs, run, None, EncoderConfig(), NetworkConfig(), train
                    )
                    result = launch(spec, 1)
                    rates[device].append(result.rows_per_s)
                    model = result.model
            _tell(f"training, batch {batch}", rates)
        _tell("scoring, batch 2048", _score(table, outputs, model, asked.repetitions))


def _inputs(folder: Path, rows: int, outputs: int) -> tuple[str, str]:
    made = example_tables.examples(rows, EncoderConfig(), outputs, pictures=100)
    path = folder / "outputs.npz"
    example_tables.outputs(outputs).save(path)
    return example_tables.write(folder / "t", example_tables.parts(made, rows // 12)), str(path)


def _score(table: str, outputs: str, model: str, repetitions: int) -> dict[str, list[float]]:
    pinned, known = pin(table, None, "s1", "train"), Outputs.load(Path(outputs))
    network = load(model).network
    batches = list(in_order(pinned, EncoderConfig(), known.prior, known.unknown_weight, 2048))
    rates: dict[str, list[float]] = {device: [] for device in DEVICES}
    for _ in range(repetitions):
        for name in DEVICES:
            device = device_of(name)
            network.to(device)
            network.predict(batches[0].to(device)).cpu()
            began = time.perf_counter()
            for batch in batches:
                network.predict(batch.to(device)).cpu()
            rates[name].append(pinned.rows / (time.perf_counter() - began))
    return rates


def _tell(what: str, rates: dict[str, list[float]]) -> None:
    for device, values in rates.items():
        middle, low, high = statistics.median(values), min(values), max(values)
        print(f"{what}, {device:4}: {middle:10,.0f} examples/s ({low:,.0f}-{high:,.0f})")
    ratio = statistics.median(rates["cuda"]) / statistics.median(rates["cpu"])
    print(f"{what}: GPU = {ratio:.2f} x CPU", flush=True)


if __name__ == "__main__":
    main()
