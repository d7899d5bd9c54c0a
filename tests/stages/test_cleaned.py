"""Rejected records and field quality: of whole deliveries, the same in whatever order they come."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from test_deliveries import D1, D2, D3, FIRST, SECOND, THIRD, Shop, line

from aisles.products.reading import Reading
from aisles.stages import cleaning
from aisles.stages.deliveries import Delivery
from aisles.stages.replay import cleaned_in_order

# Unchanged all the time: no price, nothing that could be a title, a brand that is not understood.
ALWAYS = [line(30, "ask us"), line(31, name="n/a"), line(32).replace(",Acme,", ",unknown,")]
EMPTY = "33,,,,,,,"
DAYS = {D1: [*FIRST, *ALWAYS], D2: [*SECOND, *ALWAYS, EMPTY], D3: [*THIRD, *ALWAYS]}


def stored(shop: Shop, name: str) -> list[tuple[Any, ...]]:
    return sorted(map(tuple, shop.tables.read(name).collect()), key=str)


def quality(shop: Shop, day: dt.date) -> dict[str, tuple[int, int, int]]:
    rows = shop.tables.read("field_quality").filter(f"run_date = DATE'{day}'").collect()
    return {row["field"]: (row["records"], row["filled"], row["valid"]) for row in rows}


@pytest.mark.long
def test_a_small_day_has_the_rates_of_all_its_records(spark, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    shop = Shop(spark, tmp_path)
    for day in (D1, D2):
        done = shop.deliver(day, DAYS[day])
    assert done["normalise"].figures["unchanged"] > 10
    assert quality(shop, D2)["title"] == (18, 16, 16)


@pytest.mark.long
def test_of_whole_deliveries_whatever_the_order(spark, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    orderly, late = Shop(spark, tmp_path / "orderly"), Shop(spark, tmp_path / "late")
    for day, lines in DAYS.items():
        done = orderly.deliver(day, lines)
    assert done["normalise"].figures["unchanged"] > 10
    # A small day's rates are those of all its records.
    assert {day: quality(orderly, day)["title"] for day in DAYS} == {
        D1: (15, 14, 14), D2: (18, 16, 16), D3: (16, 15, 15),
    }  # fmt: skip
    assert quality(orderly, D3)["price_minor"] == (16, 16, 15)
    assert quality(orderly, D3)["brand"] == (16, 16, 15)
    rows = orderly.tables.read("rejected_items").collect()
    assert sorted((row["run_date"], row["reason"]) for row in rows) == [
        (D2, "empty_record"),
        (D2, "id_collision"),
        (D3, "id_collision"),
    ]

    for day in (D3, D1, D2):
        late.deliver(day, DAYS[day])
    for name in ("rejected_items", "field_quality"):
        assert stored(late, name) == stored(orderly, name), name
    before = late.tables.version("field_quality")
    late.run(D2)
    assert late.tables.version("field_quality") == before


# Rejected whatever happens: an id that another product has, with the same again and a duplicate of
# the product; nothing to name a product, twice the same; nothing at all, with and without an id.
HOSE = line(4, "9.00", "Garden hose", "https://shop.example/hose")
NAMELESS = ",Mug,A mug,Acme,5.00,EUR,,https://img.example/1.jpg"
REFUSED = [HOSE, line(4, "7.00"), HOSE, NAMELESS, EMPTY, NAMELESS, ",,,,1.00,EUR,,"]
EARLY = [*FIRST, *REFUSED]


@pytest.mark.long
@pytest.mark.parametrize("corrected", [False, True])
@pytest.mark.parametrize("limit", [0, 100])
def test_rejected_records_are_carried_over(  # type: ignore[no-untyped-def]
    spark, tmp_path: Path, limit: int, corrected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cleaning, "FEW", limit)  # below so many records, nothing is shuffled
    shop, anew = Shop(spark, tmp_path / "daily"), Shop(spark, tmp_path / "anew")
    first = shop.deliver(D1, EARLY)["normalise"]
    assert first.figures["rejected"] == 6 and first.figures["duplicates"] == 1
    # All of them stand elsewhere in the file, one product is new, one is gone, one is cheaper.
    later = [line(20), line(1, "4.00"), *REFUSED[3:], *EARLY[3:14], HOSE]
    done = shop.deliver(D2, later)["normalise"]
    assert done.rows_in == 2
    whole = anew.deliver(D2, later)["normalise"]
    assert whole.rows_in == len(later)
    for name in ("rejected", "duplicates"):
        assert done.figures[name] == whole.figures[name] > 0

    def of_day(which: Shop, name: str) -> list[tuple[Any, ...]]:
        rows = which.tables.read(name).filter(f"run_date = DATE'{D2}'")
        return sorted(map(tuple, rows.collect()), key=str)

    def products(which: Shop) -> list[tuple[Any, ...]]:
        rows = which.tables.read("products").filter("active").drop("first_seen", "changed_on")
        return sorted(map(tuple, rows.collect()), key=str)

    for name in ("rejected_items", "field_quality"):
        assert of_day(shop, name) == of_day(anew, name) != [], name
    assert products(shop) == products(anew)

    # Corrected on the same day, what was found in it is about to be replaced: it is found again.
    if not corrected:
        return
    now = [*later, line(21)]
    done = shop.deliver(D2, now)["normalise"]
    assert done.rows_in > 1
    anew.deliver(D2, now)
    for name in ("rejected_items", "field_quality"):
        assert of_day(shop, name) == of_day(anew, name), name
    assert products(shop) == products(anew)


def test_a_delivery_like_the_one_before_is_not_cleaned() -> None:
    one, other = Reading({"title": ["a"]}), Reading({"title": ["b"]})
    feed, days = ("net", "shop"), [dt.date(2026, 11, day) for day in range(1, 8)]
    files = ["x", "x", "y", "y", "y", "y", "z"]
    readings = [one, one, one, other, other, other, other]
    whole = [True, True, True, True, True, False, True]
    every = [
        Delivery(feed, day, days[-1], good, None if good else "torn", name)
        for day, name, good in zip(days, files, whole)
    ]
    how = {day: {feed: reading} for day, reading in zip(days, readings)}
    found = cleaned_in_order(every[::-1], how, {})
    assert found == {day: [feed] for day in (days[0], days[2], days[3], days[6])}
    # What a doubtful delivery left undone is done by the next one that is whole.
    again = [*every[:6], Delivery(feed, days[6], days[6], True, None, "y")]
    assert days[6] in cleaned_in_order(again, how, {})
