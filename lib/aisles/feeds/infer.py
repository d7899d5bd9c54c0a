"""The roles of one feed's columns, from header words in many languages and from the values."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import linear_sum_assignment

from aisles.feeds.column import Column
from aisles.feeds.complete import complete
from aisles.feeds.complete_others import fills
from aisles.feeds.evidence import SCORERS
from aisles.feeds.lexicon import ROLES, Lexicon, value_words, words_of
from aisles.feeds.marks import is_gtin
from aisles.feeds.named_lists import is_mixed
from aisles.feeds.naming import names_of
from aisles.feeds.relations import Relation, relations_of
from aisles.feeds.shapes import Shape, shape_of
from aisles.feeds.vocabulary import PLAINLY, UNKNOWN, NameScores, speaks_of
from aisles.parameters import Among, in_list, within

SAMPLE_ROWS = 2000
NO_ROLE = "no role fits"
"""The evidence of a column without a role."""
THRESHOLD = 2.2
"""Points from which a column gets a role at all."""
EXTRA_THRESHOLD = 3.6
_LEVEL_THRESHOLD = 2.8
_SOME, _MOSTLY = 0.05, 0.7
_WORDS = frozenset(["all", "cup", "top", "try"])
"""Codes of currencies that are words as well."""
_PLAIN_CODE = 3.4
_PLAIN_LEVEL = 1.9
_EMPTY_HEADER = 3.9
_EMPTY_FACTOR = 0.65
_POSITION_POINTS = 0.3
_DIGITS = "0123456789"
_MOST_PICTURES = 31
_SIZED, _SMALL = 0.6, 40
"""Points that a name of pictures loses for this size, in pixels, or a smaller one."""
_APART = ("least", "net", "unit")
"""Concepts of prices that are none before or during a sale: the lowest of some time, of variants or
of sellers; those without tax; what a unit of it costs, or what the shop paid for it."""
_BLANK = Shape(0, 0.0, 0.0, 0, 0.0, 0.0)
_UNNAMED = NameScores(dict.fromkeys(ROLES, 0.0), {})
# Of lists whose members are told apart by columns within them, no column is of one role.
_MIXED = NameScores(dict.fromkeys(ROLES, -9.0), {})

Borrowed = Mapping[str, Mapping[str, float]]
"""Column -> role -> points that other feeds of the network lend it; below 0 against."""


@dataclass(frozen=True)
class ColumnSample:
    """One column's sampled values; row i of all columns of a feed is the same record."""

    name: str
    values: Sequence[str | None]


@dataclass(frozen=True)
class ColumnRole:
    """One column and the role it was given; ``confidence`` in [0, 1], 0 without a role."""

    column: str
    role: str | None
    confidence: float
    evidence: str
    shape: Shape = _BLANK


def infer(
    columns: Sequence[ColumnSample],
    header: bool,
    borrowed: Borrowed | None = None,
    known: Lexicon | None = None,
) -> list[ColumnRole]:
    """One ``ColumnRole`` per column, in the given order.

    Args:
        columns: the feed's columns with up to 2,000 aligned values each.
        header: whether the names are words of a header (else positions, which say nothing).
        borrowed: what the other feeds of the network say of the columns.
        known: the words of headers, by default all of words.yml.
    """
    values = {c.name: [_unguarded(v) for v in c.values[:SAMPLE_ROWS]] for c in columns}
    # Parameters have names where columns have none.
    named = names_of({n: v for n, v in values.items() if header or within(n)}, known)
    inner = [one for name in values if isinstance(one := within(name), Among)]
    named |= {name: _MIXED for name in values if is_mixed(name, inner)}
    scored = [
        Column(
            c.name,
            values[c.name],
            shape_of(values[c.name]),
            named.get(c.name, _UNNAMED),
            (borrowed or {}).get(c.name, {}),
            {},
            np.zeros(len(ROLES)),
        )
        for c in columns
    ]
    _score(scored, {})
    best = max(scored, key=lambda c: c.scores[0], default=None)
    title = best.name if best is not None and best.scores[0] > 0 else None
    samples, shapes = {c.name: c.values for c in scored}, {c.name: c.shape for c in scored}
    apart = {c.name for c in scored if header and _is_apart(c)} | _in_other_currencies(scored)
    _score(scored, relations_of(samples, shapes, title, apart))
    chosen = _assign(scored)
    complete(scored, chosen)
    _add_extras(scored, chosen, header)
    return [_result(column, chosen.get(place)) for place, column in enumerate(scored)]


def _in_other_currencies(columns: Sequence[Column]) -> set[str]:
    """Columns of amounts that by their names are in another currency than the first price is."""
    codes = value_words()["currency"] - _WORDS
    stated = {
        column.name: next((word for word in words_of(column.name) if word in codes), None)
        for column in columns
        if column.shape.money > _MOSTLY
    }
    priced = (c.name for c in columns if c.name in stated and c.named.scores["price"] > 1)
    main = next(priced, None)
    own = stated.get(main) if main is not None else None
    return {name for name, code in stated.items() if main is not None and code not in (None, own)}


def _is_apart(column: Column) -> bool:
    """Whether the name tells that the values are nothing to compare prices with."""
    is_id = column.named.scores["merchant_product_id"] > max(1, column.named.scores["price"])
    return is_id or any(speaks_of(concept, column.name) for concept in _APART)


def _unguarded(value: str | None) -> str | None:
    """The value without what spreadsheets put around a text so that it is no number to them."""
    guarded = value is not None and value.startswith('="') and value.endswith('"')
    return value[2:-1] if value is not None and guarded else value


def _score(columns: Sequence[Column], relations: Mapping[str, Relation]) -> None:
    """Gives every column its clues and its points for every role, float64 (roles,)."""
    for place, column in enumerate(columns):
        if column.shape.distinct:
            relation = _taxed(relations.get(column.name, Relation()), column)
            column.clues = {role: SCORERS[role](column.shape, relation) for role in ROLES}
        # Of two columns alike the earlier one is the main one.
        position = _POSITION_POINTS * (1 - place / len(columns))
        column.scores = np.array([_points(column, role) + position for role in ROLES])


def _taxed(relation: Relation, column: Column) -> Relation:
    """The relation of a price that plainly holds its tax: no part of what instalments add up to."""
    plain = column.named.scores["price"] >= PLAINLY and speaks_of("gross", column.name)
    return replace(relation, fraction=False) if plain and relation.fraction else relation


def _points(column: Column, role: str) -> float:
    named, lent = column.named.scores[role], column.lent.get(role, 0.0)
    if not column.clues:
        return named * _EMPTY_FACTOR if named >= _EMPTY_HEADER else -5.0
    if lent > 0 and named == UNKNOWN:
        named = 0.0  # the other feeds know what the word means
    sized = _of_one_size(column.name) if role == "image_url" else 0.0
    return named + lent + sized + sum(column.clues[role].values())


def _of_one_size(name: str) -> float:
    """What the name of a picture loses that tells its size: `Image50` most, `Image800` least."""
    size = int(name[len(_unnumbered(name)) :]) if _unnumbered(name) else 0
    return -_SIZED / max(size / _SMALL, 1.0) if size > _MOST_PICTURES else 0.0


def _assign(columns: Sequence[Column]) -> dict[int, int]:
    """Column place to role place: the joint choice with the most points above the threshold."""
    if not columns:
        return {}
    gain = np.maximum(np.stack([c.scores for c in columns]) - THRESHOLD, 0.0)
    rows, roles = linear_sum_assignment(gain, maximize=True)
    return {int(a): int(b) for a, b in zip(rows, roles, strict=True) if gain[a, b] > 0}


def _add_extras(columns: Sequence[Column], chosen: dict[int, int], header: bool) -> None:
    """Gives further columns the roles that may have several, where they add something."""
    main = {role: place for place, role in chosen.items()}
    for place, column in enumerate(columns):
        if place in chosen or not column.shape.distinct:
            continue
        for role in np.argsort(-column.scores):
            first = main.get(int(role))
            if column.scores[role] < (_LEVEL_THRESHOLD if _is_level(column) else EXTRA_THRESHOLD):
                break
            if first is not None and _adds(ROLES[role], columns[first], column, header):
                chosen[place] = int(role)
                break


def _is_level(column: Column) -> bool:
    """Whether the values are most of all levels of a path that another column has, too."""
    return (
        "a level of another column" in column.clues["merchant_category"]
        and ROLES[int(np.argmax(column.scores))] == "merchant_category"
    )


def _adds(role: str, main: Column, other: Column, header: bool) -> bool:
    """Whether a second column of the role is of use beside the main one."""
    named = other.named.scores[role]
    if role == "merchant_category":
        # What is called the shop's own stands beside the network's categories.
        own = not header or speaks_of("shop", main.name) == speaks_of("shop", other.name)
        # A second path in a list is another category of the product, and no further levels.
        own &= main.shape.path <= 0.5 or in_list(main.name)[0] != in_list(other.name)[0]
        # Without a header nothing says that a second column of paths goes on where one ends.
        own &= header or min(main.shape.path, other.shape.path) <= 0.5
        below = named >= _PLAIN_LEVEL or "a level of another column" in other.clues[role]
        numbered = _unnumbered(main.name) == _unnumbered(other.name) != ""
        level = not header or ((named >= 1.4 or numbered) and below)
        level &= other.shape.gender < 0.5 or (header and named >= _PLAIN_CODE)
        # Beside whole paths single words are of another tree, unless they are said to be below.
        mixed = (main.shape.path > 0.5) != (other.shape.path > 0.5)
        # Two whole paths are of two trees, unless they say the same in more and fewer levels.
        own &= min(main.shape.path, other.shape.path) <= 0.5 or _alike(main, other)
        return own and level and not (header and mixed and not speaks_of("sub", other.name))
    if role == "description":
        return not header or named >= 1.5
    if role == "brand" and header and named >= 1.5 and "codes" not in other.clues[role]:
        return main.shape.filled < 0.98 and fills(main, other) > 0.3
    if role == "old_price":  # the price before, or else the recommended one
        above = "never below another price" in other.clues[role]
        return header and above and named >= 1.0 and fills(main, other) > _SOME
    state = role == "availability" and header and named >= PLAINLY  # beside details of some
    if state or role in ("image_url", "product_url"):
        return main.shape.filled < 0.98 and fills(main, other) > 0.3
    if role == "merchant_product_id":
        return (named >= 3.5) if header and _agreement(main, other) > 0.95 else False
    if role == "gtin" and header and named >= _PLAIN_CODE:
        several = in_list(main.name)[0] == in_list(other.name)[0]  # of several variants
        return not several and _codes_where_none(main, other) > _SOME  # UPC beside EAN
    # A parameter may stand in any of several places, beside or instead of a column of its own.
    parameter = within(other.name) or (within(main.name) and named >= _PLAIN_CODE)
    return bool(parameter) and fills(main, other) > _SOME


def _alike(main: Column, other: Column) -> bool:
    """Whether of two columns of texts one mostly holds what the other says."""
    pairs = [(m, o) for m, o in zip(main.values, other.values, strict=False) if m and o]
    folded = [(m.strip().casefold(), o.strip().casefold()) for m, o in pairs]
    return sum(m in o or o in m for m, o in folded) >= 0.5 * len(folded)


def _unnumbered(name: str) -> str:
    """The name without the number in which it ends: categoryid2; blank where it ends in none."""
    return name.rstrip(_DIGITS) if name[-1:] in _DIGITS else ""


def _codes_where_none(main: Column, other: Column) -> float:
    """Share of the records without a GTIN in the main column that have one in the other."""
    pairs = zip(main.values, other.values, strict=False)
    others = [o for m, o in pairs if not is_gtin((m or "").strip())]
    return sum(is_gtin((o or "").strip()) for o in others) / max(len(others), 1)


def _agreement(main: Column, other: Column) -> float:
    pairs = [(m, o) for m, o in zip(main.values, other.values, strict=False) if m and o]
    return sum(m == o for m, o in pairs) / len(pairs) if len(pairs) >= 10 else 0.0


def _result(column: Column, role: int | None) -> ColumnRole:
    if role is None:
        why = NO_ROLE if column.clues else "empty"
        return ColumnRole(column.name, None, 0.0, why, column.shape)
    points = float(column.scores[role])
    rival = float(np.delete(column.scores, role).max())
    sure = 1 / (1 + math.exp(-(points - THRESHOLD + 0.5)))
    clear = 1 / (1 + math.exp(-(points - max(rival, 0.0) + 1.0)))
    confidence = round(sure * clear * (1.0 if column.clues else 0.6), 3)
    return ColumnRole(
        column.name, ROLES[role], confidence, _reason(column, ROLES[role]), column.shape
    )


def _reason(column: Column, role: str) -> str:
    parts = [why] if (why := column.named.why.get(role)) else []
    if column.lent.get(role):
        parts.append(f"borrowed from the network's other feeds ({column.lent[role]:+.1f})")
    clues = column.clues.get(role, {})
    parts += [f"{clue} ({points:+.1f})" for clue, points in clues.items()]
    return "; ".join(parts) or "empty"
