"""How much a column's values speak for each role, in points: about 4 is sure, below 0 against."""

from __future__ import annotations

from collections.abc import Callable

from aisles.feeds.relations import Relation
from aisles.feeds.shapes import Shape

Evidence = dict[str, float]
"""Clues and their points; their sum is the score."""

NEVER = -7.0


def _clues(*pairs: tuple[bool, str, float]) -> Evidence:
    return {clue: points for holds, clue, points in pairs if holds}


def _no_text(s: Shape) -> bool:
    codes = s.date > 0.5 or s.hashed > 0.5 or s.currency > 0.5
    return codes or s.url > 0.2 or s.numeric > 0.5 or s.rate > 0.5


def title(s: Shape, r: Relation) -> Evidence:
    return _clues(
        (_no_text(s) or s.letters < 0.5, "is no text", NEVER),
        (s.constant, "constant", -5.0),
        (s.unique > 0.6, "nearly unique", 1.5),
        (s.unique < 0.2, "repeats", -2.0),
        (2 <= s.words <= 25, "a few words", 1.5),
        (s.words < 1.5, "single words", -1.5),
        (10 <= s.length <= 130, "of a title's length", 1.0),
        (s.length > 220, "too long", -2.0),
        (s.markup > 0.2, "markup", -2.0),
        (s.path > 0.5 and s.unique < 0.7, "paths", -2.5),
        (s.listed > 0.8 and s.words > 2, "lists", -1.0),
        (s.filled > 0.9, "filled", 0.3),
        (0.5 <= s.filled < 0.85, "often blank", -0.6),
        (s.filled < 0.5, "mostly blank", -1.5),
        (r.equals_title > 0.5 or r.holds_title > 0.6, "repeats the title", -1.0),
        (s.priced > 0.5, "tells of prices", -2.5),
    )


def description(s: Shape, r: Relation) -> Evidence:
    return _clues(
        (_no_text(s) or s.letters < 0.5, "is no text", NEVER),
        (s.constant, "constant", -5.0),
        (s.unique < 0.2, "repeats", -2.0),
        (s.length > 80, "long text", 1.5),
        (s.length > 150, "very long text", 1.0),
        (s.words > 12, "many words", 0.7),
        (s.words < 3, "few words", -2.0),
        (s.markup > 0.2, "markup", 1.0),
        (s.path > 0.7 and s.length < 150 and s.unique < 0.7, "paths", -2.0),
        (r.holds_title > 0.5, "repeats the title", 2.0),
        (s.unique > 0.5 and s.words > 3, "nearly unique", 0.8),
    )


def brand(s: Shape, r: Relation) -> Evidence:
    listed = max(s.gender, s.age, s.availability, s.flag, s.size)
    return _clues(
        (_no_text(s) or s.letters < 0.5, "is no text", NEVER),
        (s.constant, "constant", -2.0),
        (listed > 0.5, "listed words of another role", -4.0),
        (s.colour > 0.6, "colours", -3.0),
        (s.coded > 0.7, "codes", -2.0),
        (s.path > 0.2, "paths", -3.0),
        (not s.constant and s.distinct > 1 and s.unique < 0.7, "repeats", 1.2),
        (s.words <= 3.2 and s.length <= 28, "a word or two", 1.0),
        (s.words > 5, "many words", -3.0),
        (r.starts_title > 0.25, "starts the title", 2.0),
        (r.starts_title > 0.75, "nearly always", 0.6),
        (r.in_title > 0.4, "stands in the title", 1.0),
        (s.department > 0.5 and r.starts_title < 0.3, "departments", -2.0),
        (s.identifier > 0.8 and s.unique > 0.9, "identifiers", -1.5),
        (s.filled < 0.8, "often blank", -0.3),
    )


def _amount(s: Shape, r: Relation) -> list[tuple[bool, str, float]]:
    return [
        (s.money < 0.6, "no amounts", NEVER),
        (s.money >= 0.8 and s.cents > 0.3, "amounts with cents", 2.2),
        (s.money >= 0.8 and s.cents <= 0.3 and s.decimal > 0.5, "amounts with a decimal", 1.0),
        (s.money >= 0.8 and s.decimal <= 0.5 and s.cents <= 0.3, "amounts", 0.6),
        (s.decimal <= 0.5 and s.round > 0.8 and s.length > 2, "round amounts", 1.2),
        (s.worded > 0.8, "with a money sign", 1.0),
        (s.constant, "constant", -3.0),
        (s.distinct < 6 and not s.constant and s.count > 50, "few amounts", -1.5),
        (s.integer > 0.95 and s.unique > 0.9 and s.length > 5 and s.round < 0.7, "codes", -3.0),
        (s.length < 2.2, "small numbers", -1.5),
        (r.fraction, "a part of another amount", -2.5),
        (s.date > 0.5 or s.gtin > 0.5, "dates or codes", -5.0),
    ]


def price(s: Shape, r: Relation) -> Evidence:
    return _clues(
        *_amount(s, r),
        (s.filled > 0.9, "filled", 0.8),
        (0.3 <= s.filled < 0.7, "often blank", -2.5),
        (s.filled < 0.3, "mostly blank", -3.5),
        (r.below > 0 and s.filled >= 0.7, "never above another price", 1.4),
        (r.above > 0 and r.below == 0, "above another price", -1.0),
    )


def old_price(s: Shape, r: Relation) -> Evidence:
    return _clues(
        *_amount(s, r),
        (r.above > 0, "never below another price", 1.8),
        (r.below > 0, "below another price", -3.0),
        (s.count > 9 and r.above + r.below == 0 and not r.same, "no lower price beside it", -0.8),
        (r.same and s.filled < 0.7, "now and then, the same as another price", -1.6),
        (r.same and s.filled >= 0.7, "always the same as another price", 0.2),
    )


def currency(s: Shape, _: Relation) -> Evidence:
    return _clues(
        (s.currency >= 0.9, "currency codes", 4.0), (s.currency < 0.9, "no currency codes", NEVER)
    )


def image_url(s: Shape, _: Relation) -> Evidence:
    return _clues(
        (s.url < 0.6, "no links", NEVER),
        (s.picture >= 0.5, "links to pictures", 4.0),
        (s.picture < 0.5, "no picture in the link", -1.5),
        (s.small > 0.5, "small pictures", -1.5),
        (s.constant, "constant", -5.0),
        (s.pixel > 0.5, "tracking pixel", -5.0),
        (s.filled > 0.98, "always filled", 0.3),
        (s.filled < 0.5, "mostly blank", -1.0),
    )


def product_url(s: Shape, _: Relation) -> Evidence:
    return _clues(
        (s.url < 0.7, "no links", NEVER),
        (s.picture < 0.5, "links", 3.5),
        (s.picture >= 0.5, "links to pictures", -4.0),
        (s.constant, "constant", -5.0),
        (s.availability > 0.5, "stock words", NEVER),
        (s.pixel > 0.5, "tracking pixel", -4.0),
        (s.cart > 0.5, "leads to the cart", -2.5),
        (s.unique < 0.3 and s.count > 50, "repeats", -2.5),
        (s.unique > 0.9 and s.count > 50, "one a product", 0.5),
        (s.home > 0.5, "leads to a home page", -2.0),
        (s.machine > 0.5, "for machines", -2.5),
        (s.filled < 0.5, "mostly blank", -1.0),
    )


def merchant_category(s: Shape, r: Relation) -> Evidence:
    listed = max(s.availability, s.flag, s.currency, s.colour, s.size)
    return _clues(
        (_no_text(s) or s.letters < 0.5 or s.number_path > 0.5, "is no text", NEVER),
        (listed > 0.6, "listed words of another role", -4.0),
        (s.constant and s.department < 0.5, "constant", -4.0),
        (s.constant and s.department >= 0.5, "constant", -0.5),
        (s.path > 0.3, "paths", 2.2),
        (s.department > 0.25, "departments", 1.8),
        (s.unique < 0.35, "repeats", 1.0),
        (s.unique < 0.35 and s.distinct > 4 and s.letters > 0.95, "kinds of things", 0.4),
        (s.unique > 0.8, "nearly unique", -1.5),
        (r.level and r.starts_title < 0.2, "a level of another column", 1.0),
        (s.listed > 0.8, "lists", -1.0),
        (s.coded > 0.5, "codes", -4.0),
        (s.words <= 12 and s.length < 150, "short", 0.5),
        (s.length < 2.5, "too short for words", -4.0),
        (s.length > 200 or s.markup > 0.2, "long text", -3.0),
        (s.sentence > 0.6 and s.path < 0.3, "sentences", -3.0),
        (r.starts_title > 0.3, "starts the title", -2.5),
        (s.gender > 0.8, "genders", -0.5),
        (s.age > 0.8, "age groups", -1.5),
        (s.distinct < 3 and not s.constant and s.department < 0.5, "two words only", -1.0),
    )


def merchant_product_id(s: Shape, r: Relation) -> Evidence:
    return _clues(
        (s.url > 0.2 or s.date > 0.5 or s.currency > 0.5 or s.markup > 0.2, "no code", NEVER),
        (s.constant, "constant", NEVER),
        (s.unique > 0.85, "nearly unique", 2.0),
        (s.unique < 0.5, "repeats", -2.5),
        (s.identifier > 0.9, "codes", 1.0),
        (s.identifier < 0.5, "texts", -3.0),
        (s.money > 0.8 and s.decimal > 0.3, "amounts", -4.0),
        (s.hashed > 0.8, "hashes", -1.5),
        (s.gtin > 0.6, "GTINs", -1.5),
        (s.filled > 0.98, "always filled", 0.5),
        (s.filled < 0.8, "often blank", -2.0),
        (r.in_url > 0.5, "stands in the links", 1.0),
        (s.length < 2.5, "too short", -1.5),
    )


def gtin(s: Shape, _: Relation) -> Evidence:
    return _clues(
        (s.gtin >= 0.8, "check digits", 4.0),
        (s.gtin > 0.98 and s.unique > 0.8 and s.count > 30, "all of them, and unique", 1.0),
        (0.3 <= s.gtin < 0.8, "some check digits", 0.5),
        (s.gtin < 0.3, "no check digits", -5.0),
        (s.filled < 0.4, "mostly blank", -1.0),
        (s.constant, "constant", -3.0),
    )


def colour(s: Shape, _: Relation) -> Evidence:
    return _clues(
        (s.pairs > 0.5, "names and values", NEVER),
        (s.colour >= 0.5 and s.words <= 4, "colours", 3.2),
        (0.15 <= s.colour < 0.5, "some colours", 0.4),
        (s.colour < 0.15, "no colours", -2.0),
        (s.words > 6 or s.url > 0.2 or s.path > 0.5, "text", -5.0),
        (s.numeric > 0.5, "numbers", -4.0),
        (s.listed > 0.8 and s.words > 2.5, "lists", -3.0),
        (s.unique > 0.9 and s.distinct > 30, "nearly unique", -1.5),
    )


def size(s: Shape, _: Relation) -> Evidence:
    return _clues(
        (s.pairs > 0.5, "names and values", NEVER),
        (s.size >= 0.5 and s.letters > 0.25, "sizes", 3.0),
        (s.size >= 0.5 and s.letters <= 0.25, "maybe sizes", 0.8),
        (s.size < 0.5, "few sizes", -0.8),
        (s.size < 0.1, "no sizes", -1.0),
        (s.words > 8 or s.url > 0.2 or s.path > 0.5 or s.gender > 0.5, "text", -5.0),
        (s.flag > 0.9 or s.decimal > 0.8, "numbers", -2.0),
        (s.date > 0.5, "dates", -5.0),
        (s.unique > 0.9 and s.distinct > 30, "nearly unique", -3.0),
        (s.constant, "constant", -1.5),
    )


def gender(s: Shape, _: Relation) -> Evidence:
    return _clues(
        (s.gender >= 0.6 and s.age < 0.9, "genders", 4.0),
        (0.2 <= s.gender < 0.6 and s.age < 0.5, "some genders", 0.5),
        (s.age >= 0.9, "age groups", -4.0),
        (s.gender < 0.2 and s.length > 2, "no genders", -5.0),
        (s.constant and s.gender < 0.6, "constant", -2.0),
    )


def availability(s: Shape, _: Relation) -> Evidence:
    stated = s.availability - s.flag
    return _clues(
        (stated >= 0.6, "stock words", 3.5),
        (stated < 0.6 and max(s.flag, s.whole) > 0.8, "maybe a stock", 0.3),
        (max(s.availability, s.flag) < 0.3 and s.whole < 0.5, "no stock words", -4.0),
        ((s.url > 0.2 and stated < 0.6) or s.date > 0.5, "something else", NEVER),
    )


SCORERS: dict[str, Callable[[Shape, Relation], Evidence]] = {
    f.__name__: f
    for f in (
        title, description, brand, price, old_price, currency, image_url, product_url,
        merchant_category, merchant_product_id, gtin, colour, size, gender, availability,
    )
}  # fmt: skip
