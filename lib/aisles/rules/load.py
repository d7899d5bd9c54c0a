"""Rules from their CSV table."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TextIO

from aisles.rules.grammar import parse
from aisles.rules.tokens import RuleError, shown

COLUMNS = ("rule_id", "category_id", "condition", "enabled", "author_note")
EFFECTS = ("is", "is_not")


@dataclass(frozen=True)
class Rule:
    """One version of one rule; `error` is None or "position N: reason" of its condition."""

    rule_id: str
    category_id: str
    condition: str
    enabled: bool = True
    effect: str = "is"
    rule_version: int = 1
    author_note: str = ""
    error: str | None = None


def condition_error(condition: str) -> str | None:
    """None for a condition that can be read, else "position N: reason"."""
    try:
        parse(condition)
    except RuleError as error:
        return str(error)
    return None


def read_rules(source: str | os.PathLike[str] | TextIO) -> list[Rule]:
    """One `Rule` per row of a rule table, in the order of the file.

    A condition that cannot be read is reported in `Rule.error` and stops nothing. Raises
    ValueError with the line for a table that is wrong itself: a missing column, a row of
    another width, `enabled` other than true or false, an unknown effect, a rule_id seen before.
    """
    if isinstance(source, str | os.PathLike):
        with open(source, encoding="utf-8-sig", newline="") as stream:
            return _unique(_rows(stream))
    return _unique(_rows(source))


def _unique(rows: Iterator[tuple[int, dict[str, str]]]) -> list[Rule]:
    lines: dict[str, int] = {}
    rules: list[Rule] = []
    for line, row in rows:
        rule = rule_of(line, row)
        if rule.rule_id in lines:
            first = lines[rule.rule_id]
            raise ValueError(
                f"rules: rule_id {rule.rule_id} stands on line {first} and again on line {line}; "
                "give each rule an id of its own"
            )
        lines[rule.rule_id] = line
        rules.append(rule)
    return rules


def _rows(stream: TextIO) -> Iterator[tuple[int, dict[str, str]]]:
    """(first line, column -> cell) of each record."""
    for line, header, cells in records(stream):
        check_width(line, header, cells)
        yield line, dict(zip(header, cells))


def records(stream: TextIO) -> Iterator[tuple[int, list[str], list[str]]]:
    """(first line, header, cells) of each record of any width; blank lines are passed over."""
    reader = csv.reader(stream)
    header = next(reader, [])
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        raise ValueError(f"rules: no column {', '.join(missing)}; the header is {header}")
    line = reader.line_num + 1
    for cells in reader:
        if cells:
            yield line, header, cells
        line = reader.line_num + 1


def check_width(line: int, header: list[str], cells: list[str]) -> None:
    """Raises ValueError for a record with another number of cells than the header."""
    if len(cells) != len(header):
        raise ValueError(
            f"rules: line {line} has {len(cells)} cells, the header {len(header)}; "
            "quote cells that hold commas"
        )


def rule_of(line: int, row: dict[str, str]) -> Rule:
    """The rule of one record; raises ValueError for a cell that no rule can have."""
    effect = row.get("effect") or "is"
    _one_of(line, "enabled", row["enabled"], ("true", "false"))
    _one_of(line, "effect", effect, EFFECTS)
    for name in ("rule_id", "category_id"):
        if not row[name].strip():
            raise ValueError(f"rules: {name} on line {line} is blank")
    return Rule(
        rule_id=row["rule_id"],
        category_id=row["category_id"],
        condition=row["condition"],
        enabled=row["enabled"] == "true",
        effect=effect,
        author_note=row["author_note"],
        error=condition_error(row["condition"]),
    )


def _one_of(line: int, column: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(
            f"rules: {column} on line {line} is {shown(value)}, expected {' or '.join(allowed)}"
        )
