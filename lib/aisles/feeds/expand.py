"""Compressed streams to their content, piece by piece."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

import zstandard

from aisles.feeds.formats import Compression

OUT_BYTES = 1 << 22
MAGIC_BYTES = 6
BOMB_RATIO = 200
BOMB_BYTES = 1 << 30

_MAGIC: tuple[tuple[bytes, Compression], ...] = (
    (b"\x1f\x8b\x08", "gzip"),
    (b"BZh", "bzip2"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    *((bytes([0x50 + kind, 0x2A, 0x4D, 0x18]), "zstd") for kind in range(16)),  # skippable frames
    (b"\xfd7zXZ\0", "xz"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),  # an archive without members
)


class Unreadable(ValueError):
    """The file as a whole cannot or must not be read; the message says why and what to do."""


@dataclass
class Findings:
    """What came out while a file's bytes were read.

    ``read``: bytes taken from the file; ``complete``: every stream ended where it should;
    ``refused``: what could not be read, each worth one rejected record.
    """

    read: int = 0
    complete: bool = True
    refused: list[str] = field(default_factory=list)
    expanded: dict[int, Layer] = field(default_factory=dict)
    """What the file's bytes came to, by how many layers were taken off; of an archive's member its
    own layers are taken off a stored stream, layer 0."""


class Layer:
    """How much one layer of a file's streams came to, those of all members together.

    A member is read twice, its start first: what came out before does not count again.
    """

    def __init__(self) -> None:
        self.total = 0
        self._of: dict[int, int] = {}

    def reached(self, member: int, written: int) -> int:
        """Notes how much of a member was written so far; how much of all members."""
        more = written - self._of.get(member, 0)
        if more > 0:
            self._of[member] = written
            self.total += more
        return self.total


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int = ..., /) -> bytes: ...


def compression_of(head: bytes) -> Compression:
    """The compression that the first bytes name, ``none`` when they name no known one."""
    return next((kind for magic, kind in _MAGIC if head.startswith(magic)), "none")


def peeked(chunks: Iterator[bytes], size: int = MAGIC_BYTES) -> tuple[bytes, Iterator[bytes]]:
    """The first bytes, at least ``size`` unless there are fewer, and all chunks with them."""
    head = b""
    for chunk in chunks:
        head += chunk
        if len(head) >= size:
            break
    return head, _chained(head, chunks)


def _chained(head: bytes, chunks: Iterator[bytes]) -> Iterator[bytes]:
    yield head
    del head
    yield from chunks


def guarded(
    chunks: Iterator[bytes], kind: str, found: Findings, layer: int, member: int = -1
) -> Iterator[bytes]:
    """The chunks, as long as the whole file's are in proportion to what was read from it.

    Args:
        chunks: what one layer of a stream holds.
        kind: the name of what it was packed with.
        found: of the file.
        layer: how many layers were taken off before.
        member: the place of the archive's member, -1 for a file that is one stream.

    Raises:
        Unreadable: for a decompression bomb.
    """
    written, all_members = 0, found.expanded.setdefault(layer, Layer())
    for piece in chunks:
        written += len(piece)
        total = all_members.reached(member, written)
        if total > BOMB_BYTES and total > BOMB_RATIO * found.read:
            found.complete = False
            raise Unreadable(
                f"decompression bomb: {found.read} bytes of {kind} expanded to more than "
                f"{total}, expected at most {BOMB_RATIO} times; deliver the file uncompressed "
                "or in parts"
            )
        yield piece


def expanded(kind: Compression, chunks: Iterator[bytes], found: Findings) -> Iterator[bytes]:
    """The content of a compressed stream, its members one after another.

    A stream that is cut or damaged ends early; ``found`` then says so.
    """
    engine, written, piece = _engine(kind), 0, b""
    try:
        while piece := piece or next(chunks, b""):
            for out in _outputs(engine, piece):
                written += len(out)
                if out:
                    yield out
            piece = b""
            if engine.eof:
                piece = _topped(engine.unused_data, chunks)
                if piece and compression_of(piece) != kind:
                    _ignored(kind, piece, found)
                    return
                engine = _engine(kind) if piece else engine
    except (zlib.error, lzma.LZMAError, OSError, EOFError, zstandard.ZstdError) as error:
        found.complete = False
        found.refused.append(f"damaged: {kind} data is broken after {written} bytes ({error})")
        return
    found.complete &= engine.eof


def _topped(left: bytes, chunks: Iterator[bytes]) -> bytes:
    """What follows a member, enough of it to see whether it is another one."""
    while len(left) < MAGIC_BYTES and (more := next(chunks, b"")):
        left += more
    return left


def _ignored(kind: str, piece: bytes, found: Findings) -> None:
    if piece.strip(b"\0\r\n "):  # tapes and some tools fill the last block up
        found.refused.append(f"trailing_garbage: bytes after the end of the {kind} data, not read")


def _engine(kind: Compression) -> _Decompressor:
    if kind == "gzip":
        return zlib.decompressobj(wbits=31)
    if kind == "bzip2":
        return bz2.BZ2Decompressor()
    if kind == "xz":
        return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=1 << 28)
    return _Zstd()


class _Zstd:
    """zstandard's decompression object, fed so little at a time that its output stays bounded."""

    PIECE = 4096
    """Bytes of input a call; a block of 4 bytes may stand for 128 KiB, so 128 MiB at the worst."""

    def __init__(self) -> None:
        self._engine = zstandard.ZstdDecompressor(max_window_size=1 << 27).decompressobj()
        self.eof = False
        self.unused_data = b""

    def outputs(self, data: bytes) -> Iterator[bytes]:
        for start in range(0, len(data), self.PIECE):
            yield self._engine.decompress(data[start : start + self.PIECE])
            if self._engine.eof:
                self.eof = True
                self.unused_data = self._engine.unused_data + data[start + self.PIECE :]
                return

    def decompress(self, data: bytes, _max_length: int = -1, /) -> bytes:
        return b"".join(self.outputs(data))


def _outputs(engine: _Decompressor, piece: bytes) -> Iterator[bytes]:
    """The output of one piece of input, in parts of bounded size."""
    if isinstance(engine, _Zstd):
        yield from engine.outputs(piece)
        return
    out = engine.decompress(piece, OUT_BYTES)
    yield out
    while not engine.eof and len(out) == OUT_BYTES:
        out = engine.decompress(getattr(engine, "unconsumed_tail", b""), OUT_BYTES)
        yield out
