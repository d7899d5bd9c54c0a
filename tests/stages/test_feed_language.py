"""The languages of feeds, from their sampled records to the stored products."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from test_deliveries import D1, D2, Shop, line

from aisles.stages.readings import reading_of
from aisles.stages.told import Told, languages_in, saying, told_of_feed

ROLES = [
    {"column": "name", "role": "title", "confidence": 0.9, "decimals": None, "profile": None},
    {"column": "id", "role": "merchant_product_id", "confidence": 0.9, "decimals": None}
    | {"profile": None},
]
GERMAN = [
    f"{noun} aus {material} für den {place}"
    for noun in ("Stuhl", "Tisch", "Schrank", "Hocker", "Spiegel", "Teppich")
    for material in ("Holz", "Glas", "Wolle und Leinen", "Kunststoff")
    for place in ("Garten", "Flur", "Balkon")
]


def samples(titles: list[str | None]) -> pa.Table:
    values = [None if title is None else [("name", title), ("id", "7")] for title in titles]
    hashes = [(37 * n) % 101 for n in range(len(titles))]
    maps = pa.array(values, pa.map_(pa.string(), pa.string()))
    return pa.table({"hash": pa.array(hashes, pa.int64()), "values": maps})


def test_a_sample_tells_the_language_and_the_reading_has_it() -> None:
    told = told_of_feed(samples([*GERMAN, None]), ROLES)
    assert told == Told("de")
    rows = saying(ROLES, told)
    assert {row["column"]: row["language"] for row in rows} == {"name": "de", "id": None}
    assert languages_in(rows) == ("de",)
    assert reading_of(rows).languages == ("de",)
    assert reading_of(rows).fingerprint != reading_of(saying(ROLES, Told())).fingerprint


def test_a_sample_without_texts_keeps_what_is_stored() -> None:
    assert told_of_feed(samples([None]), ROLES, Told("de fr", "EUR")) == Told("de fr", "EUR")
    assert told_of_feed(samples(["7", "8"]), ROLES) == Told()
    assert told_of_feed(samples(GERMAN), ROLES[1:], Told("de")) == Told("de")


@pytest.mark.long
def test_products_whose_content_stays_follow_the_language_of_their_feed(
    spark: Any, tmp_path: Path
) -> None:
    shop = Shop(spark, tmp_path)

    def languages() -> dict[str, tuple[object, ...]]:
        rows = shop.tables.read("products").where("active").collect()
        return {row["merchant_product_id"]: (row["language"], row["changed_on"]) for row in rows}

    english = [
        line(n, name=f"The blue mug that we like for coffee and tea with {n} small flowers")
        for n in range(1, 13)
    ]
    shop.deliver(D1, english)
    roles = shop.tables.read("column_roles").where("language IS NOT NULL").collect()
    assert {(row["column"], row["language"]) for row in roles} >= {("product_name", "en")}
    assert set(languages().values()) == {("en", D1)}
    german = [line(n, name=name) for n, name in enumerate(GERMAN, 100)]
    shop.deliver(D2, [*english[:4], *german])
    found = languages()
    assert {found[str(n)] for n in range(1, 5)} == {("de", D1)}
    assert {one for n, one in found.items() if int(n) >= 100} == {("de", D2)}
    before = shop.versions()
    shop.run(D2)
    assert shop.versions() == before and languages() == found
