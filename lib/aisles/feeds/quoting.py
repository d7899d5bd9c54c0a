"""The signs that cut delimited text: delimiter, quote and escape."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from aisles.feeds.delimiters import COMMON, delimiter_of, wrapped_cells
from aisles.feeds.trials import ESCAPE, Trial, Trials

_QUOTED = re.compile(rb'"[^"\n]*"')
_LONG_LINES = 20


@dataclass(frozen=True)
class Cut:
    """The signs that cut a text into records and cells."""

    delimiter: str
    quote: str | None
    escape: str | None


def cut_of(body: bytes, stated: str | None = None) -> Cut:
    """The signs that cut most records of ``body`` into equally many cells.

    Args:
        body: UTF-8 text of whole lines, without what stands before the table.
        stated: the delimiter, where the file names it.
    """
    enclosed = None if stated else _enclosed(body)
    if enclosed is not None:
        return enclosed
    trials = Trials(body)
    delimiter = stated or delimiter_of(trials)
    quote = _quote(trials, delimiter)
    return Cut(delimiter, quote, _escape(trials, delimiter, quote))


def first_line_opens(body: bytes, cut: Cut) -> int:
    """Where the first line ends, if it is the header with a quote that is never closed; else 0.

    The line below has as many cells, so it is a record and not the rest of a name.
    """
    end = body.find(b"\n") + 1
    below = body[end : body.find(b"\n", end) + 1]
    if cut.quote is None or body.count(cut.quote.encode(), 0, end) % 2 == 0:
        return 0
    sign = cut.delimiter.encode()
    wanted = body.count(sign, 0, end)
    bare = _QUOTED.sub(b"", below) if cut.quote == '"' else below
    return end if wanted and sign in bare and below.count(sign) >= wanted else 0


def _enclosed(body: bytes) -> Cut | None:
    """The cut of a text whose cells all stand between signs that are no usual quotes."""
    quote = body[:1].decode("ascii", "replace")
    if quote.isalnum() or not quote.isprintable() or quote in "\"' \ufffd":
        return None
    lines = [line.rstrip(b"\r") for line in body[: 1 << 16].split(b"\n")[:_LONG_LINES]]
    ends = [line[:1] == line[-1:] == body[:1] for line in lines if line]
    if sum(ends) < 0.9 * len(ends):
        return None
    for delimiter in COMMON:
        if delimiter != quote and f"{quote}{delimiter}{quote}".encode() in lines[0]:
            trial = Trial(body, delimiter, quote)
            wrapped = wrapped_cells(body, delimiter, quote)
            if trial.share > 0.9 and wrapped > 0.8 * int(trial.fields.sum()):
                return Cut(delimiter, quote, None)
    return None


def _quote(trials: Trials, delimiter: str) -> str | None:
    """The quote sign, or None where quotes are plain signs of the text.

    Only formats that do without quoting by habit (pipes, tabs and rarer) are doubted: when no
    cell stands in quotes, or none needs them and the cells come out more even without.
    """
    body = trials.body
    double, single = (wrapped_cells(body, delimiter, quote) for quote in ('"', "'"))
    begins = single or f"{delimiter}'".encode() in body
    if begins and _is_single(trials, delimiter, single, double):
        return "'"
    if delimiter[0] in ",;" or b'"' not in body:
        return '"'
    quoted = trials.of(delimiter, '"')
    if _needs_quotes(quoted):
        return '"'
    better = quoted.evenness >= trials.of(delimiter, None).evenness
    return '"' if double and better else None


def _is_single(trials: Trials, delimiter: str, single: int, double: int) -> bool:
    """Whether single quotes are quotes, of so many cells that stand in them and in double ones.

    Either a good part of the cells does, or that of each record, and these are cut no worse; or
    more records come out right, as cells in quotes hold delimiters, line breaks or doubled quotes.
    """
    trial = trials.of(delimiter, "'")
    others = [trials.of(delimiter, quote) for quote in ('"', None)]
    cells, records = int(trial.fields.sum()), len(trial.fields)
    if single > double and (single > 0.2 * cells or (single >= 0.9 * records and not double)):
        return trial.evenness >= others[0].evenness
    if all(trial.even > other.even and trial.right >= other.right for other in others):
        return True
    sign = re.escape(delimiter.encode())
    doubled = rb"(?:^|%s)'[^'\n]*(?:''[^'\n]*)+'(?=%s|\r?$)" % (sign, sign)
    held = len(re.findall(doubled, trials.body, re.M))
    return held > max(1, double) and trial.even >= max(other.even for other in others)


def _needs_quotes(trial: Trial) -> bool:
    """Whether records come out right only because a delimiter or line break is in quotes."""
    tokens = trial.tokens
    fields = np.diff(tokens.first_cell)
    if not len(fields):
        return False
    right = (fields == int(np.bincount(fields).argmax())) & ~tokens.improper
    inside = (tokens.breaks > 1) | (tokens.delimiters > fields - 1)
    return bool((right & inside).any())


def _escape(trials: Trials, delimiter: str, quote: str | None) -> str | None:
    """The backslash, where a sign after it is text: that cuts better, or it stands within cells."""
    body, sign = trials.body, delimiter.encode()
    mark = (quote or "").encode()
    if b"\\" + sign not in body and not (mark and b"\\" + mark in body):
        return None
    plain, escaped = trials.of(delimiter, quote), trials.of(delimiter, quote, ESCAPE)
    if escaped.share > plain.share + 0.005:
        return ESCAPE
    edge = re.escape(sign) + rb"\r\n"
    within = rb"[^%s]\\%s[^%s]" % (edge, re.escape(mark), edge)
    inside = mark and len(sign) == 1 and re.search(within, body) is not None
    return ESCAPE if inside and escaped.share >= plain.share else None
