"""What a run shows at its end: stages, figures, where things are, example queries."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from aisles import files
from aisles.stages.job import Job
from aisles.stages.sql_names import register

if TYPE_CHECKING:
    from pyspark.sql import DataFrame
    from rich.console import Console

SHOWN = {
    "micro_f1": "micro F1",
    "macro_f1": "macro F1",
    "micro_precision": "micro precision",
    "micro_recall": "micro recall",
    "micro_ap": "micro avg precision",
    "macro_ap": "macro avg precision",
    "coverage": "coverage at precision",
    "precision_at_coverage": "precision there",
    "calibration_error_above_5_percent": "calibration error > 5 %",
    "coarse_recall": "recall of coarse truth",
}
_SMALLEST = 0.001
WIDE = 12
"""Columns from which a row is printed upright: side by side each would be a few signs wide."""
_GROUPS = {"in_shop": "seen shops", "left_out": "left out"}


def console() -> Console:
    """A console of 100 columns that remembers what it printed."""
    from rich.console import Console

    return Console(width=100, record=True, highlight=False)


def show(job: Job, queries: bool = False) -> None:
    """Prints the report and keeps it as a page beside the tables."""
    screen = console()
    screen.print(_stages(job))
    figures = _figures(job)
    if figures is not None:
        screen.print(figures)
    known = register(job.tables)
    if queries:
        for title, statement in example_queries():
            screen.print(f"\n[bold]{title}[/bold]\n{statement}")
            print_frame(screen, "", job.spark.sql(statement), 10)
    place = Path(job.config.tables.location).resolve()
    screen.print(f"\n{len(known)} Delta tables: {place}")
    if not job.config.tables.catalog:
        page = place.parent / "report.html"
        screen.print(f"This report as a page: {page}")
        page.write_text(screen.export_html(inline_styles=True), encoding="utf-8")


def example_queries() -> list[tuple[str, str]]:
    """(title, statement) of the queries in schemas/examples.sql."""
    blocks = files.text("schemas/examples/queries.sql").strip().split("\n\n")
    parted = [block.partition("\n") for block in blocks]
    return [(head.lstrip("- "), body.rstrip().rstrip(";")) for head, _, body in parted]


def print_frame(screen: Console, title: str, frame: DataFrame, most: int) -> None:
    """Prints at most so many rows of a frame as a table, wide ones row by row."""
    from rich.table import Table

    rows = frame.limit(most).collect()
    if len(frame.columns) > WIDE:
        for row in rows:
            screen.print(_upright(row.asDict(recursive=True)))
        return
    table = Table(title=title or None, show_lines=False)
    for name in frame.columns:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*[_cell(value) for value in row])
    screen.print(table)


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if not isinstance(value, float):
        return str(value)
    # What is hardly anything is still not nothing: a propensity of 0.0004.
    return f"{value:.2g}" if 0 < abs(value) < _SMALLEST else f"{value:.3f}"


def _upright(row: dict[str, object]) -> object:
    """One row with a line for each column, and for each entry of a map or list."""
    from rich.table import Table
    from rich.text import Text

    table = Table(show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in row.items():
        if isinstance(value, dict):
            entries = sorted((str(key), _cell(entry)) for key, entry in value.items())
            size = max((len(key) for key, _ in entries), default=0)
            lines = [f"{key:{size}}  {entry}" for key, entry in entries]
        else:
            lines = [_cell(entry) for entry in (value if isinstance(value, list) else [value])]
        table.add_row(name, Text("\n".join(lines) or "-"))
    return table


def _stages(job: Job) -> object:
    from rich.table import Table

    table = Table(title="Stages")
    for name, justify in (("stage", "left"), ("rows in", "right"), ("rows out", "right")):
        table.add_column(name, justify=justify)  # type: ignore[arg-type]
    table.add_column("seconds", justify="right")
    table.add_column("what else", overflow="fold")
    for name, account in job.done.items():
        more = [f"{k} {v:,.10g}" for k, v in account.figures.items() if "/" not in k][:8]
        more += [f"! {message}" for message in account.messages[:6]]
        row = [f"{account.rows_in:,}", f"{account.rows_out:,}", f"{account.seconds:,.0f}"]
        table.add_row(name, *row, "; ".join(more))
    total = sum(account.seconds for account in job.done.values())
    table.add_row("all", "", "", f"{total:,.0f}", "")
    return table


def _figures(job: Job) -> object | None:
    from rich.table import Table

    if "evaluate" not in job.done:
        return None
    rows = job.tables.read("figures").filter(f"run_date = DATE'{job.run_date}'").collect()
    if not rows:
        return None
    newest = max(rows, key=lambda row: int(row["model_version"]))["model_version"]
    value = {
        (r["basis"], r["products"], r["system"], r["figure"]): r
        for r in rows
        if r["model_version"] == newest
    }
    groups = sorted({key[:2] for key in value})
    rests = {
        group: max(r["count"] or 0 for k, r in value.items() if k[:2] == group) for group in groups
    }
    counts = "; ".join(f"{_GROUPS[g]} by {basis}: {n:,}" for (basis, g), n in rests.items())
    table = Table(
        title=f"Model version {newest} against rules alone, same test products",
        caption=f"test products: {counts} (left out: shops without any answer)",
    )
    table.add_column("figure", no_wrap=True)
    for basis, group in groups:
        for system in ("rules", "model"):
            table.add_column(f"{system}\n{_GROUPS[group]}\nby {basis}", justify="right")
    for figure, name in SHOWN.items():
        cells = [
            _cell(row["value"]) if (row := value.get((*group, system, figure))) else "-"
            for group in groups
            for system in ("rules", "model")
        ]
        if any(cell != "-" for cell in cells):
            table.add_row(name, *cells)
    return table
