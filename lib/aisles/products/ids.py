"""Which product a record speaks of: its id, found without cleaning the rest of the record."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.compute as pc

from aisles.products.columns import Cells, cells, first_filled, first_valid, only
from aisles.products.gtin import canonical_gtin
from aisles.products.reading import Reading
from aisles.products.sale_dates import is_over, told_apart
from aisles.products.slices import Feed, by_feed
from aisles.products.text import clean

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

# The roles of which one names the product, the first that does.
ROLES = ("merchant_product_id", "gtin", "product_url")
IDENTITY_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("network", "retailer", "file")),
        ("record_no", pa.int64()),
        ("product_id", pa.string()),
        ("raw_hash", pa.string()),
    ]
)
IDENTITY_DDL = (
    "network string, retailer string, file string, record_no bigint, product_id string,"
    " raw_hash string"
)
# A list or object written out in one cell: `["https:\\/\\/a.example\\/1.jpg", "..."]`.
_LISTED = r"^[\[{\"'<]"
_IN_LIST = (
    r"(?i)^[\[{\"'<](?:.*?[\[\s\"'{<,:])??"
    r"(?P<link>(?:https?:)?\\?/\\?/[^\s\"'<>/\\][^\s\"'<>\[\]{}]*)"
)
_HOST = r"(?:[a-z0-9-]+\.)+[a-z]{2,18}/[^\s]*[/.?=0-9]"
_START = rf"(?:(?:https?:)?\\?/\\?/[^\s/]|www\.[^\s]|https?%3A%2F%2F|{_HOST})"
_URL = rf"(?i)^[\s,;|]*{_START}|{_IN_LIST}"
# Two links in one cell, words behind a picture, the ends of a list (Tradedoubler: `...jpg::`).
_URL_JUNK = (
    r"(?i)[;,:]*[\s|][\s,;|]*(?:(?:https?:)?//|www\.).*$|[;,]*[\s|]+$"
    r"|(?:[;,^]|::)+(?:(?:https?:)?//.*|https?)?$|:$"
)
_WORDS_BEHIND = r"(?i)^(?P<link>.*?\.(?:jpe?g|png|gif|webp|avif))[;,:]*[\s|].*$"
# Nothing to mend: what nearly all links of most feeds are.
_PLAIN = (
    r"""(?i)^https?://[^\s/,;|:^<>"'\\]+(?::[0-9]+)?"""
    r"""(?:[/?#](?:[^\s,;|^<>"'\\]*[^\s,;|:^<>"'\\])?)?$"""
)
_BEFORE = r"^[\s,;|]+"
_UNUSUAL = r"(?i)\s|^//|^www\.|^https?%3A|\\/|^(?:https?://){2}"


def link(read: Cells, columns: Sequence[str]) -> pa.StringArray:
    """The first link of each record in these columns, null where none holds one."""
    links = [only(read.texts, read.column(name), _URL) for name in columns]
    return _trimmed(read.take(first_filled(links, read.records)))


def first_text(read: Cells, columns: Sequence[str]) -> pa.StringArray:
    """The first text of each record in these columns."""
    return read.take(first_filled([read.column(name) for name in columns], read.records))


def gtins(read: Cells, columns: Sequence[str]) -> pa.StringArray:
    """The first valid GTIN of each record in these columns."""
    return first_valid(canonical_gtin, map(read.take, map(read.column, columns)), read.records)


def merchant_ids(own: pa.StringArray, gtin: pa.StringArray, url: pa.StringArray) -> pa.StringArray:
    """merchant_product_id; without an own id the GTIN or a hash of the link is it.

    These carry a prefix (`gtin:`, `url:`), so that they never meet an id that a shop gave.
    """
    if not own.null_count:
        return own
    coded = pc.binary_join_element_wise("gtin:", gtin, "")
    missing = pc.and_(pc.is_null(own), pc.is_null(coded))
    links = pc.if_else(missing, url, None).to_pylist()
    hashed = [text and f"url:{_digest(text)}" for text in links]
    return pc.coalesce(own, coded, pa.array(hashed, pa.string()))


def product_ids(batch: pa.RecordBatch, merchant: pa.StringArray) -> pa.StringArray:
    """network/retailer/merchant_product_id."""
    return pc.binary_join_element_wise(batch["network"], batch["retailer"], merchant, "/")


def identities(
    readings: Mapping[Feed, Reading],
) -> Callable[[DataFrame], DataFrame]:
    """A transform of raw_items into one row for each record: where it stands and its product_id.

    Only the cells that can name the product are cleaned, and dates of sales: a small part of what
    `normalise` costs, and the same ids and raw_hash.
    """

    def rows(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield by_feed(
                batch, lambda part, feed: identified(part, readings[feed]), IDENTITY_SCHEMA
            )

    return lambda raw: raw.mapInArrow(rows, IDENTITY_DDL)


def identified(batch: pa.RecordBatch, reading: Reading) -> pa.RecordBatch:
    """The same of records of one feed."""
    roles, sale = reading.columns, reading.sale
    named = {name for role in ROLES for name in roles.get(role, ())}
    named |= sale.columns if sale else set()
    read = cells(batch["values"], clean, named)
    own, url = first_text(read, roles.get(ROLES[0], ())), link(read, roles.get(ROLES[2], ()))
    gtin = gtins(read, roles.get(ROLES[1], ()))
    ids = product_ids(batch, merchant_ids(own, gtin, url))
    kept = [batch[name] for name in ("network", "retailer", "file", "record_no")]
    over = is_over(read, sale, batch["run_date"]) if sale else None
    hashes = told_apart(batch["content_hash"], over)
    return pa.RecordBatch.from_arrays([*kept, ids, hashes], schema=IDENTITY_SCHEMA)


def signature() -> Column:
    """An aggregate over the records of one product in a delivery: equal where nothing changed.

    The hash of the only record, or of all of them in their order: which of them wins depends on it.
    """
    from pyspark.sql import functions as F

    several = F.collect_list(F.struct("file", "record_no", "raw_hash"))
    return F.when(F.count("*") == 1, F.first("raw_hash")).otherwise(joined(several))


def joined(records: Column | str) -> Column:
    """The hash of a list of struct<file, record_no, raw_hash>, whatever its order."""
    from pyspark.sql import functions as F

    hashes = F.transform(F.array_sort(records), lambda one: one["raw_hash"])
    return F.md5(F.array_join(hashes, ","))


def _trimmed(urls: pa.StringArray) -> pa.StringArray:
    """The first link of each cell as an address: without what a list of links leaves around it,
    with a scheme, spaces escaped."""
    plain = pc.match_substring_regex(urls, _PLAIN)
    odd = pc.fill_null(pc.invert(plain), False)
    return (
        pc.replace_with_mask(urls, odd, _mended(urls.filter(odd))) if pc.any(odd).as_py() else urls
    )


def _mended(urls: pa.StringArray) -> pa.StringArray:
    urls = _where(urls, _BEFORE, lambda some: pc.replace_substring_regex(some, _BEFORE, ""))
    urls = _where(urls, _LISTED, _first_listed)
    urls = _where(urls, _WORDS_BEHIND, _before_words)
    urls = _where(urls, _URL_JUNK, lambda some: pc.replace_substring_regex(some, _URL_JUNK, ""))
    return _where(urls, rf"{_UNUSUAL}|^{_HOST}", _written)


def _written(urls: pa.StringArray) -> pa.StringArray:
    """Unusual links, a few of many, as browsers write them."""
    return pa.array([_plain(url) for url in urls.to_pylist()], pa.string())


def _plain(url: str) -> str:
    url = url.strip().replace("\\/", "/")
    if re.match(r"(?i)https?%3A%2F%2F", url):
        url = unquote(url)
    url = re.sub(r"(?i)^(?:https?://)+(?=https?://)", "", url)
    if url.startswith("//"):
        url = f"https:{url}"
    elif not re.match(r"(?i)https?://", url):
        url = f"https://{url}"
    return re.sub(r"\s", "%20", url)


def _before_words(cells: pa.StringArray) -> pa.StringArray:
    return pc.struct_field(pc.extract_regex(cells, _WORDS_BEHIND), "link")


def _first_listed(cells: pa.StringArray) -> pa.StringArray:
    """The first link of each cell that is a written list, its slashes unescaped."""
    found = pc.struct_field(pc.extract_regex(cells, _IN_LIST), "link")
    return pc.replace_substring(found, "\\/", "/")


def _where(
    texts: pa.StringArray, pattern: str, change: Callable[[pa.StringArray], pa.StringArray]
) -> pa.StringArray:
    """The texts, those changed in which an RE2 pattern is found."""
    hit = pc.fill_null(pc.match_substring_regex(texts, pattern), False)
    if not pc.any(hit).as_py():
        return texts
    return pc.replace_with_mask(texts, hit, change(texts.filter(hit)))


def _digest(text: str) -> str:
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
