"""A whole round in Spark."""

import typing

import numpy as np
import pytest

from aisles.config import SelectConfig
from aisles.select import select_questions

if typing.TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

CATEGORIES = [f"c{i:02}" for i in range(20)]
CONFIG = SelectConfig(budget=120, uniform=0.25, relabel=0.25)


@pytest.fixture(scope="module")
def tables(spark: "SparkSession") -> "dict[str, DataFrame]":
    rng = np.random.default_rng(0)
    products = [f"n/r/{i:03}" for i in range(200)]
    pairs = [(product, CATEGORIES[i]) for product in products for i in rng.integers(0, 20, 3)]
    pairs = sorted(set(pairs))
    scores = [(*pair, float(rng.uniform(0.05, 0.95)), float(rng.uniform(0, 0.2))) for pair in pairs]
    votes = [(*pair, 0.8) for pair in pairs[::4]] + [("n/r/000", "c19", 0.9)]
    gone = [("n/r/gone", "c00", 0.5, 0.1), ("n/r/000", "retired", 0.5, 0.1)]
    return {
        "products": spark.createDataFrame(
            [(product,) for product in products], "product_id string"
        ),
        "scores": spark.createDataFrame(
            scores + gone,
            "product_id string, category_id string, probability double, spread double",
        ),
        "votes": spark.createDataFrame(
            votes, "product_id string, category_id string, target double"
        ),
        "answered": spark.createDataFrame(pairs[:50] * 2, "product_id string, category_id string"),
    }


def test_a_round(tables: "dict[str, DataFrame]") -> None:
    candidates, figures = select_questions(
        **tables, category_ids=CATEGORIES, config=CONFIG, round=3, model_version="7"
    )
    rows = candidates.orderBy("rank").collect()
    assert figures["pairs"] == 200 * 20
    assert figures["expected_uncertain"] == pytest.approx(60)
    assert figures["expected_relabel"] == pytest.approx(30)
    assert figures["expected_uniform"] == pytest.approx(30)
    assert figures["drawn"] == len(rows) == pytest.approx(120, abs=4 * np.sqrt(120))
    assert [row["rank"] for row in rows] == list(range(1, len(rows) + 1))
    assert len({(row.product_id, row.category_id) for row in rows}) == len(rows)
    assert {row.category_id for row in rows} <= set(CATEGORIES)
    assert "n/r/gone" not in {row.product_id for row in rows}
    assert {(row["round"], row.model_version, row.status) for row in rows} == {(3, "7", "open")}
    chance = 30 / 4000
    assert min(row.propensity for row in rows) == pytest.approx(chance)
    for row in rows:
        assert chance <= row.propensity * (1 + 1e-12)
        assert row.why
        if row.strategy != "uniform":
            assert row.propensity > chance
    strata = {name for row in rows for name in row.strategy.split("+")}
    assert strata == {"uncertain", "relabel", "uniform"}
    answered = {tuple(row) for row in tables["answered"].collect()}
    asked_again = [row for row in rows if (row.product_id, row.category_id) in answered]
    assert all(row.strategy == "uniform" for row in asked_again)
    again, _ = select_questions(
        **tables, category_ids=CATEGORIES, config=CONFIG, round=3, model_version="7"
    )
    assert again.orderBy("rank").collect() == rows


def test_everything_is_asked_once_when_the_budget_allows(tables: "dict[str, DataFrame]") -> None:
    few = {**tables, "products": tables["products"].limit(5)}
    candidates, figures = select_questions(
        **few, category_ids=CATEGORIES, config=SelectConfig(budget=1000), round=1, model_version="1"
    )
    rows = candidates.collect()
    assert len(rows) == 100 == figures["drawn_uniform"]
    assert {row.propensity for row in rows} == {1.0}
    assert sum(row.probability is not None for row in rows) >= 10


def test_without_any_score_rules_and_chance_are_asked(tables: "dict[str, DataFrame]") -> None:
    blind = {**tables, "scores": tables["scores"].limit(0)}
    candidates, figures = select_questions(
        **blind, category_ids=CATEGORIES, config=CONFIG, round=1, model_version="none"
    )
    assert figures["expected_uncertain"] == 0
    assert figures["expected_relabel"] == pytest.approx(90)
    assert figures["drawn_uncertain"] == 0
    assert candidates.where("strategy like '%relabel%'").count() > 50
