"""labels brought up to date: only products whose votes, answers or rules' precision changed.

What the table was made from is noted in the metadata of its newest commit.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from typing import TYPE_CHECKING, Any

from aisles.labels.targets import KEYS, closed_answers, judge, labels, rule_precision
from aisles.labels.tree import above
from aisles.stages.job import Job, step
from aisles.stages.snapshot import with_split
from aisles.stages.vote_changes import Changed
from aisles.taxonomy import Taxonomy

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_MARK = "labelled"
_DIGITS = 12  # of a precision that is compared: sums of floats come in any order


def update_labels(job: Job, tree: Taxonomy, changed: Changed) -> int:
    """Brings labels up to date; how many products were looked at, -1 for all."""
    votes = job.tables.read("rule_votes")
    active = job.tables.read("products").filter("active").select("product_id")
    human = job.tables.read("human_labels").join(active, "product_id", how="left_semi")
    containing = above(job.spark, tree)
    precision = trained_precision(job, votes, human, containing).localCheckpoint()
    now = _mark(job, tree, precision)
    mark = job.tables.metadata("labels").get(_MARK)
    touched = _touched(job, votes, changed, mark, now)
    if touched is None:
        with step("joining all votes and answers"):
            believed = labels(votes, human, containing, job.config.labels, precision)
            job.tables.replace("labels", believed, "true", {_MARK: now})
        return -1
    count = touched.count()
    if count:
        with step(f"joining votes and answers of {count:,} products"):
            cast = votes.join(touched, "product_id", how="left_semi")
            said = human.join(touched, "product_id", how="left_semi")
            believed = labels(cast, said, containing, job.config.labels, precision)
            _merge(job, believed, touched, now)
    return count


def trained_precision(
    job: Job, votes: DataFrame, human: DataFrame, containing: DataFrame
) -> DataFrame:
    """One row is one rule version with its precision, told from answers on training products.

    Those on products that measure (validation and test) have no say: targets train.
    """
    asked = human.select("product_id").distinct()
    products = job.tables.read("products").join(asked, "product_id", how="left_semi")
    training = with_split(job.config.snapshot)(products).filter("split = 'train'")
    training = training.select("product_id").localCheckpoint()
    answered = votes.join(training, "product_id", how="left_semi")
    said = human.join(training, "product_id", how="left_semi")
    judged = judge(answered, closed_answers(said, containing), containing)
    return rule_precision(votes, judged, job.config.labels, containing)


def _mark(job: Job, tree: Taxonomy, precision: DataFrame) -> dict[str, Any]:
    config = dataclasses.asdict(job.config.labels)
    shape = [config, tree.ids, tree.parent.tolist()]
    rules = {
        f"{row['rule_id']} {row['rule_version']}": round(row["precision"], _DIGITS)
        for row in precision.collect()  # a few thousand
    }
    return {
        "votes": job.tables.version("rule_votes"),
        "answers": job.tables.version("human_labels"),
        "shape": hashlib.sha1(json.dumps(shape, sort_keys=True).encode()).hexdigest(),
        "precision": rules,
    }


def _touched(
    job: Job,
    votes: DataFrame,
    changed: Changed,
    mark: dict[str, Any] | None,
    now: dict[str, Any],
) -> DataFrame | None:
    """One row is one product whose labels may differ from those stored; None: all may."""
    if mark is None or changed.products is None or mark["shape"] != now["shape"]:
        return None
    if changed.votes_before != mark["votes"]:
        return None  # votes changed in a run that did not come to its labels
    answered = _answered(job, mark["answers"], now["answers"])
    if answered is None:
        return None
    moved = [
        (*key.rsplit(" ", 1),)
        for key, value in now["precision"].items()
        if mark["precision"].get(key, value) != value
    ]
    rules = job.spark.createDataFrame(moved, "rule_id string, rule_version string")
    voted = votes.join(
        rules.withColumn("rule_version", rules["rule_version"].cast("int")),
        ["rule_id", "rule_version"],
        how="left_semi",
    ).select("product_id")
    touched = changed.products.unionByName(answered).unionByName(voted).distinct()
    return touched.localCheckpoint()


def _answered(job: Job, before: int, now: int) -> DataFrame | None:
    """One row is one product with an answer that a version of human_labels lacks.

    None where that version is no more (VACUUM has eaten it).
    """
    from py4j.protocol import Py4JJavaError
    from pyspark.errors import AnalysisException

    stored = job.tables.read("human_labels")
    if before == now:
        return stored.select("product_id").limit(0)
    try:
        old = job.tables.read("human_labels", before).select("answer_id", "category_id")
        new = stored.join(old, ["answer_id", "category_id"], how="left_anti")
        return new.select("product_id").distinct().localCheckpoint()
    except (AnalysisException, Py4JJavaError):
        return None


def _merge(job: Job, believed: DataFrame, touched: DataFrame, now: dict[str, Any]) -> None:
    from pyspark.sql import functions as F

    fresh = job.tables.conform("labels", believed).localCheckpoint()
    old = job.tables.read("labels").join(touched, "product_id", how="left_semi").select(*KEYS)
    void = job.tables.conform("labels", old.join(fresh, KEYS, how="left_anti"))
    source = fresh.withColumn("_gone", F.lit(False)).unionByName(
        void.withColumn("_gone", F.lit(True))
    )
    values = {f"`{name}`": f"s.`{name}`" for name in fresh.columns}
    same = " AND ".join(f"t.`{name}` <=> s.`{name}`" for name in fresh.columns)
    job.tables.merge(
        "labels",
        source,
        KEYS,
        delete_if="s._gone",
        update_if=f"NOT ({same})",
        update=values,
        insert=values,
        metadata={_MARK: now},
    )
