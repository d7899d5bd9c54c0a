"""products → images."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from aisles.products.addresses import Gatekeeper
from aisles.products.picture_map import PictureMap
from aisles.products.web import Source, fetch_pictures
from aisles.stages.job import Account, Job, step
from aisles.stages.params import FetchImages

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_TASKS_A_CORE = 2
_CLOSED_HOSTS = 10_000  # closed hosts that later slices are told of, at most
_NOT_STORED = {"unmapped", "unchanged"}
_SAME = ("content_hash", "status", "reason", "etag", "last_modified")


def run(job: Job, params: FetchImages, account: Account) -> None:
    """Fetches the pictures that are due, slice by slice; a failure is a status."""
    limits = job.config.images
    if params.web:
        limits = dataclasses.replace(limits, web=True)
    if not params.images and not limits.web:
        account.messages.append(
            "no picture map given, and fetching from the web is off: no picture is fetched"
        )
        return
    Gatekeeper.of(limits.ports, limits.allow_networks)  # a wrong setting is told before any work
    pictures = PictureMap.read(params.images) if params.images else PictureMap()
    _fetch(job, params, account, Source(pictures, limits))
    _count(job, account)


def _fetch(job: Job, params: FetchImages, account: Account, source: Source) -> None:
    """Each slice is one transaction, so that a killed job keeps what it has."""
    from pyspark import StorageLevel

    todo = _due(job, params).persist(StorageLevel.DISK_ONLY)
    try:
        account.rows_in = todo.count()
        slices = -(-account.rows_in // source.limits.slice_urls)
        for number in range(slices):
            with step(f"fetching pictures, {number + 1} of {slices}"):
                part = todo.filter(f"pmod(xxhash64(image_url), {slices}) = {number}")
                source = _slice(job, account, source, part)
    finally:
        todo.unpersist()
    if source.closed:
        some = ", ".join(sorted(source.closed)[:3])
        account.figures["closed hosts"] = len(source.closed)
        account.warn(f"{len(source.closed)} hosts were left alone after failures, such as {some}")


def _due(job: Job, params: FetchImages) -> DataFrame:
    """One row is one URL of active products to try now, with what its host said of it last."""
    from pyspark.sql import functions as F

    limits = job.config.images
    urls = job.tables.read("products").filter("active AND image_url IS NOT NULL")
    tried_on = F.expr("coalesce(tried_on, to_date(tried_at))")  # tables from before tried_on
    waited = F.date_diff(F.lit(job.run_date), tried_on) >= limits.retry_days
    again = waited & (F.expr("coalesce(attempts, 1)") < limits.max_attempts) | F.lit(params.retry)
    fine = F.col("status") == "ok"
    due = F.col("status").isNull() | F.when(fine, F.lit(params.refresh)).otherwise(again)
    stored = job.tables.read("images").drop("image")
    return (
        urls.select("image_url")
        .distinct()
        .join(stored, "image_url", how="left")
        .filter(due)
        .select("image_url", *(F.when(fine, F.col(c)).alias(c) for c in ("etag", "last_modified")))
    )


def _slice(job: Job, account: Account, source: Source, part: DataFrame) -> Source:
    """Fetches and stores one slice; the source for the next one knows the hosts to leave alone."""
    from pyspark import StorageLevel

    tasks = job.spark.sparkContext.defaultParallelism * _TASKS_A_CORE
    fetched = fetch_pictures(source, tasks)(part).persist(StorageLevel.DISK_ONLY)
    try:
        counts = {r["status"]: r["count"] for r in fetched.groupBy("status").count().collect()}
        for status, count in counts.items():
            name = f"tried {status}"
            account.figures[name] = account.figures.get(name, 0) + count
            account.rows_out += 0 if status in _NOT_STORED else count
        known = _closed_hosts(fetched, _CLOSED_HOSTS - len(source.closed))
        if counts.keys() - _NOT_STORED:
            _store(job, fetched)
    finally:
        fetched.unpersist()
    return dataclasses.replace(source, closed={**source.closed, **known})


def _closed_hosts(fetched: DataFrame, most: int) -> dict[str, tuple[str, str]]:
    """Host that stopped being asked -> status and reason of its pictures."""
    closed = (
        fetched.filter("closed_host IS NOT NULL")
        .select("closed_host", "status", "reason")
        .distinct()
        .limit(most)
        .collect()
    )
    return {row["closed_host"]: (row["status"], row["reason"]) for row in closed}


def _store(job: Job, fetched: DataFrame) -> None:
    """One MERGE: rows that are as they were stay untouched, and so do other rows' files.

    The table is partitioned by status: pictures are not rewritten where a failure is tried again.
    """
    from pyspark.sql import functions as F

    source = (
        fetched.filter(~F.col("status").isin(*_NOT_STORED))
        .drop("closed_host")
        .withColumn("tried_at", F.current_timestamp())
        .withColumn("tried_on", F.lit(job.run_date))
        .withColumn("attempts", F.lit(1))
    )
    earlier = "coalesce(t.tried_on < s.tried_on, true)"
    same = " AND ".join(f"t.{column} <=> s.{column}" for column in _SAME)
    # A picture that we have is worth more than the news that its host cannot be asked now.
    lost = "t.status = 'ok' AND s.status IN ('unreachable', 'forbidden')"
    changed = f"(NOT ({same}) OR (s.status <> 'ok' AND {earlier})) AND NOT ({lost})"
    update = {column: f"s.{column}" for column in source.columns}
    update["tried_on"] = "greatest(t.tried_on, s.tried_on)"
    # Counted by day, so that a run repeated on the day counts once.
    update["attempts"] = (
        f"CASE WHEN t.status = 'ok' THEN 1 WHEN {earlier} THEN coalesce(t.attempts, 1) + 1"
        " ELSE t.attempts END"
    )
    job.tables.merge("images", source, ["image_url"], update_if=changed, update=update)


def _count(job: Job, account: Account) -> None:
    stored = job.tables.read("images").groupBy("status").count().collect()
    account.figures.update({f"status {row['status']}": row["count"] for row in stored})
