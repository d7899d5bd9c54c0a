"""Petastorm 0.12.1 on today's pyarrow and numpy: the one place that knows what it misses.

Petastorm was written for pyarrow < 15 (its own dataset API, since removed) and numpy 1 (two type
aliases, since removed). `install` puts back only the parts that its batch reader calls, in the
modules of Petastorm itself where that is possible, and mends its thread pool. It covers local files
given as a list, with the thread and the dummy pool; the process pool is not covered.
"""

from __future__ import annotations

import os
import sys
import types
from collections.abc import Sequence
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

# Modules of Petastorm that hold `pyarrow.parquet` under the name `pq`.
_READS_PQ = (
    "petastorm.arrow_reader_worker",
    "petastorm.py_dict_reader_worker",
    "petastorm.reader",
    "petastorm.etl.dataset_metadata",
    "petastorm.etl.rowgroup_indexing",
)


class LocalFileSystem:
    """The calls that Petastorm makes on pyarrow's former local file system."""

    def open(self, path: str, mode: str = "rb") -> IO[Any]:
        """The opened file."""
        return open(path, mode)

    def exists(self, path: str) -> bool:
        """True when the path is there."""
        return os.path.exists(path)


# Writers store one logical type in several layouts (delta-rs gives views after an UPDATE, others
# 64-bit offsets); Petastorm knows the first one only and leaves other columns out without a word.
_PLAIN = {
    pa.string_view(): pa.string(),
    pa.large_string(): pa.string(),
    pa.binary_view(): pa.binary(),
    pa.large_binary(): pa.binary(),
}


def plain(schema: pa.Schema) -> pa.Schema:
    """The schema with string and binary columns in the layout that Petastorm knows."""
    return pa.schema([field.with_type(_PLAIN.get(field.type, field.type)) for field in schema])


class Footer:
    """What Petastorm reads of a file's footer: row groups and the schema, in plain types."""

    def __init__(self, path: str) -> None:
        footer = pq.read_metadata(path)
        self.num_row_groups = footer.num_row_groups
        self.schema = self
        self._schema = plain(footer.schema.to_arrow_schema())

    def to_arrow_schema(self) -> pa.Schema:
        """The columns."""
        return self._schema


class ParquetDatasetPiece:
    """One file, or one row group of it."""

    def __init__(
        self,
        path: str,
        open_file_func: Any = None,  # noqa: ARG002  Petastorm passes it by name
        file_options: Any = None,  # noqa: ARG002
        row_group: int | None = None,
        partition_keys: Sequence[Any] | None = None,
    ) -> None:
        self.path = path
        self.row_group = row_group
        self.partition_keys = list(partition_keys or ())

    def get_metadata(self) -> Footer:
        """The file's footer."""
        return Footer(self.path)

    def read(
        self, columns: Any = None, use_threads: bool = False, partitions: Any = None
    ) -> pa.Table:
        """The rows of the piece; columns in alphabetical order, since Petastorm passes a set."""
        assert partitions is None, "only explicit file lists are read"
        names = None if columns is None else sorted(columns)
        with pq.ParquetFile(self.path) as file:
            if self.row_group is None:
                table = file.read(columns=names, use_threads=use_threads)
            else:
                table = file.read_row_group(self.row_group, names, use_threads=use_threads)
        return table.cast(plain(table.schema))


class ParquetDataset:
    """An explicit list of Parquet files.

    A folder is refused: of a Delta table's folder Petastorm would also read the rows that a DELETE
    has taken away.
    """

    def __init__(
        self,
        path_or_paths: Sequence[str],
        filesystem: Any = None,
        validate_schema: bool = False,  # noqa: ARG002
        metadata_nthreads: int = 1,  # noqa: ARG002
        filters: Any = None,
    ) -> None:
        if isinstance(path_or_paths, str) or not path_or_paths:
            raise ValueError(
                f"Petastorm is given a list of Parquet files here, came {path_or_paths!r}; "
                "take the files of a pinned table version (aisles.dataset.pin)"
            )
        if filters:
            raise ValueError("filters are not supported; give only the files that are wanted")
        self.paths = path_or_paths
        self.fs = filesystem
        self.partitions = None
        self.metadata = None
        self.common_metadata = None
        self.metadata_path = None
        self.pieces = [ParquetDatasetPiece(path) for path in path_or_paths]


def install() -> None:
    """Makes `import petastorm` and its batch reader work; calling it again changes nothing."""
    if "aisles_petastorm" in sys.modules:
        return
    _numpy_names()
    _pyarrow_modules()
    _petastorm_views()
    _thread_pool()
    sys.modules["aisles_petastorm"] = types.ModuleType("aisles_petastorm")


def _numpy_names() -> None:
    # numpy 2 dropped both aliases; Petastorm reads them when it infers a schema.
    for old, new in (("unicode_", np.str_), ("string_", np.bytes_)):
        if old not in np.__dict__:
            setattr(np, old, new)


def _pyarrow_modules() -> None:
    # pyarrow 16 dropped pyarrow.filesystem and pyarrow.hdfs; Petastorm imports both at its top.
    filesystem: Any = types.ModuleType("pyarrow.filesystem")
    filesystem.LocalFileSystem = LocalFileSystem
    hdfs: Any = types.ModuleType("pyarrow.hdfs")
    hdfs.HadoopFileSystem = type("HadoopFileSystem", (), {})
    arrow: Any = pa
    for name, module in (("filesystem", filesystem), ("hdfs", hdfs)):
        sys.modules.setdefault(f"pyarrow.{name}", module)
        setattr(arrow, name, sys.modules[f"pyarrow.{name}"])
    arrow.LocalFileSystem = LocalFileSystem
    arrow.localfs = LocalFileSystem()
    if not hasattr(pa.lib, "ArrowIOError"):
        arrow.lib.ArrowIOError = OSError


def _petastorm_views() -> None:
    # Petastorm gets its own view of pyarrow.parquet with the old classes; everyone else keeps
    # pyarrow's.
    view: Any = types.ModuleType("pyarrow.parquet")
    view.__dict__.update(pq.__dict__)
    view.ParquetDataset = ParquetDataset
    view.ParquetDatasetPiece = ParquetDatasetPiece
    for name in _READS_PQ:
        __import__(name)
        setattr(sys.modules[name], "pq", view)  # noqa: B010


def _thread_pool() -> None:
    # ThreadPool.get_results compares its counters first and asks the ventilator whether it is done
    # afterwards. Row groups sent between the two are dropped and the epoch ends early, silently.
    # Asked before, the end that the pool reports is believed only if the ventilator was done.
    from petastorm.workers_pool import EmptyResultError
    from petastorm.workers_pool.thread_pool import ThreadPool

    get_results = ThreadPool.get_results

    def get_all_results(self: Any) -> Any:
        while True:
            done = self._ventilator is None or self._ventilator.completed()
            try:
                return get_results(self)
            except EmptyResultError:
                if done:
                    raise

    ThreadPool.get_results = get_all_results
