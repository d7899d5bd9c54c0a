"""Conditions as threshold trees: what a whole batch of (product, rule) pairs is decided by.

A tree is brought into negation normal form, so that `not` stands only before predicates. Then
every inner node is "at least k of my children are true" (k = 1 for `or`, all for `and`), and
the nodes of all candidate pairs are counted together, level by level.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from aisles.rules.grammar import ANY_FIELDS, And, Contains, Is, Matches, Node, Not, Or, Price
from aisles.rules.normal import normalise

PHRASE, PATTERN, VALUE = "phrase", "pattern", "value"


@dataclass(frozen=True)
class Atom:
    """One thing to look for in one field: a phrase, a pattern or a whole value (normalised)."""

    field: str
    kind: str
    text: str


Predicate = tuple[Atom, ...] | Price


@dataclass(frozen=True)
class Leaf:
    """A predicate (any of its atoms, or a price test) or its negation."""

    predicate: Predicate
    positive: bool


@dataclass(frozen=True)
class Gate:
    """True when at least `need` of the children are true."""

    need: int
    children: tuple[Gate | Leaf, ...]


@dataclass
class Flat:
    """A tree in arrays. Node 0 is the root; a child comes after its parent.

    `leaves` has (predicate, positive, parent node); `parents`, `depths` and `needs` have one
    entry per gate.
    """

    leaves: list[tuple[Predicate, bool, int]] = field(default_factory=list)
    parents: list[int] = field(default_factory=list)
    depths: list[int] = field(default_factory=list)
    needs: list[int] = field(default_factory=list)


def gates(node: Node) -> Gate | Leaf:
    """The condition as a tree of gates over leaves."""
    return _signed(node, True)


def _signed(node: Node, positive: bool) -> Gate | Leaf:
    if isinstance(node, Not):
        return _signed(node.child, not positive)
    if not isinstance(node, And | Or):
        return Leaf(_predicate(node), positive)
    is_and = isinstance(node, And) == positive
    children: list[Gate | Leaf] = []
    for child in node.children:
        part = _signed(child, positive)
        same = isinstance(part, Gate) and part.need == (len(part.children) if is_and else 1)
        children += part.children if isinstance(part, Gate) and same else [part]
    merged = _merged(children, sign=not is_and)
    return merged[0] if len(merged) == 1 else Gate(len(merged) if is_and else 1, tuple(merged))


def _merged(children: list[Gate | Leaf], sign: bool) -> list[Gate | Leaf]:
    """Text leaves of one sign as one leaf: `a or b` of positive ones, `and` of negated ones."""
    atoms: dict[Atom, None] = {}
    rest: list[Gate | Leaf] = []
    for child in children:
        if (
            isinstance(child, Leaf)
            and isinstance(child.predicate, tuple)
            and child.positive == sign
        ):
            atoms.update(dict.fromkeys(child.predicate))
        else:
            rest.append(child)
    return rest + ([Leaf(tuple(atoms), sign)] if atoms else [])


def _predicate(node: Contains | Matches | Is | Price) -> Predicate:
    if isinstance(node, Price):
        return node
    fields = ANY_FIELDS if node.field == "any" else (node.field,)
    if isinstance(node, Matches):
        looked_for = [(PATTERN, node.pattern)]
    elif isinstance(node, Is):
        looked_for = [(VALUE, normalise(node.value))]
    else:
        looked_for = [(PHRASE, normalise(phrase)) for phrase in node.phrases]
    atoms = [Atom(name, kind, text) for name in fields for kind, text in looked_for]
    return tuple(dict.fromkeys(atoms))


def flat(tree: Gate | Leaf) -> Flat:
    """The tree in arrays; a single leaf gets a gate of its own."""
    found = Flat()
    root = tree if isinstance(tree, Gate) else Gate(1, (tree,))
    waiting: list[tuple[Gate, int, int]] = [(root, -1, 0)]
    while waiting:
        gate, parent, depth = waiting.pop()
        number = len(found.parents)
        found.parents.append(parent)
        found.depths.append(depth)
        found.needs.append(gate.need)
        for child in gate.children:
            if isinstance(child, Gate):
                waiting.append((child, number, depth + 1))
            else:
                found.leaves.append((child.predicate, child.positive, number))
    return found


def is_simple(tree: Gate | Leaf) -> bool:
    """True when one found predicate makes the condition true."""
    if isinstance(tree, Leaf):
        return tree.positive and not isinstance(tree.predicate, Price)
    return tree.need == 1 and all(isinstance(c, Leaf) and is_simple(c) for c in tree.children)


def triggers(tree: Gate | Leaf, cost: dict[Predicate, float]) -> list[Predicate] | None:
    """Text predicates one of which must be true for the condition to be true.

    None when the condition can be true with nothing found. Of several such sets (the factors
    of an `and`) the one with the lowest sum of costs.
    """
    if isinstance(tree, Leaf):
        found = tree.positive and not isinstance(tree.predicate, Price)
        return [tree.predicate] if found else None
    sets = [triggers(child, cost) for child in tree.children]
    known = [predicates for predicates in sets if predicates is not None]
    if tree.need == 1:
        return [p for ps in known for p in ps] if len(known) == len(sets) else None
    return min(known, key=lambda ps: sum(cost[p] for p in ps), default=None)
