"""The roles of a day's feeds over Spark: inferred, borrowed, kept, moved."""

import datetime as dt
from typing import TYPE_CHECKING, Any

from small_feeds import VALUES

from aisles.feeds.settle import SETTLED_SCHEMA, as_tuple, settled_roles

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

MONDAY, TUESDAY = dt.date(2026, 11, 23), dt.date(2026, 11, 24)
KINDS = {"id": "id", "title": "title", "x9": "size", "price": "price", "link": "deep"}
WORN = [row for row, size in enumerate(VALUES["size"]) if size == "42"]


def raw(
    spark: Any, feeds: dict[str, tuple[dict[str, str], list[int]]], day: dt.date
) -> "DataFrame":
    """Records of feeds of one network: retailer -> (header -> kind of values, product numbers)."""
    rows = [
        ("net", name, day, f"net/{name}.csv", no, {h: VALUES[kind][row] for h, kind in of.items()})
        for name, (of, products) in feeds.items()
        for no, row in enumerate(products, 1)
    ]
    schema = ("network string, retailer string, run_date date, file string, record_no long, "
              "`values` map<string, string>")  # fmt: skip
    return spark.createDataFrame(rows, schema)


def test_a_network_of_two_shops_over_two_days(spark: Any) -> None:
    monday = {"large": (KINDS, list(range(120))), "small": (KINDS, WORN[:3])}
    first = settled_roles(raw(spark, monday, MONDAY), None, [], [], MONDAY)
    assert first.drifts == {}
    roles = {(r["retailer"], r["column"]): r["role"] for r in first.rows}
    assert roles == {
        (shop, column): role
        for shop in ("large", "small")
        for column, role in {
            "id": "merchant_product_id",
            "title": "title",
            "x9": "size",
            "price": "price",
            "link": "product_url",
        }.items()
    }
    lent = {(r["retailer"], r["column"]): "borrowed" in r["evidence"] for r in first.rows}
    assert lent["small", "x9"]
    assert {r["decimals"] for r in first.rows if r["role"] == "price"} == {"dot"}

    # What the table gives back is what was stored.
    table = spark.createDataFrame([as_tuple(row) for row in first.rows], SETTLED_SCHEMA)
    stored = [row.asDict() for row in table.collect()]
    moved = {**KINDS, "x9": "colour"}
    tuesday = {"large": (KINDS, list(range(5, 120))), "small": (moved, list(range(40)))}
    stated = [{"network": "net", "retailer": "*", "column": "id", "role": "gtin"}]
    torn = [{**row, "retailer": "torn"} for row in stored if row["retailer"] == "large"]
    second = settled_roles(
        raw(spark, tuesday, TUESDAY), None, [*stored, *torn], stated, TUESDAY, {("net", "torn")}
    )
    assert list(second.drifts) == []
    days = {(r["retailer"], r["column"]): r["run_date"] for r in second.rows}
    assert days["large", "title"] == MONDAY
    assert days["torn", "title"] == MONDAY  # none of its records could be read
    # Four times as many rows as on Monday: inferred anew.
    assert days["small", "title"] == TUESDAY
    assert {r["retailer"]: r["role"] for r in second.rows if r["column"] == "id"} == {
        "large": "gtin",
        "small": "gtin",
        "torn": "gtin",
    }
    assert {r["role"] for r in second.rows if r["retailer"] == "small" and r["column"] == "x9"} == {
        "colour"
    }
