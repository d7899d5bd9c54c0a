"""The records of feeds that are looked at, and what is made of those of each feed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from aisles.feeds.roles import Declared, Feed, sampled
from aisles.parts import among

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_FEED = ("network", "retailer")


@dataclass(frozen=True)
class Samples:
    """The output of ``sampled``, kept: that of several feeds in Spark, that of one here.

    The few thousand records of one feed are here sooner than Spark has planned what to do with
    them.
    """

    frame: DataFrame | None = None
    table: pa.Table | None = None

    def of_feeds(
        self,
        made: Callable[[pa.Table], pa.Table],
        schema: str,
        feeds: Mapping[Feed, Any] | None = None,
        filled: bool = False,
    ) -> list[dict[str, Any]]:
        """The rows that are made of the records of each feed.

        made: from a feed's records to rows of schema (DDL). feeds: of which feeds, None for all.
        filled: without the rows that have a format and no values; not of feeds without others.
        """
        if self.frame is not None:
            some = self.frame.where("values IS NOT NULL") if filled else self.frame
            some = some if feeds is None else some.where(among(feeds))
            # By the number of its arguments Spark tells what a function is to be given.
            found = some.groupBy(*_FEED).applyInArrow(lambda table: made(table), schema)
            return [row.asDict() for row in found.collect()]
        assert self.table is not None
        own = self.table.filter(pc.is_valid(self.table["values"])) if filled else self.table
        if not len(own) or (feeds is not None and _feed_of(own) not in feeds):
            return []
        rows: list[dict[str, Any]] = made(own).to_pylist()
        return rows


@contextmanager
def kept_samples(raw: DataFrame, declared: Mapping[Feed, Declared] | None) -> Iterator[Samples]:
    """The sampled records; arguments of ``column_roles``."""
    frame = sampled(raw, declared)
    if declared is not None and len(declared) == 1:
        yield Samples(table=frame.toArrow())
        return
    frame = frame.persist()
    try:
        yield Samples(frame)
    finally:
        frame.unpersist()


def _feed_of(table: pa.Table) -> Feed:
    network, retailer = (table[name][0].as_py() for name in _FEED)
    return network, retailer
