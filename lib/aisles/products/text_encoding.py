"""UTF-8 that was read in another encoding, read again; a test for whole arrays that finds it."""

from __future__ import annotations

import re

import ftfy
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import re2
from ftfy.badness import BADNESS_RE
from numpy.typing import NDArray

# cp1252's signs for the bytes 0x80-0x9F, and the five bytes that cp1252 leaves undefined.
_C1 = "".join(bytes([b]).decode("cp1252", errors="ignore") for b in range(0x80, 0xA0))
_TAIL_BYTES = {
    **{chr(b): b for b in range(0x80, 0xC0)},
    **{bytes([b]).decode("cp1252", "replace"): b for b in range(0x80, 0xA0)},
}
_TAIL_BYTES.pop("\ufffd")
_TAIL = r"\x80-\xbf" + re.escape(_C1)
# A UTF-8 lead byte read as a letter, followed by a continuation byte read as a sign. Ă and Ĺ are
# what cp1250 makes of the leads of Latin-1 letters.
_MISREAD = f"[\\xc2-\\xf4ĂĹ][{_TAIL}]"
# UTF-8 read as cp1251, where the leads of Cyrillic are Р and С, or as cp1250, where those of
# accented Latin are Ă, Ä and Ĺ. Cyrillic words also hold Р or С before such a sign, yet not twice
# in a row.
_CP1251 = "".join(bytes([b]).decode("cp1251", "ignore") for b in range(0x80, 0xC0))
_CP1250 = "".join(bytes([b]).decode("cp1250", "ignore") for b in range(0x80, 0xC0))
_MISREAD_CYRILLIC = f"(?:[РС][{re.escape(_CP1251)}]){{2}}"
_MISREAD_LATIN = f"[ĂÄĹ][{re.escape(_CP1250)}]"
_SYMBOL = re.compile(f"(?:â[\\x80-\\x9f{re.escape(_C1)}]|ï[»¿¼½])[{_TAIL}]")
_MOJIBAKE = re.compile(f"{_MISREAD}|{_MISREAD_CYRILLIC}|{_MISREAD_LATIN}|[\\x80-\\x9f]|â[?]")
# What is left when a byte was lost on the way (0x9D has no place in cp1252; a writer put ? for a
# sign that it could not write; a column was cut): the one sign that the rest can well mean.
_LOSSY = (
    (re.compile(f"â€(?![{_TAIL}])"), "”"),
    (re.compile(f"â„(?![{_TAIL}])|â[?]¢"), "™"),
    (re.compile("â[?]¦"), "…"),
    (re.compile(r"(?<=\d)â[?]{2}"), "”"),
    (re.compile(r"(?<=\w)â[?]{2}(?=\w)"), "’"),
    (re.compile(r"(?<=\s)â[?]{2}(?=\s)"), "–"),
)
_FTFY = ftfy.TextFixerConfig(
    unescape_html=False,
    remove_terminal_escapes=False,
    fix_latin_ligatures=False,
    fix_character_width=False,
    uncurl_quotes=False,
    fix_line_breaks=False,
    fix_surrogates=False,
    remove_control_chars=False,
    normalization=None,
)
_VERBOSE = re.compile(r"\[(?:\\.|[^\]\\])*\]|\\.|#[^\n]*|\s+|[^\s]", re.S)
_AS_RE2 = {r"\w": r"[\pL\pN_]", r"\s": r"[\s\x{85}\x{a0}\x{2000}-\x{200a}\x{3000}]"}


def _for_re2(verbose: str) -> str:
    """A verbose pattern of Python without its spaces and comments, which RE2 has no flag for."""
    parts = _VERBOSE.findall(verbose)
    kept = (part for part in parts if not part.isspace() and not part.startswith("#"))
    return "".join(_AS_RE2.get(part, part) for part in kept)


SUSPECT = (
    r"[\x{80}-\x{9f}]|â\?|[\x{c2}-\x{f4}ĂĹ][\x{80}-\x{bf}" + _C1 + "]"
    f"|{_MISREAD_CYRILLIC}|{_MISREAD_LATIN}"
    r"|вЂ|ГўВЂВ|[Œœ](?:[^A-Za-z]|$)|(?:^|[a-z.,?!\s])[ÃÂ][ ]"
)
"""For RE2: finds, with `looks_misread`, all that `read_again` may mend."""
# ftfy mends no text that its own pattern finds nothing bad in. That pattern is drawn from what the
# bytes of UTF-8 look like in each of the ten encodings that ftfy knows (MacRoman, cp437, cp1250 to
# 1257 and so on), and hardly ever finds something in honest texts. Compiled once: that takes as
# long as looking through ten thousand texts.
_BAD = re2.compile(_for_re2(BADNESS_RE.pattern).replace("|^[", "|["))
_NEAR = re.compile("[^\x00-\x7f]{2}|[\x80-\x9fÂÃŒœ]")
# All that it finds and SUSPECT does not has a sign of these blocks beside another that is not
# ASCII: Latin, Ґ, punctuation, symbols. By the first bytes of their UTF-8; sizes of all such bytes.
_TELLING = np.isin(np.arange(256), [*range(0xC2, 0xC7), 0xCB, 0xD2, 0xE2, 0xEF])
_SIZES = np.repeat(np.array([1, 2, 3, 4]), [0xC0, 0x20, 0x10, 0x10])


def looks_misread(values: pa.StringArray, known: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Places of the texts in which ftfy finds something bad, perhaps of a few others.

    known: the texts that need not be looked at.
    """
    near = _with_near_signs(values)
    places = near[~known[near]]
    if values.null_count:  # what stands at a null in the buffer may be anything
        places = places[values.is_valid().to_numpy(zero_copy_only=False)[places]]
    if not len(places):
        return places
    texts = values.take(pa.array(places))
    ends = np.cumsum(pc.utf8_length(texts).to_numpy() + 1)
    whole = pa.ListArray.from_arrays(pa.array([0, len(texts)], pa.int32()), texts)
    hits = list(_BAD.finditer(pc.binary_join(whole, "\n")[0].as_py()))
    # A hit may begin with the line feed before its text.
    found = np.searchsorted(ends, [(hit.start() + 1, hit.end() - 1) for hit in hits], "right")
    return places[np.unique(np.minimum(found, len(places) - 1))]


def _with_near_signs(values: pa.StringArray) -> NDArray[np.int64]:
    """Places of the texts that have a telling sign beside another that is not ASCII."""
    _, offsets, data = values.buffers()
    if not len(values) or data is None:
        return np.empty(0, np.int64)
    bounds = np.frombuffer(offsets, np.int32)[values.offset : values.offset + len(values) + 1]
    signs = np.frombuffer(data, np.uint8)[bounds[0] : bounds[-1]]
    # First without Greek, Cyrillic and most other scripts, of which whole texts consist.
    few = (signs < 0xCE) | (signs == 0xD2) | (signs == 0xE2) | (signs == 0xEF)
    leads = np.flatnonzero((signs >= 0xC2) & few)
    leads = leads[_TELLING[signs[leads]]]
    if not len(leads):
        return leads
    behind = np.minimum(leads + _SIZES[signs[leads]], len(signs) - 1)
    near = leads[(signs[behind] >= 0x80) | (signs[np.maximum(leads - 1, 0)] >= 0x80)]
    return np.unique(np.searchsorted(bounds, near + bounds[0], "right") - 1)


def read_again(text: str) -> str:
    """UTF-8 that was read as cp1252, latin-1, MacRoman or another encoding, read again.

    ftfy leaves a lone sign such as a trailing `â„¢` alone, being unsure of it. Three characters
    that are bytes E2 80-9F 80-BF spell punctuation or a symbol and no word, so they are decoded.
    """
    if text.isascii() or not (_MOJIBAKE.search(text) or _is_bad(text)):
        return text
    text = _SYMBOL.sub(_decoded, ftfy.fix_encoding(text, _FTFY))
    for damage, sign in _LOSSY:
        text = damage.sub(sign, text)
    return text


def _is_bad(text: str) -> bool:
    """As ftfy's `is_bad`, or a little wider."""
    return bool(_NEAR.search(text) and _BAD.search(text))


def _decoded(match: re.Match[str]) -> str:
    """The character that three misread bytes of UTF-8 stand for."""
    signs = match.group()
    tail = bytes(_TAIL_BYTES[sign] for sign in signs[1:])
    return (signs[0].encode("latin-1") + tail).decode("utf-8")
