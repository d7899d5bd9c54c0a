"""Feed files that one task each reads: their records as they are read, what else was found aside.

Nothing is stored between parsing and the table: a record passes once. What a file is found to hold
(its closing row) and its few rejected records come to the driver in an accumulator, updates
count once for each task that succeeds. Of a file with many rejected records these are read again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from aisles.feeds.spark import RECORDS_SCHEMA, End, end_of, file_batches, is_closing, over_tasks
from aisles.feeds.split import Task

if TYPE_CHECKING:
    from pyspark.accumulators import Accumulator
    from pyspark.sql import DataFrame, SparkSession

_MOST_CHARS = 1 << 22
"""Rejected records of one file that come to the driver: of so much text. More are read again."""
_EACH = 100
"""What a record counts for beside its text."""
_ALL_CHARS = 1 << 25
"""Of all files together so much text: what reaches the driver does not grow with their number."""
_REFUSED_SCHEMA = RECORDS_SCHEMA.replace("values map<string, string>, ", "")
_NAMES = [part.split()[0] for part in RECORDS_SCHEMA.replace(", string>", ">").split(", ")]
_REFUSED = [name for name in _NAMES if name != "values"]
_BESIDE = ("trailer_count", "complete", "format")

Aside = dict[str, Any]
"""file, its closing row's fields, records, refused; rejected: rows, or None where they are many."""


@dataclass(frozen=True)
class Streamed:
    """The files' records, and what is known once these have been written.

    records: one row per record that was not rejected, with the columns of ``RECORDS_SCHEMA``. They
    may be read once: each reading parses the files.
    """

    records: DataFrame
    tasks: Sequence[Task]
    run_date: dt.date
    batch_rows: int
    _told: Accumulator[list[Aside]]

    @cached_property
    def _asides(self) -> dict[str, Aside]:
        found = {aside["file"]: aside for aside in self._told.value}
        missing = {task.file.file for task in self.tasks} - found.keys()
        assert not missing, f"files that no task has read: {', '.join(sorted(missing))}"
        return found

    def ends(self) -> list[End]:
        """What is known of each file, in file order; only after the records were written."""
        files = [task.file.file for task in self.tasks]
        return [end_of(file, [self._asides[file]]) for file in files]

    def rejected(self) -> DataFrame:
        """One row per rejected record, columns of ``RECORDS_SCHEMA`` but for values; likewise."""
        spark = self.records.sparkSession
        few = [row for aside in self._asides.values() for row in aside["rejected"] or ()]
        found = spark.createDataFrame(few, _REFUSED_SCHEMA)
        many = [task for task in self.tasks if self._asides[task.file.file]["rejected"] is None]
        if not many:
            return found
        day, rows = self.run_date, self.batch_rows
        again = over_tasks(spark, many, lambda task: _refused(task, day, rows), _REFUSED_SCHEMA)
        return found.unionByName(again)


def streamed(
    spark: SparkSession, tasks: Sequence[Task], run_date: dt.date, batch_rows: int = 8192
) -> Streamed:
    """The records of these files; every task is a whole file."""
    assert all(task.part is None for task in tasks)
    from pyspark.accumulators import AccumulatorParam

    class Lists(AccumulatorParam[list[Aside]]):
        def zero(self, value: list[Aside]) -> list[Aside]:
            return value[:0]

        def addInPlace(self, value1: list[Aside], value2: list[Aside]) -> list[Aside]:
            value1.extend(value2)
            return value1

    told = spark.sparkContext.accumulator([], Lists())
    most = min(_MOST_CHARS, _ALL_CHARS // max(len(tasks), 1))
    # The longest first, lest one of them is begun last and keeps all others waiting.
    longest = sorted(tasks, key=lambda task: -task.file.bytes)
    kept = over_tasks(
        spark, longest, lambda task: _kept(task, run_date, batch_rows, told, most), RECORDS_SCHEMA
    )
    return Streamed(kept, tasks, run_date, batch_rows, told)


def _kept(
    task: Task, run_date: dt.date, batch_rows: int, told: Accumulator[list[Aside]], most: int
) -> Iterator[pa.RecordBatch]:
    """The records of one file that are not rejected; then what else was found is told.

    most: signs of rejected records that are told.
    """
    aside: Aside = {"file": task.file.file, "records": 0, "refused": 0, "rejected": []}
    chars = 0
    for batch in file_batches(task.file, run_date, batch_rows):
        if is_closing(batch):
            aside |= {name: batch[name][0].as_py() for name in _BESIDE}
            continue
        aside["records"] += batch.num_rows
        good = pc.is_null(batch["reason"])
        bad = batch.select(_REFUSED).filter(pc.invert(good))
        if bad.num_rows:
            aside["refused"] += bad.num_rows
            chars += pc.sum(pc.utf8_length(pc.fill_null(bad["raw"], ""))).as_py()
            if chars + _EACH * aside["refused"] > most:
                aside["rejected"] = None
            if aside["rejected"] is not None:
                aside["rejected"] += [tuple(row.values()) for row in bad.to_pylist()]
            batch = batch.filter(good)
        yield batch.select(_NAMES)
    told.add([aside])


def _refused(task: Task, run_date: dt.date, batch_rows: int) -> Iterator[pa.RecordBatch]:
    """The rejected records of one file."""
    for batch in file_batches(task.file, run_date, batch_rows):
        if not is_closing(batch):
            yield batch.select(_REFUSED).filter(pc.is_valid(batch["reason"]))
