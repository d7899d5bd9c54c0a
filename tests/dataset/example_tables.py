"""Small examples tables for tests and benchmarks."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import deltalake
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from PIL import Image

from aisles.config import EncoderConfig
from aisles.dataset import Pinned, pin
from aisles.network import Outputs
from aisles.taxonomy import Taxonomy

ENCODER = EncoderConfig(
    tokens=6, bag=8, vocabulary=64, categorical=3, buckets=32, numerical=2, image_px=8
)
TARGETS = ("index", "span", "value", "weight", "importance")


def jpeg(random: np.random.Generator, side: int = 16) -> bytes:
    """A random JPEG."""
    file = io.BytesIO()
    Image.fromarray(random.integers(0, 256, (side, side, 3), np.uint8)).save(file, "JPEG")
    return file.getvalue()


def outputs(count: int = 12) -> Outputs:
    """A tree of three branches over `count` categories."""
    rows = [(str(i), None if i % 4 == 0 else str(i // 4 * 4), f"name {i}") for i in range(count)]
    prior = np.linspace(0.1, 0.3, count, dtype=np.float32)
    return Outputs.of(Taxonomy.build(rows), prior, np.full(count, 0.1, np.float32))


def examples(
    rows: int,
    encoder: EncoderConfig = ENCODER,
    count: int = 12,
    seed: int = 0,
    prefix: str = "p",
    pictures: int = 5,
) -> pa.Table:
    """Examples without the partition columns, targets that the words decide, some inputs missing.

    pictures: number of different pictures; drawing one for each row would take most of the time.
    """
    random = np.random.default_rng(seed)
    label = random.integers(0, count, rows)
    drawn = [jpeg(random) for _ in range(pictures)]
    columns: dict[str, Any] = {
        "product_id": [f"{prefix}{i:06d}" for i in range(rows)],
        "split_key": [f"k{i}" for i in range(rows)],
        "fold": pa.array(np.arange(rows) % 5, pa.int32()),
        "tokens": _packed(_ids(random, rows, encoder.tokens, encoder.vocabulary, label)),
        "bag": _packed(_ids(random, rows, encoder.bag, encoder.vocabulary, label)),
        "categorical": _packed(
            _ids(random, rows, encoder.categorical, encoder.buckets, label % 3, 0.5)
        ),
        "numerical": _packed(random.normal(size=(rows, encoder.numerical)).astype(np.float32)),
        "image": [
            drawn[i] if i < pictures else b"" for i in random.integers(0, pictures * 2, rows)
        ],
    }
    return pa.table(columns | _targets(random, rows, count, label))


def write(folder: Path, parts: list[pa.Table], snapshot: str = "s1", split: str = "train") -> str:
    """Appends each part as one file (a commit each) of the Delta table in the folder."""
    for part in parts:
        whole = part.append_column("snapshot_id", pa.array([snapshot] * len(part)))
        whole = whole.append_column("split", pa.array([split] * len(part)))
        deltalake.write_deltalake(
            str(folder), whole, partition_by=["snapshot_id", "split"], mode="append"
        )
    return str(folder)


def parts(table: pa.Table, size: int) -> list[pa.Table]:
    """The table in parts of `size` rows."""
    return [table.slice(first, size) for first in range(0, len(table), size)]


def pinned(folder: Path, rows: int, size: int, **settings: Any) -> Pinned:
    """A table of `rows` examples in files of `size` rows, its training split pinned."""
    table = write(folder, parts(examples(rows, **settings), size))
    return pin(table, None, "s1", "train")


def _ids(
    random: np.random.Generator,
    rows: int,
    width: int,
    limit: int,
    label: NDArray,
    missing: float = 0.1,
) -> NDArray[np.int32]:
    # A few ids are frequent and most are rare, as words are.
    ids = 1 + ((limit - 1) * random.random((rows, width)) ** 4).astype(np.int64)
    ids[:, 0] = 1 + label
    length = random.integers(1, width + 1, rows)
    length[random.random(rows) < missing] = 0
    ids[np.arange(width) >= length[:, None]] = 0
    return ids.astype(np.int32)


def _packed(values: NDArray) -> pa.Array:
    return pa.array([row.tobytes() for row in values], pa.binary())


def _targets(
    random: np.random.Generator, rows: int, count: int, label: NDArray
) -> dict[str, pa.Array]:
    lists: dict[str, list[bytes]] = {name: [] for name in TARGETS}
    for row in range(rows):
        known = int(random.integers(0, 4))
        index = np.append(random.integers(0, count, known), label[row])[: known and known + 1]
        size = len(index)
        value = (index == label[row]).astype(np.float32)
        lists["index"].append(index.astype(np.int32).tobytes())
        span = np.minimum(random.integers(1, 4, size), count - index)
        lists["span"].append(span.astype(np.int32).tobytes())
        lists["value"].append(value.tobytes())
        lists["weight"].append(random.uniform(0.5, 3, size).astype(np.float32).tobytes())
        lists["importance"].append(random.uniform(1, 20, size).astype(np.float32).tobytes())
    return {f"target_{name}": pa.array(values, pa.binary()) for name, values in lists.items()}
