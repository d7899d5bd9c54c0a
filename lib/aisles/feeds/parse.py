"""A feed file to Arrow batches of records, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa

from aisles.feeds.delimited import Delimited
from aisles.feeds.expand import Unreadable
from aisles.feeds.formats import Format
from aisles.feeds.jsonlines import JsonLines
from aisles.feeds.jsons import JsonRecords
from aisles.feeds.members import head_of, plan_of
from aisles.feeds.parquet import ParquetRecords
from aisles.feeds.parts import Part, chunks_of
from aisles.feeds.records import PARSED, Row, batch_of, rejected, slices
from aisles.feeds.tagged import TaggedRecords
from aisles.feeds.trailer import agrees
from aisles.feeds.transcode import Transcoder
from aisles.feeds.unpack import Opened
from aisles.feeds.xml import XmlRecords

__all__ = ["PARSED", "Parsed", "parse"]

Reader = Delimited | XmlRecords | JsonLines | JsonRecords | TaggedRecords | ParquetRecords


class Parsed:
    """The batches (schema ``PARSED``) of one file, and what is known once they are all taken.

    ``read`` = ``kept`` + ``rejected``, always. ``trailer_count`` is the count that the file's TRL
    line names, None without one. ``complete`` is false when the file is empty or ends too early:
    inside the compressed stream, inside a record, without the closing element, bracket or TRL
    line that its start calls for, or with fewer records than its trailer counts. ``format`` is
    known from the first batch on. A file that cannot be read (on) ends with one rejected record
    whose reason starts with ``unreadable:``; what is damaged inside it or left over at its end
    is one with ``damaged:``, ``trailing_garbage:`` or ``other_member:``.

    Of a part of a file all this holds for the part, and ``record_no`` counts from its start.
    """

    def __init__(
        self,
        source: BinaryIO | str | Path,
        name: str,
        batch_rows: int = 8192,
        part: Part | None = None,
    ) -> None:
        self.name = name
        self.format: Format | None = None if part is None else part.form
        self.read = self.kept = self.rejected = 0
        self.trailer_count: int | None = None
        self.complete = False
        self._part = part
        self._batch_rows = batch_rows
        self._source = source
        self._iterator = self._run()

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        return self._iterator

    def __next__(self) -> pa.RecordBatch:
        return next(self._iterator)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Batches of at most ``batch_rows`` records in file order."""
        return self._iterator

    def _run(self) -> Iterator[pa.RecordBatch]:
        try:
            opened = Opened(self._source)
        except OSError as error:
            yield self._refused(f"unreadable: {error}")
            return
        try:
            taken = self._whole(opened) if self._part is None else self._stretch(opened, self._part)
            for batch in taken:
                for piece in slices(batch, self._batch_rows):
                    yield self._counted(piece)
            for reason in opened.found.refused:
                yield self._refused(reason)
        except (Unreadable, OSError) as error:
            self.complete = False
            yield self._refused(f"unreadable: {error}")
        finally:
            opened.close()

    def _counted(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The batch, numbered in file order."""
        rows = batch.num_rows
        bad = rows - batch.column("reason").null_count
        numbers = pa.array(np.arange(self.read + 1, self.read + rows + 1, dtype=np.int64))
        self.read += rows
        self.rejected += bad
        self.kept += rows - bad
        return pa.RecordBatch.from_arrays([numbers, *batch.columns[1:]], schema=PARSED)

    def _refused(self, reason: str) -> pa.RecordBatch:
        return self._counted(batch_of([rejected("", reason)], 1))

    def _whole(self, opened: Opened) -> Iterator[pa.RecordBatch]:
        plan = plan_of(opened, self.name)
        self.format, clean = plan.form, True
        for source in plan.sources:
            head = source.head()
            reader: Reader
            if source.form.container == "parquet":
                file = source.content.seekable(head.data, head.rest)
                reader = ParquetRecords(file, self._batch_rows)
                self.format = replace(self.format, columns=reader.columns)
            else:
                reader = _reader(source.form, head.data)
            text = _text([head.data], head.rest, source.form)
            yield from self._taken(reader, text, lambda: opened.found.complete)
            clean &= bool(head.data) and reader.clean_end
        for name in plan.others:
            why = f"other_member: {name!r} holds other columns than {plan.form.members[0]!r}"
            yield batch_of([rejected("", f"{why}, not read")], 1)
        self.complete = clean and opened.found.complete and self._counts_agree(last=True)

    def _stretch(self, opened: Opened, part: Part) -> Iterator[pa.RecordBatch]:
        form = part.form
        reader: Reader
        if form.container == "parquet":
            groups = range(part.start, part.end)
            reader = ParquetRecords(opened.file, self._batch_rows, groups)
        else:
            head = head_of(opened.contents()[0]).data
            reader = _reader(form, head, inside=not part.first)
        bytes_of_part = chunks_of(opened.file, part.start, part.end)
        yield from self._taken(reader, _text([], bytes_of_part, form))
        self.complete = reader.clean_end and self._counts_agree(part.last)

    def _taken(
        self, reader: Reader, text: Iterator[bytes], ends_well: Callable[[], bool] = lambda: True
    ) -> Iterator[pa.RecordBatch]:
        if isinstance(reader, ParquetRecords):
            yield from reader.batches()
        elif isinstance(reader, Delimited):
            yield from reader.batches(text, ends_well)
            if reader.trailer_count is not None:
                self.trailer_count = (self.trailer_count or 0) + reader.trailer_count
        else:
            yield from _grouped(reader.rows(text), self._batch_rows)

    def _counts_agree(self, last: bool) -> bool:
        """Whether the trailer is there, and counts these records; other parts have none."""
        assert self.format is not None
        if self.trailer_count is None:
            return not (last and self.format.has_trailer_marks)
        if self._part is not None:
            return True
        return agrees(self.trailer_count, self.read, self.rejected)


def parse(
    source: BinaryIO | str | Path, name: str, batch_rows: int = 8192, part: Part | None = None
) -> Parsed:
    """The file's records as batches of schema ``PARSED``; iterate it, then read its counts.

    Args:
        source: a path, or a binary stream that is read from its start; Parquet, zip and parts
            of a file are read faster when it can seek.
        name: the file's name, for its endings only.
        batch_rows: the most records in one batch.
        part: the stretch to read, all of the file when None.
    """
    return Parsed(source, name, batch_rows, part)


def _text(head: list[bytes], stream: Iterable[bytes], form: Format) -> Iterator[bytes]:
    coder = Transcoder(form.encoding, form.cr_lines)
    while head:
        yield coder.feed(head.pop())
    for piece in stream:
        yield coder.feed(piece)
    yield coder.feed(b"", final=True)


def _reader(form: Format, head: bytes, inside: bool = False) -> Reader:
    if form.container == "xml":
        return XmlRecords(form)
    if form.container == "jsonlines":
        return JsonLines()
    if form.container == "json":
        return JsonRecords(form.record_element or "")
    if form.container == "tagged":
        return TaggedRecords(form.record_element or "")
    sample = Transcoder(form.encoding, form.cr_lines).feed(head, final=True)
    return Delimited(form, sample, inside)


def _grouped(
    rows: Iterable[Row] | Iterable[Row | pa.RecordBatch], batch_rows: int
) -> Iterator[pa.RecordBatch]:
    """Single rows in batches; batches among them as they are."""
    group: list[Row] = []
    for row in rows:
        single = isinstance(row, Row)
        if single:
            group.append(row)
        if group and (not single or len(group) == batch_rows):
            yield batch_of(group, 1)
            group = []
        if not single:
            yield row
    if group:
        yield batch_of(group, 1)
