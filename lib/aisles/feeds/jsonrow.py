"""One JSON record to its cells: the leaves of its tree, named by their keys."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from aisles.feeds.records import Row, rejected, storable
from aisles.feeds.variants import are_variants, may_be_variants, spread, too_many
from aisles.feeds.vocabulary import speaks_of
from aisles.parameters import KEYS, VALUES

MAX_DEPTH = 100
MAX_RECORD_CHARS = 1 << 23
RAW_CHARS = 40_000
MAX_NAME = 100
LEVELS = (
    r"(?i)categor|kategor|breadcrumb|product_?type|taxonomy|rubri|path|department"
    r"|(?:^|[^a-z])[ck]ats?(?:$|[^a-z])"
)
"""Names of lists that hold the levels of one path."""
LINK = r"^(?:https?:)?//\S+$"
_LINK = re.compile(LINK)
_KEYS, _VALUES = re.compile(KEYS), re.compile(VALUES)
_MOST_COMMAS = 100
_MOST_NAMES = 10_000
_MOST_ABOVE = 2  # objects around a list of variants
_LAST_COMMA = re.compile(r",\s*[}\]]")
TOO_DEEP = f"bad_json: nested too deeply, expected at most {MAX_DEPTH} levels"


class Doubled(list[tuple[str, Any]]):
    """The pairs of an object that names a key twice."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any] | Doubled:
    found = dict(pairs)
    return found if len(found) == len(pairs) else Doubled(pairs)


DECODER = json.JSONDecoder(
    parse_float=str, parse_int=str, parse_constant=str, strict=False, object_pairs_hook=_object
)


def decoded(text: str, place: int = 0) -> tuple[Any, int, str]:
    """The value that begins at a place, where it ends, and the text without what spoilt it.

    A comma behind the last part of an object or list is overlooked, of not too many; it becomes a
    space.
    """
    for left in range(_MOST_COMMAS, -1, -1):
        try:
            value, end = DECODER.raw_decode(text, place)
        except json.JSONDecodeError as error:
            comma = text.rfind(",", place, error.pos + 1)
            last = comma >= 0 and _LAST_COMMA.match(text, comma)
            if not left or not last or last.end() <= error.pos:
                raise
            text = f"{text[:comma]} {text[comma + 1 :]}"
        else:
            return value, end, text
    raise AssertionError("the last error is raised")


def rows_of(record: Any, text: str) -> list[Row]:
    """The rows of one decoded value, several where it nests variants; text: what it was read from.

    Of a record that cannot be read there is one row.
    """
    if not isinstance(record, dict | Doubled):
        kind = "null" if record is None else type(record).__name__
        return [rejected(text, f"bad_json: expected an object, got {kind}")]
    try:
        found = variants_of(record) if isinstance(record, dict) else None
        return [Row(cells) for cells in found or [cells_of(record)]]
    except RecursionError:
        return [rejected(text, TOO_DEEP)]


def variants_of(record: dict[str, Any]) -> list[list[tuple[str, str]]] | None:
    """The cells of each variant that a product nests; None where it nests none.

    Raises:
        RecursionError: for nesting beyond ``MAX_DEPTH``.
    """
    for path, members in _lists_of(record, ()):
        name = next((key for key in reversed(path) if may_be_variants(key)), None)
        inner = [_unwrapped(one) for one in members]
        if name is None or not all(isinstance(one, dict) for one in inner):
            continue
        cells = [cells_of(_with_options(one, record)) for one in inner]
        if are_variants(name, cells):
            product = cells_of(_without(record, path))
            if not too_many(product, cells):
                return list(spread(product, ".".join(path), cells, "."))
    return None


def _lists_of(
    value: dict[str, Any], path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], list[Any]]]:
    """Lists of objects in a record, and where they stand."""
    for key, inner in value.items():
        if isinstance(inner, list):
            if inner and isinstance(inner[0], dict):
                yield (*path, str(key)), inner
        elif isinstance(inner, dict) and len(path) < _MOST_ABOVE:
            yield from _lists_of(inner, (*path, str(key)))


def _unwrapped(member: Any) -> Any:
    """What an object holds that holds nothing else: of ``{"node": {...}}`` the inner one."""
    inner = next(iter(member.values())) if isinstance(member, dict) and len(member) == 1 else None
    return inner if isinstance(inner, dict) else member


def _without(record: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    first, *rest = path
    if not rest:
        return {key: value for key, value in record.items() if key != first}
    return record | {first: _without(record[first], tuple(rest))}


def _with_options(variant: dict[str, Any], product: dict[str, Any]) -> dict[str, Any]:
    """The variant with its ``option1`` named as the first of the product's ``options`` is."""
    named = product.get("options")
    if not isinstance(named, list) or "option1" not in variant:
        return variant
    names = [one.get("name") if isinstance(one, dict) else None for one in named]
    own = {f"option{at}": str(name).strip() for at, name in enumerate(names, 1) if _is_name(name)}
    said = {own[key]: value for key, value in variant.items() if value and key in own}
    return {key: value for key, value in variant.items() if key not in own} | {"options": said}


def cells_of(record: dict[str, Any] | Doubled) -> list[tuple[str, str]]:
    """The record's leaves as (column, text).

    Keys of nested objects are joined by ``.``; numbers stay as they are written. A list of plain
    values is one text: levels joined by `` > `` where the key speaks of categories, else by
    ``, ``; a list of links or of objects gives one column each, ``image``, ``image#2``. So does a
    key that stands twice. Objects in a list that hold a name and a value are the column of that
    name: ``attributes.colour``.

    Raises:
        RecursionError: for nesting beyond ``MAX_DEPTH``.
    """
    found: list[tuple[str, str]] = []
    _walk(record, "", found, 0)
    if len(dict(found)) < len(found):
        found = _numbered(found)
    return [(storable(column), storable(text)) for column, text in found]


def _numbered(cells: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """A column met again with ``#2``, ``#3``, ..."""
    seen: dict[str, int] = {}
    found = []
    for name, text in cells:
        number = seen[name] = seen.get(name, 0) + 1
        found.append((name if number == 1 else f"{name}#{number}", text))
    return found


@lru_cache(_MOST_NAMES)  # a feed may hold any number of names
def separator_of(name: str) -> str:
    """What joins the values of a list of that name."""
    own = re.split(r"[./]", name.split("#")[0])[-1]
    return " > " if speaks_of("category", own) or re.search(LEVELS, name) else ", "


def _walk(value: Any, name: str, found: list[tuple[str, str]], depth: int) -> None:
    if depth > MAX_DEPTH:
        raise RecursionError
    if isinstance(value, dict | Doubled):
        for key, inner in value.items() if isinstance(value, dict) else value:
            column = f"{name}.{key}" if name else str(key)
            if isinstance(inner, str) and depth < MAX_DEPTH:  # most are such: no call for them
                if inner and not inner.isspace():
                    found.append((column, inner))
            elif inner is not None:
                _walk(inner, column, found, depth + 1)
    elif isinstance(value, list):
        _walk_list(value, name, found, depth + 1)
    elif value is not None:
        text = ("true" if value else "false") if isinstance(value, bool) else str(value)
        if text.strip():
            found.append((name, text))


def _walk_list(values: list[Any], name: str, found: list[tuple[str, str]], depth: int) -> None:
    plain = [str(v) for v in values if isinstance(v, str) and v.strip()]
    if len(plain) < len(values) or all(_LINK.match(text) for text in plain):
        for inner in values:
            _walk(pair_of(inner) or inner, name, found, depth)
    elif plain:
        found.append((name, separator_of(name).join(plain)))


def pair_of(value: Any) -> dict[str, Any] | None:
    """An object that names a value as an object of that name; None when it does not."""
    if not isinstance(value, dict) or len(value) < 2:
        return None
    key = next((k for k, v in value.items() if _KEYS.match(k) and _is_name(v)), None)
    said = next((k for k, v in value.items() if _VALUES.match(k) and _may_be_named(v)), None)
    if said is not None and isinstance(value[said], dict) and key == "key":
        return None  # rather a code than a name
    if key is None or said is None:
        return None
    name = value[key].strip()
    rest = {f"{name}.{k}": v for k, v in value.items() if k not in (key, said)}
    return {name: value[said], **rest}


def _may_be_named(value: Any) -> bool:
    """Whether a value may be what an object names: one text in some languages is."""
    if not isinstance(value, dict | Doubled):
        return True
    inner = value.values() if isinstance(value, dict) else [one for _, one in value]
    return all(isinstance(one, str | dict) for one in inner)


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value.strip()) <= MAX_NAME
