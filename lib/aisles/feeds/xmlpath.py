"""Which element of an XML feed is one record, found from the document's start."""

from __future__ import annotations

import re
from collections import Counter

from lxml import etree

_RECORD_NAMES = frozenset(
    [
        "item",
        "entry",
        "product",
        "offer",
        "shopitem",
        "o",
        "produkt",
        "article",
        "artikel",
        "record",
        "row",
        "produit",
        "producto",
        "prodotto",
        "ad",
        "listing",
        "job",
        "good",
        "goods",
    ]
)


def safe_parser(recover: bool = False) -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False,
        remove_comments=True, remove_pis=True, recover=recover,
    )  # fmt: skip


def record_path(head: bytes) -> str | None:
    """The path of the element that is one record, ``/rss/channel/item``; None when not seen yet.

    It is the repeated element that holds the most leaves; an element with a name that feeds use
    for records (item, entry, product, offer, ...) wins over what repeats inside it.
    """
    if b"<!ENTITY" in head:
        return None
    root = recovered(head)
    return None if root is None else _most_leaves(root)


def recovered(head: bytes) -> etree._Element | None:
    """The tree of a document's start, with the elements still open closed."""
    parser = safe_parser(recover=True)
    try:
        parser.feed(re.sub(rb"^\s*<\?xml[^>]*\?>", b"", head))
        return parser.close()
    except etree.XMLSyntaxError:
        return None


def _most_leaves(root: etree._Element) -> str | None:
    count: Counter[str] = Counter()
    leaves: Counter[str] = Counter()
    for element in root.iterdescendants():
        if not len(element) and len(element.attrib) < 3:
            continue
        path = _path(element)
        count[path] += 1
        leaves[path] += sum(1 + len(inner.attrib) for inner in element.iter() if not len(inner))
    named = [p for p in count if p.rsplit("/", 1)[1].split(":")[-1].lower() in _RECORD_NAMES]
    for path in sorted(named, key=lambda p: (p.count("/"), -leaves[p])):
        return path
    often = [p for p in count if count[p] > 1]
    return max(often, key=lambda p: (leaves[p], -p.count("/")), default=None)


def _path(element: etree._Element) -> str:
    names = [qualified(e) for e in element.iterancestors()][::-1]
    return "/" + "/".join([*names, qualified(element)])


def qualified(element: etree._Element) -> str:
    tag = str(element.tag)
    local = tag.rsplit("}", 1)[-1]
    return f"{element.prefix}:{local}" if element.prefix else local


def nests(head: bytes, path: str) -> bool:
    """Whether records hold elements of the record's own name, as a set holds its parts."""
    root = recovered(head)
    if root is None:
        return False
    records = [e for e in root.iterdescendants() if _path(e) == path]
    own = records[0].tag if records else None
    holders = sum(any(inner is not e for inner in e.iter(own)) for e in records)
    # One lost end tag also looks like nesting, but once.
    return holders > max(1, len(records) // 10)
