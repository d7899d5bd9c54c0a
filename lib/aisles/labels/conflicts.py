"""Answers that disagree: which pairs, who said what, and what stands now."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

KEYS = ["product_id", "category_id"]
_SAID = ("at", "direct", "annotator", "answer", "on_category_id", "answer_id", "reason")


def conflicts(human: DataFrame, containing: DataFrame) -> DataFrame:
    """One row is one (product, category) that answers say both yes and no to.

    A yes speaks also of every category above, a no of every one below. Only pairs that an answer
    names are listed: both ends of a contradiction, not what lies between them. Columns: those of
    the table label_conflicts. human: rows of human_labels; containing: see tree.above.
    """
    from pyspark.sql import functions as F

    ranked = _ranked(_statements(human, containing))
    said = F.sort_array(F.collect_list(F.struct(*_SAID)), asc=False)
    first = F.col("said").getItem(0)
    return (
        ranked.groupBy(*KEYS)
        .agg(
            F.count(F.when(F.col("answer") > 0, 1)).alias("yes"),
            F.count(F.when(F.col("answer") < 0, 1)).alias("no"),
            F.count_distinct(F.coalesce("annotator", F.lit(""))).alias("annotators"),
            F.min_by(F.struct("answer", "answer_id", "_why"), "_place").alias("standing"),
            said.alias("said"),
        )
        .filter("yes > 0 AND no > 0")
        .select(
            *KEYS,
            "yes",
            "no",
            "annotators",
            F.when(F.col("annotators") > 1, "annotators").otherwise("later answer").alias("kind"),
            first["at"].alias("newest_at"),
            F.col("standing.answer").alias("stands"),
            F.col("standing.answer_id").alias("answer_id"),
            F.col("standing._why").alias("why"),
            "said",
        )
    )


def _statements(human: DataFrame, containing: DataFrame) -> DataFrame:
    """One row is one answer that speaks of one pair that some answer names (see _SAID)."""
    from pyspark.sql import functions as F

    rows = human.select(
        "product_id",
        F.col("category_id").alias("on_category_id"),
        *["answer", "at", "annotator", "answer_id", "reason"],
    )
    # Contradictions need a yes and a no of one product: the rest is left out early.
    torn = rows.groupBy("product_id").agg(F.min("answer").alias("a"), F.max("answer").alias("b"))
    rows = rows.join(torn.filter("a < b").select("product_id"), "product_id", how="left_semi")
    pairs = rows.select("product_id", F.col("on_category_id").alias("category_id")).distinct()
    up = containing.select(
        F.col("category_id").alias("on_category_id"), F.col("above").alias("category_id")
    )
    down = containing.select(F.col("above").alias("on_category_id"), "category_id")
    yes = rows.filter("answer > 0").join(F.broadcast(up), "on_category_id", how="inner")
    # From the pairs upwards to the no above them: a no is not spread over its whole subtree.
    below = pairs.join(F.broadcast(down), "category_id", how="inner")
    no = rows.filter("answer < 0").join(below, ["product_id", "on_category_id"], how="inner")
    direct = F.col("on_category_id") == F.col("category_id")
    return (
        yes.join(pairs, KEYS, how="left_semi")
        .unionByName(no)
        .withColumn("direct", direct)
        .select(*KEYS, *_SAID)
    )


def _ranked(statements: DataFrame) -> DataFrame:
    """The statements with `_place` (1 stands) and `_why` it would stand in the first place.

    The newest stands; of one moment a direct one before one that only follows from another, then
    what the majority of these say, then the largest answer_id.
    """
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    moment = Window.partitionBy(*KEYS, "at", "direct")
    agreed = F.sum("answer").over(moment) * F.col("answer")
    order = Window.partitionBy(*KEYS).orderBy(
        F.desc_nulls_last("at"), F.desc("direct"), F.desc("_agreed"), F.desc("answer_id")
    )
    return (
        statements.withColumn("_agreed", agreed)
        .withColumn("_answers", F.count("*").over(moment))
        .withColumn("_torn", F.min("answer").over(moment) < F.max("answer").over(moment))
        .withColumn("_rivals", _rivals())
        .withColumn("_place", F.row_number().over(order))
        .withColumn("_why", _why())
    )


def _rivals() -> Column:
    """Statements of the same moment on the pair, direct or not, that say otherwise."""
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    moment = Window.partitionBy(*KEYS, "at")
    return F.count("*").over(moment) - F.count("*").over(Window.partitionBy(*KEYS, "at", "answer"))


def _why() -> Column:
    from pyspark.sql import functions as F

    word = F.when(F.col("answer") > 0, "yes").otherwise("no")
    follows = F.concat(F.lit(", which follows from "), F.col("on_category_id"))
    rule = (
        F.when(F.col("_torn") & (F.col("_agreed") > 0), "the majority of the newest answers")
        .when(F.col("_torn"), "as many newest answers say otherwise: the largest answer_id")
        .when(F.col("_rivals") > 0, "of one moment the answer on this very category")
        .otherwise("the newest answer")
    )
    return F.concat(
        word,
        F.lit(" by "),
        F.coalesce("annotator", F.lit("an unnamed annotator")),
        F.when(F.col("direct"), "").otherwise(follows),
        F.lit(": "),
        rule,
    )
