"""A condition tried on the products: what it finds, and what rules and model say of that."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from aisles.rules.grammar import TEXT_FIELDS
from aisles.rules.load import Rule
from aisles.rules.matcher import RuleSet
from aisles.rules.votes import votes

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_BEFORE = 24


class Span(NamedTuple):
    """A stretch of a text, the end exclusive."""

    start: int
    end: int


class Excerpt(NamedTuple):
    """A part of one field's text, and the spans in it that the condition found."""

    field: str
    text: str
    spans: list[Span]


def excerpts(
    product: Mapping[str, str | None], evidence: Sequence[Mapping[str, object]], width: int
) -> list[Excerpt]:
    """The title, then each further field with a hit, each at most so many signs around its hit."""
    spans: dict[str, list[Span]] = {name: [] for name in TEXT_FIELDS}
    for hit in evidence:
        spans[str(hit["field"])].append(Span(int(str(hit["start"])), int(str(hit["end"]))))
    shown = [name for name in TEXT_FIELDS if name == "title" or spans[name]]
    return [_excerpt(name, product[name] or "", spans[name], width) for name in shown]


def _excerpt(field: str, text: str, spans: list[Span], width: int) -> Excerpt:
    """The stretch around the first hit; a cut end is marked, line breaks become spaces."""
    first = min(spans).start if spans else 0
    start = 0 if len(text) <= width else max(0, min(first - _BEFORE, len(text) - width))
    stop = start + width
    cut = [*text[start:stop]]
    cut[:1] = "…" if start else cut[:1]
    cut[-1:] = "…" if stop < len(text) else cut[-1:]
    line = "".join(sign if sign.isprintable() else " " for sign in cut)
    inside = [Span(max(a - start, 0), min(b - start, width)) for a, b in spans if a < stop]
    return Excerpt(field, line, sorted(inside))


def found_by(condition: str) -> Callable[[DataFrame], DataFrame]:
    """A step from products to those that the condition is true for: product_id, evidence.

    The products have the columns that `votes` reads.
    """
    rule = Rule("the condition that is tried", "", condition)

    def step(products: DataFrame) -> DataFrame:
        return votes(RuleSet([rule]))(products).select("product_id", "evidence")

    return step


def samples(found: DataFrame, products: DataFrame, most: int) -> DataFrame:
    """One row is one of the found products: its text fields and evidence.

    Drawn by a hash of the id: the same ones each time, and of no feed in particular.
    """
    from pyspark.sql import functions as F

    order = [F.xxhash64("product_id"), F.col("product_id")]
    drawn = found.orderBy(*order).limit(most)
    texts = products.select("product_id", *TEXT_FIELDS)
    return texts.join(F.broadcast(drawn), "product_id", how="inner").orderBy(*order)


def overlap(found: DataFrame, rule_votes: DataFrame) -> DataFrame:
    """One row is one rule that voted on a found product: `shared` of them among `voted` in all."""
    from pyspark.sql import functions as F

    ours = found.select("product_id", F.lit(1).alias("_ours"))
    return (
        rule_votes.join(ours, "product_id", how="left")
        .groupBy("rule_id", "category_id", "vote")
        .agg(F.count("_ours").alias("shared"), F.count("*").alias("voted"))
        .filter("shared > 0")
    )


def uncaught(found: DataFrame, rule_votes: DataFrame) -> int:
    """How many of the found products no rule puts into a category."""
    caught = rule_votes.filter("vote > 0").select("product_id")
    return found.join(caught, "product_id", how="left_anti").count()


def assignments(found: DataFrame, scores: DataFrame, parents: DataFrame) -> DataFrame:
    """One row is one category that the model assigns to found products, and to no child of it.

    Columns: category_id, assigned, probability (the mean). parents: category_id, parent_id.
    """
    from pyspark.sql import functions as F

    assigned = scores.filter("assigned").join(found, "product_id", how="left_semi")
    above = assigned.join(F.broadcast(parents), "category_id", how="inner")
    above = above.select("product_id", F.col("parent_id").alias("category_id"))
    return (
        assigned.join(above, ["product_id", "category_id"], how="left_anti")
        .groupBy("category_id")
        .agg(F.count("*").alias("assigned"), F.avg("probability").alias("probability"))
    )


def agreement(found: DataFrame, scores: DataFrame, category: str) -> DataFrame:
    """One row: of the found products `assigned` to the category, `scored`, mean `probability`."""
    from pyspark.sql import functions as F

    own = scores.filter(F.col("category_id") == category)
    return own.join(found, "product_id", how="left_semi").agg(
        F.count_if("assigned").alias("assigned"),
        F.count("*").alias("scored"),
        F.avg("probability").alias("probability"),
    )
