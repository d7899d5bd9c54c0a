"""Vote rows: columns, spans and evidence; pickling, batches and other string types."""

from __future__ import annotations

import pickle
from typing import Any

import pyarrow as pa
import pytest

from aisles.rules.load import Rule
from aisles.rules.matcher import COLUMNS, VOTE_ARROW, RuleSet


def batch_of(*products: dict[str, object]) -> pa.RecordBatch:
    names = [(name, pa.string()) for name in COLUMNS[:-1]]
    rows = [{"product_id": f"p{i}", **product} for i, product in enumerate(products)]
    return pa.RecordBatch.from_pylist(rows, pa.schema([*names, ("price", pa.float64())]))


def vote_on(condition: str, **product: object) -> dict[str, Any]:
    votes = RuleSet.compile([Rule("R1", "c", condition)]).match(batch_of(product)).to_pylist()
    assert len(votes) == 1
    return votes[0]


def places(vote: dict[str, Any]) -> list[tuple[str, int, int, str]]:
    return [(e["field"], e["start"], e["end"], e["text"]) for e in vote["evidence"]]


def test_a_vote_row() -> None:
    rule = Rule("R7", "12", 'title contains "mug"', effect="is_not", rule_version=3)
    assert RuleSet.compile([rule]).match(batch_of({"title": "Blue Mug"})).to_pylist() == [
        {
            "product_id": "p0",
            "rule_id": "R7",
            "rule_version": 3,
            "category_id": "12",
            "vote": -1,
            "field": "title",
            "span_start": 5,
            "span_end": 8,
            "matched_text": "Mug",
            "evidence": [{"field": "title", "start": 5, "end": 8, "text": "Mug"}],
        }
    ]


@pytest.mark.parametrize(
    ("condition", "title", "start", "end"),
    [
        ('title contains "b"', "ab b b", 3, 4),
        ('title contains "strasse"', "Die  große STRAßE 5", 11, 17),
        ('title contains "x"', "ßßß ŉ x", 6, 7),
        ('title contains "baby bath"', "the  Baby \t bath tub", 5, 16),
        ('title contains "café"', "x cafe\u0301 y", 2, 7),
        ('title contains "y"', "e\u0301e\u0301 \u1100\u1161\u11a8 y", 9, 10),
        ('title contains "tee"', "Grün → Tee", 7, 10),
        ('title contains "🎁 box"', "🎁🎁  BOX", 1, 7),
        ('title contains "i\u0307"', "a İ", 2, 3),
        ('title is "a b"', "  A\n B ", 2, 6),
        ('title matches "r.d"', "ßé Red", 3, 6),
        ('title matches "d+"', "🎁 add", 3, 5),
        ('title matches "x*"', "é", 0, 0),
    ],
)
def test_spans_are_code_points_of_the_stored_text(
    condition: str, title: str, start: int, end: int
) -> None:
    vote = vote_on(condition, title=title)
    assert (vote["field"], vote["span_start"], vote["span_end"]) == ("title", start, end)
    assert vote["matched_text"] == title[start:end]
    assert places(vote) == [("title", start, end, title[start:end])]


def test_evidence_lists_each_phrase_once_by_field_and_position() -> None:
    vote = vote_on(
        'any contains_any ("cup", "mug") and gender is "all" or brand contains "zed"',
        title="tea mug, Cup, mug",
        brand="Mug Zed",
        gender="all",
    )
    assert places(vote) == [
        ("title", 4, 7, "mug"),
        ("title", 9, 12, "Cup"),
        ("brand", 0, 3, "Mug"),
        ("brand", 4, 7, "Zed"),
        ("gender", 0, 3, "all"),
    ]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ('title contains "a" and not title contains "x"', [("title", 0, 1, "a")]),
        ('title contains "b" or not title contains "a"', [("title", 2, 3, "b")]),
        ('not not title contains "b"', [("title", 2, 3, "b")]),
        ('not (title contains "x" or not title contains "b")', [("title", 2, 3, "b")]),
        ('not title contains "x"', []),
        ("price < 5", []),
        ('price < 5 or title contains "x"', []),
        ('title contains "a" and price < 5', [("title", 0, 1, "a")]),
        ('title contains "x" or not brand is "b"', []),
        ('title is "a b" and title matches "a b"', [("title", 0, 3, "a b")]),
        ('title contains "a" and not (title contains "a" and price > 5)', [("title", 0, 1, "a")]),
    ],
)
def test_only_found_predicates_that_are_not_negated_are_evidence(
    condition: str, expected: list[tuple[str, int, int, str]]
) -> None:
    vote = vote_on(condition, title="a b", price=1.0)
    assert places(vote) == expected
    first = expected[0] if expected else (None, None, None, None)
    assert (vote["field"], vote["span_start"], vote["span_end"], vote["matched_text"]) == first


def test_disabled_and_broken_rules_do_not_vote() -> None:
    rules = [
        Rule("R1", "c", 'title contains "a"', enabled=False),
        Rule("R2", "c", "title", error="position 5: ..."),
        Rule("R3", "c", "title"),
        Rule("R4", "c", 'title contains "a"'),
    ]
    votes = RuleSet.compile(rules).match(batch_of({"title": "a"}))
    assert votes["rule_id"].to_pylist() == ["R4"]


@pytest.mark.parametrize("rules", [[], [Rule("R1", "c", 'title contains "a"')]])
def test_empty_batches_and_rule_sets(rules: list[Rule]) -> None:
    for batch in (batch_of(), batch_of({"title": "b"}, {})):
        votes = RuleSet.compile(rules).match(batch)
        assert (votes.num_rows, votes.schema) == (0, VOTE_ARROW)


def test_batches_may_be_large_sliced_and_of_other_string_types() -> None:
    products = [
        {"title": f"é {'Mug' * (i % 3 == 0)} {i}", "price": float(i)} for i in range(20_000)
    ]
    rules = [Rule("R1", "c", 'title contains "mug"'), Rule("R2", "c", 'not title matches "[1-9]"')]
    rule_set = RuleSet.compile(rules)
    batch = batch_of(*products)
    votes = rule_set.match(batch)
    expected = [f"p{i}" for i in range(20_000) if i % 3 == 0]
    assert votes["product_id"].to_pylist() == ["p0", *expected]
    table = pa.Table.from_batches([votes])
    part = rule_set.match(batch.slice(9_000, 11_000))
    kept = pa.array([int(p[1:]) >= 9_000 for p in votes["product_id"].to_pylist()])
    assert pa.Table.from_batches([part]).equals(table.filter(kept).combine_chunks())
    large = [(f.name, pa.large_string() if f.type == pa.string() else f.type) for f in batch.schema]
    assert rule_set.match(batch.cast(pa.schema(large))).equals(votes)


def test_garbage_under_null_is_not_read() -> None:
    title = pa.StringArray.from_buffers(
        2,
        pa.array([0, 3, 6], pa.int32()).buffers()[1],
        pa.py_buffer(b"mugmug"),
        pa.py_buffer(bytes([0b10])),
    )
    batch = batch_of({}, {})
    batch = batch.set_column(batch.schema.get_field_index("title"), "title", title)
    votes = RuleSet.compile([Rule("R1", "c", 'title contains "mug"')]).match(batch)
    assert votes["product_id"].to_pylist() == ["p1"]


def test_a_rule_set_is_pickled_as_its_rules() -> None:
    rule_set = RuleSet.compile([Rule("R1", "c", 'title contains "mug"')])
    batch = batch_of({"title": "mug"})
    before = rule_set.match(batch)
    again = pickle.loads(pickle.dumps(rule_set))
    assert again.rules == rule_set.rules
    assert "_engine" not in vars(again)
    assert again.match(batch).equals(before)


def test_a_missing_column_is_named() -> None:
    with pytest.raises(ValueError, match="no column brand, price"):
        RuleSet.compile([]).match(batch_of().drop_columns(["brand", "price"]))


def test_neither_order_nor_neighbours_of_products_matter() -> None:
    titles = ["mug", "", "a mug", "Mug ß", "smug", None, "mu", "g", "é mug"]
    rule_set = RuleSet.compile([Rule("R1", "c", 'title contains "mug"')])
    alone = [rule_set.match(batch_of({"title": title})).num_rows for title in titles]
    together = rule_set.match(batch_of(*({"title": title} for title in titles)))
    assert together["product_id"].to_pylist() == [f"p{i}" for i, n in enumerate(alone) if n]
