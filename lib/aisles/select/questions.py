"""Which (product, category) pairs to ask next, drawn in Spark from the whole frame."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from aisles.config import SelectConfig
from aisles.select.acquire import bin_count, divisor, inclusion, propensity
from aisles.select.draw import UniformDraw
from aisles.select.frame import (
    AIMED,
    UNIFORM,
    Frame,
    Plan,
    category_sums,
    numbers,
    plan,
    worth_sums,
)
from aisles.select.sums import summed

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

Change = Callable[[pa.RecordBatch], pa.RecordBatch]

_KEY = ("product_id", "category_id")
_STRATA = (*AIMED, UNIFORM)
_DRAWN = {
    **dict.fromkeys(_KEY, pa.string()),
    **dict.fromkeys(("probability", "spread", "target", "propensity", "u"), pa.float64()),
    **dict.fromkeys(_STRATA, pa.bool_()),
}
_DRAWN_SQL = ", ".join(
    f"{name} {'double' if kind == pa.float64() else 'boolean' if kind == pa.bool_() else 'string'}"
    for name, kind in _DRAWN.items()
)


def select_questions(
    products: DataFrame,
    scores: DataFrame,
    votes: DataFrame,
    answered: DataFrame,
    category_ids: Sequence[str],
    config: SelectConfig,
    round: int,
    model_version: str,
) -> tuple[DataFrame, dict[str, float]]:
    """One row is one question of the round, with its propensity; beside it the frame's figures.

    products: product_id of all active products. scores: product_id, category_id, probability
    (calibrated), spread. votes: product_id, category_id, target (the rules' target, 0..1).
    answered: product_id, category_id; such pairs are only drawn uniformly. category_ids: all live
    categories. The columns are those of the table candidates; the rows, about config.budget, are
    persisted. The figures: n_products, n_categories, pairs, and for each stratum and together
    the expected and the drawn number of questions.
    """
    live = pa.array(sorted(set(category_ids)), pa.string())
    pairs = products.count() * len(live)
    known = _known_pairs(products, scores, votes, answered).persist()
    flat = Frame(live, config, round, (np.ones(len(live)),) * len(AIMED))
    sums = summed(known, lambda batch: category_sums(flat, batch), (len(AIMED), len(live), 2))
    frame = Frame(live, config, round, tuple(divisor(of[:, 1], of[:, 0]) for of in sums))
    shape = (len(AIMED), bin_count(), 2)
    spending = plan(summed(known, lambda batch: worth_sums(frame, batch), shape), pairs, config)
    candidates = _candidates(
        _draw(products, known, frame, spending), round, model_version
    ).persist()
    drawn = _drawn_counts(candidates)
    known.unpersist()
    return candidates, {
        "n_products": float(pairs // max(len(live), 1)),
        "n_categories": float(len(live)),
        "pairs": float(pairs),
        **{f"expected_{name}": number for name, number in spending.expected.items()},
        **drawn,
    }


def _known_pairs(
    products: DataFrame, scores: DataFrame, votes: DataFrame, answered: DataFrame
) -> DataFrame:
    """One row is one pair with a score or a vote: probability, spread, target, answered."""
    from pyspark.sql import functions as F

    target = votes.groupBy(*_KEY).agg(F.avg("target").alias("target"))
    asked = answered.select(*_KEY).distinct().withColumn("asked", F.lit(True))
    return (
        scores.select(*_KEY, "probability", "spread")
        .join(target, on=list(_KEY), how="full")
        .join(products.select("product_id"), on="product_id", how="left_semi")
        .join(asked, on=list(_KEY), how="left")
        .select(
            *_KEY,
            *[
                F.col(name).cast("double").alias(name)
                for name in ("probability", "spread", "target")
            ],
            F.coalesce("asked", F.lit(False)).alias("answered"),
        )
    )


def _draw(products: DataFrame, known: DataFrame, frame: Frame, spending: Plan) -> DataFrame:
    """One row is one drawn pair."""
    from pyspark.sql import functions as F

    uniform = UniformDraw(frame.stream(UNIFORM), frame.category_ids, spending.chance)
    of_known = known.mapInArrow(_each(_draw_known(frame, spending, uniform)), _DRAWN_SQL)
    of_all = products.select("product_id").mapInArrow(
        _each(_draw_uniform(frame, spending, uniform)), _DRAWN_SQL
    )
    # A known pair that the uniform stratum draws stands in both, and the row that has its score
    # also has the larger propensity.
    together = of_known.unionByName(of_all).groupBy(*_KEY)
    return together.agg(*[F.max(name).alias(name) for name in _DRAWN if name not in _KEY])


def _draw_known(frame: Frame, spending: Plan, uniform: UniformDraw) -> Change:
    def draw(batch: pa.RecordBatch) -> pa.RecordBatch:
        batch, place = frame.live(batch)
        product, category = (batch.column(name) for name in _KEY)
        chances = [inclusion(*each) for each in zip(frame.worths(batch, place), spending.scales)]
        hits = [
            frame.stream(name).pairs(product, category) < chance
            for name, chance in zip(AIMED, chances)
        ]
        hits.append(uniform.is_hit(product, place))
        values = [numbers(batch, name) for name in ("probability", "spread", "target")]
        return _rows(frame, product, category, values, [*chances, spending.chance], hits)

    return draw


def _draw_uniform(frame: Frame, spending: Plan, uniform: UniformDraw) -> Change:
    def draw(batch: pa.RecordBatch) -> pa.RecordBatch:
        row, place = uniform.hits(batch.column("product_id"))
        product, category = batch.column("product_id").take(row), frame.category_ids.take(place)
        unknown, no, yes = (
            np.full(len(row), np.nan),
            np.zeros(len(row), bool),
            np.ones(len(row), bool),
        )
        return _rows(frame, product, category, [unknown] * 3, [spending.chance], [no, no, yes])

    return draw


def _rows(
    frame: Frame,
    product: pa.Array,
    category: pa.Array,
    values: list[NDArray[np.float64]],
    chances: list[NDArray[np.float64] | float],
    hits: list[NDArray[np.bool_]],
) -> pa.RecordBatch:
    chance = np.broadcast_to(propensity(*chances), (len(product),))
    order = frame.stream("order").pairs(product, category)
    nullable = [pa.array(value, pa.float64(), from_pandas=True) for value in values]
    drawn = np.logical_or.reduce(hits)
    columns = [
        product,
        category,
        *nullable,
        pa.array(chance),
        pa.array(order),
        *map(pa.array, hits),
    ]
    schema = pa.schema(list(_DRAWN.items()))
    return pa.record_batch(columns, schema=schema).filter(pa.array(drawn))


def _each(change: Change) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def run(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        return (change(batch) for batch in batches)

    return run


def _candidates(drawn: DataFrame, round: int, model_version: str) -> DataFrame:
    """One row is one question, in the columns of the table candidates.

    The order is random: however many of the round are answered, they remain a sample in which
    propensities are right up to a common factor, which ratios do not see.
    """
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    names = [F.when(F.col(name), F.lit(name)) for name in _STRATA]
    rank = F.row_number().over(Window.orderBy("u", *_KEY))
    return drawn.select(
        *_KEY,
        F.lit(round).cast("int").alias("round"),
        rank.cast("int").alias("rank"),
        F.concat_ws("+", *names).alias("strategy"),
        "propensity",
        F.lit(model_version).alias("model_version"),
        F.lit("open").alias("status"),
        "probability",
        "spread",
        _why().alias("why"),
    )


def _why() -> Column:
    from pyspark.sql import functions as F

    model = F.coalesce("probability", F.lit(0.0))
    spread = F.coalesce("spread", F.lit(0.0))
    unsure = F.format_string("the model is unsure: %.2f, its members spread %.2f", model, spread)
    against = F.format_string("the rules say %.2f, the model %.2f", F.col("target"), model)
    return F.concat_ws(
        "; ",
        F.when(F.col("uncertain"), unsure),
        F.when(F.col("relabel"), against),
        F.when(F.col("uniform"), F.lit("drawn from all pairs, to measure")),
    )


def _drawn_counts(candidates: DataFrame) -> dict[str, float]:
    counts = {
        row.strategy: row["count"] for row in candidates.groupBy("strategy").count().collect()
    }
    return {
        **{
            f"drawn_{name}": float(sum(n for of, n in counts.items() if name in of.split("+")))
            for name in _STRATA
        },
        "drawn": float(sum(counts.values())),
    }
