"""The format of a feed file from its first bytes."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace

from aisles.feeds.dialect import dialect_of
from aisles.feeds.encoding import Transcoder, encoding_of
from aisles.feeds.formats import Container, Format
from aisles.feeds.unpack import Opened, compression_of
from aisles.feeds.xmlpath import record_path

HEAD_BYTES = 1 << 18
_XML = re.compile(rb"\s*<(?:\?xml|!--|!DOCTYPE|[A-Za-z_])")
_JSON_LIST = re.compile(rb"\s*\[\s*(?:\{|\]\s*$)")
_JSON_OBJECT = re.compile(rb'\s*\{\s*(?:"|\}\s*$)')


def sniff(head: bytes, name: str, whole: bool = False) -> Format:
    """The format of the file that starts with ``head``; compressed bytes are expanded first.

    Args:
        head: the start of the file, 256 KiB is plenty.
        name: the file's name; its endings settle what the bytes leave open.
        whole: ``head`` is the whole file.
    """
    compression = compression_of(head)
    if compression != "none":
        head = _expanded(head)
    encoding = encoding_of(head)
    text = Transcoder(encoding).feed(head, final=whole)
    return replace(_format(text, encoding, name, whole), compression=compression)


def _expanded(head: bytes) -> bytes:
    out = b""
    for piece in Opened(io.BytesIO(head)).chunks():
        out += piece
        if len(out) >= HEAD_BYTES:
            break
    return out


def _format(text: bytes, encoding: str, name: str, whole: bool) -> Format:
    start = text[:4096].lstrip()
    if _XML.match(start) and not _looks_delimited(name):
        return Format(
            container="xml", encoding=encoding, header=False, record_element=record_path(text)
        )
    if _JSON_LIST.match(start):
        return Format(container="json", encoding=encoding, header=False)
    if _JSON_OBJECT.match(start):
        return Format(container=_json_kind(text), encoding=encoding, header=False)
    found = dialect_of(text, whole)
    return Format(
        encoding=encoding,
        delimiter=found.delimiter,
        quote=found.quote,
        header=found.header,
        columns=found.columns,
        has_trailer_marks=found.has_trailer_marks,
    )


def _looks_delimited(name: str) -> bool:
    """A table whose first cell is HTML starts like XML; only its name tells."""
    return bool(re.search(r"\.(csv|tsv)(\.|$)", name.lower()))


def _json_kind(text: bytes) -> Container:
    """Objects line by line, or one object that holds a list of records."""
    lines = [line for line in text[: 1 << 20].splitlines() if line.strip()]
    try:
        first = json.loads(lines[0])
    except (ValueError, RecursionError):
        later = len(lines) > 1 and lines[1].lstrip().startswith(b"{")
        return "jsonlines" if later else "json"
    wraps = any(isinstance(v, list) and v and isinstance(v[0], dict) for v in first.values())
    return "json" if wraps and len(lines) == 1 else "jsonlines"
