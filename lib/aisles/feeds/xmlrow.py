"""One XML record to its cells: the leaves of its tree, named by their path."""

from __future__ import annotations

import html.entities
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from lxml import etree

from aisles.feeds.records import Row, rejected
from aisles.feeds.xmlpath import qualified, safe_parser

MAX_DEPTH = 100
_PREFIX = re.compile(rb"[<\s/]([A-Za-z_][\w.-]*):[A-Za-z_]")
_AMPERSAND = re.compile(
    rb"(<!\[CDATA\[(?:.*?\]\]>|.*\Z))|&(?!(?:amp|lt|gt|quot|apos|#\d+|#x[\da-fA-F]+);)", re.S
)
_NAMED = re.compile(rb"&([A-Za-z]\w*);")
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]")
_KEY_TAGS = re.compile(r"(?:^|[_:-])(?:param_?)?(?:name|key|label|attribute)$", re.I)
_VALUE_TAGS = re.compile(r"(?:^|[_:-])(?:val|value|values|text)$", re.I)
_NAMING_ATTRIBUTES = ("name", "key", "label")


class RecordParser:
    """Parses records cut out of a document, given the namespaces declared around them."""

    def __init__(self, namespaces: dict[bytes, bytes]) -> None:
        self._declared = namespaces

    def rows(self, records: Sequence[bytes]) -> Iterator[Row]:
        """One row per record: its cells, or why it could not be read."""
        try:
            found = self._parse(b"".join(records))
            together = len(found) == len(records)
        except etree.XMLSyntaxError:
            together = False
        if together:
            for element, record in zip(found, records, strict=True):
                yield _row(element, record)
            return
        for record in records:
            yield self._alone(record)

    def _parse(self, text: bytes) -> list[etree._Element]:
        declared = b"".join(b" %s=%s" % pair for pair in self._declared.items())
        root = etree.fromstring(b"<r%s>%s</r>" % (declared, text), safe_parser())
        return list(root)

    def _alone(self, record: bytes) -> Row:
        for text in (record, _mended(record)):
            self._declare(text)
            try:
                found = self._parse(text)
            except etree.XMLSyntaxError as error:
                message = str(error.msg)
                continue
            if len(found) == 1:
                return _row(found[0], record)
            message = "the record's element does not close"
        return rejected(record.decode("utf-8", "replace"), f"bad_xml: {message}")

    def _declare(self, record: bytes) -> None:
        """Prefixes used without a declaration stand for themselves."""
        for prefix in set(_PREFIX.findall(record)):
            if prefix not in (b"xml", b"xmlns"):
                self._declared.setdefault(b"xmlns:" + prefix, b'"%s"' % prefix)


def _row(element: etree._Element, record: bytes) -> Row:
    try:
        return Row(cells_of(element))
    except RecursionError:
        text = record[:40_000].decode("utf-8", "replace")
        return rejected(text, f"bad_xml: nested too deeply, expected at most {MAX_DEPTH} levels")


def _mended(record: bytes) -> bytes:
    """The record with HTML's named entities spelt out, lone ``&`` escaped, controls dropped."""

    def sign(found: re.Match[bytes]) -> bytes:
        name = found[1].decode() + ";"
        known = name in html.entities.html5 and name[:-1] not in ("amp", "lt", "gt", "quot", "apos")
        return html.entities.html5[name].encode() if known else found[0]

    text = _NAMED.sub(sign, _CONTROL.sub(b"", record))
    return _AMPERSAND.sub(lambda found: found[1] or b"&amp;", text)


def cells_of(record: etree._Element) -> list[tuple[str, str]]:
    """The record's leaves and attributes as (column, text).

    A leaf's column is its path below the record, ``g:shipping/g:price``; an attribute's is
    ``tag@attribute``, the record's own ``@attribute``. ``<param name="Colour">red</param>`` and
    ``<PARAM><NAME>Colour</NAME><VAL>red</VAL></PARAM>`` give the column ``param/Colour``. A column
    met again gets ``#2``. Text around inner elements (HTML put in unescaped) is kept as one text.

    Raises:
        RecursionError: for nesting beyond ``MAX_DEPTH``.
    """
    cells: list[tuple[str, str]] = [(f"@{_local(k)}", v) for k, v in record.attrib.items()]
    for child in record:
        if not len(child) and not child.attrib:  # most are: no need for the long way
            if isinstance(child.tag, str):
                cells.append((_name(child.tag, child.prefix), child.text or ""))
        else:
            _walk(child, "", cells, 1)
    if not len(record) and record.text:
        cells.append((qualified(record), record.text))
    return _numbered(cells)


@lru_cache(maxsize=4096)
def _name(tag: str, prefix: str | None) -> str:
    local = _local(tag)
    return f"{prefix}:{local}" if prefix else local


def _walk(element: etree._Element, path: str, cells: list[tuple[str, str]], depth: int) -> None:
    if depth > MAX_DEPTH:
        raise RecursionError
    if not isinstance(element.tag, str):
        return
    name = path + qualified(element)
    attributes = dict(element.attrib)
    if not len(element):
        key = next((k for k in _NAMING_ATTRIBUTES if k in attributes and element.text), None)
        if key is not None:
            name = f"{name}/{attributes.pop(key)}"
        cells.append((name, element.text or ""))
    else:
        pair = _pair(element)
        if pair is not None:
            cells.append((f"{name}/{pair[0]}", pair[1]))
        elif _has_text(element):
            cells.append((name, "".join(element.itertext())))
        else:
            for child in element:
                _walk(child, name + "/", cells, depth + 1)
    for key, value in attributes.items():
        cells.append((f"{name}@{_local(key)}", value))


def _pair(element: etree._Element) -> tuple[str, str] | None:
    """Name and value of an element that holds just these two as leaves."""
    if len(element) != 2 or len(element[0]) or len(element[1]):
        return None
    first, second = qualified(element[0]), qualified(element[1])
    if _KEY_TAGS.search(first) and _VALUE_TAGS.search(second) and element[0].text:
        return element[0].text.strip(), element[1].text or ""
    return None


def _has_text(element: etree._Element) -> bool:
    own = (element.text or "").strip()
    return bool(own) or any((child.tail or "").strip() for child in element)


def _local(name: object) -> str:
    return str(name).rsplit("}", 1)[-1]


def _numbered(cells: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The filled cells, stripped, a column met again with ``#2``, ``#3``, ..."""
    seen: dict[str, int] = {}
    found: list[tuple[str, str]] = []
    for name, value in cells:
        if text := value.strip():
            if name in seen:
                seen[name] += 1
                found.append((f"{name}#{seen[name]}", text))
            else:
                seen[name] = 1
                found.append((name, text))
    return found
