"""raw_items → column_roles, products, rejected_items: what changed since the last delivery.

A feed whose files are those of last time costs nothing. Of a feed that changed, each record's
product_id is found (cheap), and only the products whose records differ from those that made the
stored row are cleaned (dear). All of a feed is cleaned anew when it is read otherwise than before:
other roles, or another version of the cleaning.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from aisles.parts import Feed, Part, among
from aisles.products.identity import resolve
from aisles.products.normalise import DERIVED
from aisles.products.quality import field_quality, kinds
from aisles.stages.cleaned import (
    Cleaned,
    rejected_rows,
    store_quality,
    store_rejected,
    what,
)
from aisles.stages.cleaning import Cleaning, Delivered, clean, compared, delivered
from aisles.stages.deliveries import Delivery, every_day, records, todays
from aisles.stages.job import Account, Job, step
from aisles.stages.normalise_plan import MARKS, Work, is_done, planned
from aisles.stages.params import Normalise
from aisles.stages.readings import Remembered, Stated, in_order, overrides, remembered, settled
from aisles.stages.refused import hollow_feeds, perhaps_hollow
from aisles.stages.replay import replay
from aisles.stages.sale_turns import next_turns
from aisles.together import few_rows, together

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

# Records come feed by feed: of files of this size, some 5 MB, a small shop's change rewrites one or
# two.
_FILE_ROWS = 32_768
# So few products, some 50 MB, go to every worker.
_SMALL = 100_000


def run(job: Job, params: Normalise, account: Account) -> None:
    """Brings the products of this day's deliveries up to date."""
    job.tables.prepare("products", "column_roles", "rejected_items", "field_quality")
    stated = overrides(job, params.roles)
    marks, every, before = together(
        job.spark,
        lambda: job.tables.metadata("products").get(MARKS, {}),
        lambda: todays(job),
        lambda: remembered(job),
    )
    todo = [one for one in every if not is_done(one, marks, stated)]
    account.figures["feeds"] = len(todo)
    for one in todo:
        if one.doubt:
            account.warn(f"{'/'.join(one.feed)}: {one.doubt}: looks truncated, nothing is delisted")
    if not todo:
        return
    came = delivered(job, [one for one in todo if not one.late])
    with few_rows(job.spark) if came.few else nullcontext():
        _bring_up(job, account, todo, came, stated, marks, before)


def _bring_up(
    job: Job,
    account: Account,
    todo: list[Delivery],
    came: Delivered,
    stated: Mapping[Feed, Stated],
    marks: dict[str, Any],
    before: Remembered,
) -> None:
    """Makes products of these deliveries, of which came has the records of the newest."""
    present = [one for one in todo if not one.late]
    late = [one.feed for one in todo if one.late]
    with step(f"inferring the roles of the columns of {len(todo)} feeds"):
        how, store = settled(job, present, came.records, stated, marks, before, account)
        if late:
            store()  # what moved in both stands in the last commit
            store = _nothing
        days = in_order(job, late, stated, marks)
    last = {feed: reading for day in days.values() for feed, reading in day.items()}
    turns = next_turns(present, came.records, {job.run_date: how})
    if late:
        every_late = every_day(job, late)
        turns |= next_turns(every_late, records(job, every_late), days)
    work = planned(todo, how | last, marks, stated, turns)
    if work.late:
        replay(job, account, late, days, turns, {MARKS: work.late_marks})
    if work.present:
        _present(job, account, work, came, store)


def _nothing() -> None:
    """There is nothing more to store."""


def _present(
    job: Job, account: Account, work: Work, came: Delivered, store: Callable[[], None]
) -> None:
    """Cleans what is new and writes it; the products last, as they carry the watermark.

    store: brings column_roles up to date.
    """
    stored = job.tables.part("products", Part.of(feeds=work.present))
    part = Part.of([job.run_date], work.present)
    with ExitStack() as frames:
        with step("comparing the records with those before") if work.parts else nullcontext():
            found = compared(job, work, came, stored, frames)
        with step("cleaning records"):
            # A feed with a watermark has been here; without one it may still have, if the log was
            # cut.
            cleaning, _, fresh = together(
                job.spark,
                lambda: clean(work, came, found, stored, frames),
                store,
                lambda: not work.known and stored.isEmpty(),
            )
        quality = partial(store_quality, job, _quality(cleaning), part)
        source_of = partial(_source, job, account, work, cleaning, None if fresh else stored, part)
        if cleaning.few:
            quality()
            source = source_of()
        else:
            source, _ = together(job.spark, source_of, quality)
        if fresh:
            with step(f"writing the products of {source.cleaned:,} records"):
                marks = {MARKS: work.marks}
                written = job.tables.append("products", source.rows, marks, _FILE_ROWS)
    if not fresh:
        # Only now: Spark makes all it has cached of a table anew when the table is written.
        with step(f"merging the products of {source.cleaned:,} records"):
            written = _merge(job, source, work)
    kept = source.products
    assert written == kept, f"{written} products written, {kept} accounted for"


def _quality(cleaning: Cleaning) -> DataFrame:
    """The field quality of whole deliveries: of records cleaned now and of unchanged products."""
    counted, found = cleaning.counted, cleaning.found
    if found is not None and (found.few or found.records):
        counted = counted.unionByName(kinds(found.standing()))
    return field_quality(counted)


def _gone(
    stored: DataFrame, products: DataFrame, cleaning: Cleaning, work: Work, but: set[Feed]
) -> DataFrame:
    """One row is one active product that a whole delivery of its feed no longer has.

    One whose every record was rejected is no product of the delivery either. but: feeds whose
    delivery tells nothing of it.
    """
    complete = {feed for feed, one in work.whole.items() if one.whole} - but
    perhaps = stored.filter(f"active AND {among(complete)}").select("product_id")
    if (found := cleaning.found) is not None:
        lost = found.lost({feed for feed, one in work.parts.items() if one.whole} - but)
        perhaps = perhaps.unionByName(lost) if complete else lost
    ids = cleaning.beside(products.select("product_id"))
    return perhaps.join(ids, "product_id", how="left_anti")


def _dated(job: Job, products: DataFrame) -> DataFrame:
    """The products as rows of the table, as if this delivery were their first; `what` stays."""
    from pyspark.sql import functions as F

    dated = (
        products.withColumn("first_seen", F.col("run_date"))
        .withColumn("changed_on", F.col("run_date"))
        .withColumn("active", F.lit(True))
    )
    return job.tables.conform("products", dated, *(n for n in ("_what",) if n in dated.columns))


@dataclass(frozen=True)
class _Source:
    """The products to be written: rows, made of how many records, how many these must be.

    counts: of how many something else becomes (`_changing`); None where they only come in.
    """

    rows: DataFrame
    cleaned: int
    products: int
    counts: dict[str, int] | None = None


def _source(
    job: Job,
    account: Account,
    work: Work,
    cleaning: Cleaning,
    stored: DataFrame | None,
    part: Part,
) -> _Source:
    """The products to be written; rejected records are stored.

    stored: the feeds' rows of products; None where there are none, and the products only come in.
    Else one row is one product that comes in, changes or is lost (`_changing`), cut from its plan.
    """
    found = cleaning.found
    judged, done = cleaning.judged(account)
    products, lost = resolve(judged)
    refused, dated = rejected_rows(lost) if done.rejected else None, _dated(job, products)
    if found is not None and (again := found.carried(account)) is not None:
        refused = again if refused is None else refused.unionByName(again)
    if stored is None:
        store_rejected(job, refused, part)
        return _Source(dated, done.records, done.products)
    none_lost = not work.whole and found is not None and not found.vanished + done.rejected
    store: Callable[[], None] = partial(store_rejected, job, refused, part)
    hollow: set[Feed] = set()
    present = list(work.present.values())
    if not none_lost and perhaps_hollow(job, present, int(account.figures.get("rejected", 0))):
        store()
        hollow, store = hollow_feeds(job, account, present), _nothing
    gone = None if none_lost else _gone(stored, products, cleaning, work, hollow)
    (rows, counts), _ = together(
        job.spark, lambda: _changing(job, dated, gone, cleaning.known, done), store
    )
    return _Source(rows, done.records, done.products, counts)


def _changing(
    job: Job, products: DataFrame, gone: DataFrame | None, known: DataFrame, done: Cleaned
) -> tuple[DataFrame, dict[str, int]]:
    """One row is one product, with what happens to it (_what): it is new, known or gone.

    And how many of each there are. done: what is known of the products, made from kept rows.
    """
    from pyspark.sql import Observation
    from pyspark.sql import functions as F

    if done.known is not None and gone is None:
        return products, {"new": done.products - done.known, "known": done.known, "gone": 0}
    came = what(products, known) if done.known is None else products
    if gone is not None:
        lost = job.tables.conform("products", gone).withColumn("_what", F.lit("gone"))
        came = came.unionByName(lost)
    seen = Observation()
    each = [F.count_if(F.col("_what") == one).alias(one) for one in ("new", "known", "gone")]
    return came.observe(seen, *each).localCheckpoint(), seen.get


def _merge(job: Job, source: _Source, work: Work) -> int:
    """New products come in, then changed ones are rewritten and vanished ones delisted.

    Returns how many products went in. The second transaction carries the watermark: a rerun of a
    job that was killed between them finds the new products as they are. Both are one MERGE no more,
    as with rows to insert it sends each row of the files that it rewrites through a shuffle.
    """
    from pyspark.sql import functions as F

    assert source.counts is not None
    new, known, gone = (source.counts[one] for one in ("new", "known", "gone"))
    if new:
        job.tables.append("products", source.rows.where("_what = 'new'"), None, _FILE_ROWS)
    others = source.rows.where("_what <> 'new'")
    if not gone:
        others = others.drop("_what")
    if known + gone <= _SMALL:
        others = F.broadcast(others)
    other = "NOT (t.content_hash <=> s.content_hash)"
    reread = " OR ".join(f"NOT (t.{name} <=> s.{name})" for name in DERIVED)
    every = {f"`{name}`": f"s.`{name}`" for name in others.columns if name != "_what"}
    del every["`product_id`"]
    asked = "s._what = 'known' AND " if gone else ""
    # Short statements: what Spark generates for them is compiled anew on each day.
    job.tables.merge(
        "products",
        others,
        ["product_id"],
        where=among(work.present, "t."),
        update_if=f"{asked}({other} OR NOT t.active OR s.first_seen < t.first_seen"
        f" OR NOT (t.delivery_hash <=> s.delivery_hash) OR {reread})",
        update=every
        | {
            "`first_seen`": "least(t.first_seen, s.first_seen)",
            "`changed_on`": f"CASE WHEN {other} THEN s.changed_on ELSE t.changed_on END",
        },
        else_if="s._what = 'gone'" if gone else None,
        otherwise={"active": "false", "delisted_on": f"DATE'{job.run_date}'"},
        insert=False,
        metadata={MARKS: work.marks},
        stable=True,
    )
    return new + known
