"""What stands outside the records of XML and JSON feeds and still belongs to them."""

import io
import json

import pytest

from aisles.feeds import jsons, references
from aisles.feeds import xml as feed_xml
from aisles.feeds.parse import parse

Records = list[dict[str, str]]


def read(data: str) -> Records:
    parsed = parse(io.BytesIO(data.encode()), "feed")
    rows = [row for batch in parsed for row in batch.to_pylist()]
    assert parsed.read == parsed.kept + parsed.rejected == len(rows)
    assert parsed.complete
    return [dict(row["values"]) for row in rows]


@pytest.fixture(params=[1, 1 << 20])
def step(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_xml, "_STEP_BYTES", request.param)
    monkeypatch.setattr(jsons, "_STEP_CHARS", request.param)


def offers(*ids: str, leaf: str = "categoryId") -> str:
    return "".join(f"<offer><id>{n}</id><{leaf}>{i}</{leaf}></offer>" for n, i in enumerate(ids))


def shop(table: str, records: str) -> str:
    return f"<!DOCTYPE c SYSTEM 'x.dtd'><c><shop>{table}<offers>{records}</offers></shop></c>"


TABLES = {
    "attributes": (
        '<categories><category id="1">Clothing</category>'
        '<category id="2" parentId="1">Shoes &amp; <![CDATA[B<o>ots]]></category></categories>',
        "categoryId",
    ),
    "elements": (
        "<cats><category><id>2</id><name>Shoes &amp; B&lt;o&gt;ots</name><parent_id>1</parent_id>"
        "</category><category><id>1</id><name>Clothing</name><parent_id>0</parent_id></category>"
        "</cats>",
        "category_id",
    ),
    "nested": (
        '<category id="1" name="Clothing"><category id="2" name="Shoes &amp; B&lt;o&gt;ots"/>'
        "</category>",
        "category",
    ),
    "a code": (
        '<tree><Category code="1" title="Clothing"/><!-- <x> -->'
        '<Category code="2" title="Shoes &amp; B&lt;o&gt;ots" parentCode="1"/></tree>',
        "CategoryCode",
    ),
    "a network's name": (
        '<categories><category id="1">Clothing</category>'
        '<category id="2" parent_id="1">Shoes &amp; B&lt;o&gt;ots</category></categories>',
        "gs_category_id",
    ),
}


@pytest.mark.usefixtures("step")
@pytest.mark.parametrize("leaf", ["google_category_id", "main_category_of_id", "grid_id"])
def test_ids_of_something_else_are_not_joined(leaf: str) -> None:
    table = TABLES["attributes"][0]
    assert [row[leaf] for row in read(shop(table, offers("2", "1", leaf=leaf)))] == ["2", "1"]


@pytest.mark.usefixtures("step")
@pytest.mark.parametrize(("table", "leaf"), TABLES.values(), ids=TABLES.keys())
def test_ids_of_an_xml_table_are_joined(table: str, leaf: str) -> None:
    rows = read(shop(table, offers("2", "1", "7", leaf=leaf)))
    path = "Clothing > Shoes & B<o>ots"
    assert [row[leaf] for row in rows] == [path, "Clothing", "7"]
    assert [row["id"] for row in rows] == ["0", "1", "2"]


def test_tables_have_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    ring = '<category id="1" parentId="2">A</category><category id="2" parentId="1">B</category>'
    assert read(shop(ring, offers("1", "2")))[0]["categoryId"] == "B > A"
    deep = "".join(
        f'<category id="{n}" parentId="{n - 1}">{"x" * 99}</category>' for n in range(99)
    )
    assert len(read(shop(deep, offers("98", "2")))[0]["categoryId"]) < 1200
    monkeypatch.setattr(references, "MOST_ENTRIES", 50)
    assert read(shop(deep, offers("98", "2")))[0]["categoryId"] == "98"


def test_other_words_are_no_references() -> None:
    table = '<currencies><currency id="1">Euro</currency></currencies><store id="2">S</store>'
    record = "<offer><id>1</id><currencyRate>1</currencyRate><stock>2</stock></offer>"
    own = {"id": "1", "currencyRate": "1", "stock": "2"}
    assert read(shop(table, record * 2))[0] == own | {"../shop/currencies/currency": "Euro"}


def test_the_currency_of_a_shop_beside_the_records() -> None:
    record = "<offer><id>1</id></offer>"
    beside = "<info><name>A shop</name><currency>SEK</currency></info>"
    assert read(shop(beside, record * 2))[1] == {"id": "1", "../shop/info/currency": "SEK"}
    several = "<money><currency>SEK</currency><currency>EUR</currency></money>"
    assert read(shop(several, record * 2))[1] == {"id": "1"}
    info = '{"shop": {"title": "A", "currency": "eur", "b2b": false, "x": {"currency": "SEK"}},'
    products = json.dumps([{"id": str(n), "title": f"Mug {n}"} for n in range(9)])
    rows = read(f'{info} "collection": {{"count": 9, "products": {products}}}}}')
    assert rows[1] == {"id": "1", "title": "Mug 1", "../shop.currency": "eur"}


CLASSES = {
    "nested": "<Группы><Группа><Ид>a</Ид><Наименование>Техника</Наименование><Группы><Группа>"
    "<Ид>b</Ид><Наименование>Фены</Наименование></Группа></Группы></Группа></Группы>",
    "flat": '<Группа Ид="a">Техника</Группа><Группа Ид="b" Родитель="a">Фены</Группа>',
}


@pytest.mark.parametrize("table", CLASSES.values(), ids=CLASSES.keys())
def test_groups_of_commerceml(table: str) -> None:
    for named in ("<Группы><Ид>b</Ид></Группы>", "<ГруппаИд>b</ГруппаИд>"):
        rows = read(shop(table, f"<offer><id>1</id>{named}</offer>" * 2))
        assert "Техника > Фены" in rows[1].values(), named


AROUND = {
    "attribute": (
        '<shop name="S"><category name="A"><item><id>1</id></item><item><id>2</id></item>'
        '</category><category name="B"><item><id>3</id></item></category></shop>',
        "../category@name",
        ["A", "A", "B"],
    ),
    "leaf": (
        "<shop><name>S</name><group><title>A &amp; a</title><items><item><id>1</id></item></items>"
        "</group><group><title>B</title><items><item><id>2</id></item></items></group></shop>",
        "../group/title",
        ["A & a", "B"],
    ),
    "levels": (
        '<shop><category name="A"><category name="b"><item><id>1</id></item></category>'
        '<category name="c"><item><id>2</id></item></category><item><id>3</id></item></category>'
        '<category name="D"><item><id>4</id></item></category></shop>',
        "../category@name",
        ["A > b", "A > c", "A", "D"],
    ),
}


@pytest.mark.usefixtures("step")
@pytest.mark.parametrize(("data", "column", "expected"), AROUND.values(), ids=AROUND.keys())
def test_elements_around_the_records(data: str, column: str, expected: list[str]) -> None:
    rows = read(data)
    assert [row.pop(column) for row in rows] == expected
    assert rows == [{"id": str(no)} for no in range(1, len(rows) + 1)]


def test_what_is_said_of_all_records_is_left_out() -> None:
    rss = "<rss version='2.0'><channel><title>S</title><item><id>1</id></item>"
    assert read(rss + "<item><id>2</id></item></channel></rss>") == [{"id": "1"}, {"id": "2"}]


def test_cells_of_elements_around_are_bounded() -> None:
    many = "".join(f"<a{n}>{'x' * 9999}</a{n}>" for n in range(99))
    group = f"<category>{many}<item><id>1</id></item><item><id>2</id></item></category>"
    row = read(f"<shop>{group}</shop>")[0]
    assert len(row) <= 21 and max(map(len, row.values())) <= 500


def products(*ids: int, **cells: object) -> list[dict[str, object]]:
    return [{"id": no, "name": f"N{no}", "url": f"https://x/{no}", **cells} for no in ids]


@pytest.mark.usefixtures("step")
@pytest.mark.parametrize("shop", [{}, {"shop": "S", "meta": {"v": 1}}], ids=["bare", "shop"])
def test_objects_around_the_records(shop: dict[str, object]) -> None:
    groups = [
        {"name": "A \u00e9", "meta": {"no": 1}, "products": products(1, 2)},
        {"name": "B", "products": products(3)},
    ]
    rows = read(json.dumps({**shop, "categories": groups}))
    names = [row.pop("../categories.name") for row in rows]
    assert names == ["A é", "A é", "B"]
    assert [row.pop("../categories.meta.no", None) for row in rows] == ["1", "1", None]
    assert rows == [{k: str(v) for k, v in one.items()} for one in products(1, 2, 3)]


JSON_TABLES = {
    "list": [{"id": 2, "name": "Shoes", "parent_id": 1}, {"id": 1, "name": "A", "parent_id": None}],
    "tree": [{"id": 1, "name": "A", "children": [{"id": 2, "name": "Shoes"}]}],
    "by id": {"1": {"name": "A"}, "2": {"name": "Shoes", "parent": "1"}},
}


@pytest.mark.usefixtures("step")
@pytest.mark.parametrize("table", JSON_TABLES.values(), ids=JSON_TABLES.keys())
@pytest.mark.parametrize("inside", [False, True])
def test_ids_of_a_json_table_are_joined(table: object, inside: bool) -> None:
    tables: dict[str, object] = {"categories": table}
    told = {"meta": tables} if inside else tables
    items = [*products(1, 2, categoryId=2), *products(3, categoryId=9)]
    rows = read(json.dumps({**told, "products": items}))
    assert [row["categoryId"] for row in rows] == ["A > Shoes", "A > Shoes", "9"]


def test_several_ids() -> None:
    items = products(1, 2, categoryIds=[1, 2])
    rows = read(json.dumps({"categories": JSON_TABLES["list"], "products": items}))
    assert rows[0]["categoryIds"] == "A > Shoes"
    flat = {"categories": {"1": "A", "2": "B"}, "products": items}
    assert read(json.dumps(flat))[0]["categoryIds"] == "A > B"


@pytest.mark.usefixtures("step")
def test_the_currency_around_all_records_is_theirs() -> None:
    items = "".join(f"<o id='{n}'><p>{n}.50</p></o>" for n in range(3))
    found = read(f"<list waluta='PLN' version='3' shop='EUR'>{items}</list>")
    assert found[2] == {"../list@waluta": "PLN", "@id": "2", "p": "2.50"}
    found = read(f"<c><lang>en</lang><currency>eur</currency><l>{items}</l></c>")
    assert found[0] == {"../c/currency": "eur", "@id": "0", "p": "0.50"}
    records = json.dumps([{"id": n, "p": f"{n}.50"} for n in range(3)])
    document = f'{{"ok": true, "currency": "VND", "shop": "EUR", "items": {records}}}'
    assert read(document)[1] == {"../currency": "VND", "id": "1", "p": "1.50"}


def test_lists_of_levels_are_told_by_words_of_any_language() -> None:
    records = [{"id": n, "danhMuc": ["Nữ", "Áo"], "mauSac": ["đỏ", "đen"]} for n in range(3)]
    assert read(json.dumps(records))[0] == {"id": "0", "danhMuc": "Nữ > Áo", "mauSac": "đỏ, đen"}
