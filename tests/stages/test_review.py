"""The stage review: files of answers in, tables out, twice with the same result."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from aisles import schema
from aisles.config import load
from aisles.stages.job import Account, Job, run_stage
from aisles.stages.params import Review
from aisles.stages.pipeline import work_of
from aisles.stages.sql_names import register
from aisles.tables import Tables

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

CATEGORIES = """category_id,parent_id,level,name,path
fashion,,1,Fashion,Fashion
shoes,fashion,2,Shoes,Fashion > Shoes
toys,,1,Toys,Toys
"""
FIRST = """product_id,category_id,answer,annotator,at,round,propensity
n/r/1,shoes,1,Ada,2026-01-05T10:00:00,,
n/r/2,shoes,1,Ada,2026-01-05T10:00:00,1,
n/r/3,shoes,0,Ada,2026-01-05T10:00:00,,0.5
n/r/4,toys,1,Ada,2026-01-05T10:00:00,,
n/r/4,hats,1,Ada,2026-01-05T10:00:00,,
"""
SECOND = [
    {
        "data": {"product_id": "n/r/1", "category_id": "shoes"},
        "annotations": [
            {
                "completed_by": {"id": 2, "email": "Ben"},
                "created_at": "2026-01-06T10:00:00Z",
                "result": [
                    {"from_name": "a", "type": "choices", "value": {"choices": ["no"]}},
                ],
            }
        ],
    }
]


def import_answers(job: Job, path: Path, categories: str = "") -> Account:
    params = Review(answers=str(path), categories=categories)
    return run_stage(job, "review", work_of("review"), params)


def rows(job: Job, query: str) -> list[tuple[Any, ...]]:
    used = [name for name in schema.names() if re.search(rf"\b{name}\b", query)]
    if used:  # only those: making all of them known costs seconds
        for name in used:
            job.tables.read(name).createOrReplaceTempView(name)
    else:
        register(job.tables)  # a view
    return [tuple(row) for row in job.spark.sql(query).collect()]


@pytest.fixture(scope="module")
def job(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Job:
    """Four products, of which the newest round asks one, and an older round two."""
    folder = tmp_path_factory.mktemp("review")
    config = load("local", {"tables.location": str(folder / "tables")})
    made = Job(config, dt.date(2026, 1, 4), spark, Tables(spark, config.tables))
    asked = [("1", 1, 0.1), ("2", 1, 0.2), ("3", 1, 0.3), ("1", 2, 0.4), ("2", 2, 0.6)]
    questions = spark.createDataFrame(
        [(f"n/r/{p}", "shoes", r, 1, "uncertain", s, "7", "open") for p, r, s in asked],
        "product_id string, category_id string, round int, rank int, strategy string,"
        " propensity double, model_version string, status string",
    )
    made.tables.append("candidates", questions)
    (folder / "categories.csv").write_text(CATEGORIES)
    (folder / "first.csv").write_text(FIRST)
    (folder / "second.json").write_text(json.dumps(SECOND))
    first = import_answers(made, folder / "first.csv", str(folder / "categories.csv"))
    assert (first.rows_in, first.rows_out) == (5, 4)
    assert first.figures == {
        "files": 1,
        "records": 5,
        "accepted": 4,
        "rejected": 1,
        "partial": 0,
        "conflicts": 0,
    }
    second = import_answers(made, folder / "second.json")
    assert (second.rows_in, second.rows_out, second.figures["conflicts"]) == (1, 1, 1)
    made.done["first"], made.done["second"] = first, second
    return made


def test_answers_belong_to_the_questions_that_asked_for_them(job: Job) -> None:
    columns = "product_id, category_id, annotator, answer, round, strategy, propensity"
    found = rows(job, f"SELECT {columns}, model_version FROM human_labels ORDER BY 1, 2, 3")
    assert found == [
        # No round named: the newest that asked.
        ("n/r/1", "shoes", "Ada", 1, 2, "uncertain", 0.4, "7"),
        ("n/r/1", "shoes", "Ben", -1, 2, "uncertain", 0.4, "7"),
        # The round that it names.
        ("n/r/2", "shoes", "Ada", 1, 1, "uncertain", 0.2, "7"),
        # It brings a propensity of its own: it was asked elsewhere.
        ("n/r/3", "shoes", "Ada", -1, None, None, 0.5, None),
        # Nobody asked.
        ("n/r/4", "toys", "Ada", 1, None, None, None, None),
    ]
    status = rows(job, "SELECT product_id, round, status FROM candidates ORDER BY 1, 2")
    assert status == [
        ("n/r/1", 1, "open"),
        ("n/r/1", 2, "answered"),
        ("n/r/2", 1, "answered"),
        ("n/r/2", 2, "open"),
        ("n/r/3", 1, "open"),
    ]


def test_every_answer_tells_its_file_and_every_file_its_run(job: Job) -> None:
    found = rows(
        job,
        "SELECT h.product_id, h.annotator, i.file, h.record_no, i.run_id FROM human_labels h"
        " JOIN answer_imports i ON i.import_id = h.import_id ORDER BY 3, 4",
    )
    first, second = job.done["first"].run_id, job.done["second"].run_id
    assert found == [
        *[(f"n/r/{n}", "Ada", "first.csv", n, first) for n in (1, 2, 3, 4)],
        ("n/r/1", "Ben", "second.json", 1, second),
    ]
    imports = "SELECT file, records, accepted, rejected, partial FROM answer_imports ORDER BY 1"
    assert rows(job, imports) == [("first.csv", 5, 4, 1, 0), ("second.json", 1, 1, 0, 0)]
    refused = "SELECT file, record_no, reason FROM rejected_answers"
    why = "category_id is 'hats'; expected a category of the table categories"
    assert rows(job, refused) == [("first.csv", 5, why)]
    assert rows(job, f"SELECT stage FROM runs WHERE run_id = '{first}'") == [("review",)]


def test_people_who_disagree(job: Job) -> None:
    columns = "product_id, category_id, yes, no, kind, stands, why"
    assert rows(job, f"SELECT {columns} FROM label_conflicts") == [
        ("n/r/1", "shoes", 1, 1, "annotators", -1, "no by Ben: the newest answer")
    ]
    # One comparison each and no agreement: the share of all is (0 + 1) / (2 + 2).
    columns = "annotator, questions, comparisons, agreements, round(reliability, 4)"
    assert rows(job, f"SELECT {columns} FROM annotators ORDER BY 1") == [
        ("Ada", 4, 1, 0, round(2.5 / 11, 4)),
        ("Ben", 1, 1, 0, round(2.5 / 11, 4)),
    ]


def test_importing_again_changes_nothing(job: Job, tmp_path: Path) -> None:
    def everything() -> list[list[tuple[Any, ...]]]:
        tables = ("human_labels", "answer_imports", "rejected_answers", "candidates")
        return [sorted(rows(job, f"SELECT * FROM {table}"), key=str) for table in tables]

    before = everything()
    (tmp_path / "first.csv").write_text(FIRST)
    again = import_answers(job, tmp_path / "first.csv")
    assert (again.rows_in, again.rows_out) == (5, 0)
    assert everything() == before


def test_a_category_that_arrives_later_takes_what_was_refused(job: Job, tmp_path: Path) -> None:
    (tmp_path / "first.csv").write_text(FIRST)
    (tmp_path / "categories.csv").write_text(CATEGORIES + "hats,fashion,2,Hats,Fashion > Hats\n")
    again = import_answers(job, tmp_path / "first.csv", str(tmp_path / "categories.csv"))
    assert (again.rows_in, again.rows_out, again.figures["rejected"]) == (5, 1, 0)
    found = rows(
        job,
        "SELECT i.accepted, i.run_id FROM human_labels h JOIN answer_imports i"
        " ON i.import_id = h.import_id WHERE h.category_id = 'hats'",
    )
    assert found == [(5, again.run_id)]
