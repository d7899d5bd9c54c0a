"""One XML record to its cells: the leaves of its tree, named by their path."""

from __future__ import annotations

import html.entities
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from lxml import etree

from aisles.feeds.records import Row, rejected
from aisles.feeds.xmlpath import qualified, safe_parser

MAX_DEPTH = 100
_PREFIX = re.compile(rb"[<\s/]([A-Za-z_][\w.-]*):[A-Za-z_]")
# References to controls, which XML has none for; a < that opens nothing, outside of CDATA.
_NO_SIGN = re.compile(rb"(?i)&#(?:x0*(?:[0-8bcef]|1[0-9a-f])|0*(?:[0-8]|1[124-9]|2\d|3[01]));")
_LESS = re.compile(rb"(<!\[CDATA\[(?:.*?\]\]>|.*\Z))|<(?=[\s\d=<])", re.S)
_AMPERSAND = re.compile(
    rb"(<!\[CDATA\[(?:.*?\]\]>|.*\Z))|&(?!(?:amp|lt|gt|quot|apos|#\d+|#x[\da-fA-F]+);)", re.S
)
_NAMED = re.compile(rb"&([A-Za-z]\w*);")
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]")
_KEY_TAGS = re.compile(
    r"(?:^|[_:-])(?:param_?)?(?:name|key|label|attribute|naam|nom|nombre|nome|nazwa"
    r"|nazev|namn|navn|nimi|название|имя)$",
    re.I,
)
_VALUE_TAGS = re.compile(
    r"(?:^|[_:-])(?:val|value|values|text|waarde|wert|valeur|valor|valore|wartosc|hodnota|varde"
    r"|verdi|vaerdi|arvo|deger|значение)$",
    re.I,
)
_NAMING_ATTRIBUTES, _VALUE_ATTRIBUTES = ("name", "key", "label"), ("value", "val", "content")
_QUALIFIERS = frozenset(["unit", "id", "code", "lang", "type", "group", "order", "value"])
# RFC 4287: a link without @rel is one of rel="alternate", the thing itself.
_PLAIN_RELATION = "alternate"
_KINDS = ("type", "name", "key", "label")
_MOST_KINDS, _MOST_BESIDE = 50, 3
SCANNED = 2000  # records that are looked at for siblings told apart by an attribute


class RecordParser:
    """Parses records cut out of a document, given the namespaces declared around them."""

    def __init__(self, namespaces: dict[bytes, bytes]) -> None:
        self._declared = namespaces
        self._kinds = Kinds()

    def rows(self, records: Sequence[bytes]) -> Iterator[Row]:
        """One row per record: its cells, or why it could not be read."""
        try:
            found = self._parse(b"".join(records))
            together = len(found) == len(records)
        except etree.XMLSyntaxError:
            together = False
        if together:
            self._kinds.learn(found)
            for element, record in zip(found, records, strict=True):
                yield self._row(element, record)
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
        """The cells of one child of a record, given its text; None where it cannot be read."""
        cells: list[tuple[str, str]] = []
        try:
            (element,) = self._parse(text)
            _walk(element, "", cells, 1, self._kinds.attribute)
        except (etree.XMLSyntaxError, RecursionError, ValueError):
            return None
        return cells

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
                self._kinds.learn(found)
                return self._row(found[0], record)
            message = "the record's element does not close"
        return rejected(record.decode("utf-8", "replace"), f"bad_xml: {message}")

    def _row(self, element: etree._Element, record: bytes) -> Row:
        try:
            return Row(cells_of(element, self._kinds.attribute))
        except RecursionError:
            text = record[:40_000].decode("utf-8", "replace")
            why = f"nested too deeply, expected at most {MAX_DEPTH} levels"
            return rejected(text, f"bad_xml: {why}")

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


def cells_of(
    record: etree._Element, kinds: Mapping[str, str] | None = None
) -> list[tuple[str, str]]:
    """The record's leaves and attributes as (column, text).

    A leaf's column is its path below the record, ``g:shipping/g:price``; an attribute's is
    ``tag@attribute``, the record's own ``@attribute``. ``<param name="Colour">red</param>``, the
    same with the text in a ``<value>``, and ``<PARAM><NAME>Colour</NAME><VAL>red</VAL></PARAM>``
    give the column ``param/Colour``. A column met again gets ``#2``. Text around inner elements
    (HTML put in unescaped) is kept as one text.

    Args:
        record: the record's element.
        kinds: the attribute that tells elements of a tag apart, where they stand several times.

    Raises:
        RecursionError: for nesting beyond ``MAX_DEPTH``.
    """
    kinds = kinds or {}
    cells: list[tuple[str, str]] = [(f"@{_local(k)}", v) for k, v in record.items()]
    for child in record:
        if len(child) or child.keys():
            _walk(child, "", cells, 1, kinds)
        elif isinstance(tag := child.tag, str):  # most are such: no need for the long way
            cells.append((_name(tag, child.prefix), child.text or ""))
    if not len(record) and record.text:
        cells.append((qualified(record), record.text))
    return _numbered(cells)


@lru_cache(maxsize=4096)
def _name(tag: str, prefix: str | None) -> str:
    local = _local(tag)
    return f"{prefix}:{local}" if prefix else local


def _walk(
    element: etree._Element,
    path: str,
    cells: list[tuple[str, str]],
    depth: int,
    kinds: Mapping[str, str],
) -> None:
    if depth > MAX_DEPTH:
        raise RecursionError
    if not isinstance(element.tag, str):
        return
    name = path + qualified(element)
    attributes = dict(element.attrib)
    if not len(element):
        said, text = _named(attributes, element.text, kinds.get(element.tag))
        name = f"{name}/{said}" if said else name
        cells.append((name, text))
    else:
        pair, key = _pair(element), _names_values(element)
        if key is not None:
            name = f"{name}/{attributes.pop(key)}"
            cells += [cell for child in element for cell in _value_of(child, name)]
        elif pair is not None:
            cells.append((f"{name}/{pair[0]}", pair[1]))
        elif _has_text(element):
            cells.append((name, "".join(element.itertext())))
        else:
            for child in element:
                _walk(child, name + "/", cells, depth + 1, kinds)
    for key, value in attributes.items():
        cells.append((f"{name}@{_local(key)}", value))


def _named(
    attributes: dict[str, str], text: str | None, kind: str | None
) -> tuple[str | None, str]:
    """What a leaf's attributes call it, and its text; the attributes that say so are taken out."""
    few = len(attributes.keys() - _QUALIFIERS) <= _MOST_BESIDE  # more tell of the product itself
    key = next((k for k in _NAMING_ATTRIBUTES if few and k in attributes), None)
    value = next((v for v in _VALUE_ATTRIBUTES if v in attributes), None)
    filled = bool(text and text.strip())
    if key is not None and not filled and value is not None:
        return attributes.pop(key), attributes.pop(value)
    if key is None or not filled:
        key = "rel" if "rel" in attributes else kind
    said = attributes.pop(key, None) if key is not None else None
    return (None if said == _PLAIN_RELATION else said), text or ""


def _pair(element: etree._Element) -> tuple[str, str] | None:
    """Name and value of an element that holds just these two as leaves."""
    if len(element) != 2 or len(element[0]) or len(element[1]):
        return None
    first, second = qualified(element[0]), qualified(element[1])
    if _KEY_TAGS.search(first) and _VALUE_TAGS.search(second) and element[0].text:
        return element[0].text.strip(), element[1].text or ""
    return None


def _names_values(element: etree._Element) -> str | None:
    """The attribute that names an element which holds values only, and nothing else."""
    held = all(isinstance(c.tag, str) and not len(c) for c in element)
    if not held or not all(_VALUE_TAGS.search(qualified(child)) for child in element):
        return None
    return next((key for key in _NAMING_ATTRIBUTES if (element.get(key) or "").strip()), None)


def _value_of(child: etree._Element, name: str) -> list[tuple[str, str]]:
    """The cells of a value that the element around it names: its text, or what it is called."""
    attributes, text = dict(child.attrib), child.text or ""
    if not text.strip():
        ways = (*_VALUE_ATTRIBUTES, *_NAMING_ATTRIBUTES)
        said = next((key for key in ways if attributes.get(key, "").strip()), None)
        text = attributes.pop(said) if said else ""
    place = f"{name}/{qualified(child)}"
    more = [(f"{place}@{_local(key)}", value) for key, value in attributes.items()]
    return [(name, text), *more]


def _has_text(element: etree._Element) -> bool:
    own = (element.text or "").strip()
    return bool(own) or any((child.tail or "").strip() for child in element)


def _local(name: object) -> str:
    return str(name).rsplit("}", 1)[-1]


def _numbered(cells: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The filled cells, stripped, a column met again with ``#2``, ``#3``, ..."""
    filled = [(name, text) for name, value in cells if (text := value.strip())]
    if len(dict(filled)) == len(filled):
        return filled
    seen: dict[str, int] = {}
    found: list[tuple[str, str]] = []
    for name, text in filled:
        number = seen[name] = seen.get(name, 0) + 1
        found.append((name if number == 1 else f"{name}#{number}", text))
    return found
