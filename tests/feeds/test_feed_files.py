"""Feed files in a folder, as Arrow batches and as a Spark table."""

import datetime as dt
import hashlib
import json
from pathlib import Path
from typing import Any

import fsspec
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from aisles.feeds import files
from aisles.feeds.files import list_files
from aisles.feeds.roles import Declared, column_roles, roles_of_feed
from aisles.feeds.spark import ends_of, file_batches, numbered, read_parts

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


def test_known_files_are_not_read_again(feeds: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = list_files(str(feeds), ["roles_*.json"])
    known = {f.file: (f.bytes, f.modified, f.content_hash) for f in first}
    shop = feeds / "net" / "shop.csv"
    size = shop.stat().st_size
    shop.write_text("y" * size)  # of the same size
    (feeds / "net" / "new.csv").write_text("id;title\n")
    read: list[str] = []
    digest = files._digest

    def watched(system: Any, path: str) -> tuple[int, str]:
        read.append(path.rsplit("/", 1)[1])
        return digest(system, path)

    monkeypatch.setattr(files, "_digest", watched)
    second = list_files(str(feeds), ["roles_*.json"], known)
    assert sorted(read) == ["new.csv", "shop.csv"]
    assert [f.file for f in second if f not in first] == ["net/new.csv", "net/shop.csv"]
    assert second[2].content_hash == hashlib.sha256(b"y" * size).hexdigest()


def test_a_storage_that_says_nothing_of_changes_is_read_each_time() -> None:
    memory = fsspec.filesystem("memory")
    memory.pipe("/feeds/net/shop.csv", b"id;title\n1;a\n")
    (first,) = list_files("memory://feeds")
    assert (first.modified, first.location) == ("", "memory:///feeds/net/shop.csv")
    memory.pipe("/feeds/net/shop.csv", b"id;title\n1;b\n")
    known = {first.file: (first.bytes, first.modified, first.content_hash)}
    (second,) = list_files("memory://feeds", known=known)
    assert second.content_hash != first.content_hash
    rows = [row for batch in file_batches(second) for row in batch.to_pylist()]
    assert dict(rows[0]["values"]) == {"id": "1", "title": "b"}


MARKS = {
    "a disk": ({"mtime": 1.5, "created": 2.5, "ino": 7}, "1.5 2.5 7"),
    "a bucket": ({"ETag": '"ab-1"', "LastModified": "2026-01-02 03:04"}, "ab-1 2026-01-02 03:04"),
    "a link": ({"mtime": 1.5, "islink": True}, ""),
    "nothing said": ({"created": 2.5, "size": 3}, ""),
}


@pytest.mark.parametrize(("info", "text"), MARKS.values(), ids=MARKS.keys())
def test_what_a_storage_says_of_changes(info: dict[str, Any], text: str) -> None:
    assert files._modified(info) == text


def test_odd_names_and_links(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("id;title\n1;a\n")
    (tmp_path / "feeds" / "net").mkdir(parents=True)
    (tmp_path / "feeds" / "net" / "shop [1] 100%.csv").symlink_to(tmp_path / "data")
    (tmp_path / "feeds" / "linked").symlink_to(tmp_path / "feeds" / "net")
    found = list_files(str(tmp_path / "feeds"))
    assert [f.file for f in found] == ["linked/shop [1] 100%.csv", "net/shop [1] 100%.csv"]
    rows = [row for batch in file_batches(found[0]) for row in batch.to_pylist()]
    assert dict(rows[0]["values"]) == {"id": "1", "title": "a"}


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
    found = list_files(str(feeds), ["roles_*.json"])
    parts = read_parts(spark, found, DAY)
    assert parts.rdd.getNumPartitions() == len(found)
    parts.cache()
    ends = ends_of(parts)
    assert {(end.file, end.read, end.rejected, end.complete) for end in ends} == {
        ("net/shop.csv", 61, 1, True),
        ("net/other.shop.xml", 1, 0, True),
        ("second/broken.zip", 1, 1, False),
    }
    table = numbered(parts, ends)
    counts = {
        (r["file"], r["bad"]): r["count"]
        for r in table.selectExpr("file", "reason IS NOT NULL AS bad")
        .groupBy("file", "bad")
        .count()
        .collect()
    }
    assert counts == {
        ("net/shop.csv", False): 60,
        ("net/shop.csv", True): 1,
        ("net/other.shop.xml", False): 1,
        ("second/broken.zip", True): 1,
    }
    raw = table.where("reason IS NULL")
    stated = {
        (row["network"], row["retailer"]): Declared(61, (row["format"],))
        for row in parts.where("format IS NOT NULL").collect()
    }
    rows = column_roles(raw, stated).where("retailer = 'shop'").collect()
    assert {r["column"]: r["role"] for r in rows} == ROLES
    assert read_parts(spark, []).count() == 0
    assert numbered(read_parts(spark, []), []).count() == 0
    parts.unpersist()
