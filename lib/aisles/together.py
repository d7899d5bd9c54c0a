"""How works of one Spark session are run: beside each other, or few rows without much ado."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_FEW = 4  # partitions of few rows


def together(spark: SparkSession, *works: Callable[[], Any]) -> list[Any]:
    """Does works of a session that need not wait for each other; their results, in order.

    Half of a write to a Delta table is the driver's own: beside it another one's rows are written.
    When works fail, the first one's error is raised once all have ended.
    """
    from pyspark import inheritable_thread_target

    with ThreadPoolExecutor(len(works)) as pool:
        begun = [pool.submit(inheritable_thread_target(spark)(work)) for work in works]
    return [one.result() for one in begun]


@contextmanager
def few_rows(spark: SparkSession) -> Iterator[None]:
    """Meanwhile queries are planned once and shuffle into few partitions.

    To plan them again between their stages, as Spark does otherwise, takes longer than few rows do.
    Nor are they sorted to be collected by key, or spread because of how many there might be.
    """
    most = min(int(spark.conf.get("spark.sql.shuffle.partitions") or _FEW), _FEW)
    wanted = {
        "spark.sql.adaptive.enabled": "false",
        "spark.sql.shuffle.partitions": str(most),
        "spark.sql.objectHashAggregate.sortBased.fallbackThreshold": "1000000",
        "spark.sql.maxSinglePartitionBytes": "9223372036854775807b",
    }
    before = {name: spark.conf.get(name, None) for name in wanted}
    try:
        for name, value in wanted.items():
            spark.conf.set(name, value)
        yield
    finally:
        for name, old in before.items():
            if old is None:
                spark.conf.unset(name)
            else:
                spark.conf.set(name, old)
