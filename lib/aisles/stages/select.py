"""scores, rule_votes → candidates."""

from __future__ import annotations

from pyspark.sql import functions as F

from aisles.select import select_questions
from aisles.stages.categories import stored_tree
from aisles.stages.job import Account, Job, step
from aisles.stages.params import Select
from aisles.tracking import Tracking


def run(job: Job, params: Select, account: Account) -> None:
    """Draws one round of questions, each with the probability with which it was drawn."""
    number = params.round or _next_round(job)
    tracking = Tracking(job.config)
    champion = tracking.champion()
    if champion is None:
        raise ValueError(f"no version of model {tracking.name!r} carries the alias; run evaluate")
    products = job.tables.read("products").filter("active").select("product_id")
    scores = job.tables.read("scores").filter(f"model_version = '{champion.version}'")
    labels = job.tables.read("labels")
    votes = labels.filter("source = 'votes'").select("product_id", "category_id", "target")
    answered = labels.filter("source IN ('answer', 'answer_closure')")
    with step(f"drawing round {number}"):
        drawn, frame = select_questions(
            products,
            scores.select("product_id", "category_id", "probability", "spread"),
            votes,
            answered.select("product_id", "category_id"),
            list(stored_tree(job).ids),
            job.config.select,
            number,
            champion.version,
        )
        job.tables.replace("candidates", drawn, f"round = {number}")
    account.rows_in = int(frame["pairs"])
    account.rows_out = job.tables.read("candidates").filter(f"round = {number}").count()
    account.figures.update({key: float(value) for key, value in frame.items()})
    account.figures["round"] = number


def _next_round(job: Job) -> int:
    """One after the newest round whose questions have answers; an unanswered one is drawn anew."""
    asked = job.tables.read("human_labels").agg(F.max("round")).first()
    return int(asked[0] or 0) + 1 if asked is not None else 1
