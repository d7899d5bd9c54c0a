"""What a network's other feeds say of the columns of one feed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from aisles.feeds.infer import Borrowed
from aisles.feeds.lexicon import ROLES, compact
from aisles.feeds.profile import read_profile

FEW_ROWS = 200
"""Filled rows below which a feed's own values say too little."""
DOUBTFUL = 0.5
"""Confidence below which a role is in doubt."""
FEW_POINTS = 3.0
DOUBT_POINTS = 1.5
_NO_ROLE = 0.5
_ALONE = 0.5

Row = Mapping[str, Any]
Feed = tuple[str, str]
Votes = dict[str | None, float]


def lent(known: Iterable[Row], needy: Mapping[Feed, float]) -> dict[Feed, Borrowed]:
    """Feed -> column -> role -> points, from columns of the same name in the network's other feeds.

    Columns without a header are the same when they stand at the same place of as many. A feed's
    vote is its confidence; a column that is filled in many rows there and has no role speaks
    against them all.

    Args:
        known: rows of ``column_roles`` of all feeds, the needy ones among them.
        needy: the feeds that borrow, and how many points all others together may lend a role.
    """
    feeds: dict[Feed, list[Row]] = defaultdict(list)
    for row in known:
        feeds[row["network"], row["retailer"]].append(row)
    votes: dict[tuple[str, str], Votes] = defaultdict(lambda: defaultdict(float))
    for (network, _), rows in feeds.items():
        for row, key in zip(rows, _keys(rows), strict=True):
            _vote(votes[network, key], row, 1.0)
    return {feed: _lent_to(feeds[feed], feed[0], votes, most) for feed, most in needy.items()}


def _keys(rows: list[Row]) -> list[str]:
    """What each column is known by: its header's words, or its place and the number of all."""
    names = [row["column"] for row in rows]
    if all(name.isdecimal() for name in names):
        return [f"{name}/{len(names)}" for name in names]
    return [compact(name) for name in names]


def _vote(votes: Votes, row: Row, sign: float) -> None:
    if row["role"] is not None:
        votes[row["role"]] += sign * max(row["confidence"], 0.05)
    elif rows_of(row) >= FEW_ROWS:
        votes[None] += sign * _NO_ROLE


def rows_of(row: Row) -> int:
    """How many sampled records fill the column, 0 for one that was only stated."""
    return read_profile(row["profile"]).rows if row["profile"] else 0


def _lent_to(
    rows: list[Row], network: str, votes: Mapping[tuple[str, str], Votes], most: float
) -> Borrowed:
    found: dict[str, dict[str, float]] = {}
    for row, key in zip(rows, _keys(rows), strict=True):
        others: Votes = defaultdict(float, votes[network, key])
        _vote(others, row, -1.0)
        shares = {role: vote for role, vote in others.items() if vote > 0.01}
        total = sum(shares.values()) + _ALONE
        against = most * _NO_ROLE * shares.pop(None, 0.0) / total
        points = {role: most * vote / total for role, vote in shares.items() if role is not None}
        if against:
            points = {role: points.get(role, 0.0) - against for role in ROLES}
        if points:
            found[row["column"]] = points
    return found
