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

_KEPT = ("product_id", "content_hash", "image", VOTES)

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def run(job: Job, params: Score, account: Account) -> None:
    """Scores the active products whose content, picture or model is new since the last time."""
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
            _write(job, subject, scored, active)
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


def _write(job: Job, subject: Subject, scored: DataFrame, active: DataFrame) -> None:
    """Both tables: what was scored now replaces the rows of its products, all else stays."""
    from pyspark.sql import functions as F

    version = F.lit(subject.model.version)
    ids = job.spark.createDataFrame(
        [(i, category) for i, category in enumerate(subject.scorer.taxonomy.ids)],
        "category int, category_id string",
    )
    pairs = F.arrays_zip("category", "raw", "probability", "spread", "assigned")
    fresh = (
        scored.select("product_id", F.explode(pairs).alias("p"))
        .select("product_id", "p.*")
        .join(F.broadcast(ids), "category", how="inner")
        .withColumnRenamed("raw", "raw_probability")
        .withColumn("model_version", version)
    )
    kept = (
        job.tables.read("scores")
        .join(scored.select("product_id"), "product_id", how="left_anti")
        .join(active.select("product_id"), "product_id", how="left_semi")
    )
    everything = job.tables.conform("scores", fresh).unionByName(job.tables.conform("scores", kept))
    job.tables.replace("scores", everything, "true")
    votes = active.select("product_id", "votes_hash")
    features = (
        scored.select("product_id", "content_hash", "embedding")
        .join(votes, "product_id", how="inner")
        .withColumn("model_version", version)
    )
    old = (
        job.tables.read("embeddings")
        .join(scored.select("product_id"), "product_id", how="left_anti")
        .join(active.select("product_id"), "product_id", how="left_semi")
    )
    # embeddings last: its rows say that the scores of their products are there.
    job.tables.replace(
        "embeddings", job.tables.conform("embeddings", features).unionByName(old), "true"
    )
