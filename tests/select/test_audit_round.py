"""Suspicious labels in Spark: the same as in numpy, and drawn with the chance that is written."""

import typing

import numpy as np
import pytest

from aisles.config import AuditConfig
from aisles.select.audit_round import draw_suspects
from aisles.select.implied import with_implied
from aisles.select.ranked import suspects
from aisles.select.suspects import (
    Labels,
    expected_errors,
    joint_sums,
    margin,
    threshold_sums,
    thresholds,
)

if typing.TYPE_CHECKING:
    from pyspark.sql import DataFrame, Row, SparkSession

CATEGORIES = [f"c{i}" for i in range(5)]
PRODUCTS = 400
CONFIG = AuditConfig(budget=60, uniform=0.25)


class Planted(typing.NamedTuple):
    labels: "DataFrame"
    scores: "DataFrame"
    numbers: Labels
    wrong: dict[tuple[str, str], bool]


@pytest.fixture(scope="module")
def planted(spark: "SparkSession") -> Planted:
    """Two labels a product, an eighth of them flipped, and a model that is mostly right."""
    rng = np.random.default_rng(4)
    product = np.repeat(np.arange(PRODUCTS), 2)
    category = np.stack([rng.permutation(5)[:2] for _ in range(PRODUCTS)]).ravel()
    truth = rng.random(len(product)) < 0.5
    flipped = rng.random(len(product)) < 0.125
    probability = 1 / (1 + np.exp(-rng.normal(np.where(truth, 2.0, -2.0), 1.0)))
    target = np.where(truth ^ flipped, 0.9, 0.0)
    keys = [(f"n/r/{p:03}", CATEGORIES[c]) for p, c in zip(product.tolist(), category.tolist())]
    labels = [(*key, t, True) for key, t in zip(keys, target.tolist())]
    scores = [(*key, p, 0.1) for key, p in zip(keys, probability.tolist())]
    gone = [("n/r/000", "retired", 1.0, True)]
    return Planted(
        spark.createDataFrame(
            labels + gone, "product_id string, category_id string, target double, direct boolean"
        ),
        spark.createDataFrame(
            [*scores, ("n/r/000", "retired", 0.0, 0.0)],
            "product_id string, category_id string, probability double, spread double",
        ),
        Labels(category.astype(np.int64), target, probability, 5),
        dict(zip(keys, flipped.tolist())),
    )


@pytest.fixture(scope="module")
def ranked(spark: "SparkSession", planted: Planted) -> "tuple[DataFrame, dict[str, float]]":
    flat = spark.createDataFrame([(c, c) for c in CATEGORIES], "category_id string, above string")
    rows, figures = suspects(planted.labels, planted.scores, flat, CATEGORIES)
    return rows.selectExpr("*", "'because' AS why").persist(), figures


def test_in_spark_as_in_numpy(
    planted: Planted, ranked: "tuple[DataFrame, dict[str, float]]"
) -> None:
    sums = threshold_sums(planted.numbers)
    limits = thresholds(sums)
    errors = expected_errors(sums[0], joint_sums(planted.numbers, limits))
    rows, figures = ranked
    found = {(r.product_id, r.category_id): r for r in rows.collect()}
    assert found.keys() == planted.wrong.keys()
    ours = [found[key].margin for key in planted.wrong]
    assert ours == pytest.approx(margin(planted.numbers, limits))
    assert figures["expected_wrong_yes"] == pytest.approx(errors[:, 1].sum())
    assert figures["expected_wrong_no"] == pytest.approx(errors[:, 0].sum())

    flagged = [key for key, row in found.items() if row.flagged]
    for place, category in enumerate(CATEGORIES):
        for side, says in enumerate(("no", "yes")):
            here = [found[key] for key in found if key[1] == category and found[key].says == says]
            few = sorted(here, key=lambda row: row.margin)[: round(errors[place, side])]
            assert {r.product_id for r in here if r.flagged} == {
                r.product_id for r in few if max(r.margin, r.self_confidence) < 0.5
            }
    base = np.mean(list(planted.wrong.values()))
    assert np.mean([planted.wrong[key] for key in flagged]) > 4 * base


def test_a_label_is_as_suspicious_as_what_follows_from_it(spark: "SparkSession") -> None:
    # boots < shoes < fashion; toys. Direct: boots and toys of p, the no on shoes of q.
    tree = [("boots", "boots"), ("boots", "shoes"), ("boots", "fashion"), ("shoes", "shoes")]
    tree += [("shoes", "fashion"), ("fashion", "fashion"), ("toys", "toys")]
    measured = [
        ("p", "boots", "yes", True, 0.6, 0.7, 0.5, False),
        ("p", "shoes", "yes", False, 0.5, 0.8, 0.4, False),
        ("p", "fashion", "yes", False, 0.1, 0.9, 0.05, True),
        ("p", "toys", "yes", True, 0.8, 0.7, 0.9, False),
        ("q", "shoes", "no", True, 0.3, 0.95, 0.6, True),
        ("q", "fashion", "yes", False, 0.2, 0.9, 0.3, True),
    ]
    found = with_implied(
        spark.createDataFrame(
            measured,
            "product_id string, category_id string, says string, direct boolean, margin double,"
            " usual double, probability double, flagged boolean",
        ),
        spark.createDataFrame(tree, "category_id string, above string"),
    )
    columns = ["margin", "usual", "objected_probability", "flagged", "on_category_id"]
    rows = found.select("product_id", "category_id", "probability", *columns)
    assert sorted(map(tuple, rows.collect())) == [
        ("p", "boots", 0.5, 0.1, 0.9, 0.05, True, "fashion"),
        ("p", "toys", 0.9, 0.8, 0.7, 0.9, False, "toys"),
        ("q", "shoes", 0.6, 0.3, 0.95, 0.6, True, "shoes"),
    ]


def drawn(
    spark: "SparkSession", ranked: "DataFrame", config: AuditConfig, round: int
) -> "tuple[list[Row], dict[str, float]]":
    products = spark.createDataFrame(
        [(f"n/r/{i:03}",) for i in range(PRODUCTS)], "product_id string"
    )
    questions, figures = draw_suspects(
        ranked, products, CATEGORIES, config, round, "out of fold, test"
    )
    rows = questions.orderBy("rank").collect()
    questions.unpersist()
    return rows, figures


def test_a_round(
    spark: "SparkSession", planted: Planted, ranked: "tuple[DataFrame, dict[str, float]]"
) -> None:
    rows, figures = drawn(spark, ranked[0], CONFIG, 3)
    assert figures["pairs"] == PRODUCTS * 5
    assert figures["expected_label_error"] == 45
    assert figures["expected_uniform"] == pytest.approx(15)
    assert figures["drawn"] == len(rows) == pytest.approx(60, abs=4 * np.sqrt(60))
    assert [row["rank"] for row in rows] == list(range(1, len(rows) + 1))
    assert {(row["round"], row.status, row.model_version) for row in rows} == {
        (3, "open", "out of fold, test")
    }
    flagged = {(r.product_id, r.category_id): r for r in ranked[0].filter("flagged").collect()}
    chance = 15 / (PRODUCTS * 5)
    for row in rows:
        key = (row.product_id, row.category_id)
        if "label_error" in row.strategy:
            assert flagged[key].probability == row.probability
            assert row.why.startswith("because")
        # A pair of either kind has the chance of both strata, whichever has drawn it.
        assert (row.propensity > chance * (1 + 1e-9)) == (key in flagged)
        assert chance * (1 - 1e-9) <= row.propensity <= 1
    aimed = [row for row in rows if "label_error" in row.strategy]
    assert np.mean([planted.wrong[row.product_id, row.category_id] for row in aimed]) > 0.5
    again, _ = drawn(spark, ranked[0], CONFIG, 3)
    assert again == rows


def test_the_more_suspicious_the_likelier(
    spark: "SparkSession", ranked: "tuple[DataFrame, dict[str, float]]"
) -> None:
    few = ranked[0].filter("category_id = 'c1'")
    rows, _ = drawn(spark, few, AuditConfig(budget=20, uniform=0.1, seed=2), 1)
    margins = {r.product_id: r.margin for r in few.filter("flagged").collect()}
    aimed = sorted(
        (r for r in rows if r.product_id in margins), key=lambda r: margins[r.product_id]
    )
    chances = [r.propensity for r in aimed if r.category_id == "c1"]
    assert len(chances) > 5
    assert chances == sorted(chances, reverse=True)
    assert chances[0] > chances[-1]


def test_answers_of_rounds_estimate_without_bias(
    spark: "SparkSession", planted: Planted, ranked: "tuple[DataFrame, dict[str, float]]"
) -> None:
    """How many labels are wrong, from the answers of a few rounds weighted by 1 / propensity."""
    said = []
    for round in range(1, 7):
        rows, _ = drawn(spark, ranked[0], AuditConfig(budget=200, uniform=0.5), round)
        wrong = [r for r in rows if planted.wrong.get((r.product_id, r.category_id), False)]
        said.append(sum(1 / r.propensity for r in wrong))
    actual = sum(planted.wrong.values())
    error = np.std(said, ddof=1) / np.sqrt(len(said))
    assert abs(np.mean(said) - actual) < 4 * error
    assert error < actual / 4


def test_nothing_flagged_leaves_the_uniform_stratum(
    spark: "SparkSession", ranked: "tuple[DataFrame, dict[str, float]]"
) -> None:
    rows, figures = drawn(spark, ranked[0].withColumn("flagged", ranked[0].margin < 0), CONFIG, 1)
    assert {row.strategy for row in rows} == {"uniform"}
    assert figures["expected_uniform"] == pytest.approx(60)
    with pytest.raises(ValueError, match=r"audit.uniform is 0; expected a share between 0 and 1"):
        drawn(spark, ranked[0], AuditConfig(uniform=0), 1)
