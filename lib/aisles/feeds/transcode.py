"""A feed's bytes as UTF-8."""

from __future__ import annotations

import codecs
import re

UTF8_SIGNS = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
"""Characters beyond ASCII in UTF-8."""
_PADDING = b"\0\x1a"
"""Signs behind the end of a text: CP/M and DOS mark it with 0x1a, blocks are filled up with 0."""
MAX_HELD_BYTES = 1 << 22
"""A line longer than this is handed on before its end is seen."""


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
            return data.rstrip(_PADDING) or (data if self._first else b"")
        end = chunk.rfind(b"\n") + 1
        if end:
            data, self._rest = self._rest + chunk[:end], chunk[end:]
            return data
        data = self._rest + chunk
        keep = len(data) - _cut_tail(data) if len(data) > MAX_HELD_BYTES else 0
        self._rest = data[keep:]
        return data[:keep]


def _valid(text: bytes) -> bytes:
    return text if is_utf8(text) else b"\n".join(_mend(line) for line in text.split(b"\n"))


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
    if is_utf8(line):
        return line
    codec = "utf-8" if UTF8_SIGNS.search(line) else "cp1252"
    return line.decode(codec, "replace").encode("utf-8")


def is_utf8(line: bytes) -> bool:
    """Whether all of a line is UTF-8."""
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
