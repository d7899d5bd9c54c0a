"""JSON feeds whose records are rows of a table: lists of values, or one list for each column."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from aisles.feeds.formats import unique_names
from aisles.feeds.jsonrow import DECODER, RAW_CHARS, rows_of
from aisles.feeds.records import Row, rejected

ROWS, COLUMNS = "[]", "[:]"
"""Last steps of a path: the records are lists of values; or stand side by side, column by column.

Names of the columns come from the first row; after ``[]`` a key may follow under which they stand:
``/rows/[]columns``; a blank one, ``[]#``, says that nothing names them.
"""
UNNAMED = "#"
MOST_CHARS = 1 << 26
_NAMES = re.compile(r"^(?:columns?|headers?|fields?|names?|cols|keys|schema|column_?names)$", re.I)
_ROWS = re.compile(r"^(?:rows|data|values|items|products|records|results?|entries)$", re.I)
_WORD = re.compile(r"^(?!https?:|//|-?[\d.,]+$)\S.{0,99}$", re.S)
_TITLES = ("name", "field", "title", "label", "id", "key")


def table_path(values: list[Any]) -> str | None:
    """The path of a table's rows or columns, where the values at a text's top are one."""
    tops = values[0] if len(values) == 1 and isinstance(values[0], list) else values
    if _are_rows(tops) and len(tops) > 1:
        return "/" + (ROWS if _are_names(tops[0], tops[1:]) else ROWS + UNNAMED)
    if len(values) != 1 or not isinstance(values[0], dict):
        return None
    return f"/{COLUMNS}" if _side_by_side(values[0]) else _named_rows(values[0], "", 0)


def names_of(value: Any) -> list[str]:
    """The columns' names, from a list of texts or of objects that say their name."""
    return [_name(one) for one in value] if isinstance(value, list) else []


@dataclass
class Table:
    """How a feed's rows of values get their names."""

    by_column: bool = False
    names_key: str | None = None
    names: list[str] | None = None

    def named(self, row: list[Any]) -> dict[str, Any] | None:
        """The row as an object; None for the first one, which names the columns."""
        if self.names is None:
            self.names = names_of(row)
            return None
        names = [*self.names, *([""] * (len(row) - len(self.names)))]
        names = [name or str(place) for place, name in enumerate(names)]
        return dict(zip(unique_names(names), row, strict=False))


def table_of(path: str) -> tuple[list[str], Table | None]:
    """The keys that lead to the records, and how these are named where they are lists."""
    *steps, last = path.split("/")
    if last == COLUMNS:
        return steps[1:], Table(by_column=True)
    if not last.startswith(ROWS):
        return path.split("/")[1:], None
    key = last.removeprefix(ROWS)
    return steps[1:], Table(names_key=key or None, names=[] if key == UNNAMED else None)


def column_rows(pieces: Iterable[str]) -> Iterator[Row]:
    """The rows of a document that holds one list for each column; it is held in memory."""
    parts: list[str] = []
    size = 0
    for piece in pieces:
        size += len(piece)
        if size <= MOST_CHARS:
            parts.append(piece)
    text = "".join(parts)
    if size > MOST_CHARS:
        why = f"columns side by side in over {MOST_CHARS} characters"
        yield rejected(text[:RAW_CHARS], f"bad_json: {why}, expected one object per record")
        return
    try:
        table, _ = DECODER.raw_decode(text)
    except (ValueError, RecursionError) as error:
        yield rejected(text[:RAW_CHARS], f"bad_json: {error}")
        return
    lists = {k: v for k, v in table.items() if isinstance(v, list)}
    for place in range(max(map(len, lists.values()))):
        record = {name: row[place] for name, row in lists.items() if place < len(row)}
        yield from rows_of(record, "")


def _named_rows(one: dict[str, Any], path: str, depth: int) -> str | None:
    names = None
    for key, value in one.items():
        if isinstance(value, list) and _NAMES.match(key) and names_of(value):
            names = key
        elif _ROWS.match(key) and isinstance(value, list) and _are_rows(value):
            if names is not None:
                return f"{path}/{key}/{ROWS}{names}"
            if len(value) > 1 and _are_names(value[0], value[1:]):
                return f"{path}/{key}/{ROWS}"
        elif isinstance(value, dict) and depth < 3:
            found = _named_rows(value, f"{path}/{key}", depth + 1)
            if found is not None:
                return found
    return None


def _are_rows(values: list[Any]) -> bool:
    some = values[:50]
    return bool(some) and all(isinstance(v, list) and len(v) > 1 and _is_plain(v[0]) for v in some)


def _are_names(first: list[Any], rows: list[list[Any]]) -> bool:
    words = [v for v in first if isinstance(v, str) and _WORD.match(v)]
    below = {v for row in rows[:50] for v in row if isinstance(v, str)}
    return len(set(words)) == len(first) and not below & set(words)


def _side_by_side(one: dict[str, Any]) -> bool:
    """Whether every key holds a list of plain values, all of one length; the last may be cut."""
    rows = list(one.values())
    if len(rows) < 2 or not all(isinstance(row, list) and all(map(_is_plain, row)) for row in rows):
        return False
    sizes = {len(row) for row in rows[:-1]}
    return len(sizes) == 1 and min(sizes) > 1 and len(rows[-1]) <= min(sizes)


def _is_plain(value: Any) -> bool:
    return not isinstance(value, dict | list)


def _name(one: Any) -> str:
    if isinstance(one, dict):
        return next((str(one[key]) for key in _TITLES if isinstance(one.get(key), str)), "")
    return "" if isinstance(one, list) else str(one)
