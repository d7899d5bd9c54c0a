"""The words of feed headers (words.yml) and of feed values (values.yml), and their comparison."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

ROLES = (
    "title", "description", "brand", "price", "old_price", "currency", "image_url", "product_url",
    "merchant_category", "merchant_product_id", "gtin", "colour", "size", "gender",
    "availability",
)  # fmt: skip

FILLER, OTHER = "filler", "other"
NTH = "nth"
"""What a number from 2 on stands for: the second picture, the third level."""

_LETTERS = str.maketrans({"ł": "l", "ø": "o", "æ": "ae", "ß": "ss", "đ": "d", "ı": "i", "Ł": "L",
                          "Ø": "O", "Æ": "AE", "İ": "I", "œ": "oe", "ς": "σ",
                          "ё": "е"})  # fmt: skip
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[A-Za-z])(?=[0-9])")
# Accents, the nukta and Arabic vowel signs say nothing; other marks are letters of their scripts.
_MARKS = re.compile("[\u0300-\u036f\u093c\u064b-\u0652]")

_DENSE = re.compile("[\u0e00-\u0eff\u3040-\u9fff\uac00-\ud7a3]")


@dataclass(frozen=True)
class Entry:
    """Concepts that a header must hold and may hold, and how much it then speaks for the role."""

    role: str
    needed: frozenset[str]
    allowed: frozenset[str]
    points: float


@dataclass(frozen=True, eq=False)
class Lexicon:
    """What single words mean (compact word -> concepts), and what concepts together mean.

    lead: words for how soon a product is sent.
    """

    words: Mapping[str, tuple[str, ...]]
    stems: Mapping[str, tuple[str, ...]]
    entries: tuple[Entry, ...]
    none: frozenset[frozenset[str]]
    lead: frozenset[str] = frozenset()

    def without(self, words: Iterable[str]) -> Lexicon:
        """The lexicon that had never heard these words."""
        left = {w: c for w, c in self.words.items() if w not in set(words)}
        return Lexicon(left, _stems(left), self.entries, self.none, self.lead)


def fold(text: str) -> str:
    """The text in lower case without accents."""
    if text.isascii():
        return text.lower()
    parts = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    return unicodedata.normalize("NFC", _MARKS.sub("", parts)).casefold().translate(_LETTERS)


def words_of(header: str) -> tuple[str, ...]:
    """The header's words, folded: ``g:imageLink2`` gives g, image, link, 2."""
    spaced = _CAMEL.sub(" ", header.translate(_LETTERS))
    if not spaced.isascii():
        spaced = "".join(c if c.isalnum() or _is_mark(c) else " " for c in spaced)
    return tuple(fold(word) for word in re.split(r"[\s!-/:-@\[-`{-~]+", spaced) if word)


def _is_mark(sign: str) -> bool:
    return unicodedata.category(sign)[0] == "M"


def compact(header: str) -> str:
    """The header's words run together, so that spelling with or without separators is one."""
    return "".join(words_of(header))


@cache
def lexicon() -> Lexicon:
    """The words of words.yml, read once."""
    data = _read("words.yml")
    words: dict[str, list[str]] = defaultdict(list)
    lists = data["concepts"] | {
        FILLER: data[FILLER],
        OTHER: [*data[OTHER], *data["lead"]],
        "foreign": data["foreign"],
    }
    for concept, phrases in lists.items():
        for phrase in phrases:
            if concept not in words[compact(phrase)]:
                words[compact(phrase)].append(concept)
    single = {word: tuple(concepts) for word, concepts in words.items()}
    entries = [
        Entry(role, frozenset(entry["is"]), _allowed(role, entry), float(entry["points"]))
        for role in ROLES
        for entry in data["headers"][role]
    ]
    none = frozenset(map(frozenset, data["none"]))
    for concept, like in data["like"].items():
        entries = _also(entries, concept, like["of"], float(like["less"]))
        none |= {_instead(one, concept, like["of"]) for one in none}
    lead = frozenset(map(compact, data["lead"]))
    return Lexicon(single, _stems(single), tuple(entries), none, lead)


def _also(entries: Iterable[Entry], concept: str, of: str, less: float) -> list[Entry]:
    """The entries, and those in which one concept stands for another, whose role it names less."""
    found = []
    for one in entries:
        allowed = one.allowed | {concept} if of in one.allowed else one.allowed
        found.append(replace(one, allowed=allowed))
        if of in one.needed:
            points = one.points - less * (one.role == of)
            found.append(Entry(one.role, _instead(one.needed, concept, of), allowed, points))
    return found


def _instead(concepts: frozenset[str], one: str, of: str) -> frozenset[str]:
    return concepts - {of} | {one} if of in concepts else concepts


def _allowed(role: str, entry: Mapping[str, Any]) -> frozenset[str]:
    """A second picture or link is another one; a second anything else is the same thing."""
    beside = frozenset(entry.get("with", ()))
    return beside if role in ("image_url", "product_url") else beside | {NTH}


def _stems(words: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Words without their last one or two letters, where grammar bends them."""
    found: dict[str, list[str]] = defaultdict(list)
    for word, concepts in words.items():
        least = 5 if word.isascii() else 4
        for stem in (word[:-1], word[:-2]):
            if len(stem) >= least and not is_dense(stem):
                found[stem] += [c for c in concepts if c not in found[stem]]
    return {stem: tuple(concepts) for stem, concepts in found.items()}


def is_dense(text: str) -> bool:
    """Whether the text is of a script that sets no spaces between words."""
    return not text.isascii() and _DENSE.search(text) is not None


@cache
def value_words() -> dict[str, frozenset[str]]:
    """Kind -> the words of values.yml, folded."""
    known = {kind: frozenset(map(fold, words)) for kind, words in _read("values.yml").items()}
    return known | {"availability": known["availability"] | _schema_org(known["availability"])}


def _schema_org(states: Iterable[str]) -> frozenset[str]:
    """The addresses at schema.org of states such as `in stock`."""
    names = {re.sub("[ _-]", "", state) for state in states if state.isascii()}
    starts = ("http://schema.org/", "https://schema.org/", "schema.org/")
    return frozenset(start + name for start in starts for name in names if name.isalpha())


def _read(name: str) -> dict[str, Any]:
    try:
        text = files("aisles.feeds").joinpath(name).read_text(encoding="utf-8")
    except OSError as error:  # ours, not the feed's: readers turn an OSError into a refusal
        raise RuntimeError(f"the installed package lacks aisles/feeds/{name}") from error
    # BaseLoader keeps every word a string: YAML would read `no` as false.
    read: dict[str, Any] = yaml.load(text, Loader=yaml.BaseLoader)
    return read
