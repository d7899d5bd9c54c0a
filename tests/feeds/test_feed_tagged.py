"""Text in which each line is a field with its name before it."""

from __future__ import annotations

import io

import pytest

from aisles.feeds.parse import Parsed, parse

HEAD = "<<<tocnt>>>3\n"
RECORD = (
    "<<<begin>>>\n<<<mapid>>>{0}\n<<<price>>>6{0}00\n<<<pname>>>캔버스 스니커즈 {0}\n"
    "<<<igurl>>>https://img.shop.example/{0}.jpg\n<<<cate1>>>신발\n<<<cate2>>>\n<<<ftend>>>\n"
)
THREE = HEAD + "".join(RECORD.format(no) for no in (1, 2, 3))


def read(text: str, encoding: str = "utf-8") -> tuple[list[dict[str, str]], list[str], Parsed]:
    """Cells of the records kept, reasons of those refused, and what was found besides."""
    parsed = parse(io.BytesIO(text.encode(encoding)), "shop.txt")
    rows = [row for batch in parsed for row in batch.to_pylist()]
    kept = [dict(row["values"]) for row in rows if row["values"] is not None]
    return kept, [row["reason"] for row in rows if row["reason"]], parsed


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_records_between_marks(encoding: str, end: str) -> None:
    kept, refused, parsed = read(THREE.replace("\n", end), encoding)
    assert kept[1] == {
        "mapid": "2",
        "price": "6200",
        "pname": "캔버스 스니커즈 2",
        "igurl": "https://img.shop.example/2.jpg",
        "cate1": "신발",
    }
    assert (len(kept), refused, parsed.complete) == (3, [], True)
    assert parsed.format is not None
    assert (parsed.format.container, parsed.format.record_element) == ("tagged", "begin")


def test_without_marks_the_first_name_begins_a_record() -> None:
    text = "".join(f"<<<id>>>{no}\n<<<pname>>>Mug {no}\n" for no in range(9))
    assert read(text)[0] == [{"id": str(no), "pname": f"Mug {no}"} for no in range(9)]


def test_values_of_several_lines_and_names_that_come_twice() -> None:
    text = THREE.replace("<<<cate1>>>", "and more\n\n<<<not a name>>>\n<<<price>>>1\n<<<cate1>>>")
    kept = read(text)[0]
    assert kept[0]["igurl"] == "https://img.shop.example/1.jpg\nand more\n\n<<<not a name>>>"
    assert (kept[0]["price"], kept[0]["price#2"]) == ("6100", "1")


def test_one_record() -> None:
    kept, refused, parsed = read(RECORD.format(1))
    assert (len(kept), refused, parsed.complete) == (1, [], True)


@pytest.mark.parametrize("lost", [1, 12, 30, 70])
def test_a_file_that_ends_within_a_record_is_not_complete(lost: int) -> None:
    kept, refused, parsed = read(THREE[:-lost])
    assert (len(kept), refused) == (3, [])
    assert parsed.complete == (lost == 1)  # the last line end alone


def test_text_before_the_first_record_is_refused() -> None:
    _, refused, parsed = read(THREE.replace("3\n", "3\nhello\n", 1))
    assert refused == ["bad_tags: before the first <<<begin>>>"]
    assert parsed.kept == 3


def test_a_record_without_bounds_is_refused() -> None:
    text = THREE + "".join(f"<<<a{no}>>>x\n" for no in range(11_000))
    kept, refused, _ = read(text + RECORD.format(4))
    assert len(kept) == 4 - 1 and kept[-1]["mapid"] == "4"
    assert refused == ["bad_tags: record over 10000 fields or 8388608 characters"]


@pytest.mark.parametrize(
    "text",
    [
        "title;price\n<<<sale>>> mug;3\n<<<sale>>> pot;4\nfork;5\n",
        "<<<a>>>\n",
        "<<<a>>>;1\n" + "b;2\n" * 9,
    ],
)
def test_what_is_no_tagged_text(text: str) -> None:
    parsed = read(text)[2]
    assert parsed.format is not None and parsed.format.container == "delimited"


def test_a_record_of_one_endless_line_is_refused_not_lost() -> None:
    kept, refused, _ = read(THREE + f"<<<begin>>>{'x' * 9_000_000}\n" + RECORD.format(5))
    assert [row["mapid"] for row in kept] == ["1", "2", "3", "5"]
    assert refused == ["bad_tags: record over 10000 fields or 8388608 characters"]
