"""Feed files in a folder, as Arrow batches and as a Spark table."""

import datetime as dt
import hashlib
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from aisles.feeds.files import list_files
from aisles.feeds.roles import column_roles, roles_of_feed
from aisles.feeds.spark import file_batches, read_files

ROLES = {"id": "merchant_product_id", "title": "title", "price": "price", "brand": "brand"}
DAY = dt.date(2026, 1, 2)


@pytest.fixture
def feeds(tmp_path: Path) -> Path:
    shirts = "id;title;price;brand\n" + "".join(
        f"{no};Acme Shirt no {no};1{no}.50;Acme\n"
        if no % 3
        else f"{no};Vela Shoe no {no};2{no}.90;Vela\n"
        for no in range(60)
    )
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "shop.csv").write_text(shirts + "1;2\n")
    (tmp_path / "net" / "other.shop.xml").write_text("<r><item><id>1</id><t>x</t></item></r>")
    (tmp_path / "net" / ".hidden.csv").write_text("x")
    (tmp_path / "net" / "roles_shop.json").write_text("{}")
    (tmp_path / "second").mkdir()
    (tmp_path / "second" / "broken.zip").write_bytes(b"PK\x03\x04 not a zip")
    (tmp_path / "readme.md").write_text("x")
    return tmp_path


def test_list_files(feeds: Path) -> None:
    found = list_files(str(feeds), ["roles_*.json"])
    assert [(f.network, f.retailer, f.file) for f in found] == [
        ("net", "other", "net/other.shop.xml"),
        ("net", "shop", "net/shop.csv"),
        ("second", "broken", "second/broken.zip"),
    ]
    content = (feeds / "net" / "shop.csv").read_bytes()
    assert (found[1].bytes, found[1].content_hash) == (
        len(content),
        hashlib.sha256(content).hexdigest(),
    )
    assert [f.file for f in list_files(str(feeds), ["net/*", "*.zip"])] == []
    with pytest.raises(ValueError, match="expected a folder"):
        list_files(str(feeds / "none"))


def test_batches_of_a_file(feeds: Path) -> None:
    file = list_files(str(feeds), ["net/o*", "roles_*"])[0]
    rows = [row for batch in file_batches(file, DAY, 25) for row in batch.to_pylist()]
    assert [row["record_no"] for row in rows] == [*range(1, 62), None]
    assert rows[60]["reason"] == "wrong_columns: expected 4, got 2"
    closing = rows[-1]
    assert (closing["complete"], closing["trailer_count"]) == (True, None)
    assert json.loads(closing["format"])["columns"] == ["id", "title", "price", "brand"]
    assert {row["run_date"] for row in rows} == {DAY}


def test_a_vanished_file_gives_one_rejected_record(feeds: Path) -> None:
    file = list_files(str(feeds), ["net/o*", "roles_*"])[0]
    (feeds / "net" / "shop.csv").unlink()
    rows = [row for batch in file_batches(file) for row in batch.to_pylist()]
    assert [(r["record_no"], (r["reason"] or "")[:11]) for r in rows] == [
        (1, "unreadable:"),
        (None, ""),
    ]


def test_roles_of_one_feed_without_its_format(feeds: Path) -> None:
    file = list_files(str(feeds), ["net/o*", "roles_*"])[0]
    table = pa.Table.from_batches(file_batches(file)).filter(pc.field("values").is_valid())
    hashes = pa.array(range(table.num_rows), pa.int64())
    sample = table.select(["network", "retailer", "values"]).append_column("hash", hashes)
    found = roles_of_feed(sample)
    assert {r["column"]: r["role"] for r in found.to_pylist()} == ROLES
    assert found["source"].unique().to_pylist() == ["inferred"]


def test_spark_table_and_roles(spark: Any, feeds: Path) -> None:
    files = list_files(str(feeds), ["roles_*.json"])
    table = read_files(spark, files, DAY)
    assert table.rdd.getNumPartitions() == len(files)
    table.cache()
    counts = {
        (r["file"], r["bad"], r["closing"]): r["count"]
        for r in table.selectExpr(
            "file", "reason IS NOT NULL AS bad", "record_no IS NULL AS closing"
        )
        .groupBy("file", "bad", "closing")
        .count()
        .collect()
    }
    assert counts == {
        ("net/shop.csv", False, False): 60,
        ("net/shop.csv", True, False): 1,
        ("net/shop.csv", False, True): 1,
        ("net/other.shop.xml", False, False): 1,
        ("net/other.shop.xml", False, True): 1,
        ("second/broken.zip", True, False): 1,
        ("second/broken.zip", False, True): 1,
    }
    raw = table.where("record_no IS NOT NULL AND reason IS NULL")
    closing = table.where("record_no IS NULL").select("network", "retailer", "format")
    rows = column_roles(raw, closing).where("retailer = 'shop'").collect()
    assert {r["column"]: r["role"] for r in rows} == ROLES
    assert read_files(spark, []).count() == 0
    table.unpersist()
