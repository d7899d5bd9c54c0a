"""The format of a feed from its first bytes."""

import bz2
import gzip
import io
import zipfile

import pytest
import zstandard

from aisles.feeds.parse import parse
from aisles.feeds.sniff import sniff

ROWS = "".join(
    f"{no}§Grüße aus Köln №{no}§{no}.99§https://a.example/{no}.jpg\n" for no in range(20)
)
TABLE = "id§name§price§image_url\n" + ROWS


def table(delimiter: str) -> str:
    return TABLE.replace("№", "").replace("§", delimiter)


def zipped(data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("readme.md", b"x" * 9000)
        archive.writestr("feed.csv", data)
    return out.getvalue()


PACKERS = {
    "none": bytes,
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "zstd": zstandard.compress,
    "zip": zipped,
}


@pytest.mark.parametrize("compression", PACKERS)
def test_compression(compression: str) -> None:
    data = PACKERS[compression](table(";").encode())
    parsed = parse(io.BytesIO(data), "feed")
    rows = [row for batch in parsed for row in batch.to_pylist()]
    assert parsed.format is not None and parsed.format.compression == compression
    assert (len(rows), parsed.complete) == (20, True)
    assert dict(rows[3]["values"])["name"] == "Grüße aus Köln 3"


@pytest.mark.parametrize("compression", ["gzip", "bzip2", "zstd"])
def test_cut_stream_is_incomplete(compression: str) -> None:
    data = PACKERS[compression](table(";").encode())
    parsed = parse(io.BytesIO(data[:-6]), "feed")
    rows = sum(batch.num_rows for batch in parsed)
    assert (parsed.read, parsed.complete) == (rows, False)


def test_gzip_members_are_one_file() -> None:
    data = gzip.compress(table(";").encode()) + gzip.compress(b"99;last;1.00;x\n")
    parsed = parse(io.BytesIO(data), "feed")
    assert (sum(batch.num_rows for batch in parsed), parsed.complete) == (21, True)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "^", "~", "\x01"])
def test_delimiter(delimiter: str) -> None:
    found = sniff(table(delimiter).encode(), "feed", whole=True)
    assert (found.delimiter, found.header) == (delimiter, True)
    assert found.columns == ("id", "name", "price", "image_url")


ENCODINGS = {
    "utf-8": ("utf-8", b""),
    "utf-8-sig": ("utf-8", b"\xef\xbb\xbf"),
    "cp1252": ("cp1252", b""),
    "utf-16": ("utf-16-le", b"\xff\xfe"),
    "utf-16-le": ("utf-16-le", b""),
    "utf-16-be": ("utf-16-be", b""),
}


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_encoding(encoding: str) -> None:
    codec, mark = ENCODINGS[encoding]
    data = mark + table(";").encode(codec)
    assert sniff(data, "feed", whole=True).encoding == encoding
    rows = [row for batch in parse(io.BytesIO(data), "feed") for row in batch.to_pylist()]
    assert dict(rows[0]["values"]) == {
        "id": "0", "name": "Grüße aus Köln 0", "price": "0.99",
        "image_url": "https://a.example/0.jpg",
    }  # fmt: skip


def test_a_character_cut_at_the_end_of_the_head() -> None:
    assert sniff("id;name\n1;Köln €".encode()[:-1], "feed").encoding == "utf-8"


def test_bytes_that_cp1252_lacks() -> None:
    assert sniff(b"id;name\n1;K\xf6ln\x81\x90\n", "feed").encoding == "latin-1"


HEADERS = {
    "names": ("id;title;price\n1;Shirt;2.50\n2;Shoe;3.50\n", True),
    "unknown names": ("foo;bar\nx y;12.50\nz;13.50\n", True),
    "other language": ("kod;nazwa produktu;cena\n1;Koszula;2,50\n", True),
    "first record has numbers": ("1;Shirt;2.50\n2;Shoe;3.50\n", False),
    "first record has a link": ("a;https://a.example/x\nb;https://a.example/y\n", False),
    "only a header": ("id;title;price\n", True),
    "words all over": ("Blue shirt;red\nGreen shoe;blue\nOld hat;red\n", False),
}


@pytest.mark.parametrize(("text", "header"), HEADERS.values(), ids=HEADERS.keys())
def test_header(text: str, header: bool) -> None:
    found = sniff(text.encode(), "feed", whole=True)
    assert found.header is header
    if not header:
        assert found.columns == tuple(map(str, range(len(found.columns))))


def test_pipes_without_quoting() -> None:
    rows = "".join(f'{no}|a 5" nail, {no} pcs|"Best" hammer|2.50\n' for no in range(30))
    assert sniff(rows.encode(), "feed", whole=True).quote is None


CONTAINERS = {
    "xml": (b"<?xml version='1.0'?><a><b><c>1</c><d>2</d></b><b><c>1</c></b></a>", "xml"),
    "json list": (b'[{"id": 1}, {"id": 2}]', "json"),
    "json object": (b'{"products": [{"id": 1}]}', "json"),
    "pretty json object": (b'{\n  "products": [\n    {"id": 1}\n  ]\n}', "json"),
    "json lines": (b'{"id": 1}\n{"id": 2}\n', "jsonlines"),
    "table": (b"id;title\n1;<b>x</b>\n", "delimited"),
}


@pytest.mark.parametrize(("data", "container"), CONTAINERS.values(), ids=CONTAINERS.keys())
def test_container(data: bytes, container: str) -> None:
    assert sniff(data, "feed", whole=True).container == container


def test_decompression_bomb_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aisles.feeds.unpack.BOMB_BYTES", 1 << 22)
    data = gzip.compress(b"id;title\n" + b"1;x\n" * 1_500_000)
    parsed = parse(io.BytesIO(data), "feed.csv.gz")
    last = None
    for batch in parsed:
        last = batch
    assert last is not None
    assert "decompression bomb" in last["reason"][-1].as_py()
    assert (parsed.complete, parsed.rejected) == (False, 1)
