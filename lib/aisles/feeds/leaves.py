"""Typed Arrow columns to cells: every leaf as text, named as the leaves of a JSON record are."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from aisles.feeds.jsonrow import LINK, MAX_DEPTH, MAX_NAME, separator_of
from aisles.feeds.records import build_map, storable
from aisles.parameters import KEYS, VALUES

_KEYS, _VALUES = re.compile(KEYS), re.compile(VALUES)


@dataclass(frozen=True)
class _Leaves:
    """The leaves of one or more columns: row numbers, int64 (n,), with name and text of each."""

    rows: np.ndarray
    names: pa.Array
    texts: pa.Array


def map_of(batch: pa.RecordBatch) -> pa.MapArray:
    """The rows' cells as maps; blank and missing values are left out.

    Keys of structs and maps are joined by ``.``; lists are written as JSON lists are: plain values
    as one text, links and structs one column each (``image``, ``image#2``), structs of a name and
    a value the column of that name.

    Raises:
        ValueError: for nesting beyond ``MAX_DEPTH``.
    """
    found: list[_Leaves] = []
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        found += _leaves(column, np.arange(batch.num_rows), storable(name), 0)
    if not found:
        return build_map(np.zeros(batch.num_rows + 1, np.int32), _strings([]), _strings([]))
    rows = np.concatenate([leaves.rows for leaves in found])
    order = np.argsort(rows, kind="stable")
    names = pa.concat_arrays([leaves.names for leaves in found]).take(pa.array(order))
    texts = pa.concat_arrays([leaves.texts for leaves in found]).take(pa.array(order))
    offsets = np.append(0, np.cumsum(np.bincount(rows, minlength=batch.num_rows)))
    return build_map(offsets.astype(np.int32), _numbered(rows[order], names), texts)


def _numbered(rows: np.ndarray, names: pa.Array) -> pa.Array:
    """The names, one that a row holds again with ``#2``, ``#3``, ..."""
    codes = names.dictionary_encode().indices.to_numpy()
    again = pd.Series(codes).groupby([rows, codes]).cumcount().to_numpy()
    if not again.any():
        return names
    numbers = pc.binary_join_element_wise("#", pa.array(again + 1).cast(pa.string()), "")
    return pc.binary_join_element_wise(names, pc.if_else(pa.array(again > 0), numbers, ""), "")


def _leaves(column: pa.Array, rows: np.ndarray, name: str, depth: int) -> Iterator[_Leaves]:
    """The leaves of a column whose values belong to ``rows``, int64 (len(column),)."""
    kind = column.type
    if depth > MAX_DEPTH:
        raise ValueError(f"column {name[:80]!r}: nested deeper than {MAX_DEPTH} levels")
    if isinstance(kind, pa.BaseExtensionType):
        yield from _leaves(column.storage, rows, name, depth + 1)
    elif pa.types.is_dictionary(kind):
        yield from _leaves(column.dictionary_decode(), rows, name, depth + 1)
    elif pa.types.is_struct(kind):
        for field, inner in zip(kind, column.flatten(), strict=True):
            yield from _leaves(inner, rows, f"{name}.{storable(field.name)}", depth + 1)
    elif pa.types.is_map(kind):
        yield from _map_leaves(column, rows, name, depth)
    elif _is_list(kind):
        yield from _list_leaves(column, rows, name, depth)
    elif not pa.types.is_null(kind):
        yield from _filled(rows, name, text_of(column))


def _is_list(kind: pa.DataType) -> bool:
    types = pa.types
    return bool(types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind))


def _filled(rows: np.ndarray, name: str | pa.Array, texts: pa.Array) -> Iterator[_Leaves]:
    """The leaves that are not blank, under one name or each under its own."""
    blank = pc.fill_null(pc.equal(pc.utf8_trim_whitespace(texts), ""), True)
    keep = ~blank.to_numpy(zero_copy_only=False)
    if keep.any():
        names = pa.repeat(pa.scalar(name), len(keep)) if isinstance(name, str) else name
        yield _Leaves(rows[keep], names.filter(pa.array(keep)), texts.filter(pa.array(keep)))


def _map_leaves(column: pa.Array, rows: np.ndarray, name: str, depth: int) -> Iterator[_Leaves]:
    """A map's entries: each key names a column below the map's own."""
    entries = _as_list(column)
    parents = rows[pc.list_parent_indices(entries).to_numpy()]
    pairs = entries.flatten()
    keys, values = pairs.field(0), pairs.field(1)
    codes = text_of(keys).dictionary_encode()
    for code, key in enumerate(codes.dictionary.to_pylist()):
        which = np.flatnonzero(codes.indices.to_numpy() == code)
        below = f"{name}.{key}"
        yield from _leaves(values.take(pa.array(which)), parents[which], below, depth + 1)


def _as_list(column: pa.Array) -> pa.Array:
    """A map column as a list of structs."""
    kind = column.type
    entry = pa.struct([pa.field("key", kind.key_type), pa.field("value", kind.item_type)])
    return column.cast(pa.list_(entry))


def _list_leaves(column: pa.Array, rows: np.ndarray, name: str, depth: int) -> Iterator[_Leaves]:
    place = pc.list_parent_indices(column).to_numpy()
    inner = column.flatten()
    pair = _pair_of(inner.type)
    if pair is not None:
        yield from _pair_leaves(inner, rows[place], name, pair, depth)
        return
    if pa.types.is_nested(inner.type) or isinstance(inner.type, pa.BaseExtensionType):
        yield from _leaves(inner, rows[place], name, depth + 1)
        return
    if pa.types.is_null(inner.type):
        return
    texts, size = text_of(inner), np.bincount(place, minlength=len(column))
    whole = _whole(texts, place, size) & (not pa.types.is_boolean(inner.type))
    joined, apart = np.flatnonzero(whole), np.flatnonzero(~whole[place])
    offsets = np.append(0, np.cumsum(size[joined])).astype(np.int32)
    lists = pa.ListArray.from_arrays(pa.array(offsets), texts.filter(pa.array(whole[place])))
    both = pa.concat_arrays([pc.binary_join(lists, separator_of(name)), texts.take(apart)])
    # In the order of the file: a list that is one text stands where its first value stands.
    order = np.argsort(np.append((np.cumsum(size) - size)[joined], apart), kind="stable")
    yield from _filled(rows[np.append(joined, place[apart])][order], name, both.take(order))


def _pair_of(kind: pa.DataType) -> tuple[int, int] | None:
    """Which fields of a plain struct are a name and its value; None where it has none."""
    if not pa.types.is_struct(kind) or any(pa.types.is_nested(field.type) for field in kind):
        return None
    names = [field.name for field in kind]
    key = next((n for n, f in enumerate(kind) if _KEYS.match(f.name) and _is_text(f.type)), None)
    value = next((n for n, name in enumerate(names) if _VALUES.match(name)), None)
    return None if key is None or value is None else (key, value)


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _pair_leaves(
    pairs: pa.Array, rows: np.ndarray, name: str, pair: tuple[int, int], depth: int
) -> Iterator[_Leaves]:
    """The leaves of structs that name a value: each name is a column below the list's own."""
    key, value = pair
    keys = pc.utf8_trim_whitespace(text_of(pairs.flatten()[key]))
    size = pc.utf8_length(keys).fill_null(0).to_numpy()
    named = (size > 0) & (size <= MAX_NAME)
    yield from _leaves(pairs.filter(pa.array(~named)), rows[~named], name, depth + 1)
    columns = pc.binary_join_element_wise(name, keys.filter(pa.array(named)), ".")
    fields = zip(pairs.type, pairs.filter(pa.array(named)).flatten(), strict=True)
    for place, (field, column) in enumerate(fields):
        below = pc.binary_join_element_wise(columns, storable(field.name), ".")
        if place != key and not pa.types.is_null(field.type):
            texts = text_of(column)
            yield from _filled(rows[named], columns if place == value else below, texts)


def _whole(texts: pa.Array, place: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Which lists are one text: bool (lists,); those with gaps or of links are not."""
    blank = pc.fill_null(pc.equal(pc.utf8_trim_whitespace(texts), ""), True)
    gaps = np.bincount(place, blank.to_numpy(zero_copy_only=False), minlength=len(size)) > 0
    link = pc.fill_null(pc.match_substring_regex(texts, LINK), False)
    links = np.bincount(place, link.to_numpy(zero_copy_only=False), minlength=len(size))
    return (size > 0) & ~gaps & (links < size)


def text_of(column: pa.Array) -> pa.Array:
    """The plain values as text: numbers without exponent, ISO dates and times, true and false.

    NaN counts as missing; bytes that are no UTF-8 are written in base64.
    """
    kind, types = column.type, pa.types
    if types.is_dictionary(kind):
        return text_of(column.dictionary_decode())
    if types.is_floating(kind):
        return _without_exponent(pc.if_else(pc.is_nan(column), None, column).cast(pa.string()))
    if types.is_decimal(kind):
        return _without_exponent(column.cast(pa.string()))
    if types.is_timestamp(kind):
        return _iso(column)
    if types.is_time(kind):
        return (
            pc.replace_substring_regex(column.cast(pa.string()), r"\.?0*$", "")
            if (kind.unit != "s")
            else column.cast(pa.string())
        )
    if types.is_duration(kind):
        return column.cast(pa.int64()).cast(pa.string())
    if types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind):
        return _decoded(column.cast(pa.binary()))
    if types.is_boolean(kind) or types.is_integer(kind) or types.is_date(kind):
        return column.cast(pa.string())
    return _decoded(column.cast(pa.binary()), text=True)


def _iso(column: pa.Array) -> pa.Array:
    """``2026-01-02T03:04:05``, a fraction where there is one, ``Z`` where it has a zone."""
    zone = "Z" if column.type.tz else ""
    texts = column.cast(pa.timestamp(column.type.unit)).cast(pa.string())
    texts = pc.replace_substring(texts, " ", "T", max_replacements=1)
    texts = pc.replace_substring_regex(texts, r"\.0*$|(\.\d*?)0*$", r"\1")
    return pc.binary_join_element_wise(texts, zone, "") if zone else texts


def _without_exponent(texts: pa.Array) -> pa.Array:
    """The numbers written out; only those that have an exponent are touched."""
    has = pc.fill_null(pc.match_substring_regex(texts, r"(?i)\de"), False)
    if not pc.any(has).as_py():
        return texts
    written = [format(Decimal(text), "f") for text in texts.filter(has).to_pylist()]
    return pc.replace_with_mask(texts, has, pa.array(written, pa.string()))


def _decoded(column: pa.Array, text: bool = False) -> pa.Array:
    """Bytes as text; with ``text`` they are meant as such, and what is no UTF-8 is replaced."""
    try:
        texts = column.cast(pa.string())
    except pa.ArrowInvalid:
        texts = _strings([_one(v, text) for v in column.to_pylist()])
    return pc.replace_substring(texts, "\0", "\ufffd")


def _one(value: bytes | None, text: bool) -> str | None:
    if value is None:
        return None
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        fallback = value.decode("utf-8", "replace")
        return fallback if text else base64.b64encode(value).decode("ascii")


def _strings(values: list[str | None]) -> pa.Array:
    return pa.array(values, pa.string())
