"""The Delta tables: the only module that reads and writes them with Spark.

Every write is one transaction that a rerun repeats without effect: a MERGE on the key, a
replaceWhere of exactly the job's slice, or an append that is skipped when its id is there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aisles import schema
from aisles.config import TablesConfig
from aisles.live_files import Live, live_files, means_the_same, rows_of
from aisles.parts import Part
from aisles.together import together

if TYPE_CHECKING:
    from delta.tables import DeltaTable
    from pyspark.sql import DataFrame, Observation, SparkSession

_METADATA = "spark.databricks.delta.commitInfo.userMetadata"
_COPIES = "spark.databricks.delta.merge.materializeSource"
_LISTED = 32  # so many files Spark lists without a job of its own


@dataclass
class Tables:
    """All tables of one environment, by location or by catalogue."""

    spark: SparkSession
    config: TablesConfig
    _ready: set[str] = field(default_factory=set)

    def path(self, table: str) -> str:
        """Folder of one table (by location only)."""
        assert not self.config.catalog, "tables of a catalogue have no path of ours"
        base = self.config.location
        return f"{base if '://' in base else Path(base).resolve()}/{table}"

    def name(self, table: str) -> str:
        """What SQL calls the table."""
        if self.config.catalog:
            return f"{self.config.catalog}.{self.config.schema}.{table}"
        return f"delta.`{self.path(table)}`"

    def location(self, table: str) -> str:
        """Folder or URI of the table's files, also where a catalogue manages it."""
        if not self.config.catalog:
            return self.path(table)
        detail = self.spark.sql(f"DESCRIBE DETAIL {self.name(table)}").select("location").first()
        assert detail is not None
        return str(detail[0])

    def ensure(self, table: str) -> None:
        """Creates the table where it is missing and adds columns that it lacks."""
        if table in self._ready:
            return
        statement = schema.ddl(table).replace(
            f"CREATE TABLE IF NOT EXISTS {table} ",
            f"CREATE TABLE IF NOT EXISTS {self.name(table)} ",
        )
        if not self.exists(table):
            self.spark.sql(statement)
        have = set(self.spark.read.table(self.name(table)).columns)
        lacking = [c for c in schema.columns(table) if c.name not in have]
        if lacking:
            quoted = [c.comment.replace("'", "\\'") for c in lacking]
            added = ", ".join(
                f"`{c.name}` {c.type} COMMENT '{text}'" for c, text in zip(lacking, quoted)
            )
            self.spark.sql(f"ALTER TABLE {self.name(table)} ADD COLUMNS ({added})")
        self._ready.add(table)

    def prepare(self, *tables: str) -> None:
        """The same for several tables at once: most of the time goes into waiting for each."""
        together(self.spark, *(partial(self.ensure, table) for table in tables))

    def exists(self, table: str) -> bool:
        """Whether the table has been created."""
        from delta.tables import DeltaTable

        if self.config.catalog:
            return self.spark.catalog.tableExists(self.name(table))
        return DeltaTable.isDeltaTable(self.spark, self.path(table))

    def read(self, table: str, version: int | None = None) -> DataFrame:
        """The rows of the table, now or at one version."""
        self.ensure(table)
        if version is None:
            return self.spark.read.table(self.name(table))
        return self.spark.sql(f"SELECT * FROM {self.name(table)} VERSION AS OF {int(version)}")

    def part(self, table: str, part: Part) -> DataFrame:
        """The rows of the part as they are now, also once the table has been written to.

        Few files that are listed here are read as they are: Delta's planning takes jobs of its own.
        """
        live = self._live(table, part)
        if live is None or len(live.files) > _LISTED:
            return self.read(table).filter(part.sql)
        kinds = {column.name: column.type for column in schema.columns(table)}
        return rows_of(self.spark, live, kinds).filter(part.sql)

    def _live(self, table: str, part: Part) -> Live | None:
        """Files that may hold rows of the part; None where only Spark can tell."""
        self.ensure(table)
        on_disk = not self.config.catalog and means_the_same(self.spark, self.config.location)
        return live_files(self.path(table), part) if on_disk else None

    def version(self, table: str) -> int:
        """The present version of the table."""
        self.ensure(table)
        row = self.spark.sql(f"DESCRIBE HISTORY {self.name(table)} LIMIT 1").first()
        assert row is not None
        return int(row["version"])

    def changes(self, table: str, since: int, until: int) -> DataFrame:
        """The change data feed of the versions after `since` up to `until`."""
        self.ensure(table)
        reader = (
            self.spark.read.format("delta")
            .option("readChangeFeed", True)
            .option("startingVersion", since + 1)
            .option("endingVersion", until)
        )
        return (
            reader.table(self.name(table)) if self.config.catalog else reader.load(self.path(table))
        )

    def conform(self, table: str, frame: DataFrame, *more: str) -> DataFrame:
        """The frame with the declared columns in order, and more; lacking ones are null."""
        have = set(frame.columns)
        # As texts, of which one call to the JVM takes many.
        return frame.selectExpr(
            *[
                f"CAST({f'`{c.name}`' if c.name in have else 'NULL'} AS {c.type}) AS `{c.name}`"
                for c in schema.columns(table)
            ],
            *more,
        )

    def replace(
        self, table: str, frame: DataFrame, where: str, metadata: Mapping[str, Any] | None = None
    ) -> int:
        """Replaces exactly the rows for which `where` holds; all new rows must fulfil it.

        Returns how many rows were written, as counted while they were.
        """
        counted, seen = self._counted(table, frame)
        writer = counted.write.format("delta").mode("overwrite")
        writer = writer.option("replaceWhere", where).option("userMetadata", json.dumps(metadata))
        if self.config.catalog:
            writer.saveAsTable(self.name(table))
        else:
            writer.save(self.path(table))
        return int(seen.get["rows"])

    def replace_part(self, table: str, frame: DataFrame, part: Part) -> int:
        """Replaces exactly the rows of the part; all new rows belong to it (the caller knows).

        Where there are none, the new ones are only appended: even to replace nothing Delta asks the
        table's whole log. Rows that another job has stored meanwhile are replaced after all.
        """
        before = self._live(table, part)
        if before is not None and not before.files:
            written, after = self.append(table, frame), self._live(table, part)
            alone = after is not None and after.version == before.version + 1
            if alone or self.part(table, part).count() == written:
                return written
        return self.replace(table, frame, part.sql)

    def clear(self, table: str, part: Part) -> None:
        """Drops the rows of the part; no transaction where there are none."""
        if self.holds(table, part):
            self.replace(table, self.read(table).where("false"), part.sql)

    def holds(self, table: str, part: Part) -> bool:
        """Whether there are rows of the part."""
        return self.may_hold(table, part) and not self.part(table, part).isEmpty()

    def may_hold(self, table: str, part: Part) -> bool:
        """Whether there may be rows of the part, as far as it can be told without reading them."""
        live = self._live(table, part)
        return live is None or bool(live.files)

    def merge(
        self,
        table: str,
        source: DataFrame,
        keys: Sequence[str],
        *,
        where: str | None = None,
        update_if: str | None = None,
        update: Mapping[str, str] | None = None,
        else_if: str | None = None,
        otherwise: Mapping[str, str] | None = None,
        delete_if: str | None = None,
        insert: bool | Mapping[str, str] = True,
        missing_if: str | None = None,
        missing: Mapping[str, str] | None = None,
        metadata: Mapping[str, Any] | None = None,
        stable: bool = False,
    ) -> None:
        """One MERGE: t is the table, s the source.

        where: what holds for every row of the table that has a match; files without such rows are
        not read. update_if: condition under which a matched row is updated; None never updates.
        update: column -> SQL, default all columns of the source. else_if, otherwise: the same of
        matched rows for which update_if does not hold. delete_if: condition under which
        a matched row is deleted instead; a source row that meets it is not inserted either.
        insert: whether (or column -> SQL with what) new keys are added. missing_if, missing:
        condition and update of the table's rows that the source lacks. stable: the source is
        checkpointed, so that Delta need not copy it to find it the same at its second reading.
        """
        self.ensure(table)
        on = [f"t.`{key}` = s.`{key}`" for key in keys] + ([where] if where else [])
        merge = self._delta(table).alias("t").merge(source.alias("s"), " AND ".join(on))
        every = {f"`{column}`": f"s.`{column}`" for column in source.columns}
        if delete_if is not None:
            merge = merge.whenMatchedDelete(condition=delete_if)
        if update_if is not None:
            values: dict[str, Any] = dict(update) if update else every
            merge = merge.whenMatchedUpdate(condition=update_if, set=values)
        if else_if is not None:
            assert otherwise
            merge = merge.whenMatchedUpdate(condition=else_if, set=dict(otherwise))
        if insert:
            new: dict[str, Any] = dict(every if insert is True else insert)
            kept = "true" if delete_if is None else f"NOT coalesce({delete_if}, false)"
            merge = merge.whenNotMatchedInsert(condition=kept, values=new)
        if missing_if is not None:
            assert missing
            merge = merge.whenNotMatchedBySourceUpdate(condition=missing_if, set=dict(missing))
        self.spark.conf.set(_METADATA, json.dumps(metadata))
        if stable:
            self.spark.conf.set(_COPIES, "none")
        try:
            merge.execute()
        finally:
            self.spark.conf.unset(_METADATA)
            self.spark.conf.unset(_COPIES)

    def append(
        self,
        table: str,
        frame: DataFrame,
        metadata: Mapping[str, Any] | None = None,
        file_rows: int = 0,
    ) -> int:
        """Appends rows that are not there yet (the caller knows); returns how many were written.

        file_rows: most rows of one file, 0 for no limit.
        """
        counted, seen = self._counted(table, frame)
        writer = counted.write.format("delta").mode("append")
        writer = writer.option("userMetadata", json.dumps(metadata))
        writer = writer.option("maxRecordsPerFile", file_rows)
        if self.config.catalog:
            writer.saveAsTable(self.name(table))
        else:
            writer.save(self.path(table))
        return int(seen.get["rows"])

    def metadata(self, table: str) -> dict[str, Any]:
        """What the newest commit that left metadata left; empty where none did.

        This is where a stage's watermark stands: in the same transaction as its rows.
        """
        self.ensure(table)
        commits = self._delta(table).history().select("version", "userMetadata")
        left = commits.filter("userMetadata IS NOT NULL AND userMetadata <> 'null'")
        row = left.orderBy("version", ascending=False).first()
        found = json.loads(row["userMetadata"]) if row is not None else {}
        return found if isinstance(found, dict) else {}

    def _counted(self, table: str, frame: DataFrame) -> tuple[DataFrame, Observation]:
        """The conforming rows, and what will know how many they were once they are written."""
        from pyspark.sql import Observation
        from pyspark.sql import functions as F

        self.ensure(table)
        seen = Observation()
        rows = F.count(F.lit(1)).alias("rows")
        return self.conform(table, frame).observe(seen, rows), seen

    def _delta(self, table: str) -> DeltaTable:
        from delta.tables import DeltaTable

        if self.config.catalog:
            return DeltaTable.forName(self.spark, self.name(table))
        return DeltaTable.forPath(self.spark, self.path(table))
