"""From a record as read to its product, with each kind of dirt on rows written here."""

import datetime as dt
from hashlib import sha1

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aisles.products.normalise import PRODUCT_SCHEMA, normalise_batch
from aisles.products.reading import Reading
from aisles.products.text import clean

MAP = pa.map_(pa.string(), pa.string())
FEED = ("net", "shop")
ROLES = {
    FEED: [
        ("id", "merchant_product_id", 0.9),
        ("sku", "merchant_product_id", 0.8),
        ("short", "title", 0.5),
        ("name", "title", 0.9),
        ("text", "description", 0.9),
        ("text2", "description", 0.8),
        ("top", "merchant_category", 0.7),
        ("sub", "merchant_category", 0.9),
        ("price", "price", 0.9),
        ("was", "old_price", 0.9),
        ("cur", "currency", 0.9),
        ("img", "image_url", 0.9),
        ("img2", "image_url", 0.8),
        ("link", "product_url", 0.9),
        ("ean", "gtin", 0.9),
        ("maker", "brand", 0.9),
        ("colour", "colour", 0.9),
        ("sex", "gender", 0.9),
        ("size", "size", 0.9),
        ("stock", "availability", 0.9),
    ],
    ("other", "shop"): [("0", "merchant_product_id", 1.0), ("1", "title", 1.0)],
}
READINGS = {feed: Reading.of(roles) for feed, roles in ROLES.items()}
GOOD = {"id": "7", "name": "Mug", "link": "https://a.example/7"}
Record = dict[str, str]


def raw_items(*records: Record, feeds: list[tuple[str, str]] | None = None) -> pa.RecordBatch:
    feeds = feeds or [FEED] * len(records)
    count = len(records)
    return pa.RecordBatch.from_arrays(
        [
            pa.array([network for network, _ in feeds], pa.string()),
            pa.array([retailer for _, retailer in feeds], pa.string()),
            pa.array([dt.date(2026, 1, 2)] * count, pa.date32()),
            pa.array(["net/shop.csv"] * count, pa.string()),
            pa.array(range(1, count + 1), pa.int64()),
            pa.array([list(record.items()) for record in records], MAP),
            pa.array(["raw"] * count, pa.string()),
        ],
        names=["network", "retailer", "run_date", "file", "record_no", "values", "content_hash"],
    )


def product(**cells: str) -> dict[str, object]:
    return normalise_batch(raw_items({**GOOD, **cells}), READINGS).to_pylist()[0]


def test_a_whole_record() -> None:
    row = product(
        sku="S7", text="short", text2="A longer text", top="Home", sub="Kitchen~~Mugs",
        price="5.99", was="7", cur="EUR", img="https://i.example/7.jpg::", ean="0095205603217",
        maker="ACME Ltd", colour="Navy", sex="Damen", size="L", stock="in stock",
        material="stone ware", updated="2026-01-02T03:04:05Z", code="A1B2C3D4E5", count="12",
        flag="Y", pixel="https://px.example/7", shop="Mug",
    )  # fmt: skip
    assert row.pop("content_hash")
    assert row == {
        "network": "net", "retailer": "shop", "run_date": dt.date(2026, 1, 2),
        "file": "net/shop.csv", "record_no": 1, "merchant_product_id": "7",
        "product_id": "net/shop/7", "title": "Mug", "description": "A longer text",
        "brand": "ACME Ltd", "gender": "Damen", "color": "Navy", "size": "L", "price_minor": 599,
        "old_price_minor": 700, "currency": "EUR", "image_url": "https://i.example/7.jpg",
        "product_url": "https://a.example/7", "gtin": "00095205603217", "availability": "in_stock",
        "merchant_category": "Home > Kitchen > Mugs",
        "all_text": "Mug | A longer text | Home > Kitchen > Mugs | ACME Ltd | Navy | L | Damen"
        " | short | stone ware",
        "brand_canonical": "acme", "color_canonical": "blue", "gender_canonical": "female",
        "language": None, "quantity": None, "quantity_unit": None, "pack_size": None,
        "reason": None, "filled": 2**15 - 1, "valid": 2**15 - 1, "raw_hash": "raw",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("cells", "field", "expected"),
    [
        ({"name": "Salt &amp; Pepper"}, "title", "Salt & Pepper"),
        ({"name": "Salt &amp;amp; Pepper"}, "title", "Salt & Pepper"),
        ({"top": "Home &amp;gt; Rugs"}, "merchant_category", "Home > Rugs"),
        ({"name": "Daypackâ„¢"}, "title", "Daypack™"),
        ({"text": "brÃ»lÃ©e"}, "description", "brûlée"),
        ({"price": "Rs. 1,499.00"}, "price_minor", 149900),
        ({"price": "Rs. 1,499.00"}, "currency", "INR"),
        ({"name": "Two\tlines\r\n"}, "title", "Two lines"),
        ({"name": "", "short": ""}, "title", None),
        ({"name": " ", "short": "Cup"}, "title", "Cup"),
        ({"img": "none", "img2": "//i.example/2.jpg"}, "image_url", "https://i.example/2.jpg"),
        ({"img": "https://i.example/a%20b.jpg,https://i.example/c.jpg"}, "image_url",
         "https://i.example/a%20b.jpg"),
        ({"img": "https://i.example/0.jpg, https://i.example/1.jpg"}, "image_url",
         "https://i.example/0.jpg"),
        ({"img": "https://i.example/0.jpg ; https://i.example/1.jpg"}, "image_url",
         "https://i.example/0.jpg"),
        ({"img": '["https://i.example/0,5.jpg","https://i.example/1.jpg"]'}, "image_url",
         "https://i.example/0,5.jpg"),
        ({"img": r'[{"w": 5, "src": "https:\/\/i.example\/0.jpg"}, {"src": "x"}]'}, "image_url",
         "https://i.example/0.jpg"),
        ({"img": "['//i.example/0.jpg', '//i.example/1.jpg']"}, "image_url", "https://i.example/0.jpg"),
        ({"img": "[https://i.example/0.jpg,https://i.example/1.jpg]"}, "image_url",
         "https://i.example/0.jpg"),
        ({"img": '["none", 1]', "img2": "//i.example/2.jpg"}, "image_url", "https://i.example/2.jpg"),
        ({"img": "https://i.example/my pic 14.jpg"}, "image_url", "https://i.example/my%20pic%2014.jpg"),
        ({"img": "https://i.example/1.jpg Front view"}, "image_url", "https://i.example/1.jpg"),
        ({"img": ",https://i.example/18.jpg"}, "image_url", "https://i.example/18.jpg"),
        ({"img": "https://i.example/29.jpg,https"}, "image_url", "https://i.example/29.jpg"),
        ({"img": "www.i.example/1.jpg"}, "image_url", "https://www.i.example/1.jpg"),
        ({"img": "img.i.example/13.jpg"}, "image_url", "https://img.i.example/13.jpg"),
        ({"link": "https://a.example/p/24|x"}, "product_url", "https://a.example/p/24|x"),
        ({"link": "a.example/p/2?x=1"}, "product_url", "https://a.example/p/2?x=1"),
        ({"link": "https%3A%2F%2Fa.example%2Fp%2F7"}, "product_url", "https://a.example/p/7"),
        ({"link": "http://http://a.example/p/7"}, "product_url", "http://a.example/p/7"),
        ({"link": "Home.garden/Tools"}, "product_url", None),
        ({"ean": "EAN: 4006381333931"}, "gtin", "04006381333931"),
        ({"ean": "4.006381333931E+12"}, "gtin", "04006381333931"),
        ({"ean": "4.00638E+12"}, "gtin", None),
        ({"ean": '["4006381333931","4006381333948"]'}, "gtin", "04006381333931"),
        ({"top": '[{"id": 7, "name": "Home"}, {"id": 8, "name": "Rugs"}]'}, "merchant_category",
         "Home > Rugs"),
        ({"link": "https://a.example/?u=https://b.example/1&amp;x=2"}, "product_url",
         "https://a.example/?u=https://b.example/1&x=2"),
        ({"id": '="007"'}, "product_id", "net/shop/007"),
        ({"id": "'007"}, "product_id", "net/shop/007"),
        ({"id": '=""', "sku": "S7"}, "product_id", "net/shop/S7"),
        ({"ean": '="4006381333931"'}, "gtin", "04006381333931"),
        ({"maker": "NULL"}, "brand", None),
        ({"maker": "N/A"}, "brand", None),
        ({"maker": "None"}, "brand", "None"),
        ({"name": "-", "short": "Cup"}, "title", "Cup"),
        ({"text": "\\N", "text2": "-"}, "description", None),
        ({"text": "Null and nothing"}, "description", "Null and nothing"),
        ({"id": "", "sku": "S7"}, "product_id", "net/shop/S7"),
        ({"id": "", "ean": "0095205603217"}, "product_id", "net/shop/gtin:00095205603217"),
        ({"id": ""}, "product_id", f"net/shop/url:{sha1(b'https://a.example/7').hexdigest()}"),
        ({"id": "", "link": ""}, "reason", "no_id"),
        ({"name": "", "link": ""}, "reason", "empty_record"),
        ({"name": "", "link": "", "text": "still something"}, "reason", None),
        ({"name": "", "link": "", "img": "https://i.example/7.jpg"}, "reason", None),
    ],
)  # fmt: skip
def test_field(cells: Record, field: str, expected: object) -> None:
    assert product(**cells)[field] == expected


def test_content_hash_is_of_the_content_alone() -> None:
    same = normalise_batch(
        raw_items({**GOOD, "name": "A &amp; B"}, {**GOOD, "name": "A  & B"}, {**GOOD, "name": "A"}),
        READINGS,
    )["content_hash"].to_pylist()
    assert same[0] == same[1] != same[2]
    assert product(price="1.00")["content_hash"] != product(price="2.00")["content_hash"]


def test_all_text_is_cut_at_whole_code_points() -> None:
    text = product(text="é" * 5000)["all_text"]
    assert len(str(text)) == 4000
    assert product(name="ab", text="x" * 3994 + " y")["all_text"] == "ab | " + "x" * 3994


def test_constant_columns_and_words_of_the_offer_stay_out_of_all_text() -> None:
    cells = {
        "shop": "ACME Store",
        "wood": "oak",
        "state": "new",
        "days": "1-3 days",
        "in": "In Stock",
    }
    readings = {FEED: Reading.of(ROLES[FEED], {"shop"})}
    rows = normalise_batch(raw_items(GOOD | cells), readings)
    assert rows["all_text"].to_pylist() == ["Mug | oak"]


def test_levels_follow_the_columns_and_not_the_roles() -> None:
    batch = raw_items({**GOOD, "top": "Home", "sub": "Rugs"})
    for roles in (ROLES[FEED], ROLES[FEED][::-1]):
        rows = normalise_batch(batch, {FEED: Reading.of(roles)})
        assert rows["merchant_category"].to_pylist() == ["Home > Rugs"]


def test_feeds_mixed_in_one_batch_keep_their_order() -> None:
    feeds = [FEED, ("other", "shop"), FEED]
    batch = raw_items(GOOD, {"0": "1", "1": "Pan"}, {**GOOD, "id": "8"}, feeds=feeds)
    rows = normalise_batch(batch, READINGS)
    assert rows["product_id"].to_pylist() == ["net/shop/7", "other/shop/1", "net/shop/8"]
    assert rows["record_no"].to_pylist() == [1, 2, 3]
    assert rows["title"].to_pylist() == ["Mug", "Pan", "Mug"]


def test_sliced_and_empty_batches() -> None:
    batch = raw_items(GOOD, {**GOOD, "id": "8", "name": "Cup"}, {})
    assert normalise_batch(batch.slice(1, 1), READINGS)["title"].to_pylist() == ["Cup"]
    assert normalise_batch(batch.slice(2, 1), READINGS)["reason"].to_pylist() == ["empty_record"]
    empty = normalise_batch(batch.slice(0, 0), READINGS)
    assert empty.num_rows == 0 and empty.schema == PRODUCT_SCHEMA


def test_a_feed_without_roles_is_named() -> None:
    with pytest.raises(ValueError, match="feed new/shop: no column roles"):
        normalise_batch(raw_items(GOOD, feeds=[("new", "shop")]), READINGS)


_CELL = st.sampled_from(
    [
        "",
        " ",
        "x",
        "a | b",
        "&lt;b&gt;",
        "Caf\xc3\xa9",
        "9,99 €",
        "https://a.example/1",
        "red",
        "A/B/C",
    ]
)
_RECORD = st.dictionaries(st.sampled_from([column for column, _, _ in ROLES[FEED]] + ["x"]), _CELL)


@settings(max_examples=30, deadline=None)
@given(st.lists(_RECORD, max_size=6))
def test_a_record_alone_gives_what_it_gives_in_company(records: list[Record]) -> None:
    together = normalise_batch(raw_items(*records), READINGS)
    alone = [normalise_batch(raw_items(record), READINGS).to_pylist()[0] for record in records]
    assert together.to_pylist() == [row | {"record_no": at + 1} for at, row in enumerate(alone)]


@settings(max_examples=30, deadline=None)
@given(_RECORD)
def test_stored_text_is_clean_for_good(record: Record) -> None:
    row = normalise_batch(raw_items(record), READINGS)
    for name in ("title", "description", "merchant_category", "brand", "gender", "color", "size"):
        assert clean(row[name]) == row[name]


def test_language_and_quantity_follow_from_the_content_and_the_reading() -> None:
    records = raw_items(
        {**GOOD, "name": "Cola 6 x 330 ml", "text": "Nice"},
        {**GOOD, "name": "Мёд цветочный натуральный 500 г"},
    )
    german = {FEED: Reading.of(ROLES[FEED], languages=["de"])}
    told = normalise_batch(records, german)
    assert told["language"].to_pylist() == ["de", "ru"]
    assert told["quantity"].to_pylist() == [1980, 500]
    assert told["quantity_unit"].to_pylist() == ["ml", "g"]
    assert told["pack_size"].to_pylist() == [6, None]
    untold = normalise_batch(records, READINGS)
    for column in ("content_hash", "all_text"):
        assert told[column] == untold[column]
    assert german[FEED].fingerprint != READINGS[FEED].fingerprint
    assert german[FEED].fingerprint == Reading.of(ROLES[FEED], languages=("de",)).fingerprint


def test_a_model_stands_for_a_title_behind_its_brand() -> None:
    readings = {
        FEED: Reading.of(
            [("id", "merchant_product_id", 0.9), ("name", "title", 0.9), ("link", "product_url", 1),
             ("model", "title", 0.1), ("short", "title", 0.05), ("maker", "brand", 0.9)]
        )
    }  # fmt: skip
    link = "https://a.example/7"
    given: list[Record] = [
        {"id": "1", "link": link, "name": "Skis", "model": "X5", "maker": "HEAD"},
        {"id": "2", "link": link, "model": "X5", "maker": "HEAD"},
        {"id": "3", "link": link, "model": "Head X5", "maker": "HEAD"},
        {"id": "4", "link": link, "model": "X5"},
        {"id": "5", "link": link, "short": "Old skis", "maker": "HEAD"},
        {"id": "6", "link": link, "maker": "HEAD"},
    ]
    titles = normalise_batch(raw_items(*given), readings)["title"].to_pylist()
    assert titles == ["Skis", "HEAD X5", "Head X5", "X5", "Old skis", None]
