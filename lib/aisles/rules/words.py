"""Words of rules that no product has, and the words that were probably meant."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa
import pyarrow.compute as pc

from aisles.rules.columns import TextColumn
from aisles.rules.findings import Entry, Finding, Predicate, predicates, short
from aisles.rules.grammar import ANY_FIELDS, Contains, Is
from aisles.rules.normal import is_word_char, normalise
from aisles.rules.places import Place

MOST_WORDS = 1_000_000
"""Words of one field that are remembered to suggest from; beyond it the rare half is dropped."""
_BETWEEN = r"[^\p{L}\p{M}\p{N}]+"
# Letters of a word from which on one slip is told from another word, and two are.
_SHORTEST, _LONG = 4, 8
_MOST_HINTS = 3
_NONE = pa.table({"values": pa.array([], pa.string()), "counts": pa.array([], pa.int64())})


@dataclass(frozen=True)
class Seen:
    """The words of each field's texts with the number of times that they stand there."""

    counts: dict[str, pa.Table]

    def has(self, words: Iterable[str]) -> dict[str, set[str]]:
        """For each field those of the words that stand there in some product."""
        asked = pa.array(sorted(words), pa.string())
        tables = self.counts.items()
        there = {f: pc.is_in(asked, value_set=counts.column("values")) for f, counts in tables}
        return {field: set(asked.filter(mask).to_pylist()) for field, mask in there.items()}

    def nearest(self, fields: Sequence[str], word: str) -> list[tuple[str, int]]:
        """(word, times) of words of the fields that differ by a slip, the likeliest first.

        One slip, in long words two; first letters are hardly ever mistaken.
        """
        from rapidfuzz.distance import OSA
        from rapidfuzz.process import extract

        most = (len(word) >= _SHORTEST) + (len(word) >= _LONG)
        found: dict[str, tuple[int, int]] = {}
        for field in fields if most else ():
            words, times = self._by_letter[field].get(word[0], ([], []))
            near = extract(word, words, scorer=OSA.distance, score_cutoff=most, limit=50)
            for other, distance, place in near:
                before = found.get(other, (0, 0))[1]
                found[other] = (int(distance), before - times[place])
        best = sorted(found, key=lambda other: found[other])
        return [(other, -found[other][1]) for other in best[:_MOST_HINTS]]

    @cached_property
    def _by_letter(self) -> dict[str, dict[str, tuple[list[str], list[int]]]]:
        """For each field and first letter the words and their times."""
        found: dict[str, dict[str, tuple[list[str], list[int]]]] = {}
        for field, counts in self.counts.items():
            letters = found[field] = defaultdict(lambda: ([], []))
            columns = [counts.column(name).to_pylist() for name in ("values", "counts")]
            for word, times in zip(*columns):
                if word:
                    letters[word[0]][0].append(word)
                    letters[word[0]][1].append(times)
        return found


def seen_words(batches: Iterable[pa.RecordBatch], entries: Iterable[Entry]) -> Seen:
    """The words in the fields that the rules read; of those no rule names the most frequent."""
    entries = list(entries)
    keep = pa.array(sorted({word for entry in entries for word in words_in(entry)}), pa.string())
    nodes = [node for entry in entries for node, _ in _strings(entry)]
    fields = dict.fromkeys(field for node in nodes for field in fields_of(node))
    counts = dict.fromkeys(fields, _NONE)
    for batch in batches:
        for field, before in counts.items():
            texts = TextColumn.of(batch.column(field)).normal_values
            parts = pc.list_flatten(pc.split_pattern_regex(texts, _BETWEEN))
            new = pa.Table.from_struct_array(pc.value_counts(parts))
            counts[field] = _bounded(_added(before, new), keep)
    return Seen(counts)


def word_findings(entries: Sequence[Entry], seen: Seen) -> Iterator[Finding]:
    """Findings on words of rules that no product has in the field.

    One for each word of a string that is nearly another one, one for each predicate with others.
    """
    there = seen.has({word for entry in entries for word in words_in(entry)})
    for entry in entries:
        own = words_in(entry)
        for path, node in predicates(entry.node):
            place = entry.place.at(path)
            fields = fields_of(node)
            rest: list[str] = []
            for string, text in zip(place.children, _texts(node)):
                lost = [w for w in words_of(text) if not any(w in there[f] for f in fields)]
                for word in lost:
                    strange = not any(word in known for known in there.values())
                    near = seen.nearest(fields, word) if strange else []
                    near = [hint for hint in near if hint[0] not in own]
                    if near:
                        yield _misspelt(entry, string, word, _name(node), near)
                    else:
                        rest.append(word)
            if rest:
                yield _unseen(entry, place, rest, _name(node), there)


def words_of(text: str) -> list[str]:
    """The longest runs of word signs in the normal form; whoever finds the text finds them."""
    return "".join(s if is_word_char(s) else " " for s in normalise(text)).split()


def words_in(entry: Entry) -> set[str]:
    """The words of all phrases and values of the condition."""
    return {word for _, text in _strings(entry) for word in words_of(text)}


def fields_of(node: Predicate) -> tuple[str, ...]:
    """The text fields that a predicate on phrases or values reads."""
    if not isinstance(node, Contains | Is):
        return ()
    return ANY_FIELDS if node.field == "any" else (node.field,)


def _texts(node: Predicate) -> tuple[str, ...]:
    """The phrases or the value that the predicate looks for; none for patterns and prices."""
    if isinstance(node, Contains):
        return node.phrases
    return (node.value,) if isinstance(node, Is) else ()


def _strings(entry: Entry) -> Iterator[tuple[Predicate, str]]:
    for _, node in predicates(entry.node):
        for text in _texts(node):
            yield node, text


def _added(before: pa.Table, new: pa.Table) -> pa.Table:
    both = pa.concat_tables([before, new]).group_by("values").aggregate([("counts", "sum")])
    return both.rename_columns(["values", "counts"])


def _bounded(counts: pa.Table, keep: pa.Array) -> pa.Table:
    """The rows of the words to keep, and the most frequent of the others."""
    if len(counts) <= MOST_WORDS:
        return counts
    kept = pc.is_in(counts.column("values"), value_set=keep)
    others = counts.filter(pc.invert(kept)).sort_by([("counts", "descending")])
    return pa.concat_tables([counts.filter(kept), others.slice(0, MOST_WORDS // 2)])


def _name(node: Predicate) -> str:
    assert isinstance(node, Contains | Is)
    return "text" if node.field == "any" else node.field


def _misspelt(
    entry: Entry, place: Place, word: str, where: str, near: list[tuple[str, int]]
) -> Finding:
    message = f"no product has the word {word} in its {where}"
    listed = ", ".join(f"{other} ({times:,})" for other, times in near)
    return entry.finding(place, "warning", "misspelt", message, f"Did you mean {listed}?")


def _unseen(
    entry: Entry, place: Place, words: list[str], where: str, there: dict[str, set[str]]
) -> Finding:
    words = list(dict.fromkeys(words))
    message = f"no product has in its {where}: {short(', '.join(words), 200)}"
    elsewhere = [field for field, known in there.items() if not known.isdisjoint(words)]
    advice = "Look for other words, or keep these for products to come."
    if elsewhere:
        advice = f"Some stand in {' and '.join(elsewhere)}: ask there."
    return entry.finding(place, "note", "unseen", message, advice)
