"""Which encoding a feed is in, and its bytes as UTF-8."""

from __future__ import annotations

import codecs
import re

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
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
    return stated or _narrow(head)


def _wide(head: bytes) -> str | None:
    """UTF-16 without a mark: every other byte of Western text is zero."""
    pairs = len(head) // 2
    if pairs < 4:
        return None
    even, odd = head[0 : 2 * pairs : 2].count(0), head[1 : 2 * pairs : 2].count(0)
    if odd > 0.4 * pairs and even < 0.1 * pairs:
        return "utf-16-le"
    if even > 0.4 * pairs and odd < 0.1 * pairs:
        return "utf-16-be"
    return None


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


class Transcoder:
    """Turns a feed's bytes, chunk by chunk, into valid UTF-8 without NUL or byte order mark.

    A line that is not UTF-8 in a feed that otherwise is gets read as cp1252, as long as it holds
    no UTF-8 character; what cannot be decoded at all becomes U+FFFD. A lone CR as line end (old
    Macintosh files) becomes LF when the whole first chunk holds no LF.
    """

    def __init__(self, encoding: str) -> None:
        self._utf8 = encoding in ("utf-8", "utf-8-sig", "ascii", "us-ascii")
        self._decoder = None if self._utf8 else codecs.getincrementaldecoder(encoding)("replace")
        self._rest = b""
        self._first = True
        self._macintosh = False

    def feed(self, chunk: bytes, final: bool = False) -> bytes:
        """The chunk as UTF-8; with ``final`` also what was held back."""
        if self._decoder is not None:
            text = self._decoder.decode(chunk, final).encode("utf-8", "replace")
        else:
            text = self._utf8_lines(chunk, final)
        if self._first and text:
            text = text.removeprefix(codecs.BOM_UTF8)
            self._macintosh = b"\n" not in text and b"\r" in text[:-1]
            self._first = False
        if self._macintosh:
            text = text.replace(b"\r", b"\n")
        return text.replace(b"\0", b"\xef\xbf\xbd") if b"\0" in text else text

    def _utf8_lines(self, chunk: bytes, final: bool) -> bytes:
        """Whole characters only: a character cut by the chunk's end waits for the next chunk."""
        data = self._rest + chunk
        self._rest = b""
        if not final:
            keep = len(data) - _cut_tail(data)
            data, self._rest = data[:keep], data[keep:]
        try:
            data.decode("utf-8")
        except UnicodeDecodeError:
            return b"\n".join(_mend(line) for line in data.split(b"\n"))
        return data


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
