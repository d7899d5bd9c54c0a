"""Answers of people: records of files checked one by one, and made into rows of `human_labels`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from aisles.labels.records import read_records
from aisles.labels.sets import expand_sets, named_in
from aisles.taxonomy import Taxonomy

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

OPTIONAL = {
    "annotator": "string",
    "at": "timestamp",
    "reason": "string",
    "round": "int",
    "strategy": "string",
    "propensity": "double",
    "model_version": "string",
    "ground_truth": "boolean",
}
_FROM = ("file", "file_hash", "record_no")
_KEEP = ["answer_id", "product_id", "form", *OPTIONAL, *_FROM]
_TRUE, _FALSE = ("1", "true"), ("0", "false")
_CLOCKS = "INTERVAL 1 DAY"  # by which a time may lie ahead: clocks and time zones differ
_RAW_LENGTH = 10_000  # code points of a rejected record that are kept


@dataclass(frozen=True)
class Answers:
    """What files of answers hold.

    answers: one row is one answer on one (product, category): answer_id, product_id, category_id,
    answer (+1, -1), complete, form (pairs or sets), the optional columns, and file, file_hash,
    record_no. rejected: one row is one record that cannot be used, or only in part: file,
    file_hash, record_no, reason, raw, partial. files: one row is one file: file, file_hash,
    records = accepted + rejected, and partial, which of the accepted ones are not used whole.
    """

    answers: DataFrame
    rejected: DataFrame
    files: DataFrame


def read_answers(spark: SparkSession, path: str, tree: Taxonomy) -> Answers:
    """What a file, a folder or an address holds; see `check_files` and `answers_of`."""
    return answers_of(check_files(read_records(spark, path), path), tree)


def check_files(records: DataFrame, path: str) -> DataFrame:
    """The records, when every file could be read.

    Raises ValueError with the first file that has no form of ours, and where there is none.
    """
    from pyspark.sql import functions as F

    files = records.filter("record_no = 0").select("file", "wrong")
    broken = files.orderBy(F.isnull("wrong"), "file").first()
    if broken is None:
        raise ValueError(f"{path}: nothing is in it; expected CSV, Parquet or Label Studio's JSON")
    if broken["wrong"]:
        inside = "" if path.endswith(broken["file"]) else f" ({broken['file']})"
        raise ValueError(f"{path}{inside}: {broken['wrong']}")
    return records


def answers_of(records: DataFrame, tree: Taxonomy) -> Answers:
    """What the records (see records.RECORD) say of the tree's categories.

    answer_id is a hash of who says what of what, when and in which round: reading a file again, or
    the same answers from another one, finds the same ids, and an answer given anew has another id
    when its time differs.
    """
    from pyspark.sql import functions as F

    checked = _checked(records.filter("record_no > 0"), tree)
    good = checked.filter("wrong IS NULL").withColumn("answer_id", _identity())
    pairs = good.filter("form = 'pairs'").select(
        *_KEEP,
        "category_id",
        F.when(F.col("answer").isin(*_TRUE), 1).otherwise(-1).cast("tinyint").alias("answer"),
        F.lit(False).alias("complete"),
    )
    sets = good.filter("form = 'sets'").select(*_KEEP, "category_ids", "complete")
    return Answers(
        pairs.unionByName(expand_sets(sets, tree)), _rejected(checked), _files(records, checked)
    )


def _checked(records: DataFrame, tree: Taxonomy) -> DataFrame:
    """One row is one record with its typed values and, in `wrong`, why it cannot be used."""
    from pyspark.sql import functions as F

    def cell(name: str) -> Column:
        return F.col("cells").getItem(name)

    shop = [cell(name) for name in ("network", "retailer", "merchant_product_id")]
    whole = F.when(F.concat(*shop).isNotNull(), F.concat_ws("/", *shop))
    return (
        records.withColumns(
            {
                "product_id": F.coalesce(cell("product_id"), whole),
                "answer": F.lower(cell("answer")),
                "complete_text": F.lower(cell("complete")),
                **{name: cell(name) for name in ("category_id", "category_ids")},
                **{f"{name}_text": cell(name) for name in OPTIONAL},
            }
        )
        .withColumns({name: _typed(name, kind) for name, kind in OPTIONAL.items()})
        .withColumn("complete", F.coalesce(F.col("complete_text").isin(*_TRUE), F.lit(False)))
        .transform(_with_names(tree))
        .withColumn("wrong", _wrong())
    )


def _typed(name: str, kind: str) -> Column:
    from pyspark.sql import functions as F

    return F.col(f"{name}_text").try_cast(kind)


def _with_names(tree: Taxonomy) -> Callable[[DataFrame], DataFrame]:
    """A transform that adds what the tree knows: known (bool), named and unknown.

    known: whether it has the pair's category. named: how many of the set's categories it has.
    unknown: the others, null without any.
    """
    ids = pa.array(tree.ids, pa.string())

    def run(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            named, unknown = named_in(batch.column("category_ids"), tree)
            known = pc.is_in(batch.column("category_id"), ids)
            columns = [*batch.columns, known, pa.array(named.sum(1).astype("int32")), unknown]
            names = [*batch.schema.names, "known", "named", "unknown"]
            yield pa.RecordBatch.from_arrays(columns, names=names)

    def transform(frame: DataFrame) -> DataFrame:
        from pyspark.sql.types import BooleanType, IntegerType, StringType

        added = {"known": BooleanType(), "named": IntegerType(), "unknown": StringType()}
        schema = frame.limit(0).schema
        for name, kind in added.items():
            schema = schema.add(name, kind)
        return frame.mapInArrow(run, schema)

    return transform


def _wrong() -> Column:
    """The first reason why a record cannot be used; null when it can."""
    from pyspark.sql import functions as F

    pair, whole = F.col("form") == "pairs", F.col("form") == "sets"
    share = F.col("propensity")
    ahead = F.col("at") > F.current_timestamp() + F.expr(_CLOCKS)
    reasons = [
        ("product_id", F.col("product_id").isNull(), "network/retailer/merchant_product_id"),
        ("answer", pair & ~_one_of("answer"), "1 or 0"),
        ("complete", whole & _given("complete") & ~_one_of("complete_text"), "1 or 0"),
        ("at", _given("at") & F.col("at").isNull(), "a timestamp"),
        # The newest answer wins: one from the future would silence all that come before then.
        ("at", ahead, "a time that is not to come"),
        ("round", _given("round") & F.col("round").isNull(), "a whole number"),
        (
            "propensity",
            _given("propensity") & ~F.coalesce((share > 0) & (share <= 1), F.lit(False)),
            "a number above 0 and at most 1",
        ),
        ("category_id", pair & ~F.col("known"), "a category of the table categories"),
    ]
    found = [F.when(bad, _reason(name, wanted)) for name, bad, wanted in reasons]
    silent = whole & (F.col("named") == 0) & ~(F.col("complete") & F.col("unknown").isNull())
    nothing = F.when(
        silent & F.col("unknown").isNull(),
        "category_ids is missing; expected categories, or complete = 1 where none fits",
    ).when(silent, _stranger())
    return F.coalesce("wrong", *found, nothing)


def _given(name: str) -> Column:
    from pyspark.sql import functions as F

    return F.col(f"{name}_text").isNotNull()


def _one_of(name: str) -> Column:
    from pyspark.sql import functions as F

    return F.coalesce(F.col(name).isin(*_TRUE, *_FALSE), F.lit(False))


def _reason(name: str, wanted: str) -> Column:
    from pyspark.sql import functions as F

    value = F.col("cells").getItem(name)
    came = F.when(value.isNull(), "missing").otherwise(F.concat(F.lit("'"), value, F.lit("'")))
    return F.concat(F.lit(f"{name} is "), came, F.lit(f"; expected {wanted}"))


def _stranger() -> Column:
    from pyspark.sql import functions as F

    return F.concat(F.lit("category_ids has what is no category: "), F.col("unknown"))


def _identity() -> Column:
    from pyspark.sql import functions as F

    words = F.transform(F.split("category_ids", ";"), F.trim)
    listed = F.array_sort(F.array_distinct(F.filter(words, lambda word: word != "")))
    said = {
        "pairs": [F.col("category_id"), F.col("answer").isin(*_TRUE).cast("string")],
        "sets": [
            F.array_join(listed, ";"),
            F.concat(F.lit("set "), F.col("complete").cast("string")),
        ],
    }
    parts = [
        F.when(F.col("form") == "pairs", pair).otherwise(whole)
        for pair, whole in zip(said["pairs"], said["sets"])
    ]
    given = [F.col("product_id"), *parts, *[F.col(name) for name in ("annotator", "at", "round")]]
    texts = [F.coalesce(part.cast("string"), F.lit("")) for part in given]
    return F.sha1(F.concat_ws("\u001f", *texts))


def _rejected(checked: DataFrame) -> DataFrame:
    from pyspark.sql import functions as F

    raw = F.coalesce("raw", F.to_json("cells"))
    part = F.when((F.col("form") == "sets") & F.col("unknown").isNotNull(), _stranger())
    return (
        checked.withColumn("reason", F.coalesce("wrong", part))
        .filter("reason IS NOT NULL")
        .select(
            *_FROM,
            "reason",
            F.substring(raw, 1, _RAW_LENGTH).alias("raw"),
            F.col("wrong").isNull().alias("partial"),
        )
    )


def _files(records: DataFrame, checked: DataFrame) -> DataFrame:
    from pyspark.sql import functions as F

    part = (F.col("form") == "sets") & F.col("unknown").isNotNull()
    counts = checked.groupBy("file", "file_hash").agg(
        F.count("*").alias("records"),
        F.count(F.when(F.col("wrong").isNull(), 1)).alias("accepted"),
        F.count(F.when(F.col("wrong").isNotNull(), 1)).alias("rejected"),
        F.count(F.when(F.col("wrong").isNull() & part, 1)).alias("partial"),
    )
    own = records.filter("record_no = 0").select("file", "file_hash")
    names = ("records", "accepted", "rejected", "partial")
    counted = [F.coalesce(name, F.lit(0)).alias(name) for name in names]
    return own.join(counts, ["file", "file_hash"], how="left").select("file", "file_hash", *counted)
