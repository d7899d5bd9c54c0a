"""The format of a feed's content from its first bytes."""

from __future__ import annotations

import re
from collections.abc import Callable

from aisles.feeds.dialect import dialect_of
from aisles.feeds.encoding import encoding_of, has_cr_lines
from aisles.feeds.expand import Unreadable
from aisles.feeds.formats import Format
from aisles.feeds.jsonpath import json_format
from aisles.feeds.tagged import tagged_format
from aisles.feeds.transcode import Transcoder
from aisles.feeds.xmlpath import record_path

HEAD_BYTES = 1 << 18
PARQUET = b"PAR1"
_XML = re.compile(rb"\s*<(?:\?xml|!--|!DOCTYPE|[A-Za-z_])")
_LATE_XML = re.compile(rb"\A(?:[^<\n]*\n){1,9}\s*(?=<\?xml\s)")
_PAGE = re.compile(rb"\s*(?:<\?xml[^>]*>\s*)?<(?:!doctype\s+html|html)[\s>]", re.I)
_COMMENT = re.compile(rb"<!--.*?-->", re.S)
_DELIMITED_NAME = re.compile(r"\.(?:csv|tsv)(?:\.|$)")
_CONTROLS = bytes({*range(32)} - set(b"\x01\x02\x07\t\n\x0b\x0c\r\x1b\x1c\x1d\x1e\x1f"))
_NUL = b"\xef\xbf\xbd"
_BINARY_SIGNS = 8
"""So many different control characters no text holds."""


def sniff(head: bytes, name: str, whole: bool = False) -> Format:
    """The format of the decompressed content that starts with ``head``.

    Args:
        head: the start of the content, 256 KiB is plenty.
        name: the file's name; its endings settle what the bytes leave open.
        whole: ``head`` is the whole content.

    Raises:
        Unreadable: when it is no text, or a web page.
    """
    if head.startswith(PARQUET):
        return Format(container="parquet", header=False)
    encoding = encoding_of(head)
    cr_lines = has_cr_lines(Transcoder(encoding).feed(head, final=True))
    text = Transcoder(encoding, cr_lines).feed(head, final=True)
    _refuse_other(head, text)
    for found in _READERS:
        form = found(text, name, whole)
        if form is not None:
            break
    assert form is not None, "whatever is nothing else is delimited"
    return Format(**{**form.__dict__, "encoding": encoding, "cr_lines": cr_lines})


def _refuse_other(head: bytes, text: bytes) -> None:
    """Refuses what is no feed at all, before it is taken for a table of one column."""
    filled = text.strip(_NUL + b" \t\r\n")
    kinds = sum(sign in filled for sign in _CONTROLS) + (b"\0" in head.rstrip(b"\0"))
    if (text.strip() and not filled) or (kinds >= _BINARY_SIGNS):
        raise Unreadable(
            f"no text: it begins with {head[:8]!r} and holds control characters; expected "
            "delimited text, XML, JSON or Parquet, plain or as gzip, zip, bzip2, zstd or xz"
        )
    if head[257:262] == b"ustar":
        raise Unreadable("tar archive: expected one data file; deliver its members themselves")
    if _PAGE.match(_COMMENT.sub(b"", text[:4096])):
        raise Unreadable("web page: it is HTML and no feed; see what the feed's address answers")


def _xml(text: bytes, name: str, whole: bool) -> Format | None:
    start = text[:4096].lstrip()
    late = _LATE_XML.match(start)
    declared = late is not None or start.startswith(b"<?xml")  # which no name can belie
    if not declared and (not _XML.match(start) or _DELIMITED_NAME.search(name.lower())):
        return None
    return Format(container="xml", header=False, record_element=record_path(text, whole))


def _json(text: bytes, _name: str, whole: bool) -> Format | None:
    return json_format(text, whole)


def _tagged(text: bytes, _name: str, _whole: bool) -> Format | None:
    return tagged_format(text)


def _delimited(text: bytes, _name: str, whole: bool) -> Format:
    found = dialect_of(text, whole)
    return Format(
        delimiter=found.cut.delimiter,
        quote=found.cut.quote,
        escape=found.cut.escape,
        header=found.header,
        columns=found.columns,
        has_trailer_marks=found.has_trailer_marks,
        skip_lines=found.skip_lines,
    )


_READERS: tuple[Callable[[bytes, str, bool], Format | None], ...]
_READERS = (_tagged, _xml, _json, _delimited)
