"""Which objects of a JSON feed are its records, found from the text's start."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from aisles.feeds.formats import Format
from aisles.feeds.jsonhead import recovered
from aisles.feeds.jsonrow import LEVELS, pair_of
from aisles.feeds.jsontable import table_path
from aisles.feeds.jsonwrap import wrapping

_START = re.compile(rb"""\s*(?:\{\s*["'}]|\{\s*\Z|\[\s*[\[{"\]\d\-tfn']|\[\s*\Z)""")
_CELL = re.compile(r' *"?(?:[;|\t^~\x01]|,(?!\s*[\[{]|\s*\Z))')
_LISTS = re.compile(
    r"^(?:items?|products?|entries|entry|results?|data|rows?|records?|articles?|goods|docs?|hits"
    r"|features|produkte?|artikel|produits?|productos?|prodotti|listings?|elements?|nodes?)$",
    re.I,
)
_PARTS = re.compile(
    r"variant|image|photo|pictur|media|option|attribut|propert|categor|kategor|link|price|size"
    r"|colou?r|stock|review|spec|tag|param|asset|facet|filter",
    re.I,
)
_LEVELS = re.compile(LEVELS)
_SAYS = re.compile(r"^(?:id|sku|name|title|price|url|link|ean|gtin|brand)$", re.I)
_ANY = "*"


def json_format(text: bytes, whole: bool) -> Format | None:
    """The format of JSON text; None when it is something else.

    Args:
        text: the content's start, UTF-8.
        whole: ``text`` is the whole content.
    """
    around = wrapping(text)
    text = text[len(around) :]
    if not _START.match(text):
        return None
    start = text.decode("utf-8", "replace")
    values, first_end = recovered(start)
    wrapped = around.rstrip().endswith((b"=", b"(", b"default"))
    if first_end is not None and not wrapped and _CELL.match(start, first_end):
        return None  # a table whose first cell is JSON
    path = record_path(values)
    path = (table_path(values) or _empty_path(values) or "") if path == "" else path
    by_line = path == "" and not start.lstrip().startswith("[") and _by_line(start, whole)
    by_line = by_line and not around.strip(b"\x1e \t\r\n")
    kind: Any = "jsonlines" if by_line else "json"
    return Format(container=kind, header=False, record_element=path)


def _empty_path(values: list[Any]) -> str | None:
    """The path of the list of records in an answer that found none: ``{"products": []}``."""
    path = ""
    one = values[0] if len(values) == 1 else None
    while isinstance(one, dict):
        if any(_SAYS.match(key) for key in one):
            return None  # it is a record itself
        empty = next((key for key, value in one.items() if _LISTS.match(key) and value == []), None)
        if empty is not None:
            return f"{path}/{escaped(empty)}"
        inner = [(key, value) for key, value in one.items() if isinstance(value, dict)]
        key, one = next((pair for pair in inner if _LISTS.match(pair[0])), ("", None))
        path = f"{path}/{escaped(key)}"
    return None


def _by_line(text: str, whole: bool) -> bool:
    """Whether most lines are an object each."""
    lines = [line for line in text.split("\n") if line.strip()]
    if not whole and len(lines) > 1:
        lines.pop()  # it may go on
    good = 0
    for line in lines[:50]:
        try:
            good += isinstance(json.loads(line.strip().removesuffix(",")), dict)
        except (ValueError, RecursionError):
            continue
    return 2 * good >= min(len(lines), 50)


def record_path(values: list[Any]) -> str:
    """The keys that lead to the records, ``/data/items``; lists on the way are not named.

    Blank: the objects at the top, or in a list at the top, are the records. ``|`` separates keys
    that stand beside each other, ``*`` is any key, as where records are named by their ids.
    """
    path, dicts = "", list(_objects(values))
    while True:
        step = _step(dicts, path.rsplit("/", 1)[-1])
        if step is None:
            return path
        path, dicts = path + step[0], step[1]


@dataclass
class _Group:
    """Objects that stand at one place below their parents."""

    path: str
    name: str
    found: list[dict[str, Any]]
    leaves: float = 0.0

    def __post_init__(self) -> None:
        some = self.found[:50]
        self.leaves = sum(map(_leaves, some)) / max(len(some), 1)
        self.keys = {key for one in some for key in one}

    def holds_lists(self) -> bool:
        """Whether the objects hold records rather than being parts of one: a shop's categories."""
        inner = (pair for one in self.found[:50] for pair in one.items())
        return any(
            _LISTS.match(key) and isinstance(value, list) and any(_objects(value))
            for key, value in inner
        )

    def like(self, other: _Group) -> bool:
        return 2 * len(self.keys & other.keys) >= len(self.keys | other.keys)


def _step(dicts: list[dict[str, Any]], name: str) -> tuple[str, list[dict[str, Any]]] | None:
    """One step down from the objects of that name to what they hold, when the feed lists that."""
    groups = list(_groups(dicts))
    if not groups:
        return None
    best = max(groups, key=lambda g: (bool(_LISTS.match(g.name)), g.leaves * len(g.found)))
    inside = sum(g.leaves * len(g.found) for g in groups)
    own = max(sum(map(_leaves, dicts[:50])) * len(dicts) / len(dicts[:50]) - inside, 0) / len(dicts)
    # A category is what products stand in, so fewer of them than of parts will do.
    weight = 1 if len(dicts) == 1 or _LEVELS.search(name) else 3
    if not _is_list(best, own, len(dicts), weight):
        return None
    alike = [g for g in groups if g.path.rsplit("/", 1)[0] == best.path.rsplit("/", 1)[0]]
    alike = [g for g in alike if g is best or (g.like(best) and g.name != _ANY)]
    names = "|".join(g.name if g.name == _ANY else escaped(g.name) for g in alike)
    return f"{best.path.rsplit('/', 1)[0]}/{names}", [one for g in alike for one in g.found]


def _is_list(group: _Group, own: float, parents: int, weight: int) -> bool:
    """Whether the group's objects are records, rather than parts of the ``parents`` records."""
    each = len(group.found) / parents
    if group.name == _ANY:
        return parents == 1
    if _LISTS.match(group.name):
        return group.leaves * each > weight * own
    if all(map(pair_of, group.found[:50])):
        return False  # attributes by name
    if _PARTS.search(group.name) and own >= 1 and not (parents == 1 and group.holds_lists()):
        return False
    return group.leaves * each > own if parents == 1 else each >= 2 and group.leaves > own


def _groups(dicts: list[dict[str, Any]]) -> Iterator[_Group]:
    """The lists of objects below the objects, and objects that hold like objects by key."""
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for one in dicts[:200]:
        for path, name, objects in _lists(one, "", 0):
            found.setdefault((path, name), []).extend(objects)
    for (path, name), objects in found.items():
        if objects:
            yield _Group(path, name, objects)


def _lists(
    one: dict[str, Any], path: str, depth: int
) -> Iterator[tuple[str, str, list[dict[str, Any]]]]:
    inner = [value for value in one.values() if isinstance(value, dict) and value]
    if len(inner) > 1 and len(inner) == len(one) and _all_alike(inner):
        yield f"{path}/{_ANY}", _ANY, inner
        return
    for key, value in one.items():
        below = f"{path}/{escaped(key)}"
        if isinstance(value, list):
            yield below, key, list(_objects(value))
        elif isinstance(value, dict) and depth < 6:
            yield from _lists(value, below, depth + 1)


def _all_alike(dicts: list[dict[str, Any]]) -> bool:
    """Whether objects hold mostly the same keys, with plain values among them."""
    first = set(dicts[0])
    return all(2 * len(first & set(d)) > len(first | set(d)) for d in dicts[:50]) and any(
        not isinstance(value, dict | list) for value in dicts[0].values()
    )


def _objects(values: list[Any]) -> Iterator[dict[str, Any]]:
    for value in values:
        if isinstance(value, dict):
            yield value
        elif isinstance(value, list):
            yield from _objects(value)


def _leaves(value: Any) -> int:
    if isinstance(value, dict):
        return sum(map(_leaves, value.values()))
    if isinstance(value, list):
        return sum(map(_leaves, value)) if any(isinstance(v, dict | list) for v in value) else 1
    return 1


def escaped(key: str) -> str:
    """The key as it stands in a path."""
    for sign, code in (("~", "~0"), ("/", "~1"), ("|", "~2"), ("*", "~3")):
        key = key.replace(sign, code)
    return key
