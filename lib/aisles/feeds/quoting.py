"""The signs that cut delimited text: delimiter, quote and escape."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from aisles.feeds.rewrite import Rewriter
from aisles.feeds.tokens import Tokens, tokenize

COMMON = ",;\t|^~"
RARE = "\x01\x02\x07\x1c\x1d\x1e\x1f!*@#¦§¬¤¶·"
SAMPLE_RECORDS = 1000
ESCAPE = "\\"
_LONG = re.compile("[|;,^~#:*@!$\t¦§¬¤]{2,12}")
_QUOTED = re.compile(rb'"[^"\n]*"')
_LONG_LINES = 20
_LONG_TRIES = 12


@dataclass(frozen=True)
class Cut:
    """The signs that cut a text into records and cells."""

    delimiter: str
    quote: str | None
    escape: str | None


class Trial:
    """A text cut in one way, and how well that goes."""

    def __init__(self, body: bytes, delimiter: str, quote: str | None, escape: str | None = None):
        rewriter = Rewriter(delimiter, quote, escape)
        block = np.frombuffer(rewriter.feed(body, final=True), np.uint8)
        sign = None if quote is None else ord(quote)
        self.tokens: Tokens = tokenize(block, ord(rewriter.delimiter), sign)

    @cached_property
    def fields(self) -> np.ndarray:
        """How many cells each record has, blank lines left out: int64 (records,)."""
        fields = np.diff(self.tokens.first_cell)
        empty = (fields == 1) & (self.tokens.cell_length[self.tokens.first_cell[:-1]] == 0)
        return fields[~empty][:SAMPLE_RECORDS]

    @cached_property
    def usual(self) -> int:
        """The usual number of cells."""
        if len(self.fields) <= 3:
            return int(self.fields[0]) if len(self.fields) else 0
        return int(np.bincount(self.fields).argmax())

    @cached_property
    def share(self) -> float:
        """The share of records with the usual number of cells or a little more; 0 below two."""
        if self.usual < 2:
            return 0.0
        near = (self.fields >= self.usual) & (self.fields < self.usual + 3)
        return float(near.mean())

    @property
    def evenness(self) -> float:
        """The share, a little more for more cells."""
        return self.share * (1 + 0.05 * float(np.log2(min(max(self.usual, 1), 256))))


def cut_of(body: bytes, stated: str | None = None) -> Cut:
    """The signs that cut most records of ``body`` into equally many cells.

    Args:
        body: UTF-8 text of whole lines, without what stands before the table.
        stated: the delimiter, where the file names it.
    """
    delimiter = stated or _delimiter(body)
    quote = _quote(body, delimiter)
    return Cut(delimiter, quote, _escape(body, delimiter, quote))


def _delimiter(body: bytes) -> str:
    best, choice = 0.0, ","
    for signs in (COMMON, RARE, ":"):
        for sign in signs:
            if sign.encode() not in body:
                continue
            score, usual = _best(body, sign)
            if score > best + 1e-9 and (sign != ":" or (usual > 2 and score > 0.9)):
                best, choice = score, sign
        if best > 0.5:
            break
    return _longer(body, choice, best)


def _best(body: bytes, delimiter: str) -> tuple[float, int]:
    """Evenness and usual cells in the better of quoted and unquoted."""
    trials = [Trial(body, delimiter, quote) for quote in ('"', None)]
    best = max(trials, key=lambda trial: trial.evenness)
    return best.evenness, best.usual


def _longer(body: bytes, single: str, score: float) -> str:
    """The delimiter of several signs that ``single`` is a part of, else ``single``.

    It is one when ``single`` hardly ever stands without the rest (a colon does, in links), or cuts
    far less evenly.
    """
    coded, bare = single.encode(), _QUOTED.sub(b"", body)
    total = bare.count(coded)
    for long in _candidates(body):
        evenness, _ = _best(body, long)
        alone = bare.replace(long.encode(), b"").count(coded)
        part = single in long and total and (alone <= 0.02 * total or single == ":")
        if long.endswith(" "):  # quotes open after a space: where they do, it is no part of cells
            part = _wrapped(body, long, '"') > _wrapped(body, single, '"')
        if (part and evenness > 0.5) or evenness > score + 0.1:
            return long
    return single


def _candidates(body: bytes) -> list[str]:
    """Runs of signs that stand in most of the first lines, the longest first."""
    lines = [line for line in body[: 1 << 16].split(b"\n")[:_LONG_LINES] if line.strip()]
    seen: Counter[str] = Counter()
    for line in lines:
        runs = set(_LONG.findall(line.decode("utf-8", "replace")))
        pieces = {run[a : a + n] for run in runs for n in (2, 3) for a in range(len(run) - n + 1)}
        seen.update(pieces | {sign + " " for sign in ",;|" if f'{sign} "'.encode() in line})
    often = [piece for piece, count in seen.most_common(_LONG_TRIES) if count >= 0.8 * len(lines)]
    return sorted(often, key=lambda piece: -len(piece))


def _quote(body: bytes, delimiter: str) -> str | None:
    """The quote sign, or None where quotes are plain signs of the text.

    Only formats that do without quoting by habit (pipes, tabs and rarer) are doubted: when no
    cell stands in quotes, or none needs them and the cells come out more even without.
    """
    double, single = _wrapped(body, delimiter, '"'), _wrapped(body, delimiter, "'")
    if single > double and _is_single(body, delimiter, single):
        return "'"
    if delimiter[0] in ",;" or b'"' not in body:
        return '"'
    quoted = Trial(body, delimiter, '"')
    if _needs_quotes(quoted):
        return '"'
    better = quoted.evenness >= Trial(body, delimiter, None).evenness
    return '"' if double and better else None


def _wrapped(body: bytes, delimiter: str, quote: str) -> int:
    """How many cells stand in quotes that hold no further ones."""
    sign, mark = re.escape(delimiter.encode()), re.escape(quote.encode())
    pattern = rb"(?:^|%s)%s[^%s\n]*%s(?=%s|\r?$)" % (sign, mark, mark, mark, sign)
    return sum(1 for _ in re.finditer(pattern, body, re.M))


def _is_single(body: bytes, delimiter: str, wrapped: int) -> bool:
    """Whether single quotes are quotes: a good part of the cells stands in them, cut no worse."""
    trial = Trial(body, delimiter, "'")
    cells = int(trial.fields.sum())
    return wrapped > 0.2 * cells and trial.evenness >= Trial(body, delimiter, '"').evenness


def _needs_quotes(trial: Trial) -> bool:
    """Whether records come out right only because a delimiter or line break is in quotes."""
    tokens = trial.tokens
    fields = np.diff(tokens.first_cell)
    if not len(fields):
        return False
    right = (fields == int(np.bincount(fields).argmax())) & ~tokens.improper
    inside = (tokens.breaks > 1) | (tokens.delimiters > fields - 1)
    return bool((right & inside).any())


def _escape(body: bytes, delimiter: str, quote: str | None) -> str | None:
    """The backslash, where a sign after it is text: that cuts better, or it stands within cells."""
    sign = delimiter.encode()
    mark = (quote or "").encode()
    if b"\\" + sign not in body and not (mark and b"\\" + mark in body):
        return None
    plain, escaped = Trial(body, delimiter, quote), Trial(body, delimiter, quote, ESCAPE)
    if escaped.share > plain.share + 0.005:
        return ESCAPE
    edge = re.escape(sign) + rb"\r\n"
    within = rb"[^%s]\\%s[^%s]" % (edge, re.escape(mark), edge)
    inside = mark and len(sign) == 1 and re.search(within, body) is not None
    return ESCAPE if inside and escaped.share >= plain.share else None
