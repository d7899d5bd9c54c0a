"""What stands around the records of a JSON feed: objects that hold them, tables before them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from aisles.feeds.jsonrow import LEVELS, cells_of
from aisles.feeds.records import storable
from aisles.feeds.references import References, tables_in
from aisles.feeds.vocabulary import tells_currency

MOST_CELLS = 20
MOST_CHARS = 500
_LEVELS = re.compile(LEVELS)


@dataclass
class Frame:
    """A list or object on the way to the records.

    ``level`` counts the path's keys that lead here; ``key`` is the one whose value comes next;
    ``name`` is the key under which it stands. ``cells`` are the plain values met in it so far.
    """

    is_list: bool
    level: int
    key: str | None = None
    name: str = ""
    says_something: bool = False
    cells: dict[str, str] = field(default_factory=dict)


class Around:
    """The lists and objects that are open around the next record."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.references = References()
        self._above: list[tuple[str, str]] | None = []

    def open(self, is_list: bool, level: int) -> None:
        """Goes into a list or object below the innermost one.

        An object that stands in no list says the same of all records, so nothing of it is kept but
        the currency of the prices.
        """
        top = self.frames[-1] if self.frames else None
        name = "" if top is None else top.name if top.is_list else (top.key or "")
        several = top is not None and top.is_list and not is_list
        named = not is_list and _LEVELS.search(name) is not None
        self.frames.append(Frame(is_list, level, None, name, several or named))

    def close(self) -> None:
        """Leaves the innermost list or object."""
        if self.frames and self.frames.pop().cells:
            self._above = None

    def put(self, value: Any) -> None:
        """Takes what stands in the innermost object beside the way to the records."""
        top = self.frames[-1]
        if isinstance(value, dict | list):
            for kind, entry in tables_in(top.key or "", value):
                self.references.add(kind, entry)
        if isinstance(value, dict) and not top.says_something:
            self._take_currency(top, value)
        currency = isinstance(value, str) and tells_currency(top.key or "", value)
        if currency or (top.says_something and not isinstance(value, list)):
            for name, text in _leaves({top.key or "": value}):
                short = " ".join(text[:MOST_CHARS].split())
                if short and len(top.cells) < MOST_CELLS:
                    top.cells.setdefault(name, storable(short))
            self._above = None

    def _take_currency(self, top: Frame, beside: dict[str, Any]) -> None:
        """Takes the currency of an object that stands beside the way: `shop: {currency: EUR}`."""
        for key, text in beside.items():
            if isinstance(text, str) and tells_currency(key, text) and len(top.cells) < MOST_CELLS:
                top.cells.setdefault(f"{top.key}.{key}", text)
                self._above = None

    def joined(self, cells: Sequence[tuple[str, str]]) -> Sequence[tuple[str, str]]:
        """A record's cells after those of the objects around it: ``../categories.name``."""
        if self._above is None:
            self._above = self._cells()
        return self.references.joined([*self._above, *cells] if self._above else cells)

    def _cells(self) -> list[tuple[str, str]]:
        found: dict[str, str] = {}
        for frame in self.frames:
            for name, text in frame.cells.items():
                column = f"../{frame.name}.{name}" if frame.name else f"../{name}"
                if column in found:
                    found[column] = f"{found[column]} > {text}"[: 2 * MOST_CHARS]
                elif len(found) < MOST_CELLS:
                    found[column] = text
        return list(found.items())


def _leaves(value: dict[str, Any]) -> list[tuple[str, str]]:
    try:
        return cells_of(value)
    except RecursionError:
        return []
