"""The condition language of category rules: from text to a tree.

`parse` keeps a stack of open parentheses of its own instead of recursing, so that a hostile
condition cannot exhaust the interpreter; `MAX_DEPTH` bounds what later walks over the tree see.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import re2

from aisles.rules.tokens import RuleError, Token, shown, tokens

__all__ = [
    "ANY_FIELDS",
    "TEXT_FIELDS",
    "And",
    "Contains",
    "Is",
    "Matches",
    "Node",
    "Not",
    "Or",
    "Price",
    "RuleError",
    "compile_pattern",
    "parse",
]

TEXT_FIELDS = ("title", "description", "merchant_category", "brand", "gender")
ANY_FIELDS = TEXT_FIELDS[:4]
MAX_DEPTH = 100
_LANGUAGE = {"and", "or", "not", "any", "price", "contains", "contains_any", "matches", "is"}
_WORDS = _LANGUAGE.union(TEXT_FIELDS)
_OPERATORS = "contains, contains_any, matches or is"


@dataclass(frozen=True)
class Contains:
    """`field contains "s"` (one phrase) and `field contains_any ("a", "b")`, phrases as written."""

    field: str
    phrases: tuple[str, ...]


@dataclass(frozen=True)
class Matches:
    """`field matches "re"`: the pattern as written, searched case-insensitively."""

    field: str
    pattern: str


@dataclass(frozen=True)
class Is:
    """`field is "s"`: the whole normalised field equals the normalised value."""

    field: str
    value: str


@dataclass(frozen=True)
class Price:
    """`price < n` or `price > n`, in major units of the feed's currency."""

    op: str
    number: float


@dataclass(frozen=True)
class Not:
    """True when the child is false."""

    child: Node


@dataclass(frozen=True)
class And:
    """True when every child is true; at least two children."""

    children: tuple[Node, ...]


@dataclass(frozen=True)
class Or:
    """True when a child is true; at least two children."""

    children: tuple[Node, ...]


Node = And | Or | Not | Contains | Matches | Is | Price


def compile_pattern(pattern: str) -> re2._Regexp:
    """The compiled case-insensitive RE2 expression of a `matches` pattern; raises `re2.error`."""
    return re2.compile(pattern, _options())


def compile_patterns(patterns: Sequence[str]) -> re2.Set:
    """One automaton that tells which of the `matches` patterns are found in a text."""
    options = _options()
    # The automaton's states are built as texts ask for them and forgotten where memory ends.
    options.max_mem = 64 << 20
    found = re2.Set.SearchSet(options)
    for pattern in patterns:
        found.Add(pattern)
    found.Compile()
    return found


def _options() -> re2.Options:
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.never_capture = True  # only where a match lies is asked for: that needs no NFA
    return options


def parse(condition: str) -> Node:
    """The tree of a condition; raises `RuleError` with the position of the first error."""
    return _Parser(condition).parse()


@dataclass
class _Group:
    """What has been read of one parenthesis (or of the whole condition)."""

    opened: int
    alternatives: list[Node] = field(default_factory=list)
    factors: list[Node] = field(default_factory=list)
    negations: int = 0

    def add(self, node: Node) -> None:
        for _ in range(self.negations):
            node = Not(node)
        self.negations = 0
        self.factors.append(node)

    def end_alternative(self) -> None:
        one = len(self.factors) == 1
        self.alternatives.append(self.factors[0] if one else And(tuple(self.factors)))
        self.factors = []

    def close(self) -> Node:
        self.end_alternative()
        one = len(self.alternatives) == 1
        return self.alternatives[0] if one else Or(tuple(self.alternatives))


class _Parser:
    def __init__(self, condition: str) -> None:
        self.tokens = tokens(condition)
        self.ahead: Token | None = None
        self.depth = 0
        self.stack = [_Group(opened=-1)]

    def parse(self) -> Node:
        if self._peek().kind == "end":
            raise RuleError(0, "the condition is empty")
        while True:
            self._operand()
            node = self._after_operand()
            if node is not None:
                return node

    def _operand(self) -> None:
        """Reads `not`s and opening parentheses up to and with one predicate."""
        while True:
            token = self._take()
            if token.is_word("not"):
                self.stack[-1].negations += 1
                self._deeper(token)
            elif token.kind == "(":
                self._deeper(token)
                self.stack.append(_Group(opened=token.position))
            else:
                self.stack[-1].add(self._predicate(token))
                return

    def _after_operand(self) -> Node | None:
        """Reads closing parentheses up to `and`, `or` (None) or the end (the whole tree)."""
        while True:
            token = self._take()
            if token.is_word("and"):
                return None
            if token.is_word("or"):
                self.stack[-1].end_alternative()
                return None
            if token.kind == "end" and len(self.stack) == 1:
                return self.stack[0].close()
            if token.kind == ")" and len(self.stack) > 1:
                node = self.stack.pop().close()
                self.depth -= 1 + self.stack[-1].negations
                self.stack[-1].add(node)
                continue
            raise self._unexpected_after(token)

    def _unexpected_after(self, token: Token) -> RuleError:
        if token.kind == ")":
            return RuleError(token.position, "a closing parenthesis that no one opened")
        if len(self.stack) > 1:
            opened = self.stack[-1].opened
            return self._wrong(token, f'and, or or ")" for the parenthesis at position {opened}')
        return self._wrong(token, "and, or or the end of the condition")

    def _deeper(self, token: Token) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise RuleError(token.position, f"nested deeper than {MAX_DEPTH} levels")

    def _predicate(self, token: Token) -> Node:
        self.depth -= self.stack[-1].negations
        if token.is_word("price"):
            return self._price()
        if token.kind == "word" and (token.value == "any" or token.value in TEXT_FIELDS):
            return self._text_predicate(token.value)
        raise self._wrong(token, 'a field, not or "("')

    def _price(self) -> Price:
        op = self._take()
        if op.kind not in ("<", ">"):
            raise self._wrong(op, "< or > after price")
        number = self._take()
        if number.kind != "number":
            raise self._wrong(number, f"a number after {op.kind}")
        return Price(op.kind, float(number.value))

    def _text_predicate(self, name: str) -> Node:
        operator = self._take()
        if operator.is_word("contains"):
            return Contains(name, (self._string().value,))
        if operator.is_word("contains_any"):
            return Contains(name, self._phrases())
        if operator.is_word("matches"):
            return Matches(name, self._pattern())
        if operator.is_word("is") and name != "any":
            return Is(name, self._string().value)
        if operator.is_word("is"):
            raise RuleError(operator.position, "any takes no is; name one field")
        raise self._wrong(operator, f"{_OPERATORS} after {name}")

    def _phrases(self) -> tuple[str, ...]:
        self._expect("(", '"(" after contains_any')
        phrases = [self._string().value]
        while self._peek().kind == ",":
            self._take()
            phrases.append(self._string().value)
        self._expect(")", '"," or ")" in the list of contains_any')
        return tuple(phrases)

    def _pattern(self) -> str:
        token = self._string()
        try:
            compile_pattern(token.value)
        except re2.error as error:
            detail = error.args[0] if error.args else error
            detail = detail.decode("utf-8", "replace") if isinstance(detail, bytes) else detail
            reason = f"the regular expression does not compile: {detail}"
            raise RuleError(token.position, reason) from None
        return token.value

    def _string(self) -> Token:
        token = self._expect("string", "a string in straight quotes")
        if not token.value.strip():
            raise RuleError(token.position, "the string is empty or only whitespace")
        return token

    def _expect(self, kind: str, wanted: str) -> Token:
        token = self._take()
        if token.kind != kind:
            raise self._wrong(token, wanted)
        return token

    def _wrong(self, token: Token, wanted: str) -> RuleError:
        found = "the end" if token.kind == "end" else shown(token.value)
        if token.kind != "word" or token.value in _WORDS:
            return RuleError(token.position, f"expected {wanted}, found {found}")
        low = token.value.lower()
        hint = f"; write {low} in lower case" if low in _WORDS else f"; expected {wanted}"
        return RuleError(token.position, f"unknown word {found}{hint}")

    def _peek(self) -> Token:
        if self.ahead is None:
            self.ahead = next(self.tokens)
        return self.ahead

    def _take(self) -> Token:
        token = self._peek()
        self.ahead = token if token.kind == "end" else None
        return token
