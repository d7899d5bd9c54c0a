"""The Parquet files of one version of a Delta table, without a JVM."""

from __future__ import annotations

import os
from dataclasses import dataclass
from urllib.parse import unquote, urlparse

import deltalake
import numpy as np
import pyarrow.parquet as pq
from deltalake.exceptions import DeltaError

from aisles.live_files import hiding_features


class VersionGone(ValueError):
    """The version asked for can no longer be read: VACUUM or log clean-up took part of it."""


@dataclass(frozen=True)
class Pinned:
    """The files of one snapshot's split at one table version.

    files: absolute paths, sorted. groups: rows of each row group of each file. bytes: size of the
    row groups' data, not compressed. without: cross-validation folds that are left out; groups
    counts only the other rows.
    """

    table: str
    version: int
    snapshot_id: str
    split: str
    files: tuple[str, ...]
    groups: tuple[tuple[int, ...], ...]
    bytes: int
    without: tuple[int, ...] = ()

    @property
    def group_rows(self) -> tuple[int, ...]:
        """Rows of every row group, in the files' order."""
        return tuple(rows for file in self.groups for rows in file)

    @property
    def rows(self) -> int:
        """Rows of all files."""
        return sum(self.group_rows)


def pin(
    table: str,
    version: int | None,
    snapshot_id: str,
    split: str,
    without: tuple[int, ...] = (),
) -> Pinned:
    """The files that hold a split of a snapshot in a table version (None: the newest).

    without: cross-validation folds that are left out. A split without rows gives no files. Raises
    VersionGone (a ValueError) when part of the version is no longer there, and ValueError for a
    table that does not exist, an unknown snapshot, a version not yet written, and a table with
    deletion vectors or column mapping (their files hold rows that are deleted, or other column
    names).
    """
    newest = _open(table, None)
    opened = newest if version is None else _at(table, version, newest.version())
    _check_features(table, opened)
    files = _files(opened, snapshot_id, split)
    _check_snapshot(table, opened, snapshot_id)
    lost = [path for path in files if not os.path.exists(path)]
    if lost:
        raise _gone(table, opened.version(), newest.version(), f"{len(lost)} files are missing")
    footers = [pq.read_metadata(path) for path in files]
    return Pinned(
        table=table,
        version=opened.version(),
        snapshot_id=snapshot_id,
        split=split,
        files=tuple(files),
        groups=tuple(_group_rows(path, footer, without) for path, footer in zip(files, footers)),
        bytes=sum(f.row_group(i).total_byte_size for f in footers for i in range(f.num_row_groups)),
        without=without,
    )


def _group_rows(path: str, footer: pq.FileMetaData, without: tuple[int, ...]) -> tuple[int, ...]:
    groups = range(footer.num_row_groups)
    if not without:
        return tuple(footer.row_group(i).num_rows for i in groups)
    # Folds are mixed within a row group: counted in their own column, which is small.
    with pq.ParquetFile(path) as file:
        folds = [np.asarray(file.read_row_group(i, ["fold"]).column("fold")) for i in groups]
    return tuple(int((~np.isin(fold, without)).sum()) for fold in folds)


def _open(table: str, version: int | None) -> deltalake.DeltaTable:
    if urlparse(table).scheme not in ("", "file"):
        raise ValueError(
            f"examples table {table}: expected a path that every rank can open as a file; "
            "mount the store (on Databricks a volume or /dbfs) and give that path"
        )
    path = table if "://" not in table else unquote(urlparse(table).path)
    if not os.path.isdir(os.path.join(path, "_delta_log")):
        raise ValueError(f"examples table {table}: no Delta table is there; run `aisles snapshot`")
    return deltalake.DeltaTable(os.path.abspath(path), version=version)


def _at(table: str, version: int, newest: int) -> deltalake.DeltaTable:
    if not 0 <= version <= newest:
        raise ValueError(f"table {table}: version {version} does not exist; the newest is {newest}")
    try:
        return _open(table, version)
    except DeltaError as error:
        raise _gone(table, version, newest, "its log was cleaned up") from error


def _gone(table: str, version: int, newest: int, why: str) -> VersionGone:
    left = _oldest_left(table, newest)
    rest = "no version can be read" if left is None else f"the oldest version left is {left}"
    return VersionGone(
        f"table {table}: version {version} is gone ({why}); {rest}. "
        "Make a new snapshot, or keep files longer (VACUUM retention)"
    )


def _oldest_left(table: str, newest: int) -> int | None:
    oldest = None
    for version in range(newest, -1, -1):
        try:
            files = _open(table, version).file_uris()
        except DeltaError:
            break
        if not all(os.path.exists(path) for path in files):
            break
        oldest = version
    return oldest


def _check_features(table: str, opened: deltalake.DeltaTable) -> None:
    if used := hiding_features(opened):
        raise ValueError(
            f"table {table} uses {', '.join(used)}, which a reader of its plain files cannot see; "
            "write it anew with delta.enableDeletionVectors = false and no column mapping"
        )


def _files(opened: deltalake.DeltaTable, snapshot_id: str, split: str) -> list[str]:
    wanted = [("snapshot_id", "=", snapshot_id), ("split", "=", split)]
    return sorted(opened.file_uris(file_pruning_predicate=wanted))


def _check_snapshot(table: str, opened: deltalake.DeltaTable, snapshot_id: str) -> None:
    if not opened.file_uris(file_pruning_predicate=[("snapshot_id", "=", snapshot_id)]):
        known = sorted({str(part["snapshot_id"]) for part in opened.partitions()})
        raise ValueError(
            f"table {table}, version {opened.version()}: no snapshot {snapshot_id!r}; "
            f"there are: {', '.join(known[-10:]) or 'none'}"
        )
