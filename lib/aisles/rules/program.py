"""All rules of a rule set as arrays: atoms, predicates, gates and the edges between them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aisles.rules.arrays import Ints, Lists
from aisles.rules.boolean import (
    Atom,
    Flat,
    Gate,
    Leaf,
    Predicate,
    flat,
    gates,
    is_simple,
    triggers,
)
from aisles.rules.grammar import Node, Price


@dataclass(frozen=True)
class Gates:
    """The trees of all rules; leaves and gates of one rule lie together.

    leaf_predicate, leaf_positive, leaf_gate: per leaf, the gate counted from its rule's first.
    parent, depth, need: per gate, the parent counted from its rule's first (-1 for a root).
    """

    leaves: Lists  # rule -> numbers of its leaves
    leaf_predicate: Ints
    leaf_positive: NDArray[np.bool_]
    leaf_gate: Ints
    gates: Lists  # rule -> numbers of its gates
    parent: Ints
    depth: Ints
    need: Ints


@dataclass(frozen=True)
class Program:
    """What a batch is matched by: numbers of atoms, predicates and rules, and their edges."""

    atoms: list[Atom]
    predicates_of_atom: Lists
    price_sign: Ints  # per predicate: 1 for price >, -1 for price <, 0 for text
    price_bound: NDArray[np.float64]  # per predicate
    rules_of_trigger: Lists  # predicate -> rules that it can make true
    simple: NDArray[np.bool_]  # per rule: a trigger found is enough
    untriggered: Ints  # rules that can be true with nothing found
    positives: Lists  # rule -> its predicates that are not negated
    gates: Gates
    predicates: int
    rules: int


def program(nodes: Sequence[Node]) -> Program:
    """The arrays of the conditions, rule numbers being places in `nodes`."""
    trees = [gates(node) for node in nodes]
    flats = [flat(tree) for tree in trees]
    uses = Counter(predicate for one in flats for predicate, _, _ in one.leaves)
    numbers = {predicate: number for number, predicate in enumerate(uses)}
    texts = [(n, p) for p, n in numbers.items() if not isinstance(p, Price)]
    atoms = {atom: None for _, predicate in texts for atom in predicate}
    atom_numbers = {atom: number for number, atom in enumerate(atoms)}
    edges = ((atom_numbers[atom], n) for n, predicate in texts for atom in predicate)
    found = _triggers(trees, uses)
    pairs = ((numbers[p], rule) for rule, ps in enumerate(found) for p in dict.fromkeys(ps or ()))
    return Program(
        atoms=list(atoms),
        predicates_of_atom=Lists.by_key(edges, len(atoms)),
        price_sign=np.array([_price_sign(p) for p in numbers], np.int64),
        price_bound=np.array([p.number if isinstance(p, Price) else 0 for p in numbers], float),
        rules_of_trigger=Lists.by_key(pairs, len(numbers)),
        simple=np.array([is_simple(tree) for tree in trees], np.bool_),
        untriggered=np.array([i for i, ps in enumerate(found) if ps is None], np.int64),
        positives=Lists.of([_positives(one, numbers) for one in flats]),
        gates=_gates(flats, numbers),
        predicates=len(numbers),
        rules=len(trees),
    )


def _price_sign(predicate: Predicate) -> int:
    if not isinstance(predicate, Price):
        return 0
    return 1 if predicate.op == ">" else -1


def _triggers(trees: list[Gate | Leaf], uses: Counter[Predicate]) -> list[list[Predicate] | None]:
    """Each rule's triggers; of several possible ones those that few rules share."""
    cost = {predicate: _cost(predicate, count) for predicate, count in uses.items()}
    return [triggers(tree, cost) for tree in trees]


def _cost(predicate: Predicate, uses: int) -> float:
    """Grows with what a hit would set off: the rules that share it, and short (common) words."""
    if isinstance(predicate, Price):
        return 0.0
    return uses * sum(1 / len(atom.text) for atom in predicate)


def _positives(one: Flat, numbers: dict[Predicate, int]) -> list[int]:
    found = [numbers[p] for p, sign, _ in one.leaves if sign and not isinstance(p, Price)]
    return list(dict.fromkeys(found))


def _gates(flats: list[Flat], numbers: dict[Predicate, int]) -> Gates:
    leaves = [leaf for one in flats for leaf in one.leaves]
    return Gates(
        leaves=_consecutive([len(one.leaves) for one in flats]),
        leaf_predicate=np.array([numbers[p] for p, _, _ in leaves], np.int64),
        leaf_positive=np.array([sign for _, sign, _ in leaves], np.bool_),
        leaf_gate=np.array([gate for _, _, gate in leaves], np.int64),
        gates=_consecutive([len(one.parents) for one in flats]),
        parent=np.array([parent for one in flats for parent in one.parents], np.int64),
        depth=np.array([depth for one in flats for depth in one.depths], np.int64),
        need=np.array([need for one in flats for need in one.needs], np.int64),
    )


def _consecutive(lengths: list[int]) -> Lists:
    offsets = np.cumsum([0, *lengths], dtype=np.int64)
    return Lists(offsets, np.arange(offsets[-1]))
