"""What a feed's header words mean: the vocabulary of words.yml, and its look-up."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

ROLES = (
    "title", "description", "brand", "price", "old_price", "currency", "image_url", "product_url",
    "merchant_category", "merchant_product_id", "gtin", "colour", "size", "gender",
    "availability",
)  # fmt: skip

_LETTERS = str.maketrans({"ł": "l", "ø": "o", "æ": "ae", "ß": "ss", "đ": "d", "ı": "i", "Ł": "L",
                          "Ø": "O", "Æ": "AE", "İ": "I", "œ": "oe"})  # fmt: skip
_VAGUE = frozenset(["url", "href", "src", "link", "value", "text", "val", "id", "name"])
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[A-Za-z])(?=[0-9])")
_BREAK = re.compile(r"[^\w]+|_+")


@dataclass(frozen=True)
class Vocabulary:
    """Header phrases by role, compact, and lists of single words and of value words, folded."""

    sure: dict[str, frozenset[str]]
    maybe: dict[str, frozenset[str]]
    neutral: frozenset[str]
    other: frozenset[str]
    none: frozenset[str]
    values: dict[str, frozenset[str]]
    names: frozenset[str]


def fold(text: str) -> str:
    """The text in lower case without accents."""
    if text.isascii():
        return text.lower()
    parts = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    return "".join(c for c in parts if not unicodedata.combining(c)).casefold()


def words_of(header: str) -> tuple[str, ...]:
    """The header's words, folded: ``g:imageLink2`` gives g, image, link, 2."""
    spaced = _BREAK.sub(" ", _CAMEL.sub(" ", header.translate(_LETTERS)))
    return tuple(fold(word) for word in spaced.split())


def compact(header: str) -> str:
    """The header's words run together, so that spelling with or without separators is one."""
    return "".join(words_of(header))


@cache
def vocabulary() -> Vocabulary:
    """The words of words.yml, read once."""
    text = (Path(__file__).parent / "words.yml").read_text(encoding="utf-8")
    # BaseLoader keeps every word a string: YAML would read `no` as false.
    data = yaml.load(text, Loader=yaml.BaseLoader)
    headers = data["headers"]
    sure = {role: frozenset(map(compact, headers[role]["sure"])) for role in ROLES}
    maybe = {role: frozenset(map(compact, headers[role]["maybe"])) for role in ROLES}
    none = frozenset(map(compact, data["none"]))
    every = frozenset().union(none, *sure.values(), *maybe.values())
    return Vocabulary(
        sure,
        maybe,
        frozenset(map(fold, data["neutral"])),
        frozenset(map(fold, data["other"])),
        none,
        {kind: frozenset(map(fold, words)) for kind, words in data["values"].items()},
        every,
    )


def is_known_name(header: str) -> bool:
    """Whether the word is one that feeds use as a header."""
    known = vocabulary()
    return any(compact(part) in known.names for part in (header, *_tails(header)))


def _tails(header: str) -> list[str]:
    """The header without its prefixes: ``g:price``, ``(field)gender``, ``offer/picture@url``.

    A last part that says little by itself (url, value) is only taken with the part before it.
    """
    parts = [p for p in re.split(r"[:)/.@]", re.sub(r"#\d+$", "", header)) if p]
    vague = len(parts) > 1 and compact(parts[-1]) in _VAGUE
    return [" ".join(parts[-2:])] * (len(parts) > 1) + parts[-1:] * (not vague)


def _speaks_of_other(header: str, part: str) -> bool:
    """Whether what stands before the part, ``g:shipping/``, is about something else."""
    words = words_of(header)
    before = words[: len(words) - len(words_of(part))]
    return any(word in vocabulary().other for word in before)


@dataclass(frozen=True)
class NameScores:
    """How much one header speaks for each role (4 surely, 0 nothing, below 0 against), and why."""

    scores: dict[str, float]
    why: dict[str, str]


@cache
def name_scores(header: str) -> NameScores:
    """What the header's words say of each role."""
    known = vocabulary()
    for part in (header, *_tails(header)):
        joined, factor = compact(part), 1.0 if part == header else 0.9
        if part != header and _speaks_of_other(header, part):
            break
        exact = {r: 4.0 for r in ROLES if joined in known.sure[r]}
        exact |= {r: 2.4 for r in ROLES if joined in known.maybe[r] and r not in exact}
        if exact:
            scores = {r: factor * exact[r] if r in exact else -2.5 for r in ROLES}
            return NameScores(scores, dict.fromkeys(exact, f"header '{header}'"))
        if joined in known.none:
            return NameScores(dict.fromkeys(ROLES, -4.0), {})
    return _partial(header)


def _partial(header: str) -> NameScores:
    """Scores from a phrase that is part of the header, lessened by what else stands there."""
    known = vocabulary()
    words = tuple(w for w in words_of(header) if not w.isdigit())[:10]
    best: dict[str, float] = {}
    for start in range(len(words)):
        for end in range(start + 1, len(words) + 1):
            joined, rest = "".join(words[start:end]), words[:start] + words[end:]
            for role in ROLES:
                if joined in known.sure[role] or joined in known.maybe[role]:
                    score = _phrase_score(rest, end - start, joined in known.sure[role])
                    best[role] = max(best.get(role, -9.0), score)
    other = any(word in known.other for word in words)
    floor = -3.0 if other else -0.5 if not best else -1.0
    scores = {role: best.get(role, floor) for role in ROLES}
    why = dict.fromkeys(best, f"part of header '{header}'")
    return NameScores(scores, why)


def _phrase_score(rest: tuple[str, ...], length: int, sure: bool) -> float:
    known = vocabulary()
    if any(word in known.other for word in rest):
        return -2.0
    strange = sum(word not in known.neutral for word in rest)
    weight = 3.4 if sure else 2.0
    if strange:
        weight = min(weight, (1.8 if sure else 1.0) + 0.4 * (length - 1))
    return weight - 0.6 * max(strange - 1, 0)
