"""What a check of rules says: findings, and the rules that they are about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TextIO

from aisles.rules.grammar import And, Contains, Is, Matches, Node, Not, Or, Price, parse
from aisles.rules.load import Rule, check_width, records, rule_of
from aisles.rules.places import Path, Place, place_of
from aisles.rules.tokens import RuleError

SEVERITIES = ("error", "warning", "note")
_LONGEST = 70
Predicate = Contains | Matches | Is | Price


@dataclass(frozen=True)
class Finding:
    """One remark on one rule: how bad it is, what it is, and what to do.

    line: of the file, from 1; 0 where there is no file. start, end: code points of the condition
    from 0, the end exclusive; None for a remark on the whole row.
    """

    rule_id: str
    line: int
    start: int | None
    end: int | None
    severity: str
    code: str
    message: str
    advice: str
    condition: str


@dataclass(frozen=True)
class Entry:
    """One rule and the line of the file on which it begins."""

    line: int
    rule: Rule

    @cached_property
    def error(self) -> RuleError | None:
        """Why the condition cannot be read; None when it can."""
        try:
            parse(self.rule.condition)
        except RuleError as error:
            return error
        return None

    @cached_property
    def node(self) -> Node:
        """The condition, which can be read."""
        return parse(self.rule.condition)

    @cached_property
    def place(self) -> Place:
        """The places of the parts of the condition, which can be read."""
        return place_of(self.rule.condition)

    @property
    def named(self) -> str:
        """The rule's id, and whether it is disabled."""
        return f"rule {self.rule.rule_id}{'' if self.rule.enabled else ' (disabled)'}"

    def shown(self, path: Path) -> str:
        """The text of one part of the condition, shortened in its middle."""
        place = self.place.at(path)
        return short(self.rule.condition[place.start : place.end])

    def finding(
        self, at: Place | None, severity: str, code: str, message: str, advice: str
    ) -> Finding:
        """A finding on one part of the condition; at None: on the row."""
        start, end = (at.start, at.end) if at else (None, None)
        return Finding(
            self.rule.rule_id,
            self.line,
            start,
            end,
            severity,
            code,
            message,
            advice,
            self.rule.condition,
        )


def short(text: str, most: int = _LONGEST) -> str:
    """The text on one line, its middle left out where it is long."""
    line = " ".join(text.split())
    half = most // 2 - 1
    return line if len(line) <= most else f"{line[:half].rstrip()} … {line[-half:].lstrip()}"


def predicates(node: Node, path: Path = ()) -> Iterator[tuple[Path, Predicate]]:
    """The way to each predicate of a condition, and the predicate, from left to right."""
    if isinstance(node, Not):
        yield from predicates(node.child, (*path, 0))
    elif isinstance(node, And | Or):
        for number, child in enumerate(node.children):
            yield from predicates(child, (*path, number))
    else:
        yield path, node


def read_entries(stream: TextIO) -> tuple[list[Entry], list[Finding]]:
    """The rules of a rule table, and findings on rows that are none or repeat an id.

    Raises:
        ValueError: when the table lacks a column.
    """
    entries: list[Entry] = []
    findings: list[Finding] = []
    lines: dict[str, int] = {}
    for line, header, cells in records(stream):
        row = dict(zip(header, cells))
        try:
            check_width(line, header, cells)
            entry = Entry(line, rule_of(line, row))
        except ValueError as error:
            reason = str(error).removeprefix("rules: ")
            blank = Rule(row.get("rule_id", ""), "", row.get("condition", ""))
            advice = "The whole table is refused until this is mended."
            findings.append(Entry(line, blank).finding(None, "error", "row", reason, advice))
            continue
        entries.append(entry)
        first = lines.setdefault(entry.rule.rule_id, line)
        if first != line:
            message = f"the rule_id stands on line {first} already"
            advice = "Give the rule an id of its own; the whole table is refused until then."
            findings.append(entry.finding(None, "error", "same_id", message, advice))
    return entries, findings
