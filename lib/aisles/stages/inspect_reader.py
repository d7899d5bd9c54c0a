"""The records of one file as ingest reads them, counted, and how the file ends."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc

from aisles.feeds.parse import Parsed, parse
from aisles.feeds.trailer import agrees
from aisles.stages.inspect_refused import Refusals
from aisles.stages.job import say

_SILENCE_S = 10


class Reader:
    """The kept records of a file in batches; what is rejected goes to its account."""

    def __init__(self, stream: BinaryIO, name: str, most: int, refusals: Refusals) -> None:
        self.parsed: Parsed = parse(stream, name)
        self.read = 0
        self.stopped = False
        self.last_reason: str | None = None
        self._most = most
        self._told = time.monotonic()
        self._refusals = refusals

    def kept(self) -> Iterator[pa.RecordBatch]:
        """Batches of kept records, at least one record each."""
        for batch in self.parsed:
            if self._most and self.read + len(batch) > self._most:
                batch, self.stopped = batch.slice(0, self._most - self.read), True
            if len(batch):
                self.read += len(batch)
                self._refusals.add_read(batch)
                self.last_reason = batch["reason"][-1].as_py()
                kept = batch.filter(pc.is_null(batch["reason"]))
                if len(kept):
                    yield kept
                self._tell()
            if self.stopped:
                return

    def end(self) -> tuple[bool | None, str]:
        """Whether the file counts as complete, null when not read to its end; and why, in words."""
        if self.stopped:
            return None, f"stopped after {self.read:,} records, as asked"
        return self.parsed.complete, _ends(self.parsed, self.last_reason)

    def _tell(self) -> None:
        """Of a long file the terminal hears now and then how far it is."""
        if time.monotonic() - self._told > _SILENCE_S:
            self._told = time.monotonic()
            say(f"{self.read:,} records read ...")


def _ends(parsed: Parsed, last_reason: str | None) -> str:
    """Why the file counts as complete or as truncated."""
    form, counted = parsed.format, parsed.trailer_count
    agreed = counted is not None and agrees(counted, parsed.read, parsed.rejected)
    if counted is not None and (parsed.complete or not agreed):
        return f"its trailer counts {counted:,} records, {parsed.read:,} were read"
    if parsed.complete:
        return "it ends where a record ends"
    if not parsed.read:
        return "it holds no record"
    if last_reason and last_reason.startswith("unreadable:"):
        return last_reason
    if form is not None and form.has_trailer_marks:
        return "it starts with a HDR line and ends without its TRL line"
    if last_reason is not None:
        return f"its last record is rejected: {last_reason}"
    if form is not None and form.container in ("xml", "json"):
        return "it ends before its closing element or bracket"
    return "its compressed data ends early"
