"""Legacy rules for the tree, with the faults that such rules have after years."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache

import numpy as np

from aisles.simulate.draws import Draws, key_of, table
from aisles.simulate.grammar import plural
from aisles.simulate.lexicon import retailers
from aisles.simulate.shops import label, leaf_brands
from aisles.simulate.tree import Node, Noun, tree

HEAD = ("rule_id", "category_id", "condition", "enabled", "author_note")
_AUTHORS = ("EW", "TB", "GH", "LF", "DN")
_NOTES = (
    "",
    "",
    "",
    "",
    "",
    "{a}",
    "{a} {y}",
    "{a} {y}-{m:02d}",
    "asked for by the shop",
    "check!",
)
_BROKEN = (
    'title contains "garden hose',
    'title contains_any ("lamp", "lamps"',
    'titel contains "sofa"',
    'title matches "(sneaker|trainer"',
    'any is "chocolate"',
)
_SLOPPY = 0.012
# How often a rule asks for the last word of a noun only ("bag" for a sleeping bag).
_HEADS = 0.07
_DISABLED = 0.02


def rules_csv(seed: int) -> str:
    """The table of legacy rules: about two for each category."""
    text = io.StringIO()
    write = csv.writer(text, lineterminator="\n").writerow
    write(HEAD)
    number = 0
    for order, (category, condition) in enumerate(_book(seed)):
        draws = _draws(seed, "row", order)
        number += 1 + int(draws.chance(0.25)) * draws.whole(1, 3)
        if draws.chance(_SLOPPY):
            category = draws.pick(tree().nodes).category_id
        enabled = "false" if draws.chance(_DISABLED) else "true"
        note = draws.pick(_NOTES).format(
            a=draws.pick(_AUTHORS), y=2010 + order // 130, m=draws.whole(1, 12)
        )
        write([f"R{number:05d}", category, condition, enabled, note])
    return text.getvalue()


def _book(seed: int) -> list[tuple[str, str]]:
    """Category and condition of all rules in the order of their age, the broken ones among them."""
    written: list[tuple[str, str]] = []
    for node in tree().nodes:
        draws = _draws(seed, "node", *node.path)
        kinds = _leaf_kinds(draws) if node.leaf else _inner_kinds(draws)
        conditions = dict.fromkeys(kind(seed, node, draws) for kind in kinds)
        written += [(node.category_id, condition) for condition in conditions if condition]
    for place, condition in enumerate(_BROKEN):
        node = tree().nodes[key_of(seed, "broken", place) % len(tree().nodes)]
        written.append((node.category_id, condition))
    written.sort(key=lambda rule: key_of(seed, "age", *rule))
    return written


Kind = Callable[[int, Node, Draws], str]


def _leaf_kinds(draws: Draws) -> list[Kind]:
    kinds: list[Kind] = [_keywords] if draws.chance(0.5) else []
    return kinds + [draws.pick(_SECOND) for rate in (0.9, 0.55, 0.3) if draws.chance(rate)]


def _inner_kinds(draws: Draws) -> list[Kind]:
    kinds: list[Kind] = [_shop_words] if draws.chance(0.6) else []
    return kinds + [draws.pick(_THIRD) for rate in (0.4, 0.2) if draws.chance(rate)]


def _keywords(_: int, node: Node, draws: Draws) -> str:
    return _any("title", _phrases(node, draws))


def _phrases(node: Node, draws: Draws) -> list[str]:
    """Some of the English nouns, some of them in the plural too."""
    found: list[str] = []
    for place, noun in enumerate(node.words.get("en", ())):
        if place and not draws.chance(0.5):
            continue
        found.append(noun.text)
        if not noun.plural and draws.chance(0.4):
            found.append(plural(noun.text))
    return found


def _first(node: Node) -> Noun:
    return node.words["en"][0] if "en" in node.words else Noun(node.name.lower())


def _generic(_: int, node: Node, draws: Draws) -> str:
    """Only the last word of a noun: catches much else."""
    noun = draws.pick(node.words["en"])
    return _any("title", list(dict.fromkeys((noun.text, _head(noun.text)))))


def _head(noun: str) -> str:
    """The last word, or the whole noun where that word says nothing to anyone."""
    last = noun.split(" ")[-1]
    return noun if _uses()[last] > 4 else last


@cache
def _uses() -> Counter[str]:
    """In how many leaves each word is part of a noun."""
    found: Counter[str] = Counter(set=100, kit=100, print=100, s=100)
    for leaf in tree().leaves:
        nouns = (noun.text for noun in tree().nodes[leaf].words["en"])
        found.update({word for noun in nouns for word in noun.split(" ")})
    return found


def _guarded(_: int, node: Node, draws: Draws) -> str:
    noun = _first(node).text
    guards = [draws.pick(_GUARDS) for _ in range(draws.whole(1, 4))]
    guards = [word for word in dict.fromkeys(guards) if word not in noun] or ["toy"]
    phrases = [noun, _head(noun)] if draws.chance(_HEADS) else [noun]
    return f"{_any('title', list(dict.fromkeys(phrases)))} and not {_any('title', guards)}"


def _precedence(_: int, node: Node, draws: Draws) -> str:
    """The negation guards only the second half, which its author did not mean."""
    noun = _first(node)
    other = plural(noun.text) if not noun.plural else draws.pick(node.words["en"]).text
    guard = draws.pick(_GUARDS)
    return (
        f'title contains "{noun.text}" or title contains "{other}" and not title contains "{guard}"'
    )


def _brands(seed: int, node: Node, draws: Draws) -> str:
    leaf = tree().nodes[tree().below[node.place][0]]
    names = leaf_brands(seed, leaf)[:-1]
    chosen = [draws.pick(names) for _ in range(draws.whole(1, 3))]
    either = " or ".join(f'brand is "{name.lower()}"' for name in dict.fromkeys(chosen))
    if draws.chance(0.05):
        return either
    noun = _first(leaf).text
    word = _head(noun) if draws.chance(_HEADS) else noun
    return f'({either}) and title contains "{word}"'


def _shop_words(_: int, node: Node, draws: Draws) -> str:
    """The own words of one shop that sells such things."""
    aisle = node.path[0]
    shops = [shop for shop in retailers() if aisle in shop.aisles and not shop.left_out]
    if not shops:
        return _any("title", [_first(node).text])
    text = label(draws.pick(shops), node).lower()
    return f'merchant_category contains "{text}"'


def _priced(_: int, node: Node, draws: Draws) -> str:
    noun = _first(node).text
    if draws.chance(0.5):
        return f'title contains "{noun}" and price > {max(1, node.low)}'
    head = _head(noun) if draws.chance(_HEADS) else noun
    return f'title contains "{head}" and price < {node.high}'


def _regex(_: int, node: Node, draws: Draws) -> str:
    nouns = [noun.text for noun in node.words["en"][: draws.whole(1, 3)]]
    body = "|".join(noun.replace("-", "[- ]?").replace(" ", "[ -]") for noun in nouns)
    return f'title matches "\\b({body})s?\\b"'


def _anywhere(_: int, node: Node, draws: Draws) -> str:
    nouns = [noun.text for noun in node.words["en"]]
    return _any("any", nouns[: draws.whole(1, 2)])


def _foreign(_: int, node: Node, draws: Draws) -> str:
    languages = [lang for lang in node.words if lang != "en"]
    if not languages:
        return _any("title", [_first(node).text])
    nouns = node.words[draws.pick(languages)]
    return _any("title", [noun.text.lower() for noun in nouns])


def _gendered(_: int, node: Node, draws: Draws) -> str:
    noun = _first(node).text
    word = draws.pick(("female", "women", "male", "men"))
    return f'title contains "{noun}" and (gender is "{word}" or title contains "{word}")'


def _of_child(_: int, node: Node, draws: Draws) -> str:
    """A rule of the parent where one of a child was due."""
    leaf = tree().nodes[draws.pick(tree().below[node.place])]
    return _any("title", _phrases(leaf, draws) or [_first(leaf).text])


_SECOND: Sequence[Kind] = (
    _generic,
    *[_guarded] * 3,
    *[_precedence] * 3,
    *[_brands] * 3,
    *[_shop_words] * 6,
    *[_priced] * 2,
    *[_regex] * 3,
    _anywhere,
    *[_foreign] * 3,
    _gendered,
)
_THIRD: Sequence[Kind] = (_of_child, _shop_words, _of_child, _brands)
_GUARDS = (
    "case", "toy", "kids", "holder", "stand", "bag", "box", "cover", "strap", "print", "set",
    "dog", "baby", "gift", "rack", "refill", "cleaner", "for",
)  # fmt: skip


def _any(field: str, phrases: Sequence[str]) -> str:
    if not phrases:
        return ""
    if len(phrases) == 1:
        return f'{field} contains "{phrases[0]}"'
    listed = ", ".join(f'"{phrase}"' for phrase in phrases)
    return f"{field} contains_any ({listed})"


def _draws(seed: int, *parts: object) -> Draws:
    return Draws(table(key_of(seed, "rules", *parts), np.arange(1), 60)[0])
