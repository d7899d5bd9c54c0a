"""Delimited text to batches: whole blocks by numpy, doubtful stretches record by record."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator

import numpy as np
import pyarrow as pa

from aisles.feeds.formats import Format
from aisles.feeds.lines import MAX_EXTRA, MAX_RECORD_CHARS, MAX_RECORD_LINES, Resolver
from aisles.feeds.records import PARSED, RAW_LIMIT, Row, batch_of, build_map, map_array, rejected
from aisles.feeds.shift import Profile, shapes_of
from aisles.feeds.tokens import Tokens, tokenize

BLOCK_BYTES = 1 << 21
MAX_LINE_BYTES = 1 << 24
"""A line longer than this is rejected piece by piece, without being read whole."""
_LEARN_ROWS = 4_000

Batches = Generator[pa.RecordBatch, None, bytes]
"""Batches, then (as the generator's value) the bytes left over for the next block."""


class Delimited:
    """The batches of one delimited file; the trailer and the end are known after the last one."""

    def __init__(self, form: Format) -> None:
        self.form = form
        self.profile = Profile(len(form.columns))
        self.resolver = Resolver(form.columns, form.delimiter, form.quote, self.profile)
        self.clean_end = True
        self._delimiter = ord(form.delimiter)
        self._quote = None if form.quote is None else ord(form.quote)
        self._names = pa.array(form.columns, pa.string())
        self._next_no = 1
        self._started = False
        self._last_rejected = False

    @property
    def trailer_count(self) -> int | None:
        return self.resolver.trailer_count

    def batches(self, chunks: Iterable[bytes]) -> Iterator[pa.RecordBatch]:
        """Batches from the file's text, UTF-8 in chunks of any size, in file order."""
        pending: list[bytes] = []
        size, wanted = 0, BLOCK_BYTES
        for chunk in chunks:
            pending.append(chunk)
            size += len(chunk)
            if size >= wanted:
                rest = yield from self._block(b"".join(pending), final=False)
                pending, size = [rest], len(rest)
                wanted = size + BLOCK_BYTES
        rest = b"".join(pending)
        ended = rest.endswith(b"\n") or not rest
        yield from self._block(rest if ended else rest + b"\n", final=True)
        self.clean_end = ended or not self._last_rejected

    def _block(self, data: bytes, final: bool) -> Batches:
        if not self._started:
            start = self._opening(data)
            if start < 0 and not final and len(data) < MAX_LINE_BYTES:
                return data
            data, self._started = data[max(start, 0) :], True
        block = np.frombuffer(data, np.uint8)
        tokens = tokenize(block, self._delimiter, self._quote)
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
        """Where the records start: past comments, the HDR line and the header; -1: not yet seen."""
        start = marks_end(data)
        if not self.form.header:
            return start
        block = np.frombuffer(data, np.uint8)[start:]
        ends = tokenize(block, self._delimiter, self._quote).record_end
        return start + int(ends[0]) if len(ends) else -1

    def _forced(self, left: bytes) -> Batches:
        """A stretch too long for one record is read slowly up to its last line break."""
        last = left.rfind(b"\n") + 1
        if last:
            yield from self._slow_only(left[:last])
        elif len(left) > MAX_LINE_BYTES:
            text = left[: 4 * RAW_LIMIT].decode("utf-8", "replace")
            yield self._numbered([rejected(text, f"line_too_long: over {MAX_LINE_BYTES} bytes")])
            return b""
        return left[last:]

    def _slow_only(self, data: bytes) -> Iterator[pa.RecordBatch]:
        rows = list(self.resolver.rows(data.decode("utf-8", "replace")))
        if rows:
            yield self._numbered(rows)

    def _numbered(self, rows: list[Row]) -> pa.RecordBatch:
        batch = batch_of(rows, self._next_no)
        self._next_no += len(rows)
        self._last_rejected = rows[-1].cells is None
        return batch

    def _emit(self, data: bytes, block: np.ndarray, tokens: Tokens) -> Iterator[pa.RecordBatch]:
        clean, blank = self._judge(block, tokens)
        stretches = _stretches(~(clean | blank))
        rows: list[Row] = []
        places: list[int] = []
        for first, last in stretches:
            start, end = int(tokens.record_start[first]), int(tokens.record_end[last])
            found = list(self.resolver.rows(data[start:end].decode("utf-8", "replace")))
            rows += found
            places += [start] * len(found)
            tokens.keep[start:end] = False
        maps = self._maps(block, tokens, clean)
        if len(maps) + len(rows):
            yield self._merged(maps, tokens.record_start[clean], rows, places)

    def _merged(
        self, maps: pa.MapArray, starts: np.ndarray, rows: list[Row], places: list[int]
    ) -> pa.RecordBatch:
        """Clean and slow records in file order, numbered."""
        raw = pa.nulls(len(maps), pa.string())
        reason = raw
        if rows:
            order = np.argsort(np.append(starts, places), kind="stable")
            take = pa.array(order)
            maps = pa.concat_arrays([maps, map_array(rows)]).take(take)
            raw = pa.concat_arrays([raw, pa.array([r.raw for r in rows], pa.string())]).take(take)
            why = pa.array([r.reason for r in rows], pa.string())
            reason = pa.concat_arrays([reason, why]).take(take)
        total = len(maps)
        numbers = pa.array(np.arange(self._next_no, self._next_no + total, dtype=np.int64))
        self._next_no += total
        self._last_rejected = bool(reason[-1].is_valid)
        return pa.RecordBatch.from_arrays([numbers, maps, raw, reason], schema=PARSED)

    def _judge(self, block: np.ndarray, tokens: Tokens) -> tuple[np.ndarray, np.ndarray]:
        """Which records are clean (as many cells as columns, or trailing delimiters), and which
        are blank lines: two bool (R,)."""
        width, fields = len(self.form.columns), np.diff(tokens.first_cell)
        blank = (fields == 1) & (tokens.cell_length[tokens.first_cell[:-1]] == 0)
        doubtful = tokens.improper | blank | self._swallows(tokens)
        if self.form.has_trailer_marks:
            doubtful |= _starts_with(block, tokens.record_start, b"TRL")
        clean = (fields == width) & ~doubtful
        self._learn(block, tokens, clean)
        extra = np.flatnonzero((fields > width) & (fields <= width + MAX_EXTRA) & ~doubtful)
        ends = tokens.first_cell[extra + 1]
        empty = tokens.cell_length[ends - 1] == 0
        empty &= (fields[extra] == width + 1) | (tokens.cell_length[ends - 2] == 0)
        extra = extra[empty]
        for more in range(1, MAX_EXTRA + 1):
            some = extra[fields[extra] == width + more]
            shapes = self._shapes(block, tokens, some, width + more)
            clean[some[~self.profile.shifted(shapes)]] = True
        return clean, blank

    def _swallows(self, tokens: Tokens) -> np.ndarray:
        """Records over several lines that may hold other records, or are too long for one."""
        many = tokens.breaks > 1
        if not many.any():
            return many
        size = tokens.record_end - tokens.record_start
        roomy = tokens.delimiters >= 2 * (len(self.form.columns) - 1)
        return many & (roomy | (size > MAX_RECORD_CHARS) | (tokens.breaks > MAX_RECORD_LINES))

    def _learn(self, block: np.ndarray, tokens: Tokens, clean: np.ndarray) -> None:
        if self.profile.open:
            some = np.flatnonzero(clean)[:_LEARN_ROWS]
            self.profile.learn(self._shapes(block, tokens, some, len(self.form.columns)))

    def _shapes(
        self, block: np.ndarray, tokens: Tokens, records: np.ndarray, cells: int
    ) -> np.ndarray:
        """The cells' shapes, int64 (records, cells)."""
        which = tokens.first_cell[records][:, np.newaxis] + np.arange(cells)
        start = tokens.cell_start[which]
        quoted = block[start] == (self._quote if self._quote is not None else 0)
        first = block[np.minimum(start + quoted, len(block) - 1)]
        return shapes_of(first, tokens.cell_length[which])

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


def marks_end(data: bytes) -> int:
    """Where the lines before the header or first record end: blanks, ``#`` comments, HDR."""
    place = 0
    while True:
        stop = data.find(b"\n", place)
        line = data[place:] if stop < 0 else data[place:stop]
        if line.strip() and not line.startswith((b"#", b"HDR")):
            return place
        if line.startswith(b"HDR") and line[3:4].isalnum():
            return place
        if stop < 0:
            return place if not line.startswith((b"#", b"HDR")) else len(data)
        place = stop + 1


def _starts_with(block: np.ndarray, starts: np.ndarray, mark: bytes) -> np.ndarray:
    found = np.ones(len(starts), dtype=bool)
    for offset, sign in enumerate(mark):
        found &= block[np.minimum(starts + offset, len(block) - 1)] == sign
    return found


def _stretches(chosen: np.ndarray) -> list[tuple[int, int]]:
    """First and last record of each run of chosen ones."""
    edge = np.diff(np.concatenate(([False], chosen, [False])).astype(np.int8))
    return list(zip(np.flatnonzero(edge == 1).tolist(), (np.flatnonzero(edge == -1) - 1).tolist()))
