"""What closes a feed: a trailer with its count, or the end of a stream that was cut."""

import gzip
import io

import pytest

from aisles.feeds import delimited
from aisles.feeds.parse import Parsed, parse


def read(text: str) -> tuple[Parsed, list[dict[str, str]]]:
    parsed = parse(io.BytesIO(text.encode()), "feed.csv")
    rows = [dict(row["values"] or ()) for batch in parsed for row in batch.to_pylist()]
    assert parsed.read == parsed.kept + parsed.rejected == len(rows)
    return parsed, rows


def body(count: int, columns: int = 3) -> str:
    more = "".join(f"|more {no}" for no in range(columns - 3))
    return "".join(f"7{no}|Shirt no {no}|1{no}.50{more}\n" for no in range(count))


TRAILERS = {
    "count": ("HDR|shop\n", "TRL|5\n"),
    "date after it": ("HDR|shop\n", "TRL|5|20260102\n"),
    "date with dashes": ("HDR|shop\n", "TRL|5|2026-01-02\n"),
    "time before it": ("HDR|shop\n", "TRL|2026-01-02T10:11:12|5\n"),
    "checksum after it": ("HDR|shop\n", "TRL|5|ab12cd\n"),
    "batch before it": ("HDR|shop\n", "TRL|814|5\n"),
    "quoted": ('"HDR"|"shop"\n', '"TRL"|"5"\n'),
    "small letters": ("hdr|shop\n", "trl|5\n"),
    "long words": ("HEADER|shop\n", "TRAILER|5\n"),
    "footer": ("HEADER|shop\n", "FOOTER|5\n"),
    "letters": ("H|shop\n", "T|5\n"),
    "no end of line": ("HDR|shop\n", "TRL|5"),
    "blanks after it": ("HDR|shop\n", "TRL|5\n\n \n"),
    "alone": ("", "TRL|5|ab12cd\n"),
}


@pytest.mark.parametrize("block", [1, 1 << 20])
@pytest.mark.parametrize("columns", [3, 7])
@pytest.mark.parametrize(("start", "end"), TRAILERS.values(), ids=TRAILERS.keys())
def test_trailers(
    start: str, end: str, columns: int, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delimited, "BLOCK_BYTES", block)
    parsed, rows = read(start + body(5, columns) + end)
    assert (parsed.trailer_count, parsed.complete, parsed.rejected) == (5, True, 0)
    assert [row["0"] for row in rows] == ["70", "71", "72", "73", "74"]


def test_a_trailer_filled_up_to_the_width_of_the_table() -> None:
    parsed, rows = read("id|title|price|a|b\n" + body(5, 5) + "TRL|5|||\n")
    assert (parsed.trailer_count, parsed.complete, len(rows)) == (5, True, 5)


@pytest.mark.parametrize("end", ["TRL|6|20260102\n", "TRL|6|2026-01-02\n", "TRAILER|6\n"])
def test_a_trailer_that_counts_more(end: str) -> None:
    parsed, _ = read("HEADER|shop\n" + body(5) + end)
    assert (parsed.trailer_count, parsed.complete) == (6, False)


def test_products_that_are_no_trailers() -> None:
    """Trailers are for sale, too; and a word like a mark may be a column's name."""
    rows = "".join(f"trailer|Trailer no {no}|9{no}.50\n" for no in range(5))
    parsed, found = read("header|title|price\n" + rows)
    assert (parsed.kept, parsed.trailer_count, parsed.complete) == (5, None, True)
    assert found[4] == {"header": "trailer", "title": "Trailer no 4", "price": "94.50"}
    parsed, _ = read("kind|title|price\n" + body(5) + "T|Tee|5.00\n")
    assert (parsed.kept, parsed.trailer_count) == (6, None)
    parsed, found = read("id|title|price|a\n" + body(5, 4) + "TRL-1042|Shirt|5.00|a\n")
    assert (found[5]["id"], parsed.trailer_count) == ("TRL-1042", None)
    parsed, _ = read("H&M export\nkind|title|price\n" + body(5) + "T-Shirt|5.00\n")
    assert (parsed.kept, parsed.rejected, parsed.trailer_count) == (5, 1, None)


def test_a_line_like_a_trailer_inside_is_a_record(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "BLOCK_BYTES", 1)
    parsed, rows = read("id|title|price|a|b\n" + body(3, 5) + "TRL|5|a|b|c\n" + body(3, 5))
    assert (parsed.kept, parsed.trailer_count) == (7, None)
    assert rows[3]["title"] == "5"


ROWS = "".join(f"{no};Shirt {no};{no}.99\n" for no in range(500))


def test_the_last_record_of_a_cut_stream_is_no_record() -> None:
    lines = ["id;title;price"] + [f"{no};Blue mug {no};{no}.50" for no in range(2000)]
    packed = gzip.compress("\n".join(lines).encode())
    for cut in range(len(packed) // 2, len(packed) // 2 + 12):
        parsed = parse(io.BytesIO(packed[:cut]), "feed.csv.gz")
        rows = [row for batch in parsed for row in batch.to_pylist()]
        assert not parsed.complete
        assert parsed.read == parsed.kept + parsed.rejected == len(rows)
        kept = [dict(row["values"]) for row in rows if not row["reason"]]
        assert kept
        assert all(row["price"].endswith(".50") for row in kept)


@pytest.mark.parametrize("end", ["\x1a", "\0\0\0", "\n\x1a\0", "EOF\n", "EOF"])
def test_what_marks_the_end_of_a_text_is_no_record(end: str) -> None:
    parsed, rows = read("id|title|price\n" + body(5) + end)
    assert (parsed.complete, parsed.rejected) == (True, 0)
    assert [row["id"] for row in rows] == ["70", "71", "72", "73", "74"]


@pytest.mark.parametrize(("counted", "agrees"), [(5, True), (4, False), (2, False), (7, False)])
def test_a_trailer_that_counts_others(counted: int, agrees: bool) -> None:
    parsed, _ = read("HDR|shop\n" + body(5) + f"TRL|{counted}\n")
    assert (parsed.trailer_count, parsed.complete) == (counted, agrees)
