"""From records as read to products: one row for every raw record, rejected ones with their reason.

The rows are pure functions of their record and of its feed's roles, but for one thing: how a price
column writes its decimals is looked up in the batch (see aisles.products.price).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from aisles.products import canonical
from aisles.products.alltext import all_text
from aisles.products.category import merchant_category
from aisles.products.columns import Cells, Places, cells, first_filled, longest, only
from aisles.products.gtin import canonical_gtin
from aisles.products.price import parse_prices
from aisles.products.text import clean

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

Role = tuple[str, str, float]
Roles = Mapping[tuple[str, str], Sequence[Role]]
Columns = Mapping[tuple[str, str], Collection[str]]
Mend = Callable[[pa.StringArray], pa.StringArray]

_TEXT = (
    "merchant_product_id product_id title description brand gender color size price_minor "
    "old_price_minor currency image_url product_url gtin availability merchant_category all_text "
    "brand_canonical color_canonical gender_canonical content_hash reason"
)
_LONG = ("price_minor", "old_price_minor")
PRODUCT_SCHEMA = pa.schema(
    [
        ("network", pa.string()),
        ("retailer", pa.string()),
        ("run_date", pa.date32()),
        ("file", pa.string()),
        ("record_no", pa.int64()),
        *((name, pa.int64() if name in _LONG else pa.string()) for name in _TEXT.split()),
    ]
)
_SPARK_TYPES = {pa.string(): "string", pa.int64(): "bigint", pa.date32(): "date"}
PRODUCT_DDL = ", ".join(f"{field.name} {_SPARK_TYPES[field.type]}" for field in PRODUCT_SCHEMA)

# What `content_hash` covers: all that a shop says about a product, and nothing of where it stood.
CONTENT = (
    "title", "description", "brand", "gender", "color", "size", "price_minor", "old_price_minor",
    "currency", "image_url", "product_url", "gtin", "availability", "merchant_category", "all_text",
)  # fmt: skip
_DELIVERY = ("network", "retailer", "run_date", "file", "record_no")
_CONSTANT = "constant"  # stands among the roles for columns without one that are to be skipped
# Roles whose cells are no words; merchant_category's come into all_text as one path.
_WORDLESS = (
    "price", "old_price", "currency", "image_url", "product_url", "merchant_product_id", "gtin",
    "availability", "merchant_category", _CONSTANT,
)  # fmt: skip
_URL = r"(?i)^(?:https?:)?//[^\s/]|^www\.[^\s]"
# Two links in one cell, or the ends of a list of them (Tradedoubler writes `...jpg::`).
_URL_JUNK = r"[\s|].*$|(?:[;,]|::)+(?:(?i:https?:)?//.*)?$|:$"


def normalise(roles: Roles, constant: Columns | None = None) -> Callable[[DataFrame], DataFrame]:
    """A transform of raw_items into one row for every record, in the shape of PRODUCT_DDL.

    Order: network, retailer, run_date, file, record_no, the product's fields, reason (null when the
    record is kept). `resolve` in aisles.products.identity makes products of them.

    constant: columns of each feed that say the same of all its products (see `constant_columns`);
    they are left out of all_text, or the model would learn the shop by its name.
    """

    def rows(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield normalise_batch(batch, roles, constant)

    return lambda raw: raw.mapInArrow(rows, PRODUCT_DDL)


def constant_columns(raw: DataFrame, at_least: int = 100) -> dict[tuple[str, str], frozenset[str]]:
    """For each feed in raw_items the columns that hold one and the same text in all records.

    Only columns filled in at least so many records count: a few equal cells prove nothing.
    """
    from pyspark.sql import functions as F

    found = (
        raw.select("network", "retailer", F.explode("values").alias("column", "text"))
        .groupBy("network", "retailer", "column")
        .agg(F.min("text").alias("low"), F.max("text").alias("high"), F.count("*").alias("filled"))
        .where((F.col("low") == F.col("high")) & (F.col("filled") >= at_least))
        .groupBy("network", "retailer")
        .agg(F.collect_list("column").alias("columns"))
    )
    return {(row[0], row[1]): frozenset(row[2]) for row in found.collect()}


def normalise_batch(
    batch: pa.RecordBatch, roles: Roles, constant: Columns | None = None, mend: Mend = clean
) -> pa.RecordBatch:
    """One row of PRODUCT_SCHEMA for each record of a batch of raw_items, in the batch's order.

    Raises ValueError for a feed without roles. `mend` is there to be left out in measurements.
    """
    coded = pc.binary_join_element_wise(
        batch["network"], batch["retailer"], "\n"
    ).dictionary_encode()
    codes = coded.indices.to_numpy()
    parts, places = [_empty()], []
    for code, feed in enumerate(coded.dictionary.to_pylist()):
        here = np.flatnonzero(codes == code)
        rows = batch if len(here) == len(batch) else batch.take(pa.array(here))
        columns = _roles_of(tuple(feed.split("\n")), roles, constant or {})
        parts.append(_feed_rows(rows, columns, mend))
        places.append(here)
    if len(places) < 2:
        return parts[-1]
    table = pa.Table.from_batches(parts).take(pa.array(np.argsort(np.concatenate(places))))
    return table.combine_chunks().to_batches()[0]


def _empty() -> pa.RecordBatch:
    nothing = [pa.array([], field.type) for field in PRODUCT_SCHEMA]
    return pa.RecordBatch.from_arrays(nothing, schema=PRODUCT_SCHEMA)


def _roles_of(feed: tuple[str, ...], roles: Roles, constant: Columns) -> dict[str, list[str]]:
    """The columns of each role, those of higher confidence first, else in the order given."""
    network, retailer = feed
    if (network, retailer) not in roles:
        raise ValueError(
            f"feed {network}/{retailer}: no column roles; expected them among {len(roles)} feeds. "
            "Ingest the feed first: it infers and stores its roles"
        )
    columns: dict[str, list[str]] = {}
    for column, role, _ in sorted(roles[network, retailer], key=lambda item: -item[2]):
        columns.setdefault(role, []).append(column)
    return columns | {_CONSTANT: list(constant.get((network, retailer), ()))}


def _feed_rows(batch: pa.RecordBatch, roles: dict[str, list[str]], mend: Mend) -> pa.RecordBatch:
    """The rows of records that belong to one feed."""
    read = cells(batch["values"], mend)
    fields = {name: batch[name] for name in _DELIVERY} | _fields(read, roles)
    fields |= _identity(batch, fields)
    fields["content_hash"] = _content_hash(fields)
    fields["reason"] = _reason(fields)
    return pa.RecordBatch.from_arrays(
        [fields[field.name].cast(field.type) for field in PRODUCT_SCHEMA], schema=PRODUCT_SCHEMA
    )


def _fields(read: Cells, roles: dict[str, list[str]]) -> dict[str, pa.Array]:
    """The product's fields, by name."""

    def columns(role: str) -> list[Places]:
        return [read.column(name) for name in roles.get(role, [])]

    def first(role: str) -> Places:
        return first_filled(columns(role), read.records)

    def link(role: str) -> pa.StringArray:
        links = [only(read.texts, places, _URL) for places in columns(role)]
        return _trimmed(read.take(first_filled(links, read.records)))

    words = [
        first("title"),
        longest(read.texts, columns("description"), read.records),
        *(first(role) for role in ("brand", "colour", "size", "gender")),
    ]
    category = merchant_category(read.texts, columns("merchant_category"), read.records)
    stated = read.take(first("currency"))
    price, currency = parse_prices(read.take(first("price")), stated)
    old_price, old_currency = parse_prices(read.take(first("old_price")), stated)
    skipped = {name for role in _WORDLESS for name in roles.get(role, [])}
    names = ("title", "description", "brand", "color", "size", "gender")
    texts = dict(zip(names, (read.take(places) for places in words), strict=True))
    return texts | {
        "price_minor": price,
        "old_price_minor": old_price,
        "currency": pc.coalesce(currency, old_currency),
        "image_url": link("image_url"),
        "product_url": link("product_url"),
        "gtin": canonical_gtin(read.take(first("gtin"))),
        "availability": canonical.availability_canonical(read.take(first("availability"))),
        "merchant_category": category,
        "all_text": all_text(read, words, category, skipped),
        "brand_canonical": canonical.brand_canonical(texts["brand"]),
        "color_canonical": canonical.color_canonical(texts["color"]),
        "gender_canonical": canonical.gender_canonical(texts["gender"]),
        "merchant_product_id": read.take(first("merchant_product_id")),
    }


def _trimmed(urls: pa.StringArray) -> pa.StringArray:
    """The first link of each cell, without what a list of links leaves at its end."""
    junk = pc.fill_null(pc.match_substring_regex(urls, _URL_JUNK), False)
    if not pc.any(junk).as_py():
        return urls
    return pc.replace_with_mask(
        urls, junk, pc.replace_substring_regex(urls.filter(junk), _URL_JUNK, "")
    )


def _identity(batch: pa.RecordBatch, fields: dict[str, pa.Array]) -> dict[str, pa.Array]:
    """merchant_product_id and product_id; without an own id the GTIN or a hash of the link is it.

    These carry a prefix (`gtin:`, `url:`), so that they never meet an id that a shop gave.
    """
    own = fields["merchant_product_id"]
    if own.null_count:
        gtin = pc.binary_join_element_wise("gtin:", fields["gtin"], "")
        missing = pc.and_(pc.is_null(own), pc.is_null(gtin))
        links = pc.if_else(missing, fields["product_url"], None).to_pylist()
        hashed = [link and f"url:{_digest(link.encode())}" for link in links]
        own = pc.coalesce(own, gtin, pa.array(hashed, pa.string()))
    whole = pc.binary_join_element_wise(batch["network"], batch["retailer"], own, "/")
    return {"merchant_product_id": own, "product_id": whole}


def _reason(fields: dict[str, pa.Array]) -> pa.StringArray:
    """Why a record is no product: empty_record, no_id, or null when it is one."""
    named = pc.or_(pc.is_valid(fields["title"]), pc.is_valid(fields["description"]))
    linked = pc.or_(pc.is_valid(fields["product_url"]), pc.is_valid(fields["image_url"]))
    no_id = pc.if_else(pc.is_null(fields["product_id"]), "no_id", pa.scalar(None, pa.string()))
    return pc.if_else(pc.or_(named, linked), no_id, "empty_record")


def _content_hash(fields: dict[str, pa.Array]) -> pa.StringArray:
    """SHA-1 of the cleaned fields, hex; equal for equal content wherever the record stood."""
    texts = [pc.fill_null(fields[name].cast(pa.string()), "") for name in CONTENT]
    joined = pc.binary_join_element_wise(*texts, "\x1f")
    content = memoryview(joined.buffers()[2])
    ends = np.frombuffer(joined.buffers()[1], np.int32)[: len(joined) + 1].tolist()
    return pa.array([_digest(content[start:end]) for start, end in pairwise(ends)], pa.string())


def _digest(content: bytes | memoryview) -> str:
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()
