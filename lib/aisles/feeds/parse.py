"""A feed file to Arrow batches of records, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from aisles.feeds.delimited import Delimited
from aisles.feeds.encoding import Transcoder
from aisles.feeds.formats import Format
from aisles.feeds.jsons import JsonLines, JsonList
from aisles.feeds.records import PARSED, Row, batch_of, rejected, slices
from aisles.feeds.sniff import HEAD_BYTES, sniff
from aisles.feeds.unpack import Opened, Unreadable
from aisles.feeds.xml import XmlRecords

__all__ = ["PARSED", "Parsed", "parse"]


class Parsed:
    """The batches (schema ``PARSED``) of one file, and what is known once they are all taken.

    ``read`` = ``kept`` + ``rejected``, always. ``trailer_count`` is the count that the file's TRL
    line names, None without one. ``complete`` is false when the file is empty or ends too early:
    inside the compressed stream, inside a record, without the closing element, bracket or TRL
    line that its start calls for, or with fewer records than its trailer counts. ``format`` is
    known from the first batch on. A file that cannot be read (on) ends with one rejected record
    whose reason starts with ``unreadable:``.
    """

    def __init__(self, source: BinaryIO | str | Path, name: str, batch_rows: int = 8192) -> None:
        self.name = name
        self.format: Format | None = None
        self.read = self.kept = self.rejected = 0
        self.trailer_count: int | None = None
        self.complete = False
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
            yield self._counted(self._unreadable(error))
            return
        try:
            for batch in self._batches(opened):
                for piece in slices(batch, self._batch_rows):
                    yield self._counted(piece)
        except (Unreadable, OSError) as error:
            self.complete = False
            yield self._counted(self._unreadable(error))
        finally:
            opened.close()

    def _counted(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        bad = batch.num_rows - batch.column("reason").null_count
        self.read += batch.num_rows
        self.rejected += bad
        self.kept += batch.num_rows - bad
        return batch

    def _unreadable(self, error: Exception) -> pa.RecordBatch:
        return batch_of([rejected("", f"unreadable: {error}")], self.read + 1)

    def _batches(self, opened: Opened) -> Iterator[pa.RecordBatch]:
        stream = opened.chunks()
        head, whole = _head(stream)
        self.format = replace(sniff(head, self.name, whole), compression=opened.compression)
        text = _text([head], stream, self.format.encoding)
        reader = _reader(self.format)
        if isinstance(reader, Delimited):
            yield from reader.batches(text)
            self.trailer_count = reader.trailer_count
        else:
            yield from _grouped(reader.rows(text), self._batch_rows)
        self.complete = bool(head) and opened.complete and reader.clean_end and self._counts_agree()

    def _counts_agree(self) -> bool:
        if self.trailer_count is None:
            return self.format is not None and not self.format.has_trailer_marks
        return self.read >= self.trailer_count


def parse(source: BinaryIO | str | Path, name: str, batch_rows: int = 8192) -> Parsed:
    """The file's records as batches of schema ``PARSED``; iterate it, then read its counts.

    Args:
        source: a path, or a binary stream that is read once from its start.
        name: the file's name, for its endings only.
        batch_rows: the most records in one batch.
    """
    return Parsed(source, name, batch_rows)


def _head(stream: Iterator[bytes]) -> tuple[bytes, bool]:
    """The first bytes, enough to find the format, and whether they are the whole file."""
    head: list[bytes] = []
    size = 0
    for piece in stream:
        head.append(piece)
        size += len(piece)
        if size >= HEAD_BYTES:
            return b"".join(head), False
    return b"".join(head), True


def _text(head: list[bytes], stream: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    coder = Transcoder(encoding)
    while head:
        yield coder.feed(head.pop())
    for piece in stream:
        yield coder.feed(piece)
    yield coder.feed(b"", final=True)


def _reader(form: Format) -> Delimited | XmlRecords | JsonLines | JsonList:
    if form.container == "xml":
        return XmlRecords(form)
    if form.container == "jsonlines":
        return JsonLines()
    if form.container == "json":
        return JsonList()
    return Delimited(form)


def _grouped(rows: Iterable[Row], batch_rows: int) -> Iterator[pa.RecordBatch]:
    group: list[Row] = []
    number = 1
    for row in rows:
        group.append(row)
        if len(group) == batch_rows:
            yield batch_of(group, number)
            number, group = number + len(group), []
    if group:
        yield batch_of(group, number)
