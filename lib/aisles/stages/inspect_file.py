"""What one feed file holds and what would become of it, found in one pass and bounded memory."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc

from aisles.feeds.formats import Format
from aisles.feeds.parse import Parsed, parse
from aisles.products.normalise import Reading, Readings, normalise_batch
from aisles.stages.inspect_columns import Column, Tally, described, roles_of, sampled
from aisles.stages.inspect_fields import FieldReport, Fields
from aisles.stages.inspect_ids import Ids, Shared
from aisles.stages.inspect_refused import Refusal, Refusals
from aisles.stages.inspect_warnings import warnings_of
from aisles.stages.job import say

HEAD_ROWS = 16_384
"""Records from whose start the roles are inferred; they are held until then."""
_HEAD_BYTES = 1 << 26
_SILENCE_S = 10
_DAY = dt.date(1970, 1, 1)  # normalising needs a day; no day comes into what is shown


@dataclass(frozen=True)
class Report:
    """All that `aisles inspect` shows of one file.

    ends: why the file counts as complete or truncated, in words. complete: null when the reading
    stopped early because no more records were asked for. head: records that roles come from.
    """

    file: str
    network: str
    retailer: str
    format: Format | None
    read: int
    kept: int
    rejected: int
    trailer_count: int | None
    complete: bool | None
    ends: str
    head: int
    refusals: list[Refusal]
    shared: Shared
    columns: list[Column]
    more_columns: bool
    fields: list[FieldReport]
    price_minor: tuple[int, int] | None
    currencies: dict[str, int]
    warnings: list[str]


@dataclass
class Survey:
    """The running counts over one file."""

    feed: tuple[str, str]
    file: str
    tally: Tally
    refusals: Refusals
    fields: Fields
    ids: Ids

    def take(self, batch: pa.RecordBatch, readings: Readings) -> None:
        """Counts kept records as read, and what normalising makes of them."""
        self.tally.add(batch["values"])
        raw = self._raw_items(batch)
        rows = normalise_batch(raw, readings)
        self.fields.add(rows, raw["values"])
        self.refusals.add_normalised(rows, raw["values"])
        self.ids.add(rows.filter(pc.is_null(rows["reason"])))

    def _raw_items(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        network, retailer = self.feed
        same = {"network": network, "retailer": retailer, "run_date": _DAY, "file": self.file}
        columns = {name: pa.repeat(pa.scalar(value), len(batch)) for name, value in same.items()}
        columns |= {"record_no": batch["record_no"], "values": batch["values"]}
        columns["content_hash"] = pa.nulls(len(batch), pa.string())
        return pa.RecordBatch.from_pydict(columns)


class Reader:
    """The kept records of a file in batches; what is rejected goes to its account."""

    def __init__(self, stream: BinaryIO, name: str, most: int, refusals: Refusals) -> None:
        self.parsed: Parsed = parse(stream, name)
        self.read = 0
        self.stopped = False
        self.last_reason: str | None = None
        self._most = most
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
            if self.stopped:
                return


def survey(stream: BinaryIO, file: str, feed: tuple[str, str], most: int = 0) -> Report:
    """The report on one file.

    Args:
        stream: the file's bytes; read once.
        file: its name or address.
        feed: network and retailer that its products would belong to.
        most: records to look at; 0 for all.

    Raises:
        ValueError: when nothing of the file can be read.
    """
    refusals = Refusals()
    reader = Reader(stream, file, most, refusals)
    batches = reader.kept()
    head = _head(batches)
    if not head and refusals.unreadable:
        raise ValueError(f"{file}: {refusals.unreadable}")
    records = sampled(head)
    form = reader.parsed.format
    pairs = [] if form is None else roles_of(form, records)
    given = [(r.column, r.role, r.confidence) for r, _ in pairs if r.role]
    found = Survey(feed, file, Tally(), refusals, Fields(given), Ids())
    head_rows = sum(map(len, head))
    readings = {feed: Reading.of(given)}
    for batch in chain(_drained(head), _told(batches, reader)):
        found.take(batch, readings)
    report = _report(found, reader, described(pairs, records, found.tally), head_rows)
    report.warnings.extend(warnings_of(report))
    return report


def _head(batches: Iterator[pa.RecordBatch]) -> list[pa.RecordBatch]:
    """The first batches, as many as the roles are inferred from."""
    head: list[pa.RecordBatch] = []
    rows = size = 0
    for batch in batches:
        head.append(batch)
        rows, size = rows + len(batch), size + batch.nbytes
        if rows >= HEAD_ROWS or size >= _HEAD_BYTES:
            break
    return head


def _told(batches: Iterator[pa.RecordBatch], reader: Reader) -> Iterator[pa.RecordBatch]:
    """The batches; of a long file the terminal hears now and then how far it is."""
    last = time.monotonic()
    for batch in batches:
        if time.monotonic() - last > _SILENCE_S:
            last = time.monotonic()
            say(f"{reader.read:,} records read ...")
        yield batch


def _drained(head: list[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The batches in order, each let go of once it is taken."""
    while head:
        yield head.pop(0)


def _report(found: Survey, reader: Reader, columns: list[Column], head: int) -> Report:
    parsed = reader.parsed
    rejected, shared = found.refusals.read, found.ids.counts()
    complete, ends = (None, f"stopped after {reader.read:,} records, as asked")
    if not reader.stopped:
        complete, ends = parsed.complete, _ends(parsed, reader.last_reason)
    return Report(
        file=found.file,
        network=found.feed[0],
        retailer=found.feed[1],
        format=parsed.format,
        read=reader.read,
        kept=reader.read - rejected,
        rejected=rejected,
        trailer_count=parsed.trailer_count,
        complete=complete,
        ends=ends,
        head=head,
        refusals=found.refusals.found(shared),
        shared=shared,
        columns=columns,
        more_columns=found.tally.left_out,
        fields=found.fields.found(),
        price_minor=found.fields.price_minor,
        currencies=found.fields.currencies,
        warnings=[],
    )


def _ends(parsed: Parsed, last_reason: str | None) -> str:
    """Why the file counts as complete or as truncated."""
    form, counted = parsed.format, parsed.trailer_count
    if counted is not None and (parsed.complete or parsed.read < counted):
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
