"""The data files of a Delta table that may hold some of its rows, found without a Spark job.

Delta's own planning asks the table's log with Spark, some tenths of a second a table. A day on
which little changed consists of such questions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlparse

import deltalake
import pyarrow as pa
import pyarrow.compute as pc

from aisles.parts import Part

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_PATTERN = "{}[]*?\\"  # in a path Spark takes these for a pattern


@dataclass(frozen=True)
class Live:
    """The files of one version of a table that may hold rows of a part; none: there are none."""

    table: Path
    version: int
    files: tuple[str, ...]


def live_files(table: str, part: Part) -> Live | None:
    """Paths of the files of the newest version that may hold rows of the part.

    table: path or URI. None where only Spark can tell: the table does not lie on a path of this
    machine, its files also hold rows that are deleted (deletion vectors) or columns of other names.
    """
    path = local_path(table)
    if path is None or not (path / "_delta_log").is_dir():
        return None
    opened = deltalake.DeltaTable(str(path))
    others = set(opened.protocol().reader_features or ()) - {"timestampNtz"}
    if others or hiding_features(opened):
        return None
    added = pa.table(opened.get_add_actions(flatten=True))
    wanted = added.filter(_may_hold(added, part))
    names = wanted["path"].to_pylist()
    return Live(path, opened.version(), tuple(str(path / unquote(name)) for name in names))


def hiding_features(opened: deltalake.DeltaTable) -> list[str]:
    """The features of a table in use that a reader of its plain files cannot see."""
    features = set(opened.protocol().reader_features or ())
    mapping = opened.metadata().configuration.get("delta.columnMapping.mode", "none")
    used = sorted(features & {"deletionVectors"})
    return used + (["columnMapping"] if mapping != "none" else [])


def local_path(table: str) -> Path | None:
    """The folder of a table on this machine; None where it is elsewhere or Spark reads its path
    as a pattern."""
    parsed = urlparse(table)
    if parsed.scheme not in ("", "file") or parsed.netloc:
        return None
    path = Path(unquote(parsed.path) if parsed.scheme else table).resolve()
    return None if any(sign in str(path) for sign in _PATTERN) else path


def means_the_same(spark: SparkSession, location: str) -> bool:
    """Whether a path means the same to Spark as to this process: it may mean its own store."""
    context: Any = spark.sparkContext
    default = context._jsc.hadoopConfiguration().get("fs.defaultFS", "file:///")
    return "://" in location or str(default).startswith("file:")


def rows_of(spark: SparkSession, live: Live, columns: Mapping[str, str]) -> DataFrame:
    """The rows of the files; columns: name -> SQL type of all that are asked for."""
    kinds = ", ".join(f"`{name}` {kind}" for name, kind in columns.items())
    if not live.files:
        return spark.createDataFrame([], kinds)
    reader = spark.read.schema(kinds).option("basePath", str(live.table))
    return reader.parquet(*live.files).select(*columns)


def _may_hold(added: pa.Table, part: Part) -> pa.ChunkedArray:
    """Whether each file may hold rows of the part, by its partition and the extremes it states."""
    may = pa.chunked_array([pa.array([True] * added.num_rows, pa.bool_())])
    if part.days is not None and "partition.run_date" in added.column_names:
        days = added["partition.run_date"].cast(pa.string())
        may = pc.and_(may, pc.is_in(days, pa.array(sorted(part.days), pa.string())))
    if part.feeds is not None:
        some = pc.and_(may, False)
        for feed in sorted(part.feeds):
            one = may
            for name, value in zip(("network", "retailer"), feed, strict=True):
                one = pc.and_(one, _within(added, name, value))
            some = pc.or_(some, one)
        may = some
    return may


def _within(added: pa.Table, column: str, value: str) -> pa.ChunkedArray | pa.Scalar:
    """Whether the value lies between the column's extremes, or these are not stated.

    Delta cuts long extremes so that they still lie around all values.
    """
    least, most = f"min.{column}", f"max.{column}"
    if not {least, most}.issubset(added.column_names):
        return pa.scalar(True)
    low, high = (added[name].cast(pa.string()) for name in (least, most))
    return pc.and_(
        pc.fill_null(pc.less_equal(low, value), True),
        pc.fill_null(pc.greater_equal(high, value), True),
    )
