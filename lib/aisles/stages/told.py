"""What the sampled records from which roles are inferred tell of a feed: languages and currency."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from aisles.feeds.roles import chosen
from aisles.feeds.samples import Samples
from aisles.feeds.settle import by_feed
from aisles.products.feed_currency import feed_currency
from aisles.products.feed_language import feed_languages, texts_of
from aisles.products.reading import Reading
from aisles.stages.sale_notes import with_sale_notes

Row = Mapping[str, Any]
Feed = tuple[str, str]  # network, retailer
_TEXTS = ("title", "description")  # roles whose columns carry the languages
_PRICES = ("price", "old_price")  # those that carry the currency
_DDL = "network string, retailer string, language string, currency string"
_SCHEMA = pa.schema([(part.split()[0], pa.string()) for part in _DDL.split(", ")])


@dataclass(frozen=True)
class Told:
    """Of one feed: its languages, ISO 639-1, joined by a space, and its currency, ISO 4217."""

    language: str | None = None
    currency: str | None = None


def told_in(rows: Iterable[Row]) -> Told:
    """What these rows of column_roles of one feed say."""
    known = list(rows)
    first = (next((r[n] for r in known if r.get(n)), None) for n in ("language", "currency"))
    return Told(*first)


def languages_in(rows: Iterable[Row]) -> tuple[str, ...]:
    """The languages (ISO 639-1) that these rows of column_roles of one feed name."""
    return tuple((told_in(rows).language or "").split())


def currency_in(rows: Iterable[Row]) -> str | None:
    """The currency (ISO 4217) that these rows of column_roles of one feed name."""
    return told_in(rows).currency


def told_of_feed(samples: pa.Table, rows: Sequence[Row], before: Told = Told()) -> Told:
    """What a feed's records tell, as column_roles has it.

    samples: hash and values of sampled records (`aisles.feeds.roles.sampled`). rows: the roles of
    its columns. before: what is stored, which stays where nothing speaks clearly against it.
    """
    roles = [(row["column"], row["role"], row["confidence"]) for row in rows if row["role"]]
    columns, maps = Reading.of(roles).columns, chosen(samples)
    languages = feed_languages(texts_of(maps, columns), (before.language or "").split())
    currency = feed_currency(maps, columns, languages, before.currency)
    return Told(" ".join(languages) or None, currency)


def saying(rows: Iterable[Row], told: Told) -> list[dict[str, Any]]:
    """The rows of column_roles of one feed with this on the columns that carry it."""
    return [
        {
            **row,
            "language": told.language if row["role"] in _TEXTS else None,
            "currency": told.currency if row["role"] in _PRICES else None,
        }
        for row in rows
    ]


def with_told(
    samples: Samples, rows: Iterable[Row], stored: Iterable[Row], doubtful: Collection[Feed]
) -> list[dict[str, Any]]:
    """The rows of column_roles of some feeds with what their records tell and notes on sale prices.

    stored: the rows as they were. doubtful: feeds of which records may lack: what is stored stays.
    """
    own, before = by_feed(rows), by_feed(stored)
    known = {feed: told_in(before.get(feed, ())) for feed in own}
    asked = {feed: own[feed] for feed in own if feed not in doubtful or not known[feed].language}
    told = known | _told(samples, asked, known)
    return [
        row for feed, of_feed in own.items() for row in with_sale_notes(saying(of_feed, told[feed]))
    ]


def _told(
    samples: Samples, asked: Mapping[Feed, Sequence[Row]], known: Mapping[Feed, Told]
) -> dict[Feed, Told]:
    """What those of the feeds tell whose records are among the samples."""

    def of_feed(table: pa.Table) -> pa.Table:
        feed = (table["network"][0].as_py(), table["retailer"][0].as_py())
        found = told_of_feed(table, asked[feed], known[feed])
        row = dict(zip(_SCHEMA.names, (*feed, found.language, found.currency), strict=True))
        return pa.Table.from_pylist([row], _SCHEMA)

    found = samples.of_feeds(of_feed, _DDL, asked, filled=True) if asked else []
    return {(n, r): Told(*told) for n, r, *told in (row.values() for row in found)}
