"""Columns out of the map of one feed's records, without a look at the single record.

A cell is addressed by its place: its position among all texts of the slice. A column is an int64
array with one place a record, -1 where the record lacks the cell or the cell is blank.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import reduce

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from aisles.parameters import with_parameters

Places = NDArray[np.int64]

# What databases, spreadsheets and programs write for nothing. No word of a language is among them.
_NOTHING = r"^(?:(?i:null|\(null\)|\[null\]|#?n/a|n\.a\.|nan|undefined)|\\N|[-–—]+)$"
# What spreadsheets put around a text so that it is no number to them: `="0012"`, `'0012`.
_GUARDED = r"""^(?:="[^"]*"|'[0-9][0-9 .-]*)$"""
_GUARD = r"""^="|^'|"$"""
# The first bytes of texts that may be either of the two.
_ODD_START = np.zeros(256, np.bool_)
_ODD_START[list(b"nN([#uU\\-='" + "–".encode()[:1])] = True


@dataclass(frozen=True)
class Cells:
    """All cells of `records` records: texts (m,), the record of each, and its column's number.

    records: how many. texts: null where blank. record: int64 (m,). code: int32 (m,), a place in
    `names`.
    """

    records: int
    texts: pa.StringArray
    record: NDArray[np.int64]
    code: NDArray[np.int32]
    names: list[str]

    def column(self, name: str) -> Places:
        """The places of one column, (records,)."""
        places = np.full(self.records, -1, np.int64)
        if name in self.names:
            here = np.flatnonzero(self.code == self.names.index(name))
            places[self.record[here]] = here
            places[places >= 0] = _filled(self.texts, places[places >= 0])
        return places

    def take(self, places: Places) -> pa.StringArray:
        """The texts at these places, null for -1."""
        return take(self.texts, places)


def cells(
    maps: pa.MapArray,
    mend: Callable[[pa.StringArray], pa.StringArray],
    names: Collection[str] | None = None,
) -> Cells:
    """The cells of a map column (header word -> text), every text mended, null where it is blank.

    names: the only columns whose cells are read, among them columns within columns; all that just
    stand there without it.
    """
    maps = with_parameters(maps, names or ())
    offsets = maps.offsets.to_numpy()
    first, last = int(offsets[0]), int(offsets[-1])
    keys = maps.keys.slice(first, last - first).dictionary_encode()
    texts, record = maps.items.slice(first, last - first), np.arange(len(maps))
    record, code = np.repeat(record, np.diff(offsets)), keys.indices.to_numpy()
    known = keys.dictionary.to_pylist()
    if names is not None:
        wanted = np.flatnonzero(np.array([name in names for name in known], bool)[code])
        texts, record, code = texts.take(pa.array(wanted)), record[wanted], code[wanted]
    return Cells(records=len(maps), texts=said(mend(texts)), record=record, code=code, names=known)


def said(texts: pa.StringArray) -> pa.StringArray:
    """The texts, null for `NULL`, `n/a`, `-` and the like, without what spreadsheets put around."""
    places = np.flatnonzero(_ODD_START[_first_bytes(texts)])  # a few in a hundred
    some = texts.take(pa.array(places))
    inner = _said(some)
    if inner is some:
        return texts
    odd = np.zeros(len(texts), np.bool_)
    odd[places] = True
    return pc.replace_with_mask(texts, pa.array(odd), inner)


def _said(texts: pa.StringArray) -> pa.StringArray:
    """See `said`, whatever the texts begin with; the very array where nothing changes."""
    guarded = pc.fill_null(pc.match_substring_regex(texts, _GUARDED), False)
    if pc.any(guarded).as_py():
        inner = pc.replace_substring_regex(texts.filter(guarded), _GUARD, "")
        inner = pc.utf8_trim(inner, " ")
        inner = pc.if_else(pc.equal(inner, ""), None, inner)
        texts = pc.replace_with_mask(texts, guarded, inner)
    nothing = pc.fill_null(pc.match_substring_regex(texts, _NOTHING), False)
    return pc.if_else(nothing, None, texts) if pc.any(nothing).as_py() else texts


def _first_bytes(texts: pa.StringArray) -> NDArray[np.uint8]:
    """The first byte of each text, 0 where it has none."""
    data = texts.buffers()[2]
    if not len(texts) or data is None or not len(data):
        return np.zeros(len(texts), np.uint8)
    edges = np.frombuffer(texts.buffers()[1], np.int32)[texts.offset :][: len(texts) + 1]
    first = np.frombuffer(data, np.uint8)[np.minimum(edges[:-1], len(data) - 1)]
    return np.where(edges[:-1] < edges[1:], first, np.uint8(0))


def take(texts: pa.StringArray, places: Places) -> pa.StringArray:
    """The texts at these places, null for -1."""
    return texts.take(pa.array(places, mask=places < 0))


def first_filled(columns: Iterable[Places], records: int) -> Places:
    """For each record the place of the first column that has one."""
    nothing = np.full(records, -1, np.int64)
    return reduce(lambda best, other: np.where(best < 0, other, best), columns, nothing)


def first_valid(
    form: Callable[[pa.StringArray], pa.StringArray],
    columns: Iterable[pa.StringArray],
    records: int,
) -> pa.StringArray:
    """For each record the form of the first text that has one, null where none has."""
    return pc.coalesce(*map(form, columns), pa.nulls(records, pa.string()))


def longest(texts: pa.StringArray, columns: list[Places], records: int) -> Places:
    """For each record the place of the column with most code points, the earlier one of equals."""
    if len(columns) < 2:
        return first_filled(columns, records)
    sizes = [pc.fill_null(pc.utf8_length(take(texts, column)), -1) for column in columns]
    winner = np.argmax(np.stack([size.to_numpy() for size in sizes]), axis=0)
    return np.stack(columns)[winner, np.arange(records)]


def matches(texts: pa.StringArray, pattern: str) -> NDArray[np.bool_]:
    """Whether each text has a match of an RE2 pattern, bool (n,); false where it is null."""
    if not len(texts):
        return np.zeros(0, np.bool_)  # compiling the pattern costs more than many texts
    hit = pc.fill_null(pc.match_substring_regex(texts, pattern), False)
    return hit.to_numpy(zero_copy_only=False)


def only(texts: pa.StringArray, places: Places, pattern: str) -> Places:
    """The places whose text has a match of an RE2 pattern; -1 elsewhere."""
    return np.where(matches(take(texts, places), pattern), places, -1)


def _filled(texts: pa.StringArray, places: Places) -> Places:
    """The places, -1 where the text there is null."""
    if not texts.null_count:
        return places
    valid = texts.is_valid().to_numpy(zero_copy_only=False)
    return np.where(valid[places], places, -1)
