"""What counts as filled and as understood, in Arrow and in Spark alike."""

import datetime as dt

import pyarrow as pa
import pytest

from aisles.products.normalise import PRODUCT_DDL, normalise_batch
from aisles.products.quality import FIELDS, filled_and_valid, holds_something, raw_filled
from aisles.products.reading import Reading

DAY = dt.date(2026, 1, 2)
MAP = pa.map_(pa.string(), pa.string())
READING = Reading.of(
    [
        ("id", "merchant_product_id", 0.9),
        ("name", "title", 0.9),
        ("short", "title", 0.5),
        ("text", "description", 0.9),
        ("maker", "brand", 0.9),
        ("dept", "merchant_category", 0.9),
        ("price", "price", 0.9),
        ("was", "old_price", 0.9),
        ("cur", "currency", 0.9),
        ("link", "product_url", 0.9),
        ("img", "image_url", 0.9),
        ("ean", "gtin", 0.9),
        ("stock", "availability", 0.9),
        ("colour", "colour", 0.9),
        ("size", "size", 0.9),
        ("sex", "gender", 0.9),
    ]
)
GOOD = {"id": "7", "name": "Mug", "link": "https://a.example/7"}
Record = dict[str, str]


def cleaned(*records: Record, file: str = "net/shop.csv") -> pa.RecordBatch:
    count = len(records)
    raw = pa.RecordBatch.from_pydict(
        {
            "network": pa.array(["net"] * count),
            "retailer": pa.array(["shop"] * count),
            "run_date": pa.array([DAY] * count),
            "file": pa.array([file] * count),
            "record_no": pa.array(range(1, count + 1), pa.int64()),
            "values": pa.array([list(record.items()) for record in records], MAP),
            "content_hash": pa.nulls(count, pa.string()),
        }
    )
    return normalise_batch(raw, {("net", "shop"): READING})


def judged(record: Record) -> dict[str, str]:
    """field -> `valid` or `odd`, for the fields that are filled."""
    filled, valid = filled_and_valid(cleaned(record))
    return {
        field.name: "valid" if valid[0, place] else "odd"
        for place, field in enumerate(FIELDS)
        if filled[0, place]
    }


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({}, {}),
        ({"name": ""}, {"title": None}),
        ({"name": " \t"}, {"title": None}),
        ({"name": "<br>&nbsp;"}, {"title": "odd"}),
        ({"name": "", "short": "Cup"}, {"title": "valid"}),
        ({"price": "12,50"}, {"price_minor": "valid"}),
        ({"price": "auf Anfrage"}, {"price_minor": "odd"}),
        # A price text may tell the currency, and then the currency counts as filled.
        ({"price": "12,50 €"}, {"price_minor": "valid", "currency": "valid"}),
        ({"price": "12,50 €", "cur": "coins"}, {"price_minor": "valid", "currency": "valid"}),
        ({"price": "12,50", "cur": "coins"}, {"price_minor": "valid", "currency": "odd"}),
        ({"ean": "0095205603217"}, {"gtin": "valid"}),
        ({"ean": "0095205603218"}, {"gtin": "odd"}),
        ({"link": "htp:/a/7"}, {"product_url": "odd"}),
        ({"img": "none.jpg"}, {"image_url": "odd"}),
        ({"maker": "Generic"}, {"brand": "odd"}),
        ({"maker": "n/a", "price": " NULL ", "size": "-", "colour": '=""', "ean": "\\N"}, {}),
        ({"stock": "in stock"}, {"availability": "valid"}),
        ({"stock": "ask us"}, {"availability": "odd"}),
        ({"sex": "Damen"}, {"gender": "valid"}),
        ({"sex": "pets"}, {"gender": "odd"}),
        ({"colour": "Champagne Dream", "size": "L"}, {"color": "valid", "size": "valid"}),
        # An id that is made of the link is no id of the feed's own.
        ({"id": ""}, {"merchant_product_id": None}),
        ({"other": "x"}, {}),
    ],
)
def test_what_is_filled_and_what_is_understood(cells: Record, expected: dict[str, str]) -> None:
    usual = {"merchant_product_id": "valid", "title": "valid", "product_url": "valid"}
    wanted = {name: state for name, state in (usual | expected).items() if state}
    assert judged({**GOOD, **cells}) == wanted


def test_bits_of_a_slice_and_of_none() -> None:
    from aisles.products.columns import cells
    from aisles.products.text import clean

    maps = pa.array([[("a", "x")], [("a", "<br>"), ("b", " ")], [], [("b", "y")]], MAP)
    columns = {"merchant_product_id": ["a"], "title": ["b"]}

    def bits(part: pa.MapArray) -> list[int]:
        return raw_filled(cells(part, clean), part, columns).to_pylist()

    assert bits(maps) == [1, 1, 0, 2]
    assert bits(maps.slice(1, 3)) == [1, 0, 2]
    assert bits(maps.slice(2, 1)) == [0]
    assert bits(maps.slice(0, 0)) == []
    says_nothing = [[("a", "null"), ("b", "\u00a0")], [("a", "N/A"), ("b", "x")]]
    assert bits(pa.array(says_nothing, MAP)) == [0, 2]


def test_blank_texts_hold_nothing() -> None:
    texts = pa.array(["a", " ", "", None, "\n-", "n/a", "\u00a0", '="7"', '=" "', "- -", "nah"])
    found = [text for text, holds in zip(texts.to_pylist(), holds_something(texts)) if holds]
    assert found == ["a", '="7"', "- -", "nah"]
    assert holds_something(texts.slice(0, 0)).tolist() == []


RECORDS = [
    {**GOOD, "price": "9.99", "cur": "EUR", "maker": "Acme", "stock": "1", "sex": "Herren"},
    {**GOOD, "id": "8", "price": "x", "maker": "n/a", "stock": "ask", "ean": "4006381333931"},
    {**GOOD, "id": "9", "price": "5 EUR", "maker": "ACME", "ean": "4006381333931", "sex": "?"},
    {"id": "10", "name": "&nbsp;", "price": "7"},
]
SPARK = {  # field -> records, filled, valid
    "merchant_product_id": (4, 4, 4),
    "title": (4, 4, 3),
    "price_minor": (4, 4, 3),
    "currency": (4, 2, 2),
    "brand": (4, 2, 2),
    "product_url": (4, 3, 3),
    "gtin": (4, 2, 2),
    "availability": (4, 2, 1),
    "gender": (4, 2, 1),
    "image_url": (4, 0, 0),
}


def test_quality_of_files_in_spark(spark) -> None:  # type: ignore[no-untyped-def]
    from aisles import schema
    from aisles.products.quality import field_quality, kinds

    batches = [cleaned(*RECORDS), cleaned(RECORDS[1], file="net/shop.2.csv")]
    rows = [tuple(row.values()) for batch in batches for row in batch.to_pylist()]
    candidates = spark.createDataFrame(rows, PRODUCT_DDL).repartition(2)
    found = field_quality(kinds(candidates))
    assert found.columns == [column.name for column in schema.columns("field_quality")]

    kept = {(row.file, row.field): tuple(row)[5:] for row in found.collect()}
    assert len(kept) == 2 * len(FIELDS)
    assert {field: kept["net/shop.csv", field] for field in SPARK} == SPARK
    assert kept["net/shop.2.csv", "price_minor"] == (1, 1, 0)
    # The one definition of valid, read by two engines.
    for batch, file in zip(batches, ("net/shop.csv", "net/shop.2.csv")):
        filled, valid = filled_and_valid(batch)
        for place, field in enumerate(FIELDS):
            counts = (batch.num_rows, filled[:, place].sum(), valid[:, place].sum())
            assert kept[file, field.name] == counts
