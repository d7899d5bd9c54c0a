"""Any bytes: no crash, no hang, numbers in order, read = kept + rejected."""

import bz2
import gzip
import io
import json
import lzma
import random
import time
import zipfile
from collections.abc import Callable

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aisles.feeds.parse import parse

FRAGMENTS = st.sampled_from(
    b'" "" , ; | || \n \r\n a 12.50 HDR| TRL|3 #x\n sep=;\n \\" \\, <item> </item> <rss><channel> '
    b"</channel></rss> <title> </title> <![CDATA[ ]]> <!-- --> <? ?> &nbsp; \x00 \xff \xc3\xa9 "
    b'\xef\xbb\xbf \xff\xfe http://x.example/z.jpg <!ENTITY <g:id> </g:id> title;price\n {"a":1} '
    b'{"a": [ ] { } "products":[{ <?xml PK\x03\x04 \x1f\x8b\x08 PAR1 \r'.split(b" ")
) | st.binary(max_size=6)
SECONDS = 5.0
"""Processor time for one small file; a hang takes longer by far."""


def zipped(data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("readme.txt", b"read me")
        archive.writestr("a.csv", data)
        archive.writestr("b.csv", data[: len(data) // 2])
    return out.getvalue()


PACKERS: tuple[Callable[[bytes], bytes], ...] = (
    bytes, gzip.compress, bz2.compress, zstandard.compress, lzma.compress, zipped,
)  # fmt: skip


def check(data: bytes) -> None:
    """Reads the file and checks what must hold for any bytes."""
    start = time.process_time()
    parsed = parse(io.BytesIO(data), "feed")
    numbers: list[int] = []
    for batch in parsed:
        batch.validate(full=True)
        numbers += batch["record_no"].to_pylist()
        for row in batch.to_pylist():
            assert (row["values"] is None) == (row["reason"] is not None)
            assert (row["raw"] is None) == (row["reason"] is None)
            names = [name for name, _ in row["values"] or ()]
            assert len(names) == len(set(names))
            assert all(value for _, value in row["values"] or ())
    assert numbers == list(range(1, len(numbers) + 1))
    assert parsed.read == parsed.kept + parsed.rejected == len(numbers)
    assert time.process_time() - start < SECONDS


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(FRAGMENTS, max_size=40), st.sampled_from(PACKERS), st.integers(0, 60))
def test_any_bytes(parts: list[bytes], pack: Callable[[bytes], bytes], cut: int) -> None:
    data = pack(b"".join(parts))
    for taken in (data, data[: max(len(data) - cut, 0)]):
        check(taken)


ROWS = [
    {
        "id": str(no),
        "title": f'Größe {no}; a 5" nail',
        "price": f"{no}.50",
        "link": f"https://a/{no}",
    }
    for no in range(60)
]


def delimited(delimiter: str, quote: str, end: str, marks: bool = False) -> bytes:
    cells = ([quote + v.replace('"', '""') + quote for v in row.values()] for row in ROWS)
    lines = [delimiter.join(ROWS[0]), *map(delimiter.join, cells)]
    if marks:
        lines = ["# a remark", f"HDR{delimiter}shop", *lines, f"TRL{delimiter}{len(ROWS)}"]
    return (end.join(lines) + end).encode()


def xml(start: str, tag: str, end: str) -> bytes:
    items = (
        f"<{tag} n='{r['id']}'><g:id>{r['id']}</g:id><title><![CDATA[{r['title']}]]></title>"
        f"<price>{r['price']} &amp; x</price><im><u>{r['link']}</u><u>b</u></im></{tag}><!-- x -->"
        for r in ROWS
    )
    return (start + "".join(items) + end).encode()


def parquet() -> bytes:
    rows = [r | {"tags": ["a", r["id"]], "offer": {"value": 1.5, "of": [{"x": 1}]}} for r in ROWS]
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), sink, row_group_size=20)
    return sink.getvalue()


def tagged() -> bytes:
    lines = (
        f"<<<begin>>>\n<<<mapid>>>{r['id']}\n<<<pname>>>{r['title']}\n<<<price>>>{r['price']}\n"
        f"<<<event>>>{r['title']}\nand more\n<<<ftend>>>\n"
        for r in ROWS
    )
    return f"<<<tocnt>>>60\n{''.join(lines)}".encode()


SOLD = [
    {"id": no, "title": f"Shirt {no}", "options": [{"name": "Size"}]}
    | {"variants": [{"id": f"{no}-{at}", "option1": "SML"[at], "price": 5.5} for at in range(3)]}
    for no in range(20)
]


def variants_in_xml() -> bytes:
    items = (
        f"<product><id>{one['id']}</id><name>{one['title']}</name><variants>"
        + "".join(f"<variant sku='{v['id']}'><price>5</price></variant>" for v in one["variants"])
        + "</variants></product>"
        for one in SOLD
    )
    return f"<shop>{''.join(items)}</shop>".encode()


NESTED = [r | {"tags": ["a", "b"], "offer": {"value": 1.50, "of": [{"x": None}]}} for r in ROWS]
SEEDS: dict[str, bytes] = {
    "semicolons": delimited(";", '"', "\n"),
    "pipes": delimited("|", "", "\r\n", marks=True),
    "long": delimited("||", "", "\n"),
    "tabs": delimited("\t", "", "\n").decode().encode("cp1252"),
    "wide": delimited(",", '"', "\r\n").decode().encode("utf-16"),
    "macintosh": delimited(";", "'", "\r"),
    "rss": xml("<?xml version='1.0'?><rss xmlns:g='x'><channel>", "item", "</channel></rss>"),
    "shop": xml("<!DOCTYPE shop [<!ELEMENT a (b)>]><shop><list>", "ware", "</list></shop>"),
    "lines": "\n".join(json.dumps(r) for r in NESTED).encode(),
    "list": json.dumps(NESTED, indent=1).encode(),
    "wrapped": json.dumps({"meta": {"n": [1, {"a": 2}]}, "data": {"items": NESTED}}).encode(),
    "by id": json.dumps({r["id"]: r for r in NESTED}).encode(),
    "variants": json.dumps({"products": SOLD}).encode(),
    "variants in XML": variants_in_xml(),
    "tagged": tagged(),
    "parquet": parquet(),
    **{f"packed {n}": pack(delimited(",", "", "\n")) for n, pack in enumerate(PACKERS[1:])},
}  # fmt: skip
SIGNS = [
    b'"', b"'", b"\n", b"\r", b",", b";", b"|", b"<", b">", b"</item>", b"{", b"}", b"[", b"]",
    b"<!--", b"]]>", b"\\", b"\0", b"\xff", b"<<<begin>>>", b"<item>", b"#", b"TRL|1\n",
    b"PAR1", b"&",
]  # fmt: skip


def mutated(seed: bytes, rng: random.Random) -> bytes:
    """The file with one to eight damages: signs put in or changed, stretches lost or doubled."""
    data = bytearray(seed)
    for _ in range(rng.randrange(1, 9)):
        place = rng.randrange(len(data) + 1)
        far = min(len(data), place + int(rng.expovariate(1 / 40)))
        kind = rng.randrange(6)
        if kind == 0 and data:
            data[min(place, len(data) - 1)] = rng.randrange(256)
        elif kind == 1:
            data[place:place] = rng.choice(SIGNS)
        elif kind == 2:
            del data[place:far]
        elif kind == 3:
            data[place:place] = data[place:far] * rng.randrange(1, 4)
        elif kind == 4:
            data[place:far] = rng.randbytes(far - place)
        elif rng.random() < 0.2:
            del data[place:]
    return bytes(data)


@pytest.mark.parametrize("name", SEEDS)
def test_the_seed_is_read_whole(name: str) -> None:
    """What is damaged below is sound, so the damage reaches the readers."""
    parsed = parse(io.BytesIO(SEEDS[name]), "feed")
    assert sum(batch.num_rows for batch in parsed) in (60, 90, 91)  # zip: a member and a half
    assert parsed.complete or name == "packed 4"


@pytest.mark.parametrize("name", SEEDS)
def test_damaged_files(name: str) -> None:
    rng = random.Random(name)
    for _ in range(12):
        check(mutated(SEEDS[name], rng))


@pytest.mark.long
@pytest.mark.parametrize("name", SEEDS)
@pytest.mark.parametrize("seed", range(4))
def test_thousands_of_damaged_files(name: str, seed: int) -> None:
    rng = random.Random(f"{name} {seed}")
    for _ in range(150):
        check(mutated(SEEDS[name], rng))


def records_of(data: bytes) -> list[tuple[tuple[str, str], ...]]:
    batches = list(parse(io.BytesIO(data), "feed"))
    kept = (v for batch in batches for v in batch["values"].to_pylist() if v is not None)
    return [tuple(sorted(values)) for values in kept]


RESUMED = ["semicolons", "pipes", "long", "tabs", "wide", "rss", "shop", "lines", "list", "tagged"]


@pytest.mark.parametrize("name", RESUMED)
def test_records_far_from_the_damage_stay(name: str) -> None:
    """A damage in the middle costs the records around it, none of the first or last quarter."""
    seed, rng = SEEDS[name], random.Random(name)
    whole = records_of(seed)
    outer = {*whole[:15], *whole[45:]}
    for kind in 25 * (0, 1, 2, 3):
        # UTF-16 stays in step: two bytes are one sign.
        place, far = (2 * int(len(seed) * rng.uniform(0.19, 0.31)) for _ in range(2))
        far = place + (far % 40)
        sign = rng.choice(SIGNS)
        sign = sign.decode("latin-1").encode("utf-16-le") if name == "wide" else sign
        damaged = {
            0: sign,  # put in, in the places of others, or others twice or left out
            1: b"",
            2: rng.randbytes(far - place),
            3: seed[place:far] * 2,
        }[kind]
        found = records_of(seed[:place] + damaged + seed[place if kind == 0 else far :])
        assert outer <= set(found), (kind, place, damaged)


STARTS = {
    "table": b"id;title;price\n1;a;2\n2;b;3\n",
    "xml": b"<r><item><id>1</id><t>x</t></item><item><id>2</id><t>x</t></item>",
    "list": b'[{"id":1,"t":"x"},{"id":2,"t":"y"},',
    "object": b'{"meta":1,"data":[{"id":1},',
    "tagged": b"<<<begin>>>\n<<<id>>>1\n<<<begin>>>\n<<<id>>>2\n",
    "nothing": b"",
}
ENDLESS = {
    "table": [b'"', b'";', b'"\n', b'1;"abc;3\n', b'1;abc";3\n', b'"";"\n;', b'\\"', b"#\n"],
    "xml": [b"<", b"<item ", b"<item>", b"</item>", b'<item a="', b"<!--", b"<![CDATA[", b"<?",
            b"<!-- -->", b"&", b"<a>", b"<item><t><![CDATA[", b"<item>&amp"],
    "list": [b"{", b"[", b"}", b'"', b"},{", b'{"id":', b"} ", b"\\", b'{"id":1,"t":"x},',
             b'{"id":1 "t"},', b'{"x":{"id":1},', b"null,"],
    "object": [b"[", b'"a":', b'{"id":1}', b"} "],
    "tagged": [b"<<<begin>>>\n", b"<<<id>>>\n", b"\n", b"x\n", b"<", b"<<<begin>>>", b" "],
    "nothing": [b"\0", b" ", b"x", b"a@", b"<a>", b"<!-- -->", b"[", b'{"a":', b'"', b"\r", b"'"],
}  # fmt: skip


@pytest.mark.parametrize("start", STARTS)
def test_one_sign_without_end(start: str) -> None:
    """What costs a reader a look at the whole rest each time would take minutes."""
    for sign in ENDLESS[start]:
        check(STARTS[start] + sign * (100_000 // len(sign)))
