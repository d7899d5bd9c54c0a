"""What cleaning found in records beside products: rejected ones, how fields are filled, counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aisles.products.identity import account as accounted
from aisles.stages.job import Account, Job

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

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
    """How many records were cleaned; of them products and rejected ones, the others duplicates."""

    records: int
    products: int
    rejected: int


def count_cleaned(counted: DataFrame, marks: DataFrame, account: Account) -> Cleaned:
    """What became of the records that were cleaned; adds to the books.

    counted: the output of `aisles.products.quality.kinds`; marks: that of `verdicts`.
    """
    names = ("raw", "products", "duplicates", "rejected")
    sums = dict.fromkeys(names, 0)
    for row in accounted(counted, marks).collect():  # one a file
        sums |= {name: sums[name] + row[name] for name in names}
    for name in ("duplicates", "rejected"):
        account.figures[name] = account.figures.get(name, 0) + sums[name]
    account.rows_in += sums["raw"]
    account.rows_out += sums["products"]
    return Cleaned(sums["raw"], sums["products"], sums["rejected"])


def store_rejected(job: Job, refused: DataFrame | None, where: str) -> None:
    """Replaces what normalise has rejected in these deliveries before.

    refused: rows of rejected_items (REJECTED); None where there are none. where: SQL that holds for
    the rows of these deliveries, and for no others.
    """
    from pyspark.sql import functions as F

    theirs = f"({where}) AND stage = 'normalise'"
    if refused is None:
        job.tables.clear("rejected_items", theirs)
    else:
        job.tables.replace(
            "rejected_items", refused.withColumn("stage", F.lit("normalise")), theirs
        )


def store_quality(job: Job, quality: DataFrame, where: str) -> None:
    """Replaces the rows of field_quality of these deliveries; where: see `store_rejected`."""
    job.tables.replace("field_quality", quality, where)
