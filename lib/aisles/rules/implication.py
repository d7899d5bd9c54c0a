"""Whether conditions can be true, are always true, imply each other: exact, or not decided.

The question becomes clauses over facts (aisles.rules.theory), and an assignment of them is
searched. True means proved. False means that the known implications leave room for a product that
shows the contrary; only where regular expressions are involved it need not exist. None: too large.
"""

from __future__ import annotations

from functools import lru_cache

from aisles.rules.boolean import Gate, Leaf, gates
from aisles.rules.grammar import And, Node, Not
from aisles.rules.solver import Solver
from aisles.rules.theory import Theory, facts_of_leaf, known

MOST_FACTS = 2000
Form = tuple[object, ...]


def never(node: Node) -> bool | None:
    """Whether the condition is false for every product."""
    found = solution(node)
    return None if found is None else not found


def always(node: Node) -> bool | None:
    """Whether the condition is true for every product."""
    return never(Not(node))


def implies(one: Node, other: Node) -> bool | None:
    """Whether the other condition is true wherever the first one is."""
    if normal_form(one) == normal_form(other):
        return True
    return never(And((one, Not(other))))


def equivalent(one: Node, other: Node) -> bool | None:
    """Whether both conditions are true for the same products."""
    there = implies(one, other)
    return implies(other, one) if there else there


def solution(node: Node, last: bool = False) -> dict[object, bool] | None:
    """Facts whose truth makes the condition true, empty when there are none, None: not decided.

    last: of several alternatives prefer the last one.
    """
    question = _Question(gates(node))
    if len(question.theory.facts) > MOST_FACTS:
        return None
    found = Solver(question.clauses, question.theory.implied).solve(last)
    if found is None or found is False:
        return None if found is None else {}
    facts = enumerate(question.theory.facts, 1)
    return {fact: n in found for n, fact in facts if n in found or -n in found}


@lru_cache(maxsize=20000)
def normal_form(node: Node) -> Form:
    """The condition without the order, repetition and nesting that do not matter."""
    return _form(gates(node))


def _form(tree: Gate | Leaf) -> Form:
    if isinstance(tree, Leaf):
        return (tree.positive, frozenset(map(known, facts_of_leaf(tree))))
    children = frozenset(map(_form, tree.children))
    return (tree.need == 1, children) if len(children) > 1 else next(iter(children))


class _Question:
    """Clauses that are true together exactly when the tree can be true."""

    def __init__(self, tree: Gate | Leaf) -> None:
        self.theory = Theory.of([tree])
        self.clauses = self.theory.clauses()
        self.used = self.theory.has_price
        self._assert(tree, ())

    def _assert(self, tree: Gate | Leaf, guard: tuple[int, ...]) -> None:
        """Adds clauses: one of the guard's literals is true, or the tree is."""
        if isinstance(tree, Gate) and tree.need > 1:
            for child in tree.children:
                self._assert(child, guard)
        elif isinstance(tree, Gate):
            parts = [literal for child in tree.children for literal in self._literals(child)]
            self.clauses.append((*guard, *parts))
        elif tree.positive:
            self.clauses.append((*guard, *self._numbers(tree)))
        else:
            self.clauses += [(*guard, -number) for number in self._numbers(tree)]

    def _literals(self, tree: Gate | Leaf) -> tuple[int, ...]:
        """Literals one of which must be true for the tree to be true."""
        if isinstance(tree, Leaf):
            numbers = self._numbers(tree)
            if tree.positive or len(numbers) == 1:
                return numbers if tree.positive else (-numbers[0],)
        self.used += 1
        stands_for = self.used
        self._assert(tree, (-stands_for,))
        return (stands_for,)

    def _numbers(self, leaf: Leaf) -> tuple[int, ...]:
        return tuple(self.theory.numbers[known(fact)] for fact in facts_of_leaf(leaf))
