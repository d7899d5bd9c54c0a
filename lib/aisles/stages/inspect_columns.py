"""The columns of one file as read: how often filled, how many values, which role they seem to have.

Counts are over all records, in bounded memory; roles and samples come from records spread over the
start of the file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from aisles.encode.hashing import hash_strings
from aisles.feeds.formats import Format
from aisles.feeds.infer import SAMPLE_ROWS, ColumnRole, ColumnSample, infer
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
    """Filled cells and different values of each column, taken batch by batch."""

    def __init__(self) -> None:
        self.filled: dict[str, int] = {}
        self.left_out = False
        self._least: dict[str, NDArray[np.uint64]] = {}

    def add(self, maps: pa.MapArray) -> None:
        """Takes the cells of some records; blank ones do not count."""
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


def sampled(batches: Sequence[pa.RecordBatch]) -> list[dict[str, str]]:
    """At most 2,000 records, evenly spread over these batches of kept records."""
    rows = sum(len(batch) for batch in batches)
    wanted = np.unique(np.linspace(0, rows - 1, min(rows, SAMPLE_ROWS)).astype(np.int64))
    found: list[dict[str, str]] = []
    for batch in batches:
        here = wanted[wanted < len(batch)]
        found += map(dict, batch["values"].take(pa.array(here)).to_pylist())
        wanted = wanted[len(here) :] - len(batch)
    return found


def roles_of(
    form: Format, records: Sequence[dict[str, str]]
) -> list[tuple[ColumnRole, ColumnRole]]:
    """Each column's role, and the one that it would have if those with roles were not there."""
    names = dict.fromkeys(form.columns) | dict.fromkeys(name for r in records for name in r)
    header = form.header or form.container != "delimited"
    samples = [ColumnSample(name, [r.get(name) for r in records]) for name in names]
    found = infer(samples, header)
    left = [sample for sample, role in zip(samples, found) if role.role is None]
    second = {role.column: role for role in infer(left, header)}
    return [(role, second.get(role.column, role)) for role in found]


def described(
    roles: Sequence[tuple[ColumnRole, ColumnRole]], records: Sequence[dict[str, str]], tally: Tally
) -> list[Column]:
    """The columns in the order of the file, those that only later records name last.

    Columns beyond the number that is counted are left out.
    """
    named = {role.column for role, _ in roles}
    late = [ColumnRole(name, None, 0.0, "not in the sample") for name in tally.filled]
    pairs = [*roles, *((role, role) for role in late if role.column not in named)]
    every = [
        Column(
            name=role.column,
            role=role.role,
            confidence=role.confidence,
            why=role.evidence,
            filled=tally.filled.get(role.column, 0),
            distinct=tally.distinct(role.column),
            samples=_samples(role.column, records),
            rival=(other.role, other.confidence) if other.role and not role.role else None,
        )
        for role, other in pairs
    ]
    return [column for column in every if column.filled or not column.samples]


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
