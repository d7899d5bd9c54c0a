"""The tags of a group of XML records, found by a few passes of numpy."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_LT, _GT, _AMP, _BAD = 1, 2, 3, 4
_CLASS = np.zeros(256, np.uint8)
_CLASS[[code for code in range(32) if code not in b"\t\n\r"]] = _BAD
_CLASS[list(b"<>&")] = _LT, _GT, _AMP
_SLASH, _BRACKET, _BANG, _QUESTION = b"/]!?"
_CDATA = re.compile(rb"<!\[CDATA\[.*?\]\]>", re.S)
_BEGIN, _END = len(b"<![CDATA["), len(b"]]>")
_NO_CHARS = (b"\xef\xbf\xbe", b"\xef\xbf\xbf")


class Group:
    """The tags of R records that stand beside each other, T in all those that are like trees.

    ``bad``: bool (R,), records that this way of reading does not know; their tags are not among
    the T. ``loose``: bool (R,), a ``>`` stands outside of a tag. ``start``, ``end``: int64 (T,),
    where a tag's ``<`` and ``>`` stand. ``record``: int64 (T,). ``close``, ``empty``: bool (T,),
    end tags, and tags of empty elements. ``depth``: int64 (T,), elements open before the tag.
    ``first``, ``last``: int64 (R,), tags of the record itself. ``hidden``: int64 (H, 2), where
    CDATA sections start and end. ``amps``, ``amp_record``: int64 (A,), ``&`` outside of these.
    """

    def __init__(self, text: bytes, spans: Ints) -> None:
        self._text = text
        self.block = np.frombuffer(text, np.uint8)
        self.rows = len(spans)
        self.has_cr = b"\r" in text
        self.bad = np.full(self.rows, b"\xef\xbf" in text and any(s in text for s in _NO_CHARS))
        found = [one.span() for one in _CDATA.finditer(text)] if b"<![CDATA[" in text else []
        self.hidden = np.array(found, np.int64).reshape(-1, 2)
        classes = _CLASS[self.block]
        if found:
            classes[_inside(classes, *self.hidden.T) & (classes < _BAD)] = 0
        classes[~_inside(classes, *spans.T)] = 0  # form feeds between records are space
        at = np.flatnonzero(classes)
        kind = classes[at]
        counts = np.searchsorted(at, spans[:, 1]) - np.searchsorted(at, spans[:, 0])
        record = np.repeat(np.arange(self.rows), counts)
        self._across(spans)
        self.spoil(record[kind == _BAD])
        self.amps, self.amp_record = at[kind == _AMP], record[kind == _AMP]
        angle = kind <= _GT
        self._pair(at[angle], record[angle], kind[angle] == _LT)
        self._nest()

    def spoil(self, records: Ints) -> None:
        """These records are not read this way."""
        self.bad[records] = True

    def texts(self, start: Ints, end: Ints) -> list[bytes]:
        """A few stretches of the records' text."""
        return [self._text[a:b] for a, b in zip(start.tolist(), end.tolist(), strict=True)]

    def children(self) -> tuple[Ints, Ints]:
        """The start tags of the records' children and the tags that end them, in order."""
        starts = np.flatnonzero((self.depth == 1) & ~self.close)
        ends = np.append(starts[1:], len(self.depth)) - 1
        return starts, np.minimum(ends, self.last[self.record[starts]] - 1)

    def _across(self, spans: Ints) -> None:
        """What looks like CDATA and spans records is none: it begins in a comment."""
        first, last = (
            np.searchsorted(spans[:, 0], place, side="right") - 1
            for place in (self.hidden[:, 0], self.hidden[:, 1] - 1)
        )
        for a, b in zip(first[first < last].tolist(), last[first < last].tolist(), strict=True):
            self.bad[max(a, 0) : b + 1] = True

    def _pair(self, place: Ints, record: Ints, opens: Bools) -> None:
        """Each < with the > that follows it; another > is text."""
        less = np.flatnonzero(opens)
        self.spoil(record[less[np.append(opens[1:], True)[less]]])
        stray = ~opens
        stray[1:] &= ~opens[:-1]
        self.loose = np.zeros(self.rows, np.bool_)
        self.loose[record[stray]] = True
        ends_cdata = (self.block[place - 1] == _BRACKET) & (self.block[place - 2] == _BRACKET)
        self.spoil(record[stray & ends_cdata])
        less = less[~self.bad[record[less]]]
        self.start, self.end, self.record = place[less], place[less + 1], record[less]

    def _nest(self) -> None:
        """How deep each tag stands; records that are no trees are bad."""
        sign = self.block[self.start + 1]
        self.close = sign == _SLASH
        self.spoil(self.record[(sign == _BANG) | (sign == _QUESTION)])
        self.empty = ~self.close & (self.block[self.end - 1] == _SLASH)
        step = 1 - 2 * self.close.astype(np.int64) - self.empty
        count = np.bincount(self.record, minlength=self.rows)
        total = np.cumsum(step)
        some = count[count > 0]
        begin = np.cumsum(some) - some
        after = total - np.repeat(total[begin] - step[begin], some)
        self.depth = after - step
        self.bad |= count < 3
        self.bad |= np.bincount(self.record[after <= 0], minlength=self.rows) != 1
        self.spoil(self.record[begin + some - 1][after[begin + some - 1] != 0])
        kept = ~self.bad[self.record]
        for name in ("start", "end", "record", "close", "empty", "depth"):
            setattr(self, name, getattr(self, name)[kept])
        count = np.bincount(self.record, minlength=self.rows)
        self.first = np.cumsum(count) - count
        self.last = self.first + count - 1


def texts_of(
    block: NDArray[np.uint8],
    start: Ints,
    end: Ints,
    hidden: Ints | None = None,
    holder: Ints | None = None,
) -> pa.BinaryArray:
    """The stretches of the block, which follow each other, as binary.

    hidden: CDATA sections in them, whose marks are left out; holder: in which stretch each is.
    """
    length = end - start
    total = int(length.sum())
    if hidden is None and 4 * total < len(block):
        shift = np.repeat(start - np.cumsum(length) + length, length)
        text = block[np.arange(total) + shift]
    else:
        inside = _inside(block, start, end)
        if hidden is not None and holder is not None and len(hidden):
            inside[hidden[:, :1] + np.arange(_BEGIN)] = False
            inside[hidden[:, 1:] - np.arange(1, _END + 1)] = False
            length = length - (_BEGIN + _END) * np.bincount(holder, minlength=len(length))
        text = block[inside]
    ends = np.append(0, np.cumsum(length)).astype(np.int32)
    assert len(text) == ends[-1], (len(text), ends[-1])
    return pa.BinaryArray.from_buffers(
        pa.binary(), len(ends) - 1, [None, pa.py_buffer(ends), pa.py_buffer(text)]
    )


def _inside(block: NDArray[np.uint8], start: Ints, end: Ints) -> Bools:
    """Which bytes of the block lie in one of the stretches, which do not overlap."""
    edge = np.zeros(len(block) + 1, np.int8)
    edge[start] += 1
    edge[end] -= 1
    return np.cumsum(edge[:-1], dtype=np.int8).view(np.bool_)
