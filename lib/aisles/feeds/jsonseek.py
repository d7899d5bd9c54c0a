"""Where a JSON text goes on with a record after one that is broken."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from aisles.feeds.jsonrow import DECODER

_NEXT_OBJECT = re.compile(r"\}\s*+(?:,\s*+)?(?=\{)")
_NEXT_LIST = re.compile(r"\]\s*+(?:,\s*+)?(?=\[)")
_FIRST_KEY = re.compile(r'\{\s*+"([^"\\]*+(?:\\.[^"\\]*+)*+)"')
_MOST_TRIES = 200


def next_record(text: str, start: int, like: Mapping[str, Any], lists: bool) -> int | None:
    """Where the next record begins, None when it is not seen.

    Args:
        text: the text at hand.
        start: where to look from.
        like: the last good record, to which the next one is similar; empty when there was none.
        lists: the records are lists of values and not objects.
    """
    found_ones = (_NEXT_LIST if lists else _NEXT_OBJECT).finditer(text, start)
    for tries, found in enumerate(found_ones):
        if not like or (tries < _MOST_TRIES and _is_like(text, found.end(), like)):
            return found.end()
    return None


def _is_like(text: str, place: int, like: Mapping[str, Any]) -> bool:
    """Whether an object is like the last good one: its keys, or of a broken one the first."""
    try:
        record, _ = DECODER.raw_decode(text, place)
    except (ValueError, RecursionError):
        key = _FIRST_KEY.match(text, place)
        return key is not None and key[1] == next(iter(like))
    return isinstance(record, dict) and 2 * len(record.keys() & like.keys()) > len(like)


def value_of(token: str) -> Any:
    """The value of one plain token, null for what is none."""
    try:
        return DECODER.decode(token)
    except ValueError:
        return None
