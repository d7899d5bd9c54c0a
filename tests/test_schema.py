"""The declared tables: what Spark makes of them, and what others rely on."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest

from aisles import files, schema
from aisles.config import TablesConfig
from aisles.stages.sql_names import register
from aisles.tables import Tables

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# Columns that other people's jobs and queries rely on. More may be added, none taken away.
CONTRACT = {
    "feed_files": "network retailer run_date file content_hash bytes read kept rejected"
    " trailer_count complete",
    "raw_items": "network retailer run_date file record_no values content_hash",
    "rejected_items": "network retailer file record_no stage reason raw",
    "column_roles": "network retailer column role confidence evidence source",
    "products": "product_id network retailer merchant_product_id title description brand gender"
    " color size price_minor old_price_minor currency image_url product_url gtin availability"
    " merchant_category all_text active first_seen changed_on delisted_on content_hash",
    "images": "image_url content_hash image status tried_at",
    "rules": "rule_id rule_version category_id effect condition enabled author_note error",
    "rule_votes": "product_id rule_id rule_version category_id vote field span_start span_end"
    " matched_text evidence",
    "human_labels": "answer_id product_id category_id answer annotator at reason round strategy"
    " propensity model_version content_hash",
    "labels": "product_id category_id target weight importance source",
    "snapshots": "snapshot_id versions encoder seed",
    "outputs": "snapshot_id output_index category_id prior unknown_weight",
    "examples": "snapshot_id product_id split_key split fold image",
    "scores": "product_id category_id probability raw_probability assigned spread model_version",
    "embeddings": "product_id content_hash embedding model_version",
    "candidates": "product_id category_id round rank strategy propensity model_version status",
    "thresholds": "category_id threshold basis precision_lower_bound model_version",
    "runs": "run_id stage started ended status rows_in rows_out figures",
    "categories": "category_id parent_id level name path state",
}
TYPES = {
    ("raw_items", "values"): "MAP<STRING, STRING>",
    ("rule_votes", "evidence"): "ARRAY<STRUCT<field: STRING, start: INT, end: INT, text: STRING>>",
    ("human_labels", "answer"): "TINYINT",
    ("products", "first_seen"): "DATE",
    ("images", "image"): "BINARY",
}


@pytest.mark.parametrize("table", CONTRACT)
def test_the_contract_holds(table: str) -> None:
    declared = {column.name: column for column in schema.columns(table)}
    assert set(CONTRACT[table].split()) - set(declared) == set()
    for name, column in declared.items():
        assert column.type == TYPES.get((table, name), column.type)
        # A key of ours is text, whatever the values look like.
        assert not name.endswith("_id") or column.type == "STRING"


def test_every_declared_table_is_under_contract_or_ours_alone() -> None:
    ours = {"figures", "field_quality", "answer_imports", "rejected_answers", "label_conflicts"}
    ours |= {"rule_report", "category_rule_report"}
    assert set(schema.names()) - set(CONTRACT) == ours


def test_products_has_no_last_seen() -> None:
    # It would rewrite every row every day: it is a view.
    assert "last_seen" not in {column.name for column in schema.columns("products")}
    assert "last_seen" in schema.views()


@pytest.mark.parametrize("table", schema.names())
def test_every_line_is_a_column_with_a_comment(table: str) -> None:
    inside = schema.ddl(table).split("(\n", 1)[1].split("\n) USING delta", 1)[0]
    lines = inside.splitlines()
    assert [line.split()[0] for line in lines] == [c.name for c in schema.columns(table)]
    assert [c.name for c in schema.columns(table) if not c.comment.strip()] == []
    assert "\nCOMMENT 'One row is one " in schema.ddl(table)
    # The trainer and other readers take the files of a version as they are.
    assert "'delta.enableDeletionVectors' = 'false'" in schema.ddl(table)
    assert "columnMapping" not in schema.ddl(table)


@pytest.fixture(scope="module")
def made(
    spark: "SparkSession", tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple["SparkSession", Tables]]:
    """All declared tables, empty, and their views."""
    folder = tmp_path_factory.mktemp("schema")
    tables = Tables(spark, TablesConfig(location=str(folder)))
    for table in schema.names():
        tables.ensure(table)
    yield spark, tables
    for name in [*schema.views(), *schema.names()]:
        spark.catalog.dropTempView(name)


def test_spark_makes_just_what_is_declared(made: tuple["SparkSession", Tables]) -> None:
    spark, tables = made
    for table in schema.names():
        fields = spark.read.table(tables.name(table)).schema.fields
        declared = schema.columns(table)
        assert [field.name for field in fields] == [column.name for column in declared]
        for field, column in zip(fields, declared):
            wanted = spark.createDataFrame([], f"`{column.name}` {column.type}").schema.fields[0]
            assert field.dataType == wanted.dataType, (table, column)
            assert field.metadata["comment"] == column.comment
            assert field.nullable is not column.required


def test_views_and_example_queries_can_be_read(made: tuple["SparkSession", Tables]) -> None:
    spark, tables = made
    assert register(tables) == schema.names()
    for view in schema.views():
        assert spark.table(view).columns
    for query in files.text("schemas/examples/queries.sql").split(";"):
        if query.strip():
            assert spark.sql(query).columns


def test_tables_are_plain_folders(made: tuple["SparkSession", Tables]) -> None:
    _, tables = made
    for table in schema.names():
        assert (Path(tables.config.location) / table / "_delta_log").is_dir()


@pytest.mark.parametrize("table", ["raw_items", "products"])
def test_values_that_hardly_recur_get_no_dictionary(
    made: tuple["SparkSession", Tables], table: str
) -> None:
    spark, tables = made
    without = set(re.findall(r"'parquet.enable.dictionary#(.+?)' = 'false'", schema.ddl(table)))
    texts = {c.name: "7" for c in schema.columns(table) if c.type != "MAP<STRING, STRING>"}
    given = ", ".join(f"CAST('{text}' AS STRING) AS `{name}`" for name, text in texts.items())
    same = spark.sql(f"SELECT {given}, map('a', 'b') AS values FROM range(0, 1000, 1, 1)")
    tables.append(table, same.selectExpr(*map(_cast, schema.columns(table))))
    (path,) = (Path(tables.config.location) / table).rglob("*.parquet")
    group = pq.ParquetFile(path).metadata.row_group(0)
    columns = [group.column(number) for number in range(group.num_columns)]
    plain = {one.path_in_schema for one in columns if not one.has_dictionary_page}
    assert without and without <= plain
    assert {"network", "retailer"} & plain == set()


def _cast(column: schema.Column) -> str:
    text = {"DATE": "'2026-11-02'", "BOOLEAN": "true"}.get(column.type, f"`{column.name}`")
    return f"CAST({text} AS {column.type}) AS `{column.name}`"
