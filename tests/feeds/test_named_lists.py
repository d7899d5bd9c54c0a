"""Lists whose members say what they are: values by name, prices and pictures by kind."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Sequence

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisles.feeds.parse import parse
from aisles.feeds.roles import roles_of_feed
from aisles.parameters import Among, Beside, in_list, with_parameters, within
from aisles.products.reading import Reading

ROWS = 90


def _maps(data: str) -> pa.MapArray:
    batches = list(parse(io.BytesIO(data.encode()), "feed"))
    return pa.concat_arrays([batch["values"] for batch in batches])


def _roles(data: str) -> dict[str, str]:
    """Columns with a role, in a feed that is read as Spark reads it."""
    maps = _maps(data)
    table = pa.table(
        {
            "network": ["n"] * len(maps),
            "retailer": ["r"] * len(maps),
            "hash": list(range(len(maps))),
            "values": maps,
        }
    )
    rows = roles_of_feed(table).to_pylist()
    return {row["column"]: row["role"] for row in rows if row["role"]}


def _read(data: str, name: str) -> list[str | None]:
    maps = with_parameters(_maps(data), [name])
    return [dict(one).get(name) for one in maps.to_pylist()]


def _shuffled(rng: random.Random, members: Sequence[str]) -> str:
    return "".join(rng.sample(members, len(members)))


def _xml(record: str) -> str:
    rng = random.Random(3)
    things = ["Blue enamel mug", "Linen shirt", "Oak table", "Steel lamp"]
    records = "".join(
        f"<item><sku>A{n}</sku><name>{rng.choice(things)} {n}</name>{record}</item>".format(n=n)
        for n in range(ROWS)
    )
    return f"<shop>{records}</shop>"


def test_values_follow_their_names_past_blanks() -> None:
    rng = random.Random(1)
    colours, sizes = ["red", "blue", "green"], ["S", "M", "L", "XL"]
    records, expected = [], []
    for n in range(ROWS):
        colour = rng.choice([*colours, ""])
        size = rng.choice([*sizes, ""])
        members = [("Colour", colour), ("Size", size), ("Care", rng.choice(["30 °C", ""]))]
        rng.shuffle(members)
        said = "".join(f'<attr nombre="{name}">{value}</attr>' for name, value in members)
        records.append(f"<item><sku>A{n}</sku><title>Linen shirt {n}</title>{said}</item>")
        expected.append((colour or None, size or None))
    data = f"<shop>{''.join(records)}</shop>"
    roles = _roles(data)
    colour, size = "attr[attr@nombre <= Colour]", "attr[attr@nombre <= Size]"
    assert (roles[colour], roles[size]) == ("colour", "size")
    assert list(zip(_read(data, colour), _read(data, size), strict=True)) == expected


@pytest.mark.parametrize(
    ("kind", "mark"), [("art", "price[price@art & price@tax <= {} & incl]"), ("type", "price/{}")]
)
def test_of_prices_the_one_of_the_right_kind_and_tax(kind: str, mark: str) -> None:
    rng = random.Random(2)
    records = []
    for n in range(ROWS):
        price = rng.randrange(1000, 90_000) / 100
        kinds = [("purchase", "excl", price / 3), ("selling", "excl", price / 1.2)]
        kinds += [("selling", "incl", price), ("shipping", "incl", 4.9)]
        kinds += [("recommended", "incl", price * 1.3)] if n % 3 else []
        prices = [f'<price {kind}="{k}" tax="{t}">{v:.2f}</price>' for k, t, v in kinds]
        records.append(f"<item><sku>A{n}</sku><name>Oak table {n}</name>{''.join(prices)}</item>")
    data = f"<shop>{''.join(records)}</shop>"
    roles = {name: role for name, role in _roles(data).items() if "price" in role}
    now, before = mark.format("selling"), mark.format("recommended")
    now = "price/selling[price/selling@tax <= incl]" if kind == "type" else now
    assert roles == {now: "price", before: "old_price"}
    old = _read(data, before)
    assert [text is None for text in old] == [n % 3 == 0 for n in range(ROWS)]


@pytest.mark.parametrize("order", [("kind", "url"), ("url", "kind")])
def test_of_pictures_the_main_one(order: tuple[str, str]) -> None:
    rng = random.Random(4)
    records = []
    for n in range(ROWS):
        pictures = [("thumbnail", "t"), ("main", "m"), *[("additional", "a")] * (n % 3)]
        rng.shuffle(pictures)
        listed = []
        for kind, name in pictures:
            parts = {"kind": kind, "url": f"https://img.example/{name}/{n}.jpg"}
            listed.append({key: parts[key] for key in order})
        records.append({"sku": f"A{n}", "name": f"Steel lamp {n}", "images": listed})
    data = json.dumps(records)
    roles = [name for name, role in _roles(data).items() if role == "image_url"]
    mark = "=>" if order[0] == "kind" else "<="
    assert roles == [f"images.url[images.kind {mark} main]"]
    assert _read(data, roles[0]) == [f"https://img.example/m/{n}.jpg" for n in range(ROWS)]


def test_names_further_inside() -> None:
    rng = random.Random(5)
    records = []
    for n in range(ROWS):
        said = {"Colour": rng.choice(["red", "blue", "black"]), "Size": rng.choice("SML")}
        options = [
            {"id": f"{n}-{at}", "name": text, "group": {"displayType": "text", "name": name}}
            for at, (name, text) in enumerate(rng.sample(list(said.items()), 2))
        ]
        records.append({"sku": f"A{n}", "name": f"Linen shirt {n}", "options": options} | said)
    data = json.dumps(
        [{k: v for k, v in one.items() if k not in ("Colour", "Size")} for one in records]
    )
    roles = _roles(data)
    for name, role in (("Colour", "colour"), ("Size", "size")):
        column = f"options.name[options.group.name <= {name}]"
        assert roles[column] == role
        assert _read(data, column) == [one[name] for one in records]


def test_kinds_that_say_nothing_leave_the_first_one() -> None:
    record = '<photo art="image/jpeg">https://img.example/{n}.jpg</photo>'
    record += '<photo art="image/png">https://img.example/{n}b.png</photo>'
    roles = _roles(_xml(record))
    assert [name for name, role in roles.items() if role == "image_url"] == ["photo"]


def test_levels_in_the_order_of_their_numbers() -> None:
    rng = random.Random(7)
    paths = [("Tools", "Hand tools", "Chisels"), ("Tools", "Power tools", "Drills")]
    paths += [("Garden", "Pots", "Clay pots")]
    records, expected = [], []
    for n in range(ROWS):
        path = paths[n % 3]
        levels = [{"level": at, "name": name} for at, name in enumerate(path, 1)]
        rng.shuffle(levels)
        records.append({"sku": f"A{n}", "title": f"Steel thing {n}", "categories": levels})
        expected.append(list(path))
    data = json.dumps(records)
    roles = [name for name, role in _roles(data).items() if role == "merchant_category"]
    assert roles == [f"categories.name[categories.level => {at}]" for at in (1, 2, 3)]
    maps = with_parameters(_maps(data), roles[::-1]).to_pylist()
    assert [[text for name, text in one if name in roles] for one in maps] == expected
    # From the top down they are read as they stand.
    for one in records:
        one["categories"].sort(key=lambda level: level["level"])  # type: ignore[attr-defined]
    assert not any("level" in name for name in _roles(json.dumps(records)))


def test_all_parents_of_a_category_are_levels() -> None:
    paths = [("Mode", "Hosen", "Chinos"), ("Mode", "Hosen", "Jeans"), ("Wohnen", "Licht", "Lampen")]
    records = []
    for n in range(ROWS):
        top, middle, leaf = paths[n % 3]
        category = {"id": n, "name": leaf, "parent": {"name": middle, "parent": {"name": top}}}
        stock = {"CODART": f"A{n}", "DESART": f"Steel thing {n}", "EXIST": n % 4}
        pictures = {
            "thumbnail": f"https://i.example/s/{n}.jpg",
            "url": f"https://i.example/{n}.jpg",
        }
        records.append({**stock, "category": category, "image": pictures})
    roles = _roles(json.dumps(records))
    levels = {name for name, role in roles.items() if role == "merchant_category"}
    assert levels == {f"category.{'parent.' * above}name" for above in range(3)}
    assert roles["EXIST"] == "availability"
    named = [(name, role, 1.0) for name, role in roles.items()]
    assert Reading.of(named).columns["image_url"][0] == "image.url"


def test_texts_and_codes_by_their_class() -> None:
    rng = random.Random(8)
    records = []
    for n in range(ROWS):
        title = f"{rng.choice(['Oak', 'Pine', 'Steel'])} {rng.choice(['table', 'lamp'])} no {n}"
        texts = [("meta_titulo", f"Buy {title}"), ("titulo", title)]
        texts += [("descripcion_larga", f"<p>{title}: {'made by hand in the north. ' * 9}</p>")]
        ean = f"20000000{n:04}"
        check = -sum((1, 3)[at % 2] * int(sign) for at, sign in enumerate(ean)) % 10
        codes = [("MPN", f"M-{n % 7}"), ("SKU", f"S-{n:04}"), ("EAN", f"{ean}{check}")]
        records.append(
            {
                "marca": ("Acme", "Bolia")[n % 2],
                "precio": f"{n + 5}.90",
                "url": f"https://shop.example/p/{n}",
                "foto": f"https://img.example/{n}.jpg",
                "textos": [{"clase": c, "texto": t} for c, t in rng.sample(texts, 3)],
                "codigos": [{"tipo": c, "valor": t} for c, t in rng.sample(codes, 3)],
            }
        )
    roles = _roles(json.dumps(records))
    assert roles["textos.texto[textos.clase => titulo]"] == "title"
    assert roles["textos.texto[textos.clase => descripcion_larga]"] == "description"
    assert roles["codigos.valor[codigos.tipo => SKU]"] == "merchant_product_id"
    assert roles["codigos.valor[codigos.tipo => EAN]"] == "gtin"
    assert sorted(roles.values()).count("title") == 1


def test_prices_of_three_kinds() -> None:
    rng = random.Random(9)
    records = []
    for n in range(ROWS):
        price = rng.randrange(1000, 90_000) / 100
        kinds = [("selling", "retail shop", "incl", 1), ("selling", "retail shop", "excl", 0.8)]
        kinds += [("selling", "dealers", "incl", 0.7), ("purchase", "dealers", "excl", 0.5)]
        prices = [
            {"type": k, "customers": c, "tax": t, "amount": {"value": f"{v * price:.2f}"}}
            for k, c, t, v in rng.sample(kinds, 4)
        ]
        records.append({"sku": f"A{n}", "title": f"Steel lamp {n}", "price": prices, "is": price})
    data = json.dumps([{k: v for k, v in one.items() if k != "is"} for one in records])
    column = "price.amount.value[price.type & price.customers & price.tax => "
    column += "selling & retail shop & incl]"
    assert _read(data, column) == [f"{one['is']:.2f}" for one in records]


def test_prices_of_sizes_are_not_kinds_of_prices() -> None:
    rng = random.Random(6)
    records = []
    for n in range(ROWS):
        price = rng.randrange(1000, 9000) / 100
        sizes = [{"name": s, "price": f"{price + at:.2f}"} for at, s in enumerate(["S", "L", "XL"])]
        records.append({"sku": f"A{n}", "title": f"Linen shirt {n}", "variants": sizes})
    roles = {name: role for name, role in _roles(json.dumps(records)).items() if role == "price"}
    assert roles == {"variants.price": "price"}


def test_names_of_columns_within() -> None:
    for one in (
        Among("a.b", "a.c", True, "x"),
        Among("a", "a@b & a@c", False, "x & y"),
        Among("v", "k", True, "Size & Fit"),
    ):
        assert within(str(one)) == one
    assert isinstance(within("a[b = c]"), Beside)
    assert in_list("a#2") == ("a", "2")
    assert in_list("Item #") == ("Item #", "")


KEYS, TEXTS = st.sampled_from("xyz"), st.sampled_from(["1", "2", None])


@given(
    st.lists(st.lists(st.tuples(KEYS, TEXTS), max_size=5), min_size=1, max_size=6), st.booleans()
)
def test_members_are_read_as_one_by_one(
    records: list[list[tuple[str, str | None]]], ahead: bool
) -> None:
    cells: list[list[tuple[str, str]]] = []
    for members in records:
        row, counts = [("id", "7")], {"k": 0, "v": 0}
        for key, text in members:
            parts = [("k", key), ("v", text)]
            for name, value in parts if ahead else parts[::-1]:
                if value is not None:
                    counts[name] += 1
                    row.append((name if counts[name] == 1 else f"{name}#{counts[name]}", value))
        cells.append([*row, ("more", "7")])
    maps = pa.array(cells, pa.map_(pa.string(), pa.string()))
    name = str(Among("v", "k", ahead, "x"))
    found = [dict(one).get(name) for one in with_parameters(maps, [name]).to_pylist()]
    assert found == [
        next((text for key, text in members if key == "x" and text is not None), None)
        for members in records
    ]
