"""Words that a text must hold for a regular expression to be found in it.

The search for a required literal rides along in the phrase automaton, so that the regular
expression itself runs only on the few products that hold one of its literals. This is the
pre-filter idea of RE2's FilteredRE2, for the part of the syntax that rules use; whatever is
outside of that part makes the expression "always to be tried", never wrongly skipped.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

_MOST_STRINGS = 64
_SHORTEST = 2
_DEEPEST = 50
_ZERO_WIDTH = "BAz"
_EDGE = "\x00"  # stands for \b in the strings while they grow
_CLASS_ESCAPES = "dDwWsS"


class _Unsupported(Exception):
    """Syntax that the literal finder does not read."""


@dataclass(frozen=True)
class _Part:
    """What is known of a sub-expression: all its strings, or strings one of which it holds."""

    exact: frozenset[str] | None
    needed: frozenset[str] | None = None

    def best(self) -> frozenset[str] | None:
        return _better(self.exact, self.needed)


_UNKNOWN = _Part(None)
_NOTHING = _Part(frozenset([""]))


class Literal(NamedTuple):
    """A string that must occur, and where no ASCII word character may stand beside it."""

    text: str
    left: bool = False
    right: bool = False


def required_literals(pattern: str) -> frozenset[Literal] | None:
    """Lower-case ASCII strings, one of which is in every text that the pattern matches.

    None when no such set of strings of at least two signs was found. The strings are to be
    looked for in the normal form of the text (case-folded NFC, whitespace runs as one space).
    `left` and `right` hold for the text as stored: folding can put letters beside a string.
    """
    try:
        best = _Reader(pattern.removeprefix("(?i)")).alternation().best()
    except _Unsupported:
        return None
    return frozenset(map(_literal, best)) if best and _shortest(best) >= _SHORTEST else None


def whole_words(pattern: str) -> frozenset[str] | None:
    """The phrases that the pattern spells out, each from `\\b` to `\\b`; None for any other."""
    if any(mark in pattern for mark in ("^", "$", "\\B", "\\A", "\\z")):
        return None
    try:
        exact = _Reader(pattern.removeprefix("(?i)")).alternation().exact or frozenset([""])
    except _Unsupported:
        return None
    phrases = frozenset(string.strip(_EDGE) for string in exact)
    edged = exact == {f"{_EDGE}{phrase}{_EDGE}" for phrase in phrases}
    sound = all(p and _is_word_sign(p[0]) and _is_word_sign(p[-1]) for p in phrases)
    return phrases if edged and sound and _EDGE not in "".join(phrases) else None


def _literal(string: str) -> Literal:
    """The string without its marks; a mark counts where a word character stands next to it."""
    text = " ".join(string.replace(_EDGE, "").split())
    left = string.startswith(_EDGE + text[0]) and _is_word_sign(text[0])
    right = string.endswith(text[-1] + _EDGE) and _is_word_sign(text[-1])
    return Literal(text, left, right)


def _is_word_sign(sign: str) -> bool:
    return sign == "_" or sign.isalnum()


def _shortest(strings: frozenset[str]) -> int:
    return min(len(string.replace(_EDGE, "").strip()) for string in strings)


def _better(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    """The more selective of two sets: the longer shortest string, then the fewer strings."""
    if not one or not other:
        return one or other
    return max(one, other, key=lambda strings: (_shortest(strings), -len(strings)))


def _joined(one: frozenset[str], other: frozenset[str]) -> frozenset[str] | None:
    if len(one) * len(other) > _MOST_STRINGS:
        return None
    return frozenset(a + b for a, b in product(one, other))


def _concatenation(parts: list[_Part]) -> _Part:
    """A sequence: neighbouring exact parts grow together, the best run of them is needed."""
    run: frozenset[str] = frozenset([""])
    needed: frozenset[str] | None = None
    whole = True
    for part in parts:
        longer = None if part.exact is None else _joined(run, part.exact)
        if longer is not None:
            run = longer
            continue
        whole = False
        needed = _better(_better(needed, run), part.needed)
        run = part.exact or frozenset([""])
    return _Part(run if whole else None, _better(needed, run))


def _alternatives(parts: list[_Part]) -> _Part:
    exact = _union([part.exact for part in parts])
    return _Part(exact, _union([part.best() for part in parts]))


def _union(sets: list[frozenset[str] | None]) -> frozenset[str] | None:
    known = [strings for strings in sets if strings is not None]
    union = frozenset().union(*known) if known else frozenset()
    return union if len(known) == len(sets) and len(union) <= _MOST_STRINGS else None


class _Reader:
    """Recursive descent over the expression; gives up on groups nested beyond `_DEEPEST`."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0
        self.depth = 0

    def alternation(self, closing: bool = False) -> _Part:
        parts = [self._sequence()]
        while self._peek() == "|":
            self.at += 1
            parts.append(self._sequence())
        if self._peek() != (")" if closing else ""):
            raise _Unsupported
        return _alternatives(parts) if len(parts) > 1 else parts[0]

    def _sequence(self) -> _Part:
        parts: list[_Part] = []
        while self._peek() not in ("", "|", ")"):
            parts.append(self._repeated(self._atom()))
        return _concatenation(parts)

    def _atom(self) -> _Part:
        sign = self._take()
        if sign == "(":
            return self._group()
        if sign == "[":
            return self._class()
        if sign == "\\":
            return self._escape()
        if sign in "^$":
            return _NOTHING
        return _UNKNOWN if sign == "." else _char(sign)

    def _group(self) -> _Part:
        if self._peek() == "?":
            if not self.pattern.startswith("?:", self.at):
                raise _Unsupported
            self.at += 2
        self.depth += 1
        if self.depth > _DEEPEST:
            raise _Unsupported
        part = self.alternation(closing=True)
        self.depth -= 1
        self.at += 1
        return part

    def _escape(self) -> _Part:
        sign = self._take()
        if sign == "b":
            return _Part(frozenset([_EDGE]))
        if sign in _ZERO_WIDTH:
            return _NOTHING
        if sign in _CLASS_ESCAPES:
            return _UNKNOWN
        if sign.isalnum():
            raise _Unsupported
        return _char(sign)

    def _class(self) -> _Part:
        negated = self._peek() == "^"
        self.at += negated
        chars: set[str] = set()
        first = True
        while first or self._peek() != "]":
            first = False
            chars |= self._class_range()
        self.at += 1
        strings = [_char(char).exact for char in chars]
        return _UNKNOWN if negated else _Part(_union(strings))

    def _class_range(self) -> set[str]:
        low = self._class_char()
        if self._peek() != "-" or self.pattern.startswith("-]", self.at):
            return {low}
        self.at += 1
        high = self._class_char()
        if not low or not high:
            raise _Unsupported
        if ord(high) - ord(low) > _MOST_STRINGS:
            return {""}
        return {chr(code) for code in range(ord(low), ord(high) + 1)}

    def _class_char(self) -> str:
        """One sign of a class; empty (not a known sign) for a class escape such as `\\d`."""
        sign = self._take()
        if sign == "[" and self._peek() == ":":
            raise _Unsupported
        if sign != "\\":
            return sign
        sign = self._take()
        if sign in _CLASS_ESCAPES:
            return ""
        if sign.isalnum():
            raise _Unsupported
        return sign

    def _repeated(self, part: _Part) -> _Part:
        least, most = self._counts()
        if (least, most) == (1, 1):
            return part
        if least == 0:
            return _Part(_union([part.exact, _NOTHING.exact])) if most == 1 else _UNKNOWN
        if least == most and least <= 4:
            return _concatenation([part] * least)
        return _Part(None, part.best())

    def _counts(self) -> tuple[int, int]:
        """(least, most) of the quantifier here, most -1 for no bound; (1, 1) without one."""
        sign = self._peek()
        if sign == "{":
            counts = self._braces()
        elif sign and sign in "?*+":
            self.at += 1
            counts = {"?": (0, 1), "*": (0, -1), "+": (1, -1)}[sign]
        else:
            return 1, 1
        self.at += self._peek() == "?"
        if self._peek() and self._peek() in "?*+{":
            raise _Unsupported
        return counts

    def _braces(self) -> tuple[int, int]:
        end = self.pattern.find("}", self.at)
        low, comma, high = self.pattern[self.at + 1 : max(end, 0)].partition(",")
        if not low.isdecimal() or (high and not high.isdecimal()):
            raise _Unsupported
        self.at = end + 1
        return int(low), (int(high) if high else -1) if comma else int(low)

    def _peek(self) -> str:
        return self.pattern[self.at : self.at + 1]

    def _take(self) -> str:
        sign = self._peek()
        if not sign:
            raise _Unsupported
        self.at += 1
        return sign


def _char(sign: str) -> _Part:
    """A literal sign; not exact where it could look different in the normal form."""
    if not sign or not sign.isascii() or not sign.isprintable():
        return _UNKNOWN
    return _Part(frozenset([sign.lower()]))
