"""A label is as suspicious as what follows from it: who says boots also says shoes and fashion."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_KEY = ["product_id", "category_id"]
_TAKEN = ("margin", "usual", "probability", "flagged")


def with_implied(measured: DataFrame, containing: DataFrame) -> DataFrame:
    """The direct labels with the lowest margin among theirs and those that follow from them.

    A model that cannot yet tell one leaf from another often knows the aisle. Only from a yes
    another one follows, on every category above. measured: labels with `direct`, `says` and
    _TAKEN, also those of what follows; containing: category_id, above. Added: on_category_id, the
    category at which the margin is the lowest; usual and objected_probability are of it, and
    flagged holds when any of them is.
    """
    from pyspark.sql import functions as F

    above = measured.filter("says = 'yes'").select(
        "product_id",
        F.col("category_id").alias("above"),
        *[F.col(c).alias(f"_{c}") for c in _TAKEN],
    )
    direct = measured.filter("direct")
    lowest = (
        direct.filter("says = 'yes'")
        .select(*_KEY)
        .join(F.broadcast(containing), "category_id", how="inner")
        .join(above, ["product_id", "above"], how="inner")
        .groupBy(*_KEY)
        .agg(
            F.min_by(F.struct("above", "_margin", "_usual", "_probability"), "_margin").alias("at"),
            F.max("_flagged").alias("_any"),
        )
    )
    return direct.join(lowest, _KEY, how="left").select(
        *[c for c in measured.columns if c not in ("direct", "margin", "usual", "flagged")],
        F.coalesce("at._margin", "margin").alias("margin"),
        F.coalesce("at._usual", "usual").alias("usual"),
        F.coalesce("_any", "flagged").alias("flagged"),
        F.coalesce("at.above", "category_id").alias("on_category_id"),
        F.coalesce("at._probability", "probability").alias("objected_probability"),
    )
