"""What is proved of conditions: examples, and never against the plain evaluator."""

from __future__ import annotations

from itertools import product as combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aisles.rules.findings import Entry
from aisles.rules.grammar import (
    TEXT_FIELDS,
    And,
    Contains,
    Is,
    Matches,
    Node,
    Not,
    Or,
    Price,
    parse,
)
from aisles.rules.implication import always, equivalent, implies, never
from aisles.rules.lint_parts import idle_parts
from aisles.rules.load import Rule
from aisles.rules.places import without
from aisles.rules.plain import evaluate
from aisles.rules.solver import Solver
from aisles.rules.theory import facts_of, linked
from aisles.rules.witness import candidates, witness

# Phrases within phrases, on word boundaries and off them, and signs beside words.
_PHRASES = ["red", "shoe", "red shoe", "Red  Shoe", "shoes", "shoe's", "'s", "-red", "red-shoe"]
_PATTERNS = ["red", "x*", "(?i)red", "^red|s*", r"\bshoe\b", "^$", "s$"]
_FIELDS = st.sampled_from(["title", "brand"])
_PREDICATES: st.SearchStrategy[Node] = st.one_of(
    st.builds(
        Contains,
        st.sampled_from(["title", "title", "brand", "any"]),
        st.lists(st.sampled_from(_PHRASES), min_size=1, max_size=3).map(tuple),
    ),
    st.builds(Is, _FIELDS, st.sampled_from(_PHRASES)),
    st.builds(Matches, _FIELDS, st.sampled_from(_PATTERNS)),
    st.builds(Price, st.sampled_from("<>"), st.sampled_from([5.0, 10.0, 20.0])),
)
_NODES = st.recursive(
    _PREDICATES,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(And, st.lists(inner, min_size=2, max_size=3).map(tuple)),
        st.builds(Or, st.lists(inner, min_size=2, max_size=3).map(tuple)),
    ),
    max_leaves=6,
)
_TEXTS = st.none() | st.lists(
    st.sampled_from([*_PHRASES, " ", " ", "x", "&", "RED"]), max_size=5
).map("".join)
_PRICES = st.sampled_from([None, 0.0, 5.0, 7.0, 10.0, 12.0, 20.0, 30.0, float("inf")])
_PRODUCTS = st.lists(
    st.fixed_dictionaries(
        {"title": _TEXTS, "brand": _TEXTS, "description": _TEXTS, "price": _PRICES}
    ),
    min_size=8,
    max_size=8,
)


@pytest.mark.parametrize(
    ("condition", "can_never", "is_always"),
    [
        ('title contains "a" and not title contains "a"', True, False),
        ('title contains "a" or not title contains "A"', False, True),
        ('title contains "red shoe" and not title contains "shoe"', True, False),
        ('title contains "red shoes" and not title contains "shoe"', False, False),
        ('title contains "shoe" and not any contains "shoe"', True, False),
        ('any contains "shoe" and not title contains "shoe"', False, False),
        ('brand is "a" and brand is "b"', True, False),
        ('brand is "a b" and brand contains "c"', True, False),
        ('brand is "a b" and not brand contains "b"', True, False),
        ('brand is "shoes" and brand contains "shoe"', True, False),
        ('brand is "shoes" and not brand contains "shoe"', False, False),
        ('not brand is "a" or not brand is "b"', False, True),
        ("price < 5 and price > 10", True, False),
        ("price < 5 and price > 5", True, False),
        ("price < 10 and price > 5", False, False),
        ("price < 10 or price > 5", False, False),  # a product without a price
        ("price < 20 and not (price < 10 or price > 5)", True, False),
        ('title matches "x*" and not title matches "y*"', True, False),
        ('title contains "a" and not title matches "x*"', True, False),
        ('title matches "^$" and not title matches "x"', False, False),
        ('title matches "(?i)red" and not title matches "red"', True, False),
    ],
)
def test_what_can_never_be_true_and_what_always_is(
    condition: str, can_never: bool, is_always: bool
) -> None:
    node = parse(condition)
    assert (never(node), always(node)) == (can_never, is_always)


@pytest.mark.parametrize(
    ("one", "other", "there", "back"),
    [
        ('title contains "red shoe"', 'title contains "shoe"', True, False),
        ('title contains "shoes"', 'title contains "shoe"', False, False),
        ('title contains "red-shoe"', 'any contains "shoe"', True, False),
        ('brand is "red shoe"', 'brand contains_any ("hat", "shoe")', True, False),
        ("price < 3", "price < 5", True, False),
        ("price > 3", "price < 5 or price > 4", True, False),
        ('title contains_any ("a", "b")', 'title contains "b" or title contains "a"', True, True),
        (
            'title contains "a" and not (title contains "b" or price < 5)',
            'not title contains "B" and not price < 5 and title contains "a"',
            True,
            True,
        ),
        ('title contains "a" and title contains "b"', 'title contains "b"', True, False),
        ('title contains "a"', 'description contains "a"', False, False),
    ],
)
def test_what_implies_what(one: str, other: str, there: bool, back: bool) -> None:
    first, second = parse(one), parse(other)
    assert (implies(first, second), implies(second, first)) == (there, back)
    assert equivalent(first, second) == (there and back)


@settings(max_examples=300, deadline=None)
@given(_NODES, _NODES, _PRODUCTS)
def test_no_product_contradicts_what_is_proved(
    one: Node, other: Node, products: list[dict[str, object]]
) -> None:
    proved = implies(one, other)
    impossible, sure = never(one), always(one)
    for product in products:
        true = evaluate(one, product)
        assert not (impossible and true)
        assert not (sure and not true)
        assert not (proved and true and not evaluate(other, product))


@settings(max_examples=300, deadline=None)
@given(_NODES, _PRODUCTS)
def test_a_condition_is_the_same_without_its_idle_parts(
    node: Node, products: list[dict[str, object]]
) -> None:
    gone = frozenset(path for path, _ in idle_parts(node, linked(node)))
    barer = without(node, gone)
    assert barer is not None
    for product in products:
        assert evaluate(node, product) == evaluate(barer, product)


@settings(max_examples=150, deadline=None)
@given(_NODES)
def test_without_links_nothing_is_impossible_sure_or_idle(node: Node) -> None:
    if not linked(node):
        assert (never(node), always(node)) == (False, False)
        assert list(idle_parts(node, set(facts_of(node)))) == []


@settings(max_examples=200, deadline=None)
@given(_NODES)
def test_a_witness_fulfils_the_condition(node: Node) -> None:
    for last in (False, True):
        product = witness(node, last)
        assert product is None or evaluate(node, product)
        assert not (product and never(node))


def test_plain_conditions_have_witnesses() -> None:
    conditions = [
        'title contains "a" and not title contains "b" and price > 5 and price < 6',
        'brand is "a b" and any contains_any ("c", "d")',
        r'title matches "\b(red|green) tea\b" and not price > 3',
    ]
    for condition in conditions:
        assert witness(parse(condition)) is not None
    assert witness(parse(r'title matches "\d{4}"')) is None  # not spelled out: nothing is claimed


def test_few_pairs_are_left_to_be_proved() -> None:
    """Only rules of the category that are true for both witnesses: of the first and last phrase."""
    conditions = [
        ("c", 'title contains_any ("red bib", "hat", "blue bib")'),
        ("c", 'title contains_any ("bib", "cap")'),
        ("c", 'title contains "red"'),
        ("d", 'title contains "bib"'),
        ("c", r'title matches "\d{4}"'),
    ]
    entries = [Entry(n, Rule(f"R{n}", *rule)) for n, rule in enumerate(conditions)]
    assert candidates(entries) == [[1], [], [], [], [0, 1, 2]]


_LITERALS = st.integers(1, 4).flatmap(lambda n: st.sampled_from([n, -n]))
_CLAUSES = st.lists(st.lists(_LITERALS, min_size=1, max_size=3).map(tuple), min_size=1, max_size=12)


@settings(max_examples=200, deadline=None)
@given(_CLAUSES, st.booleans())
def test_the_solver_agrees_with_a_truth_table(clauses: list[tuple[int, ...]], last: bool) -> None:
    def holds(true: set[int]) -> bool:
        return all(any(x in true for x in clause) for clause in clauses)

    rows = [
        {n * sign for n, sign in enumerate(signs, 1)} for signs in combinations((1, -1), repeat=4)
    ]
    found = Solver(clauses, lambda _: ()).solve(last)
    assert bool(found) == any(map(holds, rows))
    assert not found or holds(found)


@pytest.mark.parametrize("field", TEXT_FIELDS)
def test_long_lists_are_decided(field: str) -> None:
    phrases = ", ".join(f'"w{n}"' for n in range(300))
    node = parse(f"{field} contains_any ({phrases})")
    assert never(node) is False
    assert implies(parse(f'{field} contains "big w299"'), node) is True


def test_what_is_too_hard_is_not_decided() -> None:
    """Eight things in seven places: no assignment, and far too many to try."""
    said = [[f'title contains "t{t}p{p}"' for p in range(7)] for t in range(8)]
    somewhere = ["(" + " or ".join(places) + ")" for places in said]
    clash = [
        f"not ({said[a][p]} and {said[b][p]})" for p in range(7) for a in range(8) for b in range(a)
    ]
    assert never(parse(" and ".join([*somewhere, *clash]))) is None
