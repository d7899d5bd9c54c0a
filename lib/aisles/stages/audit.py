"""examples, labels → candidates: labels that models trained without them object to."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aisles.labels.tree import above
from aisles.network import Outputs
from aisles.score import Packed
from aisles.score.labelled import ENTRIES, score_labelled
from aisles.select.audit_round import AUDIT_MODEL, LABEL_ERROR, draw_suspects
from aisles.select.ranked import suspects
from aisles.stages.categories import stored_tree
from aisles.stages.job import Account, Job, step
from aisles.stages.params import Audit
from aisles.stages.rounds import next_round
from aisles.stages.train import _snapshot, _spec
from aisles.train import FitSpec, launch, launch_spark

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

_MEASURING = -1  # the fold of products of validation and test
DIRECT = ("votes", "answer")  # sources of labels that are said and do not follow from others


def run(job: Job, params: Audit, account: Account) -> None:
    """Draws one round of questions on labels that are probably wrong."""
    from pyspark import StorageLevel

    row = _snapshot(job, params.snapshot)
    number = params.round or next_round(job, audits=True)
    scores = out_of_fold(job, row).persist(StorageLevel.DISK_ONLY)
    try:
        with step("scoring the folds that were left out"):
            account.rows_in = scores.count()
        with step(f"drawing round {number}"):
            labels, tree = labels_of(job, row), stored_tree(job)
            ranked, figures = suspects(labels, scores, above(job.spark, tree), tree.ids)
            drawn, more = draw_suspects(
                ranked.withColumn("why", _why()).transform(_without_asked(job)),
                job.tables.read("products").filter("active").select("product_id"),
                tree.ids,
                job.config.audit,
                number,
                f"{AUDIT_MODEL}, snapshot {row['snapshot_id']}",
            )
            job.tables.replace("candidates", drawn, f"round = {number}")
            drawn.unpersist()
    finally:
        scores.unpersist()
    account.rows_out = job.tables.read("candidates").filter(f"round = {number}").count()
    account.versions_from["examples"] = row["examples_version"]
    account.figures.update({**figures, **more, "round": number})


def out_of_fold(job: Job, row: dict[str, Any]) -> DataFrame:
    """One row is one labelled pair: product_id, category_id, probability, spread, of the model that
    was trained without the product's fold; of a product that none trains on, of the first."""
    folds, stored = job.config.audit.folds, job.config.snapshot.folds
    if not 2 <= folds <= stored:
        raise ValueError(f"audit.folds is {folds}; expected 2 to snapshot.folds, which is {stored}")
    spec = _audited(job, row)
    scores = None
    for group in range(folds):
        held = tuple(fold for fold in range(stored) if fold % folds == group)
        with step(f"training without fold {group + 1} of {folds}"):
            model = _trained(job, spec, held)
        unseen = held if group else (*held, _MEASURING)
        said = _said(job, row, spec, model, unseen)
        scores = said if scores is None else scores.unionByName(said)
    assert scores is not None
    return scores


def _audited(job: Job, row: dict[str, Any]) -> FitSpec:
    """The training of the stage train, with the epochs of an audit."""
    train = dataclasses.replace(job.config.train, epochs=job.config.audit.epochs)
    config = dataclasses.replace(job.config, train=train)
    return _spec(dataclasses.replace(job, config=config), row)


def _trained(job: Job, spec: FitSpec, held: tuple[int, ...]) -> Path:
    """Folder of the model that has not seen the folds; a finished one is not trained again."""
    spec = dataclasses.replace(spec, without=held)
    folder = Path(spec.run_folder).parent / spec.fingerprint
    spec = dataclasses.replace(spec, run_folder=str(folder))
    local = str(job.spark.sparkContext.master).startswith("local")
    ranks = job.config.train.ranks
    return Path((launch(spec, ranks) if local else launch_spark(job.spark, spec, ranks)).model)


def _said(
    job: Job, row: dict[str, Any], spec: FitSpec, model: Path, unseen: tuple[int, ...]
) -> DataFrame:
    """What the model says of the labels of the folds that it has not seen."""
    from pyspark.sql import functions as F

    ids = Outputs.load(spec.outputs).ids
    places = job.spark.createDataFrame(list(enumerate(ids)), "output_index int, category_id string")
    labelled = (
        labels_of(job, row)
        .join(F.broadcast(places), "category_id", how="inner")
        .groupBy("product_id")
        .agg(F.collect_list("output_index").alias(ENTRIES))
    )
    where = f"snapshot_id = '{row['snapshot_id']}'"
    examples = job.tables.read("examples", row["examples_version"]).filter(where)
    inputs = ("tokens", "bag", "categorical", "numerical", "image")
    return (
        examples.filter(F.col("fold").isin(*unseen))
        .select("product_id", *inputs)
        .join(labelled, "product_id", how="inner")
        .transform(score_labelled(job.spark.sparkContext.broadcast(Packed.read(model))))
        .join(F.broadcast(places), "output_index", how="inner")
        .drop("output_index")
    )


def labels_of(job: Job, row: dict[str, Any]) -> DataFrame:
    """One row is one label of the snapshot; direct: a rule or a person has said just that."""
    from pyspark.sql import functions as F

    names = ("product_id", "category_id", "target", "source", "rule_ids", "answer_id")
    labels = job.tables.read("labels", row["versions"]["labels"])
    return labels.select(*names, F.col("source").isin(*DIRECT).alias("direct"))


def _without_asked(job: Job) -> Callable[[DataFrame], DataFrame]:
    """A transform that takes the flag off answers that an audit has asked for already."""
    from pyspark.sql import functions as F

    again = (
        job.tables.read("human_labels")
        .filter(F.col("strategy").contains(LABEL_ERROR))
        .select("answer_id", F.lit(True).alias("asked"))
        .distinct()
    )

    def transform(ranked: DataFrame) -> DataFrame:
        free = F.col("flagged") & F.col("asked").isNull()
        return ranked.join(again, "answer_id", how="left").withColumn("flagged", free).drop("asked")

    return transform


def _why() -> Column:
    from pyspark.sql import functions as F

    rules = F.concat(F.lit("rules "), F.array_join("rule_ids", ", "))
    who = F.when(F.col("answer_id").isNotNull(), F.concat(F.lit("answer "), "answer_id"))
    p = F.col("objected_probability")
    sure = F.when(F.col("says") == "yes", p).otherwise(1 - p)
    here = F.col("on_category_id") == F.col("category_id")
    return F.concat(
        F.coalesce(who, rules),
        F.lit(" said "),
        F.col("says"),
        F.format_string(" (%.2f)", "target"),
        F.format_string("; a model that has not seen it gives that %.2f", sure),
        F.when(here, "").otherwise(F.concat(F.lit(" in "), "on_category_id")),
        F.format_string(", where %.2f is usual", "usual"),
    )
