"""What the joint choice of roles leaves out: ids, titles and links that a feed must have."""

from __future__ import annotations

import re
from collections.abc import Sequence

from aisles.feeds.column import Column
from aisles.feeds.complete_levels import have_every_level, main_of
from aisles.feeds.complete_others import (
    have_every_description,
    have_every_spelling,
    have_every_title,
    have_large_pictures,
    have_own_genders,
    leave_genders,
)
from aisles.feeds.complete_prices import complete_prices
from aisles.feeds.lexicon import ROLES, words_of
from aisles.feeds.vocabulary import AGAINST, PLAINLY, speaks_of, tells_lead_time

_ALWAYS = 0.9
_NEARLY_ALL = 0.98
_MOSTLY = 0.7
_EACH_ITS_OWN = 0.96
_MORE_OFTEN = 0.02
_NEARLY_UNIQUE = 2.0
_LIKE_A_TITLE = 3.5
_RATHER_A_TITLE = 2.8
_LONGEST_TITLE = 150
_CUT = 0.5
_NAMES_NOTHING = -3.5
_SOON = re.compile(r"-?\d{1,3}\s?\w{0,2}|[^:;<>]*[^\W\d_]{3}[^:;<>]*")
"""Days, or words."""
_SHORT = 60
_SENT = 2.6
"""Points of a column that tells how soon products are sent, where none tells a stock."""
_NEEDED = {
    "product_url": (3.5, _NAMES_NOTHING),
    "image_url": (2.0, _NAMES_NOTHING),
    "price": (1.4, _NAMES_NOTHING),
    "description": (2.2, AGAINST),
    "gtin": (4.0, _NAMES_NOTHING),
    "merchant_category": (3.2, _NAMES_NOTHING),
}
"""Roles that nearly every feed has; the points that values and that names must have to be taken
at last."""


def complete(columns: Sequence[Column], chosen: dict[int, int]) -> None:
    """Mends the chosen roles, column place to role place, where a feed would lack what it has."""
    _have_the_own_id(columns, chosen)
    _have_the_sku(columns, chosen)
    complete_prices(columns, chosen)
    _have_own_categories(columns, chosen)
    _have_a_title(columns, chosen)
    _have_whole_titles(columns, chosen)
    have_every_title(columns, chosen)
    have_own_genders(columns, chosen)
    _have_the_rest(columns, chosen)
    leave_genders(columns, chosen)
    have_every_description(columns, chosen)
    have_every_spelling(columns, chosen)
    have_large_pictures(columns, chosen)
    _have_words_for_a_stock(columns, chosen)
    _have_a_stock(columns, chosen)
    have_every_level(columns, chosen)


def _have_the_own_id(columns: Sequence[Column], chosen: dict[int, int]) -> None:
    """Makes the id one that each product has, and no other one.

    ``SkuId`` beside ``ProductId``, which is in the links and repeats with each size; an internal
    number beside a model's, which some products lack.
    """
    role = ROLES.index("merchant_product_id")
    main = main_of(chosen, role)
    if main is None:
        return
    some_lack_it = columns[main].shape.filled < _NEARLY_ALL
    if columns[main].shape.unique > _EACH_ITS_OWN and not some_lack_it:
        return
    own = [
        place
        for place, column in enumerate(columns)
        if place not in chosen
        and column.named.scores["merchant_product_id"] >= PLAINLY
        and column.shape.unique > _EACH_ITS_OWN
        and (some_lack_it or column.shape.unique > columns[main].shape.unique + _MORE_OFTEN)
        and column.shape.filled > (_NEARLY_ALL if some_lack_it else _ALWAYS)
        and _clue_points(column, "merchant_product_id") >= _NEARLY_UNIQUE
    ]
    if own:
        del chosen[main]
        chosen[max(own, key=lambda place: columns[place].scores[role])] = role


def _have_the_sku(columns: Sequence[Column], chosen: dict[int, int]) -> None:
    """Makes the shop's number of an article the id, where another one was taken that is as unique.

    Networks give products ids of their own, ``pid`` beside ``sku``; those that shops know come
    first.
    """
    role = ROLES.index("merchant_product_id")
    main = main_of(chosen, role)
    if main is None or _is_the_shops(columns[main].name):
        return
    least = columns[main].shape
    for place, column in enumerate(columns):
        if (
            place not in chosen
            and "sku" in words_of(column.name)
            and _group(column.name) == _group(columns[main].name)
            and column.named.scores["merchant_product_id"] >= PLAINLY
            and column.shape.unique >= max(_EACH_ITS_OWN, least.unique)
            and column.shape.filled >= least.filled
            and _clue_points(column, "merchant_product_id") >= _NEARLY_UNIQUE
        ):
            del chosen[main]
            chosen[place] = role
            return


def _is_the_shops(name: str) -> bool:
    """Whether the name of an id says that it is the shop's own, as that of an offer is."""
    own = not {"sku", "offer"}.isdisjoint(words_of(name))
    return own or speaks_of("shop", name) or speaks_of("unique", name)


def _group(name: str) -> str:
    """The path before the last part of a name."""
    return re.split(r"[^/.]*$", name)[0]


def _have_own_categories(columns: Sequence[Column], chosen: dict[int, int]) -> None:
    """Lets categories called the shop's own come before others, which are the network's."""
    role = ROLES.index("merchant_category")
    main = main_of(chosen, role)
    if main is None or speaks_of("shop", columns[main].name):
        return
    own = [
        place
        for place, column in enumerate(columns)
        if place not in chosen
        and column.named.scores["merchant_category"] >= PLAINLY
        and speaks_of("shop", column.name)
        and _clue_points(column, "merchant_category") > 0
    ]
    if own:
        del chosen[main]
        chosen[own[0]] = role


def _have_a_title(columns: Sequence[Column], chosen: dict[int, int]) -> None:
    """Gives a feed that names no title the shortest column whose values look like titles.

    Shops also call the name a description: a short one then is the title.
    """
    title, text = ROLES.index("title"), ROLES.index("description")
    if title in chosen.values():
        return
    alike = [
        place
        for place, column in enumerate(columns)
        if chosen.get(place, text) == text
        and _clue_points(column, "title")
        >= (_RATHER_A_TITLE if speaks_of("short", column.name) else _LIKE_A_TITLE)
        and column.shape.length <= _LONGEST_TITLE
        and _names_no_other(column, ("title", "description"))
    ]
    if alike:
        chosen[min(alike, key=lambda place: columns[place].shape.length)] = title


def _have_whole_titles(columns: Sequence[Column], chosen: dict[int, int]) -> None:
    """Makes the title what the title is but the beginning of, as on receipts: MUG BLUE ENAM."""
    title, text = ROLES.index("title"), ROLES.index("description")
    main = next((place for place, role in chosen.items() if role == title), None)
    if main is None:
        return
    cut = [(value or "").strip().casefold() for value in columns[main].values]
    longest = max(map(len, cut), default=0)
    if sum(len(one) >= longest - 1 for one in cut) < _CUT * len(cut):
        return  # texts that are cut off are of one length
    for place, column in enumerate(columns):
        if chosen.get(place, text) != text or column.shape.length > _LONGEST_TITLE:
            continue
        pairs = [(a, b.strip().casefold()) for a, b in zip(cut, column.values, strict=False) if b]
        begun = sum(len(a) < len(b) and b.startswith(a) for a, b in pairs)
        if column.shape.filled > _ALWAYS and begun > _MOSTLY * len(cut):
            del chosen[main]
            chosen[place] = title
            return


def _have_the_rest(columns: Sequence[Column], chosen: dict[int, int]) -> None:
    """Gives roles that nearly every feed has, where no column reached them, to the next best one.

    The values have to speak for it; the name may be about something else (`seo.url`), but not so
    that it speaks for nothing at all.
    """
    for role, (least, least_named) in _NEEDED.items():
        place = ROLES.index(role)
        taken = {place, ROLES.index("old_price")} if role == "price" else {place}
        if taken & set(chosen.values()):
            continue
        scores = {
            at: column.scores[place]
            for at, column in enumerate(columns)
            if at not in chosen
            and _clue_points(column, role) >= least
            and column.named.scores[role] >= least_named
            and (role != "price" or speaks_of("price", column.name))
        }
        best = max(scores, key=scores.__getitem__, default=None)
        if best is not None and scores[best] > 0:
            chosen[best] = place


def _have_words_for_a_stock(columns: Sequence[Column], chosen: dict[int, int]) -> None:
    """Lets words of a state come before numbers of pieces.

    None in stock, ``Lieferstatus`` says, may be to be ordered.
    """
    role = ROLES.index("availability")
    main = main_of(chosen, role)
    if main is None or columns[main].shape.whole < _MOSTLY:
        return
    for place, column in enumerate(columns):
        filled = column.shape.filled >= columns[main].shape.filled
        if (
            place not in chosen
            and filled
            and speaks_of("status", column.name)
            and _says_a_stock(column)
        ):
            del chosen[main]
            chosen[place] = role
            return


def _says_a_stock(column: Column) -> bool:
    """Whether short texts of several kinds say it: Auf Lager, in 1-2 Tagen."""
    short = column.shape.length < _SHORT and column.shape.markup == 0
    return column.shape.distinct > 1 and short and "stock words" in column.clues["availability"]


def _have_a_stock(columns: Sequence[Column], chosen: dict[int, int]) -> None:
    """Lets a feed that names no stock tell it where it is told, or how soon products are sent.

    ``delivery`` of idealo's feeds says words for it, ``DELIVERY_DATE`` of Heureka's counts days, 0
    for what is there.
    """
    role = ROLES.index("availability")
    if role in chosen.values():
        return
    for place, column in enumerate(columns):
        if place in chosen or column.shape.distinct < 2:
            continue
        if _says_a_stock(column):
            chosen[place] = role
            return
        if not tells_lead_time(column.name):
            continue
        texts = [text for text in column.values if text and text.strip()]
        told = sum(_SOON.fullmatch(text.strip()) is not None for text in texts)
        if told >= _MOSTLY * len(texts):
            chosen[place] = role
            column.clues["availability"] = {"tells how soon it is sent": _SENT}
            column.scores[role] = _SENT
            return


def _names_no_other(column: Column, roles: tuple[str, ...]) -> bool:
    """Whether a column's name speaks for one of the roles, or for none and of nothing else."""
    scores = column.named.scores
    best = max(scores, key=scores.__getitem__)
    return best in roles or (scores[best] <= 0 and scores[roles[0]] >= AGAINST)


def _clue_points(column: Column, role: str) -> float:
    """What a column's values alone say for a role."""
    return sum(column.clues[role].values()) if column.clues else -9.0
