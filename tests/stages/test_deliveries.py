"""Deliveries day after day: what changed is done, whatever the order, and nothing else."""

from __future__ import annotations

import datetime as dt
import itertools
import random
from collections.abc import Mapping
from pathlib import Path

import pytest

from aisles.config import load
from aisles.feeds.drift import Drift
from aisles.products.reading import Reading
from aisles.stages import cleaning, normalise
from aisles.stages.deliveries import Delivery
from aisles.stages.extents import Extent, doubts
from aisles.stages.job import Account, Job, run_stage
from aisles.stages.params import Ingest, Normalise
from aisles.stages.pipeline import work_of
from aisles.stages.readings import untold
from aisles.stages.sql_names import register
from aisles.tables import Tables

BLURB = (
    "A mug for coffee and tea with a blue rim that was made by hand and will last for years to come"
)
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
        self, day: dt.date, lines: list[str], name: str = "shop.csv", head: str = HEAD
    ) -> Mapping[str, Account]:
        self.put(lines, name, head)
        return self.run(day)

    def put(self, lines: list[str], name: str = "shop.csv", head: str = HEAD) -> None:
        (self.feeds / "net" / name).write_text("\n".join([head, *lines]) + "\n")

    def run(self, day: dt.date) -> Mapping[str, Account]:
        job = Job(self.config, day, self.spark, self.tables)  # type: ignore[arg-type]
        run_stage(job, "ingest", work_of("ingest"), Ingest(feeds=str(self.feeds)))
        run_stage(job, "normalise", work_of("normalise"), Normalise())
        return job.done

    def products(self, retailer: str = "shop") -> dict[str, tuple[object, ...]]:
        """By id: price, active, first_seen, changed_on, delisted_on."""
        names = ("price_minor", "active", "first_seen", "changed_on", "delisted_on")
        rows = self.tables.read("products").filter(f"retailer = '{retailer}'").collect()
        assert len(rows) == len({row["product_id"] for row in rows})
        return {row["merchant_product_id"]: tuple(row[n] for n in names) for row in rows}

    def role_days(self) -> set[dt.date]:
        """The days from whose deliveries the roles in force were inferred."""
        return {row["run_date"] for row in self.tables.read("column_roles").collect()}

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


@pytest.mark.parametrize("limit", [0, pytest.param(100, marks=pytest.mark.long)])
def test_three_days_in_order(shop: Shop, limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cleaning, "FEW", limit)  # below so many records, nothing is shuffled
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
    assert shop.role_days() == {D1}


def test_a_repeated_run_and_an_unchanged_file_cost_nothing(shop: Shop) -> None:
    shop.deliver(D1, FIRST)
    before, rows = shop.versions(), shop.products()
    shop.run(D1)
    done = shop.run(D2)
    assert shop.versions() == before and shop.products() == rows
    assert done["normalise"].rows_in == 0
    files = {row["run_date"]: row for row in shop.tables.read("feed_files").collect()}
    assert files[D2]["same_as"] == D1 and files[D2]["kept"] == 12
    register(shop.tables)
    seen = shop.spark.sql("SELECT DISTINCT last_seen FROM last_seen").collect()  # type: ignore[attr-defined]
    assert [row[0] for row in seen] == [D2]
    # The next change is told from the first day's records.
    assert shop.deliver(D3, [line(1, "4.00"), *FIRST[1:]])["normalise"].rows_in == 1
    assert shop.products()["1"] == (400, True, D1, D3, None)


# Three shops with the same first day, and what each delivers on the two days after it.
DOUBTFUL = {
    "lost": (FIRST[:3], FIRST[:3]),
    "empty": ([], [line(1, "4.00"), *FIRST[1:]]),
    "nameless": ([f",,{BLURB},,5.00,EUR,," for _ in FIRST], FIRST[1:]),
}


def test_doubtful_deliveries_delist_nothing(shop: Shop) -> None:
    """A loss is believed where it stands twice; no records, or no products, leave the shop be."""

    def deliver(day: dt.date, lines: Mapping[str, list[str]]) -> Account:
        for name, given in lines.items():
            shop.put(given, f"{name}.csv")
        return shop.run(day)["normalise"]

    def active(retailer: str) -> set[str]:
        return {number for number, row in shop.products(retailer).items() if row[1]}

    deliver(D1, dict.fromkeys(DOUBTFUL, FIRST))
    roles = shop.tables.read("column_roles").orderBy("retailer", "column").collect()
    assert [row["column"] for row in roles] == sorted(HEAD.split(",")) * 3
    done = deliver(D2, {name: days[0] for name, days in DOUBTFUL.items()})
    assert all(row[1] for name in DOUBTFUL for row in shop.products(name).values())
    assert sorted(done.messages) == [
        "net/empty: no records: looks truncated, nothing is delisted",
        "net/lost: 3 records where the last whole delivery had 12: looks truncated, nothing is"
        " delisted",
        "net/nameless: 12 of 12 records are no products: nothing is delisted",
    ]
    assert shop.tables.read("column_roles").orderBy("retailer", "column").collect() == roles
    done = deliver(D3, {name: days[1] for name, days in DOUBTFUL.items()})
    assert (done.rows_in, done.messages) == (1, [])
    assert active("lost") == {"1", "2", "3"}
    assert active("empty") == {str(n) for n in range(1, 13)}
    assert active("nameless") == {str(n) for n in range(2, 13)}
    assert shop.products("nameless")["1"][-1] == D3


@pytest.mark.long
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


@pytest.mark.long
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


def full(
    kept: int,
    size: int = 0,
    torn: str = "",
    names: str = "a",
    listed: int = 1,
    counted: int = 0,
    over: int | None = None,
) -> Extent:
    return Extent(torn, kept, size or 100 * kept, names, listed, counted, over)


# Deliveries day by day, and the days that are in doubt.
DOUBTS = {
    "a loss is believed where it stands twice": ([full(1000), full(350), full(350)], [1]),
    "a loss is held against the last whole delivery, not an unreadable one": (
        [full(1000), full(0, 900, "a.csv"), full(350), full(350)],
        [1, 2],
    ),
    "nor a torn one": ([full(1000), full(400, torn="a.csv"), full(350)], [1, 2]),
    "nor one that lost even more": ([full(1000), full(2), full(350), full(350)], [1, 2]),
    "nothing at all is never believed": ([full(1000), full(0), full(0), full(600)], [1, 2]),
    "nor from the first day on": ([full(0), full(0), full(5)], [0, 1]),
    "a loss that passes leaves no trace": (
        [full(1000), full(350), full(900), full(350)],
        [1, 3],
    ),
    "bytes tell a loss as well": ([full(10, 9000), full(10, 4000), full(10, 4000)], [1]),
    "but not of other files": ([full(10, 9000), full(10, 4000, names="b")], []),
    "a small shop grows": ([full(2), full(1000), full(600)], []),
    "just half is a loss": ([full(1000), full(501), full(250), full(251)], [2]),
    "one of two files is lost": (
        [full(100, listed=2), full(90, names="b"), full(90, names="b"), full(80, names="c")],
        [1],
    ),
    "a trailer counts its own line": (
        [full(100, torn="a", over=1), full(90, torn="a", over=1), full(95, torn="a", over=2)],
        [0, 2],
    ),
    "and one that is torn for certain is never believed": (
        [full(100, torn="a"), full(100, torn="a"), full(100, torn="a", over=1)],
        [0, 1, 2],
    ),
    "the trailer is lost": (
        [full(100, counted=1), full(60), full(100, counted=1), full(60), full(60)],
        [1, 3],
    ),
}


@pytest.mark.parametrize("what", DOUBTS)
def test_which_deliveries_look_truncated(what: str) -> None:
    extents, expected = DOUBTS[what]
    assert [day for day, doubt in enumerate(doubts(extents, 0.5)) if doubt] == expected


def test_doubts_are_told_with_numbers() -> None:
    several = [full(1000), full(350, torn="a.csv"), full(0), full(350), full(600, 5)]
    assert doubts(several, 0.5) == [
        None,
        "a.csv ends early or disagrees with its trailer",
        "no records",
        "350 records where the last whole delivery had 1000",
        "5 bytes where the last whole delivery had 100000",
    ]


def test_what_moved_is_said_until_the_products_follow() -> None:
    feed, how = ("net", "shop"), {("net", "shop"): Reading({"title": ["name"]})}
    two, three = (Delivery(feed, day, day, True, None, f"files {day}") for day in (D2, D3))
    moved = {feed: [Drift("maker", "gone", "column 'maker' is gone")]}
    old = {"net/shop": {"files": "files of the first day", "reading": "other", "late": []}}
    first = untold({}, old, [two], how, moved)
    assert first["net/shop"]["said"] == ["column 'maker' is gone"]
    # Killed before its products were written: nothing moves against the new roles.
    assert untold(first, old, [two], how, {}) == first
    assert untold(first, old, [], {}, {}) == first  # another feed's run
    assert untold(first, old, [three], how, {})["net/shop"]["said"] == ["column 'maker' is gone"]
    reading = how[feed].fingerprint
    done = {"net/shop": {"files": two.files, "reading": reading, "late": []}}
    assert untold(first, done, [three], how, {}) == {}


@pytest.mark.long
def test_a_late_delivery_without_ids_and_names_delists_nothing(shop: Shop) -> None:
    """As many records as before, none of them a product: the shop stays as it was."""
    for day, lines in ((D1, FIRST), (D3, FIRST[1:]), (D2, DOUBTFUL["nameless"][0])):
        shop.deliver(day, lines)
    found = shop.products()
    assert {number for number, row in found.items() if not row[1]} == {"1"}
    assert found["1"][-1] == D3


@pytest.mark.long
def test_a_killed_run_says_what_moved_when_it_runs_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.deliver(D1, FIRST)
    with monkeypatch.context() as patch:
        patch.setattr(normalise, "_present", _killed)
        with pytest.raises(InterruptedError):
            shop.deliver(D2, [row.replace(",Acme,", ",") for row in FIRST], head=NO_BRAND)
    done = shop.run(D2)["normalise"]
    assert done.messages == ["net/shop: column 'brand' is gone (filled in 100 % of records)"]
    assert done.rows_in == 12


NO_BRAND = HEAD.replace("brand,", "")


def _killed(*_: object) -> None:
    raise InterruptedError


SIZED = "id,title,x9,price,link"


def sized(number: int, size: str, price: str = "19.95") -> str:
    link = f"https://www.a.example/p/{7000 + number}"
    return f"{7000 + number},Nordlys Trail Shoe {number} red,{size},{price},{link}"


@pytest.mark.long
def test_a_late_delivery_is_read_with_what_others_lend(shop: Shop) -> None:
    """The small shop's sizes are known only from the large one's column of the same name."""
    other = shop.feeds / "net" / "large.csv"
    sizes = ("S", "M", "L", "XL", "42")
    lines = [sized(n, sizes[n % 5], f"{5 + n * 1.37:.2f}") for n in range(100, 220)]
    other.write_text("\n".join([SIZED, *lines]) + "\n")
    small = [sized(n, "42") for n in (1, 2, 3)]
    shop.deliver(D1, small, "small.csv", SIZED)
    other.unlink()
    shop.deliver(D3, [sized(1, "42", "9.95"), *small[1:]], "small.csv", SIZED)
    shop.deliver(D2, [sized(1, "42", "4.95"), *small[1:]], "small.csv", SIZED)
    rows = shop.tables.read("products").filter("retailer = 'small'").collect()
    assert {row["merchant_product_id"]: (row["size"], row["changed_on"]) for row in rows} == {
        "7001": ("42", D3),
        "7002": ("42", D1),
        "7003": ("42", D1),
    }
    roles = shop.tables.read("column_roles").filter("column = 'x9'").collect()
    assert {(row["retailer"], row["role"], row["run_date"]) for row in roles} == {
        ("large", "size", D1),
        ("small", "size", D1),
    }


def test_the_order_of_the_records_does_not_matter(spark, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """More records than roles are inferred from, shuffled: the same products, field by field."""
    lines = [
        line(n, f"{n % 90 + 4}.{n % 100:02d}", f"{COLOURS[n % 4]} enamel mug number {n}")
        for n in range(3000)
    ]
    tables = []
    for name, seed in (("once", None), ("again", 5)):
        shop = Shop(spark, tmp_path / name)
        if seed is not None:
            random.Random(seed).shuffle(lines)
        shop.deliver(D1, lines)
        rows = shop.tables.read("products").drop("delivery_hash").collect()
        tables.append(sorted((row.asDict() for row in rows), key=lambda row: row["product_id"]))
    assert len(tables[0]) == 3000
    assert tables[0] == tables[1]


COLOURS = ("Blue", "Red", "Green", "Black")
