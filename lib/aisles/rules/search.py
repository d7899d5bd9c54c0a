"""Finding atoms in a text column: all phrases in one pass, patterns and values beside them."""

from __future__ import annotations

import itertools
from typing import NamedTuple

import ahocorasick_rs
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from aisles.rules.arrays import Ints, Lists, distinct
from aisles.rules.boolean import PATTERN, PHRASE, VALUE, Atom
from aisles.rules.columns import RECOMPOSED, SAME_BYTES, Bools, Bytes, Joined, TextColumn
from aisles.rules.grammar import compile_pattern, compile_patterns
from aisles.rules.literals import Literal, required_literals
from aisles.rules.normal import is_word_char

_NO = np.zeros(0, np.int64)
_OTHER, _WORD, _DECODE = 0, 1, 2
_CLASSES = np.full(256, _DECODE, np.uint8)
_CLASSES[:128] = [is_word_char(chr(code)) for code in range(128)]
# What RE2's \b takes for a word character.
_EDGE_SIGNS = _CLASSES == _WORD
_EDGE_SIGNS[ord("_")] = True


class Hits(NamedTuple):
    """Found atoms, those of one row and atom from left to right.

    Positions are bytes of the joined column, raw or normalised."""

    rows: Ints
    atoms: Ints
    starts: Ints
    ends: Ints
    raw: Bools

    def take(self, places: Ints) -> Hits:
        return Hits(*(array[places] for array in self))  # type: ignore[arg-type]

    @classmethod
    def joined(cls, parts: list[Hits]) -> Hits:
        """The hits of all parts, in their order."""
        if not parts:
            return cls(_NO, _NO, _NO, _NO, np.zeros(0, np.bool_))
        return cls(*(np.concatenate(arrays) for arrays in zip(*parts)))


class Seen(NamedTuple):
    """Occurrences of words in the normal form, in the order of their ends."""

    rows: Ints
    words: Ints
    starts: Ints
    ends: Ints


class FieldSearch:
    """Finds the atoms of one field. `atoms` maps an atom to its number in the rule set."""

    def __init__(self, atoms: dict[Atom, int]) -> None:
        phrases = {a.text: n for a, n in atoms.items() if a.kind == PHRASE}
        patterns = [(a, n) for a, n in atoms.items() if a.kind == PATTERN]
        values = {a.text: n for a, n in atoms.items() if a.kind == VALUE}
        self.patterns = [compile_pattern(atom.text) for atom, _ in patterns]
        self.pattern_atoms = np.array([number for _, number in patterns], np.int64)
        self.values = pa.array(list(values), pa.string())
        self.value_atoms = np.array(list(values.values()), np.int64)
        literals = [required_literals(atom.text) for atom, _ in patterns]
        self._prepare_words(phrases, literals)
        bare = [atom.text for (atom, _), found in zip(patterns, literals) if found is None]
        self.any_of = compile_patterns(bare) if len(bare) > 1 else None

    def _prepare_words(
        self, phrases: dict[str, int], literals: list[frozenset[Literal] | None]
    ) -> None:
        """The automaton over the phrases and the literals that patterns require."""
        edges = [(one, i) for i, found in enumerate(literals) for one in sorted(found or ())]
        words = dict.fromkeys([*phrases, *(one.text for one, _ in edges)])
        numbers = {word: number for number, word in enumerate(words)}
        pairs = [(numbers[one.text], edge) for edge, (one, _) in enumerate(edges)]
        self.edges_of_word = Lists.by_key(pairs, len(words))
        self.edge_pattern = np.array([pattern for _, pattern in edges], np.int64)
        self.edge_left = np.array([one.left for one, _ in edges], np.bool_)
        self.edge_right = np.array([one.right for one, _ in edges], np.bool_)
        self.always = np.array([i for i, one in enumerate(literals) if one is None], np.int64)
        self.word_atoms = np.array([phrases.get(word, -1) for word in words], np.int64)
        self.word_first = np.array([is_word_char(word[0]) for word in words], np.bool_)
        self.word_last = np.array([is_word_char(word[-1]) for word in words], np.bool_)
        encoded = [word.encode() for word in words]
        self.automaton = ahocorasick_rs.BytesAhoCorasick(encoded) if encoded else None

    def find(self, column: TextColumn) -> list[Hits]:
        """The hits in the column."""
        seen = self._words(column.normal)
        return [
            self._phrases(column.normal, seen),
            self._matches(column, seen),
            self._equal(column),
        ]

    def _words(self, text: Joined) -> Seen:
        """Every occurrence that lies inside one row."""
        if self.automaton is None or not len(text.data):
            return Seen(_NO, _NO, _NO, _NO)
        found = self.automaton.find_matches_as_indexes(text.data.data, overlapping=True)
        flat = np.fromiter(itertools.chain.from_iterable(found), np.int64, 3 * len(found))
        words, starts, ends = np.ascontiguousarray(flat.reshape(-1, 3).T)
        rows = text.rows_of(starts)
        inside = ends <= text.offsets[rows + 1]
        if inside.all():
            return Seen(rows, words, starts, ends)
        return Seen(rows[inside], words[inside], starts[inside], ends[inside])

    def _phrases(self, text: Joined, seen: Seen) -> Hits:
        """The occurrences of phrases on word boundaries."""
        rows, words, starts, ends = seen
        atoms = self.word_atoms[words]
        blocked = self.word_first[words] & (starts > text.offsets[rows])
        blocked[blocked] = _word_signs(text.data, starts[blocked] - 1)
        open_end = ~blocked & self.word_last[words] & (ends < text.offsets[rows + 1])
        blocked[open_end] = _word_signs(text.data, ends[open_end])
        kept = np.flatnonzero(~blocked & (atoms >= 0))
        raw = np.zeros(len(kept), np.bool_)
        return Hits(rows[kept], atoms[kept], starts[kept], ends[kept], raw)

    def _matches(self, column: TextColumn, seen: Seen) -> Hits:
        """The first place of each pattern in each row where it is found."""
        if not self.patterns:
            return Hits.joined([])
        found = []
        text = column.raw.data.tobytes()
        rows, patterns = self._to_try(column, seen)
        firsts, lasts = column.raw.offsets[rows].tolist(), column.raw.offsets[rows + 1].tolist()
        for row, pattern, first, last in zip(rows.tolist(), patterns.tolist(), firsts, lasts):
            match = self.patterns[pattern].search(text[first:last])
            if match is not None:
                found.append((row, pattern, first + match.start(), first + match.end()))
        table = np.array(found, np.int64).reshape(-1, 4).T
        raw = np.ones(len(found), np.bool_)
        return Hits(table[0], self.pattern_atoms[table[1]], table[2], table[3], raw)

    def _to_try(self, column: TextColumn, seen: Seen) -> tuple[Ints, Ints]:
        """(rows, patterns) where a pattern may be found, each pair once.

        A pattern without a literal is tried on every row that is not blank; several of them where
        one automaton over all says that they are found.
        """
        count = len(self.patterns)
        found = [self._with_literal(column, seen), self._with_literal_uncomposed(column)]
        keys = [rows * count + patterns for rows, patterns in found]
        keys.append(self._without_literal(column))
        rows, patterns = np.divmod(distinct(np.concatenate(keys)), count)
        return rows, patterns

    def _without_literal(self, column: TextColumn) -> Ints:
        """row * patterns + pattern where a pattern without a literal may be found."""
        rows, count = np.flatnonzero(column.filled), len(self.patterns)
        if self.any_of is None:
            return (rows[:, None] * count + self.always).ravel()
        text, offsets = column.raw.data.tobytes(), column.raw.offsets
        keys = [
            row * count + self.always[place]
            for row, first, last in zip(
                rows.tolist(), offsets[rows].tolist(), offsets[rows + 1].tolist()
            )
            for place in self.any_of.Match(text[first:last]) or ()
        ]
        return np.array(keys, np.int64)

    def _with_literal_uncomposed(self, column: TextColumn) -> tuple[Ints, Ints]:
        """(rows, patterns) for rows that are not in NFC: composition can hide a literal."""
        rows = np.flatnonzero(column.kinds == RECOMPOSED)
        if not len(rows):
            return _NO, _NO
        raw = column.values.take(pa.array(rows)).to_pylist()
        folded = pa.array([" ".join(text.casefold().split()) for text in raw], pa.string())
        seen = self._words(Joined.of(folded))
        places, edges = self.edges_of_word.expand(seen.words)
        return rows[seen.rows[places]], self.edge_pattern[edges]

    def _with_literal(self, column: TextColumn, seen: Seen) -> tuple[Ints, Ints]:
        """(rows, patterns) where a literal of the pattern stands, on its word edges if it has any.

        Edges are those of the stored text: in rows that folding changed they are not looked at.
        """
        places, edges = self.edges_of_word.expand(seen.words)
        rows, starts, ends = seen.rows[places], seen.starts[places], seen.ends[places]
        text = column.normal
        plain = column.kinds[rows] == SAME_BYTES
        left = self.edge_left[edges] & plain & (starts > text.offsets[rows])
        left[left] = _EDGE_SIGNS[text.data[starts[left] - 1]]
        right = self.edge_right[edges] & plain & (ends < text.offsets[rows + 1])
        right[right] = _EDGE_SIGNS[text.data[ends[right]]]
        free = ~(left | right)
        return rows[free], self.edge_pattern[edges[free]]

    def _equal(self, column: TextColumn) -> Hits:
        """The rows whose whole normalised value is looked for."""
        if not len(self.values):
            return Hits.joined([])
        index = pc.index_in(column.normal_values, value_set=self.values)
        rows = np.flatnonzero(index.is_valid().to_numpy(zero_copy_only=False))
        atoms = self.value_atoms[index.drop_null().to_numpy()]
        offsets = column.normal.offsets
        return Hits(rows, atoms, offsets[rows], offsets[rows + 1], np.zeros(len(rows), np.bool_))


def _word_signs(data: Bytes, positions: Ints) -> Bools:
    """Whether the code point that the byte at each position belongs to is a word character."""
    classes = _CLASSES[data[positions]]
    for i in np.flatnonzero(classes == _DECODE).tolist():
        classes[i] = is_word_char(_char_at(data, int(positions[i])))
    return classes == _WORD


def _char_at(data: Bytes, position: int) -> str:
    """The code point around a byte position."""
    start = position
    while data[start] & 0xC0 == 0x80:
        start -= 1
    return data[start : start + 4].tobytes().decode("utf-8", "ignore")[0]
