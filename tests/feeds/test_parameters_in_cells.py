"""Parameters that stand in cells together with their names, from the roles to the cells."""

from __future__ import annotations

import json
import random

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisles.feeds.parameters import parameters_of
from aisles.feeds.roles import roles_of_feed
from aisles.parameters import MARKS, Beside, Listed, with_parameters, within

ROWS = 60
COLOURS = ["red", "blue", "dark green", "black"]
SIZES = ["S", "M", "L", "XL"]
MAPS = pa.map_(pa.string(), pa.string())


def _maps(columns: dict[str, list[str | None]]) -> pa.MapArray:
    rows = [
        [(name, text) for name, text in zip(columns, cells, strict=True) if text]
        for cells in zip(*columns.values(), strict=True)
    ]
    return pa.array(rows, MAPS)


def _read(columns: dict[str, list[str | None]], name: str) -> list[str | None]:
    found = with_parameters(_maps(columns), [name]).to_pylist()
    return [dict(row).get(name) for row in found]


def _products() -> list[tuple[str, str, str]]:
    rng = random.Random(7)
    return [
        (rng.choice(COLOURS), rng.choice(SIZES), rng.choice(["Cotton", "Wool, felted", "Linen"]))
        for _ in range(ROWS)
    ]


SHAPES = {
    "Colour: {0}|Size: {1}|Material: {2}": "[Colour: |]",
    "Цвет:{0};Размер:{1};Состав:{2}": "[Цвет: ;]",
    "material={2},color={0},size={1},is_new=1": "[color= ,]",
    "Farbe: {0}<br/>Größe: {1}<BR>Pflege: {2}": "[Farbe: <br>]",
    "Taille : {1}\nCouleur : {0}\n": r"[Couleur: \n]",
    "颜色：{0}|尺码：{1}": "[颜色: |]",
    "Renk: {0} / Beden: {1}": "[Renk: /]",
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_cell_that_lists_parameters_tells_their_roles(shape: str) -> None:
    products = _products()
    cells: list[str | None] = [shape.format(*one) for one in products]
    cells[3] = None
    found = parameters_of({"param": cells})
    told = next(name for name in found if name == f"param{SHAPES[shape]}")
    read = _read({"param": cells}, told)
    assert read == [None if place == 3 else one[0] for place, one in enumerate(products)]
    assert len(found) == 2  # what tells of no role gets no column of its own
    sizes = [None if place == 3 else one[1] for place, one in enumerate(products)]
    assert _read({"param": cells}, next(name for name in found if name != told)) == sizes


@pytest.mark.parametrize("listed", [True, False])
def test_json_in_a_cell_is_read_as_well(listed: bool) -> None:
    products = _products()
    cells: list[str | None] = [
        json.dumps(
            [{"name": "Color", "value": colour}, {"name": "Size", "value": size}]
            if listed
            else {"Size": size, "Color": colour, "stock": 3}
        )
        for colour, size, _ in products
    ]
    assert parameters_of({"more": cells}) == [
        f"more[{key}: {{}}]" for key in (("Color", "Size") if listed else ("Size", "Color"))
    ]
    assert _read({"more": cells}, "more[Color: {}]") == [one[0] for one in products]


def test_a_column_that_names_what_the_next_one_says() -> None:
    products = _products()
    kinds = ["Color" if n % 3 else "Size" for n in range(ROWS)]
    columns: dict[str, list[str | None]] = {
        "Attribute 1 name": [f" {kind}" if n == 5 else kind for n, kind in enumerate(kinds)],
        "Attribute 1 visible": ["1"] * ROWS,
        "Attribute 1 value(s)": [
            one[0] if kind == "Color" else one[1] for one, kind in zip(products, kinds, strict=True)
        ],
        "Attribute 2 value(s)": ["x"] * ROWS,
    }
    assert sorted(parameters_of({**columns, "Attribute 1 visible": [None] * ROWS})) == [
        "Attribute 1 value(s)[Attribute 1 name = Color]",
        "Attribute 1 value(s)[Attribute 1 name = Size]",
    ]
    assert _read(columns, "Attribute 1 value(s)[Attribute 1 name = Size]") == [
        one[1] if kind == "Size" else None for one, kind in zip(products, kinds, strict=True)
    ]


def test_roles_of_parameters_stand_among_those_of_the_feed() -> None:
    products = _products()
    columns: dict[str, list[str | None]] = {
        "id": [str(1000 + n) for n in range(ROWS)],
        "name": [f"{one[2]} shirt no {n}" for n, one in enumerate(products)],
        "price": [f"{n + 5}.90" for n in range(ROWS)],
        "url": [f"https://shop.example/p/{n}" for n in range(ROWS)],
        "param": [f"Colour:{one[0]}|Size:{one[1]}|Care:30 °C" for one in products],
    }
    table = pa.table(
        {
            "network": ["n"] * ROWS,
            "retailer": ["r"] * ROWS,
            "hash": list(range(ROWS)),
            "values": _maps(columns),
        }
    )
    rows = {row["column"]: row for row in roles_of_feed(table).to_pylist()}
    assert rows["param[Colour: |]"]["role"] == "colour"
    assert rows["param[Size: |]"]["role"] == "size"
    assert rows["param"]["role"] is None
    assert "'Colour'" in rows["param[Colour: |]"]["evidence"]


PROSE = [
    "Warm and soft. Note: wash before wearing; size: see the chart",
    "A mug for tea, coffee: 0.3 l",
    "https://shop.example/p?color=red&size=M",
    "12:30-14:00",
    "Colour",
    '{"color": ["red"]}',
    "[1, 2]",
    "{broken",
]


@pytest.mark.parametrize("text", PROSE)
def test_other_texts_list_no_parameters(text: str) -> None:
    assert parameters_of({"text": [f"{text} {n}" for n in range(ROWS)]}) == []


def test_few_cells_tell_nothing() -> None:
    assert parameters_of({"param": ["Colour:red|Size:M"] * 4 + [None] * 50}) == []
    some: list[str | None] = ["Colour:red|Size:M"] * 2 + ["Size:M"] * 48
    assert parameters_of({"param": some}) == ["param[Size: |]"]


def test_records_without_such_columns_are_left_as_they_are() -> None:
    maps = _maps({"a": ["1", None], "b[c]": ["2", "3"]})
    assert with_parameters(maps, ["a", "b[c]"]) is maps
    assert with_parameters(maps, ["x[y: |]", "a[b = c]"]).to_pylist() == maps.to_pylist()


def test_a_slice_of_records_is_read_as_alone() -> None:
    maps = _maps({"p": [f"Size:{n}|Colour:c{n}" if n % 2 else None for n in range(9)]})
    name = "p[Colour: |]"
    whole = with_parameters(maps, [name]).to_pylist()
    assert with_parameters(maps.slice(3, 4), [name]).to_pylist() == whole[3:7]
    assert with_parameters(maps.slice(4, 0), [name]).to_pylist() == []


@given(
    st.text(min_size=1),
    st.text(min_size=1),
    st.sampled_from([":", "="]),
    st.sampled_from([*MARKS, "{}"]),
)
def test_names_tell_how_they_are_read(column: str, key: str, sign: str, mark: str) -> None:
    listed = Listed(column, key, sign, mark)
    again = within(str(listed))
    assert again is not None and str(again) == str(listed)
    beside = within(str(Beside(column, key, "Colour")))
    assert beside is not None and str(beside) == str(Beside(column, key, "Colour"))


@given(st.dictionaries(st.sampled_from(["Colour", "Size", "a.b*", "(x"]), st.text("ab,:/ c")))
def test_values_come_back(values: dict[str, str]) -> None:
    cell = "|".join(f" {key} :{text}" for key, text in values.items())
    for key in ("Colour", "Size", "a.b*", "(x"):
        wanted = values.get(key, "").strip() or None
        assert _read({"p": [cell, "x"]}, f"p[{key}: |]") == [wanted, None]
