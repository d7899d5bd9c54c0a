"""Checks a rule table without products: errors, and what in it cannot have been meant."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from aisles.rules.findings import SEVERITIES, Entry, Finding
from aisles.rules.lint_pairs import pair_findings
from aisles.rules.lint_parts import part_findings
from aisles.rules.lint_strings import string_findings
from aisles.rules.places import Place

__all__ = ["lint", "lint_one", "ordered"]


def lint(entries: Sequence[Entry], categories: Collection[str] | None = None) -> list[Finding]:
    """Findings on all rules, in the order of the file.

    categories: the ids that there are; None leaves that question out.
    """
    found = [finding for entry in entries for finding in lint_one(entry)]
    if categories is not None:
        found += [_unknown(e) for e in entries if e.rule.category_id not in categories]
    hopeless = {f.line for f in found if f.code in ("syntax", "never_true", "always_true")}
    found += pair_findings([entry for entry in entries if entry.line not in hopeless])
    return ordered(found)


def lint_one(entry: Entry) -> list[Finding]:
    """Findings on one rule by itself."""
    error = entry.error
    if error is None:
        return [*part_findings(entry), *string_findings(entry)]
    at = Place(error.position, error.position + 1)
    advice = "The rule is skipped until this is mended."
    return [entry.finding(at, "error", "syntax", error.reason, advice)]


def ordered(findings: Iterable[Finding]) -> list[Finding]:
    """The findings by line, place and severity."""
    return sorted(
        findings, key=lambda f: (f.line, f.start or 0, SEVERITIES.index(f.severity), f.code)
    )


def _unknown(entry: Entry) -> Finding:
    message = f"category {entry.rule.category_id} is not in categories"
    advice = "The rule is skipped until the category is there."
    return entry.finding(None, "error", "category", message, advice)
