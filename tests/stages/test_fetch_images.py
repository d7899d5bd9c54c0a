"""The table of pictures: what is tried when, what stays untouched, what a killed run leaves."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import io
import random
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image, ImageChops, ImageStat

from aisles.config import load
from aisles.products.images import PICTURE_DDL
from aisles.products.picture_map import PictureMap
from aisles.products.web import Source, fetch_pictures
from aisles.stages import fetch_images
from aisles.stages.job import Account, Job
from aisles.stages.params import FetchImages
from aisles.tables import Tables
from hostile import Asked, Server, jpeg, serving

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

DAY = dt.date(2026, 11, 22)
WEB = FetchImages(web=True)
PRODUCT = (
    "product_id string, network string, retailer string, merchant_product_id string,"
    " image_url string, active boolean, first_seen date, changed_on date, content_hash string"
)


@pytest.fixture
def server() -> Iterator[Server]:
    """A host whose pages /a ... have pictures; all others are missing."""
    with serving() as made:
        made.pages["/a"] = lambda asked: asked.answer(jpeg("red"), 'ETag: "red"')
        made.pages["/b"] = lambda asked: asked.answer(jpeg("red"))
        made.pages["/html"] = lambda asked: asked.answer(b"<html>" * 9)
        yield made


@dataclasses.dataclass
class Shop:
    """One set of tables, and the server that its pictures are on."""

    job: Job
    server: Server

    def list(self, *urls: str, active: bool = True) -> None:
        """Adds products with these pictures."""
        rows = [(f"n/r/{url}-{active}", "n", "r", url, url, active, DAY, DAY, "") for url in urls]
        self.job.tables.append("products", self.job.spark.createDataFrame(rows, PRODUCT))

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server.port}/{path}"

    def run(self, params: FetchImages = WEB, days: int = 0, **limits: Any) -> Account:
        """One run of the stage, so many days after the first."""
        account = Account()
        images = dataclasses.replace(self.job.config.images, **limits)
        config = dataclasses.replace(self.job.config, images=images)
        on_day = dataclasses.replace(
            self.job, config=config, run_date=DAY + dt.timedelta(days=days)
        )
        fetch_images.run(on_day, params, account)
        return account

    def rows(self) -> dict[str, dict[str, Any]]:
        """Path -> its row."""
        rows = self.job.tables.read("images").collect()
        return {row["image_url"].rsplit("/", 1)[-1]: row.asDict() for row in rows}

    def told(self) -> dict[str, tuple[str, int, int]]:
        """Path -> status, attempts, days after the first run on which it was tried last."""
        return {
            path: (row["status"], row["attempts"], (row["tried_on"] - DAY).days)
            for path, row in self.rows().items()
        }


@pytest.fixture
def shop(spark: SparkSession, tmp_path: Path, server: Server) -> Shop:
    return _shop(spark, tmp_path / "tables", server)


def _shop(spark: SparkSession, folder: Path, server: Server) -> Shop:
    config = load(
        "local",
        {
            "tables.location": str(folder),
            "images.ports": [server.port],
            "images.allow_networks": ["127.0.0.1/32"],
            "images.host_delay_s": 0.0,
            "images.backoff_s": 0.01,
        },
    )
    return Shop(Job(config, DAY, spark, Tables(spark, config.tables)), server)


def test_a_run_and_the_same_run_again(shop: Shop) -> None:
    urls = [shop.url(path) for path in ("a", "b", "html", "none")]
    shop.list(*urls, urls[0], "http://169.254.169.254/meta", "http://127.0.0.1:9/port", "a.jpg")
    shop.list(shop.url("gone"), active=False)
    account = shop.run()
    assert shop.told() == {
        "a": ("ok", 1, 0),
        "b": ("ok", 1, 0),
        "html": ("broken", 1, 0),
        "none": ("missing", 1, 0),
        "meta": ("forbidden", 1, 0),
        "port": ("forbidden", 1, 0),
        "a.jpg": ("forbidden", 1, 0),
    }
    first = shop.rows()
    red = hashlib.sha1(jpeg("red")).hexdigest()
    assert {first[path]["content_hash"] for path in ("a", "b")} == {red}
    assert first["a"]["image"] == first["b"]["image"] != None  # noqa: E711
    assert (first["a"]["etag"], first["b"]["etag"]) == ('"red"', None)
    assert {row["image"] for row in first.values() if row["status"] != "ok"} == {None}
    assert (account.rows_in, account.rows_out) == (7, 7)
    assert account.figures["status forbidden"] == account.figures["tried forbidden"] == 3

    asked, version = len(shop.server.log), shop.job.tables.version("images")
    again = shop.run(days=1)
    assert (again.rows_in, len(shop.server.log)) == (0, asked)
    assert (shop.rows(), shop.job.tables.version("images")) == (first, version)


RETRY = dataclasses.replace(WEB, retry=True)
REFRESH = dataclasses.replace(WEB, refresh=True)


def test_what_is_due(shop: Shop) -> None:
    """Rows of the table as (status, attempts, day it was tried), and who tries them when."""
    shop.list("new", "ok", "failed", "often")
    rows = [("ok", "ok", 1, 0), ("failed", "missing", 2, 0), ("often", "unreachable", 3, 0)]
    stored = [(url, s, n, DAY + dt.timedelta(days=day), '"e"') for url, s, n, day in rows]
    shape = "image_url string, status string, attempts int, tried_on date, etag string"
    shop.job.tables.append("images", shop.job.spark.createDataFrame(stored, shape))
    for params, days, expected in (
        (WEB, 0, "new"),
        (WEB, 6, "new"),
        (WEB, 7, "failed new"),
        (WEB, -7, "new"),
        (RETRY, 0, "failed new often"),
        (REFRESH, 0, "new ok"),
    ):
        images = dataclasses.replace(shop.job.config.images, retry_days=7, max_attempts=3)
        config = dataclasses.replace(shop.job.config, images=images)
        day = DAY + dt.timedelta(days=days)
        due = fetch_images._due(dataclasses.replace(shop.job, config=config, run_date=day), params)
        found = {row["image_url"]: row["etag"] for row in due.collect()}
        assert " ".join(sorted(found)) == expected, (params, days)
        # A picture that we do not have is never asked for on condition.
        assert found == {url: '"e"' if url == "ok" else None for url in found}


def test_attempts_are_days(shop: Shop) -> None:
    gone, back = ("u", None, None, "missing", "http 404"), ("u", "c", b"i", "ok", None)
    busy = ("u", None, None, "unreachable", "http 503")
    for day, fetched, expected in (
        (0, gone, ("missing", 1, 0)),
        (0, busy, ("unreachable", 1, 0)),
        (9, busy, ("unreachable", 2, 9)),
        (4, gone, ("missing", 2, 9)),  # a late run counts no day
        (10, back, ("ok", 3, 10)),
        (11, busy, ("ok", 3, 10)),  # a host that cannot be asked takes no picture away
        (12, gone, ("missing", 1, 12)),
    ):
        row = (*fetched, None, None, None)
        on_day = dataclasses.replace(shop.job, run_date=DAY + dt.timedelta(days=day))
        fetch_images._store(on_day, shop.job.spark.createDataFrame([row], PICTURE_DDL))
        assert shop.told() == {"u": expected}, (day, fetched)


def test_a_refresh_changes_what_the_host_has_changed(shop: Shop) -> None:
    async def a(asked: Asked) -> None:
        same = asked.headers.get("if-none-match") == '"red"'
        await asked.answer(b"", code="304 Not Modified" if same else "500 Unasked")

    shop.list(*(shop.url(path) for path in ("a", "b", "c", "d")))
    for path in ("/c", "/d"):
        shop.server.pages[path] = shop.server.pages["/b"]
    shop.run()
    before = shop.rows()
    shop.server.pages["/a"] = a
    shop.server.pages["/b"] = lambda asked: asked.answer(jpeg("blue"))
    shop.server.pages["/c"] = lambda asked: asked.answer(b"", code="503 Busy")
    del shop.server.pages["/d"]
    account = shop.run(REFRESH, 1)
    after = shop.rows()
    assert shop.told() == {
        "a": ("ok", 1, 0),
        "b": ("ok", 1, 1),
        "c": ("ok", 1, 0),  # a host that cannot be asked takes no picture away
        "d": ("missing", 1, 1),
    }
    assert (after["a"], after["c"]) == (before["a"], before["c"])
    assert after["b"]["image"] != before["b"]["image"]
    assert after["d"]["image"] is None
    assert account.figures["tried unchanged"] == 1


class _Killed(Exception):
    pass


@pytest.mark.long
def test_a_killed_run_keeps_its_slices_and_ends_like_an_undisturbed_one(
    spark: SparkSession, tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    urls = [f"http://127.0.0.1:{server.port}/{'a' if i % 3 else 'none'}?{i}" for i in range(30)]
    whole, killed = (_shop(spark, tmp_path / name, server) for name in ("whole", "killed"))
    for one in (whole, killed):
        one.list(*urls)
    whole.run(slice_urls=10)
    assert whole.job.tables.version("images") == 3  # created, then one transaction a slice

    store, left = fetch_images._store, [1]

    def dying(*arguments: Any) -> None:
        if not left:
            raise _Killed
        left.pop()
        store(*arguments)

    monkeypatch.setattr(fetch_images, "_store", dying)
    with pytest.raises(_Killed):
        killed.run(slice_urls=10)
    kept = len(killed.rows())
    assert 0 < kept < 30
    asked = len(server.log)
    monkeypatch.undo()
    killed.run(slice_urls=10)
    assert len(server.log) - asked == 30 - kept
    for one in (whole, killed):
        assert len(one.rows()) == 30
    assert _timeless(whole.rows()) == _timeless(killed.rows())


def _timeless(rows: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {path: {**row, "tried_at": None} for path, row in rows.items()}


def test_a_dead_host_is_left_alone_in_later_slices_too(shop: Shop) -> None:
    shop.server.pages["/no"] = lambda asked: asked.answer(b"", code="403 Forbidden")
    shop.list(*(shop.url(f"no?{i}") for i in range(60)))
    account = shop.run(slice_urls=30, host_errors=5, host_concurrency=1)
    assert len(shop.server.log) == 5
    assert {(row["status"], row["reason"]) for row in shop.rows().values()} == {
        ("unreachable", "http 403")
    }
    assert account.figures["closed hosts"] == 1
    assert account.messages == ["1 hosts were left alone after failures, such as 127.0.0.1"]


def _stored_bytes(shop: Shop, contents: Sequence[bytes], tag: str) -> int:
    """Bytes that storing one URL for each content adds to the table."""
    before = _sizes(shop)
    rows = [
        (f"{tag}{i}", hashlib.sha1(content).hexdigest(), content, "ok", None, None, None, None)
        for i, content in enumerate(contents)
    ]
    fetch_images._store(shop.job, shop.job.spark.createDataFrame(rows, PICTURE_DDL).repartition(4))
    return sum(size for path, size in _sizes(shop).items() if path not in before)


def _sizes(shop: Shop) -> dict[Path, int]:
    folder = Path(shop.job.tables.path("images"))
    return {path: path.stat().st_size for path in folder.rglob("*.parquet")}


def test_many_urls_of_one_content_cost_little_more_than_one(shop: Shop) -> None:
    rng = random.Random(1)
    shop.job.tables.ensure("images")
    one = rng.randbytes(3000)
    cost = {count: _stored_bytes(shop, [one] * count, f"https://{count}/") for count in (1, 500)}
    assert cost[500] < 5 * cost[1]  # of which the URLs are most: 500 pictures were 1.5 MB
    # Also where they stand among thousands of others, each of them three times, in any order.
    others = [rng.randbytes(3000) for _ in range(1500)]
    shuffled = [*others, *others, *others, *[one] * 500]
    rng.shuffle(shuffled)
    assert _stored_bytes(shop, shuffled, "https://mixed/") < 1.2 * 3000 * len(others)
    stored = shop.job.tables.read("images").filter("image IS NOT NULL").count()
    assert stored == 501 + len(shuffled)


def test_failures_tried_again_rewrite_no_picture(shop: Shop) -> None:
    shop.list(*(shop.url(path) for path in ("a", "b", "none", "html")))
    shop.run()
    before = {path for path in _sizes(shop) if "status=ok" in path.parts}
    shop.server.pages["/none"] = shop.server.pages["/a"]
    shop.run(RETRY, 1)
    assert shop.told()["none"] == ("ok", 2, 1)
    live = {name.rsplit("/", 1)[1] for name in shop.job.tables.read("images").inputFiles()}
    assert {path.name for path in before} <= live


def test_without_the_web_only_mapped_pictures_are_tried(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "x.jpg").write_bytes(jpeg())
    (tmp_path / "map.csv").write_text("prefix,location\nhttps://m.example/,folder\n", "utf-8")
    shop.list(shop.url("a"), "https://m.example/x.jpg", "https://m.example/y.jpg")
    nothing = shop.run(FetchImages())
    assert nothing.messages == [
        "no picture map given, and fetching from the web is off: no picture is fetched"
    ]
    mapped = FetchImages(images=str(tmp_path / "map.csv"))
    account = shop.run(mapped)
    assert shop.told() == {"x.jpg": ("ok", 1, 0), "y.jpg": ("missing", 1, 0)}
    assert account.figures["tried unmapped"] == 1
    assert not shop.server.log
    version = shop.job.tables.version("images")
    shop.run(mapped)
    assert shop.job.tables.version("images") == version
    # What was not tried is new to a run with the web.
    shop.run(dataclasses.replace(mapped, web=True))
    assert shop.told()["a"] == ("ok", 1, 0)


def test_a_wrong_network_is_told_before_anything_is_asked(shop: Shop) -> None:
    with pytest.raises(ValueError, match=r"images\.allow_networks takes networks"):
        shop.run(allow_networks=("10.0.0.1/8",))


def test_all_urls_of_a_host_lie_in_one_task(spark: SparkSession) -> None:
    from pyspark.sql import functions as F

    source = Source(PictureMap(), dataclasses.replace(load("local").images, web=False))
    urls = [(f"https://h{i % 30}.example/{i}", None, None) for i in range(600)]
    asked = spark.createDataFrame(urls, "image_url string, etag string, last_modified string")
    host = F.expr("parse_url(image_url, 'HOST')")
    fetched = fetch_pictures(source, 6)(asked).withColumn("task", F.spark_partition_id())
    tasks = fetched.groupBy(host.alias("host")).agg(F.count_distinct("task").alias("tasks"))
    assert {row["tasks"] for row in tasks.collect()} == {1}
    assert fetched.select("task").distinct().count() > 2


def test_the_archive_of_the_evaluation_feeds(shop: Shop, kit: Path, tmp_path: Path) -> None:
    """A prefix and the archive that serves what stands under it, as those feeds come."""
    prefix, archive = "https://img.fashion.example/", kit / "images" / "fashion.zip"
    with zipfile.ZipFile(archive) as opened:
        names = sorted(opened.namelist())[:: len(opened.namelist()) // 20]
    shop.list(
        *(prefix + name for name in names), prefix + "none.jpg", "https://img.other.example/1"
    )
    mapped = tmp_path / "map.csv"
    mapped.write_text(f"prefix,location\n{prefix},{archive}\n")
    account = shop.run(FetchImages(images=str(mapped)))
    rows = shop.rows()
    assert {row["status"] for name, row in rows.items() if name in names} == {"ok"}
    assert rows["none.jpg"]["status"] == "missing"
    assert account.rows_out == len(rows)
    with zipfile.ZipFile(archive) as opened, Image.open(io.BytesIO(rows[names[0]]["image"])) as own:
        whole = Image.open(io.BytesIO(opened.read(names[0]))).convert("RGB").resize(own.size)
        differs = ImageStat.Stat(ImageChops.difference(whole, own.convert("RGB"))).mean
    assert max(differs) < 20, "another picture"
