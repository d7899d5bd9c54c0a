"""The category tree in depth-first order, so that every subtree is an interval."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Taxonomy:
    """A forest of categories in preorder: the subtree of node i is the interval [i, end[i]).

    ids, names, paths: one string a node. parent: int32 (C,), -1 for a root, always before its
    children. end: int32 (C,). level: int32 (C,), 1 for a root.
    """

    ids: tuple[str, ...]
    names: tuple[str, ...]
    paths: tuple[str, ...]
    parent: NDArray[np.int32]
    end: NDArray[np.int32]
    level: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def index(self) -> dict[str, int]:
        """Place of each category id."""
        return {category: place for place, category in enumerate(self.ids)}

    @staticmethod
    def build(rows: Iterable[tuple[str, str | None, str]]) -> Taxonomy:
        """The tree of (category_id, parent_id or blank, name) rows, siblings in the rows' order.

        Raises ValueError for a duplicate or blank id, an unknown parent, and a cycle.
        """
        nodes: dict[str, tuple[str | None, str]] = {}
        for category, parent, name in rows:
            if not category:
                raise ValueError(f"categories: a row without category_id (name {name!r})")
            if category in nodes:
                raise ValueError(f"categories: category_id {category!r} stands twice")
            nodes[category] = (parent or None, name)
        children: dict[str | None, list[str]] = {}
        for category, (parent, _) in nodes.items():
            if parent is not None and parent not in nodes:
                raise ValueError(f"categories: parent_id {parent!r} of {category!r} is no category")
            children.setdefault(parent, []).append(category)
        return _preorder(nodes, children)

    @staticmethod
    def read(path: str | Path) -> Taxonomy:
        """The tree of a CSV file with the columns category_id, parent_id and name."""
        with open(path, encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            missing = {"category_id", "parent_id", "name"} - set(reader.fieldnames or ())
            if missing:
                raise ValueError(
                    f"{path}: column {', '.join(sorted(missing))} is missing; expected "
                    f"category_id,parent_id,level,name,path, came {reader.fieldnames}"
                )
            return Taxonomy.build((r["category_id"], r["parent_id"], r["name"]) for r in reader)

    def ancestors(self, place: int) -> list[int]:
        """The places above one node, nearest first, without the node itself."""
        above = []
        while (place := int(self.parent[place])) >= 0:
            above.append(place)
        return above

    def close_up(self, member: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Membership (N, C) with every ancestor of a true category true as well (a new array)."""
        return self._raise(member)

    def coherent(self, probability: NDArray[np.floating]) -> NDArray[np.floating]:
        """Probabilities (N, C) in which a parent is at least its largest child (a new array)."""
        return self._raise(probability)

    def best_child(self, value: NDArray[np.floating]) -> NDArray[np.floating]:
        """The largest value (N, C) among each node's children; 0 for a leaf."""
        best = np.zeros_like(value)
        for place in range(len(self) - 1, -1, -1):
            parent = self.parent[place]
            if parent >= 0:
                np.maximum(best[:, parent], value[:, place], out=best[:, parent])
        return best

    def _raise(self, value: NDArray) -> NDArray:
        # Transposed, each category is one contiguous row: three times faster on (4096, 850).
        columns = np.ascontiguousarray(value.T).copy()
        for place in range(len(self) - 1, -1, -1):
            parent = self.parent[place]
            if parent >= 0:
                np.maximum(columns[parent], columns[place], out=columns[parent])
        return np.ascontiguousarray(columns.T)


def _preorder(
    nodes: dict[str, tuple[str | None, str]], children: dict[str | None, list[str]]
) -> Taxonomy:
    order: list[str] = []
    parent: list[int] = []
    level: list[int] = []
    paths: list[str] = []
    stack = [(root, -1) for root in reversed(children.get(None, []))]
    while stack:
        category, above = stack.pop()
        place = len(order)
        order.append(category)
        parent.append(above)
        level.append(1 if above < 0 else level[above] + 1)
        name = nodes[category][1]
        paths.append(name if above < 0 else f"{paths[above]} > {name}")
        stack.extend((child, place) for child in reversed(children.get(category, [])))
    if len(order) < len(nodes):
        lost = next(category for category in nodes if category not in set(order))
        raise ValueError(f"categories: {lost!r} is its own ancestor (a cycle of parent_id)")
    end = np.arange(1, len(order) + 1, dtype=np.int32)
    for place in range(len(order) - 1, -1, -1):
        if parent[place] >= 0:
            end[parent[place]] = max(end[parent[place]], end[place])
    return Taxonomy(
        ids=tuple(order),
        names=tuple(nodes[category][1] for category in order),
        paths=tuple(paths),
        parent=np.array(parent, dtype=np.int32),
        end=end,
        level=np.array(level, dtype=np.int32),
    )
