"""XML records cut out of a feed to rows: parsed together, or one by one where one is broken."""

from __future__ import annotations

import html.entities
import re
from collections.abc import Iterator, Sequence

from lxml import etree

from aisles.feeds.records import Row, rejected
from aisles.feeds.xmlpath import safe_parser
from aisles.feeds.xmlrow import MAX_DEPTH, cells_of, cells_of_child
from aisles.feeds.xmlvariants import nests, variants_of

_PREFIX = re.compile(rb"[<\s/]([A-Za-z_][\w.-]*):[A-Za-z_]")
# References to controls, which XML has none for; a < that opens nothing, outside of CDATA.
_NO_SIGN = re.compile(rb"(?i)&#(?:x0*(?:[0-8bcef]|1[0-9a-f])|0*(?:[0-8]|1[124-9]|2\d|3[01]));")
_LESS = re.compile(rb"(<!\[CDATA\[(?:.*?\]\]>|.*\Z))|<(?=[\s\d=<])", re.S)
_AMPERSAND = re.compile(
    rb"(<!\[CDATA\[(?:.*?\]\]>|.*\Z))|&(?!(?:amp|lt|gt|quot|apos|#\d+|#x[\da-fA-F]+);)", re.S
)
_NAMED = re.compile(rb"&([A-Za-z]\w*);")
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]")
_KINDS = ("type", "name", "key", "label")
_MOST_KINDS = 50
SCANNED = 2000  # records that are looked at for siblings told apart by an attribute


class RecordParser:
    """Parses records cut out of a document, given the namespaces declared around them."""

    def __init__(self, namespaces: dict[bytes, bytes]) -> None:
        self._declared = namespaces
        self._kinds = Kinds()

    def rows(self, records: Sequence[bytes]) -> Iterator[list[Row]]:
        """The rows of each record: its cells, of each of its variants; or why it is not read."""
        try:
            found = self._parse(b"".join(records))
            together = len(found) == len(records)
        except etree.XMLSyntaxError:
            together = False
        if together:
            self._kinds.learn(found)
            for element, record in zip(found, records, strict=True):
                yield self._rows(element, record)
            return
        for record in records:
            yield self._alone(record)

    @property
    def unlearned(self) -> int:
        """How many records are read until it is known which siblings an attribute tells apart."""
        return self._kinds.left

    def knows(self, prefix: bytes) -> bool:
        """Whether a prefix of names is declared."""
        return b"xmlns:" + prefix in self._declared

    def child(self, text: bytes) -> list[tuple[str, str]] | None:
        """The cells of one child of a record, given its text; None where the record is to be read
        as a whole: it cannot be read, or may nest variants."""
        try:
            (element,) = self._parse(text)
            return None if nests(element) else cells_of_child(element, self._kinds.attribute)
        except (etree.XMLSyntaxError, RecursionError, ValueError):
            return None

    def _parse(self, text: bytes) -> list[etree._Element]:
        declared = b"".join(b" %s=%s" % pair for pair in self._declared.items())
        root = etree.fromstring(b"<r%s>%s</r>" % (declared, text), safe_parser())
        return list(root)

    def _alone(self, record: bytes) -> list[Row]:
        for text in (record, _mended(record)):
            self._declare(text)
            try:
                found = self._parse(text)
            except etree.XMLSyntaxError as error:
                message = str(error.msg)
                continue
            if len(found) == 1:
                self._kinds.learn(found)
                return self._rows(found[0], record)
            message = "the record's element does not close"
        return [rejected(record.decode("utf-8", "replace"), f"bad_xml: {message}")]

    def _rows(self, element: etree._Element, record: bytes) -> list[Row]:
        kinds = self._kinds.attribute
        try:
            found = variants_of(element, kinds) or [cells_of(element, kinds)]
            return [Row(cells) for cells in found]
        except RecursionError:
            text = record[:40_000].decode("utf-8", "replace")
            why = f"nested too deeply, expected at most {MAX_DEPTH} levels"
            return [rejected(text, f"bad_xml: {why}")]

    def _declare(self, record: bytes) -> None:
        """Prefixes used without a declaration stand for themselves."""
        for prefix in set(_PREFIX.findall(record)):
            if prefix not in (b"xml", b"xmlns"):
                self._declared.setdefault(b"xmlns:" + prefix, b'"%s"' % prefix)


class Kinds:
    """Elements that stand several times beside each other, told apart by an attribute.

    ``<price type="sale">`` and ``<price type="list">`` are columns of their own whatever their
    order, ``price/sale`` and ``price/list``.
    """

    def __init__(self) -> None:
        self.attribute: dict[str, str] = {}
        self.left = SCANNED

    def learn(self, records: Sequence[etree._Element]) -> None:
        """Takes note of such elements in the first records of a feed."""
        for record in records[: self.left]:
            for element in record.iter(etree.Element):
                if len(element) > 1:
                    self._learn(element)
        self.left = max(self.left - len(records), 0)

    def _learn(self, parent: etree._Element) -> None:
        beside: dict[str, list[etree._Element]] = {}
        for child in parent:
            if isinstance(child.tag, str) and child.attrib and not len(child):
                beside.setdefault(child.tag, []).append(child)
        for tag, several in beside.items():
            if len(several) > 1 and tag not in self.attribute:
                for name in _KINDS:
                    values = {element.get(name) for element in several}
                    if None not in values and 1 < len(values) < _MOST_KINDS:
                        self.attribute[tag] = name
                        break


def _mended(record: bytes) -> bytes:
    """The record with HTML's named entities spelt out, lone ``&`` and ``<`` escaped, controls
    dropped."""

    def sign(found: re.Match[bytes]) -> bytes:
        name = found[1].decode() + ";"
        known = name in html.entities.html5 and name[:-1] not in ("amp", "lt", "gt", "quot", "apos")
        return html.entities.html5[name].encode() if known else found[0]

    text = _NAMED.sub(sign, _NO_SIGN.sub(b"", _CONTROL.sub(b"", record)))
    text = _LESS.sub(lambda found: found[1] or b"&lt;", text)
    return _AMPERSAND.sub(lambda found: found[1] or b"&amp;", text)
