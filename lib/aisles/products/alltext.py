"""All that a record says in words, for the model: what found no role still counts here."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from aisles.products.columns import Cells, Places, matches

SEPARATOR = " | "
LONGEST = 4000  # code points
_LETTERS = r"\pL\pM*\pL"
# Links, e-mail addresses, dates, and whole cells that tell of the offer and not of the product.
_NO_WORDS = (
    r"(?i)^(?:(?:[a-z][a-z0-9+.-]*:)?//\S|www\.\S|\S+@\S+\.\S+$"
    r"|(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,? +[0-9]{1,2} "
    r"|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]+$|[0-9]{4}-[0-9]{2}-[0-9]{2}[t ][0-9:.]+ ?[a-z+0-9:-]*$"
    r"|(?:yes|no|true|false|new|used|refurbished|active|inactive|epoch|amount|percent|adult)$"
    r"|(?:in|out[ _-]?of)[ _-]?stock$|(?:un)?available$"
    r"|[0-9]+ ?(?:-|–|to) ?[0-9]+ (?:working |business )?(?:days?|hours?|weeks?|jours|tage|werktage"
    r"|dagen|d[ií]as|giorni)$)"
)
# With a digit in it, a single word of this length is a hash, an id or a timestamp.
_LONG_TOKEN = r"^[^\s]{8,}$"


def all_text(
    cells: Cells, named: list[Places], category: pa.StringArray, skipped: set[str]
) -> pa.StringArray:
    """Texts of each record, every one once, joined by ` | ` and cut at 4,000 code points.

    named: the places of the fields that come first; the category comes after the second of them
    (title, description). skipped: columns whose cells are no words, or are in `category`.
    """
    texts = pa.concat_arrays([cells.texts, category])
    own = np.where(
        pc.is_valid(category).to_numpy(zero_copy_only=False), np.arange(len(category)), -1
    )
    own = np.where(own < 0, -1, own + len(cells.texts))
    fields = [*named[:2], own, *named[2:]]
    rest = _wordy(cells, skipped)
    record = np.concatenate(
        [np.flatnonzero(places >= 0) for places in fields] + [cells.record[rest]]
    )
    place = np.concatenate([places[places >= 0] for places in fields] + [rest])
    order = np.argsort(record, kind="stable")
    record, place = record[order], place[order]
    once = ~_repeated(texts, record, place)
    return _joined(texts, record[once], place[once], cells.records)


def _wordy(cells: Cells, skipped: set[str]) -> Places:
    """Places of all cells with words in them, in the order of the records."""
    kept = np.array([name not in skipped for name in cells.names], bool)
    places = np.flatnonzero(kept[cells.code])
    texts = cells.texts.take(pa.array(places))
    places, texts = _where(places, texts, matches(texts, _LETTERS))
    token = np.flatnonzero(matches(texts, _LONG_TOKEN))
    words = np.ones(len(places), np.bool_)
    words[token] = ~matches(texts.take(pa.array(token)), r"[0-9]")
    places, texts = _where(places, texts, words)
    return places[~matches(texts, _NO_WORDS)]


def _where(
    places: Places, texts: pa.StringArray, kept: NDArray[np.bool_]
) -> tuple[Places, pa.StringArray]:
    return (places, texts) if kept.all() else (places[kept], texts.filter(pa.array(kept)))


def _repeated(texts: pa.StringArray, record: NDArray[np.int64], place: Places) -> NDArray[np.bool_]:
    """Whether the same text stands earlier in the same record. Only texts of one length compare."""
    sizes = pc.binary_length(texts).fill_null(0).to_numpy()[place].astype(np.int64)
    rivals = np.flatnonzero(_in_groups(record << 32 | sizes))
    codes = texts.take(pa.array(place[rivals])).dictionary_encode().indices.to_numpy()
    _, first = np.unique(record[rivals] << 32 | codes, return_index=True)
    repeated = np.zeros(len(place), bool)
    repeated[rivals] = True
    repeated[rivals[first]] = False
    return repeated


def _in_groups(keys: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether another element has the same key."""
    order = np.argsort(keys)
    same = keys[order][1:] == keys[order][:-1]
    grouped = np.zeros(len(keys), bool)
    grouped[order[1:]] |= same
    grouped[order[:-1]] |= same
    return grouped


def _joined(
    texts: pa.StringArray, record: NDArray[np.int64], place: Places, records: int
) -> pa.StringArray:
    """One text a record, null for a record without any."""
    counts = np.bincount(record, minlength=records)
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    lists = pa.ListArray.from_arrays(pa.array(offsets), texts.take(pa.array(place)))
    joined = pc.binary_join(lists, SEPARATOR)
    return _cut(pc.if_else(pa.array(counts > 0), joined, None))


def _cut(texts: pa.StringArray) -> pa.StringArray:
    """Texts of at most 4,000 code points, without a space or a loose separator at the end."""
    long = pc.fill_null(pc.greater(pc.binary_length(texts), LONGEST), False)
    if not pc.any(long).as_py():
        return texts
    cut = pc.utf8_slice_codeunits(texts.filter(long), 0, LONGEST)
    return pc.replace_with_mask(texts, long, pc.utf8_rtrim(cut, " |"))
