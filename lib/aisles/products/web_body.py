"""The body of one answer, read up to a limit and no further, whatever its headers say."""

from __future__ import annotations

import tempfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from typing import IO

from aiohttp import ClientResponse

from aisles.products.images import is_picture
from aisles.products.web_hosts import NotFetched

_IN_MEMORY = 256 * 1024  # bytes of one body in memory; the rest of a large one is on disk
_PIECE = 64 * 1024
_HEAD = 12  # bytes that tell a format
_GZIP_OR_ZLIB = 47  # zlib's word for: whichever of the two the data starts with


async def read_body(response: ClientResponse, max_bytes: int) -> IO[bytes]:
    """A file of the picture's bytes, at its start.

    Raises NotFetched as soon as it is too large, or is no picture of a known format.
    """
    if (response.content_length or 0) > max_bytes:
        raise NotFetched("too_large", "bytes")
    inflate = _inflater(response.headers.get("Content-Encoding", ""))
    with ExitStack() as unless_whole:
        file = unless_whole.enter_context(tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY))
        body = _Body(file, max_bytes)
        async for chunk in response.content.iter_any():
            for piece in inflate(chunk):
                body.add(piece)
        file.seek(0)
        unless_whole.pop_all()
    return file


class _Body:
    """What came so far, and the checks that each piece has to pass."""

    def __init__(self, file: IO[bytes], max_bytes: int) -> None:
        self._file = file
        self._max_bytes = max_bytes
        self._size = 0
        self._head = b""

    def add(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size > self._max_bytes:
            raise NotFetched("too_large", "bytes")
        if len(self._head) < _HEAD:
            self._head += piece[:_HEAD]
            # A page of HTML, a film: not a byte more of it than needed.
            if len(self._head) >= _HEAD and not is_picture(self._head):
                raise NotFetched("broken", "no picture")
        self._file.write(piece)


class _Plain:
    """Bytes as they come."""

    def __call__(self, chunk: bytes) -> Iterator[bytes]:
        yield chunk


class _Inflate:
    """Compressed bytes in pieces of bounded size, so that a small bomb never bursts in memory."""

    def __init__(self) -> None:
        self._decoder = zlib.decompressobj(_GZIP_OR_ZLIB)

    def __call__(self, chunk: bytes) -> Iterator[bytes]:
        try:
            while chunk and not self._decoder.eof:
                yield self._decoder.decompress(chunk, _PIECE)
                chunk = self._decoder.unconsumed_tail
        except zlib.error as error:
            raise NotFetched("broken", "compression") from error


def _inflater(encoding: str) -> _Plain | _Inflate:
    """What undoes the encoding; we ask for none, yet some hosts compress all the same."""
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return _Plain()
    if name in ("gzip", "x-gzip", "deflate"):
        return _Inflate()
    raise NotFetched("broken", "compression")
