"""The fast matcher against the plain evaluator, on random rules and random products."""

from __future__ import annotations

import re
import unicodedata

import re2
from hypothesis import given, settings
from hypothesis import strategies as st

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
    compile_pattern,
    parse,
)
from aisles.rules.load import Rule
from aisles.rules.matcher import COLUMNS, VOTE_ARROW, RuleSet
from aisles.rules.normal import align, normalise, raw_span
from aisles.rules.plain import contains, evaluate

import pyarrow as pa  # isort: skip

# Few signs, so that hits, near hits and neighbours of hits are frequent: folding that changes
# lengths (ß, İ, ŉ, ﬁ), composition (combining marks, Hangul), odd whitespace, signs, digits.
_SIGNS = list("aAbsSiI2 -'&\"\t\n") + ["  ", "ß", "ẞ", "İ", "ŉ", "ﬁ", "é", "e", "\u0301"]
_SIGNS += ["\u0307", "\u0327", "K", "Å", "ſ", "σ", "ς", "का", "\u093f", "ᄀ", "ᅡ", "ᆨ", "\xa0"]
_SIGNS += ["\u2028", "\x1c", "🎁", "①", "’", "≠", "=", "\u0338", "ab", "strasse", "Fiat"]
_TEXTS = st.lists(st.sampled_from(_SIGNS), max_size=12).map("".join)
_PHRASES = st.lists(st.sampled_from(_SIGNS), min_size=1, max_size=3).map("".join)
_PHRASES = _PHRASES.filter(lambda text: bool(text.strip()))
_PATTERNS = st.sampled_from(
    ["a", "^a", "b$", r"a ?b", r"\bab\b", "(ab|2)s?", "[as]i", r"\d", "s{2}", "ab.*si", "é", "x*"]
    + [r"(?i)fi", "[^a]b", "(a|b)(s|i)", r"\ba?b\b", "st(r|x)asse?", r"a[- ]b", "a+b", "(ab){2,}"]
)
_ANY = (*TEXT_FIELDS, "any")
_PREDICATES: st.SearchStrategy[Node] = st.one_of(
    st.builds(
        Contains, st.sampled_from(_ANY), st.lists(_PHRASES, min_size=1, max_size=3).map(tuple)
    ),
    st.builds(Matches, st.sampled_from(_ANY), _PATTERNS),
    st.builds(Is, st.sampled_from(TEXT_FIELDS), _PHRASES),
    st.builds(Price, st.sampled_from("<>"), st.sampled_from([0.0, 1.5, 20.0])),
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
_PRICES = st.sampled_from([None, float("nan"), 0.0, 1.5, 19.99, 1e9])
_PRODUCTS = st.fixed_dictionaries(
    {**{name: st.none() | _TEXTS for name in TEXT_FIELDS}, "price": _PRICES}
)


def written(node: Node) -> str:
    """The condition that parses to the tree."""
    match node:
        case Not(child):
            return f"not {written(child)}"
        case And(children):
            return "(" + " and ".join(map(written, children)) + ")"
        case Or(children):
            return "(" + " or ".join(map(written, children)) + ")"
        case Contains(name, phrases):
            return f"{name} contains_any ({', '.join(map(quoted, phrases))})"
        case Matches(name, pattern):
            return f"{name} matches {quoted(pattern)}"
        case Is(name, value):
            return f"{name} is {quoted(value)}"
        case Price(op, number):
            return f"price {op} {number}"


def quoted(text: str) -> str:
    return '"' + text.replace('"', '\\"') + '"'


def batch_of(products: list[dict[str, object]]) -> pa.RecordBatch:
    fields = [pa.field(name, pa.string()) for name in COLUMNS[:-1]] + [("price", pa.float64())]
    rows = [{"product_id": f"p{i}", **product} for i, product in enumerate(products)]
    return pa.RecordBatch.from_pylist(rows, pa.schema(fields))


def positives(node: Node, sign: bool = True) -> list[Node]:
    match node:
        case Not(child):
            return positives(child, not sign)
        case And(children) | Or(children):
            return [found for child in children for found in positives(child, sign)]
    return [node] if sign else []


@given(_NODES)
def test_what_is_written_parses_back(node: Node) -> None:
    assert parse(written(node)) == node


@settings(max_examples=250, deadline=None)
@given(st.lists(_NODES, min_size=1, max_size=5), st.lists(_PRODUCTS, max_size=6))
def test_matcher_agrees_with_the_plain_evaluator(
    nodes: list[Node], products: list[dict[str, object]]
) -> None:
    rules = [Rule(f"R{i}", "c", written(node)) for i, node in enumerate(nodes)]
    votes = RuleSet.compile(rules).match(batch_of(products))
    assert votes.schema == VOTE_ARROW
    got = [(vote["product_id"], vote["rule_id"]) for vote in votes.to_pylist()]
    expected = [
        (f"p{p}", f"R{r}")
        for p, product in enumerate(products)
        for r, node in enumerate(nodes)
        if evaluate(node, product)
    ]
    assert got == expected


@settings(max_examples=250, deadline=None)
@given(_NODES, st.lists(_PRODUCTS, max_size=4))
def test_evidence_lies_in_the_stored_text(node: Node, products: list[dict[str, object]]) -> None:
    votes = RuleSet.compile([Rule("R1", "c", written(node))]).match(batch_of(products))
    for vote in votes.to_pylist():
        product = products[int(vote["product_id"][1:])]
        places = vote["evidence"]
        order = [(TEXT_FIELDS.index(e["field"]), e["start"], e["end"]) for e in places]
        assert order == sorted(set(order))
        for place in places:
            text = product[place["field"]]
            assert isinstance(text, str)
            assert text[place["start"] : place["end"]] == place["text"]
            assert any(explains(predicate, place) for predicate in positives(node))
        first = places[0] if places else dict.fromkeys(("field", "start", "end", "text"))
        assert (vote["field"], vote["span_start"]) == (first["field"], first["start"])
        assert (vote["span_end"], vote["matched_text"]) == (first["end"], first["text"])
        true = [p for p in positives(node) if not isinstance(p, Price) and evaluate(p, product)]
        assert bool(places) == bool(true)
        assert all(any(explains(p, place) for place in places) for p in true)


def explains(predicate: Node, place: dict[str, object]) -> bool:
    """Whether the place is what the predicate looks for."""
    text = str(place["text"])
    match predicate:
        case Contains(name, phrases):
            found = any(contains(normalise(text), normalise(phrase)) for phrase in phrases)
        case Is(name, value):
            found = normalise(text) == normalise(value)
        case Matches(name, pattern):
            found = compile_pattern(pattern).search(text) is not None or pattern[0] in "[^\\b"
        case _:
            return False
    return found and (place["field"] == name or name == "any")


def is_found(field: str, phrase: str) -> bool:
    """`contains` by the letter of the description, sign by sign, with nothing of the project's."""
    text, wanted = (
        re.sub(r"\s+", " ", unicodedata.normalize("NFC", one).casefold()).strip()
        for one in (field, phrase)
    )

    def inner(place: int) -> bool:
        """Whether both signs around the place are letters, marks or digits."""
        around = text[place - 1 : place + 1] if place else ""
        return len(around) == 2 and all(unicodedata.category(sign)[0] in "LMN" for sign in around)

    ends = [(i, i + len(wanted)) for i in range(len(text)) if text.startswith(wanted, i)]
    return any(not inner(start) and not inner(end) for start, end in ends)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=20), st.integers(0, 19), st.integers(1, 6), st.text(max_size=3))
def test_any_unicode_text_is_found_as_described(
    text: str, start: int, size: int, other: str
) -> None:
    phrase = text[start : start + size].replace("\\", "") + other.replace("\\", "")
    if not phrase.strip():
        return
    products: list[dict[str, object]] = [{"title": text}, {"title": text.swapcase() + " " + phrase}]
    rules = [Rule("R1", "c", written(Contains("title", (phrase,))))]
    votes = RuleSet.compile(rules).match(batch_of(products))
    expected = [f"p{i}" for i, p in enumerate(products) if is_found(str(p["title"]), phrase)]
    assert votes["product_id"].to_pylist() == expected


@given(_TEXTS)
def test_alignment_gives_the_normal_form_and_covers_it(raw: str) -> None:
    aligned = align(raw)
    assert aligned.text == normalise(raw)
    assert len(aligned.starts) == len(aligned.ends) == len(aligned.text)
    assert all(start < end for start, end in zip(aligned.starts, aligned.ends))
    assert aligned.starts == sorted(aligned.starts)
    assert aligned.ends == sorted(aligned.ends)


def test_marks_behind_a_space_are_a_word_of_their_own() -> None:
    raw = "\xa0\u0301\u0338"  # their order is another one in NFC
    aligned = align(raw)
    assert aligned.text == normalise(raw)
    assert raw_span(raw, aligned.text, 0, 1) == (aligned.starts[0], aligned.ends[0]) == (1, 3)


@given(_TEXTS, st.data())
def test_raw_spans_come_from_the_alignment(raw: str, data: st.DataObject) -> None:
    aligned = align(raw)
    ends = [i for i, char in enumerate(aligned.text) if char != " "]
    if ends:
        low, last = sorted(data.draw(st.tuples(st.sampled_from(ends), st.sampled_from(ends))))
        expected = (aligned.starts[low], aligned.ends[last])
        assert raw_span(raw, aligned.text, low, last + 1) == expected


_PIECES = st.sampled_from(
    ["a", "B", "ab", "-", r"\d", ".", r"\b", r"\bab\b", " ", "[ab]", "[^a]", "é", "2"]
)
_REGEXES = st.recursive(
    st.lists(_PIECES, min_size=1, max_size=3).map("".join),
    lambda inner: st.one_of(
        st.builds("({}|{})".format, inner, inner),
        st.builds("({}){}".format, inner, st.sampled_from(["?", "*", "+", "{2}", "{1,3}", "+?"])),
        st.builds("{}{}".format, inner, inner),
    ),
    max_leaves=6,
)


@settings(max_examples=300, deadline=None)
@given(_REGEXES, st.text(alphabet="aAbB2- éß_", max_size=15))
def test_a_pattern_is_tried_wherever_it_is_found(pattern: str, text: str) -> None:
    try:
        found = compile_pattern(pattern).search(text) is not None and bool(text.strip())
    except re2.error:
        return
    condition = written(Matches("title", pattern)) if pattern.strip() else 'title is "b"'
    votes = RuleSet.compile([Rule("R1", "c", condition)]).match(batch_of([{"title": text}]))
    assert votes.num_rows == (found if pattern.strip() else normalise(text) == "b")
