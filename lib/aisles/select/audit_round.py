"""A round of questions on suspicious labels, drawn so that its answers remain a sample.

Taking the most suspicious labels would give them the probability 1 and all other pairs 0: nothing
could be estimated from the answers. Instead each flagged label is drawn by itself with a chance
that grows with the odds that it is wrong, and a part of the budget goes to all pairs alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from aisles.config import AuditConfig
from aisles.select.acquire import (
    Floats,
    bin_count,
    bins_of,
    divisor,
    inclusion,
    propensity,
    solve_scale,
)
from aisles.select.draw import Stream, UniformDraw
from aisles.select.suspects import suspicion

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

Bools = NDArray[np.bool_]

LABEL_ERROR, UNIFORM = "label_error", "uniform"
AUDIT_MODEL = "out of fold"  # how the model_version of every question of an audit begins
_KEY = ("product_id", "category_id")
_DRAWN = (
    "product_id string, category_id string, propensity double, u double,"
    " label_error boolean, uniform boolean"
)


def draw_suspects(
    ranked: DataFrame,
    products: DataFrame,
    category_ids: Sequence[str],
    config: AuditConfig,
    round: int,
    model_version: str,
) -> tuple[DataFrame, dict[str, float]]:
    """One row is one question of the round, as the table candidates has it; beside it figures.

    ranked: what `suspects` gives, with the column `why`; its flagged rows are drawn from.
    products: product_id of all active products; category_ids: all live categories.
    """

    if not 0 < config.uniform < 1:
        raise ValueError(
            f"audit.uniform is {config.uniform}; expected a share between 0 and 1: every pair"
            " needs a chance, and suspicious labels the rest"
        )
    live = pa.array(sorted(set(category_ids)), pa.string())
    pairs = products.count() * len(live)
    known = ranked.filter("flagged").join(
        products.select("product_id"), "product_id", how="left_semi"
    )
    worth = _with_worth(known).persist()
    room = worth.count()
    aimed = min(config.budget * (1 - config.uniform), float(room))
    chance = min(1.0, (config.budget - aimed) / max(pairs, 1))
    rule = _Rule(live, _scale(worth, aimed), chance, config.seed, round)
    drawn = _drawn(worth, products, rule)
    found = drawn.join(ranked.select(*_KEY, "probability", "spread", "why"), list(_KEY), how="left")
    candidates = _candidates(found, round, model_version).persist()
    figures = {
        "flagged": float(room),
        "pairs": float(pairs),
        "expected_label_error": aimed,
        "expected_uniform": chance * pairs,
        **_counts(candidates),
    }
    worth.unpersist()
    return candidates, figures


def _counts(candidates: DataFrame) -> dict[str, float]:
    """How many questions were drawn, and how many of them as suspicious."""
    strata = candidates.groupBy("strategy").count().collect()
    aimed = sum(row["count"] for row in strata if LABEL_ERROR in row.strategy)
    return {
        "drawn": float(sum(row["count"] for row in strata)),
        "drawn_label_error": float(aimed),
    }


class _Rule:
    """With which chance each pair is drawn, and whether it is."""

    def __init__(self, live: pa.Array, scale: float, chance: float, seed: int, round: int) -> None:
        self.live, self.scale, self.chance = live, scale, chance
        self._seed, self._round = seed, round
        self.uniform = UniformDraw(self.stream(UNIFORM), live, chance)

    def stream(self, stratum: str) -> Stream:
        """The random numbers of one stratum; those of an audit are no other round's."""
        return Stream(self._seed, self._round, f"audit/{stratum}")

    def known(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The drawn ones of flagged labels (see _DRAWN)."""
        product, category = (batch.column(name) for name in _KEY)
        worth = batch.column("worth").to_numpy(zero_copy_only=False)
        chance = inclusion(worth, self.scale)
        hit = self.stream(LABEL_ERROR).pairs(product, category) < chance
        place = np.asarray(pc.index_in(category, value_set=self.live)).astype(np.int64)
        also = self.uniform.is_hit(product, place)
        return self._rows(product, category, propensity(chance, self.chance), hit, also)

    def every(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The uniformly drawn ones of all pairs of the products (see _DRAWN)."""
        row, place = self.uniform.hits(batch.column("product_id"))
        product, category = batch.column("product_id").take(pa.array(row)), self.live.take(place)
        yes = np.ones(len(row), bool)
        return self._rows(product, category, np.full(len(row), self.chance), ~yes, yes)

    def _rows(
        self, product: pa.Array, category: pa.Array, chance: Floats, hit: Bools, also: Bools
    ) -> pa.RecordBatch:
        order = self.stream("order").pairs(product, category)
        columns = [product, category, *map(pa.array, (chance, order, hit, also))]
        names = [part.split()[0] for part in _DRAWN.split(", ")]
        made = pa.RecordBatch.from_arrays(columns, names=names)
        return made.filter(pa.array(hit | also))


def _with_worth(known: DataFrame) -> DataFrame:
    """The flagged labels with `worth`: suspicion, shared out over the categories."""
    from pyspark.sql import functions as F

    def run(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            worth = suspicion(batch.column("margin").to_numpy(zero_copy_only=False))
            yield pa.RecordBatch.from_arrays(
                [*(batch.column(name) for name in _KEY), pa.array(worth)],
                names=[*_KEY, "suspicion"],
            )

    schema = "product_id string, category_id string, suspicion double"
    each = known.select(*_KEY, "margin").mapInArrow(run, schema)
    sums = each.groupBy("category_id").agg(F.sum("suspicion").alias("s"), F.count("*").alias("n"))
    rows = sums.collect()  # one a category
    by = divisor(np.array([row.s for row in rows]), np.array([float(row.n) for row in rows]))
    shares = known.sparkSession.createDataFrame(
        [(row.category_id, float(share)) for row, share in zip(rows, by)],
        "category_id string, divisor double",
    )
    return each.join(F.broadcast(shares), "category_id", how="inner").select(
        *_KEY, (F.col("suspicion") / F.col("divisor")).alias("worth")
    )


def _scale(worth: DataFrame, aimed: float) -> float:
    """What worths are multiplied with, so that `aimed` labels are drawn on average."""
    from pyspark.sql import functions as F

    def run(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        total = np.zeros((2, bin_count()))
        for batch in batches:
            each = batch.column("worth").to_numpy(zero_copy_only=False)
            place = bins_of(each)
            total[0] += np.bincount(place, minlength=bin_count())
            total[1] += np.bincount(place, each, bin_count())
        used = np.flatnonzero(total[0])
        columns = [used, total[0][used], total[1][used]]
        yield pa.record_batch(columns, names=["bin", "count", "total"])

    parts = worth.mapInArrow(run, "bin long, count double, total double")
    rows = parts.groupBy("bin").agg(F.sum("count").alias("n"), F.sum("total").alias("s")).collect()
    if not rows:
        return 0.0
    return solve_scale(np.array([r.n for r in rows]), np.array([r.s for r in rows]), aimed)


def _drawn(worth: DataFrame, products: DataFrame, rule: _Rule) -> DataFrame:
    from pyspark.sql import functions as F

    of_known = worth.mapInArrow(_each(rule.known), _DRAWN)
    of_all = products.select("product_id").mapInArrow(_each(rule.every), _DRAWN)
    # A flagged pair that is also drawn uniformly stands in both; its larger propensity is right.
    names = [part.split()[0] for part in _DRAWN.split(", ")]
    both = of_known.unionByName(of_all).groupBy(*_KEY)
    return both.agg(*[F.max(name).alias(name) for name in names if name not in _KEY])


def _each(
    change: Callable[[pa.RecordBatch], pa.RecordBatch],
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    return lambda batches: (change(batch) for batch in batches)


def _candidates(drawn: DataFrame, round: int, model_version: str) -> DataFrame:
    """One row is one question; in random order, so that any part of it remains a sample."""
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    names = [F.when(F.col(name), F.lit(name)) for name in (LABEL_ERROR, UNIFORM)]
    measure = F.when(F.col("uniform"), F.lit("drawn from all pairs, to measure"))
    return drawn.select(
        *_KEY,
        F.lit(round).cast("int").alias("round"),
        F.row_number().over(Window.orderBy("u", *_KEY)).cast("int").alias("rank"),
        F.concat_ws("+", *names).alias("strategy"),
        "propensity",
        F.lit(model_version).alias("model_version"),
        F.lit("open").alias("status"),
        "probability",
        "spread",
        F.concat_ws("; ", F.when(F.col(LABEL_ERROR), F.col("why")), measure).alias("why"),
    )
