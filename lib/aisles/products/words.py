"""The small tables of words beside this module."""

from __future__ import annotations

import csv
from importlib.resources import files


def rows(name: str) -> list[dict[str, str]]:
    """The rows of one CSV table of this package, by column name."""
    text = files("aisles.products").joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
