"""What scripts and servers put around JSON: ``callback(...)``, ``var x = ...``, ``)]}',``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

MOST_CHARS = 4096
_WRAP = (
    r"(?:[\s\x1e]|//[^\n]*(?:\n|\Z)|/\*(?:(?!\*/).)*+(?:\*/|\Z)|\)\]\}',?"
    r"|while\s*\(1\);|for\s*\(;;\);|export\s+default(?=\s)"
    r"|(?:(?:var|let|const)\s+)?[A-Za-z_$][\w$.]*\s*[=(](?=\s*(?:[\[{/]|\Z)))*+"
)
_START, _BYTES = re.compile(_WRAP, re.S), re.compile(_WRAP.encode(), re.S)
END = re.compile(r"[);]+|//.*|/\*.*\*/")
"""A line at the end that belongs to what stands around."""


def wrapping(text: bytes) -> bytes:
    """What stands before the JSON at the text's start, blank signs and all."""
    found = _BYTES.match(text[:MOST_CHARS])
    return found[0] if found else b""


def unwrapped(pieces: Iterable[str]) -> Iterator[str]:
    """The text's pieces without what stands before the JSON."""
    start: str | None = ""
    for piece in pieces:
        if start is None:
            yield piece
        else:
            start += piece
            if len(start) >= MOST_CHARS:
                yield _without(start)
                start = None
    if start is not None:
        yield _without(start)


def _without(start: str) -> str:
    found = _START.match(start[:MOST_CHARS])
    return start[found.end() :] if found else start
