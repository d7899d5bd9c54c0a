"""Delimiters that few feeds have, where cells hold the signs that most feeds have."""

import io

import pytest

from aisles.feeds.parse import parse
from aisles.feeds.sniff import sniff

NAMES = ["artikelnummer", "titel", "preis", "link"]
RARE = [
    *"\x01\x02\x07\x1c\x1d\x1e\x1f!*@#§¦¬·¶¤þ│→",
    *("::", "@@", "$$", "%%", "&&", "<=>", "->", "=>", "--", "__", "###", "***", "|+|", "#|#"),
]
LISTED = ["\x01", "\x1f", "§", "¦", "¬", "│", "$$", "%%"]


def rows(count: int = 60) -> list[list[str]]:
    return [
        [str(no), f"Blauer Becher Nummer {no}", f"{no},50", f"https://a.example/{no}"]
        for no in range(1, count + 1)
    ]


def table(delimiter: str, lines: list[list[str]]) -> bytes:
    return "".join(delimiter.join(line) + "\n" for line in lines).encode()


def read(data: bytes) -> tuple[str, list[list[str]]]:
    """The delimiter found, and each record's cells."""
    parsed = parse(io.BytesIO(data), "feed")
    found = [list(dict(v or ()).values()) for b in parsed for v in b["values"].to_pylist()]
    assert parsed.format is not None
    return parsed.format.delimiter, found


@pytest.mark.parametrize("names", [[NAMES], []], ids=["names", "no names"])
@pytest.mark.parametrize("delimiter", RARE)
def test_decimal_commas_are_no_delimiters(delimiter: str, names: list[list[str]]) -> None:
    assert read(table(delimiter, names + rows())) == (delimiter, rows())


@pytest.mark.parametrize("quote", ["", '"'])
@pytest.mark.parametrize("delimiter", ["§", "\x01", "::", "->"])
def test_a_comma_in_every_title(delimiter: str, quote: str) -> None:
    lines = [[no, f"{title}, neu", price, link] for no, title, price, link in rows()]
    quoted = [[f"{quote}{cell}{quote}" for cell in line] for line in [NAMES, *lines]]
    assert read(table(delimiter, quoted)) == (delimiter, lines)


def test_words_that_part_no_cells_between_unknown_names() -> None:
    """Neither names nor values tell, but of a sign that no text has there are more columns."""
    lines = [["foo", "bar", "baz"], *([f"A{no}", f"Becher {no}", f"{no},50"] for no in range(30))]
    assert read(table("¦", lines))[0] == "¦"


@pytest.mark.parametrize("delimiter", LISTED)
def test_a_list_in_a_cell_without_names(delimiter: str) -> None:
    lines = [[no, "S;M;L", title, price] for no, title, price, _ in rows()]
    assert read(table(delimiter, lines)) == (delimiter, lines)


# What stands in cells of ordinary feeds equally often in each line, and parts none.
INSIDE = {
    "measures": "3*4*5",
    "sizes": "S#M#L#XL",
    "numbers": "36~37~38",
    "pictures": "https://a.example/1.jpg|https://a.example/2.jpg",
    "a path": "Home->Garden->Chairs",
    "a path of colons": "Home::Garden::Chairs",
    "a bar": "Home¦Garden¦Chairs",
    "dots": "• blue • round • large",
    "a link": "https://c.example/?id=7&m=12&url=https%3A%2F%2Fa.example%2F3",
    "a file": "img_3_300_300.jpg",
    "mail": "a@b.example",
}


@pytest.mark.parametrize("names", [["sku", "title", "price", "more"], []], ids=["names", ""])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("inside", INSIDE.values(), ids=INSIDE.keys())
def test_signs_inside_cells_are_no_delimiters(
    inside: str, delimiter: str, names: list[str]
) -> None:
    cell = inside.replace(delimiter, " ")
    lines = [[f"A{no}", f"Mug {no}", f"{no}.50", cell] for no in range(40)]
    for order in ([0, 1, 2, 3], [3, 0, 1, 2], [0, 3, 1, 2]):
        ordered = [[line[place] for place in order] for line in [names] * bool(names) + lines]
        found = sniff(table(delimiter, ordered), "feed", whole=True)
        assert (found.delimiter, len(found.columns)) == (delimiter, 4)


BLANK = ["id", "title", "brand", "colour", "size", "price", "link"]


def blank_rows() -> list[list[str]]:
    return [
        [str(no), f"Mug {no}, blue", "", "", "" if no % 3 else "M", f"{no},50", f"https://a/{no}"]
        for no in range(60)
    ]


@pytest.mark.parametrize("names", [[BLANK], []], ids=["names", "no names"])
@pytest.mark.parametrize("delimiter", ["§", "¦", ";", "|", "\t", "~", "\x01"])
def test_blank_cells_are_no_longer_delimiter(delimiter: str, names: list[list[str]]) -> None:
    filled = [[cell for cell in line if cell] for line in blank_rows()]
    assert read(table(delimiter, names + blank_rows())) == (delimiter, filled)


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_blank_cells_beside_escaped_delimiters(delimiter: str) -> None:
    lines = [[c.replace(delimiter, f"\\{delimiter}") for c in line] for line in blank_rows()]
    for line in lines[::2]:
        line[1] = f"Mug\\{delimiter} blue\\{delimiter} round\\{delimiter} large"
    found = sniff(table(delimiter, [BLANK, *lines]), "feed", whole=True)
    assert (found.delimiter, found.escape, found.columns) == (delimiter, "\\", tuple(BLANK))
