"""Delimiter, quote, escape and columns of delimited text, from its first records."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from aisles.feeds.formats import unique_names
from aisles.feeds.header import (
    Leading,
    column_words,
    is_header,
    known_names,
    leading_of,
    opens_with_letter,
    title_lines,
    upper_names,
    usual_width,
)
from aisles.feeds.lines import Resolver
from aisles.feeds.mending import (
    LineEnds,
    decimal_commas,
    is_wrapped,
    padding_of,
    unpadded,
    unwrapped,
)
from aisles.feeds.quoting import Cut, cut_of, first_line_opens
from aisles.feeds.remarks import REMARK, is_rule
from aisles.feeds.rewrite import Rewriter
from aisles.feeds.shift import Profile
from aisles.feeds.tokens import tokenize

SAMPLE_BYTES = 1 << 16
_RECORDS = 50
_REMARK_LINES = re.compile(rb"^#+(?:[ \t=*-][^\n]*)?\r?\n", re.M)


@dataclass(frozen=True)
class Dialect:
    """How delimited text is cut, its columns, and how many lines stand before its header."""

    cut: Cut
    header: bool
    columns: tuple[str, ...]
    has_trailer_marks: bool
    skip_lines: int


def dialect_of(head: bytes, whole: bool) -> Dialect:
    """The dialect of UTF-8 text; ``whole``: ``head`` is the whole file, so its last line counts."""
    head = LineEnds(head).mended(head, final=True)
    leading = leading_of(head)
    body = _sample(head[leading.size :], whole)
    body = unwrapped(body) if is_wrapped(body) else body
    padding = padding_of(body)
    cut = cut_of(_REMARK_LINES.sub(b"", body) or body, leading.separator)
    if padding and " " not in cut.delimiter:
        body = unpadded(body, padding)
        cut = cut_of(_REMARK_LINES.sub(b"", body) or body, leading.separator or padding)
    opened = first_line_opens(body, cut)
    if opened and cut.quote is not None:
        body = body[:opened].replace(cut.quote.encode(), b"") + body[opened:]
        cut = cut_of(_REMARK_LINES.sub(b"", body) or body, cut.delimiter)
    records, at_line = _first_records(body, cut)
    named = _named_in_comment(leading, records, cut)
    if named is not None:
        words = column_words(named, records)
        return Dialect(cut, True, unique_names(words), leading.has_marks, leading.lines - 1)
    letter = int(opens_with_letter(records))
    title = letter + title_lines(records[letter:])
    if records[title:] and is_header(records[title:]):
        title += upper_names(records[title:])
    records, skipped = records[title:], at_line[title] if records else 0
    header = bool(records) and is_header(records)
    commas = decimal_commas(body.split(b"\n", skipped)[-1], cut) if header else None
    if commas is not None:
        records, _ = _first_records(commas.mended(body.split(b"\n", skipped)[-1]), cut)
    if header:
        names = unique_names(column_words(records[0], records[1:]))
    else:
        names = tuple(map(str, range(usual_width(records))))
    return Dialect(cut, header, names, leading.has_marks, leading.lines + skipped)


def _sample(body: bytes, whole: bool) -> bytes:
    """The text that the dialect is found from: whole lines, at least one."""
    if (whole and not body.endswith(b"\n")) or b"\n" not in body:
        body += b"\n"
    if body.count(b"\n", 0, SAMPLE_BYTES) >= 20:
        return body[: body.rindex(b"\n", 0, SAMPLE_BYTES) + 1]
    return body[: body.rindex(b"\n") + 1]


def _first_records(body: bytes, cut: Cut) -> tuple[list[list[str]], list[int]]:
    """The cells of the first records, and the line on which each begins."""
    rewriter = Rewriter(cut.delimiter, cut.quote, cut.escape)
    text = rewriter.feed(body, final=True)
    quote = None if cut.quote is None else ord(cut.quote)
    tokens = tokenize(np.frombuffer(text, np.uint8), ord(rewriter.delimiter), quote)
    reader = Resolver((), rewriter, cut.quote, Profile(0))
    records, lines, line = [], [], 0
    for begin, end in zip(tokens.record_start[:60], tokens.record_end[:60], strict=True):
        record = text[begin:end]
        told = record.decode("utf-8", "replace").rstrip("\r\n")
        cells = reader.cells(told)
        remark = (len(cells) == 1 and REMARK.match(cells[0])) or is_rule(told, reader.delimiter)
        if told.strip() and not remark:
            records.append(cells)
            lines.append(line)
        line += record.count(b"\n")
    return records[:_RECORDS], lines[:_RECORDS]


def _named_in_comment(leading: Leading, records: list[list[str]], cut: Cut) -> list[str] | None:
    """The column names, where the comment right above the first record holds them."""
    if leading.comment is None or not records or usual_width(records) < 2:
        return None
    found, _ = _first_records(leading.comment.strip() + b"\n", cut)
    if not found or len(found[0]) != usual_width(records) or not is_header([found[0], *records]):
        return None
    below = known_names(records[0]) if is_header(records) else -1
    return found[0] if known_names(found[0]) > below else None  # else the names come after it
