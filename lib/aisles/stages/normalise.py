"""raw_items → column_roles, products, rejected_items."""

from __future__ import annotations

import csv
import datetime as dt
from typing import TYPE_CHECKING

from aisles.feeds.roles import column_roles, with_overrides
from aisles.products.identity import account as accounted
from aisles.products.identity import resolve
from aisles.products.normalise import constant_columns, normalise
from aisles.stages.job import Account, Job, step
from aisles.stages.params import Normalise

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_HEAD_ROWS = 2000
_STATE = ("first_seen", "changed_on", "delisted_on", "active")


def run(job: Job, params: Normalise, account: Account) -> None:
    """Brings the products of this day's deliveries up to date."""
    deliveries = _deliveries(job)
    if not deliveries:
        return
    late = {feed for feed, (newest, _) in deliveries.items() if newest > job.run_date}
    present = {feed: whole for feed, (_, whole) in deliveries.items() if feed not in late}
    raw = job.tables.read("raw_items").filter(f"run_date = DATE'{job.run_date}'")
    with step("inferring the roles of columns"):
        roles = _roles(job, params, raw, set(deliveries))
    _write_products(job, account, raw, roles, present, late)


def _deliveries(job: Job) -> dict[tuple[str, str], tuple[dt.date, bool]]:
    """(network, retailer) of this day -> day of its newest delivery, and whether it is whole."""
    from pyspark.sql import functions as F

    today = F.col("run_date") == F.lit(job.run_date)
    rows = (
        job.tables.read("feed_files")
        .groupBy("network", "retailer")
        .agg(
            F.max("run_date").alias("newest"),
            F.bool_and(F.when(today, F.col("complete"))).alias("whole"),
        )
        .filter("whole IS NOT NULL")
    )
    return {(r["network"], r["retailer"]): (r["newest"], r["whole"]) for r in rows.collect()}


def _roles(
    job: Job, params: Normalise, raw: DataFrame, feeds: set[tuple[str, str]]
) -> dict[tuple[str, str], list[tuple[str, str, float]]]:
    """Infers, overrides and stores the roles of this day's feeds."""
    files = job.tables.read("feed_files").filter(f"run_date = DATE'{job.run_date}'")
    inferred = column_roles(raw, files).collect()  # a few dozen rows a feed
    rows = with_overrides([row.asDict() for row in inferred], _overrides(params.roles))
    schema = (
        "network string, retailer string, column string, role string, confidence double,"
        " evidence string, source string"
    )
    frame = job.spark.createDataFrame(
        [tuple(row[name.split()[0]] for name in schema.split(", ")) for row in rows], schema
    )
    job.tables.replace("column_roles", frame, _among(feeds))
    roles: dict[tuple[str, str], list[tuple[str, str, float]]] = {feed: [] for feed in feeds}
    for row in rows:
        if row["role"]:
            feed = (row["network"], row["retailer"])
            roles[feed].append((row["column"], row["role"], row["confidence"]))
    return roles


def _overrides(path: str) -> list[dict[str, str]]:
    if not path:
        return []
    with open(path, encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        missing = {"network", "retailer", "column", "role"} - set(reader.fieldnames or ())
        if missing:
            raise ValueError(f"--roles {path}: column {', '.join(sorted(missing))} is missing")
        return list(reader)


def _among(feeds: set[tuple[str, str]]) -> str:
    names = ", ".join(sorted("'" + f"{n}/{r}".replace("'", "\\'") + "'" for n, r in feeds))
    return f"concat(network, '/', retailer) IN ({names})"


def _write_products(
    job: Job,
    account: Account,
    raw: DataFrame,
    roles: dict[tuple[str, str], list[tuple[str, str, float]]],
    present: dict[tuple[str, str], bool],
    late: set[tuple[str, str]],
) -> None:
    from pyspark import StorageLevel
    from pyspark.sql import functions as F

    # The start of each feed tells the columns that say the same of every product.
    constant = constant_columns(raw.filter(F.col("record_no") <= _HEAD_ROWS))
    candidates = normalise(roles, constant)(raw).persist(StorageLevel.DISK_ONLY)
    try:
        with step("cleaning records"):
            account.rows_in = candidates.count()
        products, rejected = resolve(candidates)
        with step("merging products"):
            _merge(job, products, present, late)
        where = f"run_date = DATE'{job.run_date}' AND stage = 'normalise' AND {_among(set(roles))}"
        refused = rejected.withColumn("stage", F.lit("normalise"))
        job.tables.replace("rejected_items", _with_raw(refused, raw), where)
        _check(candidates, account)
    finally:
        candidates.unpersist()


def _with_raw(refused: DataFrame, raw: DataFrame) -> DataFrame:
    """The rejected records with their cells as JSON, so that nothing is lost."""
    from pyspark.sql import functions as F

    text = F.substring(F.to_json("values"), 1, 10_000).alias("raw")
    keys = ["network", "retailer", "file", "record_no"]
    return refused.join(raw.select(*keys, text), keys, how="left")


def _check(candidates: DataFrame, account: Account) -> None:
    """raw = products + duplicates + rejected, file by file."""
    for row in accounted(candidates).collect():
        parts = row["products"] + row["duplicates"] + row["rejected"]
        assert row["raw"] == parts, f"{row['file']}: {row['raw']} records, {parts} accounted for"
        account.rows_out += row["products"]
        for name in ("duplicates", "rejected"):
            account.figures[name] = account.figures.get(name, 0) + row[name]


def _merge(
    job: Job,
    products: DataFrame,
    present: dict[tuple[str, str], bool],
    late: set[tuple[str, str]],
) -> None:
    """One MERGE: changed products are rewritten, vanished ones delisted, all else untouched."""
    from pyspark.sql import functions as F

    day = F.lit(job.run_date)
    source = (
        products.withColumn("first_seen", day)
        .withColumn("changed_on", day)
        .withColumn("active", F.lit(True))
    )
    source = job.tables.conform("products", source)
    if late:
        # An older delivery that arrives late only lowers first_seen.
        job.tables.merge(
            "products",
            source.filter(_among(late)),
            ["product_id"],
            update_if="s.first_seen < t.first_seen",
            update={"first_seen": "s.first_seen"},
            insert=False,
        )
    if not present:
        return
    changed = "NOT (t.content_hash <=> s.content_hash)"
    update = {f"`{c}`": f"s.`{c}`" for c in source.columns if c not in _STATE}
    update |= {
        "active": "true",
        "delisted_on": "NULL",
        "first_seen": "least(t.first_seen, s.first_seen)",
        "changed_on": f"CASE WHEN {changed} THEN s.changed_on ELSE t.changed_on END",
    }
    whole = {feed for feed, complete in present.items() if complete}
    gone = f"t.active AND {_among(whole)}".replace("network", "t.network", 1).replace(
        "retailer", "t.retailer", 1
    )
    job.tables.merge(
        "products",
        source.filter(_among(set(present))),
        ["product_id"],
        update_if=f"{changed} OR NOT t.active OR s.first_seen < t.first_seen",
        update=update,
        missing_if=gone if whole else None,
        missing={"active": "false", "delisted_on": f"DATE'{job.run_date}'"},
    )
