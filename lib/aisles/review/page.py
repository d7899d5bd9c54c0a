"""The rule report as one HTML page that needs nothing else: no network, no server."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files

import pyarrow as pa

_PARTS = {"/*STYLE*/": "page.css", "/*SCRIPT*/": "page.js"}


def page(rules: pa.Table, categories: pa.Table, active: int) -> str:
    """The page, from the rows of both tables with condition, author_note and path.

    Text of feeds stands in it as JSON data only, and the script sets it as text, never as markup.
    """
    data = {
        "active": active,
        "rules": rules.sort_by("rule_id").to_pylist(),
        "categories": categories.sort_by("path").to_pylist(),
    }
    return _frame().replace("/*DATA*/", _json(data))


def _json(data: object) -> str:
    """JSON that cannot end the element it stands in."""
    return json.dumps(data, ensure_ascii=False, allow_nan=False).replace("<", "\\u003c")


@cache
def _frame() -> str:
    here = files(__package__)
    text = here.joinpath("page.html").read_text(encoding="utf-8")
    for mark, name in _PARTS.items():
        text = text.replace(mark, here.joinpath(name).read_text(encoding="utf-8"))
    return text
