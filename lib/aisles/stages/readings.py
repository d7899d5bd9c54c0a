"""How each feed of a run is read: the roles of its columns, inferred, kept or stated by people."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from aisles.feeds.profile import read_profile
from aisles.feeds.settle import SETTLED_SCHEMA, Settled, as_tuple, settled_roles
from aisles.products.normalise import Reading
from aisles.stages.deliveries import Feed, among, records
from aisles.stages.job import Account, Job

_SAME_ROWS = 100  # filled records from which a column may be said to say the same of every product
_COLUMNS = ("network", "retailer", "column", "role")


@dataclass(frozen=True)
class Stated:
    """What people have stated of one feed's columns: rows of the overrides file."""

    rows: tuple[tuple[tuple[str, str], ...], ...] = ()

    @property
    def fingerprint(self) -> str:
        """Equal where the same was stated."""
        return hashlib.sha1(json.dumps(self.rows).encode()).hexdigest()


def overrides(job: Job, path: str) -> dict[Feed, Stated]:
    """What a CSV network,retailer,column,role states of each feed of the run's day.

    A retailer `*` speaks of all feeds of its network.
    """
    if not path:
        return {}
    with open(path, encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        missing = set(_COLUMNS) - set(reader.fieldnames or ())
        if missing:
            raise ValueError(f"--roles {path}: column {', '.join(sorted(missing))} is missing")
        rows = list(reader)
    feeds = job.tables.read("feed_files").select("network", "retailer").distinct().collect()
    return {
        (feed["network"], feed["retailer"]): Stated(
            tuple(
                tuple((name, row[name] or "") for name in _COLUMNS)
                for row in rows
                if row["network"] == feed["network"] and row["retailer"] in ("*", feed["retailer"])
            )
        )
        for feed in feeds
    }


def settled(
    job: Job, feeds: Collection[Feed], stated: Mapping[Feed, Stated], account: Account
) -> dict[Feed, Reading]:
    """How each feed is read from this delivery on; its roles are stored in column_roles.

    Roles stay as they are while a feed's columns look as they did; a warning says what moved.
    """
    if not feeds:
        return {}
    stored = job.tables.read("column_roles").collect()  # dozens a feed
    found = _settled(job, feeds, stated, job.run_date, [row.asDict() for row in stored])
    for (network, retailer), moved in sorted(found.drifts.items()):
        for one in moved:
            account.warn(f"{network}/{retailer}: {one.sentence}")
    account.figures["columns_moved"] = sum(map(len, found.drifts.values()))
    frame = job.spark.createDataFrame([as_tuple(row) for row in found.rows], SETTLED_SCHEMA)
    job.tables.replace("column_roles", frame, among(feeds))
    return _readings(feeds, found.rows)


def unsettled(
    job: Job, feeds: Collection[Feed], stated: Mapping[Feed, Stated], day: dt.date
) -> dict[Feed, Reading]:
    """How each feed's delivery of one day is read by itself; nothing is stored."""
    return _readings(feeds, _settled(job, feeds, stated, day, []).rows)


def _settled(
    job: Job,
    feeds: Collection[Feed],
    stated: Mapping[Feed, Stated],
    day: dt.date,
    stored: list[dict[str, Any]],
) -> Settled:
    files = job.tables.read("feed_files").filter(f"run_date = DATE'{day}' AND {among(feeds)}")
    said = [dict(row) for feed in feeds for row in stated.get(feed, Stated()).rows]
    return settled_roles(records(job, feeds, day), files, stored, said, day)


def _readings(feeds: Collection[Feed], rows: list[dict[str, Any]]) -> dict[Feed, Reading]:
    of: dict[Feed, list[dict[str, Any]]] = {feed: [] for feed in feeds}
    for row in rows:
        of[row["network"], row["retailer"]].append(row)
    return {feed: _reading(of[feed]) for feed in feeds}


def _reading(rows: list[dict[str, Any]]) -> Reading:
    roles = [(row["column"], row["role"], row["confidence"]) for row in rows if row["role"]]
    decimals = {row["role"]: row["decimals"] for row in rows if row["role"] and row["decimals"]}
    constant = [row["column"] for row in rows if row["profile"] and _says_one_thing(row["profile"])]
    return Reading.of(roles, constant, decimals.get("price", decimals.get("old_price", "unknown")))


def _says_one_thing(profile: str) -> bool:
    """Whether a column holds one and the same text; a few equal cells prove nothing."""
    seen = read_profile(profile)
    return seen.rows >= _SAME_ROWS and len(seen.values) == 1
