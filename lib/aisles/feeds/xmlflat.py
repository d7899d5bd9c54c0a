"""XML records whose children are mostly plain leaves: whole groups at a time, without a tree.

Feeds hold flat records: `<item><g:id>5</g:id><title>Mug</title>...</item>`. Their tags are found by
a few passes of numpy, their texts are cut out as one Arrow array. Children with attributes or with
elements inside go through the parser and the walk of `aisles.feeds.xmlrow`, each distinct one once.
A record with anything else in it, as comments, controls, unknown entities or tags that do not
match, is left to them altogether: its cells are the same either way.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from aisles.feeds.records import build_map
from aisles.feeds.xmltags import Group, texts_of

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Cells = list[tuple[str, str]]

_REFERENCE = re.compile(r"&(?:#x([0-9a-fA-F]{1,6})|#([0-9]{1,7})|(lt|gt|quot|apos|amp));")
# amp last: what it gives is no reference any more
_SIGNS = {"lt": "<", "gt": ">", "quot": '"', "apos": "'", "amp": "&"}
_NAME = re.compile(rb"(?:([A-Za-z_][\w.-]*):)?[A-Za-z_][\w.-]*")
_PAIR = rb"""\s+([A-Za-z_][\w.-]*)\s*=\s*(?:"([^"&<\t\r\n]*)"|'([^'&<\t\r\n]*)')"""
_ATTRIBUTES = re.compile(_PAIR)
_OWN = re.compile(rb"([A-Za-z_][\w.:-]*)((?:%b)*)\s*" % _PAIR)
_MOST_NAMES = 20_000
_MOST_KNOWN = 20_000
_LONGEST_KNOWN = 1000


@dataclass(frozen=True)
class _Cells:
    """C cells: the tag that each comes from (they stand in this order), its record, its column's
    code, int64 (C,); its text."""

    tag: Ints
    record: Ints
    column: Ints
    text: pa.StringArray


class FlatRecords:
    """Reads those of a group of records that are flat.

    Args:
        child: the cells of one child of a record, given its text; None where it cannot be read.
        known: whether a prefix of names is declared.
    """

    def __init__(
        self, child: Callable[[bytes], Cells | None], known: Callable[[bytes], bool]
    ) -> None:
        self._child, self._known = child, known
        self._codes: dict[str, int] = {}
        self._children: dict[bytes, Cells] = {}

    def read(self, data: bytes, spans: Sequence[tuple[int, int]]) -> tuple[Bools, pa.MapArray]:
        """Which of the records were read, bool (records,), and the cells of these.

        spans: start and end of each record in the data, with nothing but space between them.
        """
        if len(self._codes) > _MOST_NAMES:
            self._codes = {}
        start = spans[0][0]
        group = Group(data[start : spans[-1][1]], np.array(spans, np.int64) - start)
        leaves, others = self._children_of(group)
        parts = [self._own(group), leaves, self._walked(group, others)]
        return ~group.bad, self._maps(group, [part for part in parts if len(part.tag)])

    def _code(self, column: str) -> int:
        return self._codes.setdefault(column, len(self._codes))

    def _children_of(self, group: Group) -> tuple[_Cells, Ints]:
        """The cells of the plain leaves; start and end tag of every other child, (others, 2)."""
        children, ends = group.children()
        empty = group.empty[children]
        leaf = ~empty & group.close[np.minimum(children + 1, len(group.close) - 1)]
        heads = texts_of(group.block, group.start[children] + 1, group.end[children] - empty)
        closing = children[leaf] + 1
        tails = texts_of(group.block, group.start[closing] + 2, group.end[closing])
        coded = pa.concat_arrays([heads, tails]).dictionary_encode()
        codes = coded.indices.to_numpy()
        columns = np.array([self._plain(name) for name in coded.dictionary.to_pylist()], np.int64)
        column = columns[codes[: len(children)]]
        plain = column >= 0
        matched = codes[: len(children)][leaf] == codes[len(children) :]
        group.spoil(group.record[children[leaf][~matched & plain[leaf]]])
        other = ~(plain & (leaf | empty))
        found = plain & leaf
        tags = children[found]
        ranges = np.stack([children[other], ends[other]], axis=1)
        text = self._texts(group, tags, ranges)
        return _Cells(tags, group.record[tags], column[found], text), ranges

    def _plain(self, tag: bytes) -> int:
        """The code of the column of a tag that is a name alone; -1 of another."""
        found = _NAME.fullmatch(tag)
        if found is None or (found[1] is not None and not self._known(found[1])):
            return -1
        return self._code(tag.decode())

    def _texts(self, group: Group, tags: Ints, others: Ints) -> pa.StringArray:
        """What stands in the leaves that begin with these tags, references resolved."""
        start, end = group.end[tags] + 1, group.start[np.minimum(tags + 1, len(group.start) - 1)]
        place, held = _within(group.amps, start, end)
        _, elsewhere = _within(group.amps, group.start[others[:, 0]], group.end[others[:, 1]] + 1)
        group.spoil(group.amp_record[~held & ~elsewhere])
        referring = np.zeros(len(tags), np.bool_)
        referring[place[held]] = True
        where, whole = _within(group.hidden[:, 0], start, end)
        hidden = where[whole]
        group.spoil(group.record[tags[hidden[referring[hidden]]]])
        referring[hidden] = False
        texts = texts_of(group.block, start, end, group.hidden[whole], hidden).cast(pa.string())
        if group.has_cr:
            texts = pc.replace_substring(pc.replace_substring(texts, "\r\n", "\n"), "\r", "\n")
        if not referring.any():
            return texts
        said = texts.filter(pa.array(referring))
        resolved = _resolved(said)
        unknown = pc.is_null(resolved).to_numpy(zero_copy_only=False)
        group.spoil(group.record[tags[referring][unknown]])
        return pc.replace_with_mask(texts, pa.array(referring), resolved)

    def _own(self, group: Group) -> _Cells:
        """The attributes of the records themselves."""
        good = np.flatnonzero(~group.bad)
        first, last = group.first[good], group.last[good]
        heads = group.texts(group.start[first] + 1, group.end[first])
        tails = group.texts(group.start[last] + 2, group.end[last])
        tags: list[int] = []
        columns: list[int] = []
        texts: list[bytes] = []
        for record, tag, head, tail in zip(
            good.tolist(), first.tolist(), heads, tails, strict=True
        ):
            if head == tail:  # a name alone, known to be that of the records
                continue
            found = _OWN.fullmatch(head)
            pairs = _ATTRIBUTES.findall(head, found.end(1)) if found else []
            if found is None or found[1] != tail or len({k for k, _, _ in pairs}) < len(pairs):
                group.bad[record] = True
                continue
            for name, double, single in pairs:
                group.bad[record] |= name == b"xmlns"
                tags.append(tag)
                columns.append(self._code(f"@{name.decode()}"))
                texts.append(double or single)
        place = np.array(tags, np.int64)
        text = pa.array(texts, pa.binary()).cast(pa.string())
        return _Cells(place, group.record[place], np.array(columns, np.int64), text)

    def _walked(self, group: Group, others: Ints) -> _Cells:
        """The cells of children that are no plain leaves."""
        group.spoil(group.record[others[:, 0]][group.loose[group.record[others[:, 0]]]])
        others = others[~group.bad[group.record[others[:, 0]]]]
        starts, ends = group.start[others[:, 0]], group.end[others[:, 1]] + 1
        tags: list[int] = []
        columns: list[int] = []
        texts: list[str] = []
        children = group.texts(starts, ends)
        for tag, child in zip(others[:, 0].tolist(), children, strict=True):
            cells = self._cells_of(child)
            if cells is None:
                group.bad[group.record[tag]] = True
                continue
            for name, text in cells:
                tags.append(tag)
                columns.append(self._code(name))
                texts.append(text)
        place = np.array(tags, np.int64)
        column, text = np.array(columns, np.int64), pa.array(texts, pa.string())
        return _Cells(place, group.record[place], column, text)

    def _cells_of(self, child: bytes) -> Cells | None:
        if child in self._children:
            return self._children[child]
        cells = self._child(child)
        if len(child) <= _LONGEST_KNOWN and cells is not None:
            if len(self._children) >= _MOST_KNOWN:
                self._children = {}
            self._children[child] = cells
        return cells

    def _maps(self, group: Group, parts: list[_Cells]) -> pa.MapArray:
        """The filled cells of the records that were read, stripped, in their order."""
        good = ~group.bad
        none = np.zeros(0, np.int64)
        tag, record, column = (
            np.concatenate([none, *(getattr(part, name) for part in parts)])
            for name in ("tag", "record", "column")
        )
        text = pa.concat_arrays([pa.array([], pa.string()), *(part.text for part in parts)])
        text = pc.utf8_trim_whitespace(text)
        filled = pc.fill_null(pc.not_equal(text, ""), False).to_numpy(zero_copy_only=False)
        kept = np.flatnonzero(filled & good[record])
        if len(parts) > 1:
            kept = kept[np.argsort(tag[kept], kind="stable")]
        record = record[kept]
        names = self._numbered(record, column[kept])
        ends = np.cumsum(np.bincount(record, minlength=group.rows)[good])
        return build_map(np.append(0, ends), names, text.take(pa.array(kept)))

    def _numbered(self, record: Ints, column: Ints) -> pa.StringArray:
        """The names of the columns, one met again in a record with ``#2``, ``#3``, ..."""
        met = record * max(len(self._codes), 1) + column
        order = np.argsort(met, kind="stable")
        same = np.diff(met[order], prepend=-1) == 0
        if same.any():
            names = list(self._codes)
            column = column.copy()
            runs = np.arange(len(met)) - np.maximum.accumulate(
                np.where(same, 0, np.arange(len(met)))
            )
            for place, number in zip(order[same].tolist(), (runs[same] + 1).tolist(), strict=True):
                column[place] = self._code(f"{names[column[place]]}#{number}")
        return pa.array(list(self._codes), pa.string()).take(pa.array(column))


def _within(places: Ints, start: Ints, end: Ints) -> tuple[Ints, Bools]:
    """In which of the stretches, in order, each place lies, and whether in any."""
    if not len(start):
        return np.zeros(len(places), np.int64), np.zeros(len(places), np.bool_)
    found = np.searchsorted(start, places, side="right") - 1
    return found, (found >= 0) & (places < end[found])


def _resolved(texts: pa.StringArray) -> pa.StringArray:
    """The texts with their references resolved; null where XML itself knows one of them not."""
    references = pc.count_substring(texts, "&")
    resolved = texts
    known = pa.repeat(pa.scalar(0, pa.int32()), len(texts))
    for name, sign in _SIGNS.items():
        known = pc.add(known, pc.count_substring(texts, f"&{name};"))
        resolved = pc.replace_substring(resolved, f"&{name};", sign)
    simple = pc.equal(references, known)
    if pc.all(simple).as_py():
        return resolved
    hard = [_one_resolved(text) for text in texts.filter(pc.invert(simple)).to_pylist()]
    return pc.replace_with_mask(resolved, pc.invert(simple), pa.array(hard, pa.string()))


def _one_resolved(text: str) -> str | None:
    found: list[str | None] = []

    def sign(match: re.Match[str]) -> str:
        hexadecimal, decimal, name = match.groups()
        code = int(hexadecimal, 16) if hexadecimal else int(decimal) if decimal else 0
        found.append(_SIGNS[name] if name else chr(code) if _is_char(code) else None)
        return found[-1] or ""

    said = _REFERENCE.sub(sign, text)
    return None if None in found or len(found) != text.count("&") else said


def _is_char(code: int) -> bool:
    """Whether XML may hold the character (XML 1.0, production 2)."""
    return (
        code in (9, 10, 13)
        or 0x20 <= code < 0xD800
        or 0xE000 <= code < 0xFFFE
        or 0x10000 <= code < 0x110000
    )
