"""Delimiters, quotes and rows that few feeds have."""

import io

import pytest

from aisles.feeds import delimited
from aisles.feeds.formats import Format
from aisles.feeds.parse import parse
from aisles.feeds.parts import Part
from aisles.feeds.sniff import sniff

NAMES = ["id", "title", "price", "link"]


def rows_of(no: int, title: str = "Shirt red") -> list[str]:
    return [str(no), f"{title} no {no}", f"{no}.99", f"https://a.example/p-{no}"]


def read(data: bytes) -> tuple[Format, list[dict[str, str] | str]]:
    parsed = parse(io.BytesIO(data), "feed.csv")
    found = [row["reason"] or dict(row["values"]) for batch in parsed for row in batch.to_pylist()]
    assert parsed.read == parsed.kept + parsed.rejected == len(found)
    assert parsed.format is not None
    return parsed.format, found


ODD = [
    "%", "þ", "Þ", "\x14", "•", "；", "、", "，", "│", "`", "\\", "?", "=", "&", "+",
    "{|}", "_|_", "[|]", "<>", "}{", "->", "=>", "%%", "þþ",
]  # fmt: skip


@pytest.mark.parametrize("delimiter", ODD)
def test_delimiters_that_nobody_would_guess(delimiter: str) -> None:
    links = delimiter not in "?=&+"
    lines = [NAMES, *(rows_of(no) if links else rows_of(no)[:3] + ["x"] for no in range(12))]
    text = "".join(delimiter.join(line) + "\n" for line in lines)
    form, found = read(text.encode())
    assert (form.delimiter, form.columns) == (delimiter, tuple(NAMES))
    assert found[7] == dict(zip(NAMES, lines[8], strict=True))
    assert len(found) == 12


ONE_COLUMN = {
    "links": [f"https://a.example/p/{no}?a=1&b=2" for no in range(30)],
    "titles": [f"Shirt-{no} (red), 2 pcs." for no in range(30)],
}


@pytest.mark.parametrize("lines", ONE_COLUMN.values(), ids=ONE_COLUMN.keys())
def test_the_signs_of_links_and_titles_are_no_delimiters(lines: list[str]) -> None:
    found = sniff(("\n".join(lines) + "\n").encode(), "feed", whole=True)
    assert found.delimiter in ",;"


def test_brackets_and_slashes_at_the_end_of_cells_are_no_part_of_the_delimiter() -> None:
    rows = "".join(f"{no}|Shirt (red)|(a)|https://a.example/{no}/\n" for no in range(2000))
    assert sniff(("id|title|size|link\n" + rows).encode(), "feed").delimiter == "|"


@pytest.mark.parametrize("quote", list("`^~$%*|"))
@pytest.mark.parametrize("delimiter", list(",;\t|"))
def test_quotes_that_are_no_quotes_elsewhere(quote: str, delimiter: str) -> None:
    if quote == delimiter:
        return
    lines = [NAMES, *(rows_of(no, f"Shirt{delimiter}red") for no in range(12))]
    text = "".join(delimiter.join(quote + c + quote for c in line) + "\n" for line in lines)
    form, found = read(text.encode())
    assert (form.delimiter, form.quote, form.columns) == (delimiter, quote, tuple(NAMES))
    assert found[3] == dict(zip(NAMES, lines[4], strict=True))


@pytest.mark.parametrize("row", ["{0};Shirt {0};{0}.99\n", '{0};"Shirt {0}";{0}.99\n'])
@pytest.mark.parametrize("head", ['id;"title;price\n', '"id;title;price\n', 'id;title;"price\n'])
def test_a_quote_never_closed_in_the_header(head: str, row: str) -> None:
    form, found = read((head + "".join(row.format(no) for no in range(30))).encode())
    assert form.columns == ("id", "title", "price")
    assert found == [
        {"id": str(no), "title": f"Shirt {no}", "price": f"{no}.99"} for no in range(30)
    ]


def test_a_name_over_two_lines() -> None:
    form, found = read(b'id;price;"title\nof product"\n' + b"1;2.50;Shirt\n" * 9)
    assert form.columns == ("id", "price", "title\nof product")
    assert len(found) == 9


SHORT_HEAD = "id;title;price;colour;size\n"
ENDS = [";red;XL", ";red", "", ";blue;M", ";;", ";red;"]


def short(no: int) -> str:
    return f"{no};Shirt no {no};{no}.99{ENDS[no % len(ENDS)]}\n"


def filled(no: int) -> dict[str, str]:
    values = short(no).strip().split(";")
    names = SHORT_HEAD.strip().split(";")
    return {name: value for name, value in zip(names, values, strict=False) if value}


def test_rows_that_leave_out_their_last_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    text = SHORT_HEAD + "".join(map(short, range(600)))
    _, found = read(text.encode())
    assert found == list(map(filled, range(600)))
    monkeypatch.setattr(delimited, "BLOCK_BYTES", 1)
    assert read(text.encode())[1] == found
    form, middle = sniff(text.encode(), "feed.csv"), text.encode().index(b"300;")
    parts = [Part(form, 0, middle, False), Part(form, middle, len(text), True)]
    values = [
        dict(row["values"])
        for part in parts
        for batch in parse(io.BytesIO(text.encode()), "feed.csv", part=part)
        for row in batch.to_pylist()
    ]
    assert values == found


def test_a_file_of_short_rows_that_is_cut_is_incomplete() -> None:
    text = (SHORT_HEAD + "".join(map(short, range(600)))).encode()
    parsed = parse(io.BytesIO(text[:-9]), "feed.csv")
    assert list(parsed)[-1]["reason"][-1].as_py().startswith("truncated")
    assert (parsed.kept, parsed.complete) == (599, False)


def test_records_broken_in_two_are_no_short_rows() -> None:
    rows = "".join(
        f"{no};Shirt\n more {no};{no}.99;red;XL\n" if no % 3 == 0 else f"{no};Shirt;{no}.9;red;XL\n"
        for no in range(400)
    )
    _, found = read((SHORT_HEAD + rows).encode())
    assert sum(isinstance(row, dict) for row in found) == 266


def test_few_short_rows_are_damage() -> None:
    usual = [f"{no};Shirt no {no};{no}.99;red;M\n" for no in range(300)]
    usual[50:60] = ["50;Shirt no 50;50.99\n"] * 10
    _, found = read((SHORT_HEAD + "".join(usual)).encode())
    assert found[50:60] == ["wrong_columns: expected 5, got 3"] * 10


def test_blank_cells_between_double_bars_are_no_longer_delimiter() -> None:
    cells = [[*rows_of(no)[:3], "", "", f"https://a.example/{no}.jpg"] for no in range(60)]
    lines = ["||".join(row) + ("|b.jpg" if no % 3 else "") for no, row in enumerate(cells)]
    form, rows = read("\n".join(lines).encode() + b"\n")
    assert form.delimiter == "||"
    assert isinstance(rows[7], dict)
    assert [rows[7][name] for name in "0125"] == [*cells[7][:3], "https://a.example/7.jpg|b.jpg"]


def test_the_semicolon_of_an_entity_parts_no_cells() -> None:
    lines = [";".join(NAMES), *(";".join(rows_of(no)) for no in range(60))]
    lines[8] = ";".join(rows_of(7, "Shirt&nbsp;red &#8211; M&uuml;ller"))
    lines[9] = ";".join(rows_of(8, "Shirt; red"))
    _, rows = read("\n".join(lines).encode() + b"\n")
    assert isinstance(rows[7], dict)
    assert rows[7]["title"] == "Shirt&nbsp;red &#8211; M&uuml;ller no 7"
    assert isinstance(rows[8], str) and rows[8].startswith("wrong_columns")
