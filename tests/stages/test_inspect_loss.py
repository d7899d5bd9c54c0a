"""`aisles inspect --tables`: a file that holds much less than the deliveries before it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from aisles.stages.inspect import Inspect, inspected
from aisles.stages.inspect_loss import Past

HEADER = "sku,product_name,price,currency,product_url"
DAY = dt.date(2026, 3, 10)


def feed_of(records: int) -> str:
    line = "S{0},Oak chair number {0},{0}.99,EUR,https://shop.example/p/{0}\n"
    return f"{HEADER}\n" + "".join(line.format(number) for number in range(1, records + 1))


def file_row(days_ago: int, kept: int, **more: Any) -> dict[str, Any]:
    return {
        "network": "net", "retailer": "shop", "run_date": DAY - dt.timedelta(days_ago),
        "file": "net/shop.csv", "bytes": kept * 50, "kept": kept, "complete": True,
        "trailer_count": None, "read": kept,
    } | more  # fmt: skip


def table_of(rows: list[dict[str, Any]]) -> pa.Table:
    table = pa.Table.from_pylist(rows)
    place = table.schema.get_field_index("trailer_count")
    return table.set_column(place, "trailer_count", table["trailer_count"].cast(pa.int64()))


def past(*rows: dict[str, Any], size: int | None = None) -> Past:
    return Past(rows, size, 0.5)


def test_no_more_than_half_of_the_records_of_the_last_whole_delivery() -> None:
    before = past(file_row(3, 900), file_row(2, 1000), file_row(1, 100, complete=False))
    assert before.lost("net/shop.csv", 499) == "499 records where the last whole delivery had 1000"
    assert before.lost("net/shop.csv", 501) is None
    assert past().lost("net/shop.csv", 1) is None


def test_a_loss_that_the_delivery_before_has_as_well_is_believed() -> None:
    before = past(file_row(2, 1000), file_row(1, 300))
    assert before.lost("net/shop.csv", 310) is None
    assert before.lost("net/shop.csv", 100) is not None


def test_bytes_count_for_a_file_of_the_same_name() -> None:
    before = past(file_row(1, 1000), size=20_000)
    assert before.lost("net/shop.csv", 990) == "20000 bytes where the last whole delivery had 50000"
    assert before.lost("net/shop.csv.gz", 990) is None
    assert past(file_row(1, 1000)).lost("net/shop.csv", 990) is None


def test_a_file_is_held_against_its_own_past() -> None:
    two = past(file_row(1, 1000), file_row(1, 3000, file="net/shop.2.csv"))
    assert two.lost("net/shop.csv", 900) is None
    assert two.lost("net/shop.new.csv", 900) is not None


@pytest.fixture
def tables(tmp_path: Path) -> str:
    roles = {
        "network": "net", "retailer": "other", "column": "a", "role": "title", "confidence": 1.0,
        "evidence": "", "source": "inferred", "filled": 1.0, "decimals": "", "profile": None,
        "run_date": DAY, "language": "",
    }  # fmt: skip
    schema = pa.Table.from_pylist([roles]).schema
    schema = schema.set(schema.get_field_index("profile"), pa.field("profile", pa.string()))
    write_deltalake(tmp_path / "tables/column_roles", pa.Table.from_pylist([roles], schema))
    rows = [file_row(1, 1000), file_row(0, 5), file_row(1, 9, retailer="other")]
    write_deltalake(tmp_path / "tables/feed_files", table_of(rows))
    return str(tmp_path / "tables")


@pytest.mark.parametrize(("records", "loses"), [(400, True), (980, False)])
def test_the_report_warns(tmp_path: Path, tables: str, records: int, loses: bool) -> None:
    feed = tmp_path / "net" / "shop.csv"
    feed.parent.mkdir()
    feed.write_text(feed_of(records))
    report = inspected(Inspect(file=str(feed), tables=tables, run_date=str(DAY)))
    said = [text for text in report.warnings if text.startswith("looks truncated")]
    lost = f"{records} records where the last whole delivery had 1000"
    sentence = f"looks truncated: {lost}; nothing that it lacks would be delisted"
    assert said == ([sentence] if loses else [])
    assert not any("sudden loss" in text for text in report.unknown)
    alone = inspected(Inspect(file=str(feed), run_date=str(DAY)))
    assert not any(text.startswith("looks truncated") for text in alone.warnings)
    assert any("sudden loss" in text for text in alone.unknown)


@pytest.mark.parametrize(("kept", "size"), [(400, 50_000), (990, 20_000), (990, 49_000)])
def test_normalise_says_the_same(spark, kept: int, size: int) -> None:  # type: ignore[no-untyped-def]
    from aisles.stages.deliveries import judged

    before = [
        file_row(3, 900, content_hash="a"),
        file_row(2, 1000, content_hash="b"),
        file_row(1, 800, content_hash="c", complete=False),
    ]
    now = file_row(0, kept, content_hash="d") | {"bytes": size}
    found = (
        judged(spark.createDataFrame(table_of([*before, now])), 0.5)
        .filter(f"run_date = '{DAY}'")
        .first()
    )
    assert found["doubt"] == past(*before, size=size).lost("net/shop.csv", kept)
