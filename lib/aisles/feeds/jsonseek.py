"""Where a JSON text goes on with a record after one that is broken."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from aisles.feeds.jsonrow import DECODER

_NEXT_OBJECT = re.compile(r"\}\s*+(?:,\s*+)?(?=\{)")
_NEXT_KEYED = re.compile(r'\}\s*+,?\s*+(?="(?:[^"\\]|\\.)*+"\s*+:\s*+\{)')
_KEY = re.compile(r'"(?:[^"\\]|\\.)*+"\s*+:\s*+')
_NEXT_LIST = re.compile(r"\]\s*+(?:,\s*+)?(?=\[)")
_FIRST_KEY = re.compile(r'\{\s*+"([^"\\]*+(?:\\.[^"\\]*+)*+)"')
_BRACKET = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[{}\[\]]|"', re.S)
_MOST_TRIES = 200


def next_record(
    text: str, start: int, like: Mapping[str, Any], lists: bool, keyed: bool = False
) -> int | None:
    """Where the next record begins, None when it is not seen.

    Args:
        text: the text at hand.
        start: where to look from.
        like: the last good record, to which the next one is similar; empty when there was none.
        lists: the records are lists of values and not objects.
        keyed: each is the value of a key of its own; then it begins with that key.
    """
    found_ones = (_NEXT_LIST if lists else _NEXT_KEYED if keyed else _NEXT_OBJECT).finditer(
        text, start
    )
    for tries, found in enumerate(found_ones):
        key = _KEY.match(text, found.end()) if keyed else None
        place = key.end() if key else found.end()
        if not like or (tries < _MOST_TRIES and _is_like(text, place, like)):
            return found.end()
    return None


def _is_like(text: str, place: int, like: Mapping[str, Any]) -> bool:
    """Whether an object is like the last good one: its keys, or of a broken one the first."""
    try:
        record, _ = DECODER.raw_decode(text, place)
    except (ValueError, RecursionError):
        key = _FIRST_KEY.match(text, place)
        return key is not None and key[1] == next(iter(like))
    return isinstance(record, dict) and are_alike(record, like)


def are_alike(record: Mapping[str, Any], like: Mapping[str, Any]) -> bool:
    """Whether a record has more than half of the keys of another one, or that one has none."""
    return not like or 2 * len(record.keys() & like.keys()) > len(like)


def passed(text: str, place: int, depth: int, waits: int) -> tuple[int, int]:
    """Behind the list or object that begins at a place or before it; how deep it still is inside.

    depth: of lists and objects that are open at the place. waits: so many signs a text may have
    that has not come to its end yet.
    """
    for found in _BRACKET.finditer(text, place):
        sign = found[0]
        if sign == '"' and len(text) - found.start() < waits:
            return found.start(), depth
        depth += (sign in "{[") - (sign in "}]")
        if depth == 0 and not sign.startswith('"'):
            return found.end(), 0
    return len(text), depth


def value_of(token: str) -> Any:
    """The value of one plain token, null for what is none."""
    try:
        return DECODER.decode(token)
    except ValueError:
        return None
