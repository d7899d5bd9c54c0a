"""Lines that look like records or names, and are none."""

import io

import pytest

from aisles.feeds import delimited
from aisles.feeds.parse import parse

NAMES = "id,title,price,link"


def plain(no: int) -> str:
    return f"{no},Mug no {no},{no}.50,https://a.example/{no}"


def cells(no: int) -> dict[str, str]:
    return dict(zip(NAMES.split(","), plain(no).split(","), strict=True))


def read(lines: list[str]) -> list[dict[str, str] | str]:
    """Each record's cells, or why it was rejected."""
    parsed = parse(io.BytesIO(("\n".join(lines) + "\n").encode()), "feed")
    return [row["reason"] or dict(row["values"]) for batch in parsed for row in batch.to_pylist()]


REMARKS = ["# note, here, is, one", "# note, here", "## a, b, c, d, e", "#===,===,===,==="]


@pytest.mark.parametrize("count", [8, 300])
@pytest.mark.parametrize("remark", REMARKS)
def test_remarks_that_hold_delimiters(remark: str, count: int) -> None:
    lines = [plain(no) for no in range(count)]
    for place in (count // 2, count - 2):
        lines.insert(place, remark)
    assert read([NAMES, *lines]) == [cells(no) for no in range(count)]


def test_records_that_begin_like_remarks() -> None:
    """Titles come first, and some begin with a number sign."""
    lines = [f"# {no} Mug,{plain(no)}" if no % 9 == 0 else f"Mug,{plain(no)}" for no in range(60)]
    assert len(read(["name," + NAMES, *lines])) == 60


def test_a_single_record_that_begins_like_a_remark() -> None:
    lines = [f"Mug,{plain(no)}" for no in range(60)]
    lines[40] = "# 1 Dad," + plain(40)
    assert read(["name," + NAMES, *lines])[40] == cells(40) | {"name": "# 1 Dad"}


RULES = {
    "dashes": ("id;title;price", "---;---;---"),
    "equals signs": ("id;title;price", "=====;=====;====="),
    "aligned": ("id|title|price", ":---|:---:|---:"),
    "Markdown": ("| id | title | price |", "|----|-------|-------|"),
    "quoted": ('"id";"title";"price"', '"--";"-----";"-----"'),
    "in one": ("id;title;price", "--------------"),
}


@pytest.mark.parametrize("block", [1, 1 << 21])
@pytest.mark.parametrize(("names", "rule"), RULES.values(), ids=RULES.keys())
def test_the_rule_under_names_is_no_record(
    names: str, rule: str, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delimited, "BLOCK_BYTES", block)
    line = names.replace("id", "{0}").replace("title", "Mug {0}").replace("price", "{0}.50")
    found = read([names, rule, *(line.format(no) for no in range(20))])
    stripped = [{n: v.strip() for n, v in dict(row).items()} for row in found]
    assert stripped == [
        {"id": str(no), "title": f"Mug {no}", "price": f"{no}.50"} for no in range(20)
    ]


PAIRS = {
    "equals signs": "id={0}|title=Mug {0}|price={0}.50",
    "commas": "id={0},title=Mug {0},price={0}.50",
    "colons": "id:{0}|title:Mug {0}|price:{0}.50",
    "spaces": "id = {0};title = Mug {0};price = {0}.50;link = https://a.example/?a={0}",
}


@pytest.mark.parametrize("count", [3, 40])
@pytest.mark.parametrize("line", PAIRS.values(), ids=PAIRS.keys())
def test_names_beside_their_values_are_no_header(line: str, count: int) -> None:
    lines = [line.format(no) for no in range(count)]
    found = read(lines)
    assert [list(dict(row).values())[1] for row in found] == [
        text.replace("|", ",").replace(";", ",").split(",")[1] for text in lines
    ]


def test_names_with_colons_are_a_header() -> None:
    found = read(["g:id;g:title;g:price", *(f"{no};Mug {no};{no}.50" for no in range(9))])
    assert found[3] == {"g:id": "3", "g:title": "Mug 3", "g:price": "3.50"}
