"""Which encoding a feed is in, and how its lines end."""

from __future__ import annotations

import codecs
import re
from collections import Counter
from itertools import pairwise

from aisles.feeds.codepages import code_page, multibyte
from aisles.feeds.transcode import UTF8_SIGNS, is_utf8

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
_HIGH = re.compile(rb"[\x80-\xff]")
_NOT_CP1252 = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
_ONLY_CP1252 = re.compile(rb"[\x80\x82-\x8c\x8e\x91-\x9c\x9e\x9f]")
_CR_LINES = 0.9
_UTF8_LINES = 0.6


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
    return found if stated is None or (found == "utf-8" and UTF8_SIGNS.search(head)) else stated


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
        signs = UTF8_SIGNS.findall(head)
        stray = len(_HIGH.findall(head)) - sum(map(len, signs))
        if stray < 0.2 * len(signs):
            return "utf-8"
        return multibyte(head) or _utf8_by_line(head) or code_page(head) or _western(head)
    return "utf-8"


def _western(head: bytes) -> str:
    odd = len(_NOT_CP1252.findall(head))
    return "latin-1" if odd > len(_ONLY_CP1252.findall(head)) else "cp1252"


def _utf8_by_line(head: bytes) -> str | None:
    """UTF-8 where a good part of the lines is, as in files put together from several."""
    lines = [line for line in head.split(b"\n") if not line.isascii()]
    return "utf-8" if sum(map(is_utf8, lines)) >= _UTF8_LINES * len(lines) else None


def has_cr_lines(text: bytes) -> bool:
    """Whether lines end in a lone CR, as old Macintosh files have it, all of them or some.

    The text is decoded; line breaks within quotes count as text. Where lines end in line feeds as
    well, a lone CR ends one when what stands on both sides of it is cut as often as most lines.
    """
    if text.count(b"\r") == text.count(b"\r\n"):
        return False
    outside = b"".join(text.split(b'"')[::2]) if b"\n" in text else text
    if b"\n" not in outside:
        return b"\r" in outside[:-1]
    lines = [part.split(b"\r") for part in outside.replace(b"\r\n", b"\n").split(b"\n")]
    every = [line for part in lines for line in part]
    sign = max(b",;\t|", key=outside.count)
    counts = Counter(line.count(sign) for line in every if sign in line)
    usual, times = counts.most_common(1)[0] if counts else (0, 0)
    ends = [a.count(sign) == b.count(sign) == usual for part in lines for a, b in pairwise(part)]
    return times > 1 and sum(ends) >= _CR_LINES * len(ends) > 0
