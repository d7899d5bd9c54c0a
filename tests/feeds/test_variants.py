"""Products that nest their variants: each variant is a record, with what the product says."""

from __future__ import annotations

import io
import json
import time

import pytest

from aisles.feeds.jsonrow import rows_of
from aisles.feeds.parse import parse
from aisles.feeds.variants import spread
from aisles.feeds.xmlparser import RecordParser

SHIRT = {
    "id": "7",
    "title": "Linen shirt",
    "vendor": "Nordik",
    "link": "https://shop.example/7",
    "variants": [
        {"id": "71", "title": "S / red", "size": "S", "price": "5.00", "vendor": "Nordik Men"},
        {"id": "72", "title": "M / red", "size": "M", "price": "6.00", "link": "https://x.example"},
    ],
}
S = {
    "id": "71",
    "item_group_id": "7",
    "title": "Linen shirt",
    "vendor": "Nordik",
    "variants.vendor": "Nordik Men",
    "variants.option": "S / red",
    "link": "https://shop.example/7",
    "size": "S",
    "price": "5.00",
}
M = {
    "id": "72",
    "item_group_id": "7",
    "title": "Linen shirt",
    "vendor": "Nordik",
    "variants.option": "M / red",
    "link": "https://x.example",
    "size": "M",
    "price": "6.00",
}


def _json(record: object) -> list[dict[str, str]]:
    return [dict(row.cells or ()) for row in rows_of(record, "")]


def _xml(*records: str) -> list[list[dict[str, str]]]:
    found = RecordParser({}).rows([record.encode() for record in records])
    return [[dict(row.cells or ()) for row in rows] for rows in found]


def test_each_variant_says_what_the_product_says_and_its_own() -> None:
    assert _json(SHIRT) == [S, M]


def test_a_product_without_variants_is_one_record() -> None:
    alone = {name: value for name, value in SHIRT.items() if name != "variants"}
    assert _json(alone) == [{n: str(v) for n, v in alone.items()}]
    assert _json(alone | {"variants": []}) == _json(alone)


@pytest.mark.parametrize(
    "nested",
    [
        {"variants": {"edges": [{"node": one} for one in SHIRT["variants"]]}},
        {"product": {"variants": SHIRT["variants"]}},
        {"skus": SHIRT["variants"]},
        {"hasVariant": SHIRT["variants"]},
        {"items": SHIRT["variants"]},  # says nothing of itself, but has ids and prices
    ],
)
def test_variants_stand_deeper_or_are_called_otherwise(nested: dict[str, object]) -> None:
    found = _json({"title": "Shirt"} | nested)
    assert [(one["id"], one["size"], one["title"]) for one in found] == [
        ("71", "S", "Shirt"),
        ("72", "M", "Shirt"),
    ]


@pytest.mark.parametrize(
    "listed",
    [
        {"images": [{"id": "1", "src": "a"}, {"id": "2", "src": "b"}]},
        {"categories": [{"id": "1", "name": "Shirts"}, {"id": "2", "name": "Sale"}]},
        {"variants": [{"size": "S", "price": "5"}, {"size": "M", "price": "6"}]},  # no ids
        {"variants": [{"id": "1", "size": "S"}, {"id": "1", "size": "M"}]},  # not their own
        {"items": [{"id": "1", "text": "a"}, {"id": "2", "text": "b"}]},  # no prices
        {"variants": ["71", "72"]},
        {"variants": [{"id": str(n), "price": "5"} for n in range(1001)]},  # rather a feed
    ],
)
def test_other_lists_are_no_variants(listed: dict[str, object]) -> None:
    assert len(_json({"id": "7", "title": "Shirt"} | listed)) == 1


def test_options_are_called_as_the_product_calls_them() -> None:
    variants = [
        {"id": "1", "option1": "S", "option2": "rosso"},
        {"id": "2", "option1": "M", "option2": None},
    ]
    options = [{"name": "Taglia", "values": ["S", "M"]}, {"name": "Colore", "values": ["rosso"]}]
    first, second = _json({"title": "Maglia", "options": options, "variants": variants})
    assert (first["options.Taglia"], first["options.Colore"]) == ("S", "rosso")
    assert second["options.Taglia"] == "M"


VARIED = """<product><id>7</id><name>Boot</name><size>38,39</size><variations>
  <variation><variationid>7-38</variationid><size>38</size><ean>4006381333931</ean></variation>
  <variation><variationid>7-39</variationid><size>39</size></variation>
</variations></product>"""
BESIDE = """<product id="7"><name>Boot</name>
  <variant id="7-38" size="38"/><variant id="7-39" size="39"/></product>"""


def test_names_that_come_twice_are_numbered() -> None:
    variants = [{"id": "71", "Id": "a", "item_group_id": "g"}, {"id": "72", "price": "5"}]
    product = {"id": "7", "title": "Shirt", "variants": variants}
    assert _json(product) == [
        {"id": "71", "id#2": "a", "item_group_id": "g", "title": "Shirt"},
        {"id": "72", "price": "5", "item_group_id": "7", "title": "Shirt"},
    ]


def test_a_name_that_comes_thousands_of_times_costs_no_more_for_each() -> None:
    cells = [("id", "1"), *((f"pic#{n}" if n else "pic", "x") for n in range(20_000))]
    started = time.process_time()
    (row,) = spread([("pic", "y"), ("id", "7")], "variants", [cells], ".")
    assert time.process_time() - started < 5
    names = [name for name, _ in row]
    assert len(names) == len(set(names)) == 20_002


def test_variants_of_xml_records() -> None:
    ((first, second),) = _xml(VARIED)
    assert first == {
        "id": "7-38",
        "item_group_id": "7",
        "name": "Boot",
        "size": "38",
        "ean": "4006381333931",
    }
    assert second == {"id": "7-39", "item_group_id": "7", "name": "Boot", "size": "39"}
    ((first, second),) = _xml(BESIDE)
    assert first == {"@id": "7-38", "item_group_id": "7", "name": "Boot", "@size": "38"}
    assert second["@id"] == "7-39"


def test_lists_of_xml_records_that_are_no_variants() -> None:
    images = "<p><id>7</id><images><image><id>1</id></image><image><id>2</id></image></images></p>"
    sizes = "<p><id>7</id><variations><variation><size>S</size></variation></variations></p>"
    assert [len(rows) for rows in _xml(images, sizes)] == [1, 1]


def _read(data: bytes, name: str) -> list[dict[str, str]]:
    found = []
    for batch in parse(io.BytesIO(data), name):
        assert batch.column("record_no").to_pylist() == list(
            range(len(found) + 1, len(found) + 1 + batch.num_rows)
        )
        found += [dict(cells) for cells in batch.column("values").to_pylist()]
    return found


def test_they_keep_their_place_among_flat_records() -> None:
    flat = "<product><id>{0}</id><name>Mug {0}</name><size>1</size></product>"
    records = [VARIED if n % 7 == 3 else flat.format(n) for n in range(2400)]
    found = _read(("<feed>" + "\n".join(records) + "</feed>").encode(), "feed.xml")
    expected = [one for n in range(2400) for one in (["7-38", "7-39"] if n % 7 == 3 else [str(n)])]
    assert [one["id"] for one in found] == expected


def test_they_are_read_from_json_and_json_lines() -> None:
    other = {"id": "9", "title": "Mug", "price": "3.00"}
    whole = json.dumps({"products": [SHIRT, other, SHIRT]}).encode()
    lines = "\n".join(map(json.dumps, [SHIRT, other, SHIRT])).encode()
    for data, name in ((whole, "feed.json"), (lines, "feed.jsonl")):
        assert _read(data, name) == [S, M, other, S, M]
