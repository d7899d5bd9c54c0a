"""Training with two ranks against one: examples a second at the same global batch.

    python benchmarks/ranks.py --rows 4608

Start-up is left out, since it does not grow with the data. The variants take turns. Two ranks of
one thread each are compared with one rank of one thread (what a second core brings) and with one
rank of two threads (what ranks bring over threads on the same cores).
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from pathlib import Path

from aisles.config import EncoderConfig, NetworkConfig, TrainConfig
from aisles.train import FitSpec, launch

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "dataset"))

import example_tables

VARIANTS = ((1, 1), (1, 2), (2, 1))  # ranks, threads a rank


def main() -> None:
    """Prints median and range of each variant's examples a second, and the ratios."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=4608)
    parser.add_argument("--outputs", type=int, default=850)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--repetitions", type=int, default=3)
    asked = parser.parse_args()
    rates: dict[tuple[int, int], list[float]] = {variant: [] for variant in VARIANTS}
    with tempfile.TemporaryDirectory() as folder:
        table, outputs = _inputs(Path(folder), asked.rows, asked.outputs)
        for repetition in range(max(3, asked.repetitions)):
            for ranks, threads in VARIANTS:
                train = TrainConfig(epochs=asked.epochs, threads=threads, patience=0)
                run = Path(folder) / f"run-{repetition}-{ranks}-{threads}"
                spec = FitSpec(
                    table,
                    "s1",
                    outputs,
                    str(run),
                    encoder=EncoderConfig(),
                    network=NetworkConfig(),
                    train=train,
                )
                rates[ranks, threads].append(launch(spec, ranks).rows_per_s)
    _tell(asked.rows, asked.outputs, rates)


def _inputs(folder: Path, rows: int, outputs: int) -> tuple[str, str]:
    parts = example_tables.parts(
        example_tables.examples(rows, EncoderConfig(), outputs), max(1, rows // 12)
    )
    path = folder / "outputs.npz"
    example_tables.outputs(outputs).save(path)
    return example_tables.write(folder / "t", parts), str(path)


def _tell(rows: int, outputs: int, rates: dict[tuple[int, int], list[float]]) -> None:
    size = TrainConfig.batch_size
    print(f"{rows} rows, {outputs} outputs, global batch {size}, {os.cpu_count()} cores")
    middle = {variant: statistics.median(values) for variant, values in rates.items()}
    for (ranks, threads), values in rates.items():
        print(
            f"{ranks} ranks x {threads} threads: {middle[ranks, threads]:8,.0f} examples/s "
            f"({min(values):,.0f}-{max(values):,.0f})"
        )
    for other in ((1, 1), (1, 2)):
        ratio = middle[2, 1] / middle[other]
        print(f"2 ranks x 1 thread = {ratio:.2f} x {other[0]} rank x {other[1]} threads")


if __name__ == "__main__":
    main()
