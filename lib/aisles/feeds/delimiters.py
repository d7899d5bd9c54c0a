"""The sign, or signs, that part the cells of delimited text."""

from __future__ import annotations

import math
import re
from collections import Counter

from aisles.feeds.header import known_names
from aisles.feeds.trials import Trial, Trials, columns_of_values

COMMON = ",;\t|^~"
RARE = "\x01\x02\x07\x1c\x1d\x1e\x1f!*@#¦§¬¤¶·"
_LONG = re.compile("[|;,^~#:*@!$\t¦§¬¤{}<>()\\[\\]_]{2,12}")
_FRAMED = re.compile(r"""(?=(([|;,^~\t])[^\w\s"'.]{1,2}\2))""")
_BRACKETS = frozenset("{}<>()[]_")
_RUN = re.compile(r"""(?:[^\w\s"'.]|[þÞ_\x00-\x08\x0b\x0c\x0e-\x1f])+""")
_WORDY = frozenset("/.:-_&=?%+()[]!#@,;*<>°")
"""Signs that stand in links and titles: as delimiters only between known names."""
_TEXTUAL = frozenset("/.:-_&=?%+()[]{}<>,;\\°€$£")
"""Signs of ordinary text: a single one is a delimiter beside others only between known names."""
_LINKED = frozenset("/.:-_=&?+")
_ODD_LINES, _ODD_SHARE = 50, 0.95
_EVEN, _MOSTLY = 0.9, 0.8
_IN_TEXT = {
    ",": re.compile(rb",(?=[ \r\n])|(?<=\d),(?=\d{1,3}(?!\d))"),
    ";": re.compile(rb";(?=[ \r\n])|(?<=&)(?:[a-z]+|#\d+);"),
    "|": re.compile(rb"(?<= )\|(?= )"),
}
"""Where these signs stand in text, in decimals and in entities."""
_HALF = 0.5
_QUOTED = re.compile(r'"[^"\n]*"')
_QUOTED_BYTES = re.compile(rb'"[^"\n]*"')
_LONG_LINES = 20
_LONG_TRIES = 12
_START_BYTES = 1 << 16
_SINGLES = 0.25
"""The share of runs of a sign that may be of one: in more it is a delimiter by itself."""


def delimiter_of(trials: Trials) -> str:
    """The sign or signs that cut most records of the text into equally many cells."""
    spaced = _spaced(trials)
    if spaced is not None:
        return spaced
    best, choice = _most_even(trials, COMMON, 0.0, ",")
    rival = _rival(trials, choice)
    if rival is not None:
        both = _longer(trials, choice, best)
        return both if rival in both and choice in both else rival
    if best <= _HALF:
        best, choice = _most_even(trials, RARE, best, choice)
    if best <= _HALF and b":" in trials.body:
        trial = trials.best(":")
        if trial.evenness > max(best + 1e-9, 0.9) and trial.usual > 2:
            best, choice = trial.evenness, ":"
    found = _longer(trials, choice, best)
    return (best <= _HALF and found == choice and _odd(trials.body)) or found


def _spaced(trials: Trials) -> str | None:
    """A delimiter that a space stands beside wherever it is one: quotes open after the space."""
    body = trials.body
    for sign in ",;|\t":
        for long in (f" {sign} ", f"{sign} ", f" {sign}"):
            if max(body.count(f'{long}"'.encode()), body.count(f'"{long}'.encode())) == 0:
                continue
            bare = _QUOTED_BYTES.sub(b"", body)
            whole = bare.count(long.encode()) >= 0.99 * bare.count(sign.encode())
            if whole and wrapped_cells(body, long, '"') > wrapped_cells(body, sign, '"'):
                trial = trials.of(long, '"')
                if trial.even >= _EVEN and trial.usual > 1:
                    return long
    return None


def _most_even(trials: Trials, signs: str, best: float, choice: str) -> tuple[float, str]:
    for sign in signs:
        if sign.encode() in trials.body:
            evenness = trials.best(sign).evenness
            if evenness > best + 1e-9:
                best, choice = evenness, sign
    return best, choice


def _lines(body: bytes, most: int) -> list[str]:
    text = body[:_START_BYTES].decode("utf-8", "replace")
    return [line.rstrip("\r") for line in text.split("\n")[:most] if line.strip()]


def _rival(trials: Trials, choice: str) -> str | None:
    """A rarer delimiter that explains the rows better than ``choice``, which then stands in cells
    only: the comma of `1¦Cup¦3,50`.

    It cuts nearly all records into equally many cells, and either the first of them into more known
    names or the others into more columns of nothing but numbers and links; of signs that text
    hardly has, more columns and no fewer of that kind will do; a control character is one anyhow.
    Of several the one with the most of both, then of filled columns, then the longest.
    """
    usual = trials.best(choice)
    known = _names(usual.first)
    if usual.usual > 1 and known > 2 and 2 * known >= len(usual.first):
        return None
    parts = _parts_cells(trials.body, choice, usual)
    regular = len(usual.first) == usual.usual
    lines = _lines(trials.body, _ODD_LINES)
    ranks: dict[str, tuple[int, ...]] = {}
    for sign, (cells, records) in _candidates_beside(lines, choice).items():
        if parts and len(sign) == 1 and sign in _TEXTUAL:
            continue
        names = _names(records[0]) if records and len(records[0]) == cells else 0
        named = names > max(known, 1) and 2 * names >= cells
        control, least = sign < " ", _least_values(sign, cells, usual)
        if parts and not _holds(records, lines, sign, choice):
            least = math.inf
        sure = named or control
        if not sure and columns_of_values(records, cells) < least:
            continue
        trial = trials.best(sign)
        if trial.even < _EVEN or (not sure and trial.values < least):
            continue
        if (named or regular) and len(trial.first) != trial.usual:
            continue
        filled = sum(map(any, zip(*(row for row in records if len(row) == cells))))
        ranks[sign] = (control, names if named else 0, trial.values, filled, len(sign))
    best = max(ranks, key=ranks.__getitem__, default=None)
    for several in (3, 2) if best else ():  # one such sign may also stand in cells
        long = str(best) * several
        if ranks.get(long, ())[:3] == ranks[str(best)][:3]:
            return long
    return best


def _holds(records: list[list[str]], lines: list[str], sign: str, choice: str) -> bool:
    """Whether cells between rare signs hold ``choice``, rather than the other way round.

    Of two signs the one within cells stands in fewer of the columns that the other one makes.
    """
    if sign in _WORDY | _TEXTUAL or {*sign} <= _LINKED:
        return False
    return _spread(records, choice) < _spread([line.split(choice) for line in lines], sign)


def _spread(records: list[list[str]], sign: str) -> int:
    """In how many columns most cells hold the sign."""
    usual = Counter(map(len, records)).most_common(1)[0][0] if records else 0
    rows = [cells for cells in records if len(cells) == usual]
    return sum(2 * sum(sign in cell for cell in column) > len(rows) for column in zip(*rows))


def _parts_cells(body: bytes, sign: str, trial: Trial) -> bool:
    """Whether a sign that cuts most records alike stands elsewhere than in ordinary text."""
    if trial.even < _MOSTLY:
        return False
    textual = _IN_TEXT.get(sign)
    bare = _QUOTED_BYTES.sub(b'""', body)
    return textual is None or len(textual.findall(bare)) < 0.9 * bare.count(sign.encode())


def _names(cells: list[str]) -> int:
    """How many known names are among the first record's cells; 0 where links are, too."""
    return 0 if any("://" in cell for cell in cells) else known_names(cells[:100])


def _least_values(sign: str, cells: int, usual: Trial) -> float:
    """How many columns of values it takes for a rarer sign that cuts records into ``cells``."""
    if cells < 3 or (len(sign) == 1 and sign in _TEXTUAL):
        return math.inf
    wider = cells > usual.usual and (len(sign) > 1 or sign not in _WORDY)
    return max(usual.values, 1) + (not wider)


def _candidates_beside(lines: list[str], choice: str) -> dict[str, tuple[int, list[list[str]]]]:
    """Signs, of up to four characters, that stand equally often in many of the lines.

    With each the usual number of cells, and the cells that it cuts the lines into.
    """
    bare = [_QUOTED.sub('""', line) for line in lines]
    if len(lines) < 3:
        return {}
    seen: dict[str, None] = {}
    for line in bare[:3]:
        for run in set(_RUN.findall(line)):
            short = run[:12]
            pieces = (short[a : a + n] for n in (1, 2, 3, 4) for a in range(len(short) - n + 1))
            seen.update(dict.fromkeys(piece for piece in pieces if choice not in piece))
    found = {}
    for sign in seen:
        if sum(sign in line for line in bare[:5]) < min(len(lines), 5) - 2:
            continue
        counts = [line.count(sign) for line in bare]
        usual, times = Counter(counts).most_common(1)[0]
        if usual and times >= _HALF * len(lines):
            whole = ((line, line.count(sign) == count) for line, count in zip(lines, counts))
            records = [line.split(sign) for line, is_whole in whole if is_whole]
            stripped = [[cell.strip("\"' ") for cell in cells] for cells in records]
            found[sign] = (usual + 1, stripped)
    return found


def _odd(body: bytes) -> str | None:
    """A delimiter that nobody would guess: it stands equally often in each of the first lines.

    Of several the one that cuts the first line into the most known names, then the longest.
    """
    lines = _lines(body, _ODD_LINES)
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


def _longer(trials: Trials, single: str, score: float) -> str:
    """The delimiter of several signs that ``single`` is a part of, else ``single``.

    It is one when ``single`` hardly ever stands without the rest (a colon does, in links), or cuts
    far less evenly. Several of the same sign are no delimiter where one often stands alone: the
    cells between are blank.
    """
    body = trials.body
    coded, bare = single.encode(), _QUOTED_BYTES.sub(b"", body)
    total = bare.count(coded)
    first = body[: body.find(b"\n") + 1].decode("utf-8", "replace")
    found: dict[str, float] = {}
    for long in _candidates(body):
        if _BRACKETS & set(long) and not _is_enclosing(long, single, score, first):
            continue
        evenness = trials.best(long).evenness
        alone = bare.replace(long.encode(), b"").count(coded)
        part = single in long and total and (alone <= 0.02 * total or single == ":")
        better = evenness > score + 0.1
        if len(set(long)) == 1 and long != "::":
            part, better = _stands_together(bare, long) and (part or better), False
        if (part and evenness > _HALF) or better:
            found[long] = evenness
    # The longest, unless blank cells between shorter ones look like it: ||| in a||||b.
    best = max(found.values(), default=0.0)
    return next((long for long, evenness in found.items() if evenness > best - 0.01), single)


def _stands_together(bare: bytes, long: str) -> bool:
    """Whether the one sign of ``long`` hardly ever stands alone."""
    runs = re.findall(rb"(?:%s)+" % re.escape(long[0].encode()), bare)
    return sum(len(run) == len(long[0].encode()) for run in runs) <= _SINGLES * len(runs)


def _is_enclosing(long: str, single: str, score: float, first: str) -> bool:
    """Whether the brackets of a delimiter are its own: in pairs, and with the names, too."""
    pairs = all(long.count(a) == long.count(b) for a, b in ("{}", "<>", "()", "[]"))
    named = score <= _HALF or first.count(long) == first.count(single)
    return pairs and long.count("_") % 2 == 0 and named


def _candidates(body: bytes) -> list[str]:
    """Runs of signs that stand in most of the first lines, the longest first."""
    lines = [line for line in body[:_START_BYTES].split(b"\n")[:_LONG_LINES] if line.strip()]
    seen: Counter[str] = Counter()
    for line in lines:
        text = line.decode("utf-8", "replace")
        runs = set(_LONG.findall(text))
        pieces = {run[a : a + n] for run in runs for n in (2, 3) for a in range(len(run) - n + 1)}
        pieces |= {found[0] for found in _FRAMED.findall(text)}
        seen.update(pieces)
    often = [piece for piece, count in seen.most_common(_LONG_TRIES) if count >= 0.8 * len(lines)]
    return sorted(often, key=lambda piece: -len(piece))


def wrapped_cells(body: bytes, delimiter: str, quote: str) -> int:
    """How many cells stand in quotes that hold no further ones, but for doubled ones."""
    sign, mark = re.escape(delimiter.encode()), re.escape(quote.encode())
    inner = rb"(?:[^%s\n]|%s%s)*" % (mark, mark, mark)
    pattern = rb"(?:^|%s)%s%s%s(?=%s|\r?$)" % (sign, mark, inner, mark, sign)
    return sum(1 for _ in re.finditer(pattern, body, re.M))
