"""From records as read to products: one row for every raw record, rejected ones with their reason.

The rows are pure functions of their record and of its feed's `Reading`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from aisles.batches import gathered
from aisles.parameters import with_parameters, within
from aisles.products import canonical
from aisles.products.alltext import all_text
from aisles.products.category import merchant_category, ranks_of, with_marks
from aisles.products.columns import Cells, Places, cells, first_filled, longest
from aisles.products.ids import gtins, link, merchant_ids, product_ids
from aisles.products.language import languages
from aisles.products.lead_time import availability_by_lead_time
from aisles.products.model_name import after_brand, is_model
from aisles.products.offer import offered, prices, sale_columns, without_specials
from aisles.products.quality import FIELDS, bits_of_quality, raw_filled
from aisles.products.quantity import quantities
from aisles.products.reading import Reading, Readings
from aisles.products.sale_dates import is_over, told_apart, without_sales
from aisles.products.slices import Feed, by_feed
from aisles.products.text import clean

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

Mend = Callable[[pa.StringArray], pa.StringArray]

_TEXT = (
    "merchant_product_id product_id title description brand gender color size price_minor "
    "old_price_minor currency image_url product_url gtin availability merchant_category all_text "
    "brand_canonical color_canonical gender_canonical language quantity quantity_unit pack_size "
    "content_hash reason"
)
_NUMBERS = {"quantity": pa.float64()} | dict.fromkeys(
    ("price_minor", "old_price_minor", "pack_size"), pa.int64()
)
PRODUCT_SCHEMA = pa.schema(
    [
        ("network", pa.string()),
        ("retailer", pa.string()),
        ("run_date", pa.date32()),
        ("file", pa.string()),
        ("record_no", pa.int64()),
        *((name, _NUMBERS.get(name, pa.string())) for name in _TEXT.split()),
        ("filled", pa.int64()),  # a bit a field: see aisles.products.quality
        ("valid", pa.int64()),  # likewise
        ("raw_hash", pa.string()),  # content_hash of the raw record
    ]
)
_SPARK_TYPES = {
    pa.string(): "string", pa.int64(): "bigint", pa.date32(): "date", pa.float64(): "double",
}  # fmt: skip
PRODUCT_DDL = ", ".join(f"{field.name} {_SPARK_TYPES[field.type]}" for field in PRODUCT_SCHEMA)

# What `content_hash` covers: all that a shop says about a product, and nothing of where it stood.
CONTENT = (
    "title", "description", "brand", "gender", "color", "size", "price_minor", "old_price_minor",
    "currency", "image_url", "product_url", "gtin", "availability", "merchant_category", "all_text",
)  # fmt: skip
# What is made of that content and of the feed's reading: it may differ where the content does not.
DERIVED = (
    "brand_canonical", "color_canonical", "gender_canonical", "language", "quantity",
    "quantity_unit", "pack_size", "filled", "valid",
)  # fmt: skip
_DELIVERY = ("network", "retailer", "run_date", "file", "record_no")
_OLD_PRICE = 1 << [field.name for field in FIELDS].index("old_price_minor")
# Roles whose cells are no words; merchant_category's come into all_text as one path.
_WORDLESS = (
    "price", "old_price", "currency", "image_url", "product_url", "merchant_product_id", "gtin",
    "availability", "merchant_category",
)  # fmt: skip


def normalise(readings: Readings) -> Callable[[DataFrame], DataFrame]:
    """A transform of raw_items into one row for every record, in the shape of PRODUCT_DDL.

    Order: network, retailer, run_date, file, record_no, the product's fields, reason (null when the
    record is kept), filled and valid (see aisles.products.quality), raw_hash. `resolve` in
    aisles.products.identity makes products of them.
    """

    def rows(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in gathered(batches):
            yield normalise_batch(batch, readings)

    return lambda raw: raw.mapInArrow(rows, PRODUCT_DDL)


def normalise_batch(
    batch: pa.RecordBatch, readings: Readings, mend: Mend = clean
) -> pa.RecordBatch:
    """One row of PRODUCT_SCHEMA for each record of a batch of raw_items, in the batch's order.

    Raises ValueError for a feed without a reading. `mend` is there to be left out in measurements.
    """

    def rows(part: pa.RecordBatch, feed: Feed) -> pa.RecordBatch:
        if feed not in readings:
            raise ValueError(
                f"feed {'/'.join(feed)}: no column roles; expected them among {len(readings)} "
                "feeds. Ingest the feed first, then run normalise: it infers and stores its roles"
            )
        return _feed_rows(part, readings[feed], mend)

    return by_feed(batch, rows, PRODUCT_SCHEMA)


def _feed_rows(batch: pa.RecordBatch, reading: Reading, mend: Mend) -> pa.RecordBatch:
    """The rows of records that belong to one feed."""
    maps = with_parameters(batch["values"], reading.read)
    read = cells(maps, mend)
    over = is_over(read, reading.sale, batch["run_date"]) if reading.sale else None
    fields = {name: batch[name] for name in _DELIVERY} | _fields(read, reading, over)
    own, gtin, url = (fields[name] for name in ("merchant_product_id", "gtin", "product_url"))
    fields["merchant_product_id"] = merchant_ids(own, gtin, url)
    fields["product_id"] = product_ids(batch, fields["merchant_product_id"])
    fields["content_hash"] = _content_hash(fields)
    fields["reason"] = _reason(fields)
    raw = raw_filled(read, maps, _priced(reading.columns))
    # An old price that was understood and is none, as 0, is as good as not stated.
    none = pc.and_(pc.is_valid(fields["old_price_read"]), pc.is_null(fields["old_price_minor"]))
    raw = pc.if_else(none, pc.bit_wise_and(raw, ~_OLD_PRICE), raw)
    fields["filled"], fields["valid"] = bits_of_quality(raw, fields)
    fields["raw_hash"] = told_apart(batch["content_hash"], over)
    return pa.RecordBatch.from_arrays(
        [fields[field.name].cast(field.type) for field in PRODUCT_SCHEMA], schema=PRODUCT_SCHEMA
    )


def _priced(roles: Mapping[str, Sequence[str]]) -> dict[str, Sequence[str]]:
    """The columns of each role; those of the old price may give the price as well."""
    either = [*roles.get("price", ()), *roles.get("old_price", ())]
    return {**roles, "price": either}


def _fields(
    read: Cells, reading: Reading, over: pa.BooleanArray | None = None
) -> dict[str, pa.Array]:
    """The product's fields, by name. over: the records of which no price of a sale holds."""
    roles = reading.columns

    def columns(role: str) -> list[Places]:
        return [read.column(name) for name in roles.get(role, [])]

    def first(role: str) -> Places:
        return first_filled(columns(role), read.records)

    words = [
        first("title"),
        longest(read.texts, columns("description"), read.records),
        *(first(role) for role in ("brand", "colour", "size", "gender")),
    ]
    texts, slashed = read.texts, [read.column(name) for name in reading.slashed]
    texts = with_marks(texts, slashed) if slashed else texts
    ranks = ranks_of(roles.get("merchant_category", ()))
    category = merchant_category(texts, columns("merchant_category"), read.records, ranks)
    stated = read.take(first("currency"))
    told = (stated, reading.habit, reading.minor, reading.currency)
    usual, special = without_specials(roles.get("price", ()))
    priced = read
    if over is not None and reading.sale:
        either = [*roles.get("price", ()), *roles.get("old_price", ())]
        priced = without_sales(read, either, reading.sale, over)
    now, before = (prices(priced, names, *told) for names in (usual, roles.get("old_price", ())))
    sales = [*special, *sale_columns(read.names, {*reading.read} | reading.unread)]
    sale = prices(priced, sales, *told) if sales else None
    offer = offered(now, before, sale)
    skipped = {name for role in _WORDLESS for name in roles.get(role, [])} | reading.constant
    skipped |= {name for name in reading.read if within(name)}  # their texts stand elsewhere too
    names = ("title", "description", "brand", "color", "size", "gender")
    said = dict(zip(names, (read.take(places) for places in words), strict=True))
    models = [read.column(name) for name in roles.get("title", [])[1:] if is_model(name)]
    if models:
        by_model = (words[0] >= 0) & (words[0] == first_filled(models, read.records))
        said["title"] = after_brand(said["title"], said["brand"], np.flatnonzero(by_model))
    quantity, unit, packs = quantities(said["size"], said["title"])
    return said | {
        "price_minor": offer.price,
        "old_price_minor": offer.old_price,
        "old_price_read": before.amounts,
        "currency": offer.currency,
        "image_url": link(read, roles.get("image_url", [])),
        "product_url": link(read, roles.get("product_url", [])),
        "gtin": gtins(read, roles.get("gtin", ())),
        "availability": _availability(read, reading),
        "merchant_category": category,
        "all_text": all_text(read, words, category, skipped),
        "brand_canonical": canonical.brand_canonical(said["brand"]),
        "color_canonical": canonical.color_canonical(said["color"]),
        "gender_canonical": canonical.gender_canonical(said["gender"]),
        "language": languages(said["title"], said["description"], reading.languages),
        "quantity": quantity,
        "quantity_unit": unit,
        "pack_size": packs,
        "merchant_product_id": read.take(first("merchant_product_id")),
    }


def _availability(read: Cells, reading: Reading) -> pa.StringArray:
    names = reading.columns.get("availability", ())
    texts = read.take(first_filled(map(read.column, names), read.records))
    if reading.lead.intersection(names):
        return availability_by_lead_time(texts)
    return canonical.availability_canonical(texts)


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
    sha1 = hashlib.sha1
    # The loop of normalise that every record goes through: no call more than there must be.
    return pa.array(
        [sha1(content[a:b], usedforsecurity=False).hexdigest() for a, b in pairwise(ends)],
        pa.string(),
    )
