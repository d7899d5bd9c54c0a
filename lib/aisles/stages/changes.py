"""Which products of a changed feed are to be cleaned anew, and what stands of the others.

A product whose records are those of the delivery before comes out as it did: its row, its
duplicates, and its rejected records, which are carried over from the day that found them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

from aisles.parts import Feed, Part, among
from aisles.products.identity import SPOILT
from aisles.products.ids import identities, signature
from aisles.stages.cleaned import REJECTED
from aisles.stages.job import Account, Job
from aisles.stages.normalise_plan import Work

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

# So many places, some 100 MB, go to every worker.
BROADCAST_ROWS = 1_000_000
_QUALITY = ("network", "retailer", "run_date", "file", "filled", "valid")
# What a record that is rejected again has of its row before, and the place of that one.
_CARRIED = ("product_id", "raw_hash", "filled", "valid", "reason", "raw", "file", "record_no")


@dataclass(frozen=True)
class Changes:
    """What the feeds that are read in part have now, against what was stored of them.

    groups: one row is one product, delivered now or stored; columns: key (product_id, or what
    stands for it in a record without one), places of its records (null: it is delivered no more),
    known (whether it is stored), active, filled and valid as stored, refused (whether records of it
    were rejected), changed. refused: the rejected records that the stored products rest on, with
    key. day: that of the delivery. fresh: how many records are to be cleaned. vanished: how many
    active products are delivered no more. products, records, spoilt: how many unchanged products
    there are, records of unchanged groups, and groups of these with rejected records.
    """

    groups: DataFrame
    refused: DataFrame
    day: dt.date
    fresh: int
    vanished: int
    products: int
    records: int
    spoilt: int

    def places(self) -> DataFrame:
        """file and record_no of the records that are to be cleaned."""
        from pyspark.sql import functions as F

        found = self.groups.where("changed AND places IS NOT NULL").select(F.inline("places"))
        places = found.select("file", "record_no")
        # Without the hint, all records would go through a shuffle to meet a few.
        return F.broadcast(places) if self.fresh <= BROADCAST_ROWS else places

    def known(self) -> DataFrame:
        """product_id of the stored products that are not as they were."""
        return self.groups.where("known AND changed").selectExpr("key AS product_id")

    def lost(self, feeds: Iterable[Feed]) -> DataFrame:
        """product_id of these feeds' active products that are not as they were: perhaps gone."""
        ours = self.groups.where("active AND changed").select("key", *_feed_of_key())
        return ours.where(among(feeds)).selectExpr("key AS product_id")

    def standing(self) -> DataFrame:
        """One row for each record of the unchanged products, as `field_quality` reads it.

        A duplicate counts as filled as the record that won over it.
        """
        kept = self._records().where("NOT refused").select(*_QUALITY)
        again = self._rejected().select(*_QUALITY)
        return kept.unionByName(again).where("filled IS NOT NULL AND valid IS NOT NULL")

    def carried(self) -> DataFrame:
        """The rejected records of unchanged products, as rows of rejected_items."""
        return self._rejected().where("reason IS NOT NULL").select(*REJECTED)

    def count(self, account: Account) -> int:
        """Adds to the books what was not cleaned: unchanged products and their other records.

        Returns how many of these records are rejected (`carried`).
        """
        again = self.carried().count() if self.spoilt else 0
        others = self.records - self.products - again
        account.figures["unchanged"] = self.products
        for name, more in (("duplicates", others), ("rejected", again)):
            account.figures[name] = account.figures.get(name, 0) + more
        return again

    def _records(self) -> DataFrame:
        from pyspark.sql import functions as F

        return self.groups.where("NOT changed").select(
            *_feed_of_key(),
            F.lit(self.day).alias("run_date"),
            "key",
            "refused",
            "filled",
            "valid",
            F.inline("places"),
        )

    def _rejected(self) -> DataFrame:
        """One row for each record of unchanged products some of whose records were rejected.

        Which ones were follows from their content: records that are the same share their verdict.
        """
        from pyspark.sql import functions as F

        own = self._records().where("refused")
        found = self.refused.groupBy("key", "raw_hash").agg(
            F.first(F.struct("product_id", "filled", "valid", "reason", "raw")).alias("found")
        )
        bits = {name: F.coalesce(f"found.{name}", name) for name in ("filled", "valid")}
        return (
            own.join(found, ["key", "raw_hash"], how="left")
            .withColumns(bits)
            .select("*", *(f"found.{name}" for name in ("product_id", "reason", "raw")))
        )


def changes(job: Job, work: Work, delivered: DataFrame, stored: DataFrame, few: bool) -> Changes:
    """What of the feeds that are read in part is as it was; the groups are persisted.

    delivered: their records. stored: the rows of products, those of other feeds perhaps among them.
    few: the records are few: the groups come in one partition, without a shuffle.
    """
    from pyspark.sql import Observation
    from pyspark.sql import functions as F

    ids = identities({feed: work.readings[feed] for feed in work.parts})(delivered)
    ids = ids.coalesce(1) if few else ids
    now = (
        ids.withColumn("key", _key())
        .groupBy("key")
        .agg(
            F.collect_list(F.struct("file", "record_no", "raw_hash")).alias("places"),
            signature().alias("now"),
        )
    )
    known = stored.filter(among(work.parts)).select(
        F.col("product_id").alias("key"),
        "active",
        "delivery_hash",
        "filled",
        "valid",
    )
    before = _refused(job, work.cleaned_on)
    if few:
        known, before = known.coalesce(1).hint("merge"), before.coalesce(1)
    rejected = before.groupBy("key").agg(signature().alias("all_refused"))
    active = F.coalesce("active", F.lit(False))
    refused = F.col("all_refused").isNotNull()
    spoilt = F.concat("now", F.lit(SPOILT)) == F.col("delivery_hash")
    same = (
        F.when(active & ~refused, F.col("now") == F.col("delivery_hash"))
        .when(active, spoilt)
        .otherwise(F.col("now") == F.col("all_refused"))
    )
    groups = (
        now.join(known, "key", how="full_outer")
        .join(rejected.hint("merge") if few else rejected, "key", how="left")
        .select(
            "key",
            "places",
            F.col("active").isNotNull().alias("known"),
            active.alias("active"),
            "filled",
            "valid",
            refused.alias("refused"),
            (~F.coalesce(same, F.lit(False))).alias("changed"),
        )
    )

    def records(where: str) -> Column:
        return F.coalesce(F.sum(F.when(F.expr(where), F.size("places"))), F.lit(0))

    counts = {
        "fresh": records("changed AND places IS NOT NULL"),
        "vanished": F.count_if(F.expr("active AND places IS NULL")),
        "products": F.count_if(F.expr("NOT changed AND active")),
        "records": records("NOT changed"),
        "spoilt": F.count_if(F.expr("NOT changed AND refused")),
    }
    named = [count.alias(name) for name, count in counts.items()]
    if few:
        seen = Observation()
        groups = groups.observe(seen, *named).localCheckpoint().coalesce(1)
        return Changes(groups, before, job.run_date, **seen.get)
    counted = groups.persist().agg(*named).first()
    assert counted is not None
    return Changes(groups, before, job.run_date, **counted.asDict())


def _refused(job: Job, cleaned_on: Mapping[Feed, str]) -> DataFrame:
    """The rejected records that the products of these feeds rest on, with their key.

    cleaned_on: see ``Work``.
    """
    feeds: dict[str, list[Feed]] = {}
    for feed, day in cleaned_on.items():
        if day:
            feeds.setdefault(day, []).append(feed)
    kept = "stage = 'normalise' AND raw_hash IS NOT NULL"
    parts = [Part.of([day], own, kept) for day, own in sorted(feeds.items())]
    some = [one for one in parts if job.tables.may_hold("rejected_items", one)]
    if not some:
        nothing = job.tables.part("rejected_items", Part.of(days=()))
        return nothing.withColumn("key", _key()).select("key", *_CARRIED)
    rows = [job.tables.part("rejected_items", one) for one in some]
    found = reduce(lambda one, more: one.unionByName(more), rows).withColumn("key", _key())
    # Cut from the table: Spark makes all it has cached of a table anew when the table is written.
    return found.select("key", *_CARRIED).localCheckpoint()


def _feed_of_key() -> list[Column]:
    """network and retailer, as they stand in the key."""
    from pyspark.sql import functions as F

    names = ("network", "retailer")
    return [
        F.split_part("key", F.lit("/"), F.lit(place)).alias(name)
        for place, name in enumerate(names, start=1)
    ]


def _key() -> Column:
    """What the records of one product share; records without an id by their content.

    No id has a line break, so the two never meet.
    """
    from pyspark.sql import functions as F

    without = F.concat("network", F.lit("/"), "retailer", F.lit("/\n"), "raw_hash")
    return F.coalesce("product_id", without)
