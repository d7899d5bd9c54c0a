"""Files to decompressed bytes, with a guard against decompression bombs."""

from __future__ import annotations

import bz2
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

import zstandard

from aisles.feeds.formats import Compression

READ_BYTES = 1 << 18
OUT_BYTES = 1 << 22
BOMB_RATIO = 200
BOMB_BYTES = 1 << 30

_MAGIC: tuple[tuple[bytes, Compression], ...] = (
    (b"\x1f\x8b\x08", "gzip"),
    (b"BZh", "bzip2"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"PK\x03\x04", "zip"),
)
_DATA_ENDINGS = (".csv", ".tsv", ".txt", ".xml", ".json", ".jsonl", ".ndjson")


class Unreadable(ValueError):
    """The file as a whole cannot or must not be read; the message says why and what to do."""


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int = ..., /) -> bytes: ...


def compression_of(head: bytes) -> Compression:
    """The compression that the first bytes name, ``none`` when they name no known one."""
    return next((kind for magic, kind in _MAGIC if head.startswith(magic)), "none")


class Opened:
    """A feed file's decompressed bytes, read once through ``chunks``.

    After the last chunk ``complete`` says whether the compressed stream ended where it should.
    """

    def __init__(self, source: BinaryIO | str | Path) -> None:
        self._own = isinstance(source, str | Path)
        self._file = _open(source)
        self._first = self._file.read(READ_BYTES)
        self._read = len(self._first)
        self._written = 0
        self.compression = compression_of(self._first)
        self.complete = True

    def close(self) -> None:
        if self._own:
            self._file.close()

    def chunks(self) -> Iterator[bytes]:
        """Pieces of the decompressed content, each at most a few MiB.

        Raises:
            Unreadable: for a decompression bomb or an archive that holds no data.
        """
        if self.compression == "none":
            yield from self._compressed()
            return
        opened = _unzip(self) if self.compression == "zip" else self._expand()
        for piece in opened:
            self._written += len(piece)
            self._guard()
            yield piece

    def _compressed(self) -> Iterator[bytes]:
        piece, self._first = self._first, b""
        while piece:
            yield piece
            piece = self._file.read(READ_BYTES)
            self._read += len(piece)

    def _guard(self) -> None:
        if self._written > BOMB_BYTES and self._written > BOMB_RATIO * self._read:
            raise Unreadable(
                f"decompression bomb: {self._read} bytes of {self.compression} expanded to more "
                f"than {self._written}, expected at most {BOMB_RATIO} times; deliver the file "
                "uncompressed or in parts"
            )

    def _expand(self) -> Iterator[bytes]:
        """The stream's members one after another; a damaged or cut stream ends early."""
        engine = _engine(self.compression)
        try:
            for piece in self._compressed():
                while piece:
                    if engine.eof:
                        if compression_of(piece) != self.compression:
                            return
                        engine = _engine(self.compression)
                    yield from _outputs(engine, piece)
                    piece = engine.unused_data if engine.eof else b""
        except (zlib.error, OSError, EOFError, zstandard.ZstdError):
            self.complete = False
            return
        self.complete = engine.eof


def _open(source: BinaryIO | str | Path) -> BinaryIO:
    return Path(source).open("rb") if isinstance(source, str | Path) else source


def _engine(kind: Compression) -> _Decompressor:
    if kind == "gzip":
        return zlib.decompressobj(wbits=31)
    if kind == "bzip2":
        return bz2.BZ2Decompressor()
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


def _unzip(opened: Opened) -> Iterator[bytes]:
    """The archive's largest member that holds data."""
    with tempfile.SpooledTemporaryFile(max_size=1 << 26) as spool:
        for piece in opened._compressed():
            spool.write(piece)
        try:
            with zipfile.ZipFile(spool) as archive:  # type: ignore[arg-type]
                yield from _member(archive)
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, zlib.error, EOFError) as e:
            if opened._written == 0:
                raise Unreadable(f"zip archive: {e}; expected one plain data member") from e
            opened.complete = False


def _member(archive: zipfile.ZipFile) -> Iterator[bytes]:
    members = [m for m in archive.infolist() if not m.is_dir() and m.file_size]
    if not members:
        raise Unreadable("zip archive: expected a data member, found none")
    best = max(members, key=lambda m: (m.filename.lower().endswith(_DATA_ENDINGS), m.file_size))
    with archive.open(best) as stream:
        while piece := stream.read(OUT_BYTES):
            yield piece
