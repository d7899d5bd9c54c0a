"""products, rules, human_labels → categories, rules, rule_votes, labels."""

from __future__ import annotations

import dataclasses
from typing import Any

from aisles.rules.load import Rule, read_rules
from aisles.stages.categories import stored_tree, update_categories
from aisles.stages.job import Account, Job
from aisles.stages.label_changes import update_labels
from aisles.stages.params import Label
from aisles.stages.vote_changes import update_votes
from aisles.taxonomy import Taxonomy

_CONTENT = ("category_id", "effect", "condition", "enabled")


def run(job: Job, params: Label, account: Account) -> None:
    """Applies the rules in force to the active products and joins votes with answers."""
    tree = update_categories(job, params.categories) if params.categories else stored_tree(job)
    rules = _update_rules(job, params.rules, tree)
    for rule in rules:
        if rule.error:
            account.warn(f"rule {rule.rule_id}: {rule.error}")
    changed = update_votes(job, rules)
    labelled = update_labels(job, tree, changed)
    stored = job.tables.read("rule_votes")
    account.rows_in = changed.products_matched
    account.rows_out = job.tables.read("labels").count()
    account.figures.update(
        rules=len(rules),
        rules_broken=sum(rule.error is not None for rule in rules),
        rules_matched=changed.rules_matched,
        products_labelled=changed.products_matched if labelled < 0 else labelled,
        votes=stored.count(),
        products_voted=stored.select("product_id").distinct().count(),
    )


def _update_rules(job: Job, path: str, tree: Taxonomy) -> list[Rule]:
    """Stores a rule file as versions and returns the rules in force."""
    before = [row.asDict() for row in job.tables.read("rules").collect()]  # a few thousand
    rules = _checked(read_rules(path), tree) if path else []
    stored = _versions(before, rules) if path else [_rechecked(row, tree) for row in before]
    if stored:
        schema = (
            "rule_id string, rule_version int, category_id string, effect string,"
            " condition string, enabled boolean, author_note string, error string,"
            " current boolean"
        )
        names = [part.split()[0] for part in schema.split(", ")]
        rows = [tuple(row[name] for name in names) for row in stored]
        if set(rows) != {tuple(row[name] for name in names) for row in before}:
            job.tables.replace("rules", job.spark.createDataFrame(rows, schema), "true")
    if not stored:
        raise ValueError("the table rules is empty; give --rules CSV once")
    fields = {field.name for field in dataclasses.fields(Rule)}
    return [
        Rule(**{key: value for key, value in row.items() if key in fields})
        for row in stored
        if row["current"]
    ]


def _checked(rules: list[Rule], tree: Taxonomy) -> list[Rule]:
    """The rules, those that speak of an unknown category marked as broken."""
    return [
        rule
        if rule.error or rule.category_id in tree.index
        else dataclasses.replace(rule, error=_stranger(rule.category_id))
        for rule in rules
    ]


def _rechecked(row: dict[str, Any], tree: Taxonomy) -> dict[str, Any]:
    """A stored rule in a tree that may have changed since."""
    stranger = _stranger(str(row["category_id"]))
    if row["error"] not in (None, stranger):
        return row
    return {**row, "error": None if row["category_id"] in tree.index else stranger}


def _stranger(category_id: str) -> str:
    return f"category {category_id} is not in categories"


def _versions(stored: list[dict[str, Any]], rules: list[Rule]) -> list[dict[str, Any]]:
    """All versions after this file: a changed rule gets the next number, a lost one is closed."""
    newest: dict[object, dict[str, object]] = {}
    for row in sorted(stored, key=lambda row: int(str(row["rule_version"]))):
        newest[row["rule_id"]] = row
    kept = {(row["rule_id"], row["rule_version"]): {**row, "current": False} for row in stored}
    for rule in rules:
        row = dataclasses.asdict(rule)
        last = newest.get(rule.rule_id)
        version = int(str(last["rule_version"])) if last else 0
        same = last is not None and all(last[key] == row[key] for key in _CONTENT)
        row["rule_version"] = version if same else version + 1
        kept[(rule.rule_id, row["rule_version"])] = {**row, "current": True}
    return list(kept.values())
