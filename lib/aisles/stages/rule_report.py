"""rules, rule_votes, human_labels, scores → rule_report, category_rule_report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import fsspec
from pyspark import StorageLevel
from pyspark.sql import functions as F

from aisles.labels.targets import RULE, closed_answers
from aisles.labels.tree import above
from aisles.review.model import ModelRules, model_word
from aisles.review.page import page
from aisles.review.rule_report import Sources, category_report, rule_report
from aisles.review.votes import audit, found_pairs
from aisles.stages.categories import stored_tree
from aisles.stages.job import Account, Job, step
from aisles.stages.params import RuleReport
from aisles.stages.snapshot import with_split

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_PAGE = "rules.html"


def run(job: Job, params: RuleReport, account: Account) -> None:
    """Measures every rule in force and every category, and writes the page."""
    sources = _sources(job)
    kept = [sources.answers, sources.found, sources.audited]
    try:
        with step("auditing votes"):
            for frame in kept:
                frame.persist(StorageLevel.DISK_ONLY)
            account.rows_in = sources.audited.count()
        with step("reporting on rules"):
            job.tables.replace("rule_report", rule_report(sources), "true")
        with step("reporting on categories"):
            job.tables.replace("category_rule_report", category_report(sources), "true")
    finally:
        for frame in kept:
            frame.unpersist()
    rows = job.tables.read("rule_report")
    advice = {r["advice"]: r["count"] for r in rows.groupBy("advice").count().collect()}
    account.rows_out = sum(advice.values())
    account.figures.update({name: float(count) for name, count in sorted(advice.items())})
    _write_page(job, params, sources.active, account)


def _sources(job: Job) -> Sources:
    tables, containing = job.tables, above(job.spark, stored_tree(job))
    products = tables.read("products").filter("active")
    human = tables.read("human_labels").join(
        products.select("product_id"), "product_id", how="left_semi"
    )
    answers = closed_answers(human, containing)
    votes = tables.read("rule_votes")
    version, word, thresholds = _model(job, containing)
    return Sources(
        rules=tables.read("rules").filter("current"),
        products=products,
        active=products.count(),
        audited=_held(job, audit(votes, answers, word, containing), human, products),
        found=found_pairs(votes, containing),
        answers=answers,
        word=word,
        thresholds=thresholds,
        model_version=version,
        containing=containing,
        config=job.config,
    )


def _held(job: Job, audited: DataFrame, human: DataFrame, products: DataFrame) -> DataFrame:
    """Adds `held`: the product is answered and not one of training."""
    asked = products.join(
        human.select("product_id").distinct(), "product_id", how="left_semi"
    ).transform(with_split(job.config.snapshot))
    held = asked.filter("split <> 'train'").select("product_id", F.lit(True).alias("held"))
    return audited.join(held, "product_id", how="left").fillna(False, ["held"])


def _model(job: Job, containing: DataFrame) -> tuple[str | None, DataFrame, DataFrame]:
    """Version, word and thresholds of the model that scored last; both empty without one."""
    scores, thresholds = job.tables.read("scores"), job.tables.read("thresholds")
    newest = scores.agg(F.max(F.col("model_version").cast("int"))).first()
    version = str(newest[0]) if newest is not None and newest[0] is not None else None
    own = thresholds.filter(F.col("model_version") == F.lit(version))
    bound = own.selectExpr(
        "category_id", "basis AS model_basis", "precision_lower_bound AS model_precision_low"
    )
    if version is None:
        return (
            None,
            scores.selectExpr("product_id", "category_id", "assigned", "assigned AS alone"),
            bound,
        )
    rules = ModelRules.of(version, own.collect())
    said = model_word(scores.filter(F.col("model_version") == version), rules, containing)
    return version, said, bound


def _write_page(job: Job, params: RuleReport, active: int, account: Account) -> None:
    """The page, where it is asked for or beside the tables."""
    place = params.page or _beside(job)
    if not place:
        account.messages.append("no page was written: --page says where")
        return
    rules = job.tables.read("rule_report").join(
        job.tables.read("rules").select(*RULE, "condition", "author_note"), RULE, how="inner"
    )
    names = job.tables.read("categories").select("category_id", "name", "path", "level")
    categories = job.tables.read("category_rule_report").join(names, "category_id", how="inner")
    # Thousands of rows, however many products there are.
    text = page(rules.toArrow(), categories.toArrow(), active)
    with fsspec.open(place, "w", encoding="utf-8") as file:
        file.write(text)
    account.messages.append(f"page: {place}")


def _beside(job: Job) -> str:
    """The page's place beside the folder of the tables; blank where a catalogue keeps them."""
    if job.config.tables.catalog:
        return ""
    location = job.config.tables.location.rstrip("/")
    base = location if "://" in location else str(Path(location).resolve())
    return f"{base.rpartition('/')[0]}/{_PAGE}"
