"""Checks a rule table before it is let in, and tries one condition on the products."""

from __future__ import annotations

from dataclasses import dataclass

from aisles.stages.params import REQUIRED, Common, param


@dataclass(frozen=True, kw_only=True)
class RulesCheck(Common):
    """Checks a rule table: errors, rules and parts without effect, words that no product has."""

    file: str = param(REQUIRED, "CSV rule_id,category_id,condition,enabled,author_note", place=True)
    categories: str = param("", "CSV of the category tree; default: as stored under --tables")
    severity: str = param("note", "show findings from this one up: note, warning or error")
    json: bool = param(False, "print the findings as JSON")
    csv: bool = param(False, "print the findings as CSV")


@dataclass(frozen=True, kw_only=True)
class RulesTry(Common):
    """Tries a condition: how many products, samples, overlap with rules, model and people."""

    condition: str = param(REQUIRED, "the condition, in single quotes for the shell", place=True)
    category: str = param("", "category_id that a rule with it would be for")
    samples: int = param(10, "products to show")
    json: bool = param(False, "print the result as JSON")


def run(params: RulesCheck | RulesTry) -> None:
    """Runs the command.

    Raises:
        ValueError: when the table or the condition has errors, or cannot be looked at.
    """
    if isinstance(params, RulesCheck):
        from aisles.stages.rules_check import check

        check(params)
    else:
        from aisles.stages.rules_try import attempt

        attempt(params)
