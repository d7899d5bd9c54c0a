"""A sale that starts or is over changes prices though the records stay as they are."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path
from typing import Any

import pytest
from test_deliveries import HEAD, Shop, line

from aisles.stages import normalise
from aisles.stages.deliveries import Delivery
from aisles.stages.inspect_file import survey
from aisles.stages.inspect_roles import Known
from aisles.stages.normalise_plan import MARKS, has_turned
from aisles.stages.replay import cleaned_in_order

SALES = f"{HEAD},sale_price,sale_start,sale_end"
D1, D2, D3, D4, D5 = (dt.date(2026, 11, day) for day in (1, 2, 3, 4, 5))
PLAIN = [f"{line(n)},,," for n in range(3, 15)]
LINES = [
    *PLAIN,
    f"{line(1)},4.00,2026-10-01,2026-11-03",  # until the third day
    f"{line(2)},3.00,2026-11-03,2026-12-24",  # from the third day
    f"{line(40, 'ask us')},2.00,,2026-11-01",
    f"{line(41)},,2026-10-01,9999-12-31",
]


def rows(shop: Shop, name: str) -> list[tuple[Any, ...]]:
    return sorted(map(tuple, shop.tables.read(name).collect()), key=str)


def prices(shop: Shop) -> dict[str, tuple[Any, ...]]:
    found = shop.tables.read("products").where("merchant_product_id IN ('1', '2', '3')").collect()
    names = ("price_minor", "old_price_minor", "changed_on")
    return {row["merchant_product_id"]: tuple(row[name] for name in names) for row in found}


@pytest.mark.long
def test_from_day_to_day_and_late(spark, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    shop, late = Shop(spark, tmp_path / "orderly"), Shop(spark, tmp_path / "late")
    shop.deliver(D1, LINES, head=SALES)
    assert prices(shop) == {"1": (400, 500, D1), "2": (500, None, D1), "3": (500, None, D1)}
    assert shop.tables.metadata("products")[MARKS]["net/shop"]["turn"] == str(D2)

    # The same file: on the second day the sale of 40 is over, on the third that of 2 has begun.
    done = shop.run(D2)["normalise"]
    assert (done.rows_in, done.figures["unchanged"]) == (1, 15)
    done = shop.run(D3)["normalise"]
    assert (done.rows_in, done.figures["unchanged"]) == (1, 15)
    assert prices(shop) == {"1": (400, 500, D1), "2": (300, 500, D3), "3": (500, None, D1)}
    version = shop.tables.version("products")
    shop.run(D3)
    assert shop.tables.version("products") == version

    shop.run(D4)
    assert prices(shop) == {"1": (500, None, D4), "2": (300, 500, D3), "3": (500, None, D1)}
    assert shop.tables.metadata("products")[MARKS]["net/shop"]["turn"] == "2026-12-25"
    version = shop.tables.version("products")
    assert shop.run(D5)["normalise"].figures["feeds"] == 0
    assert shop.tables.version("products") == version

    for day in (D1, D4, D2, D3, D5):
        late.deliver(day, LINES, head=SALES)
    for name in ("products", "field_quality", "rejected_items"):
        assert rows(late, name) == rows(shop, name), name
    mark = late.tables.metadata("products")[MARKS]["net/shop"]
    assert mark["turn"] == "2026-12-25"
    version = late.tables.version("products")
    late.run(D5)
    assert late.tables.version("products") == version


def test_feeds_without_dates_are_not_looked_at(  # type: ignore[no-untyped-def]
    spark, tmp_path: Path, monkeypatch
) -> None:
    shop = Shop(spark, tmp_path)
    found: list[dict[object, str]] = []
    real = normalise.next_turns

    def seen(*given: Any) -> dict[object, str]:
        found.append(real(*given))
        return found[-1]

    monkeypatch.setattr(normalise, "next_turns", seen)
    shop.deliver(D1, [line(n) for n in range(1, 15)])
    assert found == [{}]
    assert shop.tables.metadata("products")[MARKS]["net/shop"]["turn"] == ""


def test_a_turn_makes_a_delivery_worth_cleaning() -> None:
    from aisles.products.reading import Reading

    feed, days, one = ("net", "shop"), [D1, D2, D3, D4], Reading({"title": ["a"]})
    every = [Delivery(feed, day, D4, True, None, "x") for day in days]
    how = {day: {feed: one} for day in days}
    turns = {(feed, D1): str(D3), (feed, D2): str(D3), (feed, D3): "2027-01-01"}
    assert cleaned_in_order(every, how, turns) == {D1: [feed], D3: [feed]}
    assert cleaned_in_order(every, how, {}) == {D1: [feed]}
    assert has_turned(str(D3), D3)
    assert not has_turned(str(D3), D2)
    assert not has_turned("", D2)


def test_a_file_is_looked_at_as_of_its_day() -> None:
    lines = [f"{line(n)},{4 if n == 1 else 5}.00,2026-11-02,2026-11-03" for n in range(1, 30)]
    data = "\n".join([SALES, *lines]).encode()
    lows = [
        survey(io.BytesIO(data), "net/shop.csv", ("net", "shop"), known=Known(day)).price_minor
        for day in (D1, D2, D3, D4)
    ]
    assert [found and found[0] for found in lows] == [500, 400, 400, 500]
