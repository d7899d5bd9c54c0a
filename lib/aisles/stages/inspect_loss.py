"""Whether one file, as the next delivery of its feed, would look truncated beside those before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from aisles.stages.extents import Extent, FileRow, doubts, hashed


@dataclass(frozen=True)
class Past:
    """The rows of feed_files of the feed's earlier days, and how large the file at hand is.

    bytes: of the file as delivered; null where its storage does not say. sudden_loss: share that
    may lack of the last whole delivery (`ingest.sudden_loss`).
    """

    files: Sequence[FileRow]
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
        before = [Extent.of([row for row in own if row["run_date"] == day]) for day in days]
        names = hashed([file]) if self.bytes is not None else ""
        now = Extent("", kept, self.bytes or 0, names, counted=int(counted))
        if own is self.files and before:  # in place of all of them
            now = replace(now, listed=before[-1].listed, counted=before[-1].counted)
        return doubts([*before, now], 1 - self.sudden_loss)[-1]
