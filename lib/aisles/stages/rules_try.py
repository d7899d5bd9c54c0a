"""`aisles rules try`: one condition on the active products, against rules, model and people."""

from __future__ import annotations

import json as jsons
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from aisles.labels.targets import closed_answers, judge
from aisles.labels.tree import above
from aisles.rules.findings import Entry, Finding
from aisles.rules.lint import lint_one
from aisles.rules.load import Rule
from aisles.rules.trial import (
    Excerpt,
    agreement,
    assignments,
    excerpts,
    found_by,
    overlap,
    samples,
    uncaught,
)
from aisles.rules.word_counts import counted
from aisles.rules.words import word_findings
from aisles.stages.job import Job, open_job, step
from aisles.stages.rules import RulesTry
from aisles.stages.vote_changes import rule_fields
from aisles.taxonomy import Taxonomy

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_WIDTH = 84
_MOST_ROWS = 10


@dataclass(frozen=True)
class Sample:
    """One product that the condition found, and where."""

    product_id: str
    excerpts: list[Excerpt]


@dataclass(frozen=True)
class RuleOverlap:
    """One existing rule: found products that it shares, and products that it votes on in all."""

    rule_id: str
    category_id: str
    path: str
    vote: int
    shared: int
    voted: int
    condition: str


@dataclass(frozen=True)
class Assigned:
    """One category and how many of the found products the model assigns to it."""

    category_id: str
    path: str
    assigned: int
    probability: float


@dataclass(frozen=True)
class Agreement:
    """What the model says of the found products about one category; probability is the mean."""

    assigned: int
    scored: int
    probability: float | None


@dataclass
class Trial:
    """What came of a condition; None stands for what there is no table for, or was not asked."""

    condition: str
    category: str
    path: str = ""
    findings: list[Finding] = field(default_factory=list)
    products: int = 0
    found: int = 0
    samples: list[Sample] = field(default_factory=list)
    rules: list[RuleOverlap] = field(default_factory=list)
    uncaught: int | None = None
    uncaught_here: int | None = None
    assigned: list[Assigned] = field(default_factory=list)
    agreement: Agreement | None = None
    yes: int | None = None
    no: int | None = None
    missing: list[str] = field(default_factory=list)


def attempt(params: RulesTry) -> None:
    """Prints what the condition finds.

    Raises:
        ValueError: for a condition with an error, an unknown category, and without products.
    """
    from aisles.stages.report import console
    from aisles.stages.rules_view import described, show_trial

    entry = Entry(0, Rule("", params.category, params.condition))
    findings = lint_one(entry)
    if entry.error:
        if not params.json:
            console().print(described(findings[0]))
        raise ValueError(f"the condition cannot be read: {entry.error}")
    if params.samples < 0:
        raise ValueError(f"--samples {params.samples}: expected a number of products")
    trial = tried(open_job(params), params, entry, findings)
    if params.json:
        print(jsons.dumps(asdict(trial), ensure_ascii=False, indent=2))
    else:
        show_trial(console(), trial)


def tried(job: Job, params: RulesTry, entry: Entry, findings: list[Finding]) -> Trial:
    """What the condition finds in the tables; writes nothing."""
    trial = Trial(params.condition, params.category, findings=findings)
    tree = _tree(job)
    if params.category:
        if params.category not in tree.index:
            raise ValueError(f"--category {params.category}: the table categories has no such id")
        trial.path = tree.paths[tree.index[params.category]]
    if not job.tables.exists("products"):
        raise ValueError("there is no table products; run aisles normalise, or name --tables")
    products = job.tables.read("products").filter("active")
    trial.products = products.count()
    with step("looking for its words"):
        trial.findings += word_findings([entry], counted(products, entry))
    found = found_by(params.condition)(products.select(*rule_fields())).persist()
    try:
        with step("matching"):
            trial.found = found.count()
        _ask(job, tree, trial, found, samples(found, products, params.samples))
    finally:
        found.unpersist()
    return trial


def _ask(job: Job, tree: Taxonomy, trial: Trial, found: DataFrame, drawn: DataFrame) -> None:
    """Fills in everything that is known of the found products."""
    for row in drawn.collect():
        texts = {k: v for k, v in row.asDict().items() if k != "evidence"}
        hits = [hit.asDict() for hit in row["evidence"]]
        trial.samples.append(Sample(row["product_id"], excerpts(texts, hits, _WIDTH)))
    with step("comparing with rules, scores and answers"):
        _ask_rules(job, tree, trial, found)
        _ask_model(job, tree, trial, found)
        _ask_people(job, tree, trial, found)


def _ask_rules(job: Job, tree: Taxonomy, trial: Trial, found: DataFrame) -> None:
    votes = _stored(job, trial, "rule_votes", "aisles label")
    if votes is None:
        return
    trial.uncaught = uncaught(found, votes)
    if trial.category:
        place = tree.index[trial.category]
        inside = tree.ids[place : int(tree.end[place])]
        trial.uncaught_here = uncaught(found, votes.filter(votes["category_id"].isin(*inside)))
    best = overlap(found, votes)
    rows = best.orderBy(best["shared"].desc(), "rule_id", "category_id").limit(_MOST_ROWS)
    current = job.tables.read("rules").filter("current")
    named = rows.join(current.select("rule_id", "condition"), "rule_id", how="left").collect()
    for row in sorted(named, key=lambda r: (-r["shared"], r["rule_id"], r["category_id"])):
        path = _path(tree, row["category_id"])
        told = (row["vote"], row["shared"], row["voted"], row["condition"] or "")
        trial.rules.append(RuleOverlap(row["rule_id"], row["category_id"], path, *told))


def _ask_model(job: Job, tree: Taxonomy, trial: Trial, found: DataFrame) -> None:
    scores = _stored(job, trial, "scores", "aisles score")
    if scores is None:
        return
    if trial.category:
        row = agreement(found, scores, trial.category).collect()[0]
        trial.agreement = Agreement(row["assigned"], row["scored"], row["probability"])
        return
    pairs = [(c, tree.ids[p]) for c, p in zip(tree.ids, tree.parent) if p >= 0]
    parents = job.spark.createDataFrame(pairs, "category_id string, parent_id string")
    frame = assignments(found, scores, parents)
    for row in frame.orderBy(frame["assigned"].desc(), "category_id").limit(_MOST_ROWS).collect():
        path = _path(tree, row["category_id"])
        trial.assigned.append(Assigned(row["category_id"], path, row[1], row["probability"]))


def _ask_people(job: Job, tree: Taxonomy, trial: Trial, found: DataFrame) -> None:
    from pyspark.sql import functions as F

    answers = _stored(job, trial, "human_labels", "aisles review") if trial.category else None
    if answers is None:
        return
    ours = answers.join(found, "product_id", how="left_semi")
    containing = above(job.spark, tree)
    pairs = found.select("product_id", F.lit(trial.category).alias("category_id"))
    said = judge(pairs, closed_answers(ours, containing), containing)
    row = said.agg(F.count_if(F.col("answer") > 0), F.count_if(F.col("answer") < 0)).collect()[0]
    trial.yes, trial.no = row[0], row[1]


def _tree(job: Job) -> Taxonomy:
    """The stored tree; an empty one where none is stored."""
    from aisles.stages.categories import stored_tree

    if not job.tables.exists("categories") or job.tables.read("categories").isEmpty():
        return Taxonomy.build([])
    return stored_tree(job)


def _path(tree: Taxonomy, category: str) -> str:
    return tree.paths[tree.index[category]] if category in tree.index else ""


def _stored(job: Job, trial: Trial, table: str, command: str) -> DataFrame | None:
    """The rows of the table; None, and a line in `missing`, when there are none yet."""
    frame = job.tables.read(table) if job.tables.exists(table) else None
    if frame is None or frame.isEmpty():
        trial.missing.append(f"the table {table} is empty; {command} fills it")
        return None
    return frame
