"""Shares estimated from answers: weighted Beta posteriors, drawn down the category tree.

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

    precision ~ Beta(s m + n share, s (1 - m) + n (1 - share))

s is the strength of the prior in answers and m its mean, found by going down the tree: from the
configured mean m_0 at the top to

    m_j = (s m_(j-1) + n_j share_j) / (s + n_j)

where the answers of level j are those on rules of that category's subtree, without those on the
subtree of the next level, and on the last level without those on the rule itself. So an answer
counts once, near or far, for each rule that voted on its pair (shrinkage: Efron, Morris 1975;
Gelman et al. 2013, chapter 5). Without answers all this is the configured prior. Intervals are
equal-tailed, by the inverse incomplete beta function.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

Floats = NDArray[np.float64]

LEVEL = 0.95  # of every interval
SUMS = ("answers", "weight", "right", "square")
SET_SUMS = (*SUMS, "set_answers", "set_right")
KNOWN = ("prior", "prior_answers", "share", "effective", "mean", "low", "high")
_LOST = 1e-12  # of a sum of squares: less is rounding
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


def with_paths(rules: DataFrame, containing: DataFrame) -> DataFrame:
    """One row is one rule with `levels`, the sums of the subtrees around it from the top down.

    rules: rule_id, rule_version, category_id, vote and SET_SUMS. Rules that say `is` and rules that
    say `is not` are pooled apart. A rule of a category that is not in the tree has no row.
    """
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    depth = containing.groupBy(F.col("category_id").alias("above")).agg(F.count("*").alias("depth"))
    around = containing.join(F.broadcast(depth), "above", how="inner")
    together = Window.partitionBy("above", "vote")
    level = F.struct("depth", *[F.sum(name).over(together).alias(name) for name in SET_SUMS])
    keys = ["rule_id", "rule_version", "category_id", "vote"]
    return (
        rules.join(F.broadcast(around), "category_id", how="inner")
        .select(*keys, *SET_SUMS, level.alias("level"))
        .groupBy(*keys, *SET_SUMS)
        .agg(F.array_sort(F.collect_list("level")).alias("levels"))
    )


def posteriors(prior: float, strength: float, nested: bool) -> Callable[[DataFrame], DataFrame]:
    """A transform that adds KNOWN to rows with `levels` and SET_SUMS, and takes these away.

    nested: each level's sums hold those of the next one and the last level's those of the row
    (see `with_paths`); otherwise no answer stands twice. prior_answers: float64, effective answers
    that moved the prior from the configured one.
    """

    def of(batch: pa.RecordBatch) -> dict[str, Floats]:
        own = floats(batch, SET_SUMS)
        levels = _padded(batch.column("levels"), own if nested else np.zeros_like(own))
        chain = np.concatenate([levels, own[:, None]], axis=1)
        return posterior(_apart(chain) if nested else levels, own, prior, strength)

    return adding(KNOWN, of, ("levels", *SET_SUMS))


def posterior(levels: Floats, own: Floats, prior: float, strength: float) -> dict[str, Floats]:
    """KNOWN of each row; share is NaN where there are no answers.

    levels: float64 (n, L, 6), SET_SUMS of each level's answers from the top down, no answer twice.
    own: float64 (n, 6), SET_SUMS of the row's own answers.
    """
    mean, moved = np.full(len(own), prior), np.zeros(len(own))
    for level in range(levels.shape[1]):
        share, count = _rate(levels[:, level])
        mean = (strength * mean + np.nan_to_num(share) * count) / (strength + count)
        moved += count
    share, count = _rate(own)
    yes = np.nan_to_num(share) * count
    low, high = interval(strength * mean + yes, strength * (1 - mean) + count - yes)
    found = (mean, moved, share, count, (strength * mean + yes) / (strength + count), low, high)
    return dict(zip(KNOWN, found))


def interval(yes: Floats, no: Floats, level: float = LEVEL) -> tuple[Floats, Floats]:
    """Bounds of the equal-tailed interval of Beta(yes, no)."""
    from scipy.special import betaincinv

    tail = (1 - level) / 2
    return betaincinv(yes, no, tail), betaincinv(yes, no, 1 - tail)


def guarded(own: Floats, heaviest: Floats) -> dict[str, Floats]:
    """share, effective, mean, low, high of a share without a prior of its own.

    heaviest: float64 (n,), the largest 1 / propensity of the design. The prior is one pair of that
    weight, half of it yes: Jeffreys' Beta(1/2, 1/2) where all weights are equal. Where some pairs
    are drawn far more rarely than others and none of the rare ones was answered, the interval says
    that nothing is known of them, which the drawn answers alone would not show.
    """
    share, _ = _rate(own)
    prior = np.stack([np.ones_like(heaviest), heaviest, heaviest / 2, heaviest**2], axis=1)
    mean, effective = _rate(own + prior)
    low, high = interval(mean * effective, (1 - mean) * effective)
    return {"share": share, "effective": effective, "mean": mean, "low": low, "high": high}


def _rate(evidence: Floats) -> tuple[Floats, Floats]:
    """Share (NaN without answers) and effective answers of SUMS (n, 4) or SET_SUMS (n, 6)."""
    answers, weight, right, square, *of_sets = evidence.T
    some = answers > 0
    share = np.divide(right, weight, out=np.zeros(len(answers)), where=some)
    count = np.divide(weight**2, square, out=np.zeros(len(answers)), where=some)
    yes = share * count
    if of_sets:
        count, yes = count + of_sets[0], yes + of_sets[1]
    return np.divide(yes, count, out=np.full(len(count), np.nan), where=count > 0), count


def _apart(chain: Floats) -> Floats:
    """(n, L, 6) of what each of nested sums (n, L + 1, 4) holds beyond the next one."""
    beyond = chain[:, :-1] - chain[:, 1:]
    # Float sums of the same answers differ in their last digits; their number is exact. What is
    # left of squares beside far larger ones has no digit to be trusted either.
    lost = (beyond[:, :, 0] == 0) | (beyond[:, :, 3] <= _LOST * chain[:, :-1, 3])
    beyond[..., : len(SUMS)][lost] = 0.0
    return beyond


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


def _padded(levels: pa.ListArray, filler: Floats) -> Floats:
    """(n, L, 6) of lists of different length, each followed by the row's filler (n, 6)."""
    lengths = np.diff(np.asarray(levels.offsets))
    values = levels.flatten()
    flat = np.stack([np.asarray(values.field(name), np.float64) for name in SET_SUMS], axis=1)
    padded = np.repeat(filler[:, None], lengths.max(initial=0), axis=1)
    row = np.repeat(np.arange(len(levels)), lengths)
    first = np.cumsum(lengths) - lengths
    padded[row, np.arange(len(flat)) - first[row]] = flat
    return padded
