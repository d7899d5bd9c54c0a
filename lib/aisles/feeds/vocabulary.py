"""What one header says of each role: its words are looked up, cut, and put together again."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from functools import cache

from aisles.feeds.lexicon import (
    FILLER,
    NTH,
    OTHER,
    ROLES,
    Lexicon,
    fold,
    is_dense,
    lexicon,
    value_words,
    words_of,
)

AGAINST = -2.5
"""Points for the other roles of a header that plainly speaks for one."""
PLAINLY = 3.4
"""Points from which a name says wholly and plainly what a column is."""
_NONE = -4.0
UNKNOWN = -0.5
"""Points for every role of a header whose words are not known."""
_OTHER = -3.0
_FEW_WORDS = 12
_LONGEST = 24
_HEAD = 5
_VAGUE = frozenset(["url", "href", "src", "link", "value", "text", "val", "id", "name", "amount"])
_EXPLAINED = re.compile(r"(.+?)\s*[(（][^()（）]*[)）]\s*")
_JOINTS = ("s", "n", "e", "en", "es", "o", "-")
_SHORT_PIECES = frozenset(["id", "nr", "no", "url", "ar"])


@dataclass(frozen=True)
class Chunk:
    """A stretch of a header: the known word it is (None: unknown), and the concepts of it."""

    text: str
    word: str | None
    concepts: tuple[str, ...]


@dataclass(frozen=True)
class NameScores:
    """How much one header speaks for each role (4 surely, 0 nothing, below 0 against), and why."""

    scores: dict[str, float]
    why: dict[str, str]


def name_scores(header: str, known: Lexicon | None = None) -> NameScores:
    """What the header's words say of each role."""
    return _name_scores(header, known or lexicon())


@cache
def _name_scores(header: str, known: Lexicon) -> NameScores:
    whole, whole_exact = _speaks(header, known)
    if whole["product_url"] > 0 and (explained := _EXPLAINED.fullmatch(header)):
        # The id that links are made of is called so: `SKU (URL)`.
        points, exact = _speaks(explained[1], known)
        if exact and points["merchant_product_id"] > 0:
            return _stated(points, 1.0, f"header '{header}'")
    if whole_exact:
        return _stated(whole, 1.0, f"header '{header}'")
    for part in _tails(header):
        if _speaks_of_other(header, part, known):
            break
        points, exact = _speaks(part, known)
        if exact:
            return _stated(points, 0.9, f"header '{header}'")
    return NameScores(whole, {r: f"part of header '{header}'" for r, p in whole.items() if p > 0})


def _stated(points: dict[str, float], factor: float, why: str) -> NameScores:
    scores = {role: factor * p for role, p in points.items()}
    return NameScores(scores, {role: why for role, p in points.items() if p > 0})


def is_known_name(header: str) -> bool:
    """Whether the word is one that feeds use as a header."""
    known = lexicon()
    return any(
        all(c.word for c in chunks_of(part, known)) and _speaks(part, known)[1]
        for part in (header, *_tails(header))
    )


def speaks_of(concept: str, header: str) -> bool:
    """Whether one of the header's words stands for the concept."""
    return any(concept in chunk.concepts for chunk in chunks_of(header, lexicon()))


def concepts_of(header: str) -> frozenset[str]:
    """What the header's words stand for."""
    return frozenset(one for chunk in chunks_of(header, lexicon()) for one in chunk.concepts)


def says_only(concept: str, header: str) -> bool:
    """Whether the last part of a header's path stands for the concept, and for nothing else."""
    chunks = chunks_of(re.split(r"[:)/.@]", header)[-1], lexicon())
    return len(chunks) == 1 and concept in chunks[0].concepts


def tells_lead_time(header: str) -> bool:
    """Whether a header names how soon a product is sent; its last words have to."""
    known, words = lexicon().lead, words_of(header)
    return any("".join(words[start:]) in known for start in range(len(words)))


def tells_currency(header: str, value: str) -> bool:
    """Whether a currency is named by its code, and the header says so."""
    return fold(value) in value_words()["currency"] and speaks_of("currency", header)


def chunks_of(header: str, known: Lexicon) -> list[Chunk]:
    """The header cut into known phrases, known words, known pieces of compounds, and the rest."""
    words, found, start = words_of(header)[:_FEW_WORDS], [], 0
    while start < len(words):
        for end in range(min(start + 4, len(words)), start, -1):
            joined = "".join(words[start:end])
            if joined in known.words:
                found += _found(joined, known)
                break
        else:
            end = start + 1
            found += _unlisted(words[start], known)
        start = end
    return found


def _unlisted(word: str, known: Lexicon) -> list[Chunk]:
    if word.isdigit():
        return [Chunk(word, word, (NTH if 2 <= int(word[:6]) <= 30 else FILLER,))]
    if word.startswith("ال") and word[2:] in known.words:  # the Arabic article
        return _found(word[2:], known)
    return _pieces(word, known) or _bent(word, known) or _headed(word, known)


def _bent(word: str, known: Lexicon) -> list[Chunk]:
    """A known word with another ending: `produktem` is produkt."""
    least = 4 if not word.isascii() else 5
    for stem in () if is_dense(word) else (word, word[:-1], word[:-2]):
        if len(stem) >= least and (stem in known.words or stem in known.stems):
            return [Chunk(word, stem, known.words.get(stem) or known.stems[stem])]
    return []


def _headed(word: str, known: Lexicon) -> list[Chunk]:
    """A compound of which only the last word, its head, is known: `schuhgrosse` is some size."""
    for start in range(3, len(word) - _HEAD + 1) if not is_dense(word) else ():
        if word[start:] in known.words:
            return [Chunk(word[:start], None, ()), *_found(word[start:], known)]
    return [Chunk(word, None, ())]


def _found(word: str, known: Lexicon) -> list[Chunk]:
    return [Chunk(word, word, known.words[word])]


def _pieces(word: str, known: Lexicon) -> list[Chunk]:
    """A compound's parts: `billedurl` is billed + url, the fewest that cover it; [] if none do."""
    dense = is_dense(word)
    # best[i]: signs not covered, number of parts, how even they are, and the parts, of the word's
    # first i signs: of produkt + id and produk + tid the first, with the longer part, is meant.
    best: list[tuple[int, int, int, list[Chunk]]] = [(0, 0, 0, [])]
    for end in range(1, len(word) + 1):
        missed, parts, even, chunks = best[end - 1]
        options = [(missed + 1, parts, even, chunks)]
        for start in range(max(end - _LONGEST, 0), end):
            piece = word[start:end]
            missed, parts, even, chunks = best[start]
            if piece in known.words and (
                _may_stand(piece, start, dense) or _is_id(word, end, known)
            ):
                more = [*chunks, *_found(piece, known)]
                options.append((missed, parts + 1, even - len(piece) ** 2, more))
            elif piece in _JOINTS and chunks and end < len(word) and not dense:
                options.append((missed, parts + 1, even, chunks))
        best.append(min(options, key=lambda o: o[:3]))
    missed, _, _, chunks = best[-1]
    if not chunks or (missed and not dense) or missed * 2 > len(word):
        return []
    return chunks + [Chunk(word, None, ())] * (missed > 1)


def _may_stand(piece: str, start: int, dense: bool) -> bool:
    return dense or len(piece) >= 3 or (start > 0 and piece in _SHORT_PIECES)


def _is_id(word: str, end: int, known: Lexicon) -> bool:
    """Whether the word says id and then what it is of: `idproduit`."""
    return word[:end] == "id" and len(word) - end >= _HEAD and word[end:] in known.words


def _speaks(header: str, known: Lexicon) -> tuple[dict[str, float], bool]:
    """Points by role, and whether the header's words say it wholly."""
    chunks = chunks_of(header, known)
    unknown = sum(chunk.word is None for chunk in chunks)
    meanings = [c.concepts for c in chunks if c.concepts]
    best: dict[str, float] = {}
    exact = nothing = False
    for combination in itertools.islice(itertools.product(*meanings), 200):
        concepts = frozenset(combination) - {FILLER}
        points, whole = _matched(concepts, unknown, known)
        if whole and not exact:
            best, exact = {}, True
        if whole == exact:
            best = {
                role: max(points.get(role, -9.0), best.get(role, -9.0)) for role in {*points, *best}
            }
        nothing = nothing or (concepts in known.none and not unknown)
    if nothing and not (exact and max(best.values()) >= 3.9):
        return dict.fromkeys(ROLES, _NONE), True
    other = any(OTHER in c.concepts for c in chunks)
    against = AGAINST * min(max(best.values(), default=0.0) / 3.4, 1.0)
    floor = against if exact else _OTHER if other else -1.0 if best else UNKNOWN
    return {role: best.get(role, floor) for role in ROLES}, exact


def _matched(
    concepts: frozenset[str], unknown: int, known: Lexicon
) -> tuple[dict[str, float], bool]:
    """Points by role of these concepts; whether an entry explains all of them."""
    exact: dict[str, float] = {}
    partial: dict[str, float] = {}
    for entry in known.entries:
        if not entry.needed <= concepts:
            continue
        rest = concepts - entry.needed - entry.allowed
        if not rest and not unknown:
            exact[entry.role] = max(exact.get(entry.role, -9.0), entry.points)
        else:
            points = _in_part(entry.points, len(entry.needed), rest, unknown)
            partial[entry.role] = max(partial.get(entry.role, -9.0), points)
    if exact and max(exact.values()) > 0:
        return exact, True
    return partial | exact, False


def _in_part(points: float, needed: int, rest: frozenset[str], unknown: int) -> float:
    """What is left of an entry's points when the header also speaks of something else."""
    if OTHER in rest:
        return -2.0
    strange = len(rest - {NTH}) + unknown
    weight = 0.85 * points
    if strange:
        weight = min(weight, (1.8 if points >= 3.4 else 1.0) + 0.4 * (needed - 1))
    return weight - 0.6 * max(strange - 1, 0) - (0.8 if NTH in rest else 0.0)


def _tails(header: str) -> list[str]:
    """The header without its prefixes: ``g:price``, ``(field)gender``, ``offer/picture@url``.

    A last part that says little by itself (url, value) is only taken with the part before it. Of a
    long path three parts are tried before two: ``compareAtRange.maxPrice.amount``.
    """
    parts = [p for p in re.split(r"[:)/.@]", re.sub(r"#\d+$", "", header)) if p.strip()]
    vague = len(parts) > 1 and "".join(words_of(parts[-1])) in _VAGUE
    several = [" ".join(parts[-n:]) for n in (3, 2) if len(parts) >= n + (n > 2)]
    return several + parts[-1:] * (not vague)


def _speaks_of_other(header: str, part: str, known: Lexicon) -> bool:
    """Whether what stands before the part, ``g:shipping/``, is about something else."""
    before = words_of(header)[: len(words_of(header)) - len(words_of(part))]
    chunks = chunks_of(" ".join(before), known)
    return any(OTHER in chunk.concepts and FILLER not in chunk.concepts for chunk in chunks)
