"""Stretches of a feed file that are read apart from each other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from aisles.feeds.formats import Format
from aisles.feeds.unpack import READ_BYTES


@dataclass(frozen=True)
class Part:
    """One stretch of a file: bytes, or of a Parquet file row groups, from ``start`` to ``end``.

    ``form`` is the whole file's format; ``last``: the file ends with it.
    """

    form: Format
    start: int
    end: int
    last: bool

    @property
    def first(self) -> bool:
        return self.start == 0


def chunks_of(file: BinaryIO, start: int, end: int) -> Iterator[bytes]:
    """The file's bytes from ``start`` to ``end``, piece by piece."""
    file.seek(start)
    left = end - start
    while left and (piece := file.read(min(READ_BYTES, left))):
        left -= len(piece)
        yield piece
