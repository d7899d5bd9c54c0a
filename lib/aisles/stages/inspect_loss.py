"""Whether one file, as the next delivery of its feed, would look truncated beside those before."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from aisles.stages.deliveries import Extent, doubts

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Past:
    """The rows of feed_files of the feed's earlier days, and how large the file at hand is.

    bytes: of the file as delivered; null where its storage does not say. sudden_loss: share that
    may lack of the last whole delivery (`ingest.sudden_loss`).
    """

    files: Sequence[Row]
    bytes: int | None
    sudden_loss: float

    def lost(self, file: str, kept: int, counted: bool = False) -> str | None:
        """What a complete file with so many kept records lacks; null where it lacks nothing.

        file: its place below the feeds folder. counted: whether a trailer counts them. Of a feed
        that comes in several files the one of that name is held against its own past; one that is
        new against whole deliveries.
        """
        own = [row for row in self.files if row["file"] == file] or self.files
        days = sorted({row["run_date"] for row in own})
        before = [_extent([row for row in own if row["run_date"] == day]) for day in days]
        names = _names([file]) if self.bytes is not None else ""
        now = Extent("", kept, self.bytes or 0, names, counted=int(counted))
        if own is self.files and before:  # in place of all of them
            now = replace(now, listed=before[-1].listed, counted=before[-1].counted)
        return doubts([*before, now], 1 - self.sudden_loss)[-1]


def _extent(rows: Sequence[Row]) -> Extent:
    """The extent of a delivery of these files, as `aisles.stages.deliveries.judged` has it."""
    torn = sorted(row["file"] for row in rows if not row["complete"])
    kept, size = (sum(row[name] for row in rows) for name in ("kept", "bytes"))
    counts = [row["trailer_count"] for row in rows]
    more = [(row["trailer_count"] or 0) - row["read"] for row in rows if not row["complete"]]
    over = sum(more) if more and all(1 <= one <= 2 for one in more) else None
    counted = sum(count is not None for count in counts)
    names = _names(row["file"] for row in rows)
    return Extent(", ".join(torn), kept, size, names, len(rows), counted, over)


def _names(files: Iterable[str]) -> str:
    return hashlib.md5("\n".join(sorted(files)).encode(), usedforsecurity=False).hexdigest()
