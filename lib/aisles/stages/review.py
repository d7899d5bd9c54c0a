"""answers of people → human_labels, append-only."""

from __future__ import annotations

from aisles.labels.answers import read_answers
from aisles.stages.categories import stored_tree, update_categories
from aisles.stages.job import Account, Job, step
from aisles.stages.params import Review


def run(job: Job, params: Review, account: Account) -> None:
    """Appends the answers that are not there yet."""
    if params.categories:
        update_categories(job, params.categories)
    if not params.answers:
        account.messages.append("no answers given")
        return
    from pyspark.sql import functions as F

    tree = stored_tree(job)
    answers = read_answers(job.spark, params.answers, tree)
    known = job.spark.createDataFrame([(c,) for c in tree.ids], "category_id string")
    unknown = answers.join(F.broadcast(known), "category_id", how="left_anti").count()
    if unknown:
        account.warn(f"{unknown} answers name a category that the tree lacks; they are left out")
        answers = answers.join(F.broadcast(known), "category_id", how="left_semi")
    seen = job.tables.read("products").select("product_id", "content_hash")
    rows = (
        answers.join(seen, "product_id", how="left")
        .withColumn("at", F.coalesce("at", F.current_timestamp()))
        .dropDuplicates(["answer_id", "category_id"])
    )
    before = job.tables.read("human_labels").count()
    with step("storing answers"):
        job.tables.merge(
            "human_labels",
            job.tables.conform("human_labels", rows),
            ["answer_id", "category_id"],
        )
    stored = job.tables.read("human_labels")
    account.rows_out = stored.count() - before
    account.rows_in = answers.select("answer_id").distinct().count()
    strangers = stored.filter("content_hash IS NULL").select("product_id").distinct().count()
    if strangers:
        account.warn(f"{strangers} answered products are in no feed so far")
