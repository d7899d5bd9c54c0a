"""The columns of one file as read: how often filled, how many values, which role they seem to have.

Counts are over all records, in bounded memory; values to look at come from the records that the
roles are inferred from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from aisles.encode.hashing import hash_strings
from aisles.feeds.infer import NO_ROLE, ColumnSample, infer
from aisles.products.quality import holds_something

MOST_COLUMNS = 2000
"""Columns whose cells are counted; a file of records that name ever new fields has no end."""
_SKETCH = 2048


@dataclass(frozen=True)
class Column:
    """One column of the file: its role with the reason, and what its cells hold.

    rival: the role that it would have if the columns with roles were not there, as (role,
    confidence). distinct: exact below 2,048, else about (2 per cent off).
    """

    name: str
    role: str | None
    confidence: float
    why: str
    filled: int
    distinct: int
    samples: tuple[str, ...]
    rival: tuple[str, float] | None = None


class Tally:
    """Cells that say something and different values of each column, taken batch by batch."""

    def __init__(self) -> None:
        self.filled: dict[str, int] = {}
        self.left_out = False
        self._least: dict[str, NDArray[np.uint64]] = {}

    def add(self, maps: pa.MapArray) -> None:
        """Takes the cells of some records; blank ones, `NULL` and the like do not count."""
        first, last = maps.offsets[0].as_py(), maps.offsets[-1].as_py()
        texts = maps.items.slice(first, last - first)
        keys = maps.keys.slice(first, last - first).dictionary_encode()
        here = np.flatnonzero(holds_something(texts))
        codes = keys.indices.to_numpy()[here]
        hashes = hash_strings(texts)[here]
        order = np.argsort(codes, kind="stable")
        bounds = np.searchsorted(codes[order], np.arange(len(keys.dictionary) + 1))
        for code, name in enumerate(keys.dictionary.to_pylist()):
            self._add(name, hashes[order[bounds[code] : bounds[code + 1]]])

    def distinct(self, name: str) -> int:
        """Different values of a column: the n smallest of evenly spread hashes tell how many."""
        least = self._least.get(name, np.zeros(0, np.uint64))
        if len(least) < _SKETCH:
            return len(least)
        return round((_SKETCH - 1) / (float(least[-1]) / 2.0**64))

    def _add(self, name: str, hashes: NDArray[np.uint64]) -> None:
        if name not in self.filled and len(self.filled) >= MOST_COLUMNS:
            self.left_out = True
            return
        self.filled[name] = self.filled.get(name, 0) + len(hashes)
        least = self._least.get(name, np.zeros(0, np.uint64))
        if len(least) == _SKETCH:
            hashes = hashes[hashes < least[-1]]
        self._least[name] = np.union1d(least, hashes)[:_SKETCH]


def rivals(
    rows: Sequence[Mapping[str, Any]], records: Sequence[dict[str, str]], header: bool
) -> dict[str, tuple[str, float]]:
    """Of the columns without a role the one that each would have if no other column had any.

    rows: those of column_roles. header: whether the names are words of a header.
    """
    left = [row["column"] for row in rows if not row["role"]]
    samples = [ColumnSample(name, [record.get(name) for record in records]) for name in left]
    return {one.column: (one.role, one.confidence) for one in infer(samples, header) if one.role}


def described(
    rows: Sequence[Mapping[str, Any]],
    others: Mapping[str, tuple[str, float]],
    records: Sequence[dict[str, str]],
    tally: Tally,
) -> list[Column]:
    """The columns in the order of column_roles, those that only other records name last.

    rows: those of column_roles. others: what `rivals` gives. Columns beyond the number that is
    counted are left out.
    """
    named = {row["column"] for row in rows}
    late = [
        {"column": name, "role": None, "confidence": 0.0, "evidence": "not in the sample"}
        for name in tally.filled
        if name not in named
    ]
    every = [
        Column(
            name=row["column"],
            role=row["role"],
            confidence=row["confidence"],
            why=_why(row, others.get(row["column"])),
            filled=tally.filled.get(row["column"], 0),
            distinct=tally.distinct(row["column"]),
            samples=_samples(row["column"], records),
            rival=others.get(row["column"]),
        )
        for row in [*rows, *late]
    ]
    return [column for column in every if column.filled or not column.samples]


def _why(row: Mapping[str, Any], rival: tuple[str, float] | None) -> str:
    """The evidence of the row; of a column that another one beat, for which role it was."""
    if rival is None or row["evidence"] != NO_ROLE:
        return str(row["evidence"])
    return f"fits {rival[0]} ({rival[1]:.2f}), which another column fits better"


def _samples(name: str, records: Sequence[dict[str, str]], most: int = 2) -> tuple[str, ...]:
    """The first different values of a column."""
    found: dict[str, None] = {}
    for record in records:
        value = record.get(name, "").strip()
        if value:
            found[value] = None
            if len(found) == most:
                break
    return tuple(found)
