"""What conditions mean: each case is put to the plain evaluator and to the fast matcher."""

from __future__ import annotations

import math

import pyarrow as pa
import pytest

from aisles.rules.grammar import parse
from aisles.rules.load import Rule
from aisles.rules.matcher import COLUMNS, RuleSet
from aisles.rules.plain import evaluate

_CASES = [
    # Word boundaries: letters, marks and digits are word characters, nothing else is.
    ('title contains "lamp"', {"title": "LED-Lamp/bulb"}, True),
    ('title contains "lamp"', {"title": "desk_lamp_2"}, True),
    ('title contains "lamp"', {"title": "lamps"}, False),
    ('title contains "lamp"', {"title": "2lamp"}, False),
    ('title contains "lamp"', {"title": "lampé"}, False),
    ('title contains "lamp"', {"title": "lamp\u0301"}, False),
    ('title contains "lamp"', {"title": "lamp① lamp٣"}, False),
    ('title contains "lamp"', {"title": "éclamp 灯lamp"}, False),
    ('title contains "lamp"', {"title": "clamp, lamps; lamp"}, True),
    ('title contains "lamp"', {"title": "灯-lamp…"}, True),
    ('title contains "lamp"', {"title": "lamp\u200bshade"}, True),
    ('title contains "5\\""', {"title": '15" tv 5"x'}, True),
    ('title contains "-a"', {"title": "x-a"}, True),
    ('title contains "c++"', {"title": "c++11"}, True),
    ('title contains "aa"', {"title": "aaa aa"}, True),
    ('title contains "का"', {"title": "काम"}, False),
    # Normal form: NFC, full case folding, whitespace; everything else is kept.
    ('title contains "weiss"', {"title": "Weiß"}, True),
    ('title contains "WEIẞ"', {"title": "weiss"}, True),
    ('title contains "ﬁlter"', {"title": "FILTER"}, True),
    ('title contains "καφές"', {"title": "ΚΑΦΈΣ"}, True),
    ('title contains "café"', {"title": "Cafe\u0301 au lait"}, True),
    ('title contains "cafe"', {"title": "Cafe\u0301"}, False),
    ('title contains "istanbul"', {"title": "İstanbul"}, False),
    ('title contains "i\u0307stanbul"', {"title": "İSTANBUL"}, True),
    ('title contains "a\tb"', {"title": "x a \u2003\n b"}, True),
    ('title contains " a  b "', {"title": "a\xa0b"}, True),
    ('title contains "a b"', {"title": "a-b"}, False),
    ('title contains "women\'s"', {"title": "Women’s"}, False),
    # Fields.
    ('any contains "red"', {"merchant_category": "Red"}, True),
    ('any contains "red"', {"gender": "red"}, False),
    ('any contains "red hat"', {"title": "red", "description": "hat"}, False),
    ('any contains_any ("x", "hat")', {"brand": "Hat"}, True),
    ('any matches "h.t"', {"description": "x\nHOT"}, True),
    ('gender contains "men"', {"gender": "Men/Boys"}, True),
    ('title contains "red"', {"title": "bored", "description": "red"}, False),
    # is: the whole field.
    ('brand is "a & b"', {"brand": "\tA &  B "}, True),
    ('brand is "strasse"', {"brand": "STRAßE"}, True),
    ('brand is "a"', {"brand": "a b"}, False),
    # matches: the raw field, case-insensitively, not anchored.
    ('title matches "a  b"', {"title": "A  B"}, True),
    ('title matches "a  b"', {"title": "a b"}, False),
    ('title matches "a b"', {"title": "a\tb"}, False),
    ('title matches "^b"', {"title": "a b"}, False),
    ('title matches "ar$"', {"title": "car"}, True),
    ('title matches "weiss"', {"title": "weiß"}, False),
    ('title matches "e"', {"title": "e\u0301"}, True),
    ('title matches "cafe"', {"title": "x CAFE\u0301"}, True),
    ('title matches "café"', {"title": "cafe\u0301"}, False),
    ('title matches "\\bale\\b"', {"title": "female sale"}, False),
    ('title matches "\\bale\\b"', {"title": "pale-ale"}, True),
    ('title matches "(?i)\\b(core i[35])-\\d{4}"', {"title": "Intel Core I5-1135"}, True),
    ('title matches "x*"', {"title": "abc"}, True),
    ('title matches "x*"', {"title": " "}, False),
    # Missing fields make predicates false; negation is two-valued.
    ('title contains "a"', {}, False),
    ('not title contains "a"', {"title": None}, True),
    ('not title contains "a"', {"title": " \t"}, True),
    ('not brand is "a"', {}, True),
    ('not (title contains "a" or price > 1)', {}, True),
    ("price > 1", {"price": math.nan}, False),
    ("price < 1", {"price": math.nan}, False),
    ("not price < 1 and not price > 1", {"price": math.nan}, True),
    ("price < 0.1", {"price": 0.1}, False),
    ("price > 0.1", {"price": 0.1}, False),
    ("not price > 0.1", {"price": 0.1}, True),
    # Precedence.
    ('title contains "a" or title contains "b" and price < 1', {"title": "a", "price": 2.0}, True),
    ('(title contains "a" or title contains "b") and price < 1', {"title": "a"}, False),
    ('not title contains "a" and price < 1', {"title": "b", "price": 0.5}, True),
]


def batch_of(*products: dict[str, object]) -> pa.RecordBatch:
    names = [(name, pa.string()) for name in COLUMNS[:-1]]
    rows = [{"product_id": f"p{i}", **product} for i, product in enumerate(products)]
    return pa.RecordBatch.from_pylist(rows, pa.schema([*names, ("price", pa.float64())]))


@pytest.mark.parametrize(("condition", "product", "expected"), _CASES)
def test_condition(condition: str, product: dict[str, object], expected: bool) -> None:
    assert evaluate(parse(condition), product) is expected
    votes = RuleSet.compile([Rule("R1", "c", condition)]).match(batch_of(product))
    assert votes.num_rows == expected


def test_all_cases_in_one_batch_do_not_disturb_each_other() -> None:
    rules = [Rule(f"R{i:03d}", "c", condition) for i, (condition, _, _) in enumerate(_CASES)]
    products = [product for _, product, _ in _CASES]
    votes = RuleSet.compile(rules).match(batch_of(*products))
    got = list(zip(votes["product_id"].to_pylist(), votes["rule_id"].to_pylist()))
    trees = [parse(rule.condition) for rule in rules]
    assert got == [
        (f"p{p}", f"R{r:03d}")
        for p, product in enumerate(products)
        for r, tree in enumerate(trees)
        if evaluate(tree, product)
    ]


@pytest.mark.parametrize("price", [None, "5", True, math.nan])
def test_a_price_that_is_no_number_is_missing(price: object) -> None:
    assert not evaluate(parse("price < 10 or price > 0"), {"price": price})
