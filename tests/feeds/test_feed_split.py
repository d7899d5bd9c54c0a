"""A large file read in parts gives what it gives read whole, row for row."""

import io
import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from aisles.feeds.files import FeedFile
from aisles.feeds.parse import parse
from aisles.feeds.spark import ends_of, file_batches, numbered, read_parts
from aisles.feeds.split import Task, parts_of, tasks_of

Rows = list[tuple[Any, ...]]


def whole(data: bytes) -> tuple[Rows, bool, int | None]:
    parsed = parse(io.BytesIO(data), "feed")
    rows = [tuple(row.values()) for batch in parsed for row in batch.to_pylist()]
    return rows, parsed.complete, parsed.trailer_count


def file_of(path: Path, data: bytes) -> FeedFile:
    path.write_bytes(data)
    return FeedFile("net", "shop", "net/shop.csv", str(path), len(data), "")


def in_parts(file: FeedFile, split_bytes: int) -> tuple[Rows, bool, int | None, int]:
    """The rows of all parts, numbered on from part to part, and what the file's end says."""
    rows: Rows = []
    complete, trailer = True, None
    parts = parts_of(file, split_bytes)
    for part in parts or [None]:
        before = len(rows)
        for batch in file_batches(file, part=part):
            for row in batch.to_pylist():
                if row["record_no"] is None:
                    complete &= row["complete"]
                    trailer = trailer if row["trailer_count"] is None else row["trailer_count"]
                else:
                    values = (row["values"], row["raw"], row["reason"])
                    rows.append((before + row["record_no"], *values))
    return rows, complete and len(rows) >= (trailer or 0), trailer, len(parts)


def cell(rng: random.Random) -> str:
    kinds = ("Red shirt", "a", "", "12.50", "Größe 5", 'an 5" nail', "https://a.example/x.jpg")
    return rng.choice(kinds) + str(rng.randrange(1000))


def quoted(rng: random.Random, delimiter: str) -> str:
    inner = rng.choice([f"a{delimiter} b", "two\nlines", 'say ""so""', "x\n\ny", f"{delimiter}\n"])
    return f'"{cell(rng)}{inner}"'.replace('5" n', "5 n")


def dirty(rng: random.Random, delimiter: str, width: int) -> str:
    """One record: mostly clean, with quoted line breaks, and now and then damaged."""
    cells = [quoted(rng, delimiter) if rng.random() < 0.2 else cell(rng) for _ in range(width)]
    damage = rng.random()
    if damage < 0.01:
        cells[rng.randrange(width)] = '"never closed'
    elif damage < 0.02:
        cells = cells[: rng.randrange(1, width)]
    elif damage < 0.03:
        cells += ["", ""]
    elif damage < 0.04:
        return delimiter.join(cells) + "\n\n"
    return delimiter.join(cells) + rng.choice(["\n", "\n", "\r\n"])


def table(seed: int, records: int) -> bytes:
    rng = random.Random(seed)
    delimiter, width = rng.choice([",", ";", "\t", "|", "||"]), rng.randrange(3, 9)
    names = ["id", "title", "price", "brand", "color", "size", "link", "stock"][:width]
    text = delimiter.join(names) + "\n" if seed % 3 else ""
    text += "".join(dirty(rng, delimiter, width) for _ in range(records))
    if seed % 4 == 0:
        text = f"HDR{delimiter}shop\n{text}TRL{delimiter}{records}\n"
    return text.encode(rng.choice(["utf-8", "cp1252", "utf-8-sig"]))


@pytest.mark.parametrize("seed", range(12))
def test_a_table_in_parts(tmp_path: Path, seed: int) -> None:
    data = table(seed, 1500)
    expected = whole(data)
    file = file_of(tmp_path / "f", data)
    for split_bytes in (len(data) // 2 + 1, len(data) // 3, len(data) // 9):
        rows, complete, trailer, parts = in_parts(file, split_bytes)
        assert rows == expected[0]
        assert (complete, trailer) == expected[1:]
        assert parts >= 2, "most lines are plain, so borders are found"


MENDED = {
    "decimal commas": ("id,title,price,uvp", "{0},Mug {0},{0},50,1{0},00"),
    "spaces beside quotes": ("id,title,price", '{0}, "Mug {0}, blue" ,{0}.50'),
    "spaces everywhere": ("id ; title ; price", '{0} ; "Mug {0}; blue" ; {0}.50'),
    "two returns": ('"id";"title"\r\r', '"{0}";"Mug {0}; blue"\r\r'),
    "record separators before line feeds": ("id;title\x1e", "{0};Mug {0}\x1e"),
    "single quotes": ("id;title;price", "{0};'Mug {0}; blue';{0}.50"),
    "a sign of text inside": ("artnr§titel§preis", "{0}§Becher, {0}§{0},50"),
    "remarks": ("id,title,price\n---,-----,-----", "{0},Mug,{0}.50\n# a, b, c"),
}


@pytest.mark.parametrize(("names", "line"), MENDED.values(), ids=MENDED.keys())
def test_what_is_put_right_in_parts(tmp_path: Path, names: str, line: str) -> None:
    data = "\n".join([names, *(line.format(no) for no in range(2000)), ""]).encode()
    rows, complete, trailer, parts = in_parts(file_of(tmp_path / "f", data), len(data) // 5)
    assert (rows, complete, trailer) == whole(data)
    assert (len(rows), parts) == (2000, 5)
    assert all(values is not None for _, values, _, _ in rows)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 400))
def test_many_tables_in_parts(tmp_path: Path, seed: int) -> None:
    data = table(seed, 800)
    expected = whole(data)
    file = file_of(tmp_path / "f", data)
    for pieces in (2, 5, 20):
        assert in_parts(file, len(data) // pieces)[:3] == expected


def test_quotes_that_decide_nothing_are_not_split(tmp_path: Path) -> None:
    """Each line is the end of one quoted cell and the start of the next."""
    line = 'x";"y\n'
    file = file_of(tmp_path / "f", b'id;title\n1;"a' + line.encode() * 2000)
    assert parts_of(file, 1000) == []


def test_lines_of_one_cell_are_not_split(tmp_path: Path) -> None:
    file = file_of(tmp_path / "f", b"title\n" + b"Red shirt\n" * 2000)
    assert parts_of(file, 1000) == []


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32"])
def test_wide_encodings_are_not_split(tmp_path: Path, encoding: str) -> None:
    text = "id;title;price\n" + "".join(f"{no};Shirt;1{no}.50\n" for no in range(2000))
    file = file_of(tmp_path / "f", text.encode(encoding))
    assert parts_of(file, 1000) == []
    assert len(in_parts(file, 1000)[0]) == 2000


def test_json_lines_in_parts(tmp_path: Path) -> None:
    lines = [json.dumps({"id": no, "title": "Größe\n" * (no % 7)}) for no in range(500)]
    lines[100:102] = ['{"id": ', ""]
    data = "\n".join(lines).encode()
    rows, complete, trailer, parts = in_parts(file_of(tmp_path / "f", data), len(data) // 8)
    assert (rows, complete, trailer) == whole(data)
    assert parts == 8


def test_parquet_in_parts(tmp_path: Path) -> None:
    table = pa.table({"id": range(1000), "title": [f"Shirt {no}" * 20 for no in range(1000)]})
    sink = io.BytesIO()
    pq.write_table(table, sink, row_group_size=100, compression="none", use_dictionary=False)
    data = sink.getvalue()
    rows, complete, _, parts = in_parts(file_of(tmp_path / "f", data), len(data) // 5)
    assert (rows, complete) == whole(data)[:2]
    assert (len(rows), parts) == (1000, 4)


def test_small_and_other_files_are_read_whole(tmp_path: Path) -> None:
    small = file_of(tmp_path / "small", b"id;title\n1;a\n")
    xml = file_of(tmp_path / "xml", b"<r>" + b"<item><id>1</id></item>" * 1000 + b"</r>")
    gone = FeedFile("net", "gone", "net/gone.csv", str(tmp_path / "gone"), 1 << 20, "")
    assert tasks_of([small, xml, gone], 1000) == [Task(small), Task(xml), Task(gone)]


def test_spark_numbers_and_ends(spark: Any, tmp_path: Path) -> None:
    big, small = table(4, 2000), table(5, 20)
    files = [
        FeedFile("net", "big", "net/big.csv", str(tmp_path / "big"), len(big), ""),
        FeedFile("net", "small", "net/small.csv", str(tmp_path / "small"), len(small), ""),
    ]
    (tmp_path / "big").write_bytes(big)
    (tmp_path / "small").write_bytes(small)
    split = read_parts(spark, files, split_bytes=len(big) // 6)
    once = read_parts(spark, files)
    assert split.rdd.getNumPartitions() > once.rdd.getNumPartitions() == 2
    ends, whole_ends = ends_of(split), ends_of(once)
    assert [replace(end, before=(0,)) for end in ends] == whole_ends
    found, expected = (
        {tuple(map(str, row)) for row in numbered(*t).collect()}
        for t in ((split, ends), (once, whole_ends))
    )
    assert found == expected
    assert len(expected) > 2000
