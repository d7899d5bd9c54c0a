"""The view feed_report over tables as the stages leave them, and how `aisles sql` shows it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from aisles import schema
from aisles.config import TablesConfig
from aisles.stages.sql_names import register
from aisles.tables import Tables

if TYPE_CHECKING:
    from pyspark.sql import Row, SparkSession

ONE, TWO, THREE = (dt.date(2026, 1, day) for day in (1, 2, 3))
FILE = "net/shop.csv"
FEED = {"network": "net", "retailer": "shop"}
NOW = dt.datetime(2026, 1, 2, 3)


def _file(day: dt.date, read: int, rejected: int, same_as: dt.date | None = None) -> dict:
    return {
        **FEED, "run_date": day, "file": FILE, "content_hash": "h", "bytes": 9, "read": read,
        "kept": read - rejected, "rejected": rejected, "complete": day != TWO, "same_as": same_as,
    }  # fmt: skip


def _refused(day: dt.date, record_no: int, stage: str, reason: str) -> dict:
    return {
        **FEED, "run_date": day, "file": FILE, "record_no": record_no, "stage": stage,
        "reason": reason,
    }  # fmt: skip


def _quality(day: dt.date, field: str, records: int, filled: int, valid: int) -> dict:
    return {
        **FEED, "run_date": day, "file": FILE, "field": field, "records": records,
        "filled": filled, "valid": valid,
    }  # fmt: skip


def _product(name: str, first: dt.date, changed: dt.date, gone: dt.date | None = None) -> dict:
    return {
        **FEED, "product_id": f"net/shop/{name}", "merchant_product_id": name,
        "active": gone is None, "first_seen": first, "changed_on": changed, "delisted_on": gone,
        "content_hash": "h",
    }  # fmt: skip


def _run(stage: str, day: dt.date, *messages: str) -> dict:
    return {
        "run_id": f"{stage}{day}", "stage": stage, "run_date": day, "started": NOW,
        "status": "done", "messages": list(messages),
    }  # fmt: skip


TABLES = {
    "feed_files": [_file(ONE, 10, 3), _file(TWO, 9, 0), _file(THREE, 10, 3, same_as=ONE)],
    "rejected_items": [
        _refused(ONE, 1, "ingest", "wrong_columns: expected 5, got 6"),
        _refused(ONE, 2, "ingest", "wrong_columns: expected 5, got 12"),
        _refused(ONE, 3, "ingest", "unclosed_quote"),
        _refused(ONE, 4, "normalise", "no_id"),
        _refused(TWO, 4, "normalise", "id_collision"),
    ],
    "column_roles": [
        {**FEED, "column": "titel", "role": "title", "confidence": 0.9},
        {**FEED, "column": "preis", "role": "price", "confidence": 0.9},
        {**FEED, "column": "x", "role": None, "confidence": 0.0},
    ],
    "field_quality": [
        _quality(ONE, "title", 7, 6, 6),
        _quality(ONE, "gtin", 7, 0, 0),
        _quality(TWO, "title", 3, 3, 1),
    ],
    "runs": [
        _run("normalise", ONE),
        _run("normalise", TWO, "net/shop: column preis is new", "net/other: column y is gone"),
        _run("ingest", TWO, "net/shop: it ends early", "ValueError: no such thing"),
        _run("score", TWO, "net/shop: not about the feed"),
    ],
    "products": [
        _product("a", ONE, ONE),
        _product("b", ONE, TWO),
        _product("c", ONE, ONE, gone=TWO),
        _product("d", TWO, TWO),
    ],
}
NO_CHANGES = {"new_products": 0, "changed_products": 0, "delisted_products": 0}
EXPECTED = {
    ONE: {
        "read": 10, "kept": 7, "rejected": 3, "complete": True,
        "rejected_by_reason": {
            "ingest: unclosed_quote": 1,
            "ingest: wrong_columns: expected N, got N": 2,
            "normalise: no_id": 1,
        },
        "roles": {"titel": "title", "preis": "price"},
        "cleaned_on": ONE, "cleaned": 7, "filled": {"title": 0.857, "gtin": 0.0},
        "valid": {"title": 1.0, "gtin": None}, "messages": None,
        "delivery_records": 7, "previous_run_date": None, "more_records": None, "duplicates": None,
        **NO_CHANGES, "new_products": 3,
    },
    TWO: {
        "complete": False, "rejected_by_reason": {"normalise: id_collision": 1},
        "cleaned_on": TWO, "cleaned": 3, "filled": {"title": 1.0}, "valid": {"title": 0.333},
        "messages": ["column preis is new", "it ends early"],
        "delivery_records": 9, "previous_run_date": ONE, "previous_records": 7,
        "more_records": 2, "new_products": 1, "changed_products": 1, "delisted_products": 1,
    },
    # The file of the first day came again: its rejected records are stored with that day, and
    # nothing was cleaned.
    THREE: {
        "rejected_by_reason": {
            "ingest: unclosed_quote": 1,
            "ingest: wrong_columns: expected N, got N": 2,
        },
        "cleaned_on": TWO, "cleaned": 3, "messages": None, "previous_run_date": TWO,
        # Of 7 records one is no product and three are.
        "more_records": -2, "duplicates": 3, **NO_CHANGES,
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def report(
    spark: SparkSession, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[dt.date, Row]]:
    tables = Tables(spark, TablesConfig(location=str(tmp_path_factory.mktemp("report"))))
    for name, rows in TABLES.items():
        names = [column.name for column in schema.columns(name)]
        ddl = ", ".join(f"`{column.name}` {column.type}" for column in schema.columns(name))
        values = [tuple(row.get(column) for column in names) for row in rows]
        tables.append(name, spark.createDataFrame(values, ddl))
    register(tables)
    yield {row["run_date"]: row for row in spark.sql("SELECT * FROM feed_report").collect()}
    for name in [*schema.views(), *schema.names()]:
        spark.catalog.dropTempView(name)


@pytest.mark.parametrize("day", [ONE, TWO, THREE])
def test_one_row_a_file_tells_all_of_it(report: dict[dt.date, Row], day: dt.date) -> None:
    assert len(report) == 3
    found = report[day].asDict()
    assert {name: found[name] for name in EXPECTED[day]} == EXPECTED[day]


UPRIGHT = """
network net
retailer shop
run_date 2026-01-01
file net/shop.csv
read 10
kept 7
rejected 3
trailer_count -
complete True
rejected_by_reason ingest: unclosed_quote 1
ingest: wrong_columns: expected N, got N 2
normalise: no_id 1
roles preis price
titel title
cleaned_on 2026-01-01
cleaned 7
filled gtin 0.000
title 0.857
valid gtin -
title 1.000
messages -
delivery_records 7
previous_run_date -
previous_records -
more_records -
duplicates -
new_products 3
changed_products 0
delisted_products 0
"""


def test_a_wide_row_is_printed_upright(report: dict[dt.date, Row], spark: SparkSession) -> None:
    from aisles.stages.report import console, print_frame

    assert report
    screen = console()
    with screen.capture() as shown:
        print_frame(screen, "", spark.sql("SELECT * FROM feed_report ORDER BY run_date"), 1)
    lines = shown.get().splitlines()
    assert max(map(len, lines)) <= 100
    assert [" ".join(line.replace("│", " ").split()) for line in lines[1:-1]] == (
        UPRIGHT.strip().splitlines()
    )


def test_narrow_rows_stand_side_by_side(spark: SparkSession) -> None:
    from aisles.stages.report import console, print_frame

    screen = console()
    with screen.capture() as shown:
        query = "SELECT 1 AS one, array('a', 'b') AS two, 4e-4 AS three, 0.0D AS four, 5e-3 AS x"
        print_frame(screen, "", spark.sql(query), 5)
    assert "│ 1   │ ['a', 'b'] │ 0.0004 │ 0.000 │ 0.005 │" in shown.get()
