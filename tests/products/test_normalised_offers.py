"""What a product costs now and before, row by row, of a feed's price columns."""

import datetime as dt

import pyarrow as pa
import pytest

from aisles.products.normalise import normalise_batch
from aisles.products.quality import FIELDS, filled_and_valid
from aisles.products.reading import Reading

MAP = pa.map_(pa.string(), pa.string())
PLACE = {field.name: place for place, field in enumerate(FIELDS)}
Record = dict[str, str]


def rows(records: list[Record], roles: dict[str, str]) -> pa.RecordBatch:
    count = len(records)
    raw = pa.RecordBatch.from_pydict(
        {
            "network": pa.array(["net"] * count),
            "retailer": pa.array(["shop"] * count),
            "run_date": pa.array([dt.date(2026, 1, 2)] * count),
            "file": pa.array(["net/shop.csv"] * count),
            "record_no": pa.array(range(1, count + 1), pa.int64()),
            "values": pa.array([[("id", "7"), *record.items()] for record in records], MAP),
            "content_hash": pa.nulls(count, pa.string()),
        }
    )
    given = [("id", "merchant_product_id", 0.9)]
    given += [(column, role, 0.9) for column, role in roles.items()]
    reading = Reading.of(given, (), "unknown")
    return normalise_batch(raw, {("net", "shop"): reading})


def offer(record: Record, roles: dict[str, str]) -> tuple[int | None, int | None, str | None]:
    row = rows([record], roles).to_pylist()[0]
    return row["price_minor"], row["old_price_minor"], row["currency"]


GOOGLE = {"price": "price"}
BOTH = {"price": "price", "was": "old_price"}
SALE = {"sale price": "price", "regular price": "old_price"}


@pytest.mark.parametrize(
    ("record", "roles", "expected"),
    [
        # the regular price has the role, the sale price has none
        ({"price": "78.81 EUR", "sale_price": "63.05 EUR"}, GOOGLE, (6305, 7881, "EUR")),
        ({"price": "78.81 EUR", "sale_price": ""}, GOOGLE, (7881, None, "EUR")),
        ({"price": "78.81 EUR"}, GOOGLE, (7881, None, "EUR")),
        ({"price": "78.81", "sale_price": "0.00"}, GOOGLE, (7881, None, None)),
        ({"price": "78.81", "sale_price": "78.81"}, GOOGLE, (7881, None, None)),
        ({"price": "78.81", "sale_price": "90.00"}, GOOGLE, (7881, None, None)),
        ({"price": "78.81 EUR", "sale_price": "63.05 USD"}, GOOGLE, (7881, None, "EUR")),
        ({"price": "78.81", "sale_price": "20%"}, GOOGLE, (7881, None, None)),
        ({"price": "8", "was": "12", "sale_price": "6"}, BOTH, (600, 1200, None)),
        ({"price": "8", "was": "7", "sale_price": "6"}, BOTH, (600, 800, None)),
        ({"price": "", "was": "7", "sale_price": "6"}, BOTH, (600, 700, None)),
        ({"price": "8", "special": "6", "was": "12"},
         {"price": "price", "special": "price", "was": "old_price"}, (600, 1200, None)),
        ({"price": "8", "special": ""}, {"price": "price", "special": "price"}, (800, None, None)),
        ({"price": "8", "special": "9"}, {"price": "price", "special": "price"}, (800, None, None)),
        ({"special": "6"}, {"special": "price"}, (600, None, None)),
        # both have a role
        ({"sale price": "8", "regular price": "12"}, SALE, (800, 1200, None)),
        ({"sale price": "", "regular price": "12 EUR"}, SALE, (1200, None, "EUR")),
        ({"sale price": "0.00", "regular price": "12"}, SALE, (1200, None, None)),
        # what was no higher price before
        ({"price": "8", "was": "0"}, BOTH, (800, None, None)),
        ({"price": "8", "was": "8.00"}, BOTH, (800, None, None)),
        ({"price": "8", "was": "7"}, BOTH, (800, None, None)),
        ({"price": "8 EUR", "was": "900 JPY"}, BOTH, (800, None, "EUR")),
        # free, and not said
        ({"price": "0", "was": ""}, BOTH, (0, None, None)),
        ({"price": "auf Anfrage", "was": "12"}, BOTH, (None, None, None)),
        # what the columns' names say
        ({"price_gbp": "8"}, {"price_gbp": "price"}, (800, None, "GBP")),
        ({"price_gbp": "8", "cur": "EUR"}, {"price_gbp": "price", "cur": "currency"},
         (800, None, "EUR")),
        ({"price_gbp": "8 €"}, {"price_gbp": "price"}, (800, None, "EUR")),
        ({"priceInCents": "899", "cur": "EUR"}, {"priceInCents": "price", "cur": "currency"},
         (899, None, "EUR")),
        ({"price_eur": "", "price_gbp": "8"}, {"price_eur": "price", "price_gbp": "price"},
         (800, None, "GBP")),
        ({"price_eur": "9", "price_gbp": "8"}, {"price_eur": "price", "price_gbp": "price"},
         (900, None, "EUR")),
        ({"price": "8.99", "was (pence)": "1299"}, {"price": "price", "was (pence)": "old_price"},
         (899, 1299, "GBP")),
    ],
)  # fmt: skip
def test_offer(
    record: Record, roles: dict[str, str], expected: tuple[int | None, int | None, str | None]
) -> None:
    assert offer(record, roles) == expected


def test_rows_do_not_touch_each_other() -> None:
    records = [
        {"price": "78.81 EUR", "sale_price": "63.05 EUR"},
        {"price": "20 EUR"},
        {},
        {"price": "30 EUR", "sale_price": "0"},
        {"sale_price": "5 EUR"},
        {"price": "on request", "sale_price": "5 EUR"},
    ]
    found = rows(records, GOOGLE)
    assert found["price_minor"].to_pylist() == [6305, 2000, None, 3000, 500, None]
    assert found["old_price_minor"].to_pylist() == [7881, None, None, None, None, None]


def test_an_old_price_that_is_none_is_no_misunderstood_one() -> None:
    records = [
        {"price": "8", "was": "8"},
        {"price": "", "was": "12"},
        {"price": "x", "was": ""},
        {"price": "8", "was": "x"},
        {"price": "8", "was": "9"},
    ]
    filled, valid = filled_and_valid(rows(records, BOTH))
    price, old = PLACE["price_minor"], PLACE["old_price_minor"]
    assert filled[:, price].tolist() == [True, True, True, True, True]
    assert valid[:, price].tolist() == [True, True, False, True, True]
    assert filled[:, old].tolist() == [False, False, False, True, True]
    assert valid[:, old].tolist() == [False, False, False, False, True]
