"""Answers in their two forms become yes and no on categories."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisles.labels.answers import expand_batch, read_answers
from aisles.labels.pack import pack
from aisles.taxonomy import Taxonomy

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# fashion > (shoes > (boots, sandals), dresses); toys; garden > plants
TREE = Taxonomy.build(
    [
        ("fashion", None, "Fashion"),
        ("shoes", "fashion", "Shoes"),
        ("boots", "shoes", "Boots"),
        ("sandals", "shoes", "Sandals"),
        ("dresses", "fashion", "Dresses"),
        ("toys", None, "Toys"),
        ("garden", None, "Garden"),
        ("plants", "garden", "Plants"),
    ]
)


def expanded(categories: str | None, complete: bool | None) -> dict[str, tuple[int, bool]]:
    """category -> (answer, complete) of one set."""
    batch = pa.RecordBatch.from_arrays(
        [
            pa.array(["a1"]),
            pa.array(["n/r/1"]),
            pa.array([categories], pa.string()),
            pa.array([complete], pa.bool_()),
        ],
        names=["answer_id", "product_id", "category_ids", "complete"],
    )
    found = expand_batch(batch, TREE)
    assert found.schema.names == [
        *["answer_id", "product_id", "category_id", "answer", "complete"],
    ]
    assert set(found.column("answer_id").to_pylist()) <= {"a1"}
    rows = found.to_pylist()
    assert len({row["category_id"] for row in rows}) == len(rows)
    return {row["category_id"]: (row["answer"], row["complete"]) for row in rows}


@pytest.mark.parametrize(
    ("categories", "yes", "no"),
    [
        # The no stands at the highest category off the named paths, for all below it.
        ("boots", {"boots"}, {"sandals", "dresses", "toys", "garden"}),
        ("fashion", {"fashion"}, {"shoes", "dresses", "toys", "garden"}),
        ("shoes;plants", {"shoes", "plants"}, {"boots", "sandals", "dresses", "toys"}),
        # An ancestor that is named beside its descendant is a yes of its own.
        (" shoes ; boots ", {"shoes", "boots"}, {"sandals", "dresses", "toys", "garden"}),
        ("toys;toys;", {"toys"}, {"fashion", "garden"}),
        # In none of the categories.
        ("", set(), {"fashion", "toys", "garden"}),
        (None, set(), {"fashion", "toys", "garden"}),
    ],
)
def test_a_complete_set(categories: str | None, yes: set[str], no: set[str]) -> None:
    found = expanded(categories, True)
    assert found == dict.fromkeys(yes, (1, True)) | dict.fromkeys(no, (-1, True))


@pytest.mark.parametrize("complete", [False, None])
def test_a_set_that_is_not_complete_says_no_to_nothing(complete: bool | None) -> None:
    assert expanded("boots;toys", complete) == {"boots": (1, False), "toys": (1, False)}


def test_a_complete_set_with_an_unknown_category_is_not_complete() -> None:
    # The unknown one may lie anywhere: nothing can be refused.
    assert expanded("boots;spaceships", True) == {"boots": (1, False)}
    assert expanded("spaceships", True) == {}


@given(st.sets(st.sampled_from(TREE.ids)))
def test_a_complete_set_decides_every_category_once(named: set[str]) -> None:
    found = expanded(";".join(sorted(named)), True)
    above = {TREE.ids[i] for c in named for i in [TREE.index[c], *TREE.ancestors(TREE.index[c])]}
    refused: list[str] = []
    for category, (answer, _) in found.items():
        place = TREE.index[category]
        if answer < 0:
            refused += TREE.ids[place : TREE.end[place]]
    assert {c for c, (answer, _) in found.items() if answer > 0} == named
    assert sorted([*above, *refused]) == sorted(TREE.ids)


def test_sets_of_many_products_do_not_mix() -> None:
    batch = pa.RecordBatch.from_arrays(
        [
            pa.array(["x", "a", "b", "c"]),
            pa.array(["-", "toys;boots", "", "garden"]),
            pa.array([True, True, False, True]),
        ],
        names=["product_id", "category_ids", "complete"],
    ).slice(1)
    rows = expand_batch(batch, TREE).to_pylist()
    found = {(r["product_id"], r["category_id"], r["answer"]) for r in rows}
    assert found == {
        *{("a", "toys", 1), ("a", "boots", 1)},
        *{("a", "sandals", -1), ("a", "dresses", -1), ("a", "garden", -1)},
        *{("c", "garden", 1), ("c", "fashion", -1), ("c", "toys", -1), ("c", "plants", -1)},
    }


def read(spark: "SparkSession", folder: Path, text: str) -> list[dict[str, object]]:
    path = folder / "answers.csv"
    path.write_text(text, encoding="utf-8")
    order = ["product_id", "category_id"]
    return [row.asDict() for row in read_answers(spark, str(path), TREE).orderBy(order).collect()]


def test_pairs(spark: "SparkSession", tmp_path: Path) -> None:
    text = (
        "product_id,category_id,answer,at,propensity,round,reason\n"
        'n/r/1, boots ,1,2026-01-02T03:04:05,0.25,3,"a ""boot"", surely"\n'
        "n/r/1,toys,0,,,,\n"
    )
    boots, toys = read(spark, tmp_path, text)
    assert (boots["category_id"], boots["answer"], boots["complete"]) == ("boots", 1, False)
    assert (boots["propensity"], boots["round"]) == (0.25, 3)
    assert boots["reason"] == 'a "boot", surely'
    assert str(boots["at"]) == "2026-01-02 03:04:05"
    assert (toys["answer"], toys["at"], toys["propensity"]) == (-1, None, None)
    assert toys["strategy"] is None

    # Read again, the same answers have the same ids, whatever the order of the columns.
    again = read(spark, tmp_path, text)
    assert [row["answer_id"] for row in again] == [boots["answer_id"], toys["answer_id"]]
    assert boots["answer_id"] != toys["answer_id"]


def test_sets(spark: "SparkSession", tmp_path: Path) -> None:
    text = (
        "network,retailer,merchant_product_id,category_ids,complete,annotator\n"
        "n,r,1,boots,1,Ada\n"
        "n,r,2,shoes;toys,0,Ben\n"
    )
    rows = read(spark, tmp_path, text)
    found = {(r["product_id"], r["category_id"]): (r["answer"], r["complete"]) for r in rows}
    assert found == {
        ("n/r/1", "boots"): (1, True),
        ("n/r/1", "sandals"): (-1, True),
        ("n/r/1", "dresses"): (-1, True),
        ("n/r/1", "toys"): (-1, True),
        ("n/r/1", "garden"): (-1, True),
        ("n/r/2", "shoes"): (1, False),
        ("n/r/2", "toys"): (1, False),
    }
    assert {r["annotator"] for r in rows if r["product_id"] == "n/r/1"} == {"Ada"}
    assert len({r["answer_id"] for r in rows}) == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("product,category,answer\n", "expected the columns product_id,category_id,answer or "),
        ("product_id,category_id,answer\np,boots,yes\n", "answer of p is 'yes'; expected 1 or 0"),
        ("product_id,category_id,answer\np,boots,\n", "answer of p is None; expected 1 or 0"),
        (
            "product_id,category_id,answer,propensity\np,boots,1,0\n",
            "propensity of p is '0'; expected a number above 0 and at most 1",
        ),
        (
            "product_id,category_id,answer,propensity\np,boots,1,20%\n",
            "propensity of p is '20%'; expected a number above 0 and at most 1",
        ),
        (
            "network,retailer,merchant_product_id,category_ids,complete\nn,r,1,boots,yes\n",
            "complete of n/r/1 is 'yes'; expected 1 or 0",
        ),
        (
            "product_id,category_id,answer,at\np,boots,1,yesterday\n",
            "at of p is 'yesterday'; expected a timestamp",
        ),
    ],
)
def test_what_cannot_be_read_is_refused(
    spark: "SparkSession", tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(ValueError) as caught:
        read(spark, tmp_path, text)
    assert message in str(caught.value)
    assert "answers.csv" in str(caught.value)


@pytest.mark.parametrize("kind", ["i4", "f4"])
@given(st.lists(st.none() | st.lists(st.integers(-1000, 1000), max_size=5), max_size=6))
def test_packed_lists_are_read_back(kind: str, lists: list[list[int] | None]) -> None:
    stored = pack(pa.array([[0], *lists], pa.list_(pa.int64())).slice(1), kind)
    assert len(stored) == len(lists)
    back = [np.frombuffer(cell.as_py(), dtype=f"<{kind}").tolist() for cell in stored]
    assert back == [one or [] for one in lists]
