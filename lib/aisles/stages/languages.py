"""In which languages feeds are, told by the sampled records from which their roles are inferred."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from aisles.feeds.roles import chosen
from aisles.feeds.settle import by_feed
from aisles.products.feed_language import feed_languages, texts_of
from aisles.products.normalise import Reading
from aisles.stages.sale_notes import with_sale_notes

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

Row = Mapping[str, Any]
Feed = tuple[str, str]  # network, retailer
_TEXTS = ("title", "description")  # roles whose columns carry the languages
_TOLD = pa.schema([(name, pa.string()) for name in ("network", "retailer", "language")])
_DDL = "network string, retailer string, language string"


def languages_in(rows: Iterable[Row]) -> tuple[str, ...]:
    """The languages (ISO 639-1) that these rows of column_roles of one feed name."""
    return tuple(next((row["language"] for row in rows if row.get("language")), "").split())


def language_of_feed(samples: pa.Table, rows: Sequence[Row], before: Sequence[str]) -> str | None:
    """The languages of one feed, joined by a space, as column_roles has them.

    samples: hash and values of sampled records (`aisles.feeds.roles.sampled`). rows: the roles of
    its columns. before: the stored languages, which stay where nothing speaks clearly against them.
    """
    roles = [(row["column"], row["role"], row["confidence"]) for row in rows if row["role"]]
    texts = texts_of(chosen(samples), Reading.of(roles).columns)
    return " ".join(feed_languages(texts, before)) or None


def spoken(rows: Iterable[Row], language: str | None) -> list[dict[str, Any]]:
    """The rows of column_roles of one feed with these languages on titles and descriptions."""
    return [{**row, "language": language if row["role"] in _TEXTS else None} for row in rows]


def with_languages(
    samples: DataFrame, rows: Iterable[Row], stored: Iterable[Row], doubtful: Collection[Feed]
) -> list[dict[str, Any]]:
    """The rows of column_roles of some feeds with their languages and the notes on sale prices.

    stored: the rows as they were. doubtful: feeds of which records may lack: what is stored stays.
    """
    own, before = by_feed(rows), by_feed(stored)
    known = {feed: languages_in(before.get(feed, ())) for feed in own}
    asked = {feed: own[feed] for feed in own if feed not in doubtful or not known[feed]}
    told = {feed: " ".join(codes) or None for feed, codes in known.items()}
    told |= _told(samples, asked, known)
    return [
        row for feed, of_feed in own.items() for row in with_sale_notes(spoken(of_feed, told[feed]))
    ]


def _told(
    samples: DataFrame, asked: Mapping[Feed, Sequence[Row]], known: Mapping[Feed, Sequence[str]]
) -> dict[Feed, str | None]:
    """The languages of feeds whose records are among the samples."""

    def of_feed(table: pa.Table) -> pa.Table:
        feed = (table["network"][0].as_py(), table["retailer"][0].as_py())
        language = language_of_feed(table, asked[feed], known[feed]) if feed in asked else None
        return pa.Table.from_pylist([dict(zip(_TOLD.names, (*feed, language)))], _TOLD)

    filled = samples.where("values IS NOT NULL").groupBy("network", "retailer")
    found = filled.applyInArrow(of_feed, _DDL).collect() if asked else []
    return {(n, r): language for n, r, language in found if (n, r) in asked}
