"""Shares estimated from answers, each by how it was drawn: see `pooling` for what is made of them.

Of the sampled answers that speak of a rule, each with w = 1 / propensity and y = 1 where the rule
is right:

    share = sum(w y) / sum(w)            Hajek's ratio (1971)
    n     = sum(w)^2 / sum(w^2)          Kish's effective sample size (1965): how many answers of a
                                         simple random sample would say as much
Products that people answered whole, without sampling, speak of every rule that votes on them,
whether it is right or wrong: the c pairs of such sets, right with share_c, join them as

    share <- (n share + c share_c) / (n + c),   n <- n + c

(two samples pooled by their effective sizes: their weights are not of one kind). Single answers
that nobody sampled say nothing of a rule: they are given where somebody has seen a mistake.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from aisles.labels.pooling import (
    KNOWN,
    Floats,
    Ints,
    Levels,
    chained,
    interval,
    nested,
    pooled,
)

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

SUMS = ("answers", "weight", "right", "square")
SET_SUMS = (*SUMS, "set_answers", "set_right")
_DIGITS = 9  # sums of parts come in any order; a rerun gives the same rows


def sums(right: Column, propensity: Column) -> list[Column]:
    """Aggregates over answers: their number, sum of w, of w where right, of w squared.

    Answers that were not sampled (propensity null) are left out.
    """
    from pyspark.sql import functions as F

    weight = 1 / propensity
    totals = [F.sum(weight), F.sum(F.when(right, weight)), F.sum(weight * weight)]
    return [
        F.count(propensity).alias("answers"),
        *[F.coalesce(total, F.lit(0.0)).alias(name) for name, total in zip(SUMS[1:], totals)],
    ]


def set_sums(right: Column, propensity: Column, of_set: Column) -> list[Column]:
    """Aggregates SET_SUMS: those of `sums`, and the number of answers of sets and of right ones.

    of_set: whether the answer is that of a complete set which nobody sampled.
    """
    from pyspark.sql import functions as F

    counts = {"set_answers": of_set, "set_right": of_set & right}
    return [*sums(right, propensity), *[F.count_if(c).alias(name) for name, c in counts.items()]]


def precisions(rules: DataFrame, containing: DataFrame, prior: float, strength: float) -> DataFrame:
    """One row is one rule with KNOWN, drawn towards the rules around it in the tree.

    rules: rule_id, rule_version, category_id, vote and SET_SUMS; a few thousand, which come to the
    driver. Rules that say `is` and rules that say `is not` are pooled apart. A rule of a category
    that is not in the tree has no row.
    """
    keys = ["rule_id", "rule_version"]
    table = rules.select(*keys, "category_id", "vote", *SET_SUMS).toArrow()
    above = _above(containing)
    inside = pc.is_in(table.column("category_id"), value_set=pa.array(list(above), pa.string()))
    # In one order whatever Spark's was: sums of floats are the same each time.
    table = table.filter(inside).sort_by([(key, "ascending") for key in keys])
    paths = [above[category] for category in table.column("category_id").to_pylist()]
    says_no = np.asarray(table.column("vote").cast(pa.int64())) < 0
    pools = _padded(paths, list(above))
    pools = np.where(pools >= 0, pools + len(above) * says_no[:, None], -1)
    return _told(rules.sparkSession, table, keys, nested(pools), prior, strength)


def shares(rows: DataFrame, containing: DataFrame, prior: float, strength: float) -> DataFrame:
    """One row is one category with KNOWN, drawn towards the categories above it.

    rows: category_id and SET_SUMS of each category of the tree.
    """
    above = _above(containing)
    table = rows.select("category_id", *SET_SUMS).toArrow().sort_by("category_id")
    ids = table.column("category_id").to_pylist()
    paths = _padded([above[category][:-1] for category in ids], ids)
    return _told(rows.sparkSession, table, ["category_id"], chained(paths), prior, strength)


def _above(containing: DataFrame) -> dict[str, list[str]]:
    """For each category those that contain it, the topmost first and itself last."""
    found: dict[str, list[str]] = {}
    for row in containing.collect():  # a few a category
        found.setdefault(row["category_id"], []).append(row["above"])
    return {one: sorted(over, key=lambda up: len(found[up])) for one, over in sorted(found.items())}


def _padded(paths: list[list[str]], names: list[str]) -> Ints:
    """int64 (n, L) places of the names of each path, -1 after its end."""
    places = {name: place for place, name in enumerate(names)}
    padded = np.full((len(paths), max(map(len, paths), default=0)), -1, np.int64)
    for row, path in enumerate(paths):
        padded[row, : len(path)] = [places[name] for name in path]
    return padded


def _told(
    spark: SparkSession,
    table: pa.Table,
    keys: list[str],
    levels: Levels,
    prior: float,
    strength: float,
) -> DataFrame:
    own = effective(np.stack([np.asarray(table.column(n), np.float64) for n in SET_SUMS], axis=1))
    known = pooled(own, levels, prior, strength)
    columns = [pa.array(np.round(known[name], _DIGITS), from_pandas=True) for name in KNOWN]
    told = pa.table([*(table.column(key) for key in keys), *columns], names=[*keys, *KNOWN])
    kinds = [*zip(keys, ("string", "int")), *((name, "double") for name in KNOWN)]
    return spark.createDataFrame(told, ", ".join(f"{name} {kind}" for name, kind in kinds))


def effective(sums: Floats) -> Floats:
    """(n, 2): effective answers and the yeses among them, of SUMS (n, 4) or SET_SUMS (n, 6)."""
    answers, weight, right, square, *of_sets = sums.T
    some = answers > 0
    share = np.divide(right, weight, out=np.zeros(len(answers)), where=some)
    count = np.divide(weight**2, square, out=np.zeros(len(answers)), where=some)
    yes = share * count
    if of_sets:
        count, yes = count + of_sets[0], yes + of_sets[1]
    return np.stack([count, yes], axis=1)


def guarded(own: Floats, heaviest: Floats) -> dict[str, Floats]:
    """share, effective, mean, low, high of a share without a prior of its own.

    heaviest: float64 (n,), the largest 1 / propensity of the design. The prior is one pair of that
    weight, half of it yes: Jeffreys' Beta(1/2, 1/2) where all weights are equal. Where some pairs
    are drawn far more rarely than others and none of the rare ones was answered, the interval says
    that nothing is known of them, which the drawn answers alone would not show.
    """
    count, yes = effective(own).T
    share = np.divide(yes, count, out=np.full(len(count), np.nan), where=count > 0)
    prior = np.stack([np.ones_like(heaviest), heaviest, heaviest / 2, heaviest**2], axis=1)
    count, yes = effective(own + prior).T
    low, high = interval(yes, count - yes)
    return {"share": share, "effective": count, "mean": yes / count, "low": low, "high": high}


def adding(
    names: Sequence[str],
    of: Callable[[pa.RecordBatch], Mapping[str, Floats]],
    used: Sequence[str] = (),
) -> Callable[[DataFrame], DataFrame]:
    """A transform that adds named float columns, made of each Arrow batch, and drops used ones.

    NaN becomes null.
    """

    def run(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            known = of(batch)
            added = [pa.array(np.round(known[n], _DIGITS), from_pandas=True) for n in names]
            kept = batch.select([name for name in batch.schema.names if name not in used])
            yield pa.RecordBatch.from_arrays(
                [*kept.columns, *added], names=[*kept.schema.names, *names]
            )

    def transform(frame: DataFrame) -> DataFrame:
        from pyspark.sql.types import DoubleType, StructField, StructType

        kept = [field for field in frame.schema if field.name not in used]
        new = [StructField(name, DoubleType()) for name in names]
        return frame.mapInArrow(run, StructType([*kept, *new]))

    return transform


def floats(batch: pa.RecordBatch, names: Sequence[str]) -> Floats:
    """(n, names) of number columns, NaN where null."""
    columns = [batch.column(name).cast(pa.float64()) for name in names]
    return np.stack([column.to_numpy(zero_copy_only=False) for column in columns], axis=1)
