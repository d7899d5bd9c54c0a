"""Normalising what is normal changes nothing, and neither do order nor batches."""

from __future__ import annotations

import datetime as dt

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from aisles.products.normalise import PRODUCT_SCHEMA, normalise_batch
from aisles.products.reading import Reading

MAP = pa.map_(pa.string(), pa.string())
FEED = ("net", "shop")
ROLE_OF = {
    "merchant_product_id": "merchant_product_id", "title": "title", "description": "description",
    "brand": "brand", "merchant_category": "merchant_category", "color": "colour", "size": "size",
    "gender": "gender", "price": "price", "old_price": "old_price", "currency": "currency",
    "image_url": "image_url", "product_url": "product_url", "gtin": "gtin",
    "availability": "availability",
}  # fmt: skip
"""Field and role; each column is called as its field is."""
READING = Reading.of([(name, role, 0.9) for name, role in ROLE_OF.items()], (), "dot")
SAME = [field.name for field in PRODUCT_SCHEMA if field.name not in ("filled", "valid", "raw_hash")]
Record = dict[str, str]


def batch_of(records: list[Record], numbers: list[int] | None = None) -> pa.RecordBatch:
    count = len(records)
    return pa.RecordBatch.from_arrays(
        [
            pa.array(["net"] * count, pa.string()),
            pa.array(["shop"] * count, pa.string()),
            pa.array([dt.date(2026, 1, 2)] * count, pa.date32()),
            pa.array(["net/shop.csv"] * count, pa.string()),
            pa.array(range(count) if numbers is None else numbers, pa.int64()),
            pa.array([list(record.items()) for record in records], MAP),
            pa.array(["raw"] * count, pa.string()),
        ],
        names=["network", "retailer", "run_date", "file", "record_no", "values", "content_hash"],
    )


def normal(records: list[Record], numbers: list[int] | None = None) -> list[dict[str, object]]:
    return normalise_batch(batch_of(records, numbers), {FEED: READING}).to_pylist()


def as_record(row: dict[str, object]) -> Record:
    """A product as a feed's record."""
    exponent = 0 if row["currency"] in ("JPY", "KRW") else 2
    record = {name: row[name] for name in ROLE_OF if name in row}
    for name in ("price", "old_price"):
        minor = row[f"{name}_minor"]
        if minor is not None:
            assert isinstance(minor, int)
            record[name] = f"{minor // 10**exponent}.{minor % 100:02d}" if exponent else str(minor)
    return {name: str(value) for name, value in record.items() if value is not None}


WORDS = st.sampled_from(
    [
        "Mug",
        "mug",
        "BLUE",
        "Größe",
        "caf&eacute;",
        "R&amp;amp;D",
        "<b>new</b>",
        "GrÃ¶ÃŸe",
        "\t",
        "\n",
        "  ",
        "5 < 6",
        "&lt;br&gt;",
        "It‚Äôs",
        "™",
        '12"',
        "AT&T",
        "a > b",
        "x;y",
        "/",
        "n/a",
        "-",
        "0",
        "&#8364;",
        "<p>",
        "Menâ€™s",
        "100ml",
        "2x",
        "ＡＢＣ",
        "\u200b",
        "\\n",
        "&nbsp;",
        "<br/>",
    ]
) | st.text(max_size=5)
TEXTS = st.lists(WORDS, max_size=6).map(" ".join)
PRICES = st.sampled_from(
    [
        "12.99",
        "EUR 1.234,50",
        "1'299.00 CHF",
        "$5",
        "0",
        "",
        "n/a",
        "1,299.00",
        "12,5",
        "€ 0,99",
        "-3",
        "1299 JPY",
        "12.990",
        "19.99USD",
        "99999999",
        "5.00 - 7.00",
        "￥1,200",
        "£7",
    ]
)
LINKS = st.sampled_from(
    [
        "https://a.example/7?x=1&amp;y=2",
        "//img.example/7.jpg",
        "http://a.example/ü b",
        "www.a.example",
        "",
        "javascript:alert(1)",
        "https://a.example/7.jpg|https://a.example/8.jpg",
        " https://a.example ",
    ]
)
RECORDS = st.fixed_dictionaries(
    {},
    optional={
        "merchant_product_id": st.sampled_from(["7", " 8 ", "A/9", "ü", ""]),
        "title": TEXTS,
        "description": TEXTS,
        "brand": TEXTS,
        "merchant_category": TEXTS,
        "color": TEXTS,
        "size": TEXTS | st.sampled_from(["XL", "42", "100 ml", "3x50g"]),
        "gender": st.sampled_from(["Damen", "m", "female", "Unisex", "?"]),
        "price": PRICES,
        "old_price": PRICES,
        "currency": st.sampled_from(["EUR", "eur", "€", "JPY", "", "Euro"]),
        "image_url": LINKS,
        "product_url": LINKS,
        "gtin": st.sampled_from(
            ["4006381333931", "4006381333932", "96385074", "x", "0 12345 67890 5"]
        ),
        "availability": st.sampled_from(["in stock", "0", "5", "ausverkauft", "?", "preorder"]),
    },
)


@settings(max_examples=100, suppress_health_check=list(HealthCheck))
@given(st.lists(RECORDS, min_size=1, max_size=8))
@example([{"title": "&amp;lt;b&amp;gt;", "merchant_category": "a;b > c / d", "price": "1.5"}])
@example([{"merchant_category": "/ /"}, {"merchant_category": "/ Mug /"}])
@example([{"price": "-3", "old_price": "12.99"}])
def test_twice_is_once(records: list[Record]) -> None:
    """A product given again as a record is the same product, in every field."""
    once = normal(records)
    twice = normal([as_record(row) for row in once])
    for first, second in zip(once, twice, strict=True):
        assert {name: second[name] for name in SAME} == {name: first[name] for name in SAME}


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(st.lists(RECORDS, min_size=2, max_size=8), st.randoms(), st.integers(0, 8))
def test_order_and_batches_make_no_difference(records: list[Record], rng: object, cut: int) -> None:
    places = list(range(len(records)))
    rng.shuffle(places)  # type: ignore[attr-defined]
    mixed = [records[place] for place in places]
    found = normal(mixed[:cut], places[:cut]) + normal(mixed[cut:], places[cut:])
    assert sorted(found, key=lambda row: row["record_no"]) == normal(records)  # type: ignore[arg-type,return-value]


@pytest.mark.parametrize("amount", ["0.99", "12.00", "1299.50", "0.05", "100000.00"])
def test_a_stored_price_is_read_as_it_is(amount: str) -> None:
    (row,) = normal([{"title": "Mug", "price": amount, "currency": "EUR"}])
    assert as_record(row)["price"] == amount
