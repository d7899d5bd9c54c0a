"""How each feed of a run is read: the roles of its columns, inferred, kept or stated by people."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import itertools
import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aisles.feeds.drift import Drift
from aisles.feeds.minor import in_minor_units
from aisles.feeds.profile import read_profile
from aisles.feeds.samples import Samples
from aisles.feeds.settle import SETTLED_SCHEMA, Settled, as_tuple, by_feed, settled_roles
from aisles.feeds.vocabulary import tells_lead_time
from aisles.parts import Feed, among
from aisles.products.offer import sale_columns
from aisles.products.reading import Reading
from aisles.products.sale_dates import sale_dates
from aisles.stages.deliveries import Delivery, every_day, records
from aisles.stages.job import Account, Job
from aisles.stages.told import currency_in, languages_in, with_told
from aisles.together import together

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_SAME_ROWS = 100  # filled records from which a column may be said to say the same of every product
_COLUMNS = ("network", "retailer", "column", "role")
_MOVED = "moved"  # key of the metadata of commits to column_roles
_NONE: Mapping[str, Any] = {"said": ()}

Marks = Mapping[str, Mapping[str, Any]]  # by network/retailer, see normalise_plan


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
    rows = read_overrides(path)
    feeds = job.tables.read("feed_files").select("network", "retailer").distinct().collect()
    return {(n, r): stated_of(rows, (n, r)) for n, r in feeds}


def read_overrides(path: str) -> list[dict[str, str]]:
    """The rows of a CSV network,retailer,column,role."""
    with open(path, encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        missing = set(_COLUMNS) - set(reader.fieldnames or ())
        if missing:
            raise ValueError(f"--roles {path}: column {', '.join(sorted(missing))} is missing")
        return [{name: row[name] or "" for name in _COLUMNS} for row in reader]


def stated_of(rows: Iterable[Mapping[str, str]], feed: Feed) -> Stated:
    """What the rows of an overrides file say of one feed."""
    own = [row for row in rows if row["network"] == feed[0] and row["retailer"] in ("*", feed[1])]
    return Stated(tuple(tuple((name, row[name]) for name in _COLUMNS) for row in own))


@dataclass(frozen=True)
class Remembered:
    """What column_roles says: its rows; what moved in feeds whose products do not follow yet."""

    rows: list[dict[str, Any]]
    moved: Mapping[str, Any]


def remembered(job: Job) -> Remembered:
    """What is stored of all feeds."""
    rows, moved = together(
        job.spark,
        lambda: [row.asDict() for row in job.tables.read("column_roles").collect()],  # dozens each
        lambda: job.tables.metadata("column_roles").get(_MOVED, {}),
    )
    return Remembered(rows, moved)


def settled(
    job: Job,
    present: Sequence[Delivery],
    delivered: DataFrame,
    stated: Mapping[Feed, Stated],
    marks: Marks,
    before: Remembered,
    account: Account,
) -> tuple[dict[Feed, Reading], Callable[[], None]]:
    """How the feeds of these deliveries are read from now on, and what stores it in column_roles.

    Roles stay as they are while a feed's columns look as they did; a warning says what moved.
    It is to be stored before the products are written; what is read may be cleaned meanwhile.
    delivered: the records of the deliveries. marks: the watermark of the products, by feed.
    before: what is stored.
    """
    if not present:
        return {}, lambda: None
    found = _settled(job, present, delivered, stated, job.run_date, before.rows)
    how = _readings(present, found.rows)
    waiting = untold(before.moved, marks, present, how, found.drifts)
    moved = [(one.feed, text) for one in present for text in waiting.get(_name(one), _NONE)["said"]]
    for (network, retailer), sentence in moved:
        account.warn(f"{network}/{retailer}: {sentence}")
    account.figures["columns_moved"] = len(moved)
    return how, lambda: _store(job, present, found.rows, waiting, before)


def in_order(
    job: Job, feeds: Collection[Feed], stated: Mapping[Feed, Stated], marks: Marks
) -> dict[dt.date, dict[Feed, Reading]]:
    """By day: how the feeds are read in each of their deliveries, had these come in order.

    The roles of their newest deliveries go to column_roles. What other feeds lend is what they
    would lend now.
    """
    if not feeds:
        return {}
    stored = remembered(job)
    others = [row for row in stored.rows if (row["network"], row["retailer"]) not in feeds]
    rows: dict[Feed, list[dict[str, Any]]] = {}
    drifts: dict[Feed, list[Drift]] = {}
    how: dict[dt.date, dict[Feed, Reading]] = {}
    every = sorted(every_day(job, feeds), key=lambda one: one.day)  # some a feed
    for day, of_day in itertools.groupby(every, key=lambda one: one.day):
        present = list(of_day)
        before = [*others, *itertools.chain(*rows.values())]
        found = _settled(job, present, records(job, present), stated, day, before)
        how[day] = _readings(present, found.rows)
        rows |= _by_feed(present, found.rows)
        drifts |= {one.feed: found.drifts.get(one.feed, []) for one in present}
    newest = [one for one in every if not one.late]
    last = {one.feed: how[one.day][one.feed] for one in newest}
    waiting = untold(stored.moved, marks, newest, last, drifts)
    _store(job, newest, list(itertools.chain(*rows.values())), waiting, stored)
    return how


def _settled(
    job: Job,
    present: Sequence[Delivery],
    delivered: DataFrame,
    stated: Mapping[Feed, Stated],
    day: dt.date,
    stored: list[dict[str, Any]],
) -> Settled:
    said = [dict(row) for one in present for row in stated.get(one.feed, Stated()).rows]
    doubtful = {one.feed for one in present if not one.whole}

    def speaking(samples: Samples, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return with_told(samples, rows, stored, doubtful)

    declared = {one.feed: one.declared for one in present}
    return settled_roles(delivered, declared, stored, said, day, doubtful, speaking)


def _store(
    job: Job,
    newest: Sequence[Delivery],
    rows: Sequence[dict[str, Any]],
    waiting: Mapping[str, Any],
    before: Remembered,
) -> None:
    """Replaces the feeds' rows of column_roles where they differ from what is stored.

    waiting: what moved (`untold`); before: what is stored of all feeds. What moved stands in the
    same commit: a rerun of a job that was killed before the products were written finds the new
    roles, with which nothing moves, and still says it.
    """
    if waiting == before.moved and _tuples(newest, rows) == _tuples(newest, before.rows):
        return
    frame = job.spark.createDataFrame([as_tuple(row) for row in rows], SETTLED_SCHEMA)
    where = among(one.feed for one in newest)
    # In one file, as of columns that are equally sure of one role the first is the main one.
    job.tables.replace("column_roles", frame.coalesce(1), where, {_MOVED: waiting})


def untold(
    before: Mapping[str, Any],
    marks: Marks,
    newest: Iterable[Delivery],
    how: Mapping[Feed, Reading],
    drifts: Mapping[Feed, Sequence[Drift]],
) -> dict[str, Any]:
    """What moved in feeds whose products do not follow yet: feed -> made (the watermark that
    they will have then) and said."""
    waiting = {
        name: one
        for name, one in before.items()
        if any(marks.get(name, {}).get(key) != value for key, value in one["made"].items())
    }
    for one in newest:
        name = _name(one)
        moved = [drift.sentence for drift in drifts.get(one.feed, ())]
        said = list(dict.fromkeys([*waiting.pop(name, _NONE)["said"], *moved]))
        if said:
            made = {"files": one.files, "reading": how[one.feed].fingerprint}
            waiting[name] = {"made": made, "said": said}
    return waiting


def _name(one: Delivery) -> str:
    return "/".join(one.feed)


def _by_feed(
    present: Iterable[Delivery], rows: Iterable[dict[str, Any]]
) -> dict[Feed, list[dict[str, Any]]]:
    of: dict[Feed, list[dict[str, Any]]] = {one.feed: [] for one in present}
    for row in rows:
        of[row["network"], row["retailer"]].append(row)
    return of


def _tuples(newest: Iterable[Delivery], rows: Iterable[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """The rows of these feeds, feed by feed."""
    own = by_feed(rows)
    feeds = sorted({one.feed for one in newest})
    return [as_tuple(row) for feed in feeds for row in own.get(feed, [])]


def _readings(present: Iterable[Delivery], rows: Iterable[dict[str, Any]]) -> dict[Feed, Reading]:
    return {feed: reading_of(own) for feed, own in _by_feed(present, rows).items()}


def reading_of(rows: list[dict[str, Any]]) -> Reading:
    """How a feed is read whose columns are these rows of column_roles."""
    roles = [(row["column"], row["role"], row["confidence"]) for row in rows if row["role"]]
    seen = [row for row in rows if row.get("profile")]  # others are only stated
    decimals = {row["role"]: row["decimals"] for row in seen if row["role"] and row["decimals"]}
    constant = [row["column"] for row in seen if _says_one_thing(row["profile"])]
    habit = decimals.get("price", decimals.get("old_price", "unknown"))
    prices = [column for column, role, _ in roles if role in ("price", "old_price")]
    others = [row["column"] for row in rows if not row["role"]]
    minor = in_minor_units(rows, [*prices, *sale_columns(others, ())])
    stated = {row["column"] for row in rows if row.get("source") == "override"}
    unread = [column for column in others if column in stated]
    levels = {column for column, role, _ in roles if role == "merchant_category"}
    slashed = [r["column"] for r in seen if r["column"] in levels and _slashed(r["profile"])]
    stocks = [column for column, role, _ in roles if role == "availability"]
    lead = tuple(filter(tells_lead_time, stocks))
    sale = sale_dates(row["column"] for row in rows if row["column"] not in unread)
    told = (languages_in(rows), minor, unread, currency_in(rows), slashed, lead, sale)
    return Reading.of(roles, constant, habit, *told)


def _slashed(profile: str) -> bool:
    return read_profile(profile).slashed


def _says_one_thing(profile: str) -> bool:
    """Whether a column holds one and the same text; a few equal cells prove nothing."""
    seen = read_profile(profile)
    return seen.rows >= _SAME_ROWS and len(seen.values) == 1
