"""Files larger than memory stream: what is held does not grow with the file."""

import io
import random
import zlib
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from aisles.feeds.parse import Parsed, parse

MIB = 1 << 20
STATM = Path("/proc/self/statm")
pytestmark = pytest.mark.skipif(not STATM.exists(), reason="the resident size is read from /proc")


def resident() -> int:
    """Bytes of memory that this process holds."""
    return int(STATM.read_text().split()[1]) * 4096


class Stream(io.RawIOBase):
    """A file that cannot seek, made while it is read."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        wanted = size or 1
        while len(self._rest) < wanted and (more := next(self._chunks, b"")):
            self._rest += more
        found, self._rest = self._rest[:wanted], self._rest[wanted:]
        return found


def words(rng: random.Random) -> str:
    return " ".join(rng.choice(["red", "blue", "shirt", "Größe", "of", "wool"]) for _ in range(12))


def csv_block(rng: random.Random) -> bytes:
    """About 1 MiB of records, some over several lines and some damaged."""
    lines = (
        f'{no};"{words(rng)}\n{words(rng)}";{no}.50;https://a.example/{rng.random()}\n'
        if no % 50
        else f'{no};"never closed;{no}.50;x\n'
        for no in range(5000)
    )
    return "".join(lines).encode()


def xml_block(rng: random.Random) -> bytes:
    items = (
        f"<item><id>{no}</id><title>{words(rng)}</title><price>{no}.50</price>"
        f"<text><![CDATA[{words(rng)} {words(rng)}]]></text><link>{rng.random()}</link></item>\n"
        for no in range(4000)
    )
    return "".join(items).encode()


FEEDS = {
    "csv": (b"id;title;price;link\n", csv_block, b""),
    "xml": (b"<?xml version='1.0'?><rss><channel>", xml_block, b"</channel></rss>"),
}


def gzipped(kind: str, size: int) -> Iterator[bytes]:
    """A gzip file of at least ``size`` bytes of content."""
    start, block, end = FEEDS[kind]
    packer = zlib.compressobj(1, wbits=31)
    piece = block(random.Random(0))
    yield packer.compress(start)
    for _ in range(size // len(piece) + 1):
        yield packer.compress(piece)
    yield packer.compress(end) + packer.flush()


def growth(parsed: Parsed) -> int:
    """By how many bytes the process grows at most while the file is read."""
    start = most = resident()
    for _ in parsed:
        most = max(most, resident())
    return most - start


@pytest.mark.parametrize("kind", FEEDS)
def test_a_gzip_streams(kind: str) -> None:
    parsed = parse(Stream(gzipped(kind, 48 * MIB)), f"feed.{kind}.gz")
    assert growth(parsed) < 150 * MIB
    assert parsed.complete and parsed.kept > 100_000


@pytest.mark.long
@pytest.mark.parametrize("kind", FEEDS)
def test_more_than_a_gigabyte_streams(kind: str) -> None:
    parsed = parse(Stream(gzipped(kind, 1100 * MIB)), f"feed.{kind}.gz")
    assert growth(parsed) < 150 * MIB, "as for a small file"
    assert parsed.complete and parsed.kept > 2_000_000


def test_one_endless_line_is_one_rejected_record() -> None:
    def chunks() -> Iterator[bytes]:
        yield b"id;title\n1;a\n2;"
        for _ in range(120):
            yield b"x" * MIB
        yield b"\n3;c\n"

    parsed = parse(Stream(chunks()), "feed.csv")
    assert growth(parsed) < 150 * MIB
    assert (parsed.kept, parsed.rejected) == (2, 1)


@pytest.mark.parametrize("start", [b'[{"id":1},{"id":"', b'{"id":1}\n{"id":"'])
def test_one_endless_json_string_is_one_rejected_record(start: bytes) -> None:
    def chunks() -> Iterator[bytes]:
        yield start
        for _ in range(60):
            yield b"x" * MIB
        yield b'"},\n{"id":3}'

    parsed = parse(Stream(chunks()), "feed.json")
    assert growth(parsed) < 150 * MIB
    assert (parsed.kept, parsed.rejected) == (2, 1)


def test_one_endless_element_is_one_rejected_record() -> None:
    def chunks() -> Iterator[bytes]:
        yield b"<r><item><id>1</id></item><item><id>"
        for _ in range(60):
            yield b"x" * MIB
        yield b"</id></item><item><id>3</id></item></r>"

    parsed = parse(Stream(chunks()), "feed.xml")
    assert growth(parsed) < 200 * MIB
    assert (parsed.kept, parsed.rejected) == (2, 1)


def test_parquet_streams_by_batch(tmp_path: Path) -> None:
    """One row group whose text is far larger than its file: a dictionary stands for it."""
    long = pa.array(["x" * 50_000, "y" * 50_000])
    column = pa.DictionaryArray.from_arrays(pa.array([0, 1] * 10_000, pa.int32()), long)
    path = tmp_path / "feed.parquet"
    pq.write_table(pa.table({"id": range(20_000), "text": column}), path)
    del column
    parsed = parse(path, path.name)
    assert growth(parsed) < 400 * MIB, "of a gigabyte of text"
    assert (parsed.kept, parsed.complete) == (20_000, True)
