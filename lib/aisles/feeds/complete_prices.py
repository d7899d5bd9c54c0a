"""What the joint choice of roles leaves out: which of a feed's amounts are prices after all."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from aisles.feeds.column import Column
from aisles.feeds.complete_levels import main_of
from aisles.feeds.lexicon import ROLES
from aisles.feeds.relations import amounts_of
from aisles.feeds.vocabulary import PLAINLY, says_only, speaks_of
from aisles.parameters import in_list

_ALWAYS = 0.9
_MOSTLY = 0.7
_NEARLY_ALL = 0.95
_CENT = 0.011
_ROUNDED = 0.6
_FEW_PERCENTS = 5
_FEW_PAIRS = 10
_RATHER = 2.0
_ABOVE = "never below another price"
_A_PART = "a part of another amount"
_UNCHANGED = 0.05
"""Share of products whose price is the full one: no amount taken off is as high as the price."""
_LEAST = 0.25
"""Share of a price below which no shop sells much."""


def complete_prices(columns: Sequence[Column], chosen: dict[int, int]) -> None:
    """Mends the chosen roles, column place to role place, of prices and old prices."""
    _leave_variants(columns, chosen)
    _leave_codes(columns, chosen)
    _have_one_place(columns, chosen)
    _have_a_price(columns, chosen)
    _have_what_is_paid(columns, chosen)
    _have_the_usual_price(columns, chosen)
    _have_what_a_discount_leaves(columns, chosen)


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


def _leave_codes(columns: Sequence[Column], chosen: dict[int, int]) -> None:
    """Takes the old price from a column that is rather called a code and above no other price.

    ``article_for_display`` holds what ``article`` does: numbers, some of them.
    """
    old = ROLES.index("old_price")
    for place, role in list(chosen.items()):
        column = columns[place]
        named = column.named.scores
        code = named["merchant_product_id"] > max(0.0, named["old_price"] - _RATHER)
        if role == old and code and _ABOVE not in column.clues["old_price"]:
            del chosen[place]


def _have_one_place(columns: Sequence[Column], chosen: dict[int, int]) -> None:
    """Takes the old price from where the price stands in lists that are alike.

    The first of ``list_price.amount``, ``list_price.amount#2`` goes with the first of
    ``price.amount``, ``price.amount#2``; the second ones are in another currency.
    """
    price, old = ROLES.index("price"), ROLES.index("old_price")
    places = {role: place for place, role in chosen.items()}
    if price not in places or old not in places:
        return
    (_, now), (name, before) = (in_list(columns[places[role]].name) for role in (price, old))
    same = next((at for at, one in enumerate(columns) if in_list(one.name) == (name, now)), None)
    if now != before and same is not None and same not in chosen:
        del chosen[places[old]]
        chosen[same] = old


def _have_a_price(columns: Sequence[Column], chosen: dict[int, int]) -> None:
    """Makes an old price that all products have the price of a feed that names no other.

    A price that stands there only while a product is on sale, and says so, is no other; nor is one
    without the tax.
    """
    price, old = ROLES.index("price"), ROLES.index("old_price")
    places = {role: place for place, role in chosen.items()}
    if old not in places or columns[places[old]].shape.filled <= _ALWAYS:
        return
    now = columns[places[price]] if price in places else None
    taxed = now is not None and speaks_of("net", now.name) and _A_PART in now.clues["price"]
    if now is None or taxed or (now.shape.filled < _MOSTLY and speaks_of("sale", now.name)):
        chosen.pop(places.get(price, -1), None)
        chosen[places[old]] = price


def _have_what_is_paid(columns: Sequence[Column], chosen: dict[int, int]) -> None:
    """Finds another amount that is paid: what is left of the price, always, or during a sale.

    The latter becomes a price beside the usual one (see `aisles.products.offer`).
    """
    price, old = ROLES.index("price"), ROLES.index("old_price")
    places = {role: place for place, role in chosen.items()}
    if price not in places:
        return
    full = amounts_of(columns[places[price]].values)
    for place, column in enumerate(columns):
        saving = speaks_of("saving", column.name) and old not in places
        special = says_only("sale", column.name)
        if place in chosen or not (saving or special):
            continue
        share = amounts_of(column.values) / full
        share = share[~np.isnan(share)]
        if saving and _is_left_to_pay(share, len(full)):
            chosen[places[price]], chosen[place] = old, price
            return
        if special and _is_special(share):
            chosen[place] = price
            return


def _have_the_usual_price(columns: Sequence[Column], chosen: dict[int, int]) -> None:
    """Gives what products cost otherwise the role beside a price that stands during a sale alone.

    ``VK brutto`` beside ``Aktionspreis brutto``, where ``UVP`` is the old price.
    """
    price = ROLES.index("price")
    main = next((place for place, role in chosen.items() if role == price), None)
    if main is None or not speaks_of("sale", columns[main].name):
        return
    sale = amounts_of(columns[main].values)
    for place, column in enumerate(columns):
        named = column.named.scores["price"]
        if place in chosen or named < PLAINLY or speaks_of("sale", column.name):
            continue
        share = sale / amounts_of(column.values)
        share = share[~np.isnan(share)]
        if len(share) >= _FEW_PAIRS and (share <= 1).all() and column.shape.filled > _ALWAYS:
            chosen[place] = price
            return


def _have_what_a_discount_leaves(columns: Sequence[Column], chosen: dict[int, int]) -> None:
    """Makes the price an amount that another column says to be so many percent below the price.

    ``discount`` of AccessTrade is what is left of ``price`` after ``discount_rate``, and 0 where
    nothing is taken off. The price before stands for the price there, as an old price does.
    """
    price, old = ROLES.index("price"), ROLES.index("old_price")
    main = main_of(chosen, price)
    if main is None or old in chosen.values():
        return
    full = amounts_of(columns[main].values)
    places = _amounts(columns, chosen)
    told = np.array([amounts_of(columns[place].values) for place in places])
    for row, place in enumerate(places):
        if (told[row] > full).any():
            continue
        # All columns at once: of hundreds of them each pair alone takes seconds.
        lower = told[row] < full
        percents = 100 * (1 - told[row, lower] / full[lower])
        alike = (np.abs(told[:, lower] - percents) < _ROUNDED).sum(axis=1) >= _FEW_PERCENTS
        others = (at for at in np.flatnonzero(alike).tolist() if at != row)
        if any(_tells_the_discount(told[at], told[row], full) for at in others):
            chosen[main], chosen[place] = old, price
            return


def _amounts(columns: Sequence[Column], chosen: dict[int, int]) -> list[int]:
    """The columns of numbers without a role that are not the same everywhere."""
    return [
        place
        for place, column in enumerate(columns)
        if place not in chosen and column.shape.numeric > _ALWAYS and column.shape.distinct > 1
    ]


def _tells_the_discount(told: np.ndarray, own: np.ndarray, full: np.ndarray) -> bool:
    """Whether a column tells by how much another one is below the price, where it is.

    As percents, or as amounts in some rows; by these alone it is not known which of the two is
    what is paid.
    """
    lower = own < full
    known = lower & ~np.isnan(told)
    if known.sum() < max(_FEW_PAIRS, _ALWAYS * lower.sum()) or (own > full).any():
        return False
    told, own, full = told[known], own[known], full[known]
    if np.median(own / full) < _LEAST:
        return False
    amount = np.abs(told - (full - own)) < _CENT
    percent = np.abs(told - 100 * (full - own) / full) < _ROUNDED
    each = (amount | percent).mean() > _NEARLY_ALL
    return bool(each and (percent & ~amount).sum() >= _FEW_PERCENTS)


def _is_left_to_pay(share: np.ndarray, records: int) -> bool:
    """Whether a discount, as a share of the price, is what is left to pay, not what is taken off.

    AccessTrade's ``discount`` is never above ``price`` and equals it where nothing is taken off.
    """
    if len(share) < max(_FEW_PAIRS, _ALWAYS * records) or (share > 1).any():
        return False
    return bool(_UNCHANGED <= (share == 1).mean() < 1)


def _is_special(share: np.ndarray) -> bool:
    """Whether what is called by a word for a sale alone, as a share of the price, is a lower price.

    OpenCart's ``special`` beside ``price`` is blank while a product is not on sale. A flag is no
    price, and percents are not always a like share of what a product costs.
    """
    if len(share) < _FEW_PAIRS or (share >= 1).any():
        return False
    return bool((share > _LEAST).mean() > _ALWAYS)
