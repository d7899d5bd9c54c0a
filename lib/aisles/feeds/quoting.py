"""The signs that cut delimited text: delimiter, quote and escape."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from aisles.feeds.header import known_names
from aisles.feeds.rewrite import Rewriter
from aisles.feeds.tokens import Tokens, tokenize

COMMON = ",;\t|^~"
RARE = "\x01\x02\x07\x1c\x1d\x1e\x1f!*@#¦§¬¤¶·"
SAMPLE_RECORDS = 1000
ESCAPE = "\\"
_LONG = re.compile("[|;,^~#:*@!$\t¦§¬¤{}<>()\\[\\]_]{2,12}")
_BRACKETS = frozenset("{}<>()[]_")
_RUN = re.compile(r"""(?:[^\w\s"'.]|[þÞ\x00-\x1f])+""")
_WORDY = frozenset("/.:-_&=?%+()[]!#@,;*<>°")
"""Signs that stand in links and titles: as delimiters only between known names."""
_ODD_LINES, _ODD_SHARE = 50, 0.95
_QUOTED = re.compile(rb'"[^"\n]*"')
_WRAPPED = re.compile(rb'^"((?:[^"\n]|"")*)"(?=\r?$)', re.M)
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
    enclosed = None if stated else _enclosed(body)
    if enclosed is not None:
        return enclosed
    delimiter = stated or _delimiter(body)
    quote = _quote(body, delimiter)
    return Cut(delimiter, quote, _escape(body, delimiter, quote))


def is_wrapped(body: bytes) -> bool:
    """Whether each line as a whole stands in quotes: its cells are found within these."""
    if not body.startswith(b'"'):
        return False
    first = [line for line in body.split(b"\n", _LONG_LINES)[:_LONG_LINES] if line.strip()]
    whole = sum(_WRAPPED.match(line) is not None for line in first)
    names = unwrapped(first[0]).decode("utf-8", "replace").strip()
    cells = [cell.strip("\"' ") for cell in re.split(r"[,;\t|]", names)]
    return whole >= 0.9 * len(first) and 2 * known_names(cells) >= len(cells) > 1


def unwrapped(text: bytes) -> bytes:
    """The text's lines without the quotes around the whole of each."""
    return _WRAPPED.sub(lambda found: found[1].replace(b'""', b'"'), text)


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
    found = _longer(body, choice, best)
    return (best <= 0.5 and found == choice and _odd(body)) or found


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
            wrapped = _wrapped(body, delimiter, quote)
            if trial.share > 0.9 and wrapped > 0.8 * int(trial.fields.sum()):
                return Cut(delimiter, quote, None)
    return None


def _odd(body: bytes) -> str | None:
    """A delimiter that nobody would guess: it stands equally often in each of the first lines.

    Of several the one that cuts the first line into the most known names, then the longest.
    """
    text = body[: 1 << 16].decode("utf-8", "replace")
    lines = [line.rstrip("\r") for line in text.split("\n")[:_ODD_LINES] if line.strip()]
    if len(lines) < 2:
        return None
    runs = {run for run in _RUN.findall(lines[0]) if len(run) <= 4}
    best, choice = (0, 0, 0), None
    for sign in sorted(runs | {sign for run in runs for sign in run if len(run) > 1}):
        usual = lines[0].count(sign)
        even = sum(line.count(sign) == usual for line in lines)
        known = known_names(lines[0].split(sign)[:100])
        wordy = set(sign) <= _WORDY or len(lines) < 5
        if even < _ODD_SHARE * len(lines) or (wordy and 2 * known <= usual):
            continue
        if (known, len(sign), usual) > best:
            best, choice = (known, len(sign), usual), sign
    return choice


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
    first = body[: body.find(b"\n") + 1].decode("utf-8", "replace")
    found: dict[str, float] = {}
    for long in _candidates(body):
        if _BRACKETS & set(long) and not _is_enclosing(long, single, score, first):
            continue
        evenness, _ = _best(body, long)
        alone = bare.replace(long.encode(), b"").count(coded)
        part = single in long and total and (alone <= 0.02 * total or single == ":")
        if long.endswith(" "):  # quotes open after a space: where they do, it is no part of cells
            part = _wrapped(body, long, '"') > _wrapped(body, single, '"')
        if (part and evenness > 0.5) or evenness > score + 0.1:
            found[long] = evenness
    # The longest, unless blank cells between shorter ones look like it: ||| in a||||b.
    best = max(found.values(), default=0.0)
    return next((long for long, evenness in found.items() if evenness > best - 0.01), single)


def _is_enclosing(long: str, single: str, score: float, first: str) -> bool:
    """Whether the brackets of a delimiter are its own: in pairs, and with the names, too."""
    pairs = all(long.count(a) == long.count(b) for a, b in ("{}", "<>", "()", "[]"))
    named = score <= 0.5 or first.count(long) == first.count(single)
    return pairs and long.count("_") % 2 == 0 and named


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
    """How many cells stand in quotes that hold no further ones, but for doubled ones."""
    sign, mark = re.escape(delimiter.encode()), re.escape(quote.encode())
    inner = rb"(?:[^%s\n]|%s%s)*" % (mark, mark, mark)
    pattern = rb"(?:^|%s)%s%s%s(?=%s|\r?$)" % (sign, mark, inner, mark, sign)
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
