"""The plain evaluator: one product, one condition, straight from the language's description.

Slow and short on purpose. It is the reference that the fast matcher is tested against.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from aisles.rules.grammar import (
    ANY_FIELDS,
    And,
    Contains,
    Is,
    Matches,
    Node,
    Not,
    Or,
    Price,
    compile_pattern,
)
from aisles.rules.normal import is_word_char, normalise


def evaluate(node: Node, product: Mapping[str, object]) -> bool:
    """True when the condition holds for the product (field name -> text, price -> number)."""
    match node:
        case And(children):
            return all(evaluate(child, product) for child in children)
        case Or(children):
            return any(evaluate(child, product) for child in children)
        case Not(child):
            return not evaluate(child, product)
        case Contains(name, phrases):
            texts = [normalise(text) for text in _texts(name, product)]
            return any(contains(text, normalise(p)) for p in phrases for text in texts)
        case Matches(name, pattern):
            regex = compile_pattern(pattern)
            return any(regex.search(text) is not None for text in _texts(name, product))
        case Is(name, value):
            return any(normalise(text) == normalise(value) for text in _texts(name, product))
        case Price(op, number):
            return _price_holds(op, number, product.get("price"))


def contains(text: str, phrase: str) -> bool:
    """True when the phrase occurs in the text on word boundaries; both are normalised."""
    start = text.find(phrase)
    while start >= 0:
        if _on_boundaries(text, start, start + len(phrase)):
            return True
        start = text.find(phrase, start + 1)
    return False


def _on_boundaries(text: str, start: int, end: int) -> bool:
    left = start == 0 or not is_word_char(text[start]) or not is_word_char(text[start - 1])
    right = end == len(text) or not is_word_char(text[end - 1]) or not is_word_char(text[end])
    return left and right


def _texts(name: str, product: Mapping[str, object]) -> list[str]:
    """The field's text, or the four of `any`; a missing or blank field gives none."""
    names = ANY_FIELDS if name == "any" else (name,)
    values = [product.get(name) for name in names]
    return [value for value in values if isinstance(value, str) and value.strip()]


def _price_holds(op: str, number: float, price: object) -> bool:
    if isinstance(price, bool) or not isinstance(price, int | float) or math.isnan(price):
        return False
    return price < number if op == "<" else price > number
