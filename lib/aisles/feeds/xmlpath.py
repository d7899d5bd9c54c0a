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
_FRAMES = frozenset(["channel", "header", "head", "meta"])
_COMMENT = re.compile(rb"<!--.*?-->", re.S)
_PROLOG = re.compile(rb"[^<]*(?:<\?.*?\?>|<!--.*?-->)", re.S)
_TYPE = re.compile(rb"[^<]*<!DOCTYPE")
_FIRST = re.compile(rb"[^<]*<([^\s<>/!?]+)[\s/>]")
_ELEMENT = re.compile(rb"<(?![!?])")


def safe_parser(recover: bool = False) -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False,
        remove_comments=True, remove_pis=True, recover=recover,
    )  # fmt: skip


def record_path(head: bytes, last: bool = False) -> str | None:
    """The path of the element that is one record, ``/rss/channel/item``; None when not seen yet.

    It is the repeated element that holds the most leaves; an element with a name that feeds use
    for records (item, entry, product, offer, ...) wins over what repeats inside it. Elements of
    other names that stand beside the records and are made like them are records too:
    ``/shop/product|service``. With ``last`` there is no more to come: a single element with
    several leaves will do, or one that is nothing but a repeated text.
    """
    several = _without_root(head)
    if several is not None:
        return several
    root = recovered(head)
    if root is None:
        return None
    path = _most_leaves(root, leafy=False)
    if path is None and last:
        path = _only_record(root) or _most_leaves(root, leafy=True)
    return None if path is None else _with_others(root, path)


def _without_root(head: bytes) -> str | None:
    """The path of records that follow each other without an element around them, ``/product``."""
    place = 0
    while found := _PROLOG.match(head, place):
        place = found.end()
    first = _FIRST.match(head, place)
    if first is None or not re.search(
        rb"(?:</%b\s*>|/>)\s*<%b[\s/>]" % (re.escape(first[1]), re.escape(first[1])), head
    ):
        return None
    declared = b"".join(
        b' %s="x"' % name for name in {*re.findall(rb"[<\s](xmlns:[\w.-]+)=", head[:4096])}
    )
    root = recovered(b"<r%s>%s</r>" % (declared, head[place:]))
    names = [] if root is None else [qualified(child) for child in root]
    if root is None or len(names) < 2 or 2 * names.count(names[0]) < len(names):
        return None
    # Whole documents also may follow each other.
    known = names[0].split(":")[-1].lower() in _RECORD_NAMES
    return f"/{names[0]}" if known or _most_leaves(root[0], leafy=False) is None else None


def _only_record(root: etree._Element) -> str | None:
    """The path of the record of a document in which no record repeats."""
    for element in root.iterdescendants():
        filled = [e for e in element if not len(e) and (e.text or "").strip()]
        if qualified(element).lower() not in _FRAMES and len(filled) + len(element.attrib) > 1:
            return _path(element)
    return None


def has_entities(document: bytes) -> bool:
    """Whether the document type, which stands before the root element, defines entities."""
    place = 0
    while found := _PROLOG.match(document, place):
        place = found.end()
    start = _TYPE.match(document, place)
    if start is None:
        return False
    subset = _COMMENT.sub(b"", document[start.start() :])
    body = _ELEMENT.search(subset)
    return b"<!ENTITY" in (subset[: body.start()] if body else subset)


def recovered(head: bytes) -> etree._Element | None:
    """The tree of a document's start, with the elements still open closed."""
    if has_entities(head):
        return None
    parser = safe_parser(recover=True)
    try:
        parser.feed(re.sub(rb"^[^<]*<\?xml[^>]*\?>", b"", head))
        return parser.close()
    except etree.XMLSyntaxError:
        return None


def _most_leaves(root: etree._Element, leafy: bool) -> str | None:
    count: Counter[str] = Counter()
    leaves: Counter[str] = Counter()
    for element in root.iterdescendants():
        if not leafy and not len(element) and len(element.attrib) < 3:
            continue
        path = _path(element)
        count[path] += 1
        leaves[path] += sum(1 + len(inner.attrib) for inner in element.iter() if not len(inner))
    often = [p for p in count if count[p] > 1]
    named = [p for p in count if p.rsplit("/", 1)[1].split(":")[-1].lower() in _RECORD_NAMES]
    for path in sorted(named, key=lambda p: (p.count("/"), -leaves[p])):
        if count[path] > 1 or all(other.startswith(f"{path}/") for other in often):
            return path
    return max(often, key=lambda p: (leaves[p], -p.count("/")), default=None)


def _with_others(root: etree._Element, path: str) -> str:
    """The path, with the names of other elements that stand beside it and hold much the same."""
    above, _, name = path.rpartition("/")
    beside: dict[str, list[etree._Element]] = {}
    for element in root.iterdescendants():
        if _path(element).rpartition("/")[0] == above:
            beside.setdefault(qualified(element), []).append(element)
    kinds = {other: _tags(some) for other, some in beside.items() if len(some) > 1}
    own = kinds.get(name, _tags(beside[name]))
    alike = [o for o, tags in kinds.items() if o != name and 2 * len(tags & own) >= len(tags | own)]
    return f"{above}/" + "|".join([name, *sorted(alike)])


def _tags(elements: list[etree._Element]) -> set[str]:
    some = elements[:50]
    return {qualified(i) for e in some for i in e} | {f"@{k}" for e in some for k in e.attrib}


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
    above, _, names = path.rpartition("/")
    paths = {f"{above}/{name}" for name in names.split("|")}
    records = [e for e in root.iterdescendants() if _path(e) in paths]
    tags = {e.tag for e in records}
    # Compared here, as lxml looks for no name with signs that XML lacks, though it gives such.
    holders = sum(any(inner.tag in tags for inner in e.iterdescendants()) for e in records)
    # One lost end tag also looks like nesting, but once.
    return holders > max(1, len(records) // 10)


def repeated_around(head: bytes, path: str) -> frozenset[str]:
    """The elements around the records that stand several times, as a category with its records."""
    root = recovered(head)
    names = path.split("/")[1:-1]
    level = [] if root is None or not names or qualified(root) != names[0] else [root]
    found = set()
    for name in names[1:]:
        level = [inner for e in level for inner in e if qualified(inner) == name]
        if len(level) > 1:
            found.add(name)
    return frozenset(found)
