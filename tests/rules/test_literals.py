"""Literals that a text must hold for a pattern to match."""

from __future__ import annotations

import pytest

from aisles.rules.literals import Literal, required_literals


@pytest.mark.parametrize(
    ("pattern", "texts"),
    [
        ("abc", {"abc"}),
        (r"\d{2,5} ?mah", {"mah"}),
        ("(red|green) (hat|cap)s?", {"red hat", "red cap", "green hat", "green cap"}),
        ("colou?r", {"color", "colour"}),
        ("x[12]y", {"x1y", "x2y"}),
        ("(ab)+c", {"ab"}),
        ("(ab){2}", {"abab"}),
        ("ab*cd", {"cd"}),
        ("ABC.*de", {"abc"}),
        ("[^a]bc", {"bc"}),
        (r"a\.b", {"a.b"}),
        ("(?:ab|cd)", {"ab", "cd"}),
        ("(?i)ab", {"ab"}),
        ("ab  cd", {"ab cd"}),
    ],
)
def test_literals(pattern: str, texts: set[str]) -> None:
    literals = required_literals(pattern)
    assert literals is not None
    assert {literal.text.removesuffix("s") for literal in literals} == texts


@pytest.mark.parametrize(
    "pattern",
    ["a", "x*", "(ab)?", r"\d+", "ab|c", "é", "(?s:ab)", r"\Qab\E", "[[:alpha:]]", "[a-z][a-z]"],
)
def test_no_literals(pattern: str) -> None:
    assert required_literals(pattern) is None


@pytest.mark.parametrize(
    ("pattern", "literal"),
    [
        (r"\bale\b", Literal("ale", left=True, right=True)),
        (r"\bale", Literal("ale", left=True)),
        (r"\b-ale\b", Literal("-ale", right=True)),
        (r"pale\b ale", Literal("pale ale")),
        (r"\b\d+ ?ale\b", Literal("ale", right=True)),
    ],
)
def test_edges(pattern: str, literal: Literal) -> None:
    assert literal in (required_literals(pattern) or ())


def test_deep_groups_are_given_up() -> None:
    assert required_literals("(" * 60 + "ab" + ")" * 60) is None
