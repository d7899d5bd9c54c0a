"""Rows a second of the training reader against plain Petastorm and pyarrow on the same files.

    python benchmarks/reader.py --rows 60000

Each method reads the whole table once a repetition; the methods take turns, so that all see the
same machine. What each one does with a row:
  aisles, streamed    all columns, shuffled, decoded; dense targets of every output
  aisles, in memory   the same, from the second epoch on
  petastorm           BatchedDataLoader; the four fixed-width inputs, decoded by a TransformSpec; no
                      targets, no pictures (it has no form for values of varying length)
  pyarrow             ParquetFile.iter_batches; all columns, nothing decoded or shuffled
"""

from __future__ import annotations

import argparse
import logging
import os
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import torch

from aisles.config import EncoderConfig, TrainConfig
from aisles.dataset import Loader, Pinned, pin
from aisles.dataset.rows import COLUMNS

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "dataset"))

import example_tables

ENCODER = EncoderConfig()
OUTPUTS = 850


def main() -> None:
    """Prints median and range of each method's rows a second, and its ratio to petastorm's."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=40_000)
    parser.add_argument("--rows-per-file", type=int, default=4096)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--pictures", type=float, default=0.0, help="share of rows with a picture")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory() as folder:
        pinned = _table(Path(folder) / "t", asked.rows, asked.rows_per_file, asked.pictures)
        seconds = _measure(pinned, max(3, asked.repetitions))
    _tell(asked.rows, seconds)


def _table(folder: Path, rows: int, size: int, pictures: float) -> Pinned:
    # One part with real variety, repeated: making examples is slower than reading them.
    part = example_tables.examples(size, ENCODER, OUTPUTS)
    empty = np.random.default_rng(0).random(size) * 0.5 >= pictures
    shown = [b"" if none else data for none, data in zip(empty, part["image"].to_pylist())]
    part = part.set_column(part.column_names.index("image"), "image", [shown])
    left = [min(size, rows - first) for first in range(0, rows, size)]
    table = example_tables.write(folder, [part.slice(0, count) for count in left])
    return pin(table, None, "s1", "train")


def _measure(pinned: Pinned, repetitions: int) -> dict[str, list[float]]:
    kept, streamed = _loader(pinned, 8000), _loader(pinned, 0)
    epochs = iter(range(1_000_000))
    methods: dict[str, Callable[[], int]] = {
        "aisles, streamed": lambda: _all(streamed, next(epochs)),
        "aisles, in memory": lambda: _all(kept, next(epochs)),
        "petastorm": lambda: _petastorm(pinned),
        "pyarrow": lambda: _pyarrow(pinned),
    }
    _all(kept, next(epochs))  # the first epoch reads the files
    seconds: dict[str, list[float]] = {name: [] for name in methods}
    for _ in range(repetitions):
        for name, method in methods.items():
            began = time.perf_counter()
            read = method()
            seconds[name].append(time.perf_counter() - began)
            assert read == pinned.rows, f"{name} read {read} of {pinned.rows} rows"
    return seconds


def _loader(pinned: Pinned, memory_mb: int) -> Loader:
    prior = np.full(OUTPUTS, 0.02, np.float32)
    return Loader(pinned, TrainConfig(memory_mb=memory_mb), ENCODER, prior, prior)


def _all(loader: Loader, epoch: int) -> int:
    return int(sum(float(batch.row_weight.sum()) for batch in loader.epoch(epoch)))


def _petastorm(pinned: Pinned) -> int:
    from petastorm import make_batch_reader
    from petastorm.pytorch import BatchedDataLoader
    from petastorm.transform import TransformSpec

    kinds = {"tokens": np.int32, "bag": np.int32, "categorical": np.int32, "numerical": np.float32}

    def unpack(frame: pd.DataFrame) -> pd.DataFrame:
        for name, kind in kinds.items():
            frame[name] = pd.Series([np.frombuffer(data, kind) for data in frame[name]])
        return frame

    fields = [(name, kind, (getattr(ENCODER, name),), False) for name, kind in kinds.items()]
    reader = make_batch_reader(
        [f"file://{path}" for path in pinned.files],
        schema_fields=[f"^{name}$" for name in kinds],
        workers_count=1,
        transform_spec=TransformSpec(unpack, edit_fields=fields, selected_fields=list(kinds)),
    )
    with BatchedDataLoader(reader, batch_size=TrainConfig.batch_size) as loader:
        return sum(len(batch["tokens"]) for batch in loader)


def _pyarrow(pinned: Pinned) -> int:
    rows = 0
    for path in pinned.files:
        with pq.ParquetFile(path) as file:
            batches = file.iter_batches(TrainConfig.batch_size, columns=COLUMNS, use_threads=False)
            rows += sum(batch.num_rows for batch in batches)
    return rows


def _tell(rows: int, seconds: dict[str, list[float]]) -> None:
    print(f"{rows} rows, 1 torch thread, {os.cpu_count()} cores; rows/s median (lowest-highest)")
    base = statistics.median(seconds["petastorm"])
    for name, values in seconds.items():
        rates = sorted(rows / value for value in values)
        ratio = base / statistics.median(values)
        middle = statistics.median(rates)
        print(
            f"{name:20} {middle:10,.0f} ({rates[0]:,.0f}-{rates[-1]:,.0f})"
            f"  {ratio:5.2f} x petastorm"
        )


if __name__ == "__main__":
    main()
