"""Which objects of a JSON feed are its records, found from the text's start."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from aisles.feeds.formats import Format
from aisles.feeds.jsonrow import MAX_DEPTH

_START = re.compile(rb"""\s*(?:\{\s*["'}]|\{\s*\Z|\[\s*[\[{"\]\d\-tfn']|\[\s*\Z)""")
_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[{}\[\],:]|[^\s{}\[\],:"]+', re.S)
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
_ANY = "*"


def json_format(text: bytes, whole: bool) -> Format | None:
    """The format of JSON text; None when it is something else.

    Args:
        text: the content's start, UTF-8.
        whole: ``text`` is the whole content.
    """
    if not _START.match(text):
        return None
    start = text.decode("utf-8", "replace")
    values, first_end = recovered(start)
    if first_end is not None and _CELL.match(start, first_end):
        return None  # a table whose first cell is JSON
    path = record_path(values)
    by_line = path == "" and not start.lstrip().startswith("[") and _by_line(start, whole)
    kind: Any = "jsonlines" if by_line else "json"
    return Format(container=kind, header=False, record_element=path)


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


@dataclass
class _Open:
    """A list or object that is still open, and the key whose value comes next."""

    value: Any
    key: str | None = None


@dataclass
class _Builder:
    """Puts values together from tokens; what is open at the end counts as closed."""

    values: list[Any] = field(default_factory=list)
    stack: list[_Open] = field(default_factory=list)

    def take(self, token: str) -> None:
        if token in "{[":
            value: Any = {} if token == "{" else []
            self._put(value)
            self.stack.append(_Open(value))
        elif token in "}]":
            if self.stack:
                self.stack.pop()
        elif token == ",":
            if self.stack:
                self.stack[-1].key = None
        elif token != ":":
            self._leaf(token)

    def _leaf(self, token: str) -> None:
        top = self.stack[-1] if self.stack else None
        text = _unquoted(token) if token.startswith('"') else token
        if top is not None and isinstance(top.value, dict) and top.key is None:
            top.key = text
        else:
            self._put(None if token == "null" else text)

    def _put(self, value: Any) -> None:
        if not self.stack:
            self.values.append(value)
        elif isinstance(self.stack[-1].value, list):
            self.stack[-1].value.append(value)
        else:
            self.stack[-1].value[self.stack[-1].key or ""] = value


def _unquoted(token: str) -> str:
    try:
        return str(json.loads(token)) if "\\" in token else token[1:].removesuffix('"')
    except ValueError:
        return token[1:].removesuffix('"')


def recovered(text: str) -> tuple[list[Any], int | None]:
    """The values at the top of a text's start, and where the first ends, None when it is open."""
    builder, first_end = _Builder(), None
    for found in _TOKEN.finditer(text):
        builder.take(found[0])
        if len(builder.stack) > MAX_DEPTH:
            break
        if first_end is None and not builder.stack:
            first_end = found.end()
    return builder.values, first_end


def record_path(values: list[Any]) -> str:
    """The keys that lead to the records, ``/data/items``; lists on the way are not named.

    Blank: the objects at the top, or in a list at the top, are the records. ``|`` separates keys
    that stand beside each other, ``*`` is any key, as where records are named by their ids.
    """
    path, dicts = "", list(_objects(values))
    while True:
        step = _step(dicts)
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

    def like(self, other: _Group) -> bool:
        return 2 * len(self.keys & other.keys) >= len(self.keys | other.keys)


def _step(dicts: list[dict[str, Any]]) -> tuple[str, list[dict[str, Any]]] | None:
    """One step down from the objects to what they hold, when that is what the feed lists."""
    groups = list(_groups(dicts))
    if not groups:
        return None
    best = max(groups, key=lambda g: (bool(_LISTS.match(g.name)), g.leaves * len(g.found)))
    inside = sum(g.leaves * len(g.found) for g in groups)
    own = max(sum(map(_leaves, dicts[:50])) * len(dicts) / len(dicts[:50]) - inside, 0) / len(dicts)
    if not _is_list(best, own, len(dicts)):
        return None
    alike = [g for g in groups if g.path.rsplit("/", 1)[0] == best.path.rsplit("/", 1)[0]]
    alike = [g for g in alike if g is best or (g.like(best) and g.name != _ANY)]
    names = "|".join(g.name if g.name == _ANY else escaped(g.name) for g in alike)
    return f"{best.path.rsplit('/', 1)[0]}/{names}", [one for g in alike for one in g.found]


def _is_list(group: _Group, own: float, parents: int) -> bool:
    """Whether the group's objects are records, rather than parts of the ``parents`` records."""
    each = len(group.found) / parents
    if group.name == _ANY:
        return parents == 1
    if _LISTS.match(group.name):
        return group.leaves * each > (own if parents == 1 else 3 * own)
    if _PARTS.search(group.name) and own >= 1:
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
