"""The format of a feed from its first bytes."""

import bz2
import gzip
import io
import lzma
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


def zip_of(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def zipped(data: bytes) -> bytes:
    return zip_of({"readme.md": b"x" * 9000, "feed.csv": data})


PACKERS = {
    "none": bytes,
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "zstd": zstandard.compress,
    "xz": lzma.compress,
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


@pytest.mark.parametrize("compression", ["gzip", "bzip2", "zstd", "xz"])
def test_cut_stream_is_incomplete(compression: str) -> None:
    data = PACKERS[compression](table(";").encode())
    parsed = parse(io.BytesIO(data[:-6]), "feed")
    rows = sum(batch.num_rows for batch in parsed)
    assert (parsed.read, parsed.complete) == (rows, False)


def test_gzip_members_are_one_file() -> None:
    data = gzip.compress(table(";").encode()) + gzip.compress(b"99;last;1.00;x\n")
    parsed = parse(io.BytesIO(data), "feed")
    assert (sum(batch.num_rows for batch in parsed), parsed.complete) == (21, True)


DELIMITERS = [
    ",", ";", "\t", "|", "^", "~", "\x01", "#", "¦", "§",
    "||", ";;", "\t\t", "::", "~|~", "|~|", "#|#", "|||",
]  # fmt: skip


@pytest.mark.parametrize("delimiter", DELIMITERS)
@pytest.mark.parametrize("quote", ["", '"', "'"])
def test_delimiter(delimiter: str, quote: str) -> None:
    records = (line.split("\0") for line in table("\0").splitlines())
    lines = (delimiter.join(f"{quote}{cell}{quote}" for cell in record) for record in records)
    found = sniff(("\n".join(lines) + "\n").encode(), "feed", whole=True)
    assert (found.delimiter, found.header) == (delimiter, True)
    assert found.columns == ("id", "name", "price", "image_url")


ENCODINGS = {
    "utf-8": ("utf-8", b""),
    "utf-8-sig": ("utf-8", b"\xef\xbb\xbf"),
    "cp1252": ("cp1252", b""),
    "utf-16": ("utf-16-le", b"\xff\xfe"),
    "utf-16-le": ("utf-16-le", b""),
    "utf-16-be": ("utf-16-be", b""),
    "utf-32": ("utf-32-le", b"\xff\xfe\0\0"),
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


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("title", ["Красная рубашка", "红色的衬衫很好看的", "赤いシャツ"])
def test_wide_text_of_other_scripts_without_a_mark(encoding: str, title: str) -> None:
    text = "id;title;price\n" + "".join(f"{no};{title};{no}.50\n" for no in range(30))
    rows = [r for b in parse(io.BytesIO(text.encode(encoding)), "feed") for r in b.to_pylist()]
    assert dict(rows[7]["values"]) == {"id": "7", "title": title, "price": "7.50"}


def test_a_declaration_that_is_not_true() -> None:
    data = "<?xml version='1.0' encoding='ISO-8859-1'?><p><item><t>Größe</t></item></p>"
    assert sniff(data.encode(), "feed", whole=True).encoding == "utf-8"


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
    "object after object": (b'{"id": 1}{"id": 2}', "json"),
    "list of lists": (b'[[{"id": 1}], [{"id": 2}]]', "json"),
    "list of numbers": (b"[1, 2, 3]", "json"),
    "list, then text": (b'[{"id": 1}] that was it', "json"),
    "table": (b"id;title\n1;<b>x</b>\n", "delimited"),
    "table that starts with json": (b'{"a":1};1;x\n{"a":2};2;y\n', "delimited"),
    "table that starts with a list": (b'["a","b"]|1|x\n["c","d"]|2|y\n', "delimited"),
    "a warning, then xml": (b"Notice: line 3\n<?xml version='1.0'?><p><item/></p>", "xml"),
}


@pytest.mark.parametrize(("data", "container"), CONTAINERS.values(), ids=CONTAINERS.keys())
def test_container(data: bytes, container: str) -> None:
    assert sniff(data, "feed", whole=True).container == container


@pytest.mark.parametrize("start", ["<?xml version='1.0'?>", "\n<?xml version='1.0'?>\n"])
def test_xml_under_the_name_of_a_table(start: str) -> None:
    items = "".join(f"<product>\n<id>{no}</id>\n<name>a</name>\n</product>" for no in range(9))
    data = f"{start}<products>{items}</products>".encode()
    assert sniff(data, "shop.csv", whole=True).container == "xml"
    assert sniff(b"<b>x</b>;1\n<i>y</i>;2\n", "shop.csv", whole=True).container == "delimited"


def test_decompression_bomb_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aisles.feeds.expand.BOMB_BYTES", 1 << 22)
    data = gzip.compress(b"id;title\n" + b"1;x\n" * 1_500_000)
    parsed = parse(io.BytesIO(data), "feed.csv.gz")
    last = None
    for batch in parsed:
        last = batch
    assert last is not None
    assert "decompression bomb" in last["reason"][-1].as_py()
    assert (parsed.complete, parsed.rejected) == (False, 1)


NO_FEEDS = {
    "picture": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20, "no text"),
    "zeros": (bytes(100_000), "no text"),
    "tar": (b"a.csv".ljust(257, b"\0") + b"ustar\x0000" + bytes(500), "tar archive"),
    "web page": (b"<!DOCTYPE html><html><body><p>404</p><p>x</p></body></html>", "web page"),
    "spreadsheet": (zip_of({"[Content_Types].xml": b"<T/>", "xl/s.xml": b"<s/>"}), "office"),
    "archive of nothing": (zip_of({}), "found none"),
    "archive of pictures": (zip_of({"a.jpg": b"x", "b.png": b"x"}), "found ['a.jpg', 'b.png']"),
    "archive in an archive": (zip_of({"a.csv": zip_of({"b.csv": b"id\n1\n"})}), "an archive too"),
    "cut archive": (zip_of({"a.csv": table(";").encode()})[:-30], "damaged or cut"),
    "cut parquet": (b"PAR1" + b"x" * 50, "parquet"),
}


@pytest.mark.parametrize(("data", "why"), NO_FEEDS.values(), ids=NO_FEEDS.keys())
def test_what_is_no_feed_is_one_rejected_record(data: bytes, why: str) -> None:
    parsed = parse(io.BytesIO(data), "feed")
    rows = [row for batch in parsed for row in batch.to_pylist()]
    assert len(rows) == 1 and not parsed.complete
    assert rows[0]["reason"].startswith("unreadable: ") and why in rows[0]["reason"]


def test_layers_of_compression() -> None:
    data = table(";").encode()
    for _ in range(3):
        data = gzip.compress(data)
    assert parse_all(data)[0] == 20
    assert "nested compression" in str(parse_all(gzip.compress(data))[2])
    assert parse_all(bz2.compress(zip_of({"feed.csv.gz": gzip.compress(b"id;t\n1;a\n")})))[0] == 1


def parse_all(data: bytes) -> tuple[int, bool, str | None]:
    """Kept records, whether complete, and the last record's reason."""
    parsed = parse(io.BytesIO(data), "feed")
    reasons = [reason for batch in parsed for reason in batch["reason"].to_pylist()]
    return parsed.kept, parsed.complete, reasons[-1] if reasons else None


def test_damage_inside_a_stream_is_a_rejected_record() -> None:
    data = bytearray(gzip.compress((table(";") * 50).encode(), mtime=0))
    data[len(data) // 2] ^= 0xFF
    _, complete, reason = parse_all(bytes(data))
    assert not complete and str(reason).startswith("damaged: gzip data is broken after")


def test_bytes_after_the_stream() -> None:
    packed = gzip.compress(table(";").encode())
    assert parse_all(packed + bytes(512)) == (20, True, None)
    kept, complete, reason = parse_all(packed + b"more")
    assert (kept, complete, str(reason)[:16]) == (20, True, "trailing_garbage")


def test_a_member_that_begins_at_the_end_of_a_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    packed = gzip.compress(table(";").encode())
    for over in range(8):
        monkeypatch.setattr("aisles.feeds.unpack.READ_BYTES", len(packed) + over)
        assert parse_all(packed + gzip.compress(b"99;last;1.00;x\n")) == (21, True, None)


def test_members_of_an_archive() -> None:
    first, second = table(";"), table(",").replace("image_url", "colour")
    members = {
        "__MACOSX/._a.csv": b"\0\5\x16\7",
        "a.csv": first.encode(),
        "b/b.csv.gz": gzip.compress(second.encode("utf-16")),
        "categories.csv": b"category,parent\n1,2\n3,4\n",
        "read me.pdf": b"%PDF",
        "README.txt": b"read me " * 9000,
    }
    parsed = parse(io.BytesIO(zip_of(members)), "feed.zip")
    rows = [row for batch in parsed for row in batch.to_pylist()]
    form = parsed.format
    assert form is not None
    assert form.members == ("a.csv", "b/b.csv.gz")
    assert form.columns == ("id", "name", "price", "image_url", "colour")
    assert {"read me.pdf", "README.txt", "__MACOSX/._a.csv"} == set(form.left_out)
    assert [r["record_no"] for r in rows] == list(range(1, 42))
    assert dict(rows[3]["values"])["image_url"] == dict(rows[23]["values"])["colour"]
    assert rows[40]["reason"].startswith("other_member: 'categories.csv' holds other columns")
    assert parsed.complete
