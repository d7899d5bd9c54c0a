"""What the truth of one predicate says about others: phrases in phrases, values, prices.

Every statement here is true of all products, so whatever is concluded from them is true as well.
The reverse does not hold: about regular expressions little is known, so not all is concluded.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from aisles.rules.boolean import PATTERN, PHRASE, VALUE, Atom, Gate, Leaf, gates
from aisles.rules.grammar import And, Contains, Node, Not, Or, Price, compile_pattern
from aisles.rules.plain import contains

Fact = Atom | Price
"""One thing that is true or false of a product: an atom of one field, or a price test."""
_ZERO_WIDTH = ("^", "$", "\\b", "\\B", "\\A", "\\z", "\\Z")


def facts_of(node: Node) -> list[Fact]:
    """The facts that a condition asks for, in its order, as often as it asks."""
    match node:
        case Not(child):
            return facts_of(child)
        case And(children) | Or(children):
            return [fact for child in children for fact in facts_of(child)]
        case Contains(name, phrases) if len(phrases) > 1:
            return [fact for p in phrases for fact in facts_of(Contains(name, (p,)))]
    leaf = gates(node)
    assert isinstance(leaf, Leaf)
    return list(map(known, facts_of_leaf(leaf)))


def facts_of_leaf(leaf: Leaf) -> tuple[Fact, ...]:
    """The facts one of which makes the leaf's predicate true."""
    return (leaf.predicate,) if isinstance(leaf.predicate, Price) else leaf.predicate


def known(fact: Fact) -> Fact:
    """The fact under one name: patterns are case-insensitive with or without `(?i)`."""
    if isinstance(fact, Atom) and fact.kind == PATTERN:
        return replace(fact, text=fact.text.removeprefix("(?i)"))
    return fact


@lru_cache(maxsize=4096)
def always_found(pattern: str) -> bool:
    """Whether the pattern is found in every text: it matches the empty string wherever it is."""
    bare = pattern.removeprefix("(?i)").removeprefix("^")
    if any(sign in bare for sign in _ZERO_WIDTH):
        return False
    return compile_pattern(bare).search("") is not None


def linked(node: Node) -> set[Fact]:
    """The facts of the condition that have to do with another one or stand there twice.

    In a condition without any, each fact decides for some product, so no part is idle.
    """
    counted = Counter(facts_of(node))
    found = {fact for fact, times in counted.items() if times > 1}
    prices = [fact for fact in counted if isinstance(fact, Price)]
    found.update(prices if len(prices) > 1 else ())
    fields: dict[str, list[Atom]] = defaultdict(list)
    for fact in counted:
        if isinstance(fact, Atom):
            fields[fact.field].append(fact)
    return found.union(*map(_linked, fields.values()))


def _linked(atoms: list[Atom]) -> set[Fact]:
    """The atoms of one field that say something about another one of it."""
    if len(atoms) > 1 and any(a.kind == PATTERN and always_found(a.text) for a in atoms):
        return set(atoms)
    phrases = [atom for atom in atoms if atom.kind == PHRASE]
    values = [atom for atom in atoms if atom.kind == VALUE]
    if len(values) > 1 or (values and phrases):
        return {*phrases, *values}
    pairs = ((p, q) for p in phrases for q in phrases if q.text in p.text and p != q)
    return {atom for p, q in pairs if contains(p.text, q.text) for atom in (p, q)}


@dataclass(frozen=True)
class Theory:
    """The facts that one question is about, numbered from 1, and what they imply.

    Literal n says that fact n is true, -n that it is false. The number after the last fact says
    that the product has a price.
    """

    facts: tuple[Fact, ...]

    @classmethod
    def of(cls, trees: Iterable[Gate | Leaf]) -> Theory:
        """The theory of all facts of some conditions."""
        waiting = list(trees)
        found: dict[Fact, None] = {}
        while waiting:
            tree = waiting.pop()
            if isinstance(tree, Gate):
                waiting += tree.children
            else:
                found.update(dict.fromkeys(map(known, facts_of_leaf(tree))))
        return cls(tuple(found))

    @cached_property
    def numbers(self) -> dict[Fact, int]:
        """The number of each fact."""
        return {fact: number for number, fact in enumerate(self.facts, 1)}

    @property
    def has_price(self) -> int:
        """The number that says that there is a price."""
        return len(self.facts) + 1

    @cached_property
    def _of_field(self) -> dict[str, list[Atom]]:
        fields: dict[str, list[Atom]] = defaultdict(list)
        for fact in self.facts:
            if isinstance(fact, Atom):
                fields[fact.field].append(fact)
        return fields

    @cached_property
    def prices(self) -> list[Price]:
        """The price tests among the facts."""
        return [fact for fact in self.facts if isinstance(fact, Price)]

    def clauses(self) -> list[tuple[int, ...]]:
        """Of a price one of `< a` and `> b` is true when b is below a."""
        below = [price for price in self.prices if price.op == "<"]
        above = [price for price in self.prices if price.op == ">"]
        return [
            (-self.has_price, self.numbers[low], self.numbers[high])
            for low in below
            for high in above
            if high.number < low.number
        ]

    def implied(self, literal: int) -> Sequence[int]:
        """The literals that are true whenever this one is."""
        if not 0 < abs(literal) <= len(self.facts):
            return ()
        if literal not in self._implied:
            fact = self.facts[abs(literal) - 1]
            if isinstance(fact, Price):
                self._implied[literal] = self._of_price(fact, literal > 0)
            else:
                self._implied[literal] = self._of_atom(fact, literal > 0)
        return self._implied[literal]

    @cached_property
    def _implied(self) -> dict[int, list[int]]:
        return {}

    def _of_price(self, fact: Price, true: bool) -> list[int]:
        found = [self.has_price] if true else []
        for other in self.prices:
            number = self.numbers[other]
            if true and _covers(other, fact):
                found.append(number)
            elif _excludes(other, fact) if true else _covers(fact, other):
                found.append(-number)
        return found

    def _of_atom(self, fact: Atom, true: bool) -> list[int]:
        others = self._of_field[fact.field]
        if not true:
            return [-self.numbers[other] for other in others if _says(other, fact) is True]
        said = [(self.numbers[other], _says(fact, other)) for other in others]
        said += [(self.numbers[o], False) for o in others if _says(o, fact) is False]
        return [number if sign else -number for number, sign in said if sign is not None]


def _covers(wide: Price, narrow: Price) -> bool:
    """Whether every price of the one test fulfils the other."""
    if wide.op != narrow.op:
        return False
    return wide.number >= narrow.number if wide.op == "<" else wide.number <= narrow.number


def _excludes(one: Price, other: Price) -> bool:
    """Whether no price fulfils both tests."""
    low, high = (one, other) if one.op == "<" else (other, one)
    return (low.op, high.op) == ("<", ">") and low.number <= high.number


def _says(true: Atom, other: Atom) -> bool | None:
    """What the other atom of the same field is when the first one is true; None if not known."""
    if true == other or (other.kind == PATTERN and always_found(other.text)):
        return True
    if true.kind == VALUE and other.kind == VALUE:
        return False
    if true.kind == VALUE and other.kind == PHRASE:
        return contains(true.text, other.text)
    if true.kind == PHRASE and other.kind == PHRASE and contains(true.text, other.text):
        return True
    return None
