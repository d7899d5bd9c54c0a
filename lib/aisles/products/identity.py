"""Which record of a delivery is the product: duplicates, collisions, and the books over both.

A record competes with those that carry its product_id in the same delivery (run_date), in the
order of file and record_no:

* the first one settles which product the id means;
* a later one whose title and product_url both differ from the first one's is another product that
  carries the id by mistake: it is rejected as `id_collision`. A title differs from none; with a
  link missing on either side they do not differ;
* of the others the last one wins, the rest are duplicates.

So A, A' (the same again, cheaper), B (another product) gives A'; B is rejected. The order in
which records reach Spark does not matter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aisles.products.ids import joined

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

_ID = ["product_id", "run_date"]
_PLACE = ["file", "record_no"]
_KEY = ["run_date", *_PLACE]
_FEED_FILE = ["network", "retailer", "run_date", "file"]
COLLISION = "id_collision"
DUPLICATE = "duplicate"
SPOILT = "!"
"""Ends the delivery_hash of a product of whose records some were rejected."""


def told(candidates: DataFrame) -> DataFrame:
    """One short row for each record, all that `verdicts` looks at: persist it, not the candidates.

    Columns: network, retailer, run_date, file, record_no, product_id, id_hash (null without id),
    title_hash and url_hash (null for null), reason, raw_hash; filled and valid where they are there
    (see aisles.products.quality).
    """
    return candidates.withColumns(_hashes()).select(
        *_FEED_FILE,
        "record_no",
        "product_id",
        *_hashes(),
        "reason",
        "raw_hash",
        *(name for name in ("filled", "valid") if name in candidates.columns),
    )


def _hashes() -> dict[str, Column]:
    from pyspark.sql import functions as F

    def hashed(*names: str) -> Column:
        return F.when(F.col(names[0]).isNotNull(), F.xxhash64(*names))

    return {
        "id_hash": hashed("product_id", "run_date"),
        "title_hash": hashed("title"),
        "url_hash": hashed("product_url"),
    }


def repeats(known: DataFrame) -> DataFrame:
    """The hashes of the ids that occur more than once, a few in a hundred; known: see `told`."""
    ids = known.where("id_hash IS NOT NULL").groupBy("id_hash").count()
    return ids.where("count > 1").select("id_hash")


def verdicts(known: DataFrame, repeated: DataFrame | None = None) -> DataFrame:
    """One row for each record that shares its id with others or is rejected.

    known: the output of `told`, which is read several times. repeated: that of `repeats`; where it
    is persisted and counted, Spark knows how few they are and moves no other rows. Columns:
    run_date, file, record_no; verdict: null for the product itself, `duplicate`, or why it is
    rejected; delivery_hash, see `judge`.
    """
    from pyspark.sql import functions as F

    again = (repeats(known) if repeated is None else repeated).withColumn("_again", F.lit(True))
    some = known.join(again, on="id_hash", how="left").where("_again OR reason IS NOT NULL")
    return _judged(some)


def judge(candidates: DataFrame, marks: DataFrame | None = None, how: str = "") -> DataFrame:
    """The candidates, one row for each record, with the columns verdict and delivery_hash.

    marks: the output of `verdicts`, where it is there already. how: hint to Spark how to find the
    marks of a candidate; `broadcast` where they fit into the memory of every worker: then no
    candidate is moved, and those of a file stay together.
    delivery_hash: the same in two deliveries whose records of the product are the same in the same
    order (see `aisles.products.ids.signature`); it ends in `!` where some of them were rejected.
    """
    from pyspark.sql import functions as F

    found = (verdicts(told(candidates)) if marks is None else marks).withColumn(
        "_marked", F.lit(True)
    )
    found = found.hint(how) if how else found
    own = F.when(F.col("_marked"), F.col("delivery_hash")).otherwise(F.col("raw_hash"))
    return candidates.join(found, on=_KEY, how="left").select(
        *[candidates[name] for name in candidates.columns],
        "verdict",
        own.alias("delivery_hash"),
    )


def judge_few(candidates: DataFrame) -> DataFrame:
    """The same of candidates in one partition, few enough to be hashed; they are read three times.

    Their windows are those of the ids that occur again: to make some of every row takes longer.
    """
    known = told(candidates)
    marks = verdicts(known, repeats(known).hint("shuffle_hash"))
    return judge(candidates, marks, "shuffle_hash")


def resolve(judged: DataFrame) -> tuple[DataFrame, DataFrame]:
    """(products, rejected): one row for each product of a delivery; one for each rejected record.

    judged: the output of `judge`.
    Both have the candidates' columns, products also delivery_hash; `reason` is null in products.
    Duplicates are in neither.
    """
    from pyspark.sql import functions as F

    kept = judged.where(F.col("verdict").isNull()).drop("verdict")
    lost = judged.where(F.col("verdict") != DUPLICATE).withColumn("reason", F.col("verdict"))
    return kept, lost.drop("verdict", "delivery_hash")


def account(kinds: DataFrame, marks: DataFrame) -> DataFrame:
    """One row for each feed file: raw, and products + duplicates + rejected, which add up to it.

    kinds: the output of `aisles.products.quality.kinds`; marks: that of `verdicts`. Whoever writes
    the products checks that there are just as many.
    """
    from pyspark.sql import functions as F

    verdict = F.col("verdict")
    one = kinds.groupBy(*_FEED_FILE).agg(F.sum("records").alias("raw"))
    other = marks.groupBy("run_date", "file").agg(
        F.count_if(verdict == DUPLICATE).alias("duplicates"),
        F.count_if(verdict != DUPLICATE).alias("rejected"),
    )
    products = F.col("raw") - F.col("duplicates") - F.col("rejected")
    return (
        one.join(F.broadcast(other), ["run_date", "file"], how="left")
        .na.fill(0, ["duplicates", "rejected"])
        .select(*_FEED_FILE, "raw", products.alias("products"), "duplicates", "rejected")
    )


def _judged(some: DataFrame) -> DataFrame:
    """One row for each record that shares its id or is rejected, a few in a hundred.

    some: with _again: null where the hash of the id occurs once. Ids that only share a hash are
    told apart here.
    """
    marked = some
    for name, value in _VERDICT.items():
        marked = marked.selectExpr("*", f"{value} AS {name}")
    marked = marked.withColumn("delivery_hash", _delivery_hash())
    found = marked.where("_records > 1 OR reason IS NOT NULL")
    return found.select(*_KEY, "verdict", "delivery_hash")


def _delivery_hash() -> Column:
    from pyspark.sql import functions as F

    return F.concat(joined("_all"), F.expr(f"if(_spoilt, '{SPOILT}', '')"))


_PLACED = f"struct({', '.join(_PLACE)})"
_SAME_ID = f"PARTITION BY id_hash, {', '.join(_ID)}, _alone"
# Either may lack a title and still be told from one that has a title and another link.
_COLLIDES = """
    NOT (title_hash <=> first.title_hash)
    AND coalesce(url_hash != first.url_hash, false)
"""
_VERDICT = {
    "_alone": f"if(coalesce(_again, false), null, {_PLACED})",
    # First of all, as the others then need no order of their own.
    "first": f"first(if(reason IS NULL, struct(title_hash, url_hash), null), true)"
    f" OVER ({_SAME_ID} ORDER BY {', '.join(_PLACE)})",
    "_records": f"count(*) OVER ({_SAME_ID})",
    "_collides": f"reason IS NULL AND {_COLLIDES}",
    "_last": f"max(if(reason IS NULL AND NOT _collides, {_PLACED}, null)) OVER ({_SAME_ID})",
    "verdict": f"CASE WHEN reason IS NOT NULL THEN reason WHEN _collides THEN '{COLLISION}'"
    f" WHEN {_PLACED} < _last THEN '{DUPLICATE}' END",
    "_all": f"collect_list(struct({', '.join(_PLACE)}, raw_hash)) OVER ({_SAME_ID})",
    "_spoilt": f"coalesce(max(verdict != '{DUPLICATE}') OVER ({_SAME_ID}), false)",
}
"""Columns by SQL, each of those before it."""
