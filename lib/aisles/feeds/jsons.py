"""JSON feeds to rows: lines of objects, a list of objects, or a list inside one object."""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Iterable, Iterator
from typing import Any

from aisles.feeds.records import Row, rejected, storable
from aisles.feeds.unpack import Unreadable

MAX_RECORD_CHARS = 1 << 23
_STEP_CHARS = 1 << 20
_SEARCH_CHARS = 1 << 23
_LIST_START = re.compile(r"\A\s*\[|:\s*\[(?=\s*\{)")
_NEXT_OBJECT = re.compile(r"\}\s*,\s*(?=\{)")
_SPACE = re.compile(r"[\s,]*")
_LEVELS = re.compile(
    r"categor|kategor|breadcrumb|product_?type|taxonomy|rubri|path|department", re.I
)
_LINK = re.compile(r"^(?:https?:)?//\S+$")
_DECODER = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str, strict=False)


def cells_of(record: dict[str, Any]) -> list[tuple[str, str]]:
    """The record's leaves as (column, text).

    Keys of nested objects are joined by ``.``; numbers stay as they are written. A list of plain
    values is one text: levels joined by `` > `` where the key speaks of categories, else by
    ``, ``; a list of links or of objects gives one column each, ``image``, ``image#2``.
    """
    found: list[tuple[str, str]] = []
    _walk(record, "", found)
    seen: dict[str, int] = {}
    cells = []
    for name, text in found:
        seen[name] = seen.get(name, 0) + 1
        column = name if seen[name] == 1 else f"{name}#{seen[name]}"
        cells.append((storable(column), storable(text)))
    return cells


def _walk(value: Any, name: str, found: list[tuple[str, str]]) -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            _walk(inner, f"{name}.{key}" if name else str(key), found)
    elif isinstance(value, list):
        _walk_list(value, name, found)
    elif value is not None:
        text = ("true" if value else "false") if isinstance(value, bool) else str(value)
        if text.strip():
            found.append((name, text))


def _walk_list(values: list[Any], name: str, found: list[tuple[str, str]]) -> None:
    plain = [str(v) for v in values if isinstance(v, str) and v.strip()]
    if len(plain) < len(values) or all(_LINK.match(text) for text in plain):
        for inner in values:
            _walk(inner, name, found)
    elif plain:
        found.append((name, (" > " if _LEVELS.search(name) else ", ").join(plain)))


def _row(text: str) -> Row:
    """The row of one JSON text."""
    try:
        record, end = _DECODER.raw_decode(text)
        if text[end:].strip():
            return rejected(text, "bad_json: more text after the object")
    except ValueError as error:
        return rejected(text, f"bad_json: {error}")
    except RecursionError:
        return rejected(text, "bad_json: nested too deeply")
    return _row_of(record, text)


def _row_of(record: Any, text: str) -> Row:
    if not isinstance(record, dict):
        return rejected(text, f"bad_json: expected an object, got {type(record).__name__}")
    return Row(cells_of(record))


class JsonLines:
    """The rows of a file with one JSON object a line."""

    def __init__(self) -> None:
        self.clean_end = True

    def rows(self, chunks: Iterable[bytes]) -> Iterator[Row]:
        """One row per line that is not blank."""
        rest = b""
        for chunk in chunks:
            lines = (rest + chunk).split(b"\n")
            rest = lines.pop()
            if len(rest) > MAX_RECORD_CHARS:
                text = rest[:40_000].decode("utf-8", "replace")
                yield rejected(text, f"bad_json: line over {MAX_RECORD_CHARS} bytes")
                rest = b""
            yield from self._lines(lines)
        for row in self._lines([rest]):
            self.clean_end = row.cells is not None
            yield row

    def _lines(self, lines: list[bytes]) -> Iterator[Row]:
        for line in lines:
            text = line.decode("utf-8", "replace").strip().removesuffix(",")
            if text and text not in ("[", "]"):
                yield _row(text)


class JsonList:
    """The rows of a file that holds one list of objects, alone or under a key of one object."""

    def __init__(self) -> None:
        self.clean_end = False
        self._started = False

    def rows(self, chunks: Iterable[bytes]) -> Iterator[Row]:
        """One row per element of the list; after a broken one it goes on at the next object."""
        text, wanted, ended = "", 0, False
        rest = b""
        for chunk in chunks:
            data = rest + chunk
            cut = _whole(data)
            text, rest = text + data[:cut].decode("utf-8", "replace"), data[cut:]
            if ended or len(text) < wanted:
                text = "" if ended else text
                continue
            text, ended = yield from self._step(text, final=False)
            wanted = len(text) + _STEP_CHARS
        if not ended:
            text, ended = yield from self._step(text + rest.decode("utf-8", "replace"), final=True)
        self.clean_end = ended

    def _step(self, text: str, final: bool) -> Generator[Row, None, tuple[str, bool]]:
        """Rows, then what is left of the text and whether the list has closed."""
        if not self._started:
            found = _LIST_START.search(text)
            if found is None:
                if final:
                    return (yield from self._no_list(text))
                if len(text) > _SEARCH_CHARS:
                    raise Unreadable(f"json: no list of objects in {len(text)} characters")
                return text, False
            self._started, text = True, text[found.end() :]
        place = 0
        while True:
            place = _skip(text, place)
            if text.startswith("]", place):
                return "", True
            if place >= len(text):
                return "", False
            row, end = self._element(text, place, final)
            if end < 0:
                return text[place:], False
            if row is not None:
                yield row
            place = end

    def _element(self, text: str, place: int, final: bool) -> tuple[Row | None, int]:
        """The element at ``place`` and where the next one starts; -1: more text is needed."""
        try:
            record, end = _DECODER.raw_decode(text, place)
            if end < len(text) or final:
                return _row_of(record, text[place : place + 40_000]), end
            return None, -1
        except (ValueError, RecursionError) as error:
            message = getattr(error, "msg", "nested too deeply")
            broken_at = getattr(error, "pos", place)
        after = _NEXT_OBJECT.search(text, max(broken_at - 1, place))
        left = len(text) - place
        if after is None and not final and left <= MAX_RECORD_CHARS:
            return None, -1
        if after is not None and not final and len(text) - broken_at < 64:
            return None, -1
        stop = after.end() if after is not None else len(text)
        raw = text[place:stop].rstrip().rstrip(",")
        return rejected(raw, f"bad_json: {message}"), stop

    def _no_list(self, text: str) -> Generator[Row, None, tuple[str, bool]]:
        """A file without a list: one object is one record."""
        row = _row(text.strip()) if text.strip() else None
        if row is not None:
            yield row
        return "", row is None or row.cells is not None


def _skip(text: str, place: int) -> int:
    found = _SPACE.match(text, place)
    return found.end() if found else place


def _whole(data: bytes) -> int:
    """How many bytes end on a whole character."""
    for back in range(1, min(4, len(data)) + 1):
        if data[-back] < 0x80:
            return len(data)
        if data[-back] >= 0xC0:
            need = 2 if data[-back] < 0xE0 else 3 if data[-back] < 0xF0 else 4
            return len(data) - back if need > back else len(data)
    return len(data)
