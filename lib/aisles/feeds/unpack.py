"""Feed files to the contents they hold: one stream, or the data members of an archive."""

from __future__ import annotations

import lzma
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, BinaryIO, cast

from aisles.feeds.expand import (
    OUT_BYTES,
    Findings,
    Unreadable,
    compression_of,
    expanded,
    guarded,
    peeked,
)
from aisles.feeds.formats import Compression

__all__ = ["Content", "Opened", "Unreadable", "may_hold_data"]

READ_BYTES = 1 << 18
MAX_LAYERS = 3
MAX_MEMBERS = 1000
_SPOOL_BYTES = 1 << 26
"""How much of what must be read twice is held in memory before it goes to a temporary file."""
_DATA = (".csv", ".tsv", ".txt", ".xml", ".json", ".jsonl", ".ndjson", ".parquet", ".dat", ".psv")
_PACKED = (".gz", ".bz2", ".zst", ".xz")
_NO_DATA = (
    ".md", ".html", ".htm", ".pdf", ".doc", ".docx", ".rtf", ".xsd", ".dtd", ".jpg", ".jpeg",
    ".png", ".gif", ".webp", ".svg", ".sha256", ".md5", ".asc", ".sig",
)  # fmt: skip
_NO_FEED = (
    "readme",
    "read_me",
    "license",
    "licence",
    "copying",
    "changelog",
    "liesmich",
    "manifest",
)
_ZIP_ERRORS = (
    zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, OSError, EOFError,
    struct.error, zlib.error, lzma.LZMAError,
)  # fmt: skip
_OFFICE = ("[content_types].xml", "mimetype")


class Content:
    """One data stream of a feed file: the file itself, or a member of an archive of ``size`` bytes
    (as the archive says)."""

    def __init__(
        self,
        name: str,
        start: Callable[[], Iterator[bytes]],
        plain: BinaryIO | None = None,
        size: int = 0,
    ) -> None:
        self.name = name
        self.size = size
        self._start = start
        self._plain = plain

    def chunks(self) -> Iterator[bytes]:
        """Pieces of the decompressed content, each at most a few MiB; of an archive's member any
        number of times, else once."""
        return self._start()

    def seekable(self, head: bytes, rest: Iterator[bytes]) -> BinaryIO:
        """The content as a file that can be read at any place.

        Args:
            head: what was taken from ``chunks`` so far.
            rest: what is left of it.
        """
        if self._plain is not None:
            return self._plain
        return _spooled(_all(head, rest))


class Opened:
    """A feed file, opened; ``found`` says how its bytes read, once they are read."""

    def __init__(self, source: BinaryIO | str | Path) -> None:
        self._own = isinstance(source, str | Path)
        self.file = _opened(source)
        self._seeks = self.file.seekable()
        self.found = Findings()
        head, self._chunks = peeked(self._raw())
        self.compression: Compression = compression_of(head)
        self.left_out: list[str] = []

    def close(self) -> None:
        if self._own:
            self.file.close()

    def contents(self) -> list[Content]:
        """The file's data streams, at least one.

        Raises:
            Unreadable: for an archive that holds no data, or archives within archives.
        """
        chunks, layers = self._unwrapped(self._chunks)
        head, chunks = peeked(chunks)
        if compression_of(head) != "zip":
            plain = self.file if self._seeks and not layers else None
            return [Content("", lambda: chunks, plain)]
        if self._seeks and not layers:
            self.found.read = self.file.seek(0, 2)
            return self._members(self.file)
        return self._members(_spooled(chunks))

    def _raw(self) -> Iterator[bytes]:
        while piece := self.file.read(READ_BYTES):
            self.found.read += len(piece)
            yield piece

    def _unwrapped(self, chunks: Iterator[bytes], member: int = -1) -> tuple[Iterator[bytes], int]:
        """The stream within the compressed streams, and how many there are.

        member: the place of the archive's member that the chunks are, -1 for the file itself.
        """
        layers = 0
        while True:
            head, chunks = peeked(chunks)
            kind = compression_of(head)
            if kind in ("none", "zip"):
                return chunks, layers
            layers += 1
            if layers > MAX_LAYERS:
                raise Unreadable(
                    f"nested compression: expected at most {MAX_LAYERS} layers, found another "
                    f"{kind} below them; deliver the file compressed once"
                )
            chunks = guarded(expanded(kind, chunks, self.found), kind, self.found, layers, member)

    def _members(self, file: BinaryIO) -> list[Content]:
        try:
            archive = zipfile.ZipFile(cast(IO[bytes], file))
            entries = [m for m in archive.infolist() if not m.is_dir() and m.file_size]
        except _ZIP_ERRORS as error:
            raise Unreadable(
                f"zip archive: {error}; it is damaged or cut off, deliver it again"
            ) from error
        chosen = _data_members([m.filename for m in entries])
        read = [m for m in entries if m.filename in chosen]
        if len(read) > MAX_MEMBERS:
            raise Unreadable(
                f"zip archive: expected at most {MAX_MEMBERS} members with data, "
                f"found {len(read)}; deliver the feed in one file"
            )
        self.left_out = [m.filename for m in entries if m.filename not in chosen]
        return [self._member(archive, m, place) for place, m in enumerate(read)]

    def _member(self, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, place: int) -> Content:
        def start() -> Iterator[bytes]:
            stored = guarded(self._stored(archive, entry), "zip", self.found, 0, place)
            chunks, _ = self._unwrapped(stored, place)
            head, chunks = peeked(chunks)
            if compression_of(head) == "zip":
                raise Unreadable(
                    f"zip archive: its member {entry.filename!r} is an archive too, expected a "
                    "data file; deliver that one itself"
                )
            return chunks

        return Content(entry.filename, start, size=entry.file_size)

    def _stored(self, archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
        try:
            with archive.open(entry) as stream:
                while piece := stream.read(OUT_BYTES):
                    yield piece
        except _ZIP_ERRORS as error:
            self.found.complete = False
            why = f"damaged: zip member {entry.filename!r}: {error}"
            if why not in self.found.refused:  # its start is read twice
                self.found.refused.append(why)


def may_hold_data(name: str) -> bool:
    """Whether a file so named may be a feed, as far as the name tells."""
    lower = name.rsplit("/", 1)[-1].lower()
    return not lower.endswith(_NO_DATA) and not lower.startswith(_NO_FEED)


def _opened(source: BinaryIO | str | Path) -> BinaryIO:
    return Path(source).open("rb") if isinstance(source, str | Path) else source


def _data_members(names: list[str]) -> set[str]:
    """The members that hold data: those named as data, else those not named as anything else.

    Raises:
        Unreadable: when there are none, or the archive is an office document.
    """
    if any(name.lower() in _OFFICE for name in names):
        raise Unreadable(
            "zip archive: it is an office document, expected a table as text; "
            "export the sheet as CSV"
        )
    seen = [n for n in names if not any(p.startswith((".", "__MACOSX")) for p in n.split("/"))]
    seen = [name for name in seen if not name.lower().endswith(_NO_DATA)]
    named = [n for n in seen if n.rsplit("/", 1)[-1].lower().startswith(_NO_FEED)]
    seen = [name for name in seen if name not in named] or seen
    data = [n for n in seen if _plain_name(n).endswith(_DATA)]
    if not seen:
        raise Unreadable(f"zip archive: expected a data member, found {names[:5] or 'none'}")
    return set(data or seen)


def _plain_name(name: str) -> str:
    lower = name.lower()
    while lower.endswith(_PACKED):
        lower = lower.rsplit(".", 1)[0]
    return lower


def _all(head: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield head
    yield from rest


def _spooled(chunks: Iterator[bytes]) -> BinaryIO:
    """The chunks in a file that can be read at any place; closed with its last reference."""
    spool = tempfile.SpooledTemporaryFile(max_size=_SPOOL_BYTES)  # noqa: SIM115
    for chunk in chunks:
        spool.write(chunk)
    spool.seek(0)
    return cast(BinaryIO, spool)
