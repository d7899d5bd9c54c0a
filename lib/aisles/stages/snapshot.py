"""products, labels, images → snapshots, outputs, examples."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pyarrow as pa

from aisles.config import SnapshotConfig
from aisles.encode import COLUMNS, encode, split_key, split_of
from aisles.labels.pack import pack
from aisles.stages.categories import stored_tree
from aisles.stages.job import Account, Job, step
from aisles.stages.params import Snapshot
from aisles.taxonomy import Taxonomy

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

SOURCES = ("products", "labels", "images", "categories")
# Entries of one product: struct field -> packed type, in the order of the packed columns.
_ENTRIES = {"index": "i4", "span": "i4", "value": "f4", "weight": "f4", "importance": "f4"}
_SMALLEST_PRIOR = 1e-5


def run(job: Job, params: Snapshot, account: Account) -> None:
    """Writes the examples of the present tables, unless just these were written before."""
    versions = {table: job.tables.version(table) for table in SOURCES}
    identity = _identity(job, versions)
    account.versions_from.update(versions)
    if not job.tables.read("snapshots").filter(f"snapshot_id = '{identity}'").isEmpty():
        account.messages.append(f"snapshot {identity} stands already")
        return
    tree = stored_tree(job)
    from pyspark import StorageLevel

    keyed = _keyed(job, versions).persist(StorageLevel.DISK_ONLY)
    try:
        with step("encoding products"):
            sizes = {row["split"]: row["count"] for row in keyed.groupBy("split").count().collect()}
        if not sizes.get("train"):
            raise ValueError(
                "snapshot: there is no active product to train on; run normalise first"
            )
        entries = _entries(job, versions, tree)
        examples = _ordered(keyed.join(entries, "product_id", how="left"), job, sizes)
        with step(f"writing {sum(sizes.values()):,} examples"):
            job.tables.replace(
                "examples", _packed(identity)(examples), f"snapshot_id = '{identity}'"
            )
        job.tables.replace(
            "outputs", _outputs(job, versions, tree, keyed, identity), f"snapshot_id = '{identity}'"
        )
    finally:
        keyed.unpersist()
    _store(job, identity, versions, sum(sizes.values()))
    account.rows_in = account.rows_out = sum(sizes.values())
    account.figures.update({f"rows {name}": count for name, count in sizes.items()})
    account.versions_to["examples"] = job.tables.version("examples")


def _identity(job: Job, versions: dict[str, int]) -> str:
    parts = [
        versions,
        dataclasses.asdict(job.config.encoder),
        dataclasses.asdict(job.config.snapshot),
        job.config.labels.unknown_weight,
        job.config.train.lanes,
    ]
    return hashlib.sha1(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def _keyed(job: Job, versions: dict[str, int]) -> DataFrame:
    """One row is one encoded active product with its split and its picture."""
    products = job.tables.read("products", versions["products"]).filter("active")
    keys = with_split(job.config.snapshot)
    pictures = (
        job.tables.read("images", versions["images"])
        .filter("status = 'ok'")
        .select("image_url", "image")
    )
    keep = ("product_id", "image_url", "split_key", "split", "fold")
    inputs = encode(job.config.encoder, keep)(keys(products))
    return inputs.join(pictures, "image_url", how="left").drop("image_url")


def with_split(config: SnapshotConfig) -> Callable[[DataFrame], DataFrame]:
    """A transform that adds split_key, split and fold to products."""

    def run_batches(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            key = split_key(batch.column("title"), batch.column("product_id"))
            split, fold = split_of(key, config)
            names = [*batch.schema.names, "split_key", "split", "fold"]
            yield pa.RecordBatch.from_arrays([*batch.columns, key, split, fold], names=names)

    def transform(products: DataFrame) -> DataFrame:
        from pyspark.sql.types import IntegerType, StringType, StructField, StructType

        wanted = products.select(*dict.fromkeys(["product_id", "image_url", *COLUMNS]))
        added = {"split_key": StringType(), "split": StringType(), "fold": IntegerType()}
        fields = [StructField(name, kind) for name, kind in added.items()]
        return wanted.mapInArrow(run_batches, StructType([*wanted.schema.fields, *fields]))

    return transform


def _entries(job: Job, versions: dict[str, int], tree: Taxonomy) -> DataFrame:
    """One row is one labelled product with its entries, an ancestor's before its descendants'."""
    from pyspark.sql import functions as F

    places = job.spark.createDataFrame(
        [(c, i, int(tree.end[i]) - i) for i, c in enumerate(tree.ids)],
        "category_id string, index int, subtree int",
    )
    entry = F.struct(
        "index",
        F.when(F.col("complete"), F.col("subtree")).otherwise(1).alias("span"),
        F.col("target").cast("float").alias("value"),
        F.col("weight").cast("float").alias("weight"),
        F.col("importance").cast("float").alias("importance"),
    )
    return (
        job.tables.read("labels", versions["labels"])
        .join(F.broadcast(places), "category_id", how="inner")
        .groupBy("product_id")
        .agg(F.sort_array(F.collect_list(entry)).alias("entries"))
    )


def _ordered(frame: DataFrame, job: Job, sizes: dict[str, int]) -> DataFrame:
    """The examples in hash order, dealt to files of about equal size, a multiple of the lanes.

    The reader deals row groups to its lanes in turn, so a multiple leaves no lane short.
    """
    from pyspark.sql import functions as F

    config, lanes = job.config.snapshot, job.config.train.lanes
    place, first, total = F.lit(0), 0, 0
    share = F.pmod(F.xxhash64("product_id", F.lit(config.seed)), F.lit(1 << 40)) / float(1 << 40)
    for split, size in sorted(sizes.items()):
        files = lanes * math.ceil(size / (lanes * config.rows_per_file))
        file_no = F.lit(first) + F.floor(share * files).cast("int")
        place = F.when(F.col("split") == split, file_no).otherwise(place)
        first += files
        total += files
    frame = frame.withColumn("_file", place).withColumn("_share", share)
    return frame.repartitionById(total, F.col("_file")).sortWithinPartitions("_file", "_share")


def _packed(identity: str) -> Callable[[DataFrame], DataFrame]:
    """A transform whose output row is one row of `examples`."""
    from pyspark.sql import functions as F
    from pyspark.sql.types import BinaryType

    def run_batches(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            lists = [batch.column(f"target_{name}") for name in _ENTRIES]
            cells = [pack(values, kind) for values, kind in zip(lists, _ENTRIES.values())]
            kept = [name for name in batch.schema.names if not name.startswith("target_")]
            yield pa.RecordBatch.from_arrays(
                [*[batch.column(name) for name in kept], *cells],
                names=[*kept, *[f"target_{name}" for name in _ENTRIES]],
            )

    def transform(frame: DataFrame) -> DataFrame:
        lists = [F.col(f"entries.{name}").alias(f"target_{name}") for name in _ENTRIES]
        wide = frame.select(
            F.lit(identity).alias("snapshot_id"),
            "product_id",
            "split_key",
            "split",
            "fold",
            *["tokens", "bag", "categorical", "numerical"],
            F.coalesce("image", F.lit(b"")).alias("image"),
            *lists,
        )
        schema = wide.drop(*[f"target_{name}" for name in _ENTRIES]).schema
        for name in _ENTRIES:
            schema = schema.add(f"target_{name}", BinaryType())
        return wide.mapInArrow(run_batches, schema)

    return transform


def _outputs(
    job: Job, versions: dict[str, int], tree: Taxonomy, keyed: DataFrame, identity: str
) -> DataFrame:
    """One row is one category with its prior: the share of training products believed in it."""
    from pyspark.sql import functions as F

    train = keyed.filter("split = 'train'").select("product_id")
    believed = (
        job.tables.read("labels", versions["labels"])
        .join(train, "product_id", how="left_semi")
        .groupBy("category_id")
        .agg(
            F.sum("target").alias("believed"),
            F.count_if(F.col("source").startswith("answer") & (F.col("target") > 0.5)).alias(
                "answered"
            ),
        )
    )
    total, said = train.count(), {row["category_id"]: row for row in believed.collect()}
    shares = {category: row["believed"] / total for category, row in said.items()}
    rows = [
        (
            identity,
            i,
            category,
            max(float(shares.get(category, 0.0)), _SMALLEST_PRIOR),
            job.config.labels.unknown_weight,
            said[category]["answered"] if category in said else 0,
            int(tree.end[i]) - i,
            int(tree.parent[i]),
        )
        for i, category in enumerate(tree.ids)
    ]
    schema = (
        "snapshot_id string, output_index int, category_id string, prior double,"
        " unknown_weight double, answered bigint, span int, parent_index int"
    )
    return job.spark.createDataFrame(rows, schema)


def _store(job: Job, identity: str, versions: dict[str, int], rows: int) -> None:
    row = (
        identity,
        job.run_date,
        versions,
        json.dumps(dataclasses.asdict(job.config.encoder), sort_keys=True),
        job.config.snapshot.seed,
        job.tables.version("examples"),
        rows,
    )
    schema = (
        "snapshot_id string, run_date date, versions map<string,bigint>, encoder string,"
        " seed bigint, examples_version bigint, rows bigint"
    )
    frame = job.spark.createDataFrame([row], schema)
    job.tables.merge("snapshots", frame, ["snapshot_id"], update_if="true")
