"""Label Studio's export: tasks in, answers out."""

import datetime as dt
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aisles.labels.answers import Answers, answers_of, check_files
from aisles.labels.records import read_records
from aisles.taxonomy import Taxonomy

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

TREE = Taxonomy.build(
    [
        ("fashion", None, "Fashion"),
        ("shoes", "fashion", "Shoes"),
        ("boots", "shoes", "Boots"),
        ("toys", None, "Toys"),
    ]
)


def choices(*words: str, name: str = "answer") -> dict[str, Any]:
    value = {"choices": list(words)}
    return {"from_name": name, "to_name": "text", "type": "choices", "value": value}


def annotation(*results: dict[str, Any], **others: Any) -> dict[str, Any]:
    """An annotation as the tool exports it, with fields that nobody reads."""
    return {
        "id": 1001,
        "completed_by": 7,
        "result": list(results),
        "was_cancelled": False,
        "ground_truth": False,
        "created_at": "2026-01-02T03:04:05.123456Z",
        "updated_at": "2026-01-02T03:04:06.123456Z",
        "lead_time": 4.2,
    } | others


def task(data: dict[str, Any], *annotations: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": 5,
        "data": data,
        "annotations": list(annotations),
        "predictions": [],
        "drafts": [],
    }


def read(spark: "SparkSession", folder: Path, tasks: list[dict[str, Any]]) -> Answers:
    path = folder / "export.json"
    path.write_text(json.dumps(tasks, indent=1), encoding="utf-8")
    return answers_of(check_files(read_records(spark, str(path)).cache(), str(path)), TREE)


def test_yes_and_no_on_one_question(spark: "SparkSession", tmp_path: Path) -> None:
    data = {
        "product_id": "n/r/1",
        "category_id": "boots",
        "title": "Boots; brown",
        "round": 3,
        "propensity": 0.25,
        "strategy": "uncertain",
        "answer": "shown to the annotator, no answer",
    }
    reason = {"from_name": "reason", "type": "textarea", "value": {"text": ["a boot,", "surely"]}}
    ada = {"id": 7, "email": "ada@example.com", "first_name": "Ada"}
    found = read(
        spark,
        tmp_path,
        [
            task(
                data,
                annotation(choices("Yes"), choices("sure", name="confidence"), reason),
                annotation(choices("no"), completed_by=ada, ground_truth=True),
                annotation(choices("no"), completed_by=8, was_cancelled=True),
                annotation(choices("yes", "no"), completed_by=8),
                annotation(completed_by=9),
            ),
            task(data),
        ],
    )
    rows = {row.annotator: row for row in found.answers.collect()}
    assert {who: row.answer for who, row in rows.items()} == {"7": 1, "ada@example.com": -1}
    seven = rows["7"]
    assert (seven.product_id, seven.category_id, seven.complete) == ("n/r/1", "boots", False)
    assert (seven.round, seven.propensity, seven.strategy) == (3, 0.25, "uncertain")
    assert seven.reason == "a boot, surely"
    assert seven.at == dt.datetime(2026, 1, 2, 3, 4, 6, 123456)
    assert (seven.ground_truth, rows["ada@example.com"].ground_truth) == (False, True)
    wrong = {row.record_no: row.reason for row in found.rejected.collect()}
    assert wrong == {
        3: "the annotator skipped the task",
        4: "answer is 'yes, no'; expected 1 or 0",
        5: "answer is missing; expected 1 or 0",
    }
    (counts,) = found.files.collect()
    assert (counts.records, counts.accepted, counts.rejected, counts.partial) == (5, 2, 3, 0)
    assert all("Boots; brown" in row.raw for row in found.rejected.collect())


TAXONOMY = {
    "from_name": "categories",
    "type": "taxonomy",
    "value": {"taxonomy": [["Fashion", "Shoes"], ["toys"]]},
}
IDS = {"from_name": "tree", "type": "taxonomy", "value": {"taxonomy": [["fashion", "shoes"]]}}


SETS: list[tuple[dict[str, Any], list[dict[str, Any]], dict[str, tuple[int, bool]]]] = [
    ({}, [TAXONOMY], {"shoes": (1, False), "toys": (1, False)}),
    ({}, [IDS], {"shoes": (1, False)}),
    (
        {"complete": True},
        [choices("boots", name="category")],
        {"boots": (1, True), "toys": (-1, True)},
    ),
    (
        {},
        [choices("boots", name="category"), choices("yes", name="complete")],
        {"boots": (1, True), "toys": (-1, True)},
    ),
    ({"complete": 1}, [], {"fashion": (-1, True), "toys": (-1, True)}),
    ({"complete": 0}, [choices("boots", name="category")], {"boots": (1, False)}),
    # Without the word that they are all, no choice says nothing.
    ({}, [], {}),
    ({}, [choices("hats", name="category")], {}),
]


def test_several_categories(spark: "SparkSession", tmp_path: Path) -> None:
    shop = {"network": "n", "retailer": "r"}
    tasks = [
        task(shop | {"merchant_product_id": place} | more, annotation(*results))
        for place, (more, results, _) in enumerate(SETS)
    ]
    found = read(spark, tmp_path, tasks)
    said: dict[str, dict[str, tuple[int, bool]]] = {f"n/r/{i}": {} for i in range(len(SETS))}
    for row in found.answers.collect():
        said[row.product_id][row.category_id] = (row.answer, row.complete)
    assert list(said.values()) == [expected for _, _, expected in SETS]
    assert sorted(row.record_no for row in found.rejected.collect()) == [7, 8]
