"""How much deliveries hold, and which of them therefore look truncated."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

FileRow = Mapping[str, Any]
"""A row of feed_files: file, bytes, kept, read, complete, trailer_count."""


@dataclass(frozen=True)
class Extent:
    """How much one delivery holds; torn: its files that end early, names: hash of all their names.

    Bytes are compared between files of the same names only: another compression is another size.
    listed: how many files these are, counted: how many of them count their records in a trailer.
    over: by how many the trailers of the torn ones count more than was read, where that is but a
    line or two of each: those at the start and the end.
    """

    torn: str
    kept: int
    bytes: int
    names: str
    listed: int = 1
    counted: int = 0
    over: int | None = None

    @classmethod
    def of(cls, files: Sequence[FileRow]) -> Extent:
        """That of a delivery of these files."""
        torn = [row for row in files if not row["complete"]]
        more = [(row["trailer_count"] or 0) - row["read"] for row in torn]
        return cls(
            torn=", ".join(sorted(row["file"] for row in torn)),
            kept=sum(row["kept"] for row in files),
            bytes=sum(row["bytes"] for row in files),
            names=hashed(row["file"] for row in files),
            listed=len(files),
            counted=sum(row["trailer_count"] is not None for row in files),
            over=sum(more) if more and all(1 <= one <= 2 for one in more) else None,
        )

    def lost(self, before: Extent | None, keep: float) -> str | None:
        """What it lacks of the delivery before it, where less than the share `keep` is left."""
        if before is None:
            return None
        pairs = [
            (self.kept, before.kept, keep, "records"),
            (self.listed, before.listed, 1.0, "files"),
            # Of a file that is cut at the end of a line the lack of a trailer tells.
            (self.counted, before.counted, 1.0, "trailers"),
        ]
        if self.names == before.names:
            pairs.insert(1, (self.bytes, before.bytes, keep, "bytes"))
        for now, once, share, what in pairs:
            if now < once and now <= share * once:
                return f"{now} {what} where the last whole delivery had {once}"
        return None

    def agrees(self, other: Extent, keep: float) -> bool:
        """Whether neither has lost much of the other."""
        return not (self.lost(other, keep) or other.lost(self, keep))


def hashed(lines: Iterable[str]) -> str:
    """A hash of texts in any order."""
    return hashlib.md5("\n".join(sorted(lines)).encode(), usedforsecurity=False).hexdigest()


def doubts(extents: Iterable[Extent], keep: float) -> list[str | None]:
    """What speaks for truncation in each of one feed's deliveries, which come in order of days.

    Each is held against the last one without doubt. A loss is believed where the complete delivery
    before has it as well, and so is a trailer that counts its own line; that a shop has nothing
    left is never believed.
    """
    found: list[str | None] = []
    over: int | None = None  # of the delivery before
    trusted: Extent | None = None
    suspect: Extent | None = None  # the last complete one since that has lost much
    for one in extents:
        doubt = one.lost(trusted, keep)
        torn, over = bool(one.torn) and (one.over is None or one.over != over), one.over
        if not one.kept:
            doubt = "no records"
        elif torn:
            doubt = f"{one.torn} ends early or disagrees with its trailer"
        elif doubt and not (suspect and one.agrees(suspect, keep)):
            suspect = one
        else:
            doubt, trusted, suspect = None, one, None
        found.append(doubt)
    return found
