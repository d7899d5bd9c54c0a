"""One XML record to its cells: the leaves of its tree, named by their path."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from lxml import etree

from aisles.feeds.xmlpath import qualified

MAX_DEPTH = 100
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
_MOST_BESIDE = 3


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


def cells_of_child(child: etree._Element, kinds: Mapping[str, str]) -> list[tuple[str, str]]:
    """The cells of one child of a record; arguments and errors as of `cells_of`."""
    cells: list[tuple[str, str]] = []
    _walk(child, "", cells, 1, kinds)
    return cells


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
