"""Columns that move, roles that stay, and what feeds of one network lend each other."""

import datetime as dt
from typing import Any

import pytest
import small_feeds
from small_feeds import VALUES

from aisles.feeds.borrow import FEW_POINTS, lent
from aisles.feeds.drift import drift
from aisles.feeds.infer import ColumnSample, infer
from aisles.feeds.profile import overlap, profile_of, read_profile
from aisles.feeds.roles import decimals_of
from aisles.feeds.settle import need_of, settle_feed, settle_roles
from aisles.feeds.shapes import shape_of

MONDAY, TUESDAY = dt.date(2026, 11, 23), dt.date(2026, 11, 24)
COLUMNS = {"id": "id", "name": "title", "price": "price", "was": "old", "maker": "brand",
           "link": "deep", "colour": "blank"}  # fmt: skip


def rows_of(
    columns: dict[str, list[str]], header: bool = True, feed: tuple[str, str] = ("net", "shop")
) -> list[dict[str, Any]]:
    """The rows of column_roles of a feed with these columns."""
    samples = [ColumnSample(name, values) for name, values in columns.items()]
    return [
        {"network": feed[0], "retailer": feed[1], "column": found.column, "role": found.role,
         "confidence": found.confidence, "evidence": found.evidence, "source": "inferred",
         "filled": found.shape.filled, "decimals": decimals_of(found.shape),
         "profile": profile_of(found.shape, sample.values).text, "run_date": MONDAY}
        for found, sample in zip(infer(samples, header), samples, strict=True)
    ]  # fmt: skip


def feed(**changed: list[str] | None) -> dict[str, list[str]]:
    """The usual columns with some of them changed, or gone (None)."""
    columns = {name: VALUES[kind] for name, kind in COLUMNS.items()} | changed
    return {name: values for name, values in columns.items() if values is not None}


def half(values: list[str]) -> list[str]:
    return [value if no % 4 == 0 else "" for no, value in enumerate(values)]


BEFORE = rows_of(feed())
MOVES = {
    "nothing": (feed(), []),
    "other products": (
        {name: values[::2] for name, values in feed().items()},
        [],
    ),
    "renamed": (
        feed(price=None) | {"Preis": VALUES["price"]},
        [("price", "renamed", "column 'price' is gone, and 'Preis' has come with values like it "
          "(100 % of a sample of their values are equal)")],
    ),
    "gone": (
        feed(maker=None),
        [("maker", "gone", "column 'maker' is gone (filled in 100 % of records)")],
    ),
    "new": (
        feed(ean=VALUES["gtin"]),
        [("ean", "new", "column 'ean' is new (filled in 100 % of records)")],
    ),
    "seldom filled fields come and go in samples": (
        feed(note=["", "", "gift"] + [""] * (small_feeds.ROWS - 3), colour=None),
        [],
    ),
    "emptied": (
        feed(maker=half(VALUES["brand"])),
        [("maker", "emptied",
          "column 'maker' was filled in 100 % of records and is filled in 25 % of records")],
    ),
    "filled": (
        feed(colour=VALUES["colour"]),
        [("colour", "filled", "column 'colour' was blank in nearly all records and is filled in "
          "100 % of records now")],
    ),
    "swapped": (
        feed(link=VALUES["pic"]),
        [("link", "moved", "column 'link' changed its values: links to pictures 0 % -> 100 %")],
    ),
    "decimals": (
        feed(price=VALUES["comma_price"]),
        [("price", "moved", "column 'price' changed its values: decimal commas 0 % -> 100 %; "
          "decimal points 100 % -> 0 %; codes 100 % -> 0 %")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", MOVES)
def test_drift_is_told_in_words_and_numbers(what: str) -> None:
    columns, expected = MOVES[what]
    found = drift(BEFORE, rows_of(columns))
    assert [(d.column, d.what, d.sentence) for d in found] == expected


def test_roles_stand_while_nothing_moves() -> None:
    """Samples of the same feed differ from day to day: their roles do not."""
    other = rows_of({name: values[1::2] for name, values in feed().items()})
    stored = [
        {**row, "role": "title" if row["column"] == "maker" else row["role"]} for row in BEFORE
    ]
    kept, moved = settle_feed(stored, other, [], TUESDAY)
    assert (kept, moved) == (stored, [])


def test_roles_are_inferred_anew_when_something_moves() -> None:
    now = rows_of(feed(price=None) | {"Preis": VALUES["price"]})
    rows, moved = settle_feed(BEFORE, now, [], TUESDAY)
    roles = {row["column"]: row["role"] for row in rows}
    assert roles == {"id": "merchant_product_id", "name": "title", "was": "old_price",
                     "maker": "brand", "link": "product_url", "colour": "colour",
                     "Preis": "price"}  # fmt: skip
    assert {row["run_date"] for row in rows} == {TUESDAY}
    assert [d.what for d in moved] == ["renamed"]


def test_first_roles_and_those_of_few_rows() -> None:
    assert {r["run_date"] for r in settle_roles([], BEFORE, [], TUESDAY)} == {TUESDAY}
    few = rows_of({name: values[:20] for name, values in feed().items()})
    assert {r["run_date"] for r in settle_roles(few, BEFORE, [], TUESDAY)} == {TUESDAY}
    assert {r["run_date"] for r in settle_roles(BEFORE, BEFORE, [], TUESDAY)} == {MONDAY}
    unknown = [{**row, "profile": None} for row in BEFORE]
    rows, moved = settle_feed(unknown, BEFORE, [], TUESDAY)
    assert ({r["run_date"] for r in rows}, moved) == ({TUESDAY}, [])


def test_overrides_win_and_their_withdrawal_is_noticed() -> None:
    stated = [{"network": "net", "retailer": "shop", "column": "was", "role": "price"}]
    stored, _ = settle_feed([], BEFORE, stated, MONDAY)
    roles = {row["column"]: (row["role"], row["source"]) for row in stored}
    assert (roles["was"], roles["price"]) == (("price", "override"), (None, "inferred"))
    again, moved = settle_feed(stored, BEFORE, stated, TUESDAY)
    assert (again, moved) == (stored, [])
    other, _ = settle_feed(stored, BEFORE, [{**stated[0], "role": "old_price"}], TUESDAY)
    roles = {row["column"]: (row["role"], row["source"]) for row in other}
    assert (roles["was"], roles["price"]) == (("old_price", "override"), ("price", "inferred"))
    freed, moved = settle_feed(stored, BEFORE, [], TUESDAY)
    roles = {row["column"]: (row["role"], row["source"]) for row in freed}
    assert (roles["was"], roles["price"]) == (("old_price", "inferred"), ("price", "inferred"))
    assert moved == []


def empty(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What a header without records gives."""
    return rows_of({row["column"]: [] for row in rows})


@pytest.mark.parametrize("now", [[], empty(BEFORE)], ids=["unreadable", "header only"])
def test_without_records_the_stored_roles_stay(now: list[dict[str, Any]]) -> None:
    assert settle_feed(BEFORE, now, [], TUESDAY, doubtful=True) == (BEFORE, [])
    assert settle_feed([], now, [], TUESDAY) == ([], [])
    stated = [{"network": "net", "retailer": "shop", "column": "was", "role": "price"}]
    stored, _ = settle_feed([], BEFORE, stated, MONDAY)
    assert settle_feed(stored, now, stated, TUESDAY) == (stored, [])
    # A withdrawn override waits for records to be inferred from.
    assert settle_feed(stored, now, [], TUESDAY) == (stored, [])
    assert settle_feed(BEFORE, now, stated, TUESDAY) == (stored_on(stored, MONDAY), [])


def stored_on(rows: list[dict[str, Any]], day: dt.date) -> list[dict[str, Any]]:
    return [{**row, "run_date": day} for row in rows]


def test_what_a_doubtful_delivery_lacks_moves_nothing() -> None:
    lacking = rows_of(feed(maker=half(VALUES["brand"]), was=None, note=VALUES["flag"]))
    assert {d.what for d in drift(BEFORE, lacking)} == {"emptied", "gone", "new"}
    assert settle_feed(BEFORE, lacking, [], TUESDAY, doubtful=True) == (BEFORE, [])
    other = rows_of(feed(link=VALUES["pic"], maker=half(VALUES["brand"])))
    rows, moved = settle_feed(BEFORE, other, [], TUESDAY, doubtful=True)
    assert ([d.what for d in moved], {r["run_date"] for r in rows}) == (["moved"], {TUESDAY})


def test_profiles_are_read_back_and_compared() -> None:
    brands, ids = VALUES["brand"], VALUES["id"]
    profile = profile_of(shape_of(brands), brands)
    assert read_profile(profile.text).text == profile.text
    assert overlap(profile, profile_of(shape_of(brands[::2]), brands[::2])) == 1.0
    assert overlap(profile, profile_of(shape_of(ids), ids)) == 0.0
    assert len(profile_of(shape_of(ids), ids).text) < 500


HABITS = {
    "dot": ["12.99", "1.234,50", "9.50", "8.00", "7.25", "6.10", "5.55", "4.40", "3.30", "2.20",
            "1.10"],
    "comma": ["12,99", "9,50 €", "1.299"],
    None: ["12", "1.299", "12,99", "12.99"],
}  # fmt: skip


@pytest.mark.parametrize(("habit", "values"), HABITS.items())
def test_decimals(habit: str | None, values: list[str]) -> None:
    assert decimals_of(shape_of(values)) == habit


KINDS = ("shop_id", "id", "title", "size", "brand", "price", "deep")
WORN = [row for row, size in enumerate(VALUES["size"]) if size == "42"]
"""Products whose size might as well be another number."""


def columns_of(rows: range | list[int]) -> dict[str, list[str]]:
    """A feed without header, of these products."""
    return {str(place): [VALUES[kind][row] for row in rows] for place, kind in enumerate(KINDS)}


def test_small_feeds_borrow_from_their_network() -> None:
    large = rows_of(columns_of(range(small_feeds.ROWS)), False, ("net", "large"))
    small = rows_of(columns_of(WORN[:3]), False, ("net", "small"))
    expected = {"0": None, "1": "merchant_product_id", "2": "title", "3": "size", "4": "brand",
                "5": "price", "6": "product_url"}  # fmt: skip
    assert {row["column"]: row["role"] for row in large} == expected
    assert {row["column"]: row["role"] for row in small} == expected | {"3": None}
    loan = lent(large + small, {("net", "small"): FEW_POINTS})["net", "small"]
    samples = [ColumnSample(name, values) for name, values in columns_of(WORN[:3]).items()]
    again = infer(samples, False, loan)
    assert {found.column: found.role for found in again} == expected
    assert "borrowed from the network's other feeds" in again[3].evidence


def test_nobody_borrows_from_himself_or_another_network() -> None:
    small = rows_of(columns_of(WORN[:3]), False, ("net", "small"))
    stranger = rows_of(columns_of(range(100)), False, ("net", "large"))
    alien = [{**row, "network": "other"} for row in stranger]
    assert lent(small + alien, {("net", "small"): FEW_POINTS}) == {("net", "small"): {}}
    # Nor from a feed with another number of columns.
    assert lent(small + stranger[:-1], {("net", "small"): FEW_POINTS}) == {("net", "small"): {}}


def test_who_needs_to_borrow() -> None:
    large = rows_of({name: values * 2 for name, values in feed().items()})
    assert need_of(large) == 0
    assert need_of(BEFORE) == FEW_POINTS
    doubtful = [{**row, "confidence": 0.3} for row in large]
    assert 0 < need_of(doubtful) < FEW_POINTS
