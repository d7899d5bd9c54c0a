"""Old encodings, told by their letters: code pages of one byte a sign, and East Asian ones."""

from __future__ import annotations

import codecs
import re
from functools import cache

import numpy as np

from aisles.feeds.transcode import is_utf8
from aisles.feeds.vocabulary import is_known_name

_EUC, _BIG5 = (*range(0xA1, 0xFF),), (*range(0x40, 0x7F), *range(0xA1, 0xFF))
_SJIS = (*range(0x40, 0x7F), *range(0x80, 0xFD))
_COMMON_PAIRS = {  # first bytes and second bytes of what is written day by day
    "cp949": ((0xA1, 0xA3, *range(0xB0, 0xC9)), _EUC),
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
_LEAST_KINDS = 2
"""So many different letters tell a code page; fewer may be one odd sign over and over."""
_NO_WESTERN, _PER_SIGN = 4.0, 0.05
"""Log likelihood (nats) by which another code page must beat cp1252, at all and per sign."""


def multibyte(head: bytes) -> str | None:
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


def code_page(head: bytes) -> str | None:
    """The single-byte code page in which the letters are those of one language.

    None where that is cp1252, or nothing speaks clearly for another one.
    """
    # Lines that are UTF-8 were read wrongly before they came here, and speak for no code page.
    seen = _high_bytes(b"\n".join(line for line in head.split(b"\n") if not is_utf8(line)))
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
