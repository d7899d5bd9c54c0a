"""Parts of a table by day and feed, as SQL conditions that let files be skipped."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

Feed = tuple[str, str]  # network, retailer


def quoted(text: str) -> str:
    """The text as it stands between the quotes of an SQL string."""
    return text.replace("\\", "\\\\").replace("'", "\\'")


def on_days(days: Iterable[dt.date | str]) -> str:
    """SQL: whether a row's run_date is one of these days; partitions of other days are skipped.

    The days are texts, as a date stands in what Spark generates for a condition: with dates, dozens
    of pieces of code are compiled anew on each day.
    """
    listed = ", ".join(f"'{day}'" for day in sorted({str(day) for day in days}))
    return f"CAST(run_date AS STRING) IN ({listed})" if listed else "false"


def among(feeds: Iterable[Feed], prefix: str = "") -> str:
    """SQL: whether a row belongs to one of the feeds; files without such rows are skipped."""

    def listed(values: set[str]) -> str:
        return ", ".join(sorted(f"'{quoted(value)}'" for value in values))

    known = list(feeds)
    if not known:
        return "false"
    network, retailer = f"{prefix}network", f"{prefix}retailer"
    return (
        f"{network} IN ({listed({n for n, _ in known})})"
        f" AND {retailer} IN ({listed({r for _, r in known})})"
        f" AND concat({network}, '/', {retailer}) IN ({listed({'/'.join(f) for f in known})})"
    )


@dataclass(frozen=True)
class Part:
    """Rows of these days (ISO 8601) and feeds, None for any, for which `also`, SQL, holds too."""

    days: frozenset[str] | None = None
    feeds: frozenset[Feed] | None = None
    also: str = ""

    @classmethod
    def of(
        cls,
        days: Iterable[dt.date | str] | None = None,
        feeds: Iterable[Feed] | None = None,
        also: str = "",
    ) -> Part:
        """The same, of any days and feeds that can be listed."""
        named = None if days is None else frozenset(map(str, days))
        return cls(named, None if feeds is None else frozenset(feeds), also)

    @property
    def sql(self) -> str:
        """Whether a row belongs to it."""
        asked = [] if self.days is None else [on_days(self.days)]
        asked += [] if self.feeds is None else [among(self.feeds)]
        asked += [f"({self.also})"] if self.also else []
        return " AND ".join(asked) or "true"
