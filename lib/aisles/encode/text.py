"""Folded text and where its words, stems, trigrams and levels lie in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from aisles.encode.hashing import Ints, Ranges, UInts, buffers

LEVEL_MARK = b" > "  # joins the levels of products.merchant_category


@dataclass(frozen=True)
class Spans:
    """Pieces of text in reading order: the row of each, its place in the row, its bytes.

    row, rank, start, end: int64 (n,); sorted by row, then by start.
    """

    row: Ints
    rank: Ints
    start: Ints
    end: Ints

    def take(self, keep: NDArray) -> Spans:
        """The spans at a mask or at places; rank stays that of the whole row."""
        return Spans(self.row[keep], self.rank[keep], self.start[keep], self.end[keep])


def fold(text: pa.Array, characters: int = 0) -> pa.StringArray:
    """Text in which spellings of the same word are equal; null becomes empty.

    Lower case, compatibility forms (NFKC), no accents on Latin, Greek and Cyrillic letters;
    whatever is neither letter nor digit outside ASCII is a space; a Han or Kana character is a
    word, as those scripts put no spaces. characters: code points read of each row, 0 for all.
    """
    text = pc.fill_null(text.cast(pa.string()), "")
    if characters:
        text = pc.utf8_slice_codeunits(text, 0, characters)
    text = _where_not_ascii(pc.ascii_lower(text), _strip_marks)
    return _where_not_ascii(text, _separate)


def _where_not_ascii(
    text: pa.StringArray, change: Callable[[pa.StringArray], pa.StringArray]
) -> pa.StringArray:
    """The column with `change` applied to the rows that hold more than ASCII: most do not."""
    mask = pc.invert(pc.string_is_ascii(text))
    if not pc.any(mask, min_count=0).as_py():
        return text
    return pc.replace_with_mask(text, mask, change(text.filter(mask)))


def _strip_marks(text: pa.StringArray) -> pa.StringArray:
    text = pc.utf8_lower(pc.utf8_normalize(text, "NFKD"))
    text = pc.replace_substring_regex(text, "[\u0300-\u036f\u00ad\u200b-\u200d\u2060\ufeff]", "")
    return pc.replace_substring(text, "ß", "ss")


def _separate(text: pa.StringArray) -> pa.StringArray:
    text = pc.utf8_normalize(text, "NFC")
    text = pc.replace_substring_regex(text, r"[^\x00-\x7F\p{L}\p{N}\p{M}]", " ")
    return pc.replace_substring_regex(text, r"([\p{Han}\p{Hiragana}\p{Katakana}])", r" \1 ")


class Text:
    """One folded column as bytes, with the spans of its words; digits all read as 0.

    Numbers (sizes, model numbers) hardly ever say what a product is, their shape (000gb) does.
    """

    def __init__(self, folded: pa.Array) -> None:
        raw, self.offsets = buffers(folded)
        self.data = _DIGITS_TO_ZERO[raw]
        self.ranges = Ranges(self.data)
        self.words = self._find_words()

    def hash(self, spans: Spans) -> UInts:
        """uint64 hash of each span's text."""
        return self.ranges.hash(spans.start, spans.end)

    def counts(self, spans: Spans) -> Ints:
        """Number of spans in each row."""
        return np.bincount(spans.row, minlength=len(self.offsets) - 1)

    def levels(self) -> Spans:
        """The non-empty levels of `A > B > C`, without the marks between them."""
        if len(self.data) < len(LEVEL_MARK):
            marks = np.zeros(0, np.int64)
        else:
            blank, arrow, blank2 = LEVEL_MARK
            marks = np.flatnonzero(
                (self.data[:-2] == blank) & (self.data[1:-1] == arrow) & (self.data[2:] == blank2)
            )
            marks = marks[marks + len(LEVEL_MARK) <= self.offsets[self._row(marks) + 1]]
        start = np.sort(np.concatenate([self.offsets[:-1], marks + len(LEVEL_MARK)]))
        end = np.sort(np.concatenate([self.offsets[1:], marks]))
        # An empty row starts where the next one does: pairing sorted starts with sorted ends
        # keeps rows apart only when empty levels are dropped afterwards.
        full = end > start
        return self._spans(start[full], end[full])

    def stems(self, spans: Spans, characters: int) -> tuple[Ints, UInts]:
        """(which span, hash) of the leading characters of each span that has as many."""
        first, last, starts = self._characters(spans)
        which = np.flatnonzero(last - first >= characters)
        end = starts[first[which] + characters]
        return which, self.ranges.hash(spans.start[which], end)

    def trigrams(self, spans: Spans, most: int) -> tuple[Ints, UInts]:
        """(which span, hash) of the last `most` character trigrams of each span."""
        first, last, starts = self._characters(spans)
        count = np.clip(last - first - 2, 0, most)
        which = np.repeat(np.arange(len(count)), count)
        place = np.arange(len(which)) - np.repeat(np.cumsum(count) - count, count)
        at = last[which] - 3 - place
        return which, self.ranges.hash(starts[at], starts[at + 3])

    def _find_words(self) -> Spans:
        inside = _IS_WORD[self.data]
        begins = np.zeros(len(self.data) + 1, np.bool_)
        begins[self.offsets] = True
        before = np.concatenate([[False], inside])
        after = np.concatenate([inside, [False]])
        start = np.flatnonzero(after & (~before | begins))
        end = np.flatnonzero(before & (~after | begins))
        return self._spans(start, end)

    def _spans(self, start: Ints, end: Ints) -> Spans:
        bounds = np.searchsorted(start, self.offsets)
        counts = np.diff(bounds)
        row = np.repeat(np.arange(len(counts)), counts)
        return Spans(row, np.arange(len(start)) - np.repeat(bounds[:-1], counts), start, end)

    def _row(self, place: Ints) -> Ints:
        return np.searchsorted(self.offsets, place, side="right") - 1

    def _characters(self, spans: Spans) -> tuple[Ints, Ints, Ints]:
        """First and last character number of each span, and the byte where each number starts."""
        lead = (self.data & 0xC0) != 0x80
        number = np.concatenate([[0], np.cumsum(lead)])
        starts = np.concatenate([np.flatnonzero(lead), [len(self.data)]])
        return number[spans.start], number[spans.end], starts


def _tables() -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    byte = np.arange(256, dtype=np.uint8)
    digit = (byte >= ord("0")) & (byte <= ord("9"))
    letter = (byte >= ord("a")) & (byte <= ord("z"))
    return np.where(digit, np.uint8(ord("0")), byte), digit | letter | (byte >= 0x80)


_DIGITS_TO_ZERO, _IS_WORD = _tables()
