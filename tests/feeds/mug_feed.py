"""Columns of a small feed to which a test adds those that it is about."""

from __future__ import annotations

import random

from aisles.feeds.infer import ColumnSample, infer

ROWS = 60
Columns = dict[str, list[str | None]]


def roles_of(columns: Columns, header: bool = True) -> dict[str, str]:
    """Column -> its role, of those that have one."""
    found = infer([ColumnSample(name, values) for name, values in columns.items()], header=header)
    return {one.column: one.role for one in found if one.role}


def mugs(**more: list[str | None]) -> Columns:
    """Titles and links of ``ROWS`` mugs, and these columns."""
    rng = random.Random(1)
    things = [f"{rng.choice(['Blue', 'Red', 'Old'])} enamel mug no {n}" for n in range(ROWS)]
    links = [f"https://shop.example/p/{n}" for n in range(ROWS)]
    return {"title": list(things), "link": list(links), **more}
