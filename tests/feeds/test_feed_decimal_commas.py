"""Amounts whose decimal comma is taken for the delimiter."""

import io

import pytest

from aisles.feeds import delimited
from aisles.feeds.parse import parse


def read(names: str, lines: list[str]) -> tuple[tuple[str, ...], list[dict[str, str] | str]]:
    """The columns, and each record's cells or why it was rejected."""
    parsed = parse(io.BytesIO("\n".join([names, *lines, ""]).encode()), "feed")
    found = [row["reason"] or dict(row["values"]) for batch in parsed for row in batch.to_pylist()]
    assert parsed.format is not None
    return parsed.format.columns, found


JOINED = {
    "at the end": ("artnr,titel,preis", "{0},Becher,{0},50", {"preis": "7,50"}),
    "in the middle": ("artnr,preis,titel", "{0},{0},50,Becher", {"preis": "7,50"}),
    "two of them": (
        "artnr,titel,preis,uvp", "{0},Becher,{0},50,{0}.200,00",
        {"preis": "7,50", "uvp": "7.200,00"},
    ),
    "beside quotes": (
        'artnr,"titel",preis,link', '{0},"Becher, rot",{0},50,https://a.example/{0}',
        {"preis": "7,50"},
    ),
    "with a currency": ("artnr,titel,preis", "{0},Becher,{0},50 EUR", {"preis": "7,50 EUR"}),
    "beside another number": (
        "artnr,bestand,preis,titel", "{0},12,{0},50,Becher", {"bestand": "12", "preis": "7,50"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("block", [1, 1 << 21])
@pytest.mark.parametrize(("names", "line", "wanted"), JOINED.values(), ids=JOINED.keys())
def test_decimal_commas_are_joined(
    names: str, line: str, wanted: dict[str, str], block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delimited, "BLOCK_BYTES", block)
    columns, found = read(names, [line.format(no) for no in range(30)])
    assert columns == tuple(names.replace('"', "").split(","))
    row = found[7]
    assert isinstance(row, dict) and len(found) == 30
    assert {name: row[name] for name in wanted} == wanted
    assert len(row) == len(columns)


def test_a_whole_amount_among_them_is_left_alone() -> None:
    lines = [f"{no},Becher,{no},50" for no in range(60)]
    lines[9] = "9,Becher,9"
    _, found = read("artnr,titel,preis", lines)
    assert found[9] == {"artnr": "9", "titel": "Becher", "preis": "9"}
    assert found[10] == {"artnr": "10", "titel": "Becher", "preis": "10,50"}


ALONE = {
    "no price": ("artnr,titel,farbe", "{0},Becher,{0},50"),
    "other digits": ("artnr,titel,preis", "{0},Becher,{0},500"),
    "words": ("artnr,titel,preis", "{0},Becher,{0},rot"),
    "either of two": ("preis,uvp,artnr", "{0},20,30,A"),
}


@pytest.mark.parametrize(("names", "line"), ALONE.values(), ids=ALONE.keys())
def test_columns_without_a_name_stay_columns(names: str, line: str) -> None:
    columns, found = read(names, [line.format(no) for no in range(30)])
    assert columns == (*names.split(","), "3")
    assert len(found) == 30
