"""Headers that do not look like one at first sight."""

import io

import pytest

from aisles.feeds.parse import parse

ROWS = "".join(f"7{no};Shirt no {no};1{no}.50;https://a.example/{no};x\n" for no in range(1, 7))
NAMES = "id;title;price;link"
FIRST = {"id": "71", "title": "Shirt no 1", "price": "11.50", "link": "https://a.example/1"}


def read(text: str) -> tuple[tuple[str, ...], list[dict[str, str]]]:
    """The columns and the records' cells."""
    parsed = parse(io.BytesIO(text.encode()), "feed.csv")
    rows = [dict(row["values"]) for batch in parsed for row in batch.to_pylist()]
    assert parsed.format is not None
    assert parsed.rejected == 0
    return parsed.format.columns, rows


LAST_NAMES = {
    "a number": "2024",
    "over 80 signs": "which of the many kinds this product is of, as our team sorted it " * 2,
    "a link": "https://schema.example/ns#somewhat",
    "blank": "",
}


@pytest.mark.parametrize("name", LAST_NAMES.values(), ids=LAST_NAMES.keys())
def test_one_odd_name_among_known_ones(name: str) -> None:
    columns, rows = read(f"{NAMES};{name}\n{ROWS}")
    assert columns == (*NAMES.split(";"), name.strip() or "4")
    assert rows[0] == FIRST | {name.strip() or "4": "x"}
    assert len(rows) == 6


def test_the_same_name_many_times() -> None:
    row = "".join(
        f"7{no};Shirt;1{no}.50;https://a/{no}" + ";https://b/c.jpg" * 8 + "\n" for no in range(6)
    )
    columns, rows = read(f"{NAMES};" + ";".join(["image"] * 8) + "\n" + row)
    assert columns[:6] == ("id", "title", "price", "link", "image", "image#2")
    assert (len(columns), len(rows)) == (12, 6)


def test_half_the_names_are_blank() -> None:
    rows = "".join(f"7{no};Shirt;1{no}.50;a;b;c\n" for no in range(6))
    columns, found = read("id;title;price;;;\n" + rows)
    assert columns == ("id", "title", "price", "3", "4", "5")
    assert len(found) == 6


TITLES = {
    "one line": "Shop export;;;;\n",
    "two lines": "Shop export;;;;\nDate;1.2.2026;;;\n",
    "a blank one": "Shop export;;;;\n;;;;\n",
    "known words": "Shop;Date;Country;;\n",
}


@pytest.mark.parametrize("title", TITLES.values(), ids=TITLES.keys())
def test_a_title_filled_up_to_the_width_of_the_table(title: str) -> None:
    columns, rows = read(f"{title}{NAMES};note\n{ROWS}")
    assert columns == (*NAMES.split(";"), "note")
    assert rows[0] == FIRST | {"note": "x"}
    assert len(rows) == 6


def test_no_product_is_taken_for_a_title() -> None:
    _, rows = read(ROWS + f"{NAMES};note\n" + ROWS)
    assert len(rows) == 13


@pytest.mark.parametrize("count", [3, 6, 40])
def test_a_remark_that_looks_like_names(count: int) -> None:
    rows = "".join(f"7{no};Shirt no {no};1{no}.50\n" for no in range(count))
    columns, found = read("# Export: shop; date: 2026; rows: 6\nid;title;price\n" + rows)
    assert columns == ("id", "title", "price")
    assert found[0] == {"id": "70", "title": "Shirt no 0", "price": "10.50"}
    assert len(found) == count


WIDE = [
    "sku", "brand", "title", "price", "link", "image", "color", "size", "ean",
    *(f"zq{n} blurb" for n in range(24)),
]  # fmt: skip
LABELS = [
    "Artikelnummer", "Marke", "Produktname", "Preis", "Produkt-URL", "Bild-URL", "Farbe", "Größe",
    "GTIN", *(f"Qx{n} Wert" for n in range(24)),
]  # fmt: skip


@pytest.mark.parametrize("above", [[], [LABELS]], ids=["", "and names for people"])
def test_a_template_line_above_a_wide_header(above: list[list[str]]) -> None:
    title = ["Info", "Version=1.0.0", "Template=fx_category", *[""] * (len(WIDE) - 3)]
    rows = [
        [f"A{n}", "Acme", f"Shirt no {n}", f"{n}.50", f"https://a.example/{n}"]
        + [f"https://a.example/{n}.jpg", "red", "M", "", *["x"] * 24]
        for n in range(20)
    ]
    lines = [title, *above, WIDE, *rows]
    columns, found = read("\n".join(";".join(line) for line in lines) + "\n")
    assert list(columns) == WIDE
    assert len(found) == 20 and found[0]["title"] == "Shirt no 0"
