"""Delimiters of several bytes and escaped signs, written as signs that text cannot hold.

The tokenizer knows delimiters of one byte and quotes that are doubled. Everything else is put into
that form before it and back into its own after it: a long delimiter becomes NUL, which decoded text
never holds, an escaped quote, delimiter or escape a character that Unicode reserves for such use.
"""

from __future__ import annotations

import re

import pyarrow as pa
import pyarrow.compute as pc

from aisles.feeds.records import VALUES

_RESERVED = ("\ufdd0", "\ufdd1", "\ufdd2")  # for an escaped quote, delimiter, escape
_RESERVED_BYTES = tuple(sign.encode() for sign in _RESERVED)


class Rewriter:
    """Turns a feed's text, UTF-8 in chunks, into what the tokenizer reads, and cells back."""

    def __init__(self, delimiter: str, quote: str | None, escape: str | None) -> None:
        self._long = delimiter.encode() if len(delimiter.encode()) > 1 else b""
        self.delimiter = "\0" if self._long else delimiter
        self._given = delimiter
        self._escape = escape
        signs = [delimiter] if quote is None else [quote, delimiter]
        self._codes = dict(zip([quote or "", delimiter, escape or ""], _RESERVED, strict=True))
        self._signs = {s.encode(): self._codes[s].encode() for s in [*signs, escape] if s}
        joined = b"|".join(re.escape(sign) for sign in self._signs)
        mark = re.escape((escape or "").encode())
        self._escaped = re.compile(mark + b"(" + joined + b")") if escape else None
        self._rest = b""
        self.idle = not self._long and escape is None

    def feed(self, chunk: bytes, final: bool = False) -> bytes:
        """The chunk rewritten; what a delimiter or an escape may go on with is held back."""
        if self.idle:
            return chunk
        data = self._rest + chunk
        cut = len(data) if final else data.rfind(b"\n") + 1
        if not cut and len(data) > 1 << 22:
            cut = len(data) - len(self._long) - 1
        data, self._rest = data[:cut], data[cut:]
        return self._written(data)

    def _written(self, data: bytes) -> bytes:
        if self._escaped is not None and b"\xef\xb7" in data:
            for code in _RESERVED_BYTES:
                data = data.replace(code, b"\xef\xbf\xbd")
        if self._escaped is not None:
            data = self._escaped.sub(lambda m: self._signs[m[1]], data)
        return data.replace(self._long, b"\0") if self._long else data

    def cell(self, text: str) -> str:
        """The text of one cell as the feed means it."""
        return self._back(text, "")

    def raw(self, text: str) -> str:
        """A stretch of the file as it stood."""
        return self._back(text, self._escape or "")

    def _back(self, text: str, mark: str) -> str:
        if self._escape:
            for sign, code in self._codes.items():
                text = text.replace(code, mark + sign)
        return text.replace("\0", self._given) if self._long else text

    def maps(self, maps: pa.MapArray) -> pa.MapArray:
        """Records' cells with their texts as the feed means them."""
        if self.idle:
            return maps
        items = maps.items
        if self._escape:
            for sign, code in self._codes.items():
                items = pc.replace_substring(items, code, sign)
        if self._long:
            items = pc.replace_substring(items, "\0", self._given)
        return pa.MapArray.from_arrays(maps.offsets, maps.keys, items, type=VALUES)
