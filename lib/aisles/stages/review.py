"""answers of people → human_labels, answer_imports, rejected_answers, label_conflicts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aisles.labels.answers import Answers, answers_of, check_files
from aisles.labels.asked import answered, with_questions
from aisles.labels.conflicts import conflicts
from aisles.labels.records import read_records
from aisles.labels.tree import above
from aisles.stages.categories import stored_tree, update_categories
from aisles.stages.job import Account, Job, step
from aisles.stages.params import Review
from aisles.taxonomy import Taxonomy

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_FILE = ["file", "file_hash"]


def run(job: Job, params: Review, account: Account) -> None:
    """Appends the answers that are not there yet, and notes what could not be used."""
    if params.categories:
        update_categories(job, params.categories)
    if not params.answers:
        account.messages.append("no answers given")
        return
    from pyspark import StorageLevel

    tree = stored_tree(job)
    records = read_records(job.spark, params.answers).persist(StorageLevel.DISK_ONLY)
    try:
        with step("reading answers"):
            found = answers_of(check_files(records, params.answers), tree)
            imports = _imports(found, account)
        with step("storing answers"):
            _store(job, found, imports, account)
    finally:
        records.unpersist()
    with step("looking for answers that disagree"):
        _report_conflicts(job, tree, account)


def _imports(found: Answers, account: Account) -> DataFrame:
    """One row is one file with the id of its import; the same outcome has the same id."""
    from pyspark.sql import functions as F

    outcome = [*_FILE, "accepted", "rejected", "partial"]
    imports = found.files.withColumn(
        "import_id", F.sha1(F.concat_ws("/", *[F.col(name).cast("string") for name in outcome]))
    )
    counts = ("records", "accepted", "rejected", "partial")
    total = imports.agg(F.count("*"), *[F.coalesce(F.sum(c), F.lit(0)) for c in counts]).first()
    assert total is not None
    account.rows_in = int(total[1])
    account.figures.update(zip(("files", *counts), map(float, total)))
    if total[3] or total[4]:
        account.warn(
            f"{total[3]} of {total[1]} records could not be used and {total[4]} only in part; "
            "the table rejected_answers says which and why"
        )
    return imports


def _store(job: Job, found: Answers, imports: DataFrame, account: Account) -> None:
    """Adds what is new to the three tables and marks the questions that are answered now."""
    from pyspark.sql import functions as F

    before = job.tables.read("human_labels").count()
    rows = _new_rows(job, found.answers, imports)
    job.tables.merge("human_labels", rows, ["answer_id", "category_id"])
    human = job.tables.read("human_labels")
    account.rows_out = human.count() - before
    ids = F.broadcast(imports.select(*_FILE, "import_id"))
    refused = found.rejected.join(ids, _FILE, how="inner")
    job.tables.merge(
        "rejected_answers",
        job.tables.conform("rejected_answers", refused),
        ["import_id", "record_no"],
    )
    # The import's own row last: it says that all of the import is there.
    audited = imports.withColumn("run_id", F.lit(account.run_id)).withColumn(
        "imported_at", F.current_timestamp()
    )
    job.tables.merge("answer_imports", job.tables.conform("answer_imports", audited), ["import_id"])
    job.tables.merge(
        "candidates",
        answered(human),
        ["product_id", "category_id", "round"],
        update_if="t.status <> s.status",
        update={"status": "s.status"},
        insert=False,
    )
    strangers = human.filter("content_hash IS NULL").select("product_id").distinct().count()
    if strangers:
        account.warn(f"{strangers} answered products are in no feed so far")


def _new_rows(job: Job, answers: DataFrame, imports: DataFrame) -> DataFrame:
    """One row is one answer on one (product, category) as human_labels has it."""
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    first = Window.partitionBy("answer_id", "category_id").orderBy("file", "record_no")
    seen = job.tables.read("products").select("product_id", "content_hash")
    rows = (
        answers.withColumn("_place", F.row_number().over(first))
        .filter("_place = 1")
        .transform(lambda frame: with_questions(frame, job.tables.read("candidates")))
        .join(seen, "product_id", how="left")
        .join(F.broadcast(imports.select(*_FILE, "import_id")), _FILE, how="inner")
        .withColumn("at", F.coalesce("at", F.current_timestamp()))
    )
    return job.tables.conform("human_labels", rows)


def _report_conflicts(job: Job, tree: Taxonomy, account: Account) -> None:
    """Writes label_conflicts anew from all answers."""
    human = job.tables.read("human_labels")
    job.tables.replace("label_conflicts", conflicts(human, above(job.spark, tree)), "true")
    torn = job.tables.read("label_conflicts").count()
    account.figures["conflicts"] = torn
    if torn:
        account.warn(f"answers disagree on {torn} pairs; see label_conflicts and annotators")
