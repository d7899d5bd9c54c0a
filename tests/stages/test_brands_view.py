"""The names that the data give brands and colours: views over products."""

import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from aisles import schema
from aisles.config import TablesConfig
from aisles.products.canonical import brand_canonical, color_canonical
from aisles.stages.sql_names import register
from aisles.tables import Tables

if TYPE_CHECKING:
    from pyspark.sql import Row, SparkSession

# (retailer, brand, how many products); a GTIN where several retailers have the same ones.
BRANDS = [
    ("one", "Coca-Cola", 3, ""), ("two", "COCA COLA", 9, ""), ("three", "CocaCola", 1, ""),
    ("four", "Coca-Cola", 1, ""),
    ("one", "Hewlett Packard", 4, "hp"), ("two", "HP", 4, "hp"), ("three", "HP", 2, "hp"),
    ("one", "Nike", 3, "ni"), ("two", "Nike", 3, "ni"), ("three", "Jordan", 2, "ni"),
    ("four", "Lee", 2, ""), ("four", "n/a", 5, ""),
]  # fmt: skip
# spelling -> the name, and under which other letters its products are sold
NAMES = {
    "coca cola": ("Coca-Cola", None), "cocacola": ("Coca-Cola", None),
    "hewlett packard": ("HP", "hp"), "hp": ("HP", None), "nike": ("Nike", None),
    "jordan": ("Jordan", None), "lee": ("Lee", None),
}  # fmt: skip
# By retailer: "kaneel" stands beside brown wherever its other word is known; "melange" beside
# anything, and "zeder" at one retailer alone.
COLOURS = {
    "one": ["Kaneel braun", "kaneel tan", "Kaneel camel", "Kaneel", "melange grey", "melange red"]
    + ["melange blue", "melange green", "melange black", "Melange"],
    "two": ["kaneel brown", "kaneel cognac", "kaneel/brun", "Kaneel-Mix", "melange white"]
    + [f"zeder {word}" for word in ("brown", "tan", "camel", "brun", "cognac")]
    + ["Zeder"],
}
BASES = {
    "Kaneel": ("brown", "kaneel"), "Kaneel-Mix": ("brown", "kaneel"), "kaneel tan": ("brown", None),
    "Melange": (None, None), "melange red": ("red", None), "Zeder": (None, None),
}  # fmt: skip


def _product(shop: str, number: int, **fields: object) -> dict[str, object]:
    day = dt.date(2026, 1, 1)
    return {
        "product_id": f"net/{shop}/{number}", "network": "net", "retailer": shop,
        "merchant_product_id": str(number), "active": True, "first_seen": day, "changed_on": day,
        "content_hash": "0", **fields,
    }  # fmt: skip


def _products() -> Iterator[dict[str, object]]:
    number = 0
    for shop, brand, count, gtin in BRANDS:
        folded = brand_canonical(pa.array([brand]))[0].as_py()
        for each in range(count):
            number += 1
            gtins = {"gtin": f"{gtin}{each}"} if gtin else {}
            yield _product(shop, number, brand=brand, brand_canonical=folded, **gtins)
    for shop, colours in COLOURS.items():
        for colour in colours:
            number += 1
            base = color_canonical(pa.array([colour]))[0].as_py()
            yield _product(shop, number, color=colour, color_canonical=base)
    yield _product("gone", 0, brand="COCACOLA!", brand_canonical="cocacola", active=False)


@pytest.fixture(scope="module")
def made(
    spark: "SparkSession", tmp_path_factory: pytest.TempPathFactory
) -> Iterator["SparkSession"]:
    tables = Tables(spark, TablesConfig(location=str(tmp_path_factory.mktemp("brands"))))
    columns = schema.columns("products")
    rows = [tuple(row.get(column.name) for column in columns) for row in _products()]
    ddl = ", ".join(f"`{column.name}` {column.type}" for column in columns)
    tables.append("products", spark.createDataFrame(rows, ddl))
    register(tables)
    yield spark
    for name in [*schema.views(), *schema.names()]:
        spark.catalog.dropTempView(name)


def _by(spark: "SparkSession", view: str, key: str) -> "dict[str, Row]":
    return {row[key]: row for row in spark.table(view).collect()}


def test_a_brand_has_the_name_that_most_retailers_give_it(made: "SparkSession") -> None:
    found = _by(made, "brands", "brand_canonical")
    assert {key: (row["brand_name"], row["same_as"]) for key, row in found.items()} == NAMES
    assert found["coca cola"]["spellings"] == ["COCA COLA", "Coca-Cola", "CocaCola"]
    assert (found["coca cola"]["products"], found["coca cola"]["retailers"]) == (13, 3)


def test_words_of_colours_are_learned_from_other_words(made: "SparkSession") -> None:
    found = _by(made, "colors", "color")
    told = {key: (found[key]["color_name"], found[key]["learned_from"]) for key in BASES}
    assert told == BASES
    assert set(found) == {colour for colours in COLOURS.values() for colour in colours}
