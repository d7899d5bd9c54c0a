"""What cleaning found in records beside products: rejected ones, how fields are filled, counts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from aisles.parts import Part
from aisles.products.identity import DUPLICATE
from aisles.products.identity import account as accounted
from aisles.stages.job import Account, Job

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, Observation, Row

_SHOWN = ("merchant_product_id", "title", "brand", "product_url", "image_url", "all_text")
_LONGEST = 10_000  # signs of a rejected record that are kept
REJECTED = (
    "network", "retailer", "run_date", "file", "record_no", "reason", "raw",
    "product_id", "raw_hash", "filled", "valid",
)  # fmt: skip


def rejected_rows(refused: DataFrame) -> DataFrame:
    """Rejected records, cleaned, as rows of rejected_items; their own cells stand in raw_items."""
    from pyspark.sql import functions as F

    raw = F.substring(F.to_json(F.struct(*_SHOWN)), 1, _LONGEST)
    return refused.withColumn("raw", raw).select(*REJECTED)


@dataclass(frozen=True)
class Cleaned:
    """How many records were cleaned; of them products and rejected ones, the others duplicates.

    known: how many of the products are stored already; None where the rows do not tell (`what`).
    """

    records: int
    products: int
    rejected: int
    known: int | None = None


def count_cleaned(counted: DataFrame, marks: DataFrame, account: Account) -> Cleaned:
    """What became of the records that were cleaned; adds to the books.

    counted: the output of `aisles.products.quality.kinds`; marks: that of `verdicts`.
    """
    return summed(accounted(counted, marks).collect(), account)


def summed(books: Iterable[Row], account: Account) -> Cleaned:
    """The same of the rows of `aisles.products.identity.account`, one a file."""
    names = ("raw", "products", "rejected")
    sums = dict.fromkeys(names, 0)
    for row in books:
        sums |= {name: sums[name] + row[name] for name in names}
    return booked(Cleaned(*sums.values()), account)


def booked(done: Cleaned, account: Account) -> Cleaned:
    """The same, added to the books."""
    duplicates = done.records - done.products - done.rejected
    for name, more in (("duplicates", duplicates), ("rejected", done.rejected)):
        account.figures[name] = account.figures.get(name, 0) + more
    account.rows_in += done.records
    account.rows_out += done.products
    return done


def counts(judged: DataFrame) -> tuple[DataFrame, Observation]:
    """The frame, and what knows, once its rows have been made, `Cleaned` of them by name.

    judged: the output of `aisles.products.identity.judge`, with `what`.
    """
    from pyspark.sql import Observation
    from pyspark.sql import functions as F

    verdict, seen = F.col("verdict"), Observation()
    made = (
        F.count(F.lit(1)).alias("records"),
        F.count_if(verdict.isNull()).alias("products"),
        F.count_if(verdict != DUPLICATE).alias("rejected"),
        F.count_if(verdict.isNull() & (F.col("_what") == "known")).alias("known"),
    )
    return judged.observe(seen, *made), seen


def what(rows: DataFrame, known: DataFrame) -> DataFrame:
    """The rows with what their product is (_what): new, or known.

    known: product_id of the stored products that it may be.
    """
    from pyspark.sql import functions as F

    stored = known.withColumn("_what", F.lit("known"))
    return rows.join(stored, "product_id", how="left").fillna("new", ["_what"])


def store_rejected(job: Job, refused: DataFrame | None, part: Part) -> None:
    """Replaces what normalise has rejected in these deliveries before.

    refused: rows of rejected_items (REJECTED); None where there are none. part: the rows of these
    deliveries.
    """
    from pyspark.sql import functions as F

    theirs = replace(part, also="stage = 'normalise'")
    if refused is None:
        job.tables.clear("rejected_items", theirs)
    else:
        rows = refused.withColumn("stage", F.lit("normalise"))
        job.tables.replace_part("rejected_items", rows, theirs)


def store_quality(job: Job, quality: DataFrame, part: Part) -> None:
    """Replaces the rows of field_quality of these deliveries; part: see `store_rejected`."""
    job.tables.replace_part("field_quality", quality, part)
