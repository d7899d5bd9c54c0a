"""Which roles a feed's columns have from today on: kept while nothing moves, else inferred anew."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from aisles.feeds.borrow import DOUBT_POINTS, DOUBTFUL, FEW_POINTS, FEW_ROWS, lent, rows_of
from aisles.feeds.drift import SEEN, Drift, drift
from aisles.feeds.infer import Borrowed
from aisles.feeds.roles import (
    ROLES_SCHEMA,
    Declared,
    Feed,
    roles_of_feed,
    with_overrides,
)
from aisles.feeds.samples import Samples, kept_samples

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

SETTLED_SCHEMA = f"{ROLES_SCHEMA}, run_date date, language string, currency string"
"""The rows of ``Settled``, in the order of ``as_tuple``."""
_NAMES = [part.split()[0] for part in SETTLED_SCHEMA.split(", ")]
_OUTGROWN = 4
"""Times as many rows as the roles were inferred from, when those were few."""

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Settled:
    """The rows of ``column_roles`` to store for today's feeds, and what moved, by feed."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    drifts: dict[Feed, list[Drift]] = field(default_factory=dict)


def settled_roles(
    raw: DataFrame,
    declared: Mapping[Feed, Declared] | None,
    stored: Iterable[Row],
    overrides: Sequence[Row],
    run_date: dt.date,
    doubtful: Collection[Feed] = (),
    more: Callable[[Samples, list[dict[str, Any]]], list[dict[str, Any]]] | None = None,
) -> Settled:
    """The roles of every feed of this delivery, and how its columns moved since they were inferred.

    Args:
        raw: the delivery's records, as for ``column_roles``; a few dozen rows a feed are collected.
        declared: of each feed, what is known of its files.
        stored: the rows of ``column_roles`` of all feeds, of this delivery or not.
        overrides: what people state: network, retailer (or ``*``), column, role.
        run_date: the day that newly inferred roles carry.
        doubtful: feeds of which records may lack, perhaps all; their stored roles mostly stay.
        more: makes of the sampled records and the settled rows these rows with more columns.
    """
    before = by_feed(stored)
    with kept_samples(raw, declared) as samples:
        inferred = _with_loans(samples, before)
        result = _settled(inferred, before, overrides, run_date, doubtful)
        if more is not None:
            result = Settled(more(samples, result.rows), result.drifts)
    return result


def _settled(
    inferred: Mapping[Feed, Sequence[Row]],
    before: Mapping[Feed, Sequence[Row]],
    overrides: Sequence[Row],
    run_date: dt.date,
    doubtful: Collection[Feed],
) -> Settled:
    result = Settled()
    for feed in dict.fromkeys([*inferred, *doubtful]):
        own = [o for o in overrides if o["network"] == feed[0] and o["retailer"] in (feed[1], "*")]
        stands, now = before.get(feed, []), inferred.get(feed, [])
        rows, moved = settle_feed(stands, now, own, run_date, feed in doubtful)
        result.rows.extend(rows)
        if moved:
            result.drifts[feed] = moved
    return result


def as_tuple(row: Row) -> tuple[Any, ...]:
    """The row's fields in the order of ``SETTLED_SCHEMA``."""
    return tuple(row.get(name) for name in _NAMES)


def by_feed(rows: Iterable[Row]) -> dict[Feed, list[Row]]:
    """The rows of ``column_roles`` of each feed, in their order."""
    feeds: dict[Feed, list[Row]] = defaultdict(list)
    for row in rows:
        feeds[row["network"], row["retailer"]].append(row)
    return dict(feeds)


def _with_loans(samples: Samples, before: dict[Feed, list[Row]]) -> dict[Feed, list[Row]]:
    """The roles of each sampled feed; those in need are inferred again with what others lend."""
    found = by_feed(samples.of_feeds(roles_of_feed, ROLES_SCHEMA))
    loans = loans_of(found, before)
    if not loans:
        return found
    lent = partial(roles_of_feed, lent=loans)
    return found | by_feed(samples.of_feeds(lent, ROLES_SCHEMA, loans))


def loans_of(
    found: Mapping[Feed, Sequence[Row]], before: Mapping[Feed, Sequence[Row]]
) -> dict[Feed, Borrowed]:
    """What other feeds lend those of these feeds that are in need of it; before: as stored."""
    telling = {feed: rows for feed, rows in found.items() if any(map(rows_of, rows))}
    known = [row for rows in {**before, **telling}.values() for row in rows]
    needy = {feed: most for feed, rows in telling.items() if (most := need_of(rows))}
    return {feed: loan for feed, loan in lent(known, needy).items() if loan}


def need_of(rows: Iterable[Row]) -> float:
    """The points that other feeds may lend this one: 0 when its own values say enough."""
    listed = list(rows)
    if max(map(rows_of, listed), default=0) < FEW_ROWS:
        return FEW_POINTS
    doubt = any(row["role"] and row["filled"] and row["confidence"] < DOUBTFUL for row in listed)
    return DOUBT_POINTS if doubt else 0.0


def settle_feed(
    stored: Sequence[Row],
    inferred: Sequence[Row],
    overrides: Sequence[Row],
    run_date: dt.date,
    doubtful: bool = False,
) -> tuple[list[dict[str, Any]], list[Drift]]:
    """One feed's rows of ``column_roles`` from today on, and how its columns moved.

    What lacks in a doubtful delivery proves nothing; only other values than before do.
    """
    if not any(map(rows_of, inferred)):
        return _without_records(stored, overrides), []
    if not any(row["profile"] for row in stored):
        stored = []  # only stated, or stored before profiles were kept
    moved = drift(stored, inferred) if stored else []
    if doubtful:
        moved = [one for one in moved if one.what in SEEN]
    rows = settle_roles(stored, inferred, moved, run_date)
    if _restated(stored, overrides):
        rows = [{**row, "run_date": run_date} for row in inferred]
    return with_overrides(rows, overrides), moved


def _without_records(stored: Sequence[Row], overrides: Sequence[Row]) -> list[dict[str, Any]]:
    # What a withdrawn override hid can only be inferred from records: it waits for the next ones.
    if _restated(stored, overrides):
        return [dict(row) for row in stored]
    return with_overrides(stored, overrides)


def settle_roles(
    stored: Sequence[Row], inferred: Sequence[Row], moved: Sequence[Drift], run_date: dt.date
) -> list[dict[str, Any]]:
    """The stored roles where nothing moved, else those inferred now, which carry this day.

    Roles that were inferred from few rows also make way once there are many more.
    """
    if stored and not moved and not _outgrown(stored, inferred):
        return [dict(row) for row in stored]
    return [{**row, "run_date": run_date} for row in inferred]


def _outgrown(stored: Sequence[Row], inferred: Sequence[Row]) -> bool:
    then, now = (max(map(rows_of, rows), default=0) for rows in (stored, inferred))
    return then < FEW_ROWS and now >= _OUTGROWN * max(then, 1)


def _restated(stored: Sequence[Row], overrides: Sequence[Row]) -> bool:
    """Whether a stored override is stated otherwise or no longer: what it hid is inferred again."""
    widest_first = sorted(overrides, key=lambda o: o["retailer"] != "*")
    said = {o["column"]: (o["role"] or "").strip() for o in widest_first}
    return any(
        row["source"] == "override" and said.get(row["column"]) != (row["role"] or "")
        for row in stored
    )
