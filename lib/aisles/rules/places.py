"""Where the parts of a condition stand in its text: what findings point at."""

from __future__ import annotations

from dataclasses import dataclass, replace

from aisles.rules.grammar import And, Contains, Node, Not, Or
from aisles.rules.tokens import Token, tokens

Path = tuple[int, ...]
"""Way from the root of a condition: numbers of children, and at its end the number of a phrase."""


@dataclass(frozen=True)
class Place:
    """The stretch of text of one node, and the places of its children in their order.

    The children of a predicate are its strings. Positions are code points, the end exclusive;
    parentheses around a node belong to it and make it `wrapped`.
    """

    start: int
    end: int
    children: tuple[Place, ...] = ()
    wrapped: bool = False

    def at(self, path: Path) -> Place:
        """The place of the part that the path leads to."""
        return self.children[path[0]].at(path[1:]) if path else self


def place_of(condition: str) -> Place:
    """The place of the whole condition, which `parse` has accepted."""
    return _Reader(condition).either()


def without(node: Node, gone: frozenset[Path], here: Path = ()) -> Node | None:
    """The condition without some alternatives, factors and phrases; None when nothing is left."""
    if here in gone:
        return None
    if isinstance(node, Contains):
        kept = [p for i, p in enumerate(node.phrases) if (*here, i) not in gone]
        return Contains(node.field, tuple(kept)) if kept else None
    if isinstance(node, Not):
        child = without(node.child, gone, (*here, 0))
        return Not(child) if child is not None else None
    if not isinstance(node, And | Or):
        return node
    parts = [without(child, gone, (*here, i)) for i, child in enumerate(node.children)]
    left = tuple(part for part in parts if part is not None)
    return type(node)(left) if len(left) > 1 else next(iter(left), None)


class _Reader:
    """Recursive descent over the tokens of a sound condition; its depth is bounded by `parse`."""

    def __init__(self, condition: str) -> None:
        self.tokens = list(tokens(condition))
        stops = [token.position for token in self.tokens[1:]]
        self.ends = [len(condition[:stop].rstrip()) for stop in stops]
        self.next = 0

    def either(self) -> Place:
        return self._joined("or", [self._both()])

    def _both(self) -> Place:
        return self._joined("and", [self._negated()])

    def _joined(self, word: str, parts: list[Place]) -> Place:
        while self.tokens[self.next].is_word(word):
            self.next += 1
            parts.append(self._both() if word == "or" else self._negated())
        if len(parts) == 1:
            return parts[0]
        return Place(parts[0].start, parts[-1].end, tuple(parts))

    def _negated(self) -> Place:
        first, _ = self._take()
        if first.is_word("not"):
            child = self._negated()
            return Place(first.position, child.end, (child,))
        if first.kind == "(":
            inner = self.either()
            return replace(inner, start=first.position, end=self._take()[1], wrapped=True)
        return self._predicate(first.position)

    def _predicate(self, start: int) -> Place:
        operator, _ = self._take()
        token, end = self._take()
        if not operator.is_word("contains_any"):
            strings = (Place(token.position, end),) if token.kind == "string" else ()
            return Place(start, end, strings)
        listed: list[Place] = []
        while token.kind != ")":
            token, end = self._take()
            if token.kind == "string":
                listed.append(Place(token.position, end))
        return Place(start, end, tuple(listed))

    def _take(self) -> tuple[Token, int]:
        """The next token and where it ends."""
        self.next += 1
        return self.tokens[self.next - 1], self.ends[self.next - 1]
