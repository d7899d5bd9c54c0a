"""Which products of a changed feed are to be cleaned anew, and what stands of the others.

A product whose records are those of the delivery before comes out as it did: its row, its
duplicates, and its rejected records, which are carried over from the day that found them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
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
    key; None where there are none. day: that of the delivery. counted: how many there are of what
    `_counts` names. watched: the groups; of few ones they are counted when these are read, which is
    to be once.
    """

    groups: DataFrame
    refused: DataFrame | None
    day: dt.date
    few: bool
    counted: Callable[[], Mapping[str, int]]
    watched: DataFrame

    @property
    def vanished(self) -> int:
        """How many active products are delivered no more."""
        return self.counted()["vanished"]

    @property
    def records(self) -> int:
        """How many records are in unchanged groups."""
        return self.counted()["records"]

    @classmethod
    def of(cls, groups: DataFrame, refused: DataFrame | None, day: dt.date, few: bool) -> Changes:
        """The same of these groups, which are kept: few ones from when they are first read."""
        from pyspark.sql import Observation

        named = [count.alias(name) for name, count in _counts().items()]
        if few:
            seen, kept = Observation(), groups.localCheckpoint(False).coalesce(1)
            return cls(kept, refused, day, few, lambda: seen.get, kept.observe(seen, *named))
        kept = groups.persist()
        found = kept.agg(*named).first()
        assert found is not None
        return cls(kept, refused, day, few, found.asDict, kept)

    def places(self) -> DataFrame:
        """file and record_no of the records that are to be cleaned."""
        from pyspark.sql import functions as F

        found = self.groups.where("changed AND places IS NOT NULL").select(F.inline("places"))
        places = found.select("file", "record_no")
        if self.few:
            return places.hint("shuffle_hash")
        # Without the hint, all records would go through a shuffle to meet a few.
        return F.broadcast(places) if self.counted()["fresh"] <= BROADCAST_ROWS else places

    def known(self) -> DataFrame:
        """product_id of the stored products that are delivered, and not as they were."""
        changed = self.groups.where("known AND changed AND places IS NOT NULL")
        return changed.selectExpr("key AS product_id")

    def lost(self, feeds: Iterable[Feed]) -> DataFrame:
        """product_id of these feeds' active products that are not as they were: perhaps gone."""
        ours = self.groups.where("active AND changed").select("key", *_feed_of_key())
        return ours.where(among(feeds)).selectExpr("key AS product_id")

    def standing(self) -> DataFrame:
        """One row for each record of the unchanged products, as `field_quality` reads it.

        A duplicate counts as filled as the record that won over it.
        """
        found = _records(self.watched, self.day).where("NOT refused").select(*_QUALITY)
        if (again := self._rejected()) is not None:
            found = found.unionByName(again.select(*_QUALITY))
        return found.where("filled IS NOT NULL AND valid IS NOT NULL")

    def carried(self, account: Account) -> DataFrame | None:
        """The rejected records of unchanged products, as rows of rejected_items; None if none are.

        Adds to the books what was not cleaned: unchanged products and their other records.
        """
        found, again, rows = self.counted(), 0, self._rejected()
        if rows is not None:
            rows = rows.where("reason IS NOT NULL").select(*REJECTED)
            again = rows.count() if found["spoilt"] else 0
        others = found["records"] - found["products"] - again
        account.figures["unchanged"] = found["products"]
        for name, more in (("duplicates", others), ("rejected", again)):
            account.figures[name] = account.figures.get(name, 0) + more
        return rows if again else None

    def _rejected(self) -> DataFrame | None:
        """One row for each record of unchanged products some of whose records were rejected.

        Which ones were follows from their content: records that are the same share their verdict.
        """
        from pyspark.sql import functions as F

        if self.refused is None:
            return None
        own = _records(self.groups, self.day).where("refused")
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
    if few:
        now, known = now.hint("shuffle_hash"), known.coalesce(1)
    groups, before = now.join(known, "key", how="full_outer"), _refused(job, work.cleaned_on)
    if before is None:
        groups = groups.withColumn("all_refused", F.lit(None).cast("string"))
    else:
        if few:
            groups, before = groups.coalesce(1), before.coalesce(1)
        rejected = before.groupBy("key").agg(signature().alias("all_refused"))
        groups = groups.join(rejected.hint("merge") if few else rejected, "key", how="left")
    active = F.coalesce("active", F.lit(False))
    refused = F.col("all_refused").isNotNull()
    spoilt = F.concat("now", F.lit(SPOILT)) == F.col("delivery_hash")
    same = (
        F.when(active & ~refused, F.col("now") == F.col("delivery_hash"))
        .when(active, spoilt)
        .otherwise(F.col("now") == F.col("all_refused"))
    )
    groups = groups.select(
        "key",
        "places",
        F.col("active").isNotNull().alias("known"),
        active.alias("active"),
        "filled",
        "valid",
        refused.alias("refused"),
        (~F.coalesce(same, F.lit(False))).alias("changed"),
    )
    return Changes.of(groups, before, job.run_date, few)


def _counts() -> dict[str, Column]:
    """Aggregates of the groups: how many there are of what.

    fresh: records to be cleaned. vanished: active products that are delivered no more. products:
    unchanged ones; records: of unchanged groups; spoilt: such groups with rejected records.
    """
    from pyspark.sql import functions as F

    def records(where: str) -> Column:
        return F.coalesce(F.sum(F.when(F.expr(where), F.size("places"))), F.lit(0))

    return {
        "fresh": records("changed AND places IS NOT NULL"),
        "vanished": F.count_if(F.expr("active AND places IS NULL")),
        "products": F.count_if(F.expr("NOT changed AND active")),
        "records": records("NOT changed"),
        "spoilt": F.count_if(F.expr("NOT changed AND refused")),
    }


def _records(groups: DataFrame, day: dt.date) -> DataFrame:
    """One row for each record of the unchanged groups."""
    from pyspark.sql import functions as F

    return groups.where("NOT changed").select(
        *_feed_of_key(),
        F.lit(day).alias("run_date"),
        "key",
        "refused",
        "filled",
        "valid",
        F.inline("places"),
    )


def _refused(job: Job, cleaned_on: Mapping[Feed, str]) -> DataFrame | None:
    """The rejected records that the products of these feeds rest on, with their key, if any.

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
        return None
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
