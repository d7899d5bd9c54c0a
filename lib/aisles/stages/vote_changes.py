"""rule_votes brought up to date: changed products under all rules, changed rules over all products.

What the table holds is noted in the metadata of its newest commit: the version of products that it
was made from, and the version of each rule that voted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aisles.products.currency import EXPONENTS
from aisles.rules.load import Rule
from aisles.rules.matcher import ENGINE, RuleSet
from aisles.rules.votes import VOTE_ARROW, votes
from aisles.stages.job import Job, step

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

KEY = ["product_id", "rule_id"]
_MARK = "voted"


@dataclass(frozen=True)
class Changed:
    """What was done: products and rules that were looked at anew.

    products: product_id of those whose votes may have changed; None where all may have.
    votes_before: version of rule_votes that they changed from.
    """

    products: DataFrame | None
    products_matched: int
    rules_matched: int
    votes_before: int


def update_votes(job: Job, rules: Sequence[Rule]) -> Changed:
    """Brings rule_votes up to date with products and rules; writes nothing without a change."""
    voting = [rule for rule in rules if rule.enabled and rule.error is None]
    mark = job.tables.metadata("rule_votes").get(_MARK)
    versions = {rule.rule_id: _version(rule) for rule in voting}
    now = {"products": job.tables.version("products"), "rules": versions, "engine": ENGINE}
    before = job.tables.version("rule_votes")
    if mark is not None and mark.get("engine") != ENGINE:
        mark = None
    products = None if mark is None else changed_products(job, mark["products"])
    if mark is None or products is None:
        return _all(job, voting, now, before)
    new = [rule for rule in voting if mark["rules"].get(rule.rule_id) != _version(rule)]
    lost = sorted(set(mark["rules"]) - set(versions) | {rule.rule_id for rule in new})
    count = products.count()
    if not count and not lost:
        return Changed(products, 0, 0, before)
    active = job.tables.read("products").filter("active").select(*rule_fields())
    if 4 * count > active.count() or 4 * len(new) > len(voting):
        return _all(job, voting, now, before)
    with step(f"matching {count:,} changed products, and {len(new):,} changed rules"):
        touched = _merge(job, active, products, voting, new, lost, now)
    return Changed(touched, count, len(new), before)


def changed_products(job: Job, since: int) -> DataFrame | None:
    """One row is one product whose content or activity has changed after a version of products.

    None where the change feed no longer reaches back to it (VACUUM has eaten it).
    """
    from py4j.protocol import Py4JJavaError
    from pyspark.errors import AnalysisException
    from pyspark.sql import functions as F

    until = job.tables.version("products")
    if since == until:
        return job.spark.createDataFrame([], "product_id string")
    try:
        feed = job.tables.changes("products", since, until)
        content = F.struct("content_hash", "active")
        return (
            feed.groupBy("product_id", "_commit_version")
            .agg(
                F.count_distinct(content).alias("contents"),
                F.bool_or(F.col("_change_type").isin("insert", "delete")).alias("whole"),
            )
            .filter("contents > 1 OR whole")
            .select("product_id")
            .distinct()
            .localCheckpoint()
        )
    except (AnalysisException, Py4JJavaError):
        return None


def rule_fields() -> list[Column]:
    """The columns that rules read, with the price in major units."""
    from pyspark.sql import functions as F

    exponents = F.create_map(*[F.lit(part) for pair in EXPONENTS.items() for part in pair])
    exponent = F.coalesce(exponents[F.col("currency")], F.lit(2))
    text = ["product_id", "title", "description", "merchant_category", "brand", "gender"]
    return [
        *[F.col(name) for name in text],
        (F.col("price_minor") / F.pow(F.lit(10.0), exponent)).alias("price"),
    ]


def _version(rule: Rule) -> str:
    return f"{rule.rule_version} {rule.category_id} {rule.effect}"


def _all(job: Job, rules: Sequence[Rule], now: dict[str, Any], before: int) -> Changed:
    active = job.tables.read("products").filter("active")
    with step(f"applying {len(rules):,} rules to all products"):
        cast = votes(RuleSet.compile(rules))(active.select(*rule_fields()))
        job.tables.replace("rule_votes", cast, "true", {_MARK: now})
    return Changed(None, active.count(), len(rules), before)


def _merge(
    job: Job,
    active: DataFrame,
    products: DataFrame,
    rules: Sequence[Rule],
    new: Sequence[Rule],
    lost: Sequence[str],
    now: dict[str, Any],
) -> DataFrame:
    """One MERGE of new votes and of the keys that have none any more; the products it touches."""
    from pyspark.sql import functions as F

    changed = active.join(products, "product_id", how="left_semi")
    cast = votes(RuleSet.compile(rules))(changed)
    if new:
        rest = active.join(products, "product_id", how="left_anti")
        cast = cast.unionByName(votes(RuleSet.compile(new))(rest))
    cast = cast.localCheckpoint()
    stored = job.tables.read("rule_votes").select(*KEY)
    gone = F.broadcast(job.spark.createDataFrame([(r,) for r in lost], "rule_id string"))
    old = stored.join(products, "product_id", how="left_semi").unionByName(
        stored.join(gone, "rule_id", how="left_semi").select(*KEY)
    )
    void = old.distinct().join(cast, KEY, how="left_anti").localCheckpoint()
    source = job.tables.conform("rule_votes", cast).withColumn("_gone", F.lit(False))
    source = source.unionByName(
        job.tables.conform("rule_votes", void).withColumn("_gone", F.lit(True))
    )
    values = {f"`{name}`": f"s.`{name}`" for name in VOTE_ARROW.names}
    same = " AND ".join(f"t.`{n}` <=> s.`{n}`" for n in VOTE_ARROW.names if n not in KEY)
    job.tables.merge(
        "rule_votes",
        source,
        KEY,
        delete_if="s._gone",
        update_if=f"NOT ({same})",
        update=values,
        insert=values,
        metadata={_MARK: now},
    )
    ids = [frame.select("product_id") for frame in (products, cast, void)]
    return ids[0].unionByName(ids[1]).unionByName(ids[2]).distinct()
