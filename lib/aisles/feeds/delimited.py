"""Delimited text to batches: whole blocks by numpy, doubtful stretches record by record."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator

import numpy as np
import pyarrow as pa

from aisles.feeds.cells import CellReader
from aisles.feeds.formats import Format
from aisles.feeds.judge import Judge
from aisles.feeds.lines import MAX_RECORD_CHARS, Resolver
from aisles.feeds.mending import Mender
from aisles.feeds.quoting import Cut, first_line_opens
from aisles.feeds.records import RAW_LIMIT, Row, batch_of, build_map, merged, rejected
from aisles.feeds.remarks import starts_like_remark
from aisles.feeds.rewrite import Rewriter
from aisles.feeds.tokens import LF, Tokens, tokenize

BLOCK_BYTES = 1 << 21
MAX_LINE_BYTES = 1 << 24
"""A line longer than this is rejected piece by piece, without being read whole."""
_TRUNCATED = "truncated: the file ends inside this record"

Batches = Generator[pa.RecordBatch, None, bytes]
"""Batches, then (as the generator's value) the bytes left over for the next block."""


class Delimited:
    """The batches of one delimited file; the trailer and the end are known after the last one.

    Args:
        form: the file's format.
        sample: the text of the file's start; what columns usually look like is learned from it.
        inside: the text begins at a record further on in the file.
    """

    def __init__(self, form: Format, sample: bytes, inside: bool = False) -> None:
        self.form = form
        self.rewriter = Rewriter(form.delimiter, form.quote, form.escape)
        self.clean_end = True
        self._delimiter = ord(self.rewriter.delimiter)
        self._quote = None if form.quote is None else ord(form.quote)
        self._names = pa.array(form.columns, pa.string())
        self._skipping = False
        self._last_rejected = False
        self._started = self._inside = inside
        self._rows = 0
        self._mender = Mender(form, sample)
        text = self.rewritten(sample, final=True)
        self._judge = Judge(form, self._quote)
        start = self._opening(text)
        if start >= 0:
            block, tokens = self._tokens(text[start : text.rfind(b"\n") + 1])
            self._judge.learn(block, tokens)
        reader = CellReader(self.rewriter.delimiter, form.quote)
        words = reader.words(self._judge.header.decode())
        opening = reader.words(text[: text.find(b"\n") + 1].strip().decode("utf-8", "replace"))
        self._paired = form.skip_lines > 0 and opening[:1] == ("H",)
        self.resolver = Resolver(
            form.columns,
            self.rewriter,
            form.quote,
            self._judge.profile,
            words,
            text[max(start, 0) :],
        )

    @property
    def trailer_count(self) -> int | None:
        """The number of the trailer that comes closest to the records read.

        A part further on in the file knows only the least that it can be.
        """
        numbers = self.resolver.trailer
        if not numbers:
            return None
        if self._inside:
            return next((no for no in numbers if no >= self._rows), max(numbers))
        return min(numbers, key=lambda no: abs(no - self._rows))

    def batches(
        self, chunks: Iterable[bytes], ends_well: Callable[[], bool] = lambda: True
    ) -> Iterator[pa.RecordBatch]:
        """Batches from the file's text, UTF-8 in chunks of any size, in file order.

        ``ends_well`` is asked after the last chunk: where the stream that the text came from was
        cut, a last line without an end is rejected, as it may look whole and not be so.
        """
        for batch in self._batches(chunks, ends_well):
            self._rows += batch.num_rows
            yield batch

    def _batches(
        self, chunks: Iterable[bytes], ends_well: Callable[[], bool]
    ) -> Iterator[pa.RecordBatch]:
        if self._mender.unfit is not None:
            yield from self._unparted(chunks, self._mender.unfit)
            return
        pending: list[bytes] = []
        size, wanted = 0, BLOCK_BYTES
        for chunk in chunks:
            pending.append(self.rewritten(chunk))
            size += len(pending[-1])
            if size >= wanted:
                data = b"".join(pending)
                last, _ = self._trailer(data)
                rest = yield from self._block(data[:last], final=False)
                pending = [rest, data[last:]]
                size = sum(map(len, pending))
                wanted = size + BLOCK_BYTES
        rest = b"".join([*pending, self.rewritten(b"", final=True)])
        last, numbers = self._trailer(rest)
        data, self.resolver.trailer = rest[:last], numbers or self.resolver.trailer
        ended = data.endswith(b"\n") or not data
        if ended or (ends_well() and not self._ends_early(data)):
            yield from self._block(data if ended else data + b"\n", final=True)
        else:
            yield from self._cut(data)
        self.clean_end = (ended and not self._skipping) or not self._last_rejected
        nothing = not self._rows and not self._inside  # not even where a line of names stands
        self.clean_end &= not nothing or self.trailer_count == 0

    def _unparted(self, chunks: Iterable[bytes], sign: str) -> Iterator[pa.RecordBatch]:
        """One rejected record for a text whose records nothing tells apart."""
        start = b""
        for chunk in chunks:
            start = start or chunk
        reason = f"no_line_ends: one line holds all, and {sign!r} parts it unevenly"
        yield self._batch([rejected(start[: 4 * RAW_LIMIT].decode("utf-8", "replace"), reason)])
        self.clean_end = False

    def rewritten(self, chunk: bytes, final: bool = False) -> bytes:
        """A chunk of the file's text, whole lines of it, as it is cut into cells."""
        return self.rewriter.feed(self._mender.mended(chunk, final), final)

    def _trailer(self, data: bytes) -> tuple[int, list[int]]:
        """Where the last line begins, if it is a trailer, and its numbers; else the end."""
        end = len(data.rstrip(b" \r\n"))
        start = data.rfind(b"\n", 0, end) + 1
        line = data[start:end] if end - start < 4 * RAW_LIMIT else b""
        numbers = None
        if line and (start or self._started):
            numbers = self.resolver.ending(line.decode("utf-8", "replace"), self._paired)
        return (len(data), []) if numbers is None else (start, numbers)

    def _ends_early(self, data: bytes) -> bool:
        """Whether the last line has no end and, where short records are read, is a short one."""
        line = data[data.rfind(b"\n") + 1 :].decode("utf-8", "replace")
        width = len(self.form.columns)
        return self._judge.shortest < width and len(self.resolver.cells(line)) < width

    def _cut(self, data: bytes) -> Iterator[pa.RecordBatch]:
        """The last records of a text that was cut inside the very last one."""
        last = data.rfind(b"\n") + 1
        yield from self._block(data[:last], final=True)
        text = data[last:].decode("utf-8", "replace")
        if not self._skipping and next(self.resolver.rows(text), None) is not None:
            yield self._batch([rejected(self.rewriter.raw(text[:RAW_LIMIT]), _TRUNCATED)])

    def _block(self, data: bytes, final: bool) -> Batches:
        if self._skipping:
            stop = data.find(b"\n") + 1
            data, self._skipping = data[stop:] if stop else b"", not stop
        if not self._started:
            start = self._opening(data)
            if start < 0 and not final and len(data) < MAX_LINE_BYTES:
                return data
            data, self._started = data[max(start, 0) :], True
        block, tokens = self._tokens(data)
        if tokens.end:
            yield from self._emit(data, block, tokens)
        left = data[tokens.end :]
        if final:
            yield from self._slow_only(left)
            return b""
        if len(left) > 4 * MAX_RECORD_CHARS:
            left = yield from self._forced(left)
        return left

    def _opening(self, data: bytes) -> int:
        """Where the records start: past the lines above and the header; -1: not yet seen."""
        start = 0
        for _ in range(self.form.skip_lines):
            start = data.find(b"\n", start) + 1
            if not start:
                return -1
        if not self.form.header:
            return start
        cut = Cut(self.rewriter.delimiter, self.form.quote, None)
        opened = first_line_opens(data[start : start + MAX_LINE_BYTES], cut)
        if opened:
            self._judge.header = data[start : start + opened].rstrip(b"\r\n")
            return start + opened
        block = np.frombuffer(data, np.uint8)[start:]
        for end in tokenize(block, self._delimiter, self._quote).record_end[:1].tolist():
            self._judge.header = data[start : start + end].rstrip(b"\r\n")
            return start + end
        return -1

    def _forced(self, left: bytes) -> Batches:
        """A stretch too long for one record is read slowly up to its last line break."""
        last = left.rfind(b"\n") + 1
        if last:
            yield from self._slow_only(left[:last])
        elif len(left) > MAX_LINE_BYTES:
            text = self.rewriter.raw(left[: 4 * RAW_LIMIT].decode("utf-8", "replace"))
            yield self._batch([rejected(text, f"line_too_long: over {MAX_LINE_BYTES} bytes")])
            self._skipping = True
            return b""
        return left[last:]

    def _slow_only(self, data: bytes) -> Iterator[pa.RecordBatch]:
        rows = list(self.resolver.rows(data.decode("utf-8", "replace")))
        if rows:
            yield self._batch(rows)

    def _batch(self, rows: list[Row]) -> pa.RecordBatch:
        self._last_rejected = rows[-1].cells is None
        return batch_of(rows, 1)

    def _emit(self, data: bytes, block: np.ndarray, tokens: Tokens) -> Iterator[pa.RecordBatch]:
        clean, blank = self._judge.clean(block, tokens)
        clean &= ~starts_like_remark(block, tokens.record_start)
        if self.form.header and not (self._rows or self._inside):
            clean[:1] = False  # the rule under the names is no record
        stretches = _stretches(~(clean | blank))
        rows: list[Row] = []
        places: list[int] = []
        for first, last in stretches:
            start, end = int(tokens.record_start[first]), int(tokens.record_end[last])
            found = list(self.resolver.rows(data[start:end].decode("utf-8", "replace")))
            rows += found
            places += [start] * len(found)
            tokens.keep[start:end] = False
        maps = self.rewriter.maps(self._maps(block, tokens, clean))
        if len(maps) + len(rows):
            batch = merged(maps, tokens.record_start[clean], rows, places)
            self._last_rejected = bool(batch["reason"][-1].is_valid)
            yield batch

    def border(self, text: bytes) -> int | None:
        """Where a record ends in text from within the file that begins a line, whatever stood
        before it: be it within quotes or not, the same two clean records meet there."""
        block, tokens = self._tokens(text)
        ends = tokens.record_end
        if self._quote is not None:
            _, opened = self._tokens(bytes([self._quote, LF]) + text)
            ends = np.intersect1d(ends, opened.record_end - 2)
        if not len(ends):
            return None
        clean, _ = self._judge.clean(block, tokens)
        both = clean[:-1] & clean[1:] & (tokens.record_start[:-1] >= ends[0])
        meets = np.flatnonzero(both)
        return int(tokens.record_end[meets[0]]) if len(meets) else None

    def _tokens(self, text: bytes) -> tuple[np.ndarray, Tokens]:
        block = np.frombuffer(text, np.uint8)
        return block, tokenize(block, self._delimiter, self._quote)

    def _maps(self, block: np.ndarray, tokens: Tokens, clean: np.ndarray) -> pa.MapArray:
        """The clean records' cells, straight from the block's bytes less its syntax."""
        fields = np.diff(tokens.first_cell)
        filled = np.repeat(clean, fields) & (tokens.cell_length > 0)
        before = np.append(0, np.cumsum(filled))
        per_row = (before[tokens.first_cell[1:]] - before[tokens.first_cell[:-1]])[clean]
        column = np.flatnonzero(filled) - np.repeat(tokens.first_cell[:-1][clean], per_row)
        ends = np.append(0, np.cumsum(tokens.cell_length[filled])).astype(np.int32)
        text = block[: tokens.end][tokens.keep[: tokens.end]]
        assert len(text) == ends[-1], (len(text), ends[-1])
        values = pa.StringArray.from_buffers(len(ends) - 1, pa.py_buffer(ends), pa.py_buffer(text))
        offsets = np.append(0, np.cumsum(per_row))
        return build_map(offsets, self._names.take(pa.array(column)), values)


def _stretches(chosen: np.ndarray) -> list[tuple[int, int]]:
    """First and last record of each run of chosen ones."""
    edge = np.diff(np.concatenate(([False], chosen, [False])).astype(np.int8))
    return list(zip(np.flatnonzero(edge == 1).tolist(), (np.flatnonzero(edge == -1) - 1).tolist()))
