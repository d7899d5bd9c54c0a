"""Which encoding a feed is in, and its bytes as UTF-8."""

from __future__ import annotations

import codecs
import re
from functools import cache

import numpy as np

from aisles.feeds.vocabulary import is_known_name

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it starts with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_XML_DECLARED = re.compile(rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_DECLARABLE = re.compile(
    r"^(?:utf-?8|(?:us-)?ascii|iso-?8859|latin|windows|cp\d|koi8|gb|big5|s(?:hift)?_?jis|euc|mac)",
    re.I,
)
_MULTIBYTE = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
MAX_HELD_BYTES = 1 << 22
"""A line longer than this is handed on before its end is seen."""
_HIGH = re.compile(rb"[\x80-\xff]")
_NOT_CP1252 = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
_ONLY_CP1252 = re.compile(rb"[\x80\x82-\x8c\x8e\x91-\x9c\x9e\x9f]")

_EUC, _BIG5 = (*range(0xA1, 0xFF),), (*range(0x40, 0x7F), *range(0xA1, 0xFF))
_SJIS = (*range(0x40, 0x7F), *range(0x80, 0xFD))
_COMMON_PAIRS = {  # first bytes and second bytes of what is written day by day
    "cp949": (range(0xB0, 0xC9), _EUC),
    "cp932": ((0x81, 0x82, 0x83, *range(0x88, 0x98)), _SJIS),
    "euc_jp": ((0xA1, 0xA3, 0xA4, 0xA5, *range(0xB0, 0xD0)), _EUC),
    "gb18030": ((0xA1, 0xA3, *range(0xB0, 0xD8)), _EUC),
    "big5": ((0xA1, *range(0xA4, 0xC7)), _BIG5),
}
_COMMON_SHARE, _RUN_SHARE, _BROKEN_SHARE = 0.8, 0.6, 0.01
_ALPHABETS = {  # letters beyond a-z of one language, the most frequent first
    "cp1252": (
        "äüöß", "éèàêçôâîûùëïœ", "èàùòìé", "óáíéñúü", "ãçáéíóõêâúàô", "øåæéöä", "äöåé",
        "ëéïöüè", "áíðóéöþúæý", "õäöüšž", "éäöüèàáóíñçßåøêãôúæâîëïùûœõìòðýþ",
    ),
    "cp1250": (
        "íáéěýřčžšůúťňóď", "áíéčžýšťúňôľóäďĺŕ", "ąęłóśżćńź", "áéöóőüíúű", "ăâîşţ", "čšžćđ",
    ),
    "iso8859_2": (
        "íáéěýřčžšůúťňóď", "áíéčžýšťúňôľóäďĺŕ", "ąęłóśżćńź", "áéöóőüíúű", "ăâîşţ", "čšžćđ",
    ),
    "cp1254": ("ıüşçöğâîû",),
    "cp1257": ("ėšžąųįūčę", "āīšēņļūžģķč"),
    "cp1251": (
        "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё", "оанитврелсідкумпзьягбчйхцїюжєшфщґ",
        "аеоинтсврдлкмпзугябъхчцжшщйюфь",
    ),
    "koi8_r": ("оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё",),
    "cp1253": ("αοιετσνηρυπκμλςίόάδγέωχήύθφβώξζψ",),
    "cp1255": ("יולהארתבמשנדעפקכחםגזטסןצךץף",),
    "cp1256": ("اليمنرتبودعهسفكقحةجصشطخضىأثغزذإءؤئظآ",),
    "cp874": ("่านรอกเง้มยิลวดีทัสตะปบคหแ์จพุชขำใไูืโผธึศซณถ็ฟฝญภ",),
}  # fmt: skip
_SIGNS = "¢¥¦¬€®™©°–—“”„‚‘’«»·•…´½¼¾²³£§×\xa0¿¡ºª‹›±№µ†"
_FOREIGN, _SIGN, _MIXED, _INSIDE, _OTHER_CASE = np.log([0.001, 0.02, 0.01, 0.02, 0.3])
_UTF8_LINES = 0.6
_LEAST_KINDS = 2
"""So many different letters tell a code page; fewer may be one odd sign over and over."""
_NO_WESTERN, _PER_SIGN = 4.0, 0.05
"""Log likelihood (nats) by which another code page must beat cp1252, at all and per sign."""


def encoding_of(head: bytes) -> str:
    """The Python codec name of the text that ``head`` starts (its end may cut a character)."""
    for mark, name in _BOMS:
        if head.startswith(mark):
            return name
    wide = _wide(head[:4096])
    if wide:
        return wide
    declared = _XML_DECLARED.match(head[:400])
    stated = _known(declared[1].decode("ascii")) if declared else None
    found = _narrow(head)
    # A program that writes UTF-8 under another declaration is common, the reverse is read by line.
    return found if stated is None or (found == "utf-8" and _MULTIBYTE.search(head)) else stated


def _wide(head: bytes) -> str | None:
    """UTF-16 without a mark: line ends, digits and delimiters have a zero byte, on one side."""
    pairs = len(head) // 2
    if pairs < 4:
        return None
    even, odd = head[0 : 2 * pairs : 2], head[1 : 2 * pairs : 2]
    for codec, high, low in (("utf-16-le", odd, even), ("utf-16-be", even, odd)):
        zeros = high.count(0)
        if zeros > max(2, 0.02 * pairs) and low.count(0) < 0.1 * zeros and _decodes(head, codec):
            return codec
    return None


def _decodes(head: bytes, codec: str) -> bool:
    """Whether the bytes are text in the codec: no lone surrogates, hardly a sign unassigned."""
    try:
        text = codecs.getincrementaldecoder(codec)().decode(head, final=False)
    except UnicodeDecodeError:
        return False
    odd = sum(not (sign.isprintable() or sign.isspace()) for sign in text)
    return odd <= 0.02 * len(text)


def _known(name: str) -> str | None:
    """The codec of a declared name; the declaration was read byte by byte, so it is no UTF-16."""
    if not _DECLARABLE.match(name):
        return None
    try:
        found = codecs.lookup(name).name
    except LookupError:
        return None
    # What calls itself Latin-1 holds the signs of cp1252, as every browser reads it.
    return {"iso8859-1": "cp1252", "ascii": None}.get(found, found)


def _narrow(head: bytes) -> str:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head, final=False)
    except UnicodeDecodeError:
        multibyte = _MULTIBYTE.findall(head)
        stray = len(_HIGH.findall(head)) - sum(map(len, multibyte))
        if stray < 0.2 * len(multibyte):
            return "utf-8"
        return _multibyte(head) or _utf8_by_line(head) or _code_page(head) or _western(head)
    return "utf-8"


def _western(head: bytes) -> str:
    odd = len(_NOT_CP1252.findall(head))
    return "latin-1" if odd > len(_ONLY_CP1252.findall(head)) else "cp1252"


def _utf8_by_line(head: bytes) -> str | None:
    """UTF-8 where a good part of the lines is, as in files put together from several."""
    lines = [line for line in head.split(b"\n") if not line.isascii()]
    return "utf-8" if sum(map(_is_utf8, lines)) >= _UTF8_LINES * len(lines) else None


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _multibyte(head: bytes) -> str | None:
    """The East Asian encoding in which the text is mostly everyday signs that follow each other."""
    found, best = None, _COMMON_SHARE
    for codec in _COMMON_PAIRS:
        share = _everyday(codecs.getincrementaldecoder(codec)("replace").decode(head), codec)
        if share > best + 1e-6:
            found, best = codec, share
    return found


def _everyday(text: str, codec: str) -> float:
    """The share of a text's signs beyond ASCII that are in daily use, with a little for each
    header word known; 0 where they stand alone, as the accented letters of other texts do."""
    signs = np.frombuffer(text.encode("utf-32-le", "replace"), np.uint32)
    far = signs > 0x7F
    if not far.any():
        return 0.0
    common = np.isin(signs, _common(codec))
    beside = np.concatenate(([False], far[:-1])) | np.concatenate((far[1:], [False]))
    if (far & beside).sum() < _RUN_SHARE * far.sum():
        return 0.0
    kana = (signs > 0x3040) & (signs < 0x3100)
    if (signs == 0xFFFD).sum() > _BROKEN_SHARE * far.sum():
        return 0.0
    share = float((common & far).sum() / far.sum())
    if codec == "euc_jp" and kana.sum() < 0.05 * far.sum():
        share -= 0.1  # without kana its pairs are as well those of Chinese and Korean
    return share + 0.02 * min(_known_names(text), 5)


@cache
def _common(codec: str) -> np.ndarray:
    first, second = _COMMON_PAIRS[codec]
    signs = "".join(bytes((a, b)).decode(codec, "ignore") for a in first for b in second)
    return np.unique(np.frombuffer(signs.encode("utf-32-le"), np.uint32))


def _known_names(text: str) -> int:
    """How many cells of the first line are header words beyond ASCII."""
    line = text[:4096].lstrip().split("\n", 1)[0]
    cells = (cell.strip("\"' \r") for cell in re.split(r"[,;\t|]", line))
    return sum(is_known_name(cell) for cell in cells if cell and not cell.isascii())


def _code_page(head: bytes) -> str | None:
    """The single-byte code page in which the letters are those of one language.

    None where that is cp1252, or nothing speaks clearly for another one.
    """
    # Lines that are UTF-8 were read wrongly before they came here, and speak for no code page.
    seen = _high_bytes(b"\n".join(line for line in head.split(b"\n") if not _is_utf8(line)))
    total = sum(count for *_, count in seen)
    kinds = {bytes((byte,)).decode("cp1252", "replace") for byte, *_ in seen} - {*_SIGNS}
    scores = {codec: _likelihood(seen, codec) for codec in _ALPHABETS}
    ahead = max(_NO_WESTERN, _PER_SIGN * total)
    for codec in scores:
        scores[codec] += 2.0 * min(_known_names(head[:4096].decode(codec, "replace")), 5)
    best = max(scores, key=lambda codec: scores[codec])
    sure = len(kinds) >= _LEAST_KINDS and scores[best] > scores["cp1252"] + ahead
    return best if sure else None


def _high_bytes(head: bytes) -> list[tuple[int, bool, bool, bool, int]]:
    """Each byte beyond ASCII: whether it touches an ASCII letter, stands between two letters or
    bytes like it, follows a small letter; and how often it does so."""
    block = np.frombuffer(b" " + head + b" ", np.uint8)
    small = (block >= 0x61) & (block <= 0x7A)
    letter = small | ((block >= 0x41) & (block <= 0x5A))
    word = letter | (block >= 0xC0)
    at = np.flatnonzero(block > 0x7F)
    touches = letter[at - 1] | letter[at + 1]
    inside = word[at - 1] & word[at + 1]
    keys = block[at].astype(np.int64) * 8 + touches * 4 + inside * 2 + small[at - 1]
    kinds, counts = np.unique(keys, return_counts=True)
    return [
        (k >> 3, bool(k & 4), bool(k & 2), bool(k & 1), n)
        for k, n in zip(kinds.tolist(), counts.tolist(), strict=True)
    ]


def _likelihood(seen: list[tuple[int, bool, bool, bool, int]], codec: str) -> float:
    """Log likelihood of the bytes in the language of the code page that suits them best, written
    in small letters or in capitals."""
    table = bytes(range(256)).decode(codec, "replace")
    return max(
        sum(n * _weight(table[byte], weights, capitals, *where) for byte, *where, n in seen)
        for weights in map(_weights, _ALPHABETS[codec])
        for capitals in (False, True)
    )


@cache
def _weights(alphabet: str) -> dict[str, float]:
    """Log likelihood of each letter; the frequency falls with the rank, as it does in words."""
    total = sum(1 / (rank + 2) for rank in range(len(alphabet)))
    return {sign: float(-np.log(total * (rank + 2))) for rank, sign in enumerate(alphabet)}


def _weight(
    sign: str,
    weights: dict[str, float],
    capitals: bool,
    touches: bool,
    inside: bool,
    after_small: bool,
) -> float:
    if sign in _SIGNS:
        return float(_SIGN + _INSIDE * (inside and sign not in "’´\xa0"))
    small = sign.lower()[:1]
    points = weights.get(small, _FOREIGN)
    if sign != small and after_small:
        points += _MIXED
    elif sign.isupper() != capitals:
        points += _OTHER_CASE
    latin = ord(small) < 0x250
    return float(points + (_MIXED if touches and not latin else 0.0))


def has_cr_lines(text: bytes) -> bool:
    """Whether lines end in a lone CR, as old Macintosh files have it.

    The text is decoded; line feeds within quotes count as text.
    """
    if text.count(b"\r") == 0:
        return False
    outside = b"".join(text.split(b'"')[::2]) if b"\n" in text else text
    return b"\n" not in outside and b"\r" in outside[:-1]


class Transcoder:
    """Turns a feed's bytes, chunk by chunk, into valid UTF-8 without NUL or byte order mark.

    A line that is not UTF-8 in a feed that otherwise is gets read as cp1252, as long as it holds
    no UTF-8 character; what cannot be decoded at all becomes U+FFFD. How the bytes are cut into
    chunks makes no difference.
    """

    def __init__(self, encoding: str, cr_lines: bool = False) -> None:
        self._utf8 = encoding in ("utf-8", "utf-8-sig", "ascii", "us-ascii")
        self._decoder = None if self._utf8 else codecs.getincrementaldecoder(encoding)("replace")
        self._cr_lines = cr_lines
        self._rest = b""
        self._first = True

    def feed(self, chunk: bytes, final: bool = False) -> bytes:
        """The chunk as UTF-8, with what was held back; with ``final`` all that is left."""
        if self._decoder is not None:
            chunk = self._decoder.decode(chunk, final).encode("utf-8", "replace")
        if self._cr_lines:
            chunk = chunk.replace(b"\r", b"\n")
        text = self._whole_lines(chunk, final)
        if self._utf8:
            text = _valid(text)
        if codecs.BOM_UTF8 in text:  # files put together carry the mark inside, too
            text = text.replace(b"\n" + codecs.BOM_UTF8, b"\n")
            while self._first and text.startswith(codecs.BOM_UTF8):
                text = text.removeprefix(codecs.BOM_UTF8)
        self._first &= not text
        return text.replace(b"\0", b"\xef\xbf\xbd") if b"\0" in text else text

    def _whole_lines(self, chunk: bytes, final: bool) -> bytes:
        """All up to the last line end; of a line that is very long what is whole characters."""
        if final:
            data, self._rest = self._rest + chunk, b""
            return data
        end = chunk.rfind(b"\n") + 1
        if end:
            data, self._rest = self._rest + chunk[:end], chunk[end:]
            return data
        data = self._rest + chunk
        keep = len(data) - _cut_tail(data) if len(data) > MAX_HELD_BYTES else 0
        self._rest = data[keep:]
        return data[:keep]


def _valid(text: bytes) -> bytes:
    return text if _is_utf8(text) else b"\n".join(_mend(line) for line in text.split(b"\n"))


def _cut_tail(data: bytes) -> int:
    """How many bytes at the end are the start of a character that is not yet whole (0 to 3)."""
    for back in range(1, min(4, len(data) + 1)):
        byte = data[-back]
        if byte >= 0xC0:
            need = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return back if need > back else 0
        if byte < 0x80:
            return 0
    return 0


def _mend(line: bytes) -> bytes:
    if _is_utf8(line):
        return line
    codec = "utf-8" if _MULTIBYTE.search(line) else "cp1252"
    return line.decode(codec, "replace").encode("utf-8")
