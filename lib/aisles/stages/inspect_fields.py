"""How well each field of one file is filled and understood, with values to look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from aisles.products.currency import exponent
from aisles.products.quality import FIELDS, Bools, Field, filled_and_valid, holds_something
from aisles.products.reading import Reading, Role

_ODD = 2
_TEXT_CHARS = 300


@dataclass(frozen=True)
class FieldReport:
    """One field: its columns, how many records fill it, in how many the cell was understood.

    unclear: what a cell is that was not understood. sample: a cleaned value. odd: cells as read
    that were not understood.
    """

    field: str
    columns: tuple[str, ...]
    filled: int
    valid: int
    unclear: str
    sample: str | None
    odd: tuple[str, ...]


class Fields:
    """The counts of every field over cleaned records, rejected ones included.

    on_sale: columns without a role that hold the price while a product is on sale.
    """

    def __init__(self, roles: Sequence[Role], on_sale: Sequence[str] = ()) -> None:
        columns = Reading.of(roles).columns
        self._columns = {field.name: tuple(columns.get(field.role, ())) for field in FIELDS}
        self._columns["price_minor"] += tuple(on_sale)
        self._filled = np.zeros(len(FIELDS), np.int64)
        self._valid = np.zeros(len(FIELDS), np.int64)
        self._sample: dict[str, str] = {}
        self._odd: dict[str, dict[str, None]] = {field.name: {} for field in FIELDS}

    def add(self, rows: pa.RecordBatch, values: pa.MapArray) -> None:
        """Takes cleaned records (PRODUCT_SCHEMA) and their cells as read."""
        filled, valid = filled_and_valid(rows)
        self._filled += filled.sum(axis=0)
        self._valid += valid.sum(axis=0)
        for place, field in enumerate(FIELDS):
            if field.name not in self._sample and valid[:, place].any():
                self._sample[field.name] = _shown(rows, field, int(np.argmax(valid[:, place])))
            self._add_odd(field, filled[:, place] & ~valid[:, place], values)

    def found(self) -> list[FieldReport]:
        """One report a field, in the order of FIELDS."""
        return [
            FieldReport(
                field=field.name,
                columns=self._columns[field.name],
                filled=int(self._filled[place]),
                valid=int(self._valid[place]),
                unclear=field.unclear,
                sample=self._sample.get(field.name),
                odd=tuple(self._odd[field.name]),
            )
            for place, field in enumerate(FIELDS)
        ]

    def _add_odd(self, field: Field, here: Bools, values: pa.MapArray) -> None:
        """Keeps the first different cells that were not understood."""
        odd = self._odd[field.name]
        if len(odd) >= _ODD or not here.any():
            return
        for cells in values.take(pa.array(np.flatnonzero(here)[:20])).to_pylist():
            texts = pa.array([dict(cells).get(c) for c in self._columns[field.name]], pa.string())
            filled = texts.filter(pa.array(holds_something(texts)))
            if len(odd) < _ODD:
                odd[filled[0].as_py()[:_TEXT_CHARS]] = None


def _shown(rows: pa.RecordBatch, field: Field, row: int) -> str:
    """One value as people read it: prices in their currency, all else as stored."""
    value = rows[field.name][row].as_py()
    if field.name not in ("price_minor", "old_price_minor"):
        return str(value)[:_TEXT_CHARS]
    code = rows["currency"][row].as_py()
    return money(value, code)


def money(minor: int, code: str | None) -> str:
    """A price with its decimals and its currency, where known: `1299.00 EUR`."""
    digits = exponent(code)
    return f"{minor / 10**digits:,.{digits}f} {code or ''}".rstrip()
