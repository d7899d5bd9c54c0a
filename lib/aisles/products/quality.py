"""How well the fields of a feed are filled, and how much of what stands there was understood.

*Filled*: a cell of a column with the field's role held something, however unreadable; white space
and what programs write for nothing (`NULL`, `n/a`, `-`; see `aisles.products.columns.said`) is
nothing. *Valid*: it was understood after cleaning. A field of FIELDS says what that means; the bits
of `raw_filled`, the bits and arrays of `filled` and `valid`, and the rows of `field_quality` all
follow its order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from aisles.products.columns import Cells, said

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Field:
    """One field of a product and when its cell counts as understood.

    name: its column in products. role: the role of its columns in the feed. unclear: what a cell
    that was not understood is, in words. sign: the column of the cleaned record that is null where
    the cell was not understood, or holds none of `among`. implied: another cell may give the value,
    as a price text gives the currency; the field then counts as filled.
    """

    name: str
    role: str
    unclear: str
    sign: str
    among: tuple[str, ...] = ()
    implied: bool = False


def _field(name: str, role: str, unclear: str, sign: str = "", **more: object) -> Field:
    return Field(name, role, unclear, sign or name, **more)  # type: ignore[arg-type]


_NOTHING = "nothing left after cleaning"
_LINK = "not a link"
FIELDS = (
    _field("merchant_product_id", "merchant_product_id", _NOTHING),
    _field("title", "title", _NOTHING),
    _field("description", "description", _NOTHING),
    _field("brand", "brand", "not a name", "brand_canonical"),
    _field("merchant_category", "merchant_category", _NOTHING),
    _field("price_minor", "price", "not a price"),
    _field("old_price_minor", "old_price", "not a price"),
    _field("currency", "currency", "not a known currency", implied=True),
    _field("product_url", "product_url", _LINK),
    _field("image_url", "image_url", _LINK),
    _field("gtin", "gtin", "wrong length or check digit"),
    _field("availability", "availability", "not a known state",
           among=("in_stock", "out_of_stock", "preorder", "backorder")),
    _field("color", "colour", _NOTHING),
    _field("size", "size", _NOTHING),
    _field("gender", "gender", "not a known gender", "gender_canonical"),
)  # fmt: skip

_FEED_FILE = ["network", "retailer", "run_date", "file"]


def raw_filled(
    read: Cells, maps: pa.MapArray, columns: Mapping[str, Sequence[str]]
) -> pa.Int64Array:
    """For each record the bits of the fields whose columns hold something, before any cleaning.

    maps: what `read` was made of. columns: those of each role.
    """
    bits_of = np.zeros(len(read.names), np.int64)
    code_of = {name: code for code, name in enumerate(read.names)}
    for place, field in enumerate(FIELDS):
        for name in columns.get(field.role, ()):
            if name in code_of:
                bits_of[code_of[name]] |= 1 << place
    bits = bits_of[read.code]
    if read.texts.null_count:
        emptied = np.flatnonzero(read.texts.is_null().to_numpy(zero_copy_only=False))
        raw = maps.items.take(pa.array(emptied + maps.offsets[0].as_py()))
        bits[emptied[~holds_something(raw)]] = 0
    found = np.zeros(read.records, np.int64)
    if len(bits):
        starts = np.flatnonzero(np.diff(read.record, prepend=-1))
        found[read.record[starts]] = np.bitwise_or.reduceat(bits, starts)
    return pa.array(found)


def holds_something(texts: pa.StringArray) -> Bools:
    """Whether each text says something: not null, not blank, not `NULL` and the like. bool (n,)."""
    bare = pc.utf8_trim_whitespace(texts)
    return pc.is_valid(said(pc.if_else(pc.equal(bare, ""), None, bare))).to_numpy(
        zero_copy_only=False
    )


def bits_of_quality(raw: pa.Int64Array, fields: Mapping[str, pa.Array]) -> list[pa.Int64Array]:
    """Two columns: for each record the bits of the fields that are filled, and that are valid.

    raw: what `raw_filled` gives. fields: the cleaned records by column.
    """
    filled, valid = raw.to_numpy().copy(), np.zeros(len(raw), np.int64)
    for place, field in enumerate(FIELDS):
        known = _known(fields[field.sign], field).astype(np.int64) << place
        if field.implied:
            filled |= known
        valid |= known
    return [pa.array(filled), pa.array(filled & valid)]


def _known(sign: pa.Array, field: Field) -> Bools:
    found = pc.is_in(sign, pa.array(field.among)) if field.among else pc.is_valid(sign)
    return found.to_numpy(zero_copy_only=False)


def filled_and_valid(batch: pa.RecordBatch) -> tuple[Bools, Bools]:
    """Two bool (records, fields) of a batch of cleaned records (PRODUCT_SCHEMA)."""
    places = np.arange(len(FIELDS))
    filled, valid = (
        batch[name].to_numpy()[:, np.newaxis] >> places & 1 == 1 for name in ("filled", "valid")
    )
    return filled, valid


def kinds(known: DataFrame) -> DataFrame:
    """How many records of each feed file have the same bits (records): there are few kinds of them.

    known: network, retailer, run_date, file, filled and valid of each cleaned record.
    """
    from pyspark.sql import functions as F

    return known.groupBy(*_FEED_FILE, "filled", "valid").agg(F.count("*").alias("records"))


def field_quality(kinds: DataFrame) -> DataFrame:
    """One row for each field of each feed file: records, filled, valid; kinds: see there."""
    from pyspark.sql import functions as F

    # As one text: of columns, each part would be a call to the JVM.
    fields = ", ".join(_bits(place, field) for place, field in enumerate(FIELDS))
    return (
        kinds.selectExpr(*_FEED_FILE, "records", f"inline(array({fields}))")
        .groupBy(*_FEED_FILE, "field")
        .agg(
            F.expr("sum(records) AS records"),
            F.expr("sum(if(filled, records, 0)) AS filled"),
            F.expr("sum(if(valid, records, 0)) AS valid"),
        )
    )


def _bits(place: int, field: Field) -> str:
    """SQL: one field of records of one kind: its name, whether it is filled, and valid."""
    asked = (f"getbit({name}, {place}) = 1 AS {name}" for name in ("filled", "valid"))
    return f"struct('{field.name}' AS field, {', '.join(asked)})"
