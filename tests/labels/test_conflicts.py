"""Answers that disagree: statements beside what is reported of them."""

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from aisles.labels.conflicts import conflicts
from aisles.labels.targets import closed_answers
from aisles.labels.tree import above
from aisles.taxonomy import Taxonomy

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

# fashion > (shoes > boots, dresses); toys
TREE = Taxonomy.build(
    [
        ("fashion", None, "Fashion"),
        ("shoes", "fashion", "Shoes"),
        ("boots", "shoes", "Boots"),
        ("dresses", "fashion", "Dresses"),
        ("toys", None, "Toys"),
    ]
)
# answer_id, product, category, answer, annotator, day, complete
SAID = [
    ("a1", "agreed", "boots", 1, "Ada", 1, False),
    ("a2", "agreed", "boots", 1, "Ben", 2, False),
    # A no does not speak of what is above it, nor a yes of what is below.
    ("a1", "beside", "boots", -1, "Ada", 1, False),
    ("a2", "beside", "fashion", 1, "Ben", 2, False),
    ("a1", "people", "boots", 1, "Ada", 1, False),
    ("a2", "people", "boots", -1, "Ben", 2, False),
    ("a1", "changed", "boots", 1, "Ada", 1, False),
    ("a2", "changed", "boots", -1, "Ada", 2, False),
    # Yes below, no above: both ends are listed, shoes between them is not.
    ("a1", "tree", "boots", 1, "Ada", 2, False),
    ("a2", "tree", "fashion", -1, "Ben", 1, False),
    ("a1", "moment", "boots", 1, "Ada", 1, False),
    ("a2", "moment", "shoes", -1, None, 1, False),
    ("a1", "majority", "boots", -1, "Ada", 1, False),
    ("a2", "majority", "boots", -1, "Ben", 1, False),
    ("a3", "majority", "boots", 1, "Cid", 1, False),
    ("a1", "tie", "boots", -1, "Ada", 1, False),
    ("a2", "tie", "boots", 1, "Ben", 1, False),
    # The no of a complete set stands for all below it.
    ("s1", "sets", "boots", 1, "Ada", 1, True),
    ("s1", "sets", "toys", -1, "Ada", 1, True),
    ("s2", "sets", "toys", 1, "Ben", 2, True),
    ("s2", "sets", "fashion", -1, "Ben", 2, True),
]
# product, category -> yes, no, kind, stands, why
EXPECTED = {
    ("people", "boots"): (1, 1, "annotators", -1, "no by Ben: the newest answer"),
    ("changed", "boots"): (1, 1, "later answer", -1, "no by Ada: the newest answer"),
    ("tree", "boots"): (1, 1, "annotators", 1, "yes by Ada: the newest answer"),
    ("tree", "fashion"): (
        *(1, 1, "annotators", 1),
        "yes by Ada, which follows from boots: the newest answer",
    ),
    ("moment", "boots"): (
        *(1, 1, "annotators", 1),
        "yes by Ada: of one moment the answer on this very category",
    ),
    ("moment", "shoes"): (
        *(1, 1, "annotators", -1),
        "no by an unnamed annotator: of one moment the answer on this very category",
    ),
    ("majority", "boots"): (
        *(1, 2, "annotators", -1),
        "no by Ben: the majority of the newest answers",
    ),
    ("tie", "boots"): (
        *(1, 1, "annotators", 1),
        "yes by Ben: as many newest answers say otherwise: the largest answer_id",
    ),
    ("sets", "boots"): (
        *(1, 1, "annotators", -1),
        "no by Ben, which follows from fashion: the newest answer",
    ),
    ("sets", "toys"): (1, 1, "annotators", 1, "yes by Ben: the newest answer"),
    ("sets", "fashion"): (1, 1, "annotators", -1, "no by Ben: the newest answer"),
}


@pytest.fixture(scope="module")
def human(spark: "SparkSession") -> "DataFrame":
    rows = [
        (answer_id, product, category, answer, who, dt.datetime(2026, 1, day), complete, None, None)
        for answer_id, product, category, answer, who, day, complete in SAID
    ]
    return spark.createDataFrame(
        rows,
        "answer_id string, product_id string, category_id string, answer tinyint,"
        " annotator string, at timestamp, complete boolean, reason string, propensity double",
    ).persist()


def test_conflicts(spark: "SparkSession", human: "DataFrame") -> None:
    found = conflicts(human, above(spark, TREE)).collect()
    assert {
        (row.product_id, row.category_id): (row.yes, row.no, row.kind, row.stands, row.why)
        for row in found
    } == EXPECTED
    told = next(row for row in found if (row.product_id, row.category_id) == ("tree", "fashion"))
    assert [tuple(said)[:6] for said in told.said] == [
        (dt.datetime(2026, 1, 2), False, "Ada", 1, "boots", "a1"),
        (dt.datetime(2026, 1, 1), True, "Ben", -1, "fashion", "a2"),
    ]
    assert told.newest_at == dt.datetime(2026, 1, 2)
    assert told.annotators == 2


def test_what_stands_is_what_the_labels_take(spark: "SparkSession", human: "DataFrame") -> None:
    containing = above(spark, TREE)
    closed = {
        (row.product_id, row.category_id): row.answer
        for row in closed_answers(human, containing).collect()
    }
    for pair, (_, _, _, stands, _) in EXPECTED.items():
        assert closed[pair] == stands, pair
