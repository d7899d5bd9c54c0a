"""The roles of one feed's columns, from header words in many languages and from the values."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from aisles.feeds.evidence import SCORERS, Evidence
from aisles.feeds.relations import Relation, relations_of
from aisles.feeds.shapes import Shape, shape_of
from aisles.feeds.vocabulary import ROLES, name_scores

SAMPLE_ROWS = 2000
THRESHOLD = 2.2
"""Points from which a column gets a role at all."""
EXTRA_THRESHOLD = 3.6
_EMPTY_HEADER = 3.9
_EMPTY_FACTOR = 0.65
_PRIOR_POINTS = 1.5
_POSITION_POINTS = 0.3


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


@dataclass
class _Column:
    name: str
    values: Sequence[str | None]
    shape: Shape
    clues: dict[str, Evidence]
    scores: np.ndarray


def infer(
    columns: Sequence[ColumnSample],
    header: bool,
    network_prior: Mapping[str, str] | None = None,
) -> list[ColumnRole]:
    """One ``ColumnRole`` per column, in the given order.

    Args:
        columns: the feed's columns with up to 2,000 aligned values each.
        header: whether the names are words of a header (else positions, which say nothing).
        network_prior: roles that columns of these names have in other feeds of the network.
    """
    samples = {c.name: list(c.values[:SAMPLE_ROWS]) for c in columns}
    shapes = {name: shape_of(values) for name, values in samples.items()}
    first = _score(samples, shapes, {}, header, network_prior or {})
    best = max(first, key=lambda c: c.scores[0], default=None)
    title = best.name if best is not None and best.scores[0] > 0 else None
    relations = relations_of(samples, shapes, title)
    scored = _score(samples, shapes, relations, header, network_prior or {})
    chosen = _assign(scored)
    _add_extras(scored, chosen, header)
    return [_result(column, chosen.get(place), header) for place, column in enumerate(scored)]


def _score(
    samples: Mapping[str, Sequence[str | None]],
    shapes: Mapping[str, Shape],
    relations: Mapping[str, Relation],
    header: bool,
    prior: Mapping[str, str],
) -> list[_Column]:
    """Every column with its points for every role, float64 (roles,)."""
    found = []
    for place, (name, values) in enumerate(samples.items()):
        shape = shapes[name]
        relation = relations.get(name, Relation())
        clues = {role: SCORERS[role](shape, relation) for role in ROLES} if shape.distinct else {}
        # Of two columns alike the earlier one is the main one.
        position = _POSITION_POINTS * (1 - place / max(len(samples), 1))
        scores = np.array([_points(name, role, clues, header) + position for role in ROLES])
        if prior.get(name) in ROLES:
            scores[ROLES.index(prior[name])] += _PRIOR_POINTS
        found.append(_Column(name, values, shape, clues, scores))
    return found


def _points(name: str, role: str, clues: dict[str, Evidence], header: bool) -> float:
    named = name_scores(name).scores[role] if header else 0.0
    if not clues:
        return named * _EMPTY_FACTOR if named >= _EMPTY_HEADER else -5.0
    return named + sum(clues[role].values())


def _assign(columns: Sequence[_Column]) -> dict[int, int]:
    """Column place to role place: the joint choice with the most points above the threshold."""
    if not columns:
        return {}
    gain = np.maximum(np.stack([c.scores for c in columns]) - THRESHOLD, 0.0)
    rows, roles = linear_sum_assignment(gain, maximize=True)
    return {int(a): int(b) for a, b in zip(rows, roles, strict=True) if gain[a, b] > 0}


def _add_extras(columns: Sequence[_Column], chosen: dict[int, int], header: bool) -> None:
    """Gives further columns the roles that may have several, where they add something."""
    main = {role: place for place, role in chosen.items()}
    for place, column in enumerate(columns):
        if place in chosen or not column.shape.distinct:
            continue
        for role in np.argsort(-column.scores):
            first = main.get(int(role))
            if column.scores[role] < EXTRA_THRESHOLD:
                break
            if first is not None and _adds(ROLES[role], columns[first], column, header):
                chosen[place] = int(role)
                break


def _adds(role: str, main: _Column, other: _Column, header: bool) -> bool:
    """Whether a second column of the role is of use beside the main one."""
    if role in ("description", "merchant_category"):
        return not header or name_scores(other.name).scores[role] >= 1.5
    if role in ("image_url", "product_url"):
        return main.shape.filled < 0.98 and _fills(main, other) > 0.3
    if role == "merchant_product_id":
        named = not header or name_scores(other.name).scores[role] >= 3.5
        return named and _agreement(main, other) > 0.95
    return False


def _fills(main: _Column, other: _Column) -> float:
    """Share of the main column's blanks that the other one fills."""
    blanks = [o for m, o in zip(main.values, other.values, strict=False) if not m]
    return sum(bool(o) for o in blanks) / max(len(blanks), 1)


def _agreement(main: _Column, other: _Column) -> float:
    pairs = [(m, o) for m, o in zip(main.values, other.values, strict=False) if m and o]
    return sum(m == o for m, o in pairs) / len(pairs) if len(pairs) >= 10 else 0.0


def _result(column: _Column, role: int | None, header: bool) -> ColumnRole:
    if role is None:
        return ColumnRole(column.name, None, 0.0, "no role fits" if column.clues else "empty")
    points = float(column.scores[role])
    rival = float(np.delete(column.scores, role).max())
    sure = 1 / (1 + math.exp(-(points - THRESHOLD + 0.5)))
    clear = 1 / (1 + math.exp(-(points - max(rival, 0.0) + 1.0)))
    confidence = round(sure * clear * (1.0 if column.clues else 0.6), 3)
    return ColumnRole(column.name, ROLES[role], confidence, _reason(column, ROLES[role], header))


def _reason(column: _Column, role: str, header: bool) -> str:
    parts = []
    why = name_scores(column.name).why.get(role) if header else None
    if why:
        parts.append(why)
    clues = column.clues.get(role, {})
    parts += [f"{clue} ({points:+.1f})" for clue, points in clues.items()]
    return "; ".join(parts) or "empty"
