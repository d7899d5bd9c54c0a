"""What a feed file looks like, as found from its first bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Compression = Literal["none", "gzip", "bzip2", "zstd", "xz", "zip"]
Container = Literal["delimited", "xml", "json", "jsonlines", "parquet", "tagged"]


@dataclass(frozen=True)
class Format:
    """One file's format.

    ``encoding`` is a Python codec name (``utf-8-sig`` when a byte order mark stands first).
    ``delimiter`` is one sign or several (``||``). ``escape`` is the sign that takes the meaning of
    the one after it, where the feed has such. ``columns`` are the header's words, made unique, or
    ``'0', '1', ...`` without a header; it is empty for XML and JSON, whose records name their own
    fields. ``record_element`` is the path of what is one record: ``/rss/channel/item`` in XML,
    prefixes kept; ``/data/items`` in JSON, blank where records stand at the top; in tagged text the
    name that records begin with. ``skip_lines`` counts the lines before the header or first
    record; ``cr_lines``: lines end in a lone CR. ``members`` are the files of an archive that were
    read, ``left_out`` those that were not.
    """

    compression: Compression = "none"
    container: Container = "delimited"
    encoding: str = "utf-8"
    delimiter: str = ","
    quote: str | None = '"'
    escape: str | None = None
    header: bool = True
    columns: tuple[str, ...] = ()
    record_element: str | None = None
    has_trailer_marks: bool = False
    skip_lines: int = 0
    cr_lines: bool = False
    members: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


def unique_names(words: Sequence[str]) -> tuple[str, ...]:
    """The header words, each once: a second ``price`` becomes ``price#2``, a blank its position."""
    seen: dict[str, int] = {}
    taken: set[str] = set()
    names: list[str] = []
    for place, word in enumerate(words):
        base = word.strip() or str(place)
        seen[base] = seen.get(base, 0) + 1
        name = base if seen[base] == 1 else f"{base}#{seen[base]}"
        while name in taken:  # the header itself may hold "price#2"
            seen[base] += 1
            name = f"{base}#{seen[base]}"
        taken.add(name)
        names.append(name)
    return tuple(names)
