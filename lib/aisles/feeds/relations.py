"""How columns of one feed bear on each other: prices above prices, brands inside titles."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from aisles.feeds.lexicon import fold
from aisles.feeds.marks import number_of
from aisles.feeds.shapes import Shape

PAIR_ROWS = 600
_MONEY_COLUMNS = 14
_LEVEL_COLUMNS = 16
_SELDOM = 0.03
_MOSTLY = 0.7
"""Share of rows from which a price column is one that products have, and not only those on sale."""

Values = Sequence[str | None]


@dataclass(frozen=True)
class Relation:
    """One column beside the feed's others; every share is of the rows where both are filled.

    ``in_title``: the value stands in the title; ``starts_title``: at its start; ``equals_title``;
    ``holds_title``: the title stands in the value. ``in_url``: the value stands in a link of its
    row. ``above``: another price column exists, filled in most rows, that is never higher and often
    lower; ``below``: one exists that is never lower and often higher; ``same``: another price is
    equal wherever this one is filled; ``fraction``: this is a fixed or small part of another
    amount. ``level``: a column with fewer values follows from this one, or this one from a column
    with more, as levels of a category do.
    """

    in_title: float = 0.0
    starts_title: float = 0.0
    equals_title: float = 0.0
    holds_title: float = 0.0
    in_url: float = 0.0
    above: float = 0.0
    below: float = 0.0
    same: bool = False
    fraction: bool = False
    level: bool = False


@dataclass(frozen=True)
class _Prices:
    above: float = 0.0
    below: float = 0.0
    same: bool = False
    fraction: bool = False


def relations_of(
    columns: Mapping[str, Values],
    shapes: Mapping[str, Shape],
    title: str | None,
    apart: Collection[str] = (),
) -> dict[str, Relation]:
    """Each column's relations.

    title: the column that most looks like the title. apart: columns that are no prices to compare
    others with, by their names.
    """
    titles = None if title is None else [fold(v or "") for v in columns[title][:PAIR_ROWS]]
    links = _links(columns, shapes)
    prices = _price_relations(columns, shapes, apart)
    levels = _levels(columns, shapes)
    found = {}
    for name, values in columns.items():
        price = prices.get(name, _Prices())
        facts = _beside_title(values, titles) if titles and name != title else {}
        in_url = _inside(values, links) if shapes[name].identifier > 0.5 else 0.0
        found[name] = Relation(
            in_url=in_url, above=price.above, below=price.below, same=price.same,
            fraction=price.fraction, level=name in levels, **facts,
        )  # fmt: skip
    return found


def _beside_title(values: Values, titles: list[str]) -> dict[str, float]:
    pairs = [(fold(v.strip()), t) for v, t in zip(values, titles, strict=False) if v and t]
    pairs = [(value, title) for value, title in pairs if value]
    if not pairs:
        return {}
    n = len(pairs)
    return {
        "in_title": sum(len(v) > 1 and v in t for v, t in pairs) / n,
        "starts_title": sum(len(v) > 1 and t.startswith(v) for v, t in pairs) / n,
        "equals_title": sum(v == t for v, t in pairs) / n,
        "holds_title": sum(t[:60] in v for v, t in pairs) / n,
    }


def _links(columns: Mapping[str, Values], shapes: Mapping[str, Shape]) -> list[str]:
    """All links of each row in one text."""
    chosen = [
        v for name, v in columns.items() if shapes[name].url > 0.8 and shapes[name].pixel < 0.5
    ]
    if not chosen:
        return []
    rows = min(PAIR_ROWS, len(chosen[0]))
    return [fold(" ".join(column[row] or "" for column in chosen)) for row in range(rows)]


def _inside(values: Values, links: list[str]) -> float:
    pairs = [(fold(v.strip()), link) for v, link in zip(values, links, strict=False) if v and link]
    if not pairs:
        return 0.0
    return sum(len(value) > 3 and value in link for value, link in pairs) / len(pairs)


_NEARLY_ALL = 0.95
_LEAST_TAX, _MOST_TAX = 1.03, 1.3
_MOST_RATES = 8
"""What an amount with tax may be of one without."""


def _price_relations(
    columns: Mapping[str, Values], shapes: Mapping[str, Shape], apart: Collection[str]
) -> dict[str, _Prices]:
    """For each money column the strongest relations to the other money columns.

    No other is held against one that stands apart, which only may be a fraction of others.
    """
    money = [n for n in columns if _may_be_price(shapes[n])]
    money = sorted(money, key=lambda name: name in apart)[:_MONEY_COLUMNS]
    amounts = {name: amounts_of(columns[name]) for name in money}
    rates = _tax_rates(columns, shapes)
    found: dict[str, _Prices] = {}
    for name, own in amounts.items():
        sides = []
        for other, theirs in amounts.items():
            if other in apart:
                continue
            both_cents = min(shapes[name].decimal, shapes[other].decimal) > 0.2
            side = _compare(own, theirs, both_cents) if other != name else _Prices()
            if any(_is_net(own, theirs, rate) for rate in rates):
                side = _Prices(fraction=True)
            seldom = shapes[other].filled < _MOSTLY
            listed = name.split("#")[0] == other.split("#")[0]  # prices in several currencies
            side = replace(side, fraction=False) if seldom or listed else side
            sides.append(replace(side, above=0.0) if seldom else side)
        beside = [theirs for other, theirs in amounts.items() if other not in (name, *apart)]
        fraction = any(side.fraction for side in sides) or _is_taken_off(own, beside)
        if name in apart:
            found[name] = _Prices(fraction=fraction)
            continue
        found[name] = _Prices(
            max((side.above for side in sides), default=0.0),
            max((side.below for side in sides), default=0.0),
            any(side.same for side in sides),
            fraction,
        )
    return found


def _tax_rates(columns: Mapping[str, Values], shapes: Mapping[str, Shape]) -> list[np.ndarray]:
    """One plus the rate in each row, of columns that may hold a tax of several rates: 9, 21 %."""
    found = []
    for name, shape in shapes.items():
        if not 2 <= shape.distinct <= _MOST_RATES or shape.length > 6:
            continue
        texts = [(value or "").strip().removesuffix("%") for value in columns[name][:PAIR_ROWS]]
        rates = np.array([number_of(text) if text else None for text in texts], np.float64)
        known = rates[~np.isnan(rates)]
        if len(known) and known.min() >= 0 and 100 * (_LEAST_TAX - 1) <= known.max() <= 30:
            found.append(1 + rates / 100)
    return found


def _is_net(own: np.ndarray, theirs: np.ndarray, rate: np.ndarray) -> bool:
    """Whether the first amounts with the tax of their row are the second ones."""
    both = ~(np.isnan(own) | np.isnan(theirs) | np.isnan(rate)) & (rate > 1)
    if both.sum() < 10 or len(np.unique(rate[both])) < 2:
        return False
    share = own[both] * rate[both] / theirs[both]
    return bool((np.abs(share - 1) < 0.005).mean() > _NEARLY_ALL)


def _is_taken_off(own: np.ndarray, others: Sequence[np.ndarray]) -> bool:
    """Whether the amounts are what is between two others, and less than half of the greater one.

    So is a discount beside the old price and what is left to pay.
    """
    for full in others:
        share = own / full
        if np.isnan(share).sum() > len(share) - 10 or not np.nanmedian(share) < 0.5:
            continue
        for left in others:
            rest = np.abs(full - own - left)
            known = rest[~np.isnan(rest)]
            if left is not full and len(known) >= 10 and (known < 0.011).mean() > _NEARLY_ALL:
                return True
    return False


def _may_be_price(shape: Shape) -> bool:
    short = shape.length < 9 or shape.worded > 0.8  # ￦８９，０００
    plain = shape.decimal > 0.2 or (short and shape.distinct > 5)
    return shape.money > 0.7 and plain and not shape.constant and shape.date + shape.gtin < 0.5


def amounts_of(values: Values) -> np.ndarray:
    """Amounts above 0, float64 (rows,), NaN where there is none."""
    found = [number_of(v) if v and len(v) < 40 else None for v in values[:PAIR_ROWS]]
    return np.array([a if a and a > 0 else np.nan for a in found], dtype=np.float64)


def _compare(own: np.ndarray, theirs: np.ndarray, both_cents: bool) -> _Prices:
    """What the first column of amounts is beside the second.

    Whole numbers may count anything. They are compared as prices when they are never far apart and
    rise and fall together.
    """
    both = ~(np.isnan(own) | np.isnan(theirs))
    if both.sum() < 10:
        return _Prices()
    ratio = own[both] / theirs[both]
    higher, lower = float((ratio > 1).mean()), float((ratio < 1).mean())
    middle = float(np.median(ratio))
    steady = float((np.abs(ratio - middle) < 0.02 * middle).mean()) > _NEARLY_ALL
    taxed = steady and 1 / _MOST_TAX < middle < 1 / _LEAST_TAX
    if higher + lower < 0.003:
        return _Prices(same=True)
    if (taxed and lower > _NEARLY_ALL) or (lower == 1 and both_cents and float(ratio.max()) < 0.5):
        return _Prices(fraction=True)
    reach = 20.0 if both_cents else 4.0
    close = float(((ratio < reach) & (ratio > 1 / reach)).mean())
    alike = both_cents or _together(own[both], theirs[both])
    if close < 0.9 or (steady and higher == 1) or not alike:
        return _Prices()
    return _Prices(
        above=higher if lower < min(_SELDOM, higher) else 0.0,
        below=lower if higher < min(_SELDOM, lower) else 0.0,
    )


def _together(own: np.ndarray, theirs: np.ndarray) -> bool:
    """Whether the amounts' logarithms have a correlation of at least 0.9."""
    logs = np.log(np.stack([own, theirs]))
    return bool((logs.std(axis=1) > 0.05).all() and np.corrcoef(logs)[0, 1] >= 0.9)


def _levels(columns: Mapping[str, Values], shapes: Mapping[str, Shape]) -> set[str]:
    """Columns of repeated words of which one follows from the other, as levels of a category."""
    worded = [n for n, s in shapes.items() if _may_be_level(s)][:_LEVEL_COLUMNS]
    codes = {n: _codes(columns[n]) for n in worded}
    found: set[str] = set()
    for place, name in enumerate(worded):
        for other in worded[place + 1 :]:
            fine, rough = sorted((name, other), key=lambda n: -shapes[n].distinct)
            if shapes[fine].distinct <= shapes[rough].distinct:
                continue
            if _follows(codes[rough], codes[fine]):
                found |= {fine, rough}
    return found


def _codes(values: Values) -> np.ndarray:
    """A number for each distinct value, int64 (rows,), -1 where there is none."""
    texts = np.array([v.strip() if v else "" for v in values], dtype=object).astype(str)
    codes = np.unique(texts, return_inverse=True)[1]
    return np.where(texts == "", -1, codes)


def _follows(rough: np.ndarray, fine: np.ndarray) -> bool:
    """Whether each value of the second has nearly always one of the first beside it."""
    both = (rough >= 0) & (fine >= 0)
    kinds = len(np.unique(fine[both]))
    pairs = len(np.unique(fine[both] * (rough.max() + 2) + rough[both]))
    return kinds > 1 and both.sum() >= 5 * kinds and pairs <= 1.1 * kinds


def _may_be_level(shape: Shape) -> bool:
    repeats = shape.distinct > 1 and shape.unique < 0.4
    return repeats and shape.letters > 0.9 and shape.url < 0.1 and 2 < shape.length < 80
