"""Deliveries day after day: what changed is done, whatever the order, and nothing else."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Mapping
from pathlib import Path

import pytest

from aisles.config import load
from aisles.stages.job import Account, Job, run_stage
from aisles.stages.params import Ingest, Normalise
from aisles.stages.pipeline import work_of
from aisles.tables import Tables

HEAD = "merchant_product_id,product_name,description,brand,price,currency,deep_link,image_url"
D1, D2, D3 = (dt.date(2026, 11, day) for day in (1, 2, 3))


def line(number: int, price: str = "5.00", name: str = "", link: str = "") -> str:
    name = name or f"Blue enamel mug number {number}"
    link = link or f"https://shop.example/{number}"
    return (
        f"{number},{name},A mug for coffee and tea with a blue rim,Acme,{price},EUR,"
        f"{link},https://img.example/{number}.jpg"
    )


FIRST = [line(n) for n in range(1, 13)]
# 1 is cheaper, 2 vanished, 20 is new, 3 came twice (the last wins), 4's id is another's as well.
SECOND = [
    line(1, "4.00"),
    line(3, "6.00"),
    *FIRST[2:],
    line(4, "9.00", "Garden hose", "https://shop.example/hose"),
    line(20),
]
# 2 is back as it was, 20 vanished, 1 costs what it did at first.
THIRD = [*FIRST, line(4, "9.00", "Garden hose", "https://shop.example/hose")]
DAYS = {D1: FIRST, D2: SECOND, D3: THIRD}


class Shop:
    """One retailer's deliveries into tables of their own."""

    def __init__(self, spark: object, folder: Path) -> None:
        self.feeds, self.spark = folder / "feeds", spark
        (self.feeds / "net").mkdir(parents=True)
        self.config = load("local", {"tables.location": str(folder / "tables")})
        self.tables = Tables(spark, self.config.tables)  # type: ignore[arg-type]

    def deliver(
        self, day: dt.date, lines: list[str], name: str = "shop.csv"
    ) -> Mapping[str, Account]:
        (self.feeds / "net" / name).write_text("\n".join([HEAD, *lines]) + "\n")
        return self.run(day)

    def run(self, day: dt.date) -> Mapping[str, Account]:
        job = Job(self.config, day, self.spark, self.tables)  # type: ignore[arg-type]
        run_stage(job, "ingest", work_of("ingest"), Ingest(feeds=str(self.feeds)))
        run_stage(job, "normalise", work_of("normalise"), Normalise())
        return job.done

    def products(self) -> dict[str, tuple[object, ...]]:
        """By id: price, active, first_seen, changed_on, delisted_on."""
        names = ("price_minor", "active", "first_seen", "changed_on", "delisted_on")
        rows = self.tables.read("products").collect()
        assert len(rows) == len({row["product_id"] for row in rows})
        return {row["merchant_product_id"]: tuple(row[n] for n in names) for row in rows}

    def versions(self) -> dict[str, int]:
        return {t: self.tables.version(t) for t in ("raw_items", "products", "column_roles")}


@pytest.fixture
def shop(spark, tmp_path: Path) -> Shop:  # type: ignore[no-untyped-def]
    return Shop(spark, tmp_path)


EXPECTED = {
    # price, active, first seen, changed, delisted
    "1": (500, True, D1, D3, None),
    "2": (500, True, D1, D1, None),
    "3": (500, True, D1, D1, None),
    "4": (500, True, D1, D1, None),
    **{str(n): (500, True, D1, D1, None) for n in range(5, 13)},
    "20": (500, False, D2, D2, D3),
}


def test_three_days_in_order(shop: Shop) -> None:
    shop.deliver(D1, FIRST)
    done = shop.deliver(D2, SECOND)
    found = shop.products()
    assert found["1"] == (400, True, D1, D2, None)
    assert found["2"] == (500, False, D1, D1, D2)
    assert found["20"] == (500, True, D2, D2, None)
    # 1, 3 (two records), 4 (two records) and 20 were looked at; 5 to 12 were not.
    assert done["normalise"].rows_in == 6
    assert done["normalise"].figures["unchanged"] == 8
    assert done["normalise"].figures["duplicates"] == 1
    assert done["normalise"].figures["rejected"] == 1
    shop.deliver(D3, THIRD)
    assert shop.products() == EXPECTED
    refused = shop.tables.read("rejected_items").groupBy("run_date").count().collect()
    assert {row["run_date"]: row["count"] for row in refused} == {D2: 1, D3: 1}


ORDERS = [
    pytest.param(order, marks=() if order == (D3, D1, D2) else pytest.mark.long)
    for order in itertools.permutations(DAYS)
    if order != (D1, D2, D3)
]


@pytest.mark.parametrize("order", ORDERS)
def test_any_order_ends_in_the_same_table(shop: Shop, order: tuple[dt.date, ...]) -> None:
    for day in order:
        shop.deliver(day, DAYS[day])
    assert shop.products() == EXPECTED


def test_a_repeated_run_and_an_unchanged_file_cost_nothing(shop: Shop) -> None:
    shop.deliver(D1, FIRST)
    before, rows = shop.versions(), shop.products()
    shop.run(D1)
    done = shop.run(D2)
    assert shop.versions() == before and shop.products() == rows
    assert done["normalise"].rows_in == 0
    files = {row["run_date"]: row for row in shop.tables.read("feed_files").collect()}
    assert files[D2]["same_as"] == D1 and files[D2]["kept"] == 12
    shop.tables.register()
    seen = shop.spark.sql("SELECT DISTINCT last_seen FROM last_seen").collect()  # type: ignore[attr-defined]
    assert [row[0] for row in seen] == [D2]
    # The next change is told from the first day's records.
    assert shop.deliver(D3, [line(1, "4.00"), *FIRST[1:]])["normalise"].rows_in == 1
    assert shop.products()["1"] == (400, True, D1, D3, None)


def test_a_sudden_loss_delists_nothing_until_it_stands_twice(shop: Shop) -> None:
    shop.deliver(D1, FIRST)
    done = shop.deliver(D2, FIRST[:3])
    assert all(row[1] for row in shop.products().values())
    assert done["normalise"].messages == [
        "net/shop: 3 records where the delivery before had 12: looks truncated, nothing is delisted"
    ]
    shop.deliver(D3, FIRST[:3])
    assert {k for k, row in shop.products().items() if row[1]} == {"1", "2", "3"}


def test_a_corrected_delivery_replaces_its_day(shop: Shop) -> None:
    shop.deliver(D1, FIRST)
    shop.run(D2)  # repeats the first day's records
    shop.deliver(D1, SECOND)  # which are corrected: the second day keeps what it had
    assert shop.products() == {
        # The second day is the newest, and it had what the first had before its correction.
        **{str(n): (500, True, D1, D1 if n != 1 else D2, None) for n in range(1, 13)},
        "2": (500, True, D2, D2, None),
        "20": (500, False, D1, D1, D2),
    }


def test_two_files_are_one_delivery(shop: Shop) -> None:
    shop.deliver(D1, FIRST[:6], "shop.1.csv")
    shop.deliver(D1, FIRST[6:], "shop.2.csv")
    assert {k for k, row in shop.products().items() if row[1]} == {str(n) for n in range(1, 13)}
    done = shop.deliver(D2, [line(1, "4.00"), *FIRST[1:6]], "shop.1.csv")
    assert done["ingest"].rows_in == 6 and done["normalise"].rows_in == 1
    assert all(row[1] for row in shop.products().values())
    assert shop.products()["1"] == (400, True, D1, D2, None)


def test_a_new_reading_cleans_everything_anew(shop: Shop, tmp_path: Path) -> None:
    shop.deliver(D1, FIRST)
    stated = tmp_path / "roles.csv"
    stated.write_text("network,retailer,column,role\nnet,shop,product_name,brand\n")
    job = Job(shop.config, D1, shop.spark, shop.tables)  # type: ignore[arg-type]
    run_stage(job, "normalise", work_of("normalise"), Normalise(roles=str(stated)))
    assert job.done["normalise"].rows_in == 12
    brands = {row["brand"] for row in shop.tables.read("products").collect()}
    assert brands == {f"Blue enamel mug number {n}" for n in range(1, 13)}
