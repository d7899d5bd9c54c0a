"""Writes that a rerun repeats without effect."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from aisles import schema
from aisles.config import TablesConfig
from aisles.tables import Tables

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

OUTPUT = (
    "snapshot_id string, output_index int, category_id string, prior double,"
    " unknown_weight double, span int, parent_index int"
)
CATEGORY = "category_id string, parent_id string, name string, state string"


@pytest.fixture
def tables(spark: "SparkSession", tmp_path: Path) -> Tables:
    return Tables(spark, TablesConfig(location=str(tmp_path / "tables")))


def rows(frame: "DataFrame", *columns: str) -> list[tuple[Any, ...]]:
    return sorted(tuple(row) for row in frame.select(*columns).collect())


def outputs(spark: "SparkSession", snapshot: str, *priors: float) -> "DataFrame":
    made = [(snapshot, i, f"c{i}", p, 0.1, 1, -1) for i, p in enumerate(priors)]
    return spark.createDataFrame(made, OUTPUT)


def test_replace_writes_its_slice_alone_and_repeats(spark: "SparkSession", tables: Tables) -> None:
    tables.replace("outputs", outputs(spark, "a", 0.1, 0.2), "snapshot_id = 'a'")
    tables.replace("outputs", outputs(spark, "b", 0.9), "snapshot_id = 'b'")
    for _ in range(2):
        tables.replace("outputs", outputs(spark, "a", 0.3), "snapshot_id = 'a'", {"day": 1})
        stored = rows(tables.read("outputs"), "snapshot_id", "output_index", "prior")
        assert stored == [("a", 0, 0.3), ("b", 0, 0.9)]

    # Rows outside the slice would stand twice after a rerun.
    with pytest.raises(Exception, match=r"(?i)replaceWhere|constraint"):
        tables.replace("outputs", outputs(spark, "c", 0.5), "snapshot_id = 'a'")
    assert rows(tables.read("outputs"), "prior") == [(0.3,), (0.9,)]

    assert tables.version("outputs") == 4
    assert rows(tables.read("outputs", 1), "snapshot_id", "prior") == [("a", 0.1), ("a", 0.2)]
    history = spark.sql(f"DESCRIBE HISTORY {tables.name('outputs')} LIMIT 1").first()
    assert history is not None
    assert json.loads(history["userMetadata"]) == {"day": 1}


def test_merge_updates_inserts_and_marks_the_missing(spark: "SparkSession", tables: Tables) -> None:
    def store(*given: tuple[str, str | None, str, str], **options: Any) -> list[tuple[Any, ...]]:
        frame = spark.createDataFrame(list(given), CATEGORY)
        tables.merge("categories", frame, ["category_id"], **options)
        return rows(tables.read("categories"), "category_id", "name", "state")

    both = {
        "update_if": "t.name <> s.name",
        "update": {"name": "s.name"},
        "missing_if": "t.state <> 'retired'",
        "missing": {"state": "'retired'"},
    }
    first = [("1", None, "Shoes", "new"), ("2", "1", "Boots", "new")]
    assert store(*first, **both) == [("1", "Shoes", "new"), ("2", "Boots", "new")]

    second = [("1", None, "Footwear", "active"), ("3", "1", "Sandals", "new")]
    expected = [("1", "Footwear", "new"), ("2", "Boots", "retired"), ("3", "Sandals", "new")]
    assert store(*second, **both) == expected
    assert store(*second, **both) == expected

    # Without update_if a known key stays as it is; without insert a new one is left out.
    assert store(("1", None, "Other", "x")) == expected
    changed = store(
        ("1", None, "Other", "x"), ("9", None, "9", "x"), update_if="true", insert=False
    )
    assert changed == [("1", "Other", "x"), *expected[1:]]


def test_merge_leaves_no_setting_behind(spark: "SparkSession", tables: Tables) -> None:
    frame = spark.createDataFrame([("1", None, "Shoes", "new")], CATEGORY)
    tables.merge("categories", frame, ["category_id"], metadata={"stage": "label"})
    key = "spark.databricks.delta.commitInfo.userMetadata"
    assert spark.conf.get(key, "unset") == "unset"
    history = spark.sql(f"DESCRIBE HISTORY {tables.name('categories')} LIMIT 1").first()
    assert history is not None
    assert json.loads(history["userMetadata"]) == {"stage": "label"}


def test_ensure_adds_the_columns_that_a_table_lacks(spark: "SparkSession", tables: Tables) -> None:
    lines = schema.ddl("candidates").splitlines()
    kept = [
        line for line in lines if not line.startswith(("  probability ", "  spread ", "  why "))
    ]
    older = "\n".join(kept).replace("'open or answered',", "'open or answered'")
    spark.sql(older.replace(" candidates ", f" {tables.name('candidates')} ", 1))
    assert "probability" not in spark.read.table(tables.name("candidates")).columns

    added = {field.name: field for field in tables.read("candidates").schema.fields}
    declared = {column.name: column for column in schema.columns("candidates")}
    assert list(added) == list(declared)
    # With its apostrophe.
    assert added["probability"].metadata["comment"] == declared["probability"].comment
    assert tables.version("candidates") == 1


def test_conform_orders_casts_fills_and_drops(spark: "SparkSession", tables: Tables) -> None:
    from pyspark.sql import functions as F

    given = spark.range(1).select(
        F.lit("x").alias("surplus"), F.lit(3).alias("level"), F.lit(7).alias("category_id")
    )
    found = tables.conform("categories", given)
    assert found.columns == [column.name for column in schema.columns("categories")]
    assert found.first().asDict() == {
        "category_id": "7",
        "parent_id": None,
        "level": 3,
        "name": None,
        "path": None,
        "state": None,
    }


def test_a_required_column_refuses_null(spark: "SparkSession", tables: Tables) -> None:
    frame = spark.createDataFrame([(None, None, "Shoes", "new")], CATEGORY)
    with pytest.raises(Exception, match="category_id"):
        tables.append("categories", frame)
    assert tables.read("categories").isEmpty()


def test_names_and_places(spark: "SparkSession", tmp_path: Path) -> None:
    local = Tables(spark, TablesConfig(location=str(tmp_path)))
    assert local.path("runs") == f"{tmp_path}/runs"
    assert local.name("runs") == f"delta.`{tmp_path}/runs`"
    assert local.location("runs") == local.path("runs")
    assert not local.exists("runs")
    assert Tables(spark, TablesConfig(location="s3://b/t")).path("runs") == "s3://b/t/runs"
    governed = Tables(spark, TablesConfig(catalog="prod", schema="aisles"))
    assert governed.name("runs") == "prod.aisles.runs"
