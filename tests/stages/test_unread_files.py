"""A file that cannot be read, and files in the wrong place, through the stages."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from aisles.config import load
from aisles.stages.job import Job, run_stage
from aisles.stages.params import Ingest, Normalise
from aisles.stages.pipeline import work_of
from aisles.tables import Tables

DAYS = [dt.date(2026, 11, day) for day in (1, 2, 3)]
HEAD = "merchant_product_id,product_name,price,currency,deep_link"


def table(count: int) -> str:
    lines = [f"{n},Blue enamel mug {n},5.00,EUR,https://shop.example/{n}" for n in range(count)]
    return "\n".join([HEAD, *lines]) + "\n"


def test_an_unreadable_file_ends_in_a_reason_and_delists_nothing(spark, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    config = load("local", {"tables.location": str(tmp_path / "tables")})
    tables, net = Tables(spark, config.tables), tmp_path / "feeds" / "net"
    (net / "shop").mkdir(parents=True)
    (net / "shop" / "part1.csv").write_text(table(3))
    (net / "shop.csv").write_text(table(12))
    done = []
    for number, day in enumerate(DAYS):
        if number == 1:
            (net / "shop.csv").unlink()
            (net / "shop.csv").symlink_to("/nowhere/shop.csv")
        (net / "other.csv").write_text(table(12 + number))
        job = Job(config, day, spark, tables)
        run_stage(job, "ingest", work_of("ingest"), Ingest(feeds=str(tmp_path / "feeds")))
        run_stage(job, "normalise", work_of("normalise"), Normalise())
        done.append(job.done["ingest"])
    assert [account.figures["files_misplaced"] for account in done] == [1] * 3
    assert any("net/shop/part1.csv" in message for message in done[0].messages)
    assert [account.figures["files_read"] for account in done] == [2, 2, 2]
    files = tables.read("feed_files").filter("file = 'net/shop.csv'").orderBy("run_date").collect()
    assert [(f["complete"], f["kept"], f["rejected"], f["same_as"]) for f in files] == [
        (True, 12, 0, None), (False, 0, 1, None), (False, 0, 1, None),
    ]  # fmt: skip
    reasons = tables.read("rejected_items").filter("retailer = 'shop'").collect()
    assert len(reasons) == 2
    assert all(row["reason"].startswith("unreadable: ") for row in reasons)
    active = tables.read("products").filter("active").groupBy("retailer").count().collect()
    assert {row["retailer"]: row["count"] for row in active} == {"shop": 12, "other": 14}
