"""Conditions and their trees, errors and their positions."""

from __future__ import annotations

import pickle

import pytest

from aisles.rules.grammar import And, Contains, Is, Matches, Node, Not, Or, Price, RuleError, parse

A, B, C = (Contains("title", (phrase,)) for phrase in "abc")
_A, _B, _C = (f'title contains "{phrase}"' for phrase in "abc")


@pytest.mark.parametrize(
    ("condition", "tree"),
    [
        (_A, A),
        (f"{_A} or {_B} or {_C}", Or((A, B, C))),
        (f"{_A} and {_B} or {_C}", Or((And((A, B)), C))),
        (f"{_A} or {_B} and {_C}", Or((A, And((B, C))))),
        (f"({_A} or {_B}) and {_C}", And((Or((A, B)), C))),
        (f"not {_A} and {_B} or {_C}", Or((And((Not(A), B)), C))),
        (f"not ({_A} and not {_B})", Not(And((A, Not(B))))),
        (f"not not({_A})", Not(Not(A))),
        (f"not(not({_A})or {_B})and {_C}", And((Not(Or((Not(A), B))), C))),
        ('any contains_any("x","y z")', Contains("any", ("x", "y z"))),
        ('brand\n is\t"Söhne & Co"', Is("brand", "Söhne & Co")),
        ("price<20and price>1.50", And((Price("<", 20.0), Price(">", 1.5)))),
        (r'title matches "\bkg\b"', Matches("title", r"\bkg\b")),
        (r'title matches "7\" \\d"', Matches("title", r'7" \\d')),
        (r'title contains "a\"b\c"', Contains("title", ('a"b\\c',))),
        (r'not title contains "a\\"', Not(Contains("title", (r"a\\",)))),
    ],
)
def test_tree(condition: str, tree: Node) -> None:
    assert parse(condition) == tree


@pytest.mark.parametrize(
    ("condition", "position", "reason"),
    [
        ("", 0, "empty"),
        (" \n ", 0, "empty"),
        ("not", 3, "found the end"),
        ("(", 1, "found the end"),
        (f"({_A}", 18 + 1, "parenthesis at position 0"),
        (f"({_A}) )", 21, "no one opened"),
        (f"{_A} {_B}", 19, "expected and, or"),
        (f"{_A} and or {_B}", 23, "found 'or'"),
        (f"{_A} & {_B}", 19, "unexpected sign '&'"),
        (f"{_A} OR {_B}", 19, "lower case"),
        ("size is 5", 0, "unknown word 'size'"),
        ("title equals", 6, "unknown word 'equals'"),
        ("title price", 6, "after title"),
        ('title is ""', 9, "empty or only whitespace"),
        ('title contains_any ("a", " \t")', 25, "empty or only whitespace"),
        ('title contains_any ("a" "b")', 24, "contains_any"),
        ('title contains_any "a"', 19, '"("'),
        ('title is "abc', 9, "not terminated"),
        ('title is "abc\\"', 9, "not terminated"),
        ("title is ‘a’", 9, "straight quote"),
        ('  any is "a"', 6, "any takes no is"),
        ('title matches "[a"', 14, "does not compile"),
        ('title matches "(?<=a)b"', 14, "does not compile"),
        (r'title matches "(a)\1"', 14, "does not compile"),
        ("price < five", 8, "unknown word 'five'"),
        ("price > .5", 8, "unexpected sign '.'"),
        ("price > -5", 8, "unexpected sign '-'"),
        ("price > 5.", 9, "unexpected sign '.'"),
        ("price > 1,5", 9, "found ','"),
        ("price >= 5", 7, "unexpected sign '='"),
        ('price contains "5"', 6, "< or >"),
        ('gender < "a"', 7, "after gender"),
        ('title is "\ud800"', 10, "surrogate"),
        ('title is "🎁" and', 16, "found the end"),
    ],
)
def test_error(condition: str, position: int, reason: str) -> None:
    with pytest.raises(RuleError) as caught:
        parse(condition)
    assert (caught.value.position, reason in caught.value.reason) == (position, True)
    assert str(caught.value) == f"position {position}: {caught.value.reason}"


def test_the_first_error_is_the_one_reported() -> None:
    with pytest.raises(RuleError, match="position 46: unknown word 'rain'"):
        parse('title contains "boots and not title contains "rain"')


@pytest.mark.parametrize("around", ["({})", "not {}", "not ({})"])
def test_nesting_is_bounded_and_never_exhausts_the_stack(around: str) -> None:
    condition = _A
    for _ in range(40):
        condition = around.format(condition)
    parse(condition)
    deep = around.split("{}")[0] * 100_000 + _A
    with pytest.raises(RuleError, match="nested deeper than 100 levels"):
        parse(deep)


def test_depth_counts_what_is_open_and_not_what_was_closed() -> None:
    parse(" and ".join([f"not (not {_A})"] * 300))


def test_errors_survive_pickling() -> None:
    error = pickle.loads(pickle.dumps(RuleError(3, "why")))
    assert (error.position, error.reason) == (3, "why")
