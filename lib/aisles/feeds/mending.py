"""What is put right in a whole text before it is cut: line ends, quotes, decimal commas.

Each is a habit of the tool that wrote the file, seen in the file's first lines and then taken for
all of it. The text stays one of lines: what is put right in a line does not ask for others.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import combinations, pairwise

from aisles.feeds.delimiters import wrapped_cells
from aisles.feeds.formats import Format
from aisles.feeds.header import known_names
from aisles.feeds.quoting import Cut, cut_of
from aisles.feeds.transcode import MAX_HELD_BYTES
from aisles.feeds.trials import Trial
from aisles.feeds.vocabulary import name_scores

_SAMPLE_BYTES = 1 << 16
_SEPARATORS = tuple(
    sign.encode() for sign in ("\x1e", "\x85", "\u2028", "\u2029", "\x0b", "\x0c", "\x1d", "\x1c")
)
_WRITTEN_OUT = (b"\\r\\n", b"\\n")
_FEWEST = 3
"""Records that must come out alike before a sign is taken for the end of one."""
_MANY = 10
_EVEN = 0.9
_OFTEN_BEFORE = 0.5
_CONTROLS = b"\x0b\x0c\x1c\x1d\x1e"
_WRAPPED = re.compile(rb'^"((?:[^"\n]|"")*)"(?=\r?$)', re.M)
_LONG_LINES = 20
_PADDED = b",;|\t"
_FEW_PADDED, _OFTEN = 2, 0.2
_CELL = rb'(?:"(?:[^"\n]|"")*"|[^,"\n]*)'
_CELLS = re.compile(rb"(?:^|,)(%s)" % _CELL)
_WHOLE, _CENTS = rb"-?(?:\d{1,3}(?:\.\d{3})+|\d+)", rb"\d\d(?: ?[A-Za-z\x80-\xff$]{1,4})?"
_AMOUNT = re.compile(rb"(%s),(%s)" % (_WHOLE, _CENTS))
_COSTS = re.compile(r"(?i)pri[cxjs]|preis|prezz|prec|cen[aey]|cost|kost|versand|shipping|amount")
_ROWS, _FEW_ROWS, _NEARLY = 200, 5, 0.95
_MOST_AMOUNTS = 3


class LineEnds:
    """The signs that end a text's lines where these are none that everybody knows.

    Args:
        sample: the start of the text.
    """

    def __init__(self, sample: bytes) -> None:
        self.sign, self.unfit = _separator(sample)
        self._before = _before_breaks(sample)
        self._rest = b""

    def mended(self, chunk: bytes, final: bool = False) -> bytes:
        """A chunk of the text with the line ends that everybody knows."""
        if self._before:
            chunk = chunk.replace(self._before + b"\r\n", b"\r\n")
            return chunk.replace(self._before + b"\n", b"\n") if self._before != b"\r" else chunk
        if self.sign is None:
            return chunk
        text = self._rest + chunk
        end = len(text) if final else text.rfind(self.sign) + len(self.sign)
        if end < len(self.sign):
            end = max(len(text) - MAX_HELD_BYTES, 0)
        self._rest = text[end:]
        return text[:end].replace(self.sign, b"\n")


def _before_breaks(sample: bytes) -> bytes:
    """The sign that stands before line breaks and nowhere else: a second CR, a record separator."""
    end = sample.find(b"\n")
    line = sample[: max(end, 0)]
    sign = line[-2:-1] if line.endswith(b"\r") else line[-1:]
    if sign != b"\r" and (not sign or sign not in _CONTROLS):
        return b""
    ends = sample.count(sign + b"\r\n") + (sample.count(sign + b"\n") if sign != b"\r" else 0)
    often = ends >= _OFTEN_BEFORE * sample.count(b"\n")
    return sign if often and (sign == b"\r" or sample.count(sign) == ends) else b""


def _separator(sample: bytes) -> tuple[bytes | None, str | None]:
    """The sign that ends records in a text without line ends, if it makes them equally wide; and
    the sign that may be one, but does not."""
    text = sample.strip()
    if b"\n" in text or b"\r" in text:
        return None, None
    for sign in (*_SEPARATORS, *_WRITTEN_OUT):
        if text.count(sign) + 1 < _FEWEST:
            continue
        start = text[:_SAMPLE_BYTES]
        start = start if len(start) == len(text) else start[: start.rfind(sign) + len(sign)]
        lines = start.removesuffix(sign).replace(sign, b"\n") + b"\n"
        cut = cut_of(lines)
        trial = Trial(lines, cut.delimiter, cut.quote, cut.escape)
        if trial.even >= _EVEN and trial.right >= _FEWEST:
            return sign, None
    unfit = next((sign for sign in _SEPARATORS if text.count(sign) >= _MANY), None)
    return None, None if unfit is None else unfit.decode()


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


def padding_of(body: bytes) -> str | None:
    """The delimiter beside which spaces stand around quoted cells, `a ,"b, c" , d`, else None."""
    lines = body.count(b"\n")
    for sign in map(chr, _PADDED):
        coded = sign.encode()
        beside = max(body.count(coded + b' "'), body.count(b'" ' + coded))
        if beside < max(_FEW_PADDED, 0.01 * lines):
            continue
        mended = unpadded(body, sign)
        before, after = (Trial(text, sign, '"') for text in (body, mended))
        if after.even < _EVEN or after.usual < 2 or after.right < before.right:
            continue
        gained = wrapped_cells(mended, sign, '"') - wrapped_cells(body, sign, '"')
        often = gained > _OFTEN * after.right and after.even >= before.even
        if gained >= _FEW_PADDED and (after.even > before.even or often):
            return sign
    return None


def unpadded(text: bytes, delimiter: str) -> bytes:
    """The text without the spaces between delimiters and the quotes of whole cells.

    Within quotes a quote is doubled: an odd number of them opens a cell or closes it.
    """
    opening, closing = _padding(delimiter)
    return closing.sub(rb"\1", opening.sub(b"", text)) if b'"' in text else text


@cache
def _padding(delimiter: str) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    sign = re.escape(delimiter.encode())
    opening = rb'(?<=%s) +(?="(?:"")*[^"%s\r\n]|"" *(?:%s|\r?$))' % (sign, sign, sign)
    closing = rb'((?<=[^"\n%s])"(?:"")*|(?:^|(?<=%s))"") +(?=%s|\r?$)' % (sign, sign, sign)
    return re.compile(opening, re.M), re.compile(closing, re.M)


class DecimalCommas:
    """Puts amounts whose decimal comma parts two cells, `1,Cup,3,50`, into quotes.

    They are known by records that all have more cells than the header has names: below a price
    stand digits, and in the next cell exactly two more.
    """

    def __init__(self, names: int, starts: tuple[int, ...]) -> None:
        pieces, place = [], 0
        for number, start in enumerate(starts):
            lead = b"," if number else b"^"
            pieces.append(rb"(%s(?:%s,){%d})" % (lead, _CELL, start - place))
            pieces.append(rb"(%s,%s)" % (_WHOLE, _CENTS))
            place = start + 2
        rest = names + len(starts) - place
        pieces.append(rb"((?:,%s){%d}\r?)$" % (_CELL, rest))
        self._pattern = re.compile(b"".join(pieces), re.M)

    def mended(self, text: bytes) -> bytes:
        """The text with these amounts in quotes."""
        return self._pattern.sub(_in_quotes, text)


def _in_quotes(found: re.Match[bytes]) -> bytes:
    return b"".join(
        b'"' + piece + b'"' if number % 2 else piece for number, piece in enumerate(found.groups())
    )


def decimal_commas(table: bytes, cut: Cut) -> DecimalCommas | None:
    """What joins the amounts that decimal commas part; None where none does.

    table: the text from the header on.
    """
    if (cut.delimiter, cut.quote, cut.escape) != (",", '"', None):
        return None
    lines = [line for line in table.split(b"\n", _ROWS + 1)[: _ROWS + 1] if line.strip()][:_ROWS]
    rows = [_CELLS.findall(line) for line in lines]
    names, rows = (rows[0], rows[1:]) if rows else ([], [])
    more = [len(row) - len(names) for row in rows]
    extra = max(set(more), key=more.count, default=0)
    if not 0 < extra <= _MOST_AMOUNTS or len(rows) < _FEW_ROWS:
        return None
    wide = [row for row in rows if len(row) - len(names) == extra]
    if len(wide) < _NEARLY * len(rows):
        return None
    pairs = [
        place
        for place in range(len(wide[0]) - 1)
        if all(_AMOUNT.fullmatch(b",".join(row[place : place + 2]).rstrip(b"\r")) for row in wide)
    ]
    found = [
        starts
        for starts in combinations(pairs[:12], extra)
        if all(b - a > 1 for a, b in pairwise(starts))
        and all(_is_amount(names[start - number]) for number, start in enumerate(starts))
    ]
    return DecimalCommas(len(names), found[0]) if len(found) == 1 else None


def _is_amount(name: bytes) -> bool:
    """Whether a name is that of a price or of what a delivery costs."""
    text = name.decode("utf-8", "replace").strip("\r\" '")
    scores = name_scores(text).scores
    return max(scores["price"], scores["old_price"]) > 1 or _COSTS.search(text) is not None


class Mender:
    """Puts right what the start of a file shows, as `aisles.feeds.dialect` has found it.

    ``unfit``: what may end the records of a text that is all one line, but does so unevenly.

    Args:
        form: the file's format.
        sample: the text of the file's start.
    """

    def __init__(self, form: Format, sample: bytes) -> None:
        self._ends = LineEnds(sample)
        self.unfit = self._ends.unfit if self._ends.unfit != form.delimiter else None
        table = self._ends.mended(sample, final=True).split(b"\n", form.skip_lines)[-1]
        self._wrapped = form.header and len(form.columns) > 1 and is_wrapped(table)
        start = table[:_SAMPLE_BYTES]
        padded = form.quote == '"' and padding_of(start[: start.rfind(b"\n") + 1])
        self._padding = padded if padded == form.delimiter else None
        table = self._spaceless(table)
        cut = Cut(form.delimiter, form.quote, form.escape)
        self._commas = decimal_commas(table, cut) if form.header else None

    def mended(self, chunk: bytes, final: bool = False) -> bytes:
        """A chunk of the file's text, whole lines of it, as it is cut into cells."""
        text = self._ends.mended(chunk, final)
        text = self._spaceless(unwrapped(text) if self._wrapped else text)
        return self._commas.mended(text) if self._commas else text

    def _spaceless(self, text: bytes) -> bytes:
        return unpadded(text, self._padding) if self._padding else text
