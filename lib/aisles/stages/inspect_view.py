"""The report on one file as tables for a terminal of 100 columns."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from aisles.products.quality import FIELDS
from aisles.stages.inspect_columns import Column
from aisles.stages.inspect_warnings import share

if TYPE_CHECKING:
    from aisles.feeds.formats import Format
    from aisles.stages.inspect_file import Report

MOST_COLUMNS = 60
_CHARS = 200
_POINTS = re.compile(r"^(.*?) \(([+-][0-9.]+)\)$")
_ROLES = [field.role for field in FIELDS]
_SIGNS = {"\t": "tab", " ": "space", "\x01": "the sign 0x01"}


def show(screen: Console, report: Report) -> None:
    """Prints the whole report."""
    parts: list[Table | Text] = [_head(report)]
    if report.refusals:
        parts += [_refusals(report)]
    if report.kept:
        empty = [column.name for column in report.columns if not column.filled]
        bare = [field.field for field in report.fields if _bare(field)]
        parts += [_columns(report), _folded("empty columns", empty)]
        parts += [_folded("the same in all records, no part of all_text", report.constant)]
        parts += [_fields(report), _folded("no column for", bare)]
    for part in parts:
        if part:
            screen.print(part)
    screen.print()
    for warning in report.warnings:
        screen.print(Text(f"! {plain(warning, 1000)}", style="bold yellow"))
    screen.print(_number(len(report.warnings), "warning"))
    for sentence in report.unknown:
        screen.print(Text(f"not known here: {sentence}", style="dim"))


def plain(text: str, most: int = _CHARS) -> str:
    """The text on one line, cut, without signs that steer a terminal."""
    line = " ".join(text[: 4 * most].split())[:most]
    return "".join(sign if sign.isprintable() else "·" for sign in line)


def described(form: Format) -> str:
    """What was found of a file's format, in words."""
    parts: list[str] = [form.compression] if form.compression != "none" else []
    parts.append(form.container)
    if form.container != "parquet":
        parts.append(form.encoding)
    if form.record_element:
        parts.append(f"one record is {form.record_element}")
    if form.container == "delimited":
        parts.append(f"delimiter {_SIGNS.get(form.delimiter, form.delimiter)}")
        parts.append(f"quote {form.quote}" if form.quote else "no quoting")
        parts += [f"escape {form.escape}"] * (form.escape is not None)
        head = "header of" if form.header else "no header,"
        parts.append(f"{head} {_number(len(form.columns), 'column')}")
        parts += ["HDR and TRL lines"] * form.has_trailer_marks
    if form.members:
        parts.append(f"of the archive: {', '.join(form.members)}")
    return ", ".join(parts)


def _head(report: Report) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    shared = report.shared
    lost = [r for r in report.refusals if r.stage == "normalise"]
    about = "" if shared.one_in == 1 else f" (about: one id in {shared.one_in} was counted)"
    state = {True: "complete", False: "TRUNCATED", None: "not read to its end"}[report.complete]
    lines = {
        "file": report.file,
        "feed": f"{report.network}/{report.retailer}",
        "format": "unknown" if report.format is None else described(report.format),
        "end": f"{state}: {report.ends}",
        "records": f"{report.read:,} read = {report.kept:,} kept + {report.rejected:,} rejected",
        "products": f"{shared.products:,} products, {shared.duplicates:,} duplicates, "
        f"{sum(r.records for r in lost):,} rejected{about}",
        "language": ", ".join(report.languages) or "not told by its texts",
    }
    for name, value in lines.items():
        table.add_row(name, Text(plain(value, 500)))
    return table


def _refusals(report: Report) -> Table:
    table = _table("Rejected", [("stage", 9), ("reason", 29)], [("records", 10), ("such as", 13)])
    table.columns[1].no_wrap = False
    table.add_column("raw text", width=30, no_wrap=True)
    for refusal in report.refusals:
        numbers = [f"{refusal.records:,}", f"no {refusal.record_no:,}"]
        table.add_row(*map(_cell, (refusal.stage, refusal.reason, *numbers, refusal.raw)))
    return table


def _columns(report: Report) -> Table:
    filled = [column for column in report.columns if column.filled]
    filled.sort(key=lambda c: _ROLES.index(c.role) if c.role else len(_ROLES))
    table = _table(
        f"Columns, roles from {_number(report.sampled, 'record')}",
        [("column", 16), ("role", 19)],
        [("sure", 4), ("filled", 6), ("distinct", 8)],
    )
    table.add_column("values", width=17, no_wrap=True)
    table.add_column("why", width=17)
    table.columns[0].no_wrap = False
    table.caption = "sure: 0 to 1; filled: % of the records; distinct: about, from 2,048 up"
    for column in filled[:MOST_COLUMNS]:
        values = Text("\n").join(map(_cell, column.samples))
        sure = f"{column.confidence:.2f}" if column.role else ""
        numbers = [sure, _percent(column.filled, report.kept), f"{column.distinct:,}"]
        names = [_cell(text) for text in (column.name, column.role or "-", *numbers)]
        table.add_row(*names, values, _cell(", ".join(_why(column))))
    if len(filled) > MOST_COLUMNS:
        table.add_row(Text(f"and {len(filled) - MOST_COLUMNS:,} more", style="dim"))
    return table


def _why(column: Column) -> list[str]:
    """The two clues that weigh most; what the header says comes before what the values say."""
    clues = [part.strip() for part in column.why.split(";")]
    weighed = [(found[1], float(found[2])) for clue in clues if (found := _POINTS.match(clue))]
    named = [clue.replace(f"'{column.name}'", "").strip() for clue in clues if "header" in clue]
    best = [clue for clue, points in sorted(weighed, key=lambda c: -c[1]) if points > 0]
    return [*named, *best][:2] or clues[:1]


def _fields(report: Report) -> Table:
    table = _table("Fields", [("field", 19), ("from", 17)], [("filled", 6), ("valid", 6)])
    table.add_column("sample, cleaned", width=19, no_wrap=True)
    table.add_column("not understood", width=20)
    table.columns[1].no_wrap = False
    for field in report.fields:
        if _bare(field):
            continue
        odd = "; ".join(plain(text, 40) for text in field.odd)
        numbers = [_percent(field.filled, report.kept), _percent(field.valid, field.filled)]
        texts = (field.field, ", ".join(field.columns) or "price", *numbers, field.sample or "-")
        table.add_row(*map(_cell, texts), _cell(f"{field.unclear}: {odd}" if odd else ""))
    table.caption = "filled: % of the records; valid: % of the filled that were understood"
    return table


def _bare(field: object) -> bool:
    return not field.columns and not field.filled  # type: ignore[attr-defined]


def _table(
    title: str, texts: Iterable[tuple[str, int]], numbers: Iterable[tuple[str, int]]
) -> Table:
    table = Table(
        title=f"\n{title}",
        title_justify="left",
        title_style="bold",
        caption_justify="left",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        padding=(0, 1, 0, 0),
    )
    for name, width in texts:
        table.add_column(name, width=width, no_wrap=True, overflow="fold")
    for name, width in numbers:
        table.add_column(name, width=width, justify="right", no_wrap=True)
    return table


def _folded(name: str, values: list[str]) -> Text:
    return Text(plain(f"{name}: {', '.join(values)}", 400) if values else "", style="dim")


def _number(count: int, name: str) -> str:
    return f"{count:,} {name}{'' if count == 1 else 's'}"


def _percent(part: int, whole: int) -> str:
    return share(part, whole).removesuffix(" %") if whole else ""


def _cell(text: str) -> Text:
    return Text(plain(text))
