"""The stage audit on simulated feeds, with wrong answers planted among those of people."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from aisles.config import load
from aisles.labels.tree import above
from aisles.select.ranked import suspects
from aisles.simulate import simulate_local
from aisles.stages.audit import labels_of, out_of_fold, run
from aisles.stages.categories import stored_tree
from aisles.stages.job import Job, run_stage
from aisles.stages.params import Audit, Review, Run
from aisles.stages.pipeline import run_all, work_of
from aisles.stages.rounds import next_round
from aisles.stages.sql_names import register
from aisles.stages.train import _snapshot
from aisles.tables import Tables
from aisles.taxonomy import Taxonomy

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]  # a whole run and three trainings

DAY = dt.date(2026, 11, 22)
SMALL = {
    "encoder.vocabulary": 4096,
    "encoder.buckets": 1024,
    "network.text_dim": 24,
    "network.conv_channels": 16,
    "network.image_channels": 4,
    "network.hidden": 64,
    "network.embedding": 32,
    "train.batch_size": 120,
    "train.ranks": 1,
    "audit.folds": 3,
    "audit.epochs": 20,
    "audit.budget": 60,
}
_EVERY = 8  # of so many answers one is wrong


class Ran(NamedTuple):
    job: Job
    folder: Path
    planted: set[str]


def plant(answers: Path, tree: Taxonomy) -> set[str]:
    """Gives every _EVERY-th product the categories of another one of another aisle; its ids."""
    with open(answers, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))

    def aisles(ids: str) -> set[str]:
        places = [tree.index[c] for c in ids.split(";")]
        return {tree.ids[([p, *tree.ancestors(p)])[-1]] for p in places}

    given = [row["category_ids"] for row in rows]
    planted = set()
    for place in range(0, len(rows), _EVERY):
        others = (ids for ids in given[place:] + given[:place] if ids)
        mine = aisles(given[place])
        rows[place]["category_ids"] = next(ids for ids in others if not aisles(ids) & mine)
        shop = ("network", "retailer", "merchant_product_id")
        planted.add("/".join(rows[place][name] for name in shop))
    with open(answers, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return planted


@pytest.fixture(scope="module")
def ran(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    folder = tmp_path_factory.mktemp("audit")
    simulate_local(str(folder), products=2400, seed=5, answers=1600, images=False)
    planted = plant(folder / "answers.csv", Taxonomy.read(folder / "categories.csv"))
    config = load("local", {**SMALL, "tables.location": str(folder / "tables")})
    job = Job(config, DAY, spark, Tables(spark, config.tables))
    params = Run(
        run_date=str(DAY),
        feeds=str(folder / "feeds"),
        categories=str(folder / "categories.csv"),
        rules=str(folder / "rules.csv"),
        answers=str(folder / "answers.csv"),
        until="snapshot",
    )
    run_all(job, params)
    run_stage(job, "audit", run, Audit())
    register(job.tables)
    return Ran(job, folder, planted)


def test_planted_errors_come_first(ran: Ran) -> None:
    """Among the answers that are most suspicious, far more are planted than among all."""
    row, tree = _snapshot(ran.job, ""), stored_tree(ran.job)
    labels, scores = labels_of(ran.job, row), out_of_fold(ran.job, row)
    ranked, figures = suspects(labels, scores, above(ran.job.spark, tree), tree.ids)
    yes = ranked.filter("source = 'answer' AND says = 'yes'").orderBy("margin", "product_id")
    wrong = [r.product_id in ran.planted for r in yes.collect()]
    base = sum(wrong) / len(wrong)
    first = sum(wrong[: sum(wrong)]) / sum(wrong)
    print(
        f"{len(wrong)} answers, {sum(wrong)} planted: base rate {base:.3f},"
        f" precision of as many first {first:.3f}; {figures}"
    )
    assert 0.08 < base < 0.2
    assert first > 2.5 * base


def test_questions_are_on_wrong_labels(ran: Ran) -> None:
    """Of the labels that are asked about, far more are wrong, by the truth, than of all."""
    wrong = wrong_labels(ran)
    asked = ran.job.spark.sql("SELECT * FROM candidates WHERE strategy LIKE '%label_error%'")
    known = [wrong[k] for r in asked.collect() if (k := (r.product_id, r.category_id)) in wrong]
    base, precision = sum(wrong.values()) / len(wrong), sum(known) / len(known)
    print(f"{len(wrong)} labels, wrong {base:.4f}; {len(known)} asked about, wrong {precision:.3f}")
    assert len(known) > 20
    assert precision > 5 * base
    assert precision > 0.25


def wrong_labels(ran: Ran) -> dict[tuple[str, str], bool]:
    """Whether each direct label of products with complete truth contradicts it."""
    truth = ran.job.spark.read.csv(
        str(ran.folder / "truth"), header=True, recursiveFileLookup=True
    ).filter("complete = '1'")
    tree = stored_tree(ran.job)
    closed: dict[str, set[str]] = {}
    for r in truth.collect():
        places = [tree.index[c] for c in r.category_ids.split(";")]
        every = {up for place in places for up in [place, *tree.ancestors(place)]}
        name = f"{r.network}/{r.retailer}/{r.merchant_product_id}"
        closed[name] = {tree.ids[place] for place in every}
    return {
        (r.product_id, r.category_id): (r.category_id in closed[r.product_id]) != (r.target >= 0.5)
        for r in labels_of(ran.job, _snapshot(ran.job, "")).filter("direct").collect()
        if r.product_id in closed
    }


def test_the_round_is_a_sample_and_tells_why(ran: Ran) -> None:
    spark = ran.job.spark
    rows = spark.sql("SELECT * FROM candidates ORDER BY rank").collect()
    assert len(rows) > 30
    assert {row["round"] for row in rows} == {1}
    aimed = [row for row in rows if "label_error" in row.strategy]
    assert len(aimed) > 20
    for row in rows:
        assert 0 < row.propensity <= 1
        assert row.model_version.startswith("out of fold, snapshot ")
    for row in aimed:
        assert "a model that has not seen it gives that" in row.why
        assert row.why.startswith(("rules ", "answer "))
    labels = {(r.product_id, r.category_id) for r in spark.sql("SELECT * FROM labels").collect()}
    assert {(row.product_id, row.category_id) for row in aimed} <= labels
    # Of products that measure as well: no model that scores them was trained on those either.
    split = {r.product_id: r.split for r in spark.sql("SELECT * FROM examples").collect()}
    assert {"train", "test"} <= {split[row.product_id] for row in aimed}


def test_again_gives_the_same_round_until_it_is_answered(ran: Ran, tmp_path: Path) -> None:
    job = ran.job
    before = sorted(job.tables.read("candidates").collect())
    assert (next_round(job, audits=True), next_round(job)) == (1, 2)
    run_stage(job, "audit", run, Audit())  # the trainings are there: only ranked and drawn anew
    assert sorted(job.tables.read("candidates").collect()) == before

    asked = before[0]
    answers = tmp_path / "answers.csv"
    answers.write_text(
        "product_id,category_id,answer,annotator,at\n"
        f"{asked.product_id},{asked.category_id},0,Eve,2026-11-23T10:00:00\n"
    )
    run_stage(job, "review", work_of("review"), Review(answers=str(answers)))
    (answer,) = job.tables.read("human_labels").filter("annotator = 'Eve'").collect()
    assert (answer.propensity, answer["round"]) == (asked.propensity, 1)
    assert answer.strategy == asked.strategy
    assert (next_round(job, audits=True), next_round(job)) == (2, 2)
