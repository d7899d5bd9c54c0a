"""Tokens of the condition language, with their positions in code points."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_WORD = re.compile(r"[^\W\d]\w*")
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")
_SIGNS = "(),<>"
_TYPOGRAPHIC = "“”„‟«»‘’′″"


class RuleError(ValueError):
    """A condition that cannot be read: where (0-based code point) and why."""

    def __init__(self, position: int, reason: str) -> None:
        super().__init__(f"position {position}: {reason}")
        self.position = position
        self.reason = reason

    def __reduce__(self) -> tuple[type[RuleError], tuple[int, str]]:
        return RuleError, (self.position, self.reason)


@dataclass(frozen=True)
class Token:
    """One token: its kind (word, string, number, end or the sign itself), value and position."""

    kind: str
    value: str
    position: int

    def is_word(self, word: str) -> bool:
        return self.kind == "word" and self.value == word


def tokens(condition: str) -> Iterator[Token]:
    """Yields the tokens of the condition, the last one of kind `end`; raises `RuleError`."""
    position = 0
    while position < len(condition):
        if condition[position].isspace():
            position += 1
            continue
        token, position = _token(condition, position)
        yield token
    yield Token("end", "", len(condition))


def shown(value: str) -> str:
    """The value in quotes for a message, shortened to 40 signs."""
    return repr(value if len(value) <= 40 else value[:37] + "...")


def _token(condition: str, position: int) -> tuple[Token, int]:
    sign = condition[position]
    if sign in _SIGNS:
        return Token(sign, sign, position), position + 1
    if sign == '"':
        return _string(condition, position)
    for kind, pattern in (("word", _WORD), ("number", _NUMBER)):
        match = pattern.match(condition, position)
        if match:
            return Token(kind, match[0], position), match.end()
    hint = '; only the straight quote " delimits a string' if sign in _TYPOGRAPHIC else ""
    raise RuleError(position, f"unexpected sign {shown(sign)}{hint}")


def _string(condition: str, position: int) -> tuple[Token, int]:
    match = _STRING.match(condition, position)
    if not match:
        raise RuleError(position, "the string is not terminated")
    surrogate = _SURROGATE.search(condition, position, match.end())
    if surrogate:
        raise RuleError(surrogate.start(), "half of a surrogate pair is no character")
    value = _ESCAPE.sub(_unescape, match[1])
    return Token("string", value, position), match.end()


def _unescape(match: re.Match[str]) -> str:
    """Only the quote loses its backslash; every other escape stays as written."""
    return '"' if match[1] == '"' else match[0]
