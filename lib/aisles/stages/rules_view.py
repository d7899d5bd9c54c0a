"""Findings on rules, and a condition that was tried, for a terminal of 100 columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Console, Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from aisles.rules.findings import SEVERITIES, Finding, short

if TYPE_CHECKING:
    from aisles.stages.rules_try import Trial

WIDTH = 92
_STYLES = {"error": "bold red", "warning": "bold yellow", "note": "bold cyan"}


def show_findings(
    screen: Console, findings: Sequence[Finding], rules: int, counts: Mapping[str, int]
) -> None:
    """Prints the findings rule by rule, and how many there are of each severity."""
    for (line, rule_id), group in groupby(findings, key=lambda f: (f.line, f.rule_id)):
        screen.print(Text(f"line {line}, rule {rule_id or 'without id'}", style="bold"))
        for finding in group:
            screen.print(Padding(described(finding), (0, 0, 0, 2), expand=False))
        screen.print()
    told = ", ".join(number(counts.get(name, 0), name) for name in SEVERITIES)
    screen.print(f"{number(rules, 'rule')}: {told}")


def described(finding: Finding) -> Group:
    """The condition with carets under the part that is meant, the message and the advice."""
    at = "" if finding.start is None else f" at position {finding.start}"
    message = Text(f"{finding.severity}{at}: ", style=_STYLES[finding.severity])
    message.append(_plain(finding.message), style="default not bold")
    parts = [message, Text(_plain(finding.advice), style="dim")]
    if finding.start is None or finding.end is None:
        return Group(*parts)
    if finding.end - finding.start >= len(finding.condition.strip()):
        return Group(Text(_plain(short(finding.condition, 3 * WIDTH))), *parts)
    text, carets = pointed(finding.condition, finding.start, finding.end)
    return Group(Text(text), Text(carets, style=_STYLES[finding.severity]), *parts)


def pointed(condition: str, start: int, end: int, width: int = WIDTH) -> tuple[str, str]:
    """A line of the condition, cut where it is long, and a line of carets under [start, end)."""
    line = _plain(condition)
    low = 0 if len(line) <= width else max(0, min(start - width // 4, len(line) - width))
    high = min(len(line), low + width)
    cut = ("…" if low else line[:1]) + line[low + 1 : high]
    cut = cut[:-1] + "…" if high < len(line) else cut
    length = cell_len(line[start : max(start + 1, min(end, high))]) or 1
    return cut, " " * cell_len(cut[: start - low]) + "^" * length


def show_trial(screen: Console, trial: Trial) -> None:
    """Prints what came of a condition that was tried."""
    share = f" ({trial.found / trial.products:.2%})" if trial.products else ""
    told = f"{number(trial.found, 'product')} of {trial.products:,}{share}"
    screen.print(Text(f"{told}: {_plain(trial.condition)}", style="bold"))
    for finding in trial.findings:
        screen.print(Padding(described(finding), (0, 0, 0, 2), expand=False))
    parts = [_samples(trial), _rules(trial), _model(trial), _people(trial)]
    for part in parts:
        if part is not None:
            screen.print()
            screen.print(part)
    for line in trial.missing:
        screen.print(Text(f"\n! {line}", style="bold yellow"))


def _samples(trial: Trial) -> Group | None:
    lines: list[Text] = []
    for sample in trial.samples:
        lines.append(Text(_plain(sample.product_id), style="dim", overflow="ellipsis"))
        for field, text, spans in sample.excerpts:
            line = Text(f"  {field[:11]:11} ", style="dim")
            found = Text(text, style="not dim")
            for start, end in spans:
                found.stylize("bold black on yellow", start, end)
            lines.append(line.append(found))
    head = Text(f"Samples: {len(trial.samples):,} of {trial.found:,}", style="bold")
    return Group(head, *lines) if lines else None


def _rules(trial: Trial) -> Group | None:
    if trial.uncaught is None:
        return None
    lines = [f"{trial.uncaught:,} of {trial.found:,} are caught by no rule yet"]
    if trial.uncaught_here is not None:
        where = f"{trial.category} {trial.path}".strip()
        lines.append(f"{trial.uncaught_here:,} by none of category {where} or below it")
    table = Table(box=None, padding=(0, 2, 0, 0))
    for name in ("shared", "of ours", "rule finds"):
        table.add_column(name, justify="right")
    for name, width in (("rule", 10), ("category", 22), ("condition", 32)):
        table.add_column(name, width=width, no_wrap=True, overflow="ellipsis")
    for rule in trial.rules:
        told = [f"{rule.shared:,}", f"{rule.shared / trial.found:.0%}", f"{rule.voted:,}"]
        sign = "not " if rule.vote < 0 else ""
        texts = [rule.rule_id, sign + (rule.path or rule.category_id), rule.condition]
        table.add_row(*told, *(Text(_plain(text)) for text in texts))
    head = Text("Existing rules", style="bold")
    return Group(head, *map(Text, lines), *([table] if trial.rules else []))


def _model(trial: Trial) -> Group | None:
    head = Text("The model", style="bold")
    one = trial.agreement
    if one is not None:
        rest = trial.found - one.scored
        mean = "" if one.probability is None else f", mean probability {one.probability:.2f}"
        lines = [
            f"{one.assigned:,} of {trial.found:,} are assigned to {trial.path or trial.category}",
            f"{one.scored - one.assigned:,} are scored but not assigned, {rest:,} below the floor",
            f"of those with a score{mean}" if mean else "none has a score",
        ]
        return Group(head, *map(Text, lines))
    if not trial.assigned:
        return None
    table = Table(box=None, padding=(0, 2, 0, 0))
    for name in ("assigned", "of ours", "mean probability"):
        table.add_column(name, justify="right")
    table.add_column("category (the lowest)", width=52, no_wrap=True, overflow="ellipsis")
    for row in trial.assigned:
        share = f"{row.assigned / trial.found:.0%}"
        told = [f"{row.assigned:,}", share, f"{row.probability:.2f}"]
        table.add_row(*told, Text(_plain(f"{row.category_id} {row.path}")))
    return Group(head, table)


def _people(trial: Trial) -> Text | None:
    if trial.yes is None or trial.no is None:
        return None
    told = f"People: {trial.yes:,} yes, {trial.no:,} no"
    return Text(f"{told} among these products for {trial.path or trial.category}")


def number(count: int, name: str) -> str:
    """A count with its noun."""
    return f"{count:,} {name}{'' if count == 1 else 's'}"


def _plain(text: str) -> str:
    """The text on one line, sign by sign, without those that steer a terminal."""
    return "".join(s if s.isprintable() else " " if s.isspace() else "·" for s in text)
