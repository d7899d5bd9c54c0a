"""Works of one Spark session that need not wait for each other."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def together(spark: SparkSession, *works: Callable[[], Any]) -> list[Any]:
    """Does works of a session that need not wait for each other; their results, in order.

    Half of a write to a Delta table is the driver's own: beside it another one's rows are written.
    When works fail, the first one's error is raised once all have ended.
    """
    from pyspark import inheritable_thread_target

    with ThreadPoolExecutor(len(works)) as pool:
        begun = [pool.submit(inheritable_thread_target(spark)(work)) for work in works]
    return [one.result() for one in begun]
