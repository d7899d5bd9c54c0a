"""Delimiter, quote and header of delimited text, from its first records."""

from __future__ import annotations

import re
import string
from dataclasses import dataclass

import numpy as np

from aisles.feeds.delimited import marks_end
from aisles.feeds.formats import unique_names
from aisles.feeds.lines import Resolver
from aisles.feeds.shift import Profile
from aisles.feeds.tokens import tokenize
from aisles.feeds.vocabulary import is_known_name

COMMON = ",;\t|^~"
RARE = "\x01\x02\x07\x1c\x1d\x1e\x1f!*@"
SAMPLE_RECORDS = 1000
SAMPLE_BYTES = 1 << 16
_VALUE_LIKE = re.compile(
    r"^\s*(?:https?:|//|www\.)|^[\s$€£¥₹.,+-]*\d[\d\s.,:%/TZ+-]*$|^\d{4}-\d\d-\d\d|\S+@\S+\.\S+"
)


@dataclass(frozen=True)
class Dialect:
    """How delimited text is cut, and its columns."""

    delimiter: str
    quote: str | None
    header: bool
    columns: tuple[str, ...]
    has_trailer_marks: bool


def dialect_of(head: bytes, whole: bool) -> Dialect:
    """The dialect of UTF-8 text; ``whole``: ``head`` is the whole file, so its last line counts."""
    start = marks_end(head)
    marked = any(line.startswith(b"HDR") for line in head[:start].split(b"\n"))
    body = head[start:]
    if whole and not body.endswith(b"\n"):
        body += b"\n"
    if b"\n" not in body:
        body += b"\n"
    if body.count(b"\n", 0, SAMPLE_BYTES) >= 20:
        body = body[: body.rindex(b"\n", 0, SAMPLE_BYTES) + 1]
    delimiter, quote = _cut(body)
    records = _first_records(body, delimiter, quote)
    header = bool(records) and _is_header(records)
    width = _width(body, delimiter, quote, len(records[0]) if records and header else None)
    names = unique_names(records[0]) if header else tuple(map(str, range(width)))
    return Dialect(delimiter, quote, header, names, marked)


def _cut(body: bytes) -> tuple[str, str | None]:
    """Delimiter and quote that cut most records into equally many cells."""
    block = np.frombuffer(body, np.uint8)
    best, choice = 0.0, (",", '"')
    for signs in (COMMON, RARE):
        for sign in signs:
            if sign.encode() not in body:
                continue
            score = max(_evenness(block, sign, quote) for quote in ('"', None))
            if score > best + 1e-9:
                best, choice = score, (sign, '"')
        if best > 0.5:
            break
    return choice[0], _quote(block, body, choice[0])


def _evenness(block: np.ndarray, delimiter: str, quote: str | None) -> float:
    """Share of records with the usual number of cells, a little more for more cells."""
    fields = _fields(block, delimiter, quote)
    if not len(fields):
        return 0.0
    counts = np.bincount(fields)
    usual = int(counts.argmax())
    if len(fields) <= 3:
        usual = int(fields[0])
    if usual < 2:
        return 0.0
    near = counts[usual : usual + 3].sum()
    return float(near / len(fields)) * (1 + 0.05 * float(np.log2(min(usual, 256))))


def _fields(block: np.ndarray, delimiter: str, quote: str | None) -> np.ndarray:
    tokens = tokenize(block, ord(delimiter), None if quote is None else ord(quote))
    fields = np.diff(tokens.first_cell)
    empty = (fields == 1) & (tokens.cell_length[tokens.first_cell[:-1]] == 0)
    return fields[~empty][:SAMPLE_RECORDS]


def _quote(block: np.ndarray, body: bytes, delimiter: str) -> str | None:
    """The quote sign, or None where quotes are plain signs of the text.

    Only formats that do without quoting by habit (pipes, tabs and rarer) are doubted: when no
    cell stands in quotes, or none needs them and the cells come out more even without.
    """
    if b'"' not in body:
        return _single(body, delimiter)
    if delimiter in ",;":
        return '"'
    sign = re.escape(delimiter.encode())
    wrapped = re.search(rb'(?:^|%s)"[^"\n]*"(?=%s|\r?$)' % (sign, sign), body, re.M)
    if _needs_quotes(block, delimiter):
        return '"'
    better = _evenness(block, delimiter, '"') >= _evenness(block, delimiter, None)
    return '"' if wrapped and better else None


def _needs_quotes(block: np.ndarray, delimiter: str) -> bool:
    """Whether records come out right only because a delimiter or line break is in quotes."""
    tokens = tokenize(block, ord(delimiter), ord('"'))
    fields = np.diff(tokens.first_cell)
    if not len(fields):
        return False
    right = (fields == int(np.bincount(fields).argmax())) & ~tokens.improper
    inside = (tokens.breaks > 1) | (tokens.delimiters > fields - 1)
    return bool((right & inside).any())


def _single(body: bytes, delimiter: str) -> str | None:
    """Single quotes are quotes only where nearly every cell stands in them."""
    wrapped = body.count(b"'" + delimiter.encode() + b"'")
    return "'" if wrapped > 0.8 * body.count(delimiter.encode()) > 0 else '"'


def _first_records(body: bytes, delimiter: str, quote: str | None) -> list[list[str]]:
    """The cells of the first records."""
    block = np.frombuffer(body, np.uint8)
    tokens = tokenize(block, ord(delimiter), None if quote is None else ord(quote))
    records = []
    for begin, end in zip(tokens.record_start[:60], tokens.record_end[:60], strict=True):
        text = body[begin:end].decode("utf-8", "replace").rstrip("\r\n")
        if text.strip():
            reader = Resolver((), delimiter, quote, Profile(0))
            records.append(reader.cells(text))
    return records[:50]


def _width(body: bytes, delimiter: str, quote: str | None, header_width: int | None) -> int:
    if header_width is not None:
        return header_width
    fields = _fields(np.frombuffer(body, np.uint8), delimiter, quote)
    return int(np.bincount(fields).argmax()) if len(fields) else 1


def _is_header(records: list[list[str]]) -> bool:
    """Whether the first record holds names: words, each once, unlike the values below them."""
    first = [cell.strip() for cell in records[0]]
    filled = [cell for cell in first if cell]
    if not filled or len(set(filled)) < 0.7 * len(filled):
        return False
    if any(_VALUE_LIKE.search(cell) or len(cell) > 80 for cell in filled):
        return False
    if len(filled) < 0.6 * len(first):
        return False
    known = sum(map(is_known_name, filled))
    if known >= max(2, 0.3 * len(filled)):
        return True
    return _differs(first, records[1:], known)


def _differs(first: list[str], rows: list[list[str]], known: int) -> bool:
    """Whether columns of numbers or links start with a word, or every word is an identifier."""
    breaks = 0
    for place, word in enumerate(first):
        below = [row[place].strip() for row in rows if place < len(row) and row[place].strip()]
        like = sum(bool(_VALUE_LIKE.search(cell)) for cell in below)
        breaks += bool(word and below and like >= 0.9 * len(below))
    if breaks:
        return True
    names = set(string.ascii_letters + string.digits + "_- :.()#")
    plain = all(set(word) <= names and len(word) <= 40 for word in first if word)
    return known > 0 and plain and (not rows or first not in rows)
