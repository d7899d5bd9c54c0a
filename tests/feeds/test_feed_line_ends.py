"""Records that end in other signs than line feeds, and files that hold no record."""

import io
from pathlib import Path

import pytest

from aisles.feeds import delimited
from aisles.feeds.files import FeedFile
from aisles.feeds.parse import Parsed, parse
from aisles.feeds.split import parts_of

NAMES = ["id", "title", "price", "link"]
ENDS = {
    "record separator": "\x1e", "next line": "\x85", "line separator": "\u2028",
    "paragraph separator": "\u2029", "vertical tab": "\x0b", "form feed": "\x0c",
    "written out": "\\n", "record separator and line feed": "\x1e\n", "two returns": "\r\r\n",
}  # fmt: skip


def rows(count: int) -> list[list[str]]:
    return [[str(no), f"Mug no {no}", f"{no}.50", f"https://a.example/{no}"] for no in range(count)]


def read(text: str, chunk: int = 1 << 20) -> tuple[Parsed, list[list[str] | str]]:
    """The reader at its end, and each record's cells or why it was rejected."""

    class Slow(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(min(size or 0, chunk))

    parsed = parse(Slow(text.encode()), "feed")
    found = [
        row["reason"] or list(dict(row["values"]).values())
        for batch in parsed
        for row in batch.to_pylist()
    ]
    assert parsed.read == parsed.kept + parsed.rejected == len(found)
    return parsed, found


@pytest.mark.parametrize("last", ["", "end"])
@pytest.mark.parametrize("names", [[NAMES], []], ids=["names", "no names"])
@pytest.mark.parametrize("delimiter", [";", "\x1f", "|"])
@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS.keys())
def test_other_ends_of_records(end: str, delimiter: str, names: list[str], last: str) -> None:
    text = end.join(delimiter.join(line) for line in [*names, *rows(40)]) + end * bool(last)
    parsed, found = read(text)
    assert (found, parsed.complete) == (rows(40), True)


@pytest.mark.parametrize("end", ["\x1e", "\x85", "\\n", "\r\r\n"])
def test_other_ends_of_quoted_records(end: str) -> None:
    lines = [[no, f"{title}; blue", price, link] for no, title, price, link in rows(40)]
    text = end.join(";".join(f'"{cell}"' for cell in line) for line in [NAMES, *lines]) + end
    assert read(text)[1] == lines


@pytest.mark.parametrize("end", ["\x1e", "\u2028", "\\n"])
def test_other_ends_in_a_large_file(end: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Larger than what is looked at first; a sign of several bytes lies across two chunks."""
    monkeypatch.setattr(delimited, "BLOCK_BYTES", 1 << 16)
    monkeypatch.setattr("aisles.feeds.members.LONG_HEAD_BYTES", 1 << 18)
    monkeypatch.setattr("aisles.feeds.transcode.MAX_HELD_BYTES", 1 << 16)
    monkeypatch.setattr("aisles.feeds.mending.MAX_HELD_BYTES", 1 << 16)
    lines = rows(12_000)
    parsed, found = read(end.join(";".join(line) for line in [NAMES, *lines]), chunk=9_999)
    assert (found, parsed.complete) == (lines, True)


def test_files_without_line_feeds_are_not_split(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_text("\x1e".join(";".join(line) for line in [NAMES, *rows(4000)]), "utf-8")
    file = FeedFile("net", "shop", "net/shop.csv", str(path), path.stat().st_size, "")
    assert parts_of(file, 10_000) == []


def test_the_signs_inside_cells_end_no_record() -> None:
    lines = [
        [no, f"{title}\x0b\u2028\x85\x1e\\n", price, link] for no, title, price, link in rows(9)
    ]
    text = "\n".join(";".join(line) for line in [NAMES, *lines]) + "\n"
    assert read(text)[1] == lines


def test_one_record_of_several_control_signs() -> None:
    assert read("1\x1eMug\x1e2.50\x1ehttps://a.example/1")[0].kept == 1


def test_records_that_no_sign_parts_evenly_are_rejected() -> None:
    lines = [";".join(line[: 1 + no % 4]) for no, line in enumerate(rows(40))]
    parsed, found = read("\x1e".join([";".join(NAMES), *lines]))
    reason = "no_line_ends: one line holds all, and '\\x1e' parts it unevenly"
    assert (found, parsed.complete) == ([reason], False)


NOTHING = {
    "names": "id;title;price\n",
    "names, no line end": "id;title;price",
    "one line of names": ";".join(["id", "title", "price", "link"] * 60),
    "a remark": "# made today\n",
    "blank lines": "\n\n\n",
}


@pytest.mark.parametrize("text", NOTHING.values(), ids=NOTHING.keys())
def test_what_holds_no_record_is_not_complete(text: str) -> None:
    parsed, _ = read(text)
    assert (parsed.kept, parsed.complete) == (0, False)


def test_a_trailer_that_counts_nothing_is_believed() -> None:
    parsed, found = read("HDR|shop\nid|title|price\nTRL|0\n")
    assert (found, parsed.trailer_count, parsed.complete) == ([], 0, True)
