"""products, images, model → scores, embeddings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aisles.encode import encode
from aisles.score import VOTES, score
from aisles.stages.evaluate import Subject, load_model, thresholds_of
from aisles.stages.evidence import rules_of
from aisles.stages.job import Account, Job, step
from aisles.stages.params import Score
from aisles.tracking import Tracking

_KEPT = ("product_id", "content_hash", "votes_hash", "image", VOTES)

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def run(job: Job, params: Score, account: Account) -> None:
    """Scores the active products whose content, votes, picture or model is new since last time."""
    from pyspark import StorageLevel

    tracking = Tracking(job.config)
    champion = tracking.champion()
    if champion is None:
        raise ValueError(f"no version of model {tracking.name!r} carries the alias; run evaluate")
    subject = load_model(tracking, champion)
    threshold, calibration = thresholds_of(job, subject)
    sent = job.spark.sparkContext.broadcast(subject.packed)
    config = job.config.score
    active = _with_votes(job, subject)
    todo = _todo(job, active, champion.version).repartition(
        job.spark.sparkContext.defaultParallelism * 4
    )
    scored = score(sent, calibration.apply, threshold, config.floor, config.batch_rows)(
        encode(subject.scorer.model.network.encoder, _KEPT)(todo)
    ).persist(StorageLevel.DISK_ONLY)
    try:
        with step("scoring products"):
            account.rows_in = scored.count()
        with step("writing scores and embeddings"):
            _write(job, subject, scored, active, account.rows_in)
    finally:
        scored.unpersist()
    stored = job.tables.read("scores")
    account.rows_out = stored.count()
    account.figures.update(
        model_version=int(champion.version),
        assigned=stored.filter("assigned").count(),
        products_assigned=stored.filter("assigned").select("product_id").distinct().count(),
    )


def _with_votes(job: Job, subject: Subject) -> DataFrame:
    """One row is one active product with the categories that rules voted for."""
    from pyspark.sql import functions as F

    votes = rules_of(job, subject.scorer.taxonomy)
    products = job.tables.read("products").filter("active")
    return products.join(votes, "product_id", how="left").withColumn(
        "votes_hash", F.coalesce("votes_hash", F.lit(0))
    )


def _todo(job: Job, active: DataFrame, version: str) -> DataFrame:
    """The active products that this model has not scored with present content and votes."""
    done = (
        job.tables.read("embeddings")
        .filter(f"model_version = '{version}'")
        .select("product_id", "content_hash", "votes_hash")
    )
    pictures = job.tables.read("images").filter("status = 'ok'").select("image_url", "image")
    return active.join(done, ["product_id", "content_hash", "votes_hash"], how="left_anti").join(
        pictures, "image_url", how="left"
    )


def _write(job: Job, subject: Subject, scored: DataFrame, active: DataFrame, count: int) -> None:
    """Both tables: what was scored now replaces the rows of its products, all else stays."""
    features = _features(subject, scored)
    stored = job.tables.read("embeddings")
    live = active.select("product_id")
    left = stored.join(live, "product_id", how="left_anti").select("product_id").persist()
    try:
        if not count and left.isEmpty():
            return
        fresh = _pairs(job, subject, scored)
        if 2 * count > stored.count():
            _replace(job, "scores", fresh, scored, live)
            _replace(job, "embeddings", features, scored, live)
            return
        gone = scored.select("product_id").unionByName(left)
        _merge(job, "scores", fresh, gone, ["product_id", "category_id"])
        # embeddings last: its rows say that the scores of their products are there.
        _merge(job, "embeddings", features, left, ["product_id"])
    finally:
        left.unpersist()


def _pairs(job: Job, subject: Subject, scored: DataFrame) -> DataFrame:
    """One row is one scored pair, as a row of scores."""
    from pyspark.sql import functions as F

    ids = job.spark.createDataFrame(
        [(i, category) for i, category in enumerate(subject.scorer.taxonomy.ids)],
        "category int, category_id string",
    )
    pairs = F.arrays_zip("category", "raw", "probability", "spread", "assigned")
    return job.tables.conform(
        "scores",
        scored.select("product_id", F.explode(pairs).alias("p"))
        .select("product_id", "p.*")
        .join(F.broadcast(ids), "category", how="inner")
        .withColumnRenamed("raw", "raw_probability")
        .withColumn("model_version", F.lit(subject.model.version)),
    )


def _features(subject: Subject, scored: DataFrame) -> DataFrame:
    """One row is one scored product's features, as a row of embeddings."""
    from pyspark.sql import functions as F

    kept = scored.select("product_id", "content_hash", "votes_hash", "embedding")
    return kept.withColumn("model_version", F.lit(subject.model.version))


def _replace(job: Job, table: str, fresh: DataFrame, scored: DataFrame, live: DataFrame) -> None:
    """Most of the table is new: it is written anew."""
    kept = (
        job.tables.read(table)
        .join(scored.select("product_id"), "product_id", how="left_anti")
        .join(live, "product_id", how="left_semi")
    )
    rows = job.tables.conform(table, fresh).unionByName(job.tables.conform(table, kept))
    job.tables.replace(table, rows, "true")


def _merge(job: Job, table: str, fresh: DataFrame, gone: DataFrame, keys: list[str]) -> None:
    """Little is new: rows of `gone` products that are not in `fresh` are deleted."""
    from pyspark.sql import functions as F

    old = job.tables.read(table).join(gone, "product_id", how="left_semi").select(*keys)
    lost = job.tables.conform(table, old.join(fresh, keys, how="left_anti"))
    source = job.tables.conform(table, fresh).withColumn("_gone", F.lit(False))
    source = source.unionByName(lost.withColumn("_gone", F.lit(True)))
    values = {f"`{name}`": f"s.`{name}`" for name in lost.columns}
    job.tables.merge(
        table, source, keys, delete_if="s._gone", update_if="true", update=values, insert=values
    )
