"""Evidence: where in the stored text the hits lie that votes rest on."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from aisles.rules.arrays import Ints, distinct, ranges
from aisles.rules.columns import TextColumn
from aisles.rules.decide import Found, Votes
from aisles.rules.grammar import TEXT_FIELDS
from aisles.rules.program import Program
from aisles.rules.search import Hits

EVIDENCE = pa.struct(
    [("field", pa.string()), ("start", pa.int32()), ("end", pa.int32()), ("text", pa.string())]
)


class Places(NamedTuple):
    """Hits in stored text, in the order of row, field, start, end; no place twice."""

    fields: Ints
    starts: Ints
    ends: Ints
    texts: pa.StringArray


class Evidence(NamedTuple):
    """For vote i the places `items[offsets[i]:offsets[i + 1]]`, in their order."""

    offsets: Ints
    items: Ints
    places: Places


def evidence(
    program: Program,
    fields_of_atoms: Ints,
    found: Found,
    votes: Votes,
    hits: Hits,
    columns: dict[str, TextColumn],
) -> Evidence:
    """The leftmost hit of each positive atom of each vote's rule, as places in stored text."""
    owners, used = _hits_of_votes(program, found, votes, hits)
    chosen, back = np.unique(used, return_inverse=True)
    fields = fields_of_atoms[hits.atoms[chosen]]
    places, ranks = _places(hits.take(chosen), fields, columns)
    size = len(places.fields) + 1
    keys = distinct(owners * size + ranks[back])
    owners, items = np.divmod(keys, size)
    return Evidence(np.searchsorted(owners, np.arange(len(votes.rows) + 1)), items, places)


def columns_of(found: Evidence) -> list[pa.Array]:
    """The vote columns field, span_start, span_end, matched_text and evidence."""
    places = found.places
    arrays = [
        pa.array(TEXT_FIELDS).take(pa.array(places.fields)),
        pa.array(places.starts, pa.int32()),
        pa.array(places.ends, pa.int32()),
        places.texts,
    ]
    has = found.offsets[1:] > found.offsets[:-1]
    first = np.zeros(len(has), np.int64)
    first[has] = found.items[found.offsets[:-1][has]]
    main = pa.array(first, mask=~has)
    items = pa.array(found.items)
    listed = pa.StructArray.from_arrays([a.take(items) for a in arrays], fields=list(EVIDENCE))
    lists = pa.ListArray.from_arrays(pa.array(found.offsets, pa.int32()), listed)
    return [array.take(main) for array in arrays] + [lists]


def _hits_of_votes(program: Program, found: Found, votes: Votes, hits: Hits) -> tuple[Ints, Ints]:
    """(vote, place of the hit) for the leftmost hit of each atom of a positive predicate."""
    owners, predicates = program.positives.expand(votes.rules)
    at, there = found.places(votes.rows[owners], predicates)
    owners, at = owners[there], at[there]
    places, index = ranges(found.offsets[at], found.offsets[at + 1])
    owners, used = owners[places], found.hits[index]
    # Hits are in the order of their ends: the first one of an atom is its leftmost one.
    first = np.unique(owners * len(program.atoms) + hits.atoms[used], return_index=True)[1]
    return owners[first], used[first]


def field_numbers(program: Program) -> Ints:
    """For each atom the place of its field in `TEXT_FIELDS`."""
    numbers = {name: number for number, name in enumerate(TEXT_FIELDS)}
    return np.array([numbers[atom.field] for atom in program.atoms], np.int64)


def _places(hits: Hits, fields: Ints, columns: dict[str, TextColumn]) -> tuple[Places, Ints]:
    """The distinct places of the hits, and for each hit the number of its place."""
    starts, ends = np.zeros(len(fields), np.int64), np.zeros(len(fields), np.int64)
    texts: list[pa.StringArray] = []
    origin = np.zeros(len(fields), np.int64)
    for number, name in enumerate(TEXT_FIELDS):
        for raw in (False, True):
            at = np.flatnonzero((fields == number) & (hits.raw == raw))
            if not len(at):
                continue
            column = columns[name]
            to_spans = column.spans_of_raw if raw else column.spans_of_normal
            spans = to_spans(hits.rows[at], hits.starts[at], hits.ends[at])
            starts[at], ends[at] = spans.starts, spans.ends
            origin[at] = sum(map(len, texts)) + np.arange(len(at))
            texts.append(column.raw.gather(spans.byte_starts, spans.byte_ends))
    texts_of_rows = hits.rows * len(TEXT_FIELDS) + fields
    order = np.lexsort((ends, starts, texts_of_rows))
    keys = np.stack([texts_of_rows, starts, ends])[:, order]
    new = np.append(True, (keys[:, 1:] != keys[:, :-1]).any(axis=0))[: len(order)]
    ranks = np.empty(len(order), np.int64)
    ranks[order] = np.cumsum(new) - 1
    first = order[new]
    text = pa.concat_arrays(texts) if texts else pa.array([], pa.string())
    text = text.take(pa.array(origin[first]))
    return Places(fields[first], starts[first], ends[first], text), ranks
