"""Delimited feeds: what is read, what is mended, what is rejected."""

import csv
import io

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from aisles.feeds import delimited
from aisles.feeds.parse import parse

HEADER = "id;title;price;colour\n"


class Trickle(io.BytesIO):
    """A stream that gives at most 4 KiB at a time once its head is read."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(min(size or 0, 1 << 12) if self.tell() > 1 << 18 else size)


def read(text: str | bytes) -> list[dict[str, str] | str]:
    """Each record's cells, or the reason of its rejection."""
    data = text.encode() if isinstance(text, str) else text
    parsed = parse(Trickle(data), "feed.csv")
    found: list[dict[str, str] | str] = []
    numbers = []
    for batch in parsed:
        for row in batch.to_pylist():
            numbers.append(row["record_no"])
            found.append(row["reason"] or dict(row["values"]))
    assert numbers == list(range(1, len(found) + 1))
    assert parsed.read == parsed.kept + parsed.rejected == len(found)
    return found


def plain(no: int) -> str:
    return f"{no};Shirt no {no};1{no}.50;red\n"


def cells(no: int) -> dict[str, str]:
    return {"id": str(no), "title": f"Shirt no {no}", "price": f"1{no}.50", "colour": "red"}


MENDED = {
    "empty cells are left out": ("2;;12.50;\n", {"id": "2", "price": "12.50"}),
    "trailing delimiter": ("2;Shirt no 2;12.50;red;\n", cells(2)),
    "two trailing delimiters": ("2;Shirt no 2;12.50;red;;\n", cells(2)),
    "many trailing delimiters": ("2;Shirt no 2;12.50;red;;;;;\n", cells(2)),
    "carriage return": ("2;Shirt no 2;12.50;red\r\n", cells(2)),
    "quoted": ('"2";"Shirt no 2";"12.50";"red"\n', cells(2)),
    "delimiter in quotes": ('2;"Shirt; no";12.50;red\n', cells(2) | {"title": "Shirt; no"}),
    "doubled quotes": ('2;"a ""big"" one";12.50;red\n', cells(2) | {"title": 'a "big" one'}),
    "only doubled quotes": ('2;"""";12.50;red\n', cells(2) | {"title": '"'}),
    "inch sign": ('2;27" screen;12.50;red\n', cells(2) | {"title": '27" screen'}),
    "inch sign at the end": ('2;a 27";12.50;red\n', cells(2) | {"title": 'a 27"'}),
    "inch sign in quotes": ('2;"a 27" one";12.50;red\n', cells(2) | {"title": 'a 27" one'}),
    "line break in quotes": ('2;"a\r\nb\n\nc";12.50;red\n', cells(2) | {"title": "a\r\nb\n\nc"}),
    "tab": ("2;a\tb;12.50;red\n", cells(2) | {"title": "a\tb"}),
    "quote never closed": ('2;"Shirt no 2;12.50;red\n', cells(2)),
    "quote never closed, all quoted": ('"2";"Shirt no 2;"12.50";"red"\n', cells(2)),
    "quote never closed, quotes later": (
        '2;"Shirt no 2;12.50;"red;blue"\n',
        cells(2) | {"colour": "red;blue"},
    ),
    "quote never closed before an empty cell": (
        '"2";"Shirt no 2;"";"red"\n',
        {"id": "2", "title": "Shirt no 2", "colour": "red"},
    ),
    "delimiter in a quote never closed": (
        '2;"Shirt; no;12.50;red\n',
        cells(2) | {"title": "Shirt; no"},
    ),
    "line break in a quote never closed": (
        '2;"Shirt\nno;12.50;red\n',
        cells(2) | {"title": "Shirt\nno"},
    ),
}


@pytest.mark.parametrize(("line", "expected"), MENDED.values(), ids=MENDED.keys())
def test_mended(line: str, expected: dict[str, str]) -> None:
    assert read(HEADER + plain(1) + line + plain(3)) == [cells(1), expected, cells(3)]


REJECTED = {
    "too few": ("2;Shirt;12.50\n", "wrong_columns: expected 4, got 3"),
    "too many": ("2;Shirt;12.50;red;x\n", "wrong_columns: expected 4, got 5"),
    "cut in quotes": ('2;"Shirt\n', "unclosed_quote"),
}


@pytest.mark.parametrize(("line", "reason"), REJECTED.values(), ids=REJECTED.keys())
def test_rejected_and_the_next_record_is_whole(line: str, reason: str) -> None:
    assert read(HEADER + plain(1) + line + plain(3)) == [cells(1), reason, cells(3)]


def test_rejected_record_keeps_its_text() -> None:
    batch = next(parse(io.BytesIO((HEADER + plain(1) + "x;y\r\n").encode()), "f.csv").batches())
    assert batch.to_pylist()[1] == {
        "record_no": 2,
        "values": None,
        "raw": "x;y",
        "reason": "wrong_columns: expected 4, got 2",
    }


CARRIAGE_RETURNS = {
    "behind the header": (HEADER[:-1] + "\r" + plain(0) + plain(1) + plain(2), 3),
    "in the first half": ((HEADER + plain(0) + plain(1)).replace("\n", "\r") + plain(2), 3),
    "here and there": (HEADER + plain(0)[:-1] + "\r\n" + plain(1)[:-1] + "\r" + plain(2), 3),
    "after a quoted cell": (HEADER + plain(0) + '1;Shirt no 1;11.50;"red"\r' + plain(2), 3),
    "beyond the sample": (
        HEADER + "".join(map(plain, range(9000))) + plain(9000)[:-1] + "\r" + plain(9001), 9002,
    ),
    "beyond the sample, after a quoted cell": (
        HEADER + "".join(map(plain, range(9000))) + '9000;Shirt no 9000;19000.50;"red"\r'
        + plain(9001), 9002,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "records"), CARRIAGE_RETURNS.values(), ids=CARRIAGE_RETURNS)
def test_a_lone_carriage_return_ends_a_record_where_two_whole_ones_meet(
    text: str, records: int
) -> None:
    assert read(text) == [cells(no) for no in range(records)]


def test_a_carriage_return_inside_a_cell_ends_nothing() -> None:
    inside = "7;Shirt\rno 7;17.50;red\n"
    assert read(HEADER + plain(0) + inside)[1] == cells(7) | {"title": "Shirt\rno 7"}


def test_a_cell_slipped_in_is_no_trailing_delimiter() -> None:
    """Both lines have one cell too many and an empty last one."""
    head = "id;title;price;colour;note\n"
    usual = [f"{no};Shirt no {no};1{no}.50;red;\n" for no in range(100)]
    trailing, slipped = "7;Shirt no 7;17.50;red;;\n", "8;x;Shirt no 8;18.50;red;\n"
    found = read(head + "".join(usual) + trailing + slipped)
    assert found[100] == cells(7)
    assert found[101] == "wrong_columns: expected 5, got 6 with a cell too many before the last"


def test_unclosed_quotes_do_not_swallow_what_follows() -> None:
    lines = [
        plain(no) if no % 10 else f'{no};"Shirt no {no};1{no}.50;red\n' for no in range(1, 200)
    ]
    assert read(HEADER + "".join(lines)) == [cells(no) for no in range(1, 200)]


def test_unclosed_quote_before_a_quoted_line_break() -> None:
    text = '1;"Shirt no 1;11.50;red\n2;Shirt no 2;12.50;red\n3;"a\nb";13.50;red\n'
    assert read(HEADER + text) == [cells(1), cells(2), cells(3) | {"title": "a\nb"}]


def test_marks_and_comments_are_no_records() -> None:
    text = "# made today\nHDR|17|Shop|2026-01-01\n" + "".join(
        f"{no}|Shirt {no}|https://a.example/{no}|1{no}.50\n" for no in range(5)
    )
    parsed = parse(io.BytesIO((text + "TRL|5\n").encode()), "shop.txt")
    rows = [row for batch in parsed for row in batch.to_pylist()]
    assert [dict(r["values"])["1"] for r in rows] == [f"Shirt {no}" for no in range(5)]
    assert (parsed.trailer_count, parsed.complete, parsed.rejected) == (5, True, 0)
    assert parsed.format is not None and parsed.format.has_trailer_marks
    for cut in (text, text + "TRL|6\n"):
        short = parse(io.BytesIO(cut.encode()), "shop.txt")
        list(short)
        assert not short.complete


def test_same_header_twice() -> None:
    text = "id;price;price;;name\n1;2.50;3.50;x;Shirt\n2;2.50;3.50;y;Shoe\n"
    assert read(text)[0] == {
        "id": "1",
        "price": "2.50",
        "price#2": "3.50",
        "3": "x",
        "name": "Shirt",
    }


def test_a_file_cut_inside_its_last_record_is_incomplete() -> None:
    whole = (HEADER + "".join(plain(no) for no in range(1, 50))).encode()
    for data, complete in ((whole, True), (whole[:-1], True), (whole[:-8], False)):
        parsed = parse(io.BytesIO(data), "f.csv")
        list(parsed)
        assert parsed.complete is complete


def test_empty_file_is_incomplete() -> None:
    parsed = parse(io.BytesIO(b""), "f.csv")
    assert (list(parsed), parsed.read, parsed.complete) == ([], 0, False)


def test_signs_that_are_no_text() -> None:
    usual = "".join(f"{no};café;1.50;bleuâtre\n" for no in range(20)).encode()
    found = read(HEADER.encode() + b"1;a\x00b;1.50;caf\xe9\n" + usual)
    assert found[0] == {"id": "1", "title": "a\ufffdb", "price": "1.50", "colour": "café"}
    assert found[1] == {"id": "0", "title": "café", "price": "1.50", "colour": "bleuâtre"}


# A line break and delimiters in one cell could also be records of their own.
cell = st.text(alphabet='ab "\n€é0', max_size=8) | st.text(alphabet='ab ",;|\t0', max_size=8)


def test_blocks_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    """Records, quoted line breaks and stray quotes that lie across the blocks' borders."""
    kinds = (
        '{0};"a\nb; {0}";1.50;red\n', '{0};Shirt {0};1.50;\r\n', '{0};"é ""{0}""";1.50;red;\n',
        '{0};"Shirt {0};1.50;red\n', "{0};27\" {0};1.50;\n",
    )  # fmt: skip
    text = HEADER + "".join(kinds[no % 5 if no % 7 else 1].format(no) for no in range(20_000))
    whole = read(text)
    monkeypatch.setattr(delimited, "BLOCK_BYTES", 1)
    assert read(text) == whole
    assert all(isinstance(row, dict) and row["id"] == str(no) for no, row in enumerate(whole))


def _holds_a_record(row: list[str], delimiter: str) -> bool:
    """Whether a line of a quoted record, but for the first, is a quoted record by itself."""
    quoted = delimiter.join('"' + one.replace('"', '""') + '"' for one in row)
    inner = quoted.split("\n")[1:]
    found = [next(csv.reader([line], delimiter=delimiter), []) for line in inner if line]
    return any(len(cells) == len(row) for cells in found)


@settings(max_examples=150, deadline=None)
@given(
    rows=st.lists(st.lists(cell, min_size=3, max_size=3), max_size=12),
    delimiter=st.sampled_from(",;\t|"),
    end=st.sampled_from(["\n", "\r\n"]),
    block=st.sampled_from([1, 16, 1 << 20]),
)
def test_what_csv_writes_is_read_back(
    rows: list[list[str]], delimiter: str, end: str, block: int
) -> None:
    # A line within a record may be one of its own: the quote before it then counts as unclosed.
    assume(not any(_holds_a_record(row, delimiter) for row in rows))
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerow(["title", "description", "price"])
    writer.writerows(rows)
    original, delimited.BLOCK_BYTES = delimited.BLOCK_BYTES, block
    try:
        found = read(out.getvalue())
    finally:
        delimited.BLOCK_BYTES = original
    names = ("title", "description", "price")
    assert found == [{n: c for n, c in zip(names, row, strict=True) if c} for row in rows]


ESCAPED = {
    "quote": ('{0};"a \\"big\\" one";1.50\n', 'a "big" one'),
    "quote at the end": ('{0};"a 5\\"";1.50\n', 'a 5"'),
    "quote before a delimiter": ('{0};"a 5\\"; b";1.50\n', 'a 5"; b'),
    "delimiter": ("{0};a\\; b;1.50\n", "a; b"),
    "escape": ('{0};"a\\"\\\\";1.50\n', 'a"\\'),
}


@pytest.mark.parametrize(("line", "title"), ESCAPED.values(), ids=ESCAPED.keys())
def test_signs_escaped_by_backslash(line: str, title: str) -> None:
    expected = {"title": title, "price": "1.50"}
    found = read("id;title;price\n" + "".join(line.format(no) for no in range(20)))
    assert found == [{"id": str(no)} | expected for no in range(20)]


def test_one_escaped_record_far_into_the_file() -> None:
    lines = [plain(no) for no in range(5000)]
    lines[4000] = '4000;"a 5\\"; b";1.50;red\n'
    found = read(HEADER + "".join(lines))
    assert found[4000] == {"id": "4000", "title": 'a 5"; b', "price": "1.50", "colour": "red"}
    assert [row for row in found if isinstance(row, str)] == []


def test_backslashes_that_escape_nothing() -> None:
    text = "id;title;price\n" + "".join(f"{no};C:\\a\\b \\n;1.50\n" for no in range(9))
    assert read(text)[3] == {"id": "3", "title": "C:\\a\\b \\n", "price": "1.50"}


def test_delimiters_of_several_signs_in_quotes_and_in_refused_records() -> None:
    rows = "".join(f'{no}||"a || b|{no}"||{no}.50\n' for no in range(30))
    found = read("id||title||price\n" + rows + "1||2\n")
    assert found[3] == {"id": "3", "title": "a || b|3", "price": "3.50"}
    assert found[30] == "wrong_columns: expected 3, got 2"
    text = ("id||title||price\n" + rows + "1||2\n").encode()
    raw = [row["raw"] for batch in parse(io.BytesIO(text), "f") for row in batch.to_pylist()]
    assert raw[30] == "1||2"


def test_remarks_are_no_records() -> None:
    lines = [plain(no) + f"# page {no}\n#\n" for no in range(1, 9)]
    assert read("// of today\n-- by night\n" + HEADER + "".join(lines)) == [
        cells(no) for no in range(1, 9)
    ]


def test_the_header_once_more_is_refused() -> None:
    usual = [plain(no) for no in range(1, 9)]
    found = read(HEADER + "".join([*usual[:4], HEADER, *usual[4:]]))
    refused = "repeated_header: the names of the columns once more"
    assert found == [*map(cells, range(1, 5)), refused, *map(cells, range(5, 9))]


FIRST_LINES = {
    "stated delimiter": "sep=;\n" + HEADER,
    "header in a remark": "#id;title;price;colour\n",
    "title above": "Products of Shop\n\nMade today\n" + HEADER,
    "header without the last column": "id;title;price;colour;note\n",
    "trailing delimiter in the header only": "id;title;price;colour;\n",
}


@pytest.mark.parametrize("start", FIRST_LINES.values(), ids=FIRST_LINES.keys())
def test_what_stands_above_the_records(start: str) -> None:
    rows = "".join(plain(no) for no in range(1, 9))
    assert read(start + rows) == [cells(no) for no in range(1, 9)]


def test_columns_without_a_name() -> None:
    rows = "".join(f"7{no};Shirt no {no};1{no}.50;red;x{no}\n" for no in range(9))
    assert read(HEADER + rows)[3] == cells(3) | {"id": "73", "4": "x3"}


def test_row_numbers_without_a_name() -> None:
    """R's write.table leaves the name of the first column out."""
    rows = "".join(f'"{no}";9{no};"Shirt";{no}.50;https://a.example/{no}\n' for no in range(1, 9))
    assert read("id;title;price;link\n" + rows)[2] == {
        "0": "3", "id": "93", "title": "Shirt", "price": "3.50", "link": "https://a.example/3",
    }  # fmt: skip


def test_ten_thousand_columns_whose_names_are_longer_than_the_head() -> None:
    names = [f"attribute {no} of the product" for no in range(10_000)]
    line = ";".join(str(no) for no in range(10_000)) + "\n"
    found = read(";".join(names) + "\n" + line * 20)
    assert len(found) == 20
    assert found[19] == dict(zip(names, map(str, range(10_000)), strict=True))


def test_a_line_too_long_is_one_record(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "MAX_LINE_BYTES", 1 << 22)
    monkeypatch.setattr(delimited, "MAX_RECORD_CHARS", 1 << 18)
    found = read(HEADER + plain(1) + "2;" + "x" * (1 << 25) + ";3;4\n" + plain(3))
    assert found == [cells(1), "line_too_long: over 4194304 bytes", cells(3)]


LINE_ENDS = {"\n": "\n", "\r\n": "\r\n", "\r": "\r"}


@pytest.mark.parametrize("end", LINE_ENDS)
def test_line_ends_and_line_feeds_in_quotes(end: str) -> None:
    lines = ["id;title;price", *(f'{no};"a\nb";{no}.50' for no in range(9))]
    expected = [{"id": str(no), "title": "a\nb", "price": f"{no}.50"} for no in range(9)]
    assert read(end.join(lines) + end) == expected


def test_how_bytes_arrive_makes_no_difference() -> None:
    """Lines of other encodings are mended as a whole, wherever the chunks are cut."""
    usual = "".join(f"{no};café au lait;1.50;bleuâtre\n" for no in range(9000)).encode()
    odd = b"1;caf\xe9 \x80;1.50;b\n" + "2;caf\u00e9 ".encode() + b"\xe9;1.50;b\n"
    data = HEADER.encode() + usual + odd * 500

    class Slow(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(min(size or 0, 1237))

    def rows(stream: io.BytesIO) -> list[object]:
        return [row for batch in parse(stream, "f.csv") for row in batch.to_pylist()]

    found = rows(io.BytesIO(data))
    assert rows(Slow(data)) == found
    assert [dict(r["values"])["title"] for r in found[-2:]] == ["café €", "café \ufffd"]  # type: ignore[index]
