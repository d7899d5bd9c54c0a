"""The values at the start of a JSON text, which may end anywhere."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from aisles.feeds.jsonrow import MAX_DEPTH

_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[{}\[\],:]|[^\s{}\[\],:"]+', re.S)


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
