"""Titles and descriptions from nouns, attributes, brands and phrases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from aisles.simulate.draws import Draws
from aisles.simulate.lexicon import Retailer, load, words
from aisles.simulate.sizes import AGES, COUNTS, MANY, MONTHS, SIZES
from aisles.simulate.tree import Node, Noun, tree

_ROLE_RATE = 0.07
_FILLER_RATE = 0.06
_NO_NOUN_RATE = 0.04
_ENGLISH_RATE = 0.07
_LISTS = frozenset({"adjective", "material", "pattern", "feature"})


@dataclass
class Phrase:
    """What the grammar knows of one product. slots: the words of its attributes."""

    noun: Noun
    title: str = ""
    gender: str = ""
    colour: str = ""
    colour_word: str = ""
    slots: dict[str, str] = field(default_factory=dict)


@cache
def plural(noun: str) -> str:
    """The English plural of the last word."""
    if noun.endswith(("s", "x", "ch", "sh")):
        return noun + "es"
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return noun[:-1] + "ies"
    return noun[:-2] + "ves" if noun.endswith("fe") else noun + "s"


@cache
def _slots(profile: str) -> tuple[tuple[str, str, float], ...]:
    """Slot, list or kind, and probability."""
    out = []
    for slot, given in load("profiles.yml")[profile].items():
        kind, rate = given if isinstance(given, list) else ("", given)
        out.append((slot, kind, rate))
    return tuple(out)


def choose_noun(node: Node, lang: str, draws: Draws) -> Noun:
    """A noun of the leaf; a foreign shop keeps the English one now and then."""
    own = lang if not draws.chance(_ENGLISH_RATE) else "en"
    nouns = node.nouns(own)
    # The first word is the common one; min of two draws leans to it.
    return nouns[int(min(draws.next(), draws.next()) * len(nouns))]


def compose(shop: Retailer, node: Node, noun: Noun, brand: str, draws: Draws) -> Phrase:
    """The title and the attributes of one product."""
    lexicon = words(shop.lang)
    phrase = Phrase(noun)
    slots = phrase.slots
    for slot, kind, rate in _slots(node.profile):
        _fill(slot, kind, draws.chance(rate), phrase, node, lexicon, draws)
    if node.gender and "gender" not in slots and draws.chance(0.5):
        _gender(phrase, node, lexicon, draws)
    if brand and draws.chance(0.85):
        slots["brand"] = brand
    hard = _NO_NOUN_RATE if node.profile not in ("book", "media") else 0.45
    if not draws.chance(hard):
        slots["noun"] = _shown(noun, shop.lang, draws)
    title = _ordered(shop.order, slots)
    if draws.chance(_ROLE_RATE):
        title = f"{title} {_role(node, shop.lang, lexicon, draws)}"
    if draws.chance(_FILLER_RATE):
        filler = draws.pick(lexicon["fillers"])
        title = (
            f"{title} {filler}" if filler[0] == "-" or draws.chance(0.5) else f"{filler} {title}"
        )
    if not title or title == brand:
        title = f"{brand} {_shown(noun, shop.lang, draws)}".strip()
    phrase.title = _CASES[shop.case](title)
    return phrase


def _fill(
    slot: str,
    kind: str,
    shown: bool,
    phrase: Phrase,
    node: Node,
    lexicon: dict[str, Any],
    draws: Draws,
) -> None:
    if slot == "gender":
        if shown:
            _gender(phrase, node, lexicon, draws)
    elif slot == "colour":
        phrase.colour = draws.pick(_colour_keys())
        phrase.colour_word = draws.pick(lexicon["colours"][phrase.colour])
        if shown:
            phrase.slots["colour"] = phrase.colour_word
    elif shown:
        phrase.slots[slot] = _value(slot, kind, lexicon, draws)


def _value(slot: str, kind: str, lexicon: dict[str, Any], draws: Draws) -> str:
    if kind == "author":
        first, last = draws.pick(lexicon["first_names"]), draws.pick(lexicon["last_names"])
        return str(lexicon["by"]).format(first=first, last=last)
    if slot in _LISTS or slot == "adjective":
        return str(draws.pick(lexicon[kind]))
    if slot == "model":
        return _model(kind, lexicon, draws)
    if kind in SIZES:
        return draws.pick(SIZES[kind])
    low, high = draws.pick(AGES)
    count = draws.pick(COUNTS)
    many = draws.pick(MANY)
    template: str = draws.pick(lexicon[kind])
    return template.format(n=count, m=many, a=low, b=high, c=draws.pick(MONTHS))


def _model(kind: str, lexicon: dict[str, Any], draws: Draws) -> str:
    if kind == "name":
        return str(draws.pick(lexicon["names"]))
    if kind == "year":
        return str(draws.whole(2021, 2025))
    if kind == "work":
        return f"{draws.pick(lexicon['work_a'])} {draws.pick(lexicon['work_b'])}"
    return code(draws)


def code(draws: Draws) -> str:
    """A model number."""
    letters = "ABCDEFGHKLMNPRSTVWXZ"
    head = draws.pick(letters) + (draws.pick(letters) if draws.chance(0.7) else "")
    dash = "-" if draws.chance(0.4) else ""
    return f"{head}{dash}{draws.whole(10, 9900)}{draws.pick(('', '', '', 'B', 'X', ' Pro', '/2'))}"


def _gender(phrase: Phrase, node: Node, lexicon: dict[str, Any], draws: Draws) -> None:
    phrase.gender = node.gender or draws.pick(("m", "m", "f", "f", "u", "k"))
    phrase.slots["gender"] = draws.pick(lexicon["gender"][phrase.gender])


@cache
def _colour_keys() -> tuple[str, ...]:
    return tuple(load("words/en.yml")["colours"])


def _shown(noun: Noun, lang: str, draws: Draws) -> str:
    text = noun.text
    chance = draws.next()
    if lang == "en":
        if chance < 0.12 and not noun.plural:
            text = plural(text)
        elif chance > 0.96:
            text = text.replace("-", " ") if "-" in text else text.replace(" ", "-", 1)
        text = " ".join(word[:1].upper() + word[1:] for word in text.split(" "))
    elif chance < 0.7:
        text = text[:1].upper() + text[1:]
    return text


def _ordered(order: tuple[str, ...], slots: dict[str, str]) -> str:
    title = ""
    sign = ""
    for slot in order:
        word = slots.get(slot)
        if word:
            title = f"{title}{sign or ' '}{word}" if title else word
            sign = ""
        elif slot == "-":
            sign = " - "
        elif slot == "comma":
            sign = ", "
    return title


def _role(node: Node, lang: str, lexicon: dict[str, Any], draws: Draws) -> str:
    template: str = draws.pick(lexicon["roles"])
    if "{far}" in template:
        return template.format(far=far_noun(lang, draws))
    return template.format(other=other_noun(node, lang, draws))


def other_noun(node: Node, lang: str, draws: Draws) -> str:
    """A noun of another product of the same aisle (or, rarely, of the same leaf)."""
    return draws.pick(draws.pick(_aisle_nouns(node.path[0], lang)))


def far_noun(lang: str, draws: Draws) -> str:
    """A noun of a product of any aisle."""
    return draws.pick(draws.pick(_aisle_nouns("", lang)))


@cache
def _aisle_nouns(aisle: str, lang: str) -> tuple[tuple[str, ...], ...]:
    """The nouns of each leaf of an aisle, or of the whole tree."""
    leaves = [tree().nodes[place] for place in tree().leaves]
    chosen = [leaf for leaf in leaves if not aisle or leaf.path[0] == aisle]
    return tuple(tuple(_cased(n.text, lang) for n in leaf.nouns(lang)) for leaf in chosen)


def _cased(text: str, lang: str) -> str:
    return text.title().replace("'S", "'s") if lang == "en" else text


def _title_case(text: str) -> str:
    return " ".join(word[:1].upper() + word[1:] for word in text.split(" "))


_CASES: dict[str, Callable[[str], str]] = {
    "as": lambda text: text,
    "title": _title_case,
    "upper": lambda text: text.upper(),
    "lower": lambda text: text[:1].upper() + text[1:].lower(),
}


def describe(shop: Retailer, node: Node, phrase: Phrase, brand: str, draws: Draws) -> str:
    """A description of some sentences, which may name products of other categories."""
    lexicon = words(shop.lang)
    pool: list[str] = lexicon["sentences"]
    start, step = draws.whole(0, len(pool) - 1), draws.whole(1, 3)
    parts = [pool[(start + k * step) % len(pool)] for k in range(draws.whole(1, 4))]
    if draws.chance(0.4):
        parts.append(str(draws.pick(lexicon["extras"])))
    text = f"<p>{parts[0]}</p>{_listed(parts[1:])}" if shop.html else " ".join(parts)
    text = text.format_map(_Said(shop, node, phrase, brand, draws))
    return text[:1].upper() + text[1:]


def _listed(parts: list[str]) -> str:
    return f"<ul><li>{'</li><li>'.join(parts)}</li></ul>" if parts else ""


class _Said(dict[str, object]):
    """The words of a sentence, made when it asks for them."""

    def __init__(
        self, shop: Retailer, node: Node, phrase: Phrase, brand: str, draws: Draws
    ) -> None:
        super().__init__(noun=phrase.noun.text, title=phrase.title, brand=brand or shop.merchant)
        self._with = (shop.lang, node, phrase, draws)

    def __missing__(self, name: str) -> object:
        lang, node, phrase, draws = self._with
        if name == "far":
            return far_noun(lang, draws)
        if name == "code":
            return draws.whole(10000, 999999)
        if name == "colour":
            return phrase.colour_word or draws.pick(words(lang)["colours"]["multi"])
        if name == "material":
            return phrase.slots.get("material") or draws.pick(words(lang)["materials"])
        return other_noun(node, lang, draws)
