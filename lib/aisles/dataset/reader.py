"""Row groups of Parquet files through Petastorm's batch reader."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from aisles.dataset import petastorm_compat

petastorm_compat.install()

from petastorm import make_batch_reader  # noqa: E402

Columns = dict[str, NDArray]


def row_groups(
    files: Sequence[str],
    columns: Sequence[str],
    shard: tuple[int, int] | None = None,
    seed: int | None = None,
) -> Iterator[Columns]:
    """One dictionary of columns a row group, each row group once.

    shard: (i, n) reads the row groups whose place in the files' order is i modulo n; there must be
    at least n of them. seed: shuffles the row groups; None keeps the files' order. One worker only:
    with more, the order would depend on timing. It reads ahead at most five row groups.
    Raises ValueError for a column that the files do not have.
    """
    with _reader(files, columns, shard, seed) as reader:
        missing = set(columns) - set(reader.schema.fields)
        if missing:
            raise ValueError(
                f"{files[0]}: column {', '.join(sorted(missing))} is missing or of a type that "
                f"cannot be read (expected string, binary, int or float); came "
                f"{', '.join(reader.schema.fields)}"
            )
        for group in reader:
            yield group._asdict()


def _reader(
    files: Sequence[str],
    columns: Sequence[str],
    shard: tuple[int, int] | None,
    seed: int | None,
) -> make_batch_reader:
    here, count = shard or (None, None)
    with warnings.catch_warnings():
        # It warns about every column of the files that is not asked for, and on its own use of
        # deprecated calls.
        warnings.simplefilter("ignore")
        return make_batch_reader(
            [f"file://{path}" for path in files],
            schema_fields=[f"^{name}$" for name in columns],
            reader_pool_type="thread",
            workers_count=1,
            results_queue_size=2,
            shuffle_row_groups=seed is not None,
            seed=None if seed is None else int(np.uint32(seed)),
            num_epochs=1,
            cur_shard=here,
            shard_count=count,
        )
