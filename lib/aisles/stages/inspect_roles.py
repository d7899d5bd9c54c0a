"""How normalise would read one file: its roles by the same functions, from the same records."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from aisles.feeds.borrow import FEW_ROWS, rows_of
from aisles.feeds.drift import Drift
from aisles.feeds.roles import roles_of_feed
from aisles.feeds.settle import by_feed, loans_of, need_of, settle_feed
from aisles.stages.inspect_loss import Past
from aisles.stages.inspect_sample import Drawn
from aisles.stages.sale_notes import with_sale_notes
from aisles.stages.told import saying, told_in, told_of_feed

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Known:
    """What is known beside the file itself.

    run_date: day that the delivery would have; which 2,000 records of a longer file the roles are
    inferred from depends on it. stated: overrides of this feed. stored: the rows of column_roles
    of all feeds; past: the feed's earlier deliveries; both null where no tables were named.
    """

    run_date: dt.date = dt.date(1970, 1, 1)
    stated: Sequence[Row] = ()
    stored: Sequence[Row] | None = None
    past: Past | None = None


@dataclass(frozen=True)
class Settled:
    """A feed's rows of column_roles, what moved, and what other feeds would be asked (or none)."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    moved: list[Drift] = field(default_factory=list)
    asks: str = ""


def settled(drawn: Drawn, declared: str | None, known: Known, doubtful: bool) -> Settled:
    """The rows of column_roles that a delivery of this file alone would leave.

    declared: the format of the file, JSON. doubtful: records of the file seem to lack.
    """
    feed, before = drawn.feed, by_feed(known.stored or ())
    found = _inferred(drawn.table(declared))
    if loans := loans_of({feed: found}, before):
        found = _inferred(drawn.table(declared), loans)
    rows, moved = settle_feed(before.get(feed, []), found, known.stated, known.run_date, doubtful)
    told = told_in(before.get(feed, ()))
    if not (doubtful and told.language) and drawn.rows:
        told = told_of_feed(drawn.table(None), rows, told)
    return Settled(with_sale_notes(saying(rows, told)), moved, _asks(found))


def unknown(known: Known, settled: Settled, limited: bool) -> Iterator[str]:
    """What normalise might do otherwise, for reasons that do not lie in the file; sentences.

    limited: not all records were looked at.
    """
    if limited:
        yield "roles, constant columns and all figures are those of the records looked at"
    yield "other files of the retailer on the same day count with this one as one delivery"
    if known.stored is None:
        yield "roles that are stored already stay while the columns look alike: --tables tells"
        yield "a sudden loss of records against the last delivery: --tables tells"
        if settled.asks:
            yield f"{settled.asks}: the network's other feeds are asked as well: --tables tells"
        return
    if limited:
        yield "a sudden loss of records against the last delivery is only seen in all of them"
    if settled.asks:
        yield f"{settled.asks}: feeds that come with it and are not stored yet may lend roles"


def _asks(rows: Sequence[Row]) -> str:
    """Why the feed's own values say too little, in words; blank where they say enough."""
    filled = max(map(rows_of, rows), default=0)
    if not filled or not need_of(rows):
        return ""
    return f"only {filled} records" if filled < FEW_ROWS else "a role is in doubt"


def _inferred(table: pa.Table, loans: Any = None) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = roles_of_feed(table, loans).to_pylist() if len(table) else []
    return found
