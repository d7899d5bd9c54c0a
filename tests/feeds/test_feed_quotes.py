"""Quotes that stand where few feeds have them: single ones, and ones beside spaces."""

import csv
import io

import pytest

from aisles.feeds import delimited
from aisles.feeds.parse import parse

NAMES = ["id", "title", "price", "link"]
DELIMITERS = [",", ";", "\t", "|"]


def read(text: str) -> tuple[str | None, list[dict[str, str] | str]]:
    """The quote sign found, and each record's cells or why it was rejected."""
    parsed = parse(io.BytesIO(text.encode()), "feed")
    found = [row["reason"] or dict(row["values"]) for batch in parsed for row in batch.to_pylist()]
    assert parsed.format is not None
    return parsed.format.quote, found


def written(lines: list[list[str]], delimiter: str, quote: str, quoting: int) -> str:
    out = io.StringIO()
    csv.writer(
        out, delimiter=delimiter, quotechar=quote, quoting=quoting, lineterminator="\n"
    ).writerows(lines)
    return out.getvalue()


def products(title: str) -> list[list[str]]:
    """Sixty products, a few of which have the title."""
    return [
        [str(no), title if no % 9 == 0 else f"Mug {no}", f"{no}.50", f"https://a.example/{no}"]
        for no in range(60)
    ]


def named(lines: list[list[str]]) -> list[dict[str, str] | str]:
    return [dict(zip(NAMES, line, strict=True)) for line in lines]


NEEDED = {
    "a delimiter": "Mug, blue; round | large\tnew",
    "a line break": "Mug\nblue",
    "a doubled quote": "O'Neill's mug",
    "an inch sign": 'Screen 27", flat; new | a\tb',
}


@pytest.mark.parametrize("title", NEEDED.values(), ids=NEEDED.keys())
@pytest.mark.parametrize("delimiter", DELIMITERS)
def test_single_quotes_where_needed(delimiter: str, title: str) -> None:
    lines = products(title)
    text = written([NAMES, *lines], delimiter, "'", csv.QUOTE_MINIMAL)
    assert read(text) == ("'", named(lines))


@pytest.mark.parametrize("delimiter", DELIMITERS)
def test_single_quotes_around_all(delimiter: str) -> None:
    """Other signs stand as evenly in the lines, where quotes are not seen."""
    lines = [
        [no, f"Mug:: {no}:: blue\nSize:: L:: new{f'{delimiter} b' * (int(no) % 5)}", price, link]
        for no, _, price, link in products("")
    ]
    assert read(written([NAMES, *lines], delimiter, "'", csv.QUOTE_ALL)) == ("'", named(lines))
    assert read(written(lines, delimiter, "'", csv.QUOTE_ALL))[0] == "'"


APOSTROPHES = ["O'Neill mug", "'n Sync mug", "Boys'", "'Best' mug 'ever'", "5' 6''", "'n Boys'"]


@pytest.mark.parametrize("title", APOSTROPHES)
@pytest.mark.parametrize("delimiter", DELIMITERS)
def test_apostrophes_are_no_quotes(delimiter: str, title: str) -> None:
    lines = products(title)
    text = "".join(delimiter.join(line) + "\n" for line in [NAMES, *lines])
    quote, found = read(text)
    assert (quote, found) == ('"', named(lines))


SPACED = {
    "after": ", ",
    "before": " ,",
    "around": " , ",
    "after a semicolon": "; ",
    "around a bar": " | ",
}


@pytest.mark.parametrize("between", SPACED.values(), ids=SPACED.keys())
def test_spaces_beside_every_delimiter(between: str) -> None:
    """Quotes stand only where they are needed, in few lines."""
    lines = products(f'Mug{between.strip()} "blue"')
    quoted = [
        ['"' + c.replace('"', '""') + '"' if '"' in c else c for c in line]
        for line in [NAMES, *lines]
    ]
    text = "".join(between.join(line) + "\n" for line in quoted)
    assert read(text)[1] == named(lines)


@pytest.mark.parametrize("block", [1, 1 << 20])
def test_spaces_beside_some_quotes(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = products('a, "b" , c')
    text = ",".join(NAMES) + "\n"
    for no, line in enumerate(lines):
        quote = '"' + line[1].replace('"', '""') + '"'
        title = (f" {quote}", f"{quote} ", f" {quote} ")[no % 3]
        text += f'{line[0]},{title if no % 9 == 0 or no % 2 else line[1]}, {line[2]},"{line[3]}" \n'
    monkeypatch.setattr(delimited, "BLOCK_BYTES", block)
    found = read(text)[1]
    stripped = [{n: v.strip() for n, v in dict(row).items()} for row in found]
    assert stripped == named(lines)
