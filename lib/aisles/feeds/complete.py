"""What the joint choice of roles leaves out: prices, titles and links that a feed must have."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from aisles.feeds.evidence import Evidence
from aisles.feeds.lexicon import ROLES
from aisles.feeds.relations import amounts_of
from aisles.feeds.shapes import Shape
from aisles.feeds.vocabulary import AGAINST, NameScores, speaks_of

_ALWAYS = 0.9
_NOT_ALL = 0.93
"""Share of records up to which it is no accident that the others have no title."""
_MOSTLY = 0.7
_FEW_PAIRS = 10
_UNCHANGED = 0.05
"""Share of products whose price is the full one: no amount taken off is as high as the price."""
_LIKE_A_TITLE = 3.5
_LONGEST_TITLE = 150
_NAMES_NOTHING = -3.5
_PLAINLY = 3.4
"""Points from which a name says wholly and plainly what a column is."""
_NEEDED = {
    "product_url": (3.5, _NAMES_NOTHING),
    "image_url": (2.0, _NAMES_NOTHING),
    "price": (1.4, _NAMES_NOTHING),
    "description": (2.2, AGAINST),
}
"""Roles that nearly every feed has; the points that values and that names must have to be taken
at last."""


@dataclass
class Column:
    """One column: what its name and its values say of each role, and the points, (roles,)."""

    name: str
    values: Sequence[str | None]
    shape: Shape
    named: NameScores
    lent: Mapping[str, float]
    clues: dict[str, Evidence]
    scores: np.ndarray


def complete(columns: Sequence[Column], chosen: dict[int, int]) -> None:
    """Mends the chosen roles, column place to role place, where a feed would lack what it has."""
    _leave_variants(columns, chosen)
    _have_a_price(columns, chosen)
    _have_what_is_paid(columns, chosen)
    _have_own_categories(columns, chosen)
    _have_a_title(columns, chosen)
    _have_every_title(columns, chosen)
    _have_the_rest(columns, chosen)


def _leave_variants(columns: Sequence[Column], chosen: dict[int, int]) -> None:
    """Takes the old price from a column inside a record that is called as the price itself is.

    ``variants/variant/price`` beside ``price`` is what another size costs, perhaps more.
    """
    price, old = ROLES.index("price"), ROLES.index("old_price")
    places = {role: place for place, role in chosen.items()}
    if price not in places or old not in places:
        return
    now, before = (re.split(r"[/.]", columns[places[role]].name) for role in (price, old))
    inside = now[-1] == before[-1] and len(now) < len(before)
    if inside and columns[places[old]].named.scores["old_price"] <= 0:
        del chosen[places[old]]


def _have_a_price(columns: Sequence[Column], chosen: dict[int, int]) -> None:
    """Makes an old price that all products have the price of a feed that names no other.

    A price that stands there only while a product is on sale, and says so, is no other.
    """
    price, old = ROLES.index("price"), ROLES.index("old_price")
    places = {role: place for place, role in chosen.items()}
    if old not in places or columns[places[old]].shape.filled <= _ALWAYS:
        return
    now = columns[places[price]] if price in places else None
    if now is None or (now.shape.filled < _MOSTLY and speaks_of("sale", now.name)):
        chosen.pop(places.get(price, -1), None)
        chosen[places[old]] = price


def _have_what_is_paid(columns: Sequence[Column], chosen: dict[int, int]) -> None:
    """Makes a discount the price where it is what is left to pay, and not what is taken off.

    AccessTrade's ``discount`` is never above ``price`` and equals it where nothing is taken off.
    """
    price, old = ROLES.index("price"), ROLES.index("old_price")
    places = {role: place for place, role in chosen.items()}
    if price not in places or old in places:
        return
    full = amounts_of(columns[places[price]].values)
    for place, column in enumerate(columns):
        if place in chosen or not speaks_of("saving", column.name):
            continue
        share = amounts_of(column.values) / full
        share = share[~np.isnan(share)]
        if len(share) < max(_FEW_PAIRS, _ALWAYS * len(full)) or (share > 1).any():
            continue
        if _UNCHANGED <= (share == 1).mean() < 1:
            chosen[places[price]], chosen[place] = old, price
            return


def _have_own_categories(columns: Sequence[Column], chosen: dict[int, int]) -> None:
    """Lets categories called the shop's own come before others, which are the network's."""
    role = ROLES.index("merchant_category")
    main = next((place for place, given in chosen.items() if given == role), None)
    if main is None or speaks_of("shop", columns[main].name):
        return
    own = [
        place
        for place, column in enumerate(columns)
        if place not in chosen
        and column.named.scores["merchant_category"] >= _PLAINLY
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
        and _clue_points(column, "title") >= _LIKE_A_TITLE
        and column.shape.length <= _LONGEST_TITLE
        and _names_no_other(column, ("title", "description"))
    ]
    if alike:
        chosen[min(alike, key=lambda place: columns[place].shape.length)] = title


def _have_every_title(columns: Sequence[Column], chosen: dict[int, int]) -> None:
    """Makes a model's name the title of records that have no other.

    Of YML's offers of the type ``vendor.model`` the title is made of vendor and model.
    """
    title = ROLES.index("title")
    main = next((place for place, role in chosen.items() if role == title), None)
    if main is None or columns[main].shape.filled >= _NOT_ALL:
        return
    for place, column in enumerate(columns):
        named = place not in chosen and speaks_of("model", column.name)
        if named and column.shape.letters > 0.5 and fills(columns[main], column) > _ALWAYS:
            chosen[place] = title
            return


def fills(main: Column, other: Column) -> float:
    """Share of the main column's blanks that the other one fills."""
    blanks = [o for m, o in zip(main.values, other.values, strict=False) if not m]
    return sum(bool(o) for o in blanks) / max(len(blanks), 1)


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


def _names_no_other(column: Column, roles: tuple[str, ...]) -> bool:
    """Whether a column's name speaks for one of the roles, or for none and of nothing else."""
    scores = column.named.scores
    best = max(scores, key=scores.__getitem__)
    return best in roles or (scores[best] <= 0 and scores[roles[0]] >= AGAINST)


def _clue_points(column: Column, role: str) -> float:
    """What a column's values alone say for a role."""
    return sum(column.clues[role].values()) if column.clues else -9.0
