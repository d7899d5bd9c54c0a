"""Votes and answers joined: every case worked out by hand, all in one run."""

import datetime as dt
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytest

from aisles.config import LabelsConfig
from aisles.labels.pooling import nested, pooled
from aisles.labels.targets import closed_answers, judge, labels, rule_precision
from aisles.labels.tree import above
from aisles.taxonomy import Taxonomy

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

# fashion > (shoes > (boots, sandals), dresses); toys
TREE = Taxonomy.build(
    [
        ("fashion", None, "Fashion"),
        ("shoes", "fashion", "Shoes"),
        ("boots", "shoes", "Boots"),
        ("sandals", "shoes", "Sandals"),
        ("dresses", "fashion", "Dresses"),
        ("toys", None, "Toys"),
    ]
)
CONFIG = LabelsConfig(
    rule_precision=0.8, rule_strength=8.0, vote_weight=0.5, answer_weight=3.0, unknown_weight=0.1
)
VOTE = "product_id string, rule_id string, rule_version int, category_id string, vote int"
ANSWER = (
    "product_id string, category_id string, answer int, at timestamp, propensity double,"
    " answer_id string, complete boolean"
)
JUDGED = "product_id string, category_id string, answer int, propensity double, of_set boolean"


class Vote(NamedTuple):
    """A rule that is true for the case's product."""

    rule: str
    category: str
    sign: int = 1


class Answer(NamedTuple):
    """A person's word on the case's product."""

    category: str
    answer: int
    day: int | None = 1
    complete: bool = False
    propensity: float | None = None


Label = tuple[float, str]  # target, source

CASES: dict[str, tuple[list[Vote | Answer], dict[str, Label]]] = {
    "a vote closes upwards": (
        [Vote("r-boots", "boots")],
        {
            "boots": (0.8, "votes"),
            "shoes": (0.8, "votes_closure"),
            "fashion": (0.8, "votes_closure"),
        },
    ),
    "an is_not lowers the strongest is": (
        [Vote("r-toys", "toys"), Vote("n-toys", "toys", -1)],
        {"toys": (0.16, "votes")},
    ),
    "an is_not alone is one row for its subtree": (
        [Vote("n-shoes", "shoes", -1)],
        {"shoes": (0.0, "votes")},
    ),
    "an is_not above lowers what is found below": (
        [Vote("r-boots", "boots"), Vote("n-shoes", "shoes", -1)],
        {
            "boots": (0.16, "votes"),
            "shoes": (0.16, "votes"),
            "fashion": (0.16, "votes_closure"),
        },
    ),
    "an is_not that people refuse lowers nothing": (
        [Vote("r-boots", "boots"), Vote("n-shoes", "shoes", -1), Answer("shoes", 1)],
        {
            "boots": (0.8, "votes"),
            "shoes": (1.0, "answer"),
            "fashion": (1.0, "answer_closure"),
        },
    ),
    "of one moment the majority stands": (
        [Answer("toys", 1, day=1), Answer("toys", 1, day=1), Answer("toys", -1, day=1)],
        {"toys": (1.0, "answer")},
    ),
    "a newer yes leaves the rest of a complete no": (
        [Answer("fashion", -1, day=1, complete=True), Answer("sandals", 1, day=2)],
        {
            "sandals": (1.0, "answer"),
            "shoes": (1.0, "answer_closure"),
            "fashion": (1.0, "answer_closure"),
            "boots": (0.0, "answer_closure"),
            "dresses": (0.0, "answer_closure"),
        },
    ),
    "a vote of its own above a closure": (
        [Vote("r-boots", "boots"), Vote("r-shoes", "shoes")],
        {"boots": (0.8, "votes"), "shoes": (0.8, "votes"), "fashion": (0.8, "votes_closure")},
    ),
    "yes closes upwards": (
        [Answer("boots", 1)],
        {
            "boots": (1.0, "answer"),
            "shoes": (1.0, "answer_closure"),
            "fashion": (1.0, "answer_closure"),
        },
    ),
    "no closes downwards": (
        [Answer("shoes", -1)],
        {
            "shoes": (0.0, "answer"),
            "boots": (0.0, "answer_closure"),
            "sandals": (0.0, "answer_closure"),
        },
    ),
    "an answer overrides the votes": (
        [Vote("r-toys", "toys"), Vote("n-toys", "toys", -1), Answer("toys", 1)],
        {"toys": (1.0, "answer")},
    ),
    "a no overrides the votes below it, and what followed from them": (
        [Vote("r-boots", "boots"), Answer("shoes", -1)],
        {
            "shoes": (0.0, "answer"),
            "boots": (0.0, "answer_closure"),
            "sandals": (0.0, "answer_closure"),
        },
    ),
    "another vote keeps what followed from a refused one": (
        [Vote("r-boots", "boots"), Vote("r-dresses", "dresses"), Answer("boots", -1)],
        {
            "boots": (0.0, "answer"),
            "dresses": (0.8, "votes"),
            "fashion": (0.8, "votes_closure"),
        },
    ),
    "the newest answer wins": (
        [Answer("toys", -1, day=1), Answer("toys", 1, day=3), Answer("toys", -1, day=2)],
        {"toys": (1.0, "answer")},
    ),
    "an answer with a date beats one without": (
        [Answer("toys", -1, day=None), Answer("toys", 1, day=1)],
        {"toys": (1.0, "answer")},
    ),
    "a direct answer beats one that follows from another of the same day": (
        [Answer("boots", 1, day=1), Answer("shoes", -1, day=1)],
        {
            "boots": (1.0, "answer"),
            "shoes": (0.0, "answer"),
            "fashion": (1.0, "answer_closure"),
            "sandals": (0.0, "answer_closure"),
        },
    ),
    "a newer answer beats an older one below it": (
        [Answer("boots", 1, day=1), Answer("shoes", -1, day=2)],
        {
            "boots": (0.0, "answer_closure"),
            "shoes": (0.0, "answer"),
            "fashion": (1.0, "answer_closure"),
            "sandals": (0.0, "answer_closure"),
        },
    ),
    "the no of a complete set stands for its subtree": (
        [
            Answer("dresses", 1, complete=True),
            Answer("shoes", -1, complete=True),
            Answer("toys", -1, complete=True),
            # Refused by the no above, without a row of its own.
            Vote("r-boots", "boots"),
        ],
        {
            "dresses": (1.0, "answer"),
            "fashion": (1.0, "answer_closure"),
            "shoes": (0.0, "answer"),
            "toys": (0.0, "answer"),
        },
    ),
}


@pytest.fixture(scope="module")
def believed(spark: "SparkSession") -> dict[tuple[str, str], Any]:
    """(case, category) -> row of labels."""
    votes, answers = [], []
    for case, (given, _) in CASES.items():
        for i, one in enumerate(given):
            if isinstance(one, Vote):
                votes.append((case, one.rule, 1, one.category, one.sign))
            else:
                at = dt.datetime(2026, 1, one.day) if one.day else None
                row = (case, one.category, one.answer, at, one.propensity, f"a{i}", one.complete)
                answers.append(row)
    # Of rules that share their names over the cases: what answers make of it is tested below.
    precision = [(rule, 1, 0.8) for rule in {rule for _, rule, *_ in votes}]
    found = labels(
        spark.createDataFrame(votes, VOTE),
        spark.createDataFrame(answers, ANSWER),
        above(spark, TREE),
        CONFIG,
        spark.createDataFrame(precision, "rule_id string, rule_version int, precision double"),
    ).collect()
    keyed = {(row["product_id"], row["category_id"]): row for row in found}
    assert len(keyed) == len(found)
    return keyed


@pytest.mark.parametrize("case", CASES)
def test_labels(case: str, believed: dict[tuple[str, str], Any]) -> None:
    found = {
        category: (round(row["target"], 6), row["source"])
        for (product, category), row in believed.items()
        if product == case
    }
    assert found == CASES[case][1]


def test_weights_and_what_a_label_rests_on(believed: dict[tuple[str, str], Any]) -> None:
    for row in believed.values():
        answered = row["source"].startswith("answer")
        # A no of rules weighs as much as the rule is precise.
        refused = not answered and row["target"] == 0
        assert row["weight"] == pytest.approx(3.0 if answered else 0.5 * (0.8 if refused else 1))
        assert row["importance"] == 1.0
        assert (row["answer_id"] is not None) is answered
        assert (row["rule_ids"] is not None) is not answered
    case = "a vote of its own above a closure"
    assert believed[case, "shoes"]["rule_ids"] == ["r-boots", "r-shoes"]
    assert believed[case, "boots"]["rule_ids"] == ["r-boots"]
    assert believed["an is_not above lowers what is found below", "boots"]["rule_ids"] == [
        "n-shoes",
        "r-boots",
    ]
    of_subtrees = {
        "the no of a complete set stands for its subtree": {"shoes", "toys"},
        "an is_not alone is one row for its subtree": {"shoes"},
        "a newer yes leaves the rest of a complete no": {"boots", "dresses"},
    }
    found = {(p, c) for (p, c), row in believed.items() if row["complete"]}
    assert found == {(p, c) for p, categories in of_subtrees.items() for c in categories}


def precision_of(votes: "DataFrame", judged: "DataFrame") -> dict[str, float]:
    found = rule_precision(votes, judged, CONFIG, above(votes.sparkSession, TREE)).collect()
    return {f"{row['rule_id']} v{row['rule_version']}": row["precision"] for row in found}


def test_precision_is_a_posterior_over_sampled_answers(spark: "SparkSession") -> None:
    votes = spark.createDataFrame(
        [
            *[(f"p{i}", "mixed", 1, "toys", 1) for i in range(4)],
            *[(f"p{i}", "mixed", 2, "toys", 1) for i in range(1)],
            *[(f"p{i}", "not", 1, "toys", -1) for i in (0, 1)],
            ("p9", "unasked", 1, "toys", 1),
            ("p2", "elsewhere", 1, "boots", 1),
        ],
        VOTE,
    )
    judged = spark.createDataFrame(
        [
            ("p0", "toys", 1, 0.5, False),  # stands for 2
            ("p1", "toys", -1, 0.25, False),  # stands for 4
            ("p2", "toys", 1, None, False),  # not sampled: trains, never estimates
            ("p8", "toys", 1, 0.5, False),  # no rule voted
        ],
        JUDGED,
    )
    # Weights 2 and 4 say as much as 36 / 20 answers; the versions of a rule are two rules of one
    # category, and rules that say `is not` are judged apart, as is another tree.
    both, one = [36 / 20, 36 / 20 * 2 / 6], [1, 1]
    own = np.array([[0, 0], both, one, [36 / 20, 36 / 20 * 4 / 6], [0, 0]])
    pools = np.array([[0], [1], [1], [2], [1]])
    means = pooled(own, nested(pools), CONFIG.rule_precision, CONFIG.rule_strength)["mean"]
    rules = ["elsewhere v1", "mixed v1", "mixed v2", "not v1", "unasked v1"]
    assert precision_of(votes, judged) == pytest.approx(dict(zip(rules, means)))
    assert means[0] == 0.8
    assert means[4] < means[2] < 0.8


def test_complete_sets_estimate_precision_and_single_answers_do_not(spark: "SparkSession") -> None:
    votes = spark.createDataFrame([(f"p{i}", "r", 1, "boots", 1) for i in range(4)], VOTE)
    day = dt.datetime(2026, 1, 1)
    answers = [
        ("p0", "toys", 1, day, None, "a", True),
        *[("p0", top, -1, day, None, "a", True) for top in ("fashion",)],
        ("p1", "boots", -1, day, None, "b", False),  # somebody saw a mistake
    ]
    human = closed_answers(spark.createDataFrame(answers, ANSWER), above(spark, TREE))
    judged = judge(votes, human, above(spark, TREE))
    assert {(r["product_id"], r["answer"], r["of_set"]) for r in judged.collect()} == {
        ("p0", -1, True),
        ("p1", -1, False),
    }
    assert precision_of(votes, judged) == pytest.approx({"r v1": alone(1, 0)})


def alone(answers: float, right: float) -> float:
    """The precision of a single rule with so many answers."""
    own, pools = np.array([[answers, right]]), np.array([[0]])
    return float(pooled(own, nested(pools), 0.8, CONFIG.rule_strength)["mean"][0])


def test_sampled_answers_move_the_targets_of_votes(spark: "SparkSession") -> None:
    votes = [(f"p{i}", "r", 1, "toys", 1) for i in range(3)]
    day = dt.datetime(2026, 1, 1)
    answers = [("p0", "toys", -1, day, 0.5, "a", False), ("p1", "toys", -1, day, 0.1, "b", False)]
    found = labels(
        spark.createDataFrame(votes, VOTE),
        spark.createDataFrame(answers, ANSWER),
        above(spark, TREE),
        CONFIG,
    ).collect()
    by_product = {row["product_id"]: row for row in found}
    effective = (2 + 10) ** 2 / (2**2 + 10**2)
    assert by_product["p2"]["target"] == pytest.approx(alone(effective, 0))
    assert by_product["p0"]["importance"] == pytest.approx(2.0)
    assert by_product["p1"]["importance"] == pytest.approx(10.0)
    assert by_product["p2"]["importance"] == 1.0


def test_no_answers_at_all(spark: "SparkSession") -> None:
    votes = spark.createDataFrame([("p", "r", 1, "dresses", 1)], VOTE)
    none = spark.createDataFrame([], ANSWER)
    found = labels(votes, none, above(spark, TREE), CONFIG).collect()
    assert {row["category_id"]: row["target"] for row in found} == {"dresses": 0.8, "fashion": 0.8}
