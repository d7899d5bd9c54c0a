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
from aisles.feeds.vocabulary import AGAINST, NameScores, speaks_of, tells_lead_time

_ALWAYS = 0.9
_NOT_ALL = 0.93
"""Share of records up to which it is no accident that the others have no title."""
_MOSTLY = 0.7
_FEW_PAIRS = 10
_MORE_THAN_A_CODE = 1.2
_TITLED = 3.0
_UNCHANGED = 0.05
"""Share of products whose price is the full one: no amount taken off is as high as the price."""
_LIKE_A_TITLE = 3.5
_LONGEST_TITLE = 150
_NAMES_NOTHING = -3.5
_PLAINLY = 3.4
"""Points from which a name says wholly and plainly what a column is."""
_SOON = re.compile(r"-?\d{1,3}\s?\w{0,2}|[^:;<>]*[^\W\d_]{3}[^:;<>]*")
"""Days, or words."""
_SENT = 2.6
"""Points of a column that tells how soon products are sent, where none tells a stock."""
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
    _have_one_place(columns, chosen)
    _have_a_price(columns, chosen)
    _have_what_is_paid(columns, chosen)
    _have_own_categories(columns, chosen)
    _have_a_title(columns, chosen)
    _have_every_title(columns, chosen)
    _have_the_rest(columns, chosen)
    _have_a_stock(columns, chosen)


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


def _have_one_place(columns: Sequence[Column], chosen: dict[int, int]) -> None:
    """Takes the old price from where the price stands in lists that are alike.

    The first of ``list_price.amount``, ``list_price.amount#2`` goes with the first of
    ``price.amount``, ``price.amount#2``; the second ones are in another currency.
    """
    price, old = ROLES.index("price"), ROLES.index("old_price")
    places = {role: place for place, role in chosen.items()}
    if price not in places or old not in places:
        return
    (_, now), (name, before) = (_in_list(columns[places[role]].name) for role in (price, old))
    same = next((at for at, one in enumerate(columns) if _in_list(one.name) == (name, now)), None)
    if now != before and same is not None and same not in chosen:
        del chosen[places[old]]
        chosen[same] = old


def _in_list(name: str) -> tuple[str, str]:
    """A name without the number of its place in a list, and that number."""
    bare, _, number = name.partition("#")
    return bare, number


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
    """Makes another title, or a model's name, the title of records that have no other.

    A variant has its name inherited (``translated.name`` beside ``name``); of YML's offers of the
    type ``vendor.model`` the title is made of vendor and model.
    """
    title = ROLES.index("title")
    main = next((place for place, role in chosen.items() if role == title), None)
    if main is None or columns[main].shape.filled >= _NOT_ALL:
        return
    others = [
        place
        for place, column in enumerate(columns)
        if place not in chosen
        and column.shape.letters > 0.5
        and column.shape.words > _MORE_THAN_A_CODE
        and fills(columns[main], column) > _ALWAYS
    ]
    named = [place for place in others if columns[place].named.scores["title"] >= _TITLED]
    models = [place for place in others if speaks_of("model", columns[place].name)]
    for place in [*named, *models][:1]:
        chosen[place] = title


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


def _have_a_stock(columns: Sequence[Column], chosen: dict[int, int]) -> None:
    """Lets a feed that tells no stock tell how soon its products are sent.

    ``DELIVERY_DATE`` of Heureka's feeds counts days, 0 for what is there.
    """
    role = ROLES.index("availability")
    if role in chosen.values():
        return
    for place, column in enumerate(columns):
        if place in chosen or column.shape.distinct < 2 or not tells_lead_time(column.name):
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
