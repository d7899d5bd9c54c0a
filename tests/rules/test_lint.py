"""What a check of a rule table finds, finding beside rule."""

from __future__ import annotations

import io
import os
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from test_implication import _NODES
from test_rule_properties import written

from aisles.rules import words
from aisles.rules.findings import Entry, Finding, read_entries
from aisles.rules.grammar import Node, parse
from aisles.rules.lint import lint, lint_one
from aisles.rules.load import Rule
from aisles.rules.places import Place, place_of

_KIT = Path(os.environ.get("AISLES_KIT", Path(__file__).parents[3] / "shared" / "data"))
_HEADER = "rule_id,category_id,condition,enabled,author_note,effect"


def _entries(*conditions: str, effects: str = "") -> list[Entry]:
    """Rules R1, R2 ... of category c, on lines 1, 2 ...; of effects an x stands for is_not."""
    kinds = ["is_not" if sign == "x" else "is" for sign in effects.ljust(len(conditions), ".")]
    pairs = enumerate(zip(conditions, kinds), 1)
    return [Entry(n, Rule(f"R{n}", "c", text, effect=kind)) for n, (text, kind) in pairs]


def _said(findings: list[Finding]) -> list[tuple[str, str, str]]:
    """(rule, code, the text that is pointed at)."""
    return [(f.rule_id, f.code, f.condition[f.start or 0 : f.end]) for f in findings]


@pytest.mark.parametrize(
    ("condition", "code", "at", "message"),
    [
        ('title contains "red" and', "syntax", "", "expected a field"),
        ("title like “x”", "syntax", "l", "unknown word 'like'"),
        ('title contains "a" and not title contains "a"', "never_true", None, "never be true"),
        ("price < 5 and price > 10", "never_true", None, "contradict each other"),
        ('brand is "a" and brand is "b"', "never_true", None, "contradict each other"),
        ('not title contains "x" or title contains "x"', "always_true", None, "every product"),
        (
            'title contains "shirt" or title contains "red shirt"',
            "idle_part",
            'title contains "red shirt"',
            'title contains "red shirt" adds nothing: title contains "shirt" already finds it',
        ),
        (
            'any contains "shirt" or title contains "shirt"',
            "idle_part",
            'title contains "shirt"',
            'any contains "shirt" already finds it',
        ),
        (
            'title contains_any ("tea", "coffee", "Green  Tea")',
            "idle_part",
            '"Green  Tea"',
            '"Green Tea" adds nothing: "tea" already finds it',
        ),
        ('title contains_any ("tea", "TEA")', "idle_part", '"TEA"', '"TEA" stands there twice'),
        (
            'title contains "pen" and not title contains_any ("drive", "pen drive")',
            "idle_part",
            '"pen drive"',
            'excluding "pen drive" changes nothing: "drive" already excludes it',
        ),
        (
            'brand is "kodak" and not brand contains "canon"',
            "idle_part",
            'not brand contains "canon"',
            'never bites: it is true wherever brand is "kodak" is',
        ),
        ("price > 5 and price > 3", "idle_part", "price > 3", "true wherever price > 5 is"),
        (
            'title contains "a" or (title contains "b" and title is "c")',
            "idle_part",
            '(title contains "b" and title is "c")',
            "can never be true",
        ),
        (
            'title contains "bagels" or title contains "bagel" and not title contains "cutter"',
            "precedence",
            'not title contains "cutter"',
            "guards only the last alternative; it is read as "
            'title contains "bagels" or (title contains "bagel" and not title contains "cutter")',
        ),
        (
            'not title contains "a" or title contains "b"',
            "precedence",
            'not title contains "a"',
            'read as (not title contains "a") or title contains "b"',
        ),
        ('title contains "T\u200b shirt"', "invisible", "\u200b", "zero width space"),
        ('title contains "men’s shirt"', "lookalike", "’", "’ is another sign than '"),
        ('title contains "red  shoe"', "spaces", "  ", "they count as one"),
        ('title contains "red\u00a0shoe"', "spaces", "\u00a0", "they count as one"),
        ('title matches "x*"', "empty_pattern", '"x*"', "every product with a title"),
        (
            r'title matches "\b(green|black) teas?\b"',
            "plain_pattern",
            r'title matches "\b(green|black) teas?\b"',
            "only lists phrases",
        ),
    ],
)
def test_one_rule(condition: str, code: str, at: str | None, message: str) -> None:
    findings = [f for f in lint_one(_entries(condition)[0]) if f.code == code]
    assert [f.condition[f.start or 0 : f.end] for f in findings] == [
        condition if at is None else at
    ]
    assert message in findings[0].message


@pytest.mark.parametrize(
    "condition",
    [
        'title contains "shirt" and not title contains_any ("night shirt", "shirt hanger")',
        'title contains "shirt" or title contains "shirts"',
        'title contains_any ("t-shirt", "t shirt", " Tee ")',
        '(title contains "a" or title contains "b") and not title contains "c"',
        'title contains "a" and not title contains "c" or title contains "b" and not brand is "d"',
        'not title contains "a" and title contains "b"',
        "price > 5 and price < 10",
        r'title matches "^tea" or title matches "\btea" or title matches "\d\b"',
        'title contains "می‌خواهم"',  # a joiner that the language needs
    ],
)
def test_a_sound_rule_gets_no_finding(condition: str) -> None:
    assert lint_one(_entries(condition)[0]) == []


def test_advice_spells_out_what_was_meant() -> None:
    late = _entries('title contains "a" or title contains "b" and not title contains "c"')
    assert lint_one(late[0])[0].advice.endswith(
        'write (title contains "a" or title contains "b") and not title contains "c"'
    )
    early = _entries('not title contains "a" or title contains "b"')
    assert lint_one(early[0])[0].advice.endswith(
        'write not (title contains "a" or title contains "b")'
    )
    pattern = _entries(r'any matches "\b7\" (vinyl|single)\b"')
    advice = lint_one(pattern[0])[0].advice
    assert advice == r'Write any contains_any ("7\" single", "7\" vinyl")'
    assert parse(advice.removeprefix("Write "))


def test_all_idle_parts_of_a_rule_are_told_once() -> None:
    rule = _entries('title contains_any ("dj mixer", "dj", "dj") or title is "dj"')
    assert _said(lint_one(rule[0])) == [
        ("R1", "idle_part", 'title is "dj"'),
        ("R1", "idle_part", '"dj"'),
        ("R1", "idle_part", '"dj mixer"'),
    ]


def test_rules_that_repeat_others() -> None:
    findings = lint(
        _entries(
            'title contains_any ("bib", "bibs")',
            'title contains "feeding bib" and price < 20',
            'title contains "bibs" or title contains "BIB"',
            'title contains "hat"',
        )
    )
    assert [(f.rule_id, f.code, f.severity) for f in findings] == [
        ("R2", "unreachable", "warning"),
        ("R3", "same_rule", "warning"),
    ]
    assert "rule R1 on line 1" in findings[0].message


def test_rules_of_other_categories_are_no_repetition() -> None:
    one, other = _entries('title contains "bib"', 'title contains "bib"')
    assert lint([one, Entry(2, Rule("R2", "d", other.rule.condition))]) == []


def test_a_disabled_rule_makes_it_a_note() -> None:
    one, other = _entries('title contains "bib"', 'title contains "red bib"')
    off = Entry(1, Rule("R1", "c", one.rule.condition, enabled=False))
    finding = lint([off, other])[0]
    assert (finding.code, finding.severity) == ("unreachable", "note")
    assert "rule R1 (disabled)" in finding.message
    assert "R1: disabled" in finding.advice


def test_rules_that_contradict_each_other() -> None:
    findings = lint(_entries('title contains "a"', 'title contains "A"', effects=".x"))
    assert [(f.rule_id, f.code, f.severity) for f in findings] == [("R2", "contradiction", "error")]
    findings = lint(_entries('title contains "red a"', 'title contains "a"', effects=".x"))
    assert [(f.rule_id, f.severity) for f in findings] == [("R1", "warning")]
    assert lint(_entries('title contains "a"', 'title contains "red a"', effects=".x")) == []


def test_rows_that_are_no_rules_and_unknown_categories() -> None:
    lines = [
        'R1,c,"title contains ""a""",true,,',
        "R2,c,price < 5,true",
        'R1,c,"title contains ""b""",true,,',
        'R4,d,"title contains ""c""",maybe,,',
        'R5,d,"title contains ""d""",true,,',
    ]
    entries, findings = read_entries(io.StringIO("\n".join([_HEADER, *lines]), newline=""))
    findings += lint(entries, {"c"})
    assert [(f.line, f.rule_id, f.code) for f in findings] == [
        (3, "R2", "row"),
        (4, "R1", "same_id"),
        (5, "R4", "row"),
        (6, "R5", "category"),
    ]
    assert all(f.severity == "error" and f.start is None for f in findings)
    assert "4 cells, the header 6" in findings[0].message
    assert "line 2" in findings[1].message


def test_words_that_no_product_has() -> None:
    products = pa.RecordBatch.from_pylist(
        [
            {"title": "Fragrance, ROSE", "description": "with lavender", "brand": None},
            {"title": "fragrance Émeraude", "description": "", "brand": "Acme"},
        ]
    )
    entries = _entries(
        'title contains "frangrance"',
        'title contains_any ("rose", "émeraude", "fragrance rose")',
        'title contains "lavender" and not description contains "x-ray"',
        'brand is "acme gmbh"',
        'title contains "&" and price < 5 and title matches "qqq"',
    )
    seen = words.seen_words([products, products], entries)
    findings = list(words.word_findings(entries, seen))
    assert _said(findings) == [
        ("R1", "misspelt", '"frangrance"'),
        ("R3", "unseen", 'title contains "lavender"'),
        ("R3", "unseen", 'description contains "x-ray"'),
        ("R4", "unseen", 'brand is "acme gmbh"'),
    ]
    assert findings[0].advice == "Did you mean fragrance (4)?"
    assert findings[1].advice == "Some stand in description: ask there."
    assert findings[2].message == "no product has in its description: x, ray"


def test_a_known_word_and_a_form_beside_the_usual_one_are_not_misspelt() -> None:
    batch = pa.RecordBatch.from_pylist([{"title": "Greek yogurt", "gender": "yoghurt"}])
    for condition, code in (
        ('title contains "yogurts"', "misspelt"),
        ('title contains "yoghurt" or gender is "yoghurt"', "unseen"),
        ('title contains_any ("yogurt", "yogurts")', "unseen"),
    ):
        entries = _entries(condition)
        found = words.word_findings(entries, words.seen_words([batch], entries))
        assert [finding.code for finding in found] == [code]


def test_a_bounded_vocabulary_keeps_the_words_of_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words, "MOST_WORDS", 10)
    titles = [{"title": f"word{n}"} for n in range(50)] + [{"title": "often"}] * 3
    batch = pa.RecordBatch.from_pylist(titles)
    entries = _entries('title contains_any ("word7", "word49", "oftne")')
    seen = words.seen_words([batch], entries)
    assert len(seen.counts["title"]) == 7
    assert [f.advice for f in words.word_findings(entries, seen)] == ["Did you mean often (3)?"]


@settings(max_examples=150, deadline=None)
@given(_NODES)
def test_every_part_stands_where_its_place_says(node: Node) -> None:
    condition = written(node)
    _compare(condition, parse(condition), place_of(condition))


def _compare(condition: str, node: Node, place: Place) -> None:
    assert parse(condition[place.start : place.end]) == node
    children = getattr(node, "children", None) or (getattr(node, "child", None),)
    if children != (None,):
        assert len(children) == len(place.children)
        for child, part in zip(children, place.children):
            _compare(condition, child, part)
    for part in () if children != (None,) else place.children:
        assert condition[part.start] == condition[part.end - 1] == '"'


@pytest.mark.kit
@pytest.mark.skipif(not _KIT.is_dir(), reason="the evaluation kit is not there")
def test_the_kit_has_its_known_errors() -> None:
    with open(_KIT / "rules" / "legacy_rules.csv", encoding="utf-8", newline="") as stream:
        entries, findings = read_entries(stream)
    counts = Counter(f.code for f in [*findings, *lint(entries)])
    assert counts["syntax"] == 5
    assert counts["same_id"] == counts["row"] == counts["not_decided"] == 0
    assert counts["precedence"] > 0
    assert counts["same_rule"] > 0
