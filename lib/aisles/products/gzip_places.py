"""A gzip file read at any place, in bounded memory."""

from __future__ import annotations

import io
import zlib
from bisect import bisect_right
from typing import IO, Any, NamedTuple

MAGIC = b"\x1f\x8b\x08"
LEAST_STEP = 1 << 22
"""Compressed bytes between two marks, at least: what a jump decodes in vain, at most about."""
_MOST_MARKS = 128
"""A decoder's state is some 45 kB; of a larger file the marks lie further apart."""
_PIECE = 1 << 16
_GZIP = 31


class _Mark(NamedTuple):
    """A place in the content, the place in the file to go on from, and the decoder's state there"""

    at: int
    fed: int
    decoder: Any


def opened(file: IO[bytes]) -> io.BufferedReader:
    """The content of a gzip file, to be read on and jumped in like any file.

    Raises zlib.error or EOFError when what is read is damaged or cut off.
    """
    return io.BufferedReader(_Content(file), _PIECE)


class _Content(io.RawIOBase):
    """What decodes: forwards from where it stands, or from the last mark before the place."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._step = max(LEAST_STEP, file.seek(0, 2) // _MOST_MARKS)
        self._marks = [_Mark(0, 0, zlib.decompressobj(_GZIP))]
        self._go(self._marks[0])

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, place: int, whence: int = 0) -> int:
        if whence not in (0, 1):
            raise io.UnsupportedOperation("the end of a gzip file is not known")
        target = place + (self._at if whence else 0)
        mark = self._marks[bisect_right(self._marks, target, key=lambda m: m.at) - 1]
        if not mark.at <= self._at <= target:
            self._go(mark)
        while self._at < target and self._next(min(_PIECE, target - self._at)):
            pass
        return self._at

    def readinto(self, buffer: Any) -> int:
        piece = self._next(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)

    def _go(self, mark: _Mark) -> None:
        self._file.seek(mark.fed)
        self._at, self._fed, self._decoder = mark.at, mark.fed, mark.decoder.copy()
        self._input, self._over = b"", False

    def _next(self, most: int) -> bytes:
        """The next bytes, at most so many; none at the end."""
        while not self._over:
            if not self._input:
                self._input = self._file.read(_PIECE)
            cut = not self._input
            out: bytes = self._decoder.decompress(self._input, most)
            ended = self._decoder.eof
            left = self._decoder.unused_data if ended else self._decoder.unconsumed_tail
            self._fed += len(self._input) - len(left)
            self._input = left
            self._at += len(out)
            if ended:
                self._next_member()
            elif self._fed >= self._marks[-1].fed + self._step:
                self._marks.append(_Mark(self._at, self._fed, self._decoder.copy()))
            if out:
                return out
            if cut and not ended:
                raise EOFError("the gzip data is cut off")
        return b""

    def _next_member(self) -> None:
        if len(self._input) < len(MAGIC):
            self._input += self._file.read(_PIECE)
        self._over = not self._input.startswith(MAGIC)  # tapes fill the last block up with zeros
        self._decoder = zlib.decompressobj(_GZIP)
