"""Made-up products for which a condition is true: what tells two conditions apart at once.

A condition that is false for such a product of another one is not implied by that one, and the
matcher asks all conditions about all products in one pass. So few pairs are left to be proved.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

import pyarrow as pa

from aisles.rules.boolean import PATTERN, VALUE, Atom
from aisles.rules.findings import Entry
from aisles.rules.grammar import TEXT_FIELDS, Node, Price
from aisles.rules.implication import solution
from aisles.rules.literals import whole_words
from aisles.rules.load import Rule
from aisles.rules.matcher import COLUMNS, RuleSet
from aisles.rules.plain import evaluate
from aisles.rules.theory import always_found

Product = dict[str, object]
_SCHEMA = pa.schema([*((name, pa.string()) for name in COLUMNS[:-1]), ("price", pa.float64())])


def witness(node: Node, last: bool = False) -> Product | None:
    """A product for which the condition is true; None when none was found.

    last: one that takes the last of several alternatives, where that is possible.
    """
    facts = solution(node, last)
    if not facts:
        return None
    true = [fact for fact, holds in facts.items() if holds and isinstance(fact, Atom)]
    product: Product = {name: _text(true, name) for name in TEXT_FIELDS}
    product["price"] = _price({f: holds for f, holds in facts.items() if isinstance(f, Price)})
    return product if evaluate(node, product) else None


def _text(true: list[Atom], field: str) -> str:
    """A text in which the atoms of one field are found, as far as such a text is known."""
    atoms = [atom for atom in true if atom.field == field]
    whole = [atom.text for atom in atoms if atom.kind == VALUE]
    phrases = [_phrase(atom.text) if atom.kind == PATTERN else atom.text for atom in atoms]
    return whole[0] if whole else " | ".join(dict.fromkeys(phrases))


def _phrase(pattern: str) -> str:
    """Something that the pattern finds, where it spells it out."""
    return "x" if always_found(pattern) else min(whole_words(pattern) or ("",))


def _price(tests: dict[Price, bool]) -> float | None:
    """A price for which the tests come out so; None where no test has to be true."""
    bounds = sorted({test.number for test in tests})
    between = [(low + high) / 2 for low, high in pairwise(bounds)]
    tried = [*bounds, *between, *(b - 1 for b in bounds[:1]), *(b + 1 for b in bounds[-1:])]
    fits = (p for p in tried if all(evaluate(t, {"price": p}) == h for t, h in tests.items()))
    return next(fits, None) if any(tests.values()) else None


def candidates(entries: Sequence[Entry]) -> list[list[int]]:
    """For each rule the other rules of its category that it may imply, as places in `entries`.

    Those that are true for its witnesses; all of its category where it has none.
    """
    found = [[witness(entry.node, last) for last in (False, True)] for entry in entries]
    rows = [(i, product) for i, both in enumerate(found) for product in both if product]
    seen: list[set[int] | None] = [None] * len(entries)
    for (rule, _), true in zip(rows, _true(entries, [product for _, product in rows])):
        before = seen[rule]
        seen[rule] = true if before is None else before & true
    groups: dict[str, list[int]] = defaultdict(list)
    for number, entry in enumerate(entries):
        groups[entry.rule.category_id].append(number)
    return [
        [other for other in groups[entry.rule.category_id] if other != i and _may(seen[i], other)]
        for i, entry in enumerate(entries)
    ]


def _may(seen: set[int] | None, other: int) -> bool:
    return seen is None or other in seen


def _true(entries: Sequence[Entry], products: list[Product]) -> list[set[int]]:
    """For each product the rules that are true for it."""
    rules = [Rule(str(i), "", entry.rule.condition) for i, entry in enumerate(entries)]
    rows = [{"product_id": str(n), **product} for n, product in enumerate(products)]
    votes = RuleSet(rules).match(pa.RecordBatch.from_pylist(rows, _SCHEMA))
    true: list[set[int]] = [set() for _ in products]
    pairs = zip(votes.column("product_id").to_pylist(), votes.column("rule_id").to_pylist())
    for product, rule in pairs:
        true[int(product)].add(int(rule))
    return true
