"""Tables that stand before a feed's records: what the ids that the records name mean.

A shop lists its categories once, ``<category id="2" parentId="1">Shoes</category>``, and its
records refer to them, ``<categoryId>2</categoryId>``. Joined, the record says ``Clothing > Shoes``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from aisles.feeds.lexicon import words_of
from aisles.feeds.records import build_map
from aisles.feeds.vocabulary import speaks_of

MOST_ENTRIES = 100_000
"""A longer table, all kinds together, is not kept: none of it is joined."""
MOST_CHARS = 500
_MOST_LEVELS = 20
_MOST_COLUMNS = 10_000
_IDS = ("id", "code", "key", "uid", "guid", "ид", "код", "codigo", "kod")
_NAMES = (
    "name", "title", "label", "text", "value", "наименование", "название", "назва", "nombre",
    "nome", "nom", "naam", "nazwa", "nazev", "nazov", "naziv", "namn", "navn", "nimi",
    "bezeichnung",
)  # fmt: skip
_PARENTS = ("parent", "родител", "padre", "rodic", "nadrzed", "eltern", "ouder")
_NOT_PLAIN = re.compile(r"[\W_]+")
_ID_PART = re.compile(r"^(?:id|ид)(?=.)|(?<=.)(?:ids?|codes?|key|ref|refs|number|ид|код)$")
_SEVERAL = re.compile(r"\s*[,;|>]\s*")

Cells = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Entry:
    """One row of a table: its id, what it is called, and the id of the one above; blank: none."""

    id: str
    name: str
    parent: str


def entry_of(kind: str, fields: Mapping[str, str], text: str = "") -> Entry | None:
    """The entry that an element or object of that name holds; None when it is none."""
    plain = {_plain(name): value.strip() for name, value in fields.items()}
    own = _first(plain, _IDS) or next(
        (plain[name] for name in plain if (base := _base(name)) != name and _alike(base, kind)), ""
    )
    parent = next((plain[n] for n in plain if any(word in n for word in _PARENTS)), "")
    called = text.strip() or _first(plain, (*_NAMES, f"{_plain(kind)}name"))
    called = called or next((plain[n] for n in plain if n.endswith("name")), "")
    if not own or not called:
        return None
    return Entry(own[:MOST_CHARS], " ".join(called[:MOST_CHARS].split()), parent[:MOST_CHARS])


class References:
    """The tables of one feed by kind, and their join into the records' cells."""

    def __init__(self) -> None:
        self._tables: dict[str, dict[str, Entry]] = {}
        self._entries = 0
        self._table_of: dict[str, dict[str, Entry] | None] = {}

    def __bool__(self) -> bool:
        return bool(self._tables)

    def add(self, kind: str, entry: Entry) -> None:
        """Takes one entry; a later one of the same id replaces it."""
        if self._entries > MOST_ENTRIES:
            return
        self._entries += 1
        if self._entries > MOST_ENTRIES:
            self._tables = {}
            self._table_of = {}
            return
        if kind not in self._tables:
            self._table_of = {}
        self._tables.setdefault(kind, {})[entry.id] = entry

    def joined(self, cells: Cells) -> Cells:
        """The cells, ids of a table replaced by the path of names that they stand for."""
        if not self._tables:
            return cells
        return [(column, self._said(column, text)) for column, text in cells]

    def joined_maps(self, maps: pa.MapArray) -> pa.MapArray:
        """The same for the maps of many records, none null: each distinct id is looked up once."""
        start, end = maps.offsets[0].as_py(), maps.offsets[-1].as_py()
        keys, texts = maps.keys.slice(start, end - start), maps.items.slice(start, end - start)
        column = keys.dictionary_encode()
        names = column.dictionary.to_pylist()
        refers = np.array([self._table(name) is not None for name in names], np.bool_)
        here = refers[column.indices.to_numpy()]
        if not here.any():
            return maps
        some = texts.filter(pa.array(here)).dictionary_encode()
        code, text = column.indices.to_numpy()[here], some.indices.to_numpy()
        pairs, place = np.unique(code * np.int64(len(some.dictionary)) + text, return_inverse=True)
        ids = some.dictionary.to_pylist()
        said = [self._said(names[p // len(ids)], ids[p % len(ids)]) for p in pairs.tolist()]
        resolved = pa.array(said, pa.string()).take(pa.array(place))
        offsets = maps.offsets.to_numpy() - start
        return build_map(offsets, keys, pc.replace_with_mask(texts, pa.array(here), resolved))

    def _said(self, column: str, text: str) -> str:
        table = self._table(column)
        if table is None or len(text) > MOST_CHARS:
            return text
        ids = [text] if text in table else _SEVERAL.split(text)
        if not all(one in table for one in ids):
            return text
        paths = [_path(table, one) for one in ids]
        if all(len(path) == 1 for path in paths):
            return " > ".join(dict.fromkeys(path[0] for path in paths))
        deepest = max(paths, key=len)  # of several categories it says most
        return " > ".join(deepest)

    def _table(self, column: str) -> dict[str, Entry] | None:
        if column not in self._table_of:
            if len(self._table_of) >= _MOST_COLUMNS:
                self._table_of = {}
            self._table_of[column] = self._find(column)
        return self._table_of[column]

    def _find(self, column: str) -> dict[str, Entry] | None:
        """The table that a column's name speaks of: ``categoryId`` and ``category`` of category."""
        *above, last = (
            _plain(part.split(":")[-1]) for part in re.split(r"[/.@]", column.split("#")[0])
        )
        last = above[-1] if above and last in _IDS else last  # category/id
        for kind, table in self._tables.items():
            if _alike(_base(last), kind) or _alike(last, kind):
                return table
        return self._of_words(column)

    def _of_words(self, column: str) -> dict[str, Entry] | None:
        """The table that the last words speak of, whatever the first is: ``gs_category_id``.

        Not where it is a name of others, ``google_category_id``, as other ids may be the same.
        """
        words = words_of(re.split(r"[/.]", column.split("#")[0])[-1])
        own = [word for word in words if word not in _IDS]
        if len(own) != 2 or len(words) < 3 or speaks_of("foreign", column):
            return None
        return next((t for kind, t in self._tables.items() if _alike(own[-1], kind)), None)


def tables_in(kind: str, value: object, depth: int = 0) -> Iterator[tuple[str, Entry]]:
    """The entries of a decoded JSON value and what holds them, also further inside."""
    yield from ((kind, entry) for entry in _entries(kind, value))
    if isinstance(value, dict) and depth < 3:
        for key, inner in value.items():
            if isinstance(inner, dict | list):
                yield from tables_in(key, inner, depth + 1)


def _entries(kind: str, value: object, parent: str = "") -> Iterator[Entry]:
    """Objects in lists, those within them below them, or objects and texts by their id."""
    if isinstance(value, list):
        for one in value:
            if isinstance(one, dict):
                yield from _of_object(kind, one, parent)
    elif isinstance(value, dict):
        for key, one in value.items():
            if isinstance(one, str):
                yield Entry(str(key), one[:MOST_CHARS], "")
            elif isinstance(one, dict):
                yield from _of_object(kind, {"id": str(key), **one}, parent)


def _of_object(kind: str, fields: dict[str, object], parent: str) -> Iterator[Entry]:
    entry = entry_of(kind, {k: v for k, v in fields.items() if isinstance(v, str)})
    if entry is None:
        return
    yield Entry(entry.id, entry.name, entry.parent or parent)
    for inner in fields.values():
        if isinstance(inner, list):
            yield from _entries(kind, inner, entry.id)


def _path(table: Mapping[str, Entry], own: str) -> list[str]:
    """The names from the top down to this entry."""
    names: list[str] = []
    seen: set[str] = set()
    while own in table and own not in seen and len(names) < _MOST_LEVELS:
        seen.add(own)
        names.append(table[own].name)
        own = table[own].parent
    while sum(map(len, names)) > 2 * MOST_CHARS:
        names.pop()
    return names[::-1]


def _plain(name: str) -> str:
    return _NOT_PLAIN.sub("", name.casefold())


def _base(plain: str) -> str:
    """The name without what tells that it is an id: ``categoryid`` gives category."""
    return _ID_PART.sub("", plain)


def _alike(word: str, kind: str) -> bool:
    """Whether two names are one word, in the singular or plural."""
    other = _plain(kind.split(":")[-1])
    shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(word, other)))
    least = min(len(word), len(other))
    return shared >= 3 and shared >= max(len(word), len(other)) - 3 and shared >= 0.7 * least


def _first(plain: Mapping[str, str], names: Iterable[str]) -> str:
    return next((plain[name] for name in names if plain.get(name)), "")
