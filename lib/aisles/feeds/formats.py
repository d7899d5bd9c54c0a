"""What a feed file looks like, as found from its first bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Compression = Literal["none", "gzip", "bzip2", "zstd", "zip"]
Container = Literal["delimited", "xml", "json", "jsonlines"]


@dataclass(frozen=True)
class Format:
    """One file's format.

    ``encoding`` is a Python codec name (``utf-8-sig`` when a byte order mark stands first).
    ``columns`` are the header's words, made unique, or ``'0', '1', ...`` without a header; it is
    empty for XML and JSON, whose records name their own fields. ``record_element`` is the path of
    the XML element that is one record, ``/rss/channel/item``, prefixes kept.
    """

    compression: Compression = "none"
    container: Container = "delimited"
    encoding: str = "utf-8"
    delimiter: str = ","
    quote: str | None = '"'
    header: bool = True
    columns: tuple[str, ...] = ()
    record_element: str | None = None
    has_trailer_marks: bool = False


def unique_names(words: list[str]) -> tuple[str, ...]:
    """The header words, each once: a second ``price`` becomes ``price#2``, a blank its position."""
    seen: dict[str, int] = {}
    names: list[str] = []
    for place, word in enumerate(words):
        base = word.strip() or str(place)
        seen[base] = seen.get(base, 0) + 1
        names.append(base if seen[base] == 1 else f"{base}#{seen[base]}")
    return tuple(names)
