"""Answers in their two forms become yes and no on categories."""

import datetime as dt
import gzip
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisles.labels.answers import Answers, answers_of, check_files, read_answers
from aisles.labels.pack import pack
from aisles.labels.records import read_records
from aisles.labels.sets import expand_batch
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


def rows_of(found: Answers) -> list[dict[str, Any]]:
    order = ["product_id", "category_id"]
    return [row.asDict() for row in found.answers.orderBy(order).collect()]


def refused(found: Answers) -> list[tuple[str, int, str]]:
    """(file, record_no, reason) of what could not be used."""
    rows = found.rejected.orderBy("file", "record_no").collect()
    return [(row.file, row.record_no, row.reason) for row in rows]


def counts(found: Answers) -> dict[str, tuple[int, ...]]:
    """file -> (records, accepted, rejected, partial)"""
    return {
        row.file: (row.records, row.accepted, row.rejected, row.partial)
        for row in found.files.collect()
    }


def read(spark: "SparkSession", folder: Path, text: str) -> Answers:
    path = folder / "answers.csv"
    path.write_text(text, encoding="utf-8")
    return answers_of(check_files(read_records(spark, str(path)).cache(), str(path)), TREE)


PAIR_CSV = (
    "product_id,category_id,answer,at,propensity,round,reason\n"
    'n/r/1, boots ,1,2026-01-02T03:04:05,0.25,3,"a ""boot"",\nsurely"\n'
    "n/r/1,toys,0,,,,\n"
)


def test_pairs(spark: "SparkSession", tmp_path: Path) -> None:
    found = read(spark, tmp_path, PAIR_CSV)
    boots, toys = rows_of(found)
    assert (boots["category_id"], boots["answer"], boots["complete"]) == ("boots", 1, False)
    assert (boots["propensity"], boots["round"]) == (0.25, 3)
    assert boots["reason"] == 'a "boot",\nsurely'
    assert str(boots["at"]) == "2026-01-02 03:04:05"
    assert (toys["answer"], toys["at"], toys["propensity"]) == (-1, None, None)
    assert toys["strategy"] is None
    assert (boots["record_no"], toys["record_no"]) == (1, 2)
    assert boots["answer_id"] != toys["answer_id"]
    assert counts(found) == {"answers.csv": (2, 2, 0, 0)}
    assert refused(found) == []


def test_the_same_answer_has_the_same_id_wherever_it_stands(
    spark: "SparkSession", tmp_path: Path
) -> None:
    first = [row["answer_id"] for row in rows_of(read(spark, tmp_path, PAIR_CSV))]
    answers = {
        "round": pa.array([3, None], pa.int64()),
        "answer": pa.array([True, False]),
        "category_id": ["boots", "toys"],
        "at": pa.array([dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC), None]),
        "product_id": ["n/r/1", "n/r/1"],
        "about": pa.array([{"a": 1}, None]),
    }
    path = tmp_path / "folder" / "deep" / "answers"
    path.parent.mkdir(parents=True)
    pq.write_table(pa.table(answers), path)
    found = read_answers(spark, str(tmp_path / "folder"), TREE)
    assert [row["answer_id"] for row in rows_of(found)] == first
    assert {row["file"] for row in rows_of(found)} == {"deep/answers"}

    later = rows_of(read(spark, path.parent, PAIR_CSV.replace("03:04:05", "03:04:06")))
    assert later[0]["answer_id"] != first[0]
    assert later[1]["answer_id"] == first[1]


def test_sets(spark: "SparkSession", tmp_path: Path) -> None:
    text = (
        "network,retailer,merchant_product_id,category_ids,complete,annotator\n"
        "n,r,1,boots,1,Ada\n"
        "n,r,2,Fashion > Shoes;toys;spaceships,1,Ben\n"
    )
    found = read(spark, tmp_path, text)
    rows = rows_of(found)
    assert {(r["product_id"], r["category_id"]): (r["answer"], r["complete"]) for r in rows} == {
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
    # The rest of a set with an unknown category is used.
    strange = "category_ids has what is no category: spaceships"
    assert refused(found) == [("answers.csv", 2, strange)]
    assert counts(found) == {"answers.csv": (2, 2, 0, 1)}


HEAD = "product_id,category_id,answer,at,propensity,round"
SET_HEAD = "network,retailer,merchant_product_id,category_ids,complete"
NO_PRODUCT = "product_id is missing; expected network/retailer/merchant_product_id"
NO_CATEGORY = "expected a category of the table categories"
NO_SHARE = "expected a number above 0 and at most 1"


@pytest.mark.parametrize(
    ("head", "rows"),
    [
        (
            HEAD,
            {
                "n/r/1,toys,1,,,": None,
                "p,boots,yes,,,": "answer is 'yes'; expected 1 or 0",
                "p,boots,,,,": "answer is missing; expected 1 or 0",
                "p,hats,1,,,": f"category_id is 'hats'; {NO_CATEGORY}",
                "p,,1,,,": f"category_id is missing; {NO_CATEGORY}",
                ",boots,1,,,": NO_PRODUCT,
                "p,boots,1,,0,": f"propensity is '0'; {NO_SHARE}",
                "p,boots,1,,20%,": f"propensity is '20%'; {NO_SHARE}",
                "p,boots,1,yesterday,,": "at is 'yesterday'; expected a timestamp",
                "p,boots,1,2999-01-01,,": "at is '2999-01-01'; expected a time that is not to come",
                "p,boots,1": "3 cells; expected 6",
                "p,boots,1,,,two": "round is 'two'; expected a whole number",
            },
        ),
        (
            SET_HEAD,
            {
                "n,r,1,boots,yes": "complete is 'yes'; expected 1 or 0",
                "n,,1,boots,1": NO_PRODUCT,
                "n,r,1,,0": "category_ids is missing; expected categories, or complete = 1 where"
                " none fits",
                "n,r,1,hats;ties,1": "category_ids has what is no category: hats; ties",
                "n,r,1,toys,0": None,
            },
        ),
    ],
)
def test_a_record_that_cannot_be_used_stops_no_other(
    spark: "SparkSession", tmp_path: Path, head: str, rows: dict[str, str | None]
) -> None:
    found = read(spark, tmp_path, "\n".join([head, *rows]) + "\n")
    expected = [
        ("answers.csv", place, why) for place, why in enumerate(rows.values(), 1) if why is not None
    ]
    assert refused(found) == expected
    assert [(r["product_id"], r["category_id"]) for r in rows_of(found)] == [("n/r/1", "toys")]
    assert counts(found) == {"answers.csv": (len(rows), 1, len(rows) - 1, 0)}
    for kept in found.rejected.collect():
        assert not kept.partial
        for cell in list(rows)[kept.record_no - 1].split(","):
            assert cell in kept.raw


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"product,category,answer\n", "expected the columns product_id,category_id,answer or "),
        (b"product_id,category_id,answer,answer\n", "column 'answer' stands more than once"),
        (b"\n", "Empty CSV file"),
        (b"product_id,category_id,answer\n\xff,b,1\n", "invalid UTF8"),
        (b"\x1f\x8bbroken", "the gzip file is damaged"),
        (b"[1, 2", "expected a JSON list of tasks; it is none"),
        (b'{"id": 1}', "expected a JSON list of tasks; it is none"),
        (b'[{"id": 1, "product_id": "p", "answer": "yes"}]', "expected tasks with data and"),
    ],
)
def test_a_file_without_our_form_is_refused(
    spark: "SparkSession", tmp_path: Path, content: bytes, message: str
) -> None:
    (tmp_path / "good.csv").write_text("product_id,category_id,answer\np,boots,1\n")
    (tmp_path / "wrong").write_bytes(content)
    with pytest.raises(ValueError) as caught:
        read_answers(spark, str(tmp_path), TREE)
    assert message in str(caught.value)
    assert str(caught.value).startswith(f"{tmp_path} (wrong): ")


def test_an_empty_file(spark: "SparkSession", tmp_path: Path) -> None:
    (tmp_path / "empty.csv").write_bytes(b"")
    with pytest.raises(ValueError, match=r"empty.csv: nothing is in it; expected CSV"):
        read_answers(spark, str(tmp_path / "empty.csv"), TREE)


def test_a_file_that_is_not_there(spark: "SparkSession", tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="there is no such file or folder"):
        read_answers(spark, str(tmp_path / "nowhere.csv"), TREE)


def test_a_packed_file_and_a_file_without_records(spark: "SparkSession", tmp_path: Path) -> None:
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(PAIR_CSV.encode("utf-8-sig")))
    (tmp_path / "b.csv").write_text("product_id,category_id,answer\n")
    found = read_answers(spark, str(tmp_path), TREE)
    assert counts(found) == {"a.csv.gz": (2, 2, 0, 0), "b.csv": (0, 0, 0, 0)}
    assert len(rows_of(found)) == 2


@pytest.mark.parametrize("kind", ["i4", "f4"])
@given(st.lists(st.none() | st.lists(st.integers(-1000, 1000), max_size=5), max_size=6))
def test_packed_lists_are_read_back(kind: str, lists: list[list[int] | None]) -> None:
    stored = pack(pa.array([[0], *lists], pa.list_(pa.int64())).slice(1), kind)
    assert len(stored) == len(lists)
    back = [np.frombuffer(cell.as_py(), dtype=f"<{kind}").tolist() for cell in stored]
    assert back == [one or [] for one in lists]
