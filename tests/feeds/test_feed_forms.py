"""JSON in wrappers and as tables, XML without a root: odd forms of the same records."""

import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from aisles.feeds import jsons, jsontable
from aisles.feeds.parse import Parsed, parse

RECORDS = [{"id": str(no), "title": f"Shirt {no}"} for no in (1, 2, 3)]
ARRAY = json.dumps(RECORDS)
ROWS = [list(record.values()) for record in RECORDS]


def read(data: str | bytes) -> tuple[list[dict[str, str] | str], Parsed]:
    parsed = parse(io.BytesIO(data.encode() if isinstance(data, str) else data), "feed")
    rows = [row for batch in parsed for row in batch.to_pylist()]
    assert parsed.read == parsed.kept + parsed.rejected == len(rows)
    return [row["reason"] or dict(row["values"]) for row in rows], parsed


LINES = [json.dumps(record) for record in RECORDS]
FORMS = {
    "callback": f"callback({ARRAY});\n",
    "namespaced callback": f"/**/shop.cb1( {ARRAY} )",
    "variable": f"var products = {ARRAY};",
    "window": f"window.shop.items={ARRAY}\n// end",
    "module": f"export default {json.dumps({'products': RECORDS})};",
    "guard": f")]}}',\n{ARRAY}",
    "endless loop": f"while(1);{ARRAY}",
    "comment": f"// made by hand\n/* of {{2026}} */\n{ARRAY}",
    "comment over lines": "// made by hand\n" + "\n".join(LINES),
    "text sequence": "".join(f"\x1e{line}\n" for line in LINES),
    "text sequence of one line": "\x1e".join(["", *LINES]),
    "rows": json.dumps([["id", "title"], *ROWS]),
    "row per line": "\n".join(map(json.dumps, [["id", "title"], *ROWS])),
    "rows with their names": json.dumps({"n": 3, "columns": ["id", "title"], "rows": ROWS}),
    "names that are objects": json.dumps(
        {"t": {"fields": [{"name": "id"}, {"name": "title"}], "data": ROWS}}
    ),
    "rows in a key": json.dumps({"rows": [["id", "title"], *ROWS]}),
    "columns": json.dumps({name: [r[name] for r in RECORDS] for name in ("id", "title")}),
}


@pytest.mark.parametrize("step", [1, 1 << 20])
@pytest.mark.parametrize("data", FORMS.values(), ids=FORMS.keys())
def test_forms_of_json(data: str, step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsons, "_STEP_CHARS", step)
    rows, parsed = read(data)
    assert rows == RECORDS
    assert parsed.complete


EMPTY = ['{"products": []}', '{"status": "ok", "data": {"count": 0, "items": []}}', "[]"]


@pytest.mark.parametrize("data", EMPTY)
def test_an_empty_list_has_no_records(data: str) -> None:
    rows, parsed = read(data)
    assert rows == [] and parsed.complete


def test_a_record_with_an_empty_list_is_one() -> None:
    assert read('{"id": 5, "name": "Shirt", "items": []}')[0] == [{"id": "5", "name": "Shirt"}]


def test_rows_without_names() -> None:
    assert read('[[1, "A"], [2, "B", 9.5]]')[0] == [
        {"0": "1", "1": "A"},
        {"0": "2", "1": "B", "2": "9.5"},
    ]


@pytest.mark.parametrize("step", [1, 1 << 20])
def test_a_broken_row_is_one(step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsons, "_STEP_CHARS", step)
    rows, parsed = read('[["id", "t"], [1, "A"], [2, , "B"], [3, "C"], [4, "D"')
    assert rows[0] == {"id": "1", "t": "A"} and rows[2] == {"id": "3", "t": "C"}
    assert [str(row)[:8] for row in (rows[1], rows[3])] == ["bad_json"] * 2
    assert len(rows) == 4 and not parsed.complete


def test_columns_side_by_side_have_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsontable, "MOST_CHARS", 20)
    rows, parsed = read(FORMS["columns"])
    assert len(rows) == 1 and "columns side by side in over 20 characters" in str(rows[0])
    assert not parsed.complete


def test_a_named_value_in_several_languages() -> None:
    color = {"name": "color", "value": {"key": "sand", "label": {"sv": "sand", "en": "beige"}}}
    price = {"key": "A1-eur", "value": {"cents": "900", "currency": "EUR"}}
    rows, _ = read(json.dumps([{"id": 1, "attributes": [color], "prices": [price]}]))
    assert rows == [
        {
            "id": "1",
            "attributes.color.key": "sand",
            "attributes.color.label.sv": "sand",
            "attributes.color.label.en": "beige",
            "prices.key": "A1-eur",
            "prices.value.cents": "900",
            "prices.value.currency": "EUR",
        }
    ]


PAIRS = [
    {"name": "Colour", "value": "red", "id": "7"},
    {"name": "Sizes", "value": ["S", "M"]},
    {"name": " ", "value": "x"},
]
PIVOTED = {
    "attributes.Colour": "red", "attributes.Colour.id": "7", "attributes.Sizes": "S, M",
    "attributes.value": "x",
}  # fmt: skip


def test_names_and_values_are_columns() -> None:
    assert read(json.dumps([{"id": 1, "attributes": PAIRS}]))[0] == [{"id": "1", **PIVOTED}]
    coded = [{"attribute_code": "color", "value": "red"}, {"attribute_code": "size", "value": "M"}]
    rows, _ = read(
        json.dumps([{"id": 1, "custom": coded, "images": [{"name": "front", "src": "a"}]}])
    )
    assert rows == [
        {
            "id": "1",
            "custom.color": "red",
            "custom.size": "M",
            "images.name": "front",
            "images.src": "a",
        }
    ]


def test_names_and_values_are_columns_in_parquet_too() -> None:
    pairs = [[pair | {"value": "S"} for pair in PAIRS], None, [None, {"name": "Colour"}]]
    out = io.BytesIO()
    table = pa.table({"id": ["1", "2", "3"], "attributes": pairs})
    pq.write_table(table, out)
    assert read(out.getvalue())[0] == [
        {"id": "1", "attributes.Colour": "S", "attributes.Colour.id": "7", "attributes.Sizes": "S",
         "attributes.value": "S"},
        {"id": "2"},
        {"id": "3"},
    ]  # fmt: skip


ITEM = "<{0}><id>{1}</id><title>Shirt {1}</title></{0}>"
ROOTLESS = {
    "known name": "\n".join(ITEM.format("product", no) for no in (1, 2, 3)),
    "prefix": "".join(ITEM.format("g:item", no) for no in (1, 2, 3)),
    "other name": "<?xml version='1.0'?>" + "".join(ITEM.format("ware", no) for no in (1, 2, 3)),
    "documents": "\n".join(f"<list>{ITEM.format('product', no)}</list>" for no in (1, 2, 3)),
}


@pytest.mark.parametrize("data", ROOTLESS.values(), ids=ROOTLESS.keys())
def test_xml_without_a_root(data: str) -> None:
    rows, parsed = read(data)
    assert rows == RECORDS
    assert parsed.complete
    cut, parsed = read(data[: data.rindex("</title>")])
    assert cut[:2] == RECORDS[:2] and str(cut[2]).startswith("truncated") and not parsed.complete


def test_empty_elements_without_a_root() -> None:
    rows, parsed = read('<product id="1" title="Shirt 1"/>\n<product id="2" title="Shirt 2"/>\n')
    assert rows == [{f"@{k}": v for k, v in record.items()} for record in RECORDS[:2]]
    assert parsed.complete
