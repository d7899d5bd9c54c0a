"""Files listed without Spark: never one too few, and the rows that Delta itself finds."""

import itertools
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from aisles.config import TablesConfig
from aisles.live_files import live_files, local_path
from aisles.parts import Part
from aisles.tables import Tables
from aisles.together import few_rows

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

DAYS = ("2026-11-01", "2026-11-02")
FEEDS = [("awin", "mode"), ("awin", "o'neil"), ("cj", "küche"), ("x" * 40, "y" * 40 + "1")]


@pytest.fixture
def tables(spark: "SparkSession", tmp_path: Path) -> Tables:
    return Tables(spark, TablesConfig(location=str(tmp_path / "the tables"), catalog=""))


def quality(spark: "SparkSession", *rows: tuple[str, str, str, int]) -> "DataFrame":
    """Rows of field_quality: network, retailer, day, records."""
    from pyspark.sql import functions as F

    schema = "network string, retailer string, day string, records long"
    return (
        spark.createDataFrame(list(rows), schema)
        .withColumn("run_date", F.to_date("day"))
        .withColumns({"file": F.lit("f"), "field": F.lit("title")})
        .withColumns({"filled": F.col("records"), "valid": F.col("records")})
    )


def found(frame: "DataFrame") -> list[tuple[Any, ...]]:
    names = ("network", "retailer", "run_date", "records")
    return sorted(tuple(str(row[name]) for name in names) for row in frame.collect())


def test_a_part_is_what_delta_finds(spark: "SparkSession", tables: Tables) -> None:
    rows = [(*feed, day, n) for n, (feed, day) in enumerate(itertools.product(FEEDS, DAYS))]
    for row in rows:
        tables.append("field_quality", quality(spark, row))
    every: tuple[Any, ...] = (None, (), *((feed,) for feed in FEEDS), FEEDS[1:3], [("awin", "a")])
    for days, feeds in itertools.product((None, (), DAYS[:1], DAYS, ("2026-12-01",)), every):
        part = Part.of(days, feeds, "records <> 3")
        expected = found(tables.read("field_quality").filter(part.sql))
        assert found(tables.part("field_quality", part)) == expected, part
        assert tables.holds("field_quality", part) == bool(expected)
        live = live_files(tables.path("field_quality"), part)
        assert live is not None
        # One file a row here: those of other feeds and days are left out, none too few is listed.
        near = live_files(tables.path("field_quality"), Part.of(days, feeds))
        assert near is not None
        asked = len(DAYS if days is None else set(days) & set(DAYS))
        among = len(FEEDS if feeds is None else set(feeds) & set(FEEDS))
        assert len(near.files) == asked * among
    columns = tables.part("field_quality", Part()).columns
    assert columns == tables.read("field_quality").columns


def test_only_spark_can_tell(spark: "SparkSession", tables: Tables) -> None:
    tables.append("field_quality", quality(spark, (*FEEDS[0], DAYS[0], 1)))
    path, part = tables.path("field_quality"), Part.of(DAYS)
    assert live_files(path, part) is not None
    assert live_files(f"file://{path.replace(' ', '%20')}", part) == live_files(path, part)
    for elsewhere in ("s3://bucket/tables/x", "hdfs://name/x", f"{path}/nothing", "/a*b/x"):
        assert live_files(elsewhere, part) is None
    assert local_path("/tmp/[a]") is None
    name = tables.name("field_quality")
    spark.sql(f"ALTER TABLE {name} SET TBLPROPERTIES ('delta.enableDeletionVectors' = 'true')")
    assert live_files(path, part) is None
    assert found(tables.part("field_quality", part)) == found(tables.read("field_quality"))
    assert tables.may_hold("field_quality", Part.of(["2020-01-01"]))
    assert not tables.holds("field_quality", Part.of(["2020-01-01"]))


def test_a_default_store_that_is_no_disk(spark: "SparkSession", tables: Tables) -> None:
    tables.append("field_quality", quality(spark, (*FEEDS[0], DAYS[0], 1)))
    context: Any = spark.sparkContext
    hadoop = context._jsc.hadoopConfiguration()
    before = hadoop.get("fs.defaultFS")
    hadoop.set("fs.defaultFS", "hdfs://name:8020/")
    try:
        assert tables._live("field_quality", Part.of(DAYS)) is None
    finally:
        hadoop.set("fs.defaultFS", before)
    assert tables._live("field_quality", Part.of(DAYS)) is not None


def _operations(tables: Tables) -> list[str]:
    history = tables._delta("field_quality").history().select("version", "operationParameters")
    return [row[1].get("mode", "") for row in sorted(history.collect())]


def test_a_part_is_appended_where_there_is_none_else_replaced(
    spark: "SparkSession", tables: Tables
) -> None:
    one, other = (*FEEDS[0], DAYS[0]), (*FEEDS[2], DAYS[0])
    part = Part.of(DAYS[:1], FEEDS[:1])
    assert tables.replace_part("field_quality", quality(spark, (*one, 1)), part) == 1
    theirs = Part.of(DAYS[:1], FEEDS[2:3])
    assert tables.replace_part("field_quality", quality(spark, (*other, 2)), theirs) == 1
    assert tables.replace_part("field_quality", quality(spark, (*one, 3), (*one, 4)), part) == 2
    assert [row[-1] for row in found(tables.read("field_quality"))] == ["3", "4", "2"]
    assert _operations(tables)[-3:] == ["Append", "Append", "Overwrite"]


@pytest.mark.parametrize("same", [True, False])
def test_rows_that_another_job_stores_at_the_same_moment(
    spark: "SparkSession", tables: Tables, monkeypatch: pytest.MonkeyPatch, same: bool
) -> None:
    """Its rows of the part are replaced, and those of other parts stay."""
    append = Tables.append
    feed = FEEDS[0] if same else FEEDS[2]

    def later(self: Tables, table: str, frame: "DataFrame", *more: Any) -> int:
        append(self, table, quality(spark, (*feed, DAYS[0], 1)))
        return append(self, table, frame, *more)

    monkeypatch.setattr(Tables, "append", later)
    part = Part.of(DAYS[:1], FEEDS[:1])
    written = tables.replace_part("field_quality", quality(spark, (*FEEDS[0], DAYS[0], 2)), part)
    assert written == 1
    stored = [row[-1] for row in found(tables.read("field_quality"))]
    assert stored == (["2"] if same else ["2", "1"])
    assert _operations(tables)[-1] == ("Overwrite" if same else "Append")


def test_few_rows_leave_the_settings_as_they_were(spark: "SparkSession") -> None:
    names = ("spark.sql.adaptive.enabled", "spark.sql.shuffle.partitions")
    before = [spark.conf.get(name) for name in names]

    def meanwhile() -> None:
        with few_rows(spark):
            assert spark.conf.get(names[0]) == "false"
            assert int(spark.conf.get(names[1]) or 0) <= 4
            raise ValueError("in vain")

    with pytest.raises(ValueError, match="in vain"):
        meanwhile()
    assert [spark.conf.get(name) for name in names] == before
