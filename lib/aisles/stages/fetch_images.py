"""products → images."""

from __future__ import annotations

from aisles.products.images import PictureMap, fetch_pictures
from aisles.stages.job import Account, Job, step
from aisles.stages.params import FetchImages


def run(job: Job, params: FetchImages, account: Account) -> None:
    """Fetches the pictures that were never tried; a missing or broken one is a status."""
    if not params.images:
        account.messages.append("no picture map given: no picture is fetched")
        return
    from pyspark.sql import functions as F

    urls = (
        job.tables.read("products")
        .filter("active AND image_url IS NOT NULL")
        .select("image_url")
        .distinct()
    )
    stored = job.tables.read("images")
    tried = stored.filter("status = 'ok'") if params.retry else stored
    todo = urls.join(tried.select("image_url"), "image_url", how="left_anti")
    pictures = PictureMap.read(params.images)
    with step("fetching pictures"):
        fetched = (
            fetch_pictures(pictures)(
                todo.repartition(job.spark.sparkContext.defaultParallelism * 2)
            )
            .filter("status <> 'unmapped'")
            .withColumn("tried_at", F.current_timestamp())
        )
        before = stored.count()
        job.tables.merge("images", fetched, ["image_url"], update_if="true")
    after = job.tables.read("images")
    counts = {row["status"]: row["count"] for row in after.groupBy("status").count().collect()}
    account.rows_in = urls.count()
    account.rows_out = sum(counts.values()) - before
    account.figures.update({f"status {name}": count for name, count in counts.items()})
