"""A condition tried on products: excerpts with spans, and overlaps with rules and model."""

from __future__ import annotations

import pytest

from aisles.rules.trial import (
    Excerpt,
    agreement,
    assignments,
    excerpts,
    found_by,
    overlap,
    samples,
    uncaught,
)

_LONG = "x" * 50 + " red shoe " + "y" * 50


def _hit(field: str, start: int, end: int) -> dict[str, object]:
    return {"field": field, "start": start, "end": end}


@pytest.mark.parametrize(
    ("product", "hits", "expected"),
    [
        (
            {"title": "A red shoe", "description": "no"},
            [_hit("title", 2, 10)],
            [Excerpt("title", "A red shoe", [(2, 10)])],
        ),
        (
            {"title": "Plain", "description": "a\nred shoe", "brand": "Red"},
            [_hit("description", 2, 5), _hit("brand", 0, 3)],
            [
                Excerpt("title", "Plain", []),
                Excerpt("description", "a red shoe", [(2, 5)]),
                Excerpt("brand", "Red", [(0, 3)]),
            ],
        ),
        (
            {"title": _LONG},
            [_hit("title", 51, 54), _hit("title", 55, 59), _hit("title", 100, 101)],
            [Excerpt("title", "…" + "x" * 22 + " red shoe " + "y" * 6 + "…", [(24, 27), (28, 32)])],
        ),
        (
            {"title": _LONG},
            [],
            [Excerpt("title", "x" * 39 + "…", [])],
        ),
        (
            {"title": _LONG},
            [_hit("title", 109, 110)],
            [Excerpt("title", "…" + "y" * 39, [(39, 40)])],
        ),
        ({"title": None}, [], [Excerpt("title", "", [])]),
    ],
)
def test_excerpts_show_the_first_hit_in_its_surroundings(
    product: dict[str, str | None], hits: list[dict[str, object]], expected: list[Excerpt]
) -> None:
    full = {**dict.fromkeys(("description", "merchant_category", "brand", "gender")), **product}
    assert excerpts(full, hits, 40) == expected


def test_excerpts_keep_the_hit_where_it_is() -> None:
    (title,) = excerpts({"title": _LONG}, [_hit("title", 51, 59)], 40)
    ((start, end),) = title.spans
    assert title.text[start:end] == "red shoe"
    assert len(title.text) == 40


@pytest.fixture(scope="module")
def frames(spark):  # type: ignore[no-untyped-def]
    titles = {"a": "red shoe", "b": "blue shoe", "c": "red hat", "d": None}
    rows = [(p, t, None, None, None, None, 1.0) for p, t in titles.items()]
    texts = "title string, description string, merchant_category string, brand string"
    votes = [("R1", "1", 1, "a"), ("R1", "1", 1, "c"), ("R2", "2", -1, "b"), ("R3", "3", 1, "c")]
    scores = [
        *(("a", "1", 0.9, True), ("a", "11", 0.7, True), ("a", "2", 0.1, False)),
        *(("b", "1", 0.5, True), ("b", "11", 0.1, False), ("c", "11", 0.9, True)),
    ]
    products = spark.createDataFrame(
        rows, f"product_id string, {texts}, gender string, price double"
    )
    return {
        "products": products,
        "found": found_by('title contains "shoe"')(products),
        "votes": spark.createDataFrame(
            votes, "rule_id string, category_id string, vote tinyint, product_id string"
        ),
        "scores": spark.createDataFrame(
            scores, "product_id string, category_id string, probability double, assigned boolean"
        ),
        "parents": spark.createDataFrame([("11", "1")], "category_id string, parent_id string"),
    }


def test_found_products_and_samples(frames) -> None:  # type: ignore[no-untyped-def]
    found = frames["found"].collect()
    assert sorted(row["product_id"] for row in found) == ["a", "b"]
    assert [(e["field"], e["text"]) for e in found[0]["evidence"]] == [("title", "shoe")]
    drawn = [samples(frames["found"], frames["products"], n).collect() for n in (1, 2, 5)]
    assert [len(rows) for rows in drawn] == [1, 2, 2]
    assert drawn[0] == drawn[1][:1]
    assert {row["title"] for row in drawn[1]} == {"red shoe", "blue shoe"}


def test_overlap_with_rules(frames) -> None:  # type: ignore[no-untyped-def]
    rows = overlap(frames["found"], frames["votes"]).orderBy("rule_id").collect()
    assert [(r["rule_id"], r["vote"], r["shared"], r["voted"]) for r in rows] == [
        ("R1", 1, 1, 2),
        ("R2", -1, 1, 1),
    ]
    assert uncaught(frames["found"], frames["votes"]) == 1  # b: an `is not` puts it nowhere


def test_overlap_with_the_model(frames) -> None:  # type: ignore[no-untyped-def]
    rows = assignments(frames["found"], frames["scores"], frames["parents"])
    assert [tuple(row) for row in rows.orderBy("category_id").collect()] == [
        ("1", 1, 0.5),  # b alone: a is in 11 below it
        ("11", 1, 0.7),
    ]
    one = agreement(frames["found"], frames["scores"], "11").collect()[0]
    assert (one["assigned"], one["scored"], round(one["probability"], 6)) == (1, 2, 0.4)
    none = agreement(frames["found"], frames["scores"], "5").collect()[0]
    assert tuple(none) == (0, 0, None)
