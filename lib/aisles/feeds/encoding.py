"""Which encoding a feed is in, and its bytes as UTF-8."""

from __future__ import annotations

import codecs
import re

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
        odd = len(_NOT_CP1252.findall(head))
        return "latin-1" if odd > len(_ONLY_CP1252.findall(head)) else "cp1252"
    return "utf-8"


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
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return b"\n".join(_mend(line) for line in text.split(b"\n"))
    return text


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
    try:
        line.decode("utf-8")
        return line
    except UnicodeDecodeError:
        codec = "utf-8" if _MULTIBYTE.search(line) else "cp1252"
        return line.decode(codec, "replace").encode("utf-8")
