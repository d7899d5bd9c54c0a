"""The normal form of text in `contains` and `is`, and the way back to the stored text."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple


class Aligned(NamedTuple):
    """A normalised text and, for each of its code points, the raw code points it came from."""

    text: str
    starts: list[int]
    ends: list[int]


def normalise(text: str) -> str:
    """The text in Unicode NFC, fully case-folded, whitespace runs as one space, trimmed."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


@lru_cache(maxsize=65536)
def is_word_char(char: str) -> bool:
    """True for letters, marks and digits (Unicode categories L, M and N)."""
    return unicodedata.category(char)[0] in "LMN"


def raw_span(raw: str, normal: str, start: int, end: int) -> tuple[int, int]:
    """The raw code points (start, end) behind a stretch of `normal`, which is normalise(raw).

    Whitespace composes with nothing, so the words of both texts correspond one to one and only
    the words at the two ends of the stretch, which are no whitespace, have to be aligned.
    """
    words = _words(raw)
    first, first_end = words[normal.count(" ", 0, start)]
    last, last_end = words[normal.count(" ", 0, end)]
    head = align(raw[first:first_end]).starts[start - normal.rfind(" ", 0, start) - 1]
    tail = align(raw[last:last_end]).ends[end - normal.rfind(" ", 0, end) - 2]
    return first + head, last + tail


@lru_cache(maxsize=16)
def _words(raw: str) -> list[tuple[int, int]]:
    return [match.span() for match in re.finditer(r"\S+", raw)]


@lru_cache(maxsize=64)
def align(raw: str) -> Aligned:
    """`normalise(raw)` with the raw span (start, end) behind each of its code points.

    A code point that composition or folding makes of several (or one of several that it makes
    of one) gets the whole raw span; a run of whitespace becomes a space with the run's span.
    """
    chars: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for piece, start, end in _pieces(raw):
        for char in piece:
            if char.isspace() and (not chars or chars[-1] == " "):
                ends[-1:] = [end] if chars else []
                continue
            chars.append(" " if char.isspace() else char)
            starts.append(start)
            ends.append(end)
    if chars and chars[-1] == " ":
        del chars[-1], starts[-1], ends[-1]
    return Aligned("".join(chars), starts, ends)


def _pieces(raw: str) -> list[tuple[str, int, int]]:
    """Normalised pieces of the text with their raw spans, before whitespace is collapsed."""
    found: list[tuple[str, int, int]] = []
    for start, end in _segments(raw):
        segment = raw[start:end]
        composed = unicodedata.normalize("NFC", segment)
        if composed != segment:
            found.append((composed.casefold(), start, end))
            continue
        found += [(c.casefold(), start + i, start + i + 1) for i, c in enumerate(segment)]
    return found


def _segments(raw: str) -> list[tuple[int, int]]:
    """Spans whose NFC forms, put together, are the NFC form of the whole text."""
    if unicodedata.is_normalized("NFC", raw):
        return [(i, i + 1) for i in range(len(raw))]
    cuts = [0]
    for i in range(1, len(raw)):
        if _begins_anew(raw[cuts[-1] : i], raw[i]):
            cuts.append(i)
    return list(zip(cuts, cuts[1:] + [len(raw)]))


def _begins_anew(before: str, char: str) -> bool:
    """Whether nothing at or after `char` can compose with what stands before it."""
    if char.isascii() or before.isspace():
        return True
    if unicodedata.combining(unicodedata.normalize("NFD", char)[0]):
        return False
    nfc = unicodedata.normalize
    return nfc("NFC", before + char) == nfc("NFC", before) + nfc("NFC", char)
