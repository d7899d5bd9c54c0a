"""A text column of one batch: its bytes, its normal form, and the way from one to the other.

Positions are bytes inside a column's joined buffer: Arrow already stores the values of a column
one behind the other, so a whole column is searched in one call and rows are found by offsets.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from aisles.rules.normal import raw_span

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Bytes = NDArray[np.uint8]

# How a row's normal form relates to its raw text: ASCII in lower case; sign by sign the same
# number; the same but for whitespace; folding made more signs; it was not in NFC.
SAME_BYTES, SAME_CHARS, SPACED, MOVED, RECOMPOSED = range(5)
_SPACES = np.zeros(256, np.bool_)
_SPACES[[code for code in range(128) if chr(code).isspace()]] = True
# Whitespace that `_spaces` does not know: beyond Latin-1.
_WIDE_SPACE = re.compile("[\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]")


class Joined(NamedTuple):
    """Values one behind the other: row i is `data[offsets[i]:offsets[i + 1]]`."""

    data: Bytes
    offsets: Ints

    @classmethod
    def of(cls, values: pa.StringArray) -> Joined:
        """The bytes and offsets of a string array without nulls, counted from its first row."""
        _, offsets_buffer, data_buffer = values.buffers()
        if not len(values) or data_buffer is None:
            return cls(np.zeros(0, np.uint8), np.zeros(len(values) + 1, np.int64))
        stop = values.offset + len(values) + 1
        offsets = np.frombuffer(offsets_buffer, np.int32, stop)[values.offset :].astype(np.int64)
        data = np.frombuffer(data_buffer, np.uint8)[offsets[0] : offsets[-1]]
        return cls(data, offsets - offsets[0])

    def rows_of(self, positions: Ints) -> Ints:
        """The row that holds each byte position."""
        return np.searchsorted(self.offsets, positions, side="right") - 1

    def any_in_row(self, flags: Bools) -> Bools:
        """For each row whether one of its bytes is flagged."""
        found = np.zeros(len(self.offsets) - 1, np.bool_)
        filled = np.flatnonzero(self.offsets[1:] > self.offsets[:-1])
        if len(filled) and flags.any():
            found[filled] = np.logical_or.reduceat(flags, self.offsets[filled])
        return found

    def lowered(self) -> Joined:
        """The same with ASCII letters in lower case."""
        capital = (self.data - np.uint8(ord("A"))) < 26
        return Joined(self.data | capital.view(np.uint8) * np.uint8(0x20), self.offsets)

    def array(self) -> pa.StringArray:
        """The values as an Arrow array."""
        offsets = pa.py_buffer(self.offsets.astype(np.int32))
        return pa.StringArray.from_buffers(
            len(self.offsets) - 1, offsets, pa.py_buffer(np.ascontiguousarray(self.data))
        )

    def gather(self, starts: Ints, ends: Ints) -> pa.StringArray:
        """The text between each pair of byte positions."""
        lengths = ends - starts
        offsets = np.concatenate(([0], np.cumsum(lengths)))
        index = np.repeat(starts - offsets[:-1], lengths) + np.arange(offsets[-1])
        return Joined(self.data[index], offsets).array()


class Spans(NamedTuple):
    """Places in raw text: code points inside the row, and bytes in the joined column."""

    starts: Ints
    ends: Ints
    byte_starts: Ints
    byte_ends: Ints


@dataclass(frozen=True)
class TextColumn:
    """One text field of a batch: raw values, normalised values, and each row's `kind`."""

    values: pa.StringArray
    normal_values: pa.StringArray
    kinds: NDArray[np.uint8]

    @classmethod
    def of(cls, values: pa.Array) -> TextColumn:
        """The column of a string array; null becomes the empty text."""
        if not pa.types.is_string(values.type):
            values = values.cast(pa.string())
        if values.null_count:
            values = pc.fill_null(values, "")
        lowered = Joined.of(values).lowered()
        normal = lowered.array()
        kinds = np.zeros(len(values), np.uint8)
        unusual = np.flatnonzero(_unusual_rows(lowered))
        if len(unusual):
            mask = np.zeros(len(values), np.bool_)
            mask[unusual] = True
            forms = [_normal_form(text) for text in values.take(pa.array(unusual)).to_pylist()]
            kinds[unusual] = [kind for _, kind in forms]
            texts = pa.array([text for text, _ in forms], pa.string())
            normal = pc.replace_with_mask(normal, pa.array(mask), texts)
        return cls(values, normal, kinds)

    @cached_property
    def raw(self) -> Joined:
        return Joined.of(self.values)

    @cached_property
    def normal(self) -> Joined:
        return Joined.of(self.normal_values)

    @cached_property
    def filled(self) -> Bools:
        """For each row whether the field is more than blank."""
        return self.normal.offsets[1:] > self.normal.offsets[:-1]

    def spans_of_normal(self, rows: Ints, starts: Ints, ends: Ints) -> Spans:
        """The raw places of stretches of the normal form."""
        shift = self.raw.offsets[rows] - self.normal.offsets[rows]
        byte_starts, byte_ends = starts + shift, ends + shift
        first = self.raw.offsets[rows]
        spans = Spans(byte_starts - first, byte_ends - first, byte_starts, byte_ends)
        kinds = self.kinds[rows]
        if kinds.any():
            for kind in (SAME_CHARS, SPACED):
                chosen = np.flatnonzero(kinds == kind)
                if len(chosen):
                    self._counted(spans, chosen, rows[chosen], starts[chosen], ends[chosen])
            for i in np.flatnonzero(kinds >= MOVED).tolist():
                self._moved(spans, i, int(rows[i]), int(starts[i]), int(ends[i]))
        return spans

    def spans_of_raw(self, rows: Ints, byte_starts: Ints, byte_ends: Ints) -> Spans:
        """The places of stretches of raw bytes, in code points as well."""
        first = self.raw.offsets[rows]
        starts, ends = byte_starts - first, byte_ends - first
        for i in np.flatnonzero(self.kinds[rows]).tolist():
            before = self.raw.data[first[i] : byte_starts[i]]
            starts[i] = _characters(before)
            ends[i] = starts[i] + _characters(self.raw.data[byte_starts[i] : byte_ends[i]])
        return Spans(starts, ends, byte_starts, byte_ends)

    def _counted(self, spans: Spans, at: Ints, rows: Ints, starts: Ints, ends: Ints) -> None:
        """Fills in spans of rows of one kind, SAME_CHARS or SPACED, by counting signs.

        The n-th sign of the normal form is the n-th of the raw text, whitespace left out where
        it was collapsed; a stretch that was looked for neither begins nor ends with whitespace.
        """
        used, place = np.unique(rows, return_inverse=True)
        normal = Joined.of(self.normal_values.take(pa.array(used)))
        raw = Joined.of(self.values.take(pa.array(used)))
        spaced = self.kinds[rows[0]] == SPACED
        begins = _leads(raw.data)
        signs = np.flatnonzero(begins & ~_spaces(raw.data) if spaced else begins)
        seen = _leads(normal.data) & ~_spaces(normal.data) if spaced else _leads(normal.data)
        before = np.concatenate(([0], np.cumsum(seen)))
        shift = normal.offsets[place] - self.normal.offsets[rows]
        first = signs[before[starts + shift]]
        stop = _next_sign(begins, signs[before[ends + shift] - 1])
        chars = np.concatenate(([0], np.cumsum(begins)))
        origin = raw.offsets[place]
        spans.starts[at] = chars[first] - chars[origin]
        spans.ends[at] = chars[stop] - chars[origin]
        spans.byte_starts[at] = first - origin + self.raw.offsets[rows]
        spans.byte_ends[at] = stop - origin + self.raw.offsets[rows]

    def _moved(self, spans: Spans, at: int, row: int, start: int, end: int) -> None:
        """Fills in one span of a row whose code points have moved, by aligning its words."""
        raw, normal = self.values[row].as_py(), self.normal_values[row].as_py()
        offset = int(self.normal.offsets[row])
        low = _characters(self.normal.data[offset:start])
        high = low + _characters(self.normal.data[start:end])
        first, last = raw_span(raw, normal, low, high)
        origin = int(self.raw.offsets[row])
        spans.starts[at], spans.ends[at] = first, last
        spans.byte_starts[at] = origin + len(raw[:first].encode())
        spans.byte_ends[at] = origin + len(raw[:last].encode())


def _leads(data: Bytes) -> Bools:
    """Which bytes begin a code point."""
    return (data & 0xC0) != 0x80


def _spaces(data: Bytes) -> Bools:
    """Which bytes begin a whitespace sign of Latin-1."""
    spaces = _SPACES[data]
    wide = (data[:-1] == 0xC2) & ((data[1:] == 0x85) | (data[1:] == 0xA0))
    spaces[:-1] |= wide
    return spaces


def _next_sign(begins: Bools, positions: Ints) -> Ints:
    """Where the code points that begin at the positions end."""
    leads = np.append(np.flatnonzero(begins), len(begins))
    return leads[np.searchsorted(leads, positions, side="right")]


def _characters(data: Bytes) -> int:
    return int(np.count_nonzero(_leads(data)))


def _unusual_rows(lowered: Joined) -> Bools:
    """Rows whose normal form is more than ASCII in lower case: other signs, odd whitespace."""
    data, offsets = lowered
    rows = np.zeros(len(offsets) - 1, np.bool_)
    if not len(data):
        return rows
    # Wraps below the space: one comparison finds control signs and bytes beyond ASCII.
    flags = (data - np.uint8(0x20)) >= 0x60
    space = data == 0x20
    flags[1:] |= space[1:] & space[:-1]
    filled = offsets[1:] > offsets[:-1]
    rows[filled] = space[offsets[:-1][filled]] | space[offsets[1:][filled] - 1]
    return rows | lowered.any_in_row(flags)


def _normal_form(raw: str) -> tuple[str, int]:
    """The normalised text and how it relates to the raw one."""
    composed = raw.isascii() or unicodedata.is_normalized("NFC", raw)
    folded = (raw if composed else unicodedata.normalize("NFC", raw)).casefold()
    text = " ".join(folded.split())
    if not composed:
        return text, RECOMPOSED
    if len(raw) != len(folded):
        return text, MOVED
    if len(folded) == len(text):
        return text, SAME_CHARS
    return text, MOVED if _WIDE_SPACE.search(raw) else SPACED
