"""Categorical and numerical inputs of one chunk of products."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from aisles.config import EncoderConfig
from aisles.encode.hashing import Ints, UInts, bucket, hash_strings, salted
from aisles.encode.text import Text, fold

# Neither retailer nor network is an input: the model has to carry over to shops that it has
# never seen, and a shop's name would let it learn a look-up of that shop's own habits.
CATEGORICAL = (
    "brand_canonical",
    "merchant_category",
    "merchant_category first level",
    "merchant_category last level",
    "gender_canonical",
    "color_canonical",
    "size",
    "currency",
)
NUMERICAL = (
    "log price",
    "discount share",
    "title words",
    "description words",
    "has description",
    "has brand",
    "has category",
    "category depth",
)

# Minor units (10^-exponent of ISO 4217, 2 where unlisted) that one euro buys: ROUGH, good to a
# factor of about two, which is nothing beside the five orders of magnitude that prices span.
# A currency that is not listed reads as 100 minor units a euro.
_MINOR_PER_EURO = {
    "AED": 400, "ARS": 100_000, "AUD": 170, "BDT": 12_500, "BGN": 200, "BHD": 410, "BRL": 600,
    "CAD": 150, "CHF": 95, "CLP": 1_000, "CNY": 780, "COP": 450_000, "CZK": 2_500, "DKK": 750,
    "EGP": 5_000, "EUR": 100, "GBP": 85, "HKD": 850, "HUF": 39_000, "IDR": 1_700_000, "ILS": 400,
    "INR": 9_000, "ISK": 150, "JOD": 770, "JPY": 160, "KES": 14_000, "KRW": 1_450, "KWD": 330,
    "LKR": 32_000, "MAD": 1_080, "MXN": 2_000, "MYR": 500, "NGN": 160_000, "NOK": 1_150,
    "NZD": 185, "OMR": 420, "PEN": 400, "PHP": 6_200, "PKR": 30_000, "PLN": 430, "QAR": 400,
    "RON": 500, "RUB": 9_500, "SAR": 400, "SEK": 1_130, "SGD": 145, "THB": 3_800, "TND": 3_400,
    "TRY": 4_000, "TWD": 3_500, "UAH": 4_500, "USD": 110, "UYU": 4_500, "VND": 27_000,
    "ZAR": 2_000,
}  # fmt: skip


def categorical(
    columns: Mapping[str, pa.Array], category: Text, config: EncoderConfig
) -> NDArray[np.int32]:
    """int32 (rows, categorical): one hash bucket a field of CATEGORICAL, 0 where it is missing."""
    rows = len(columns["currency"])
    out = np.zeros((rows, config.categorical), np.int32)
    first, last = _end_levels(category, rows)
    for place, name in enumerate(CATEGORICAL[: config.categorical]):
        if name.endswith("first level"):
            hashes, present = first
        elif name.endswith("last level"):
            hashes, present = last
        else:
            hashes, present = _whole(columns[name])
        out[present, place] = bucket(salted(hashes, 201 + place), config.buckets)[present]
    return out


def numerical(
    columns: Mapping[str, pa.Array], texts: Mapping[str, Text], config: EncoderConfig
) -> NDArray[np.float32]:
    """float32 (rows, numerical): the fields of NUMERICAL on about unit scale, 0 where missing."""
    price, old = _whole_number(columns["price_minor"]), _whole_number(columns["old_price_minor"])
    brand = _filled(columns["brand_canonical"]) | _filled(columns["brand"])
    category = texts["merchant_category"]
    title_words, description_words, depth = (
        text.counts(spans).astype(np.float64)
        for text, spans in (
            (texts["title"], texts["title"].words),
            (texts["description"], texts["description"].words),
            (category, category.levels()),
        )
    )
    fields = [
        _log_price(price, columns["currency"]),
        np.where((price > 0) & (old > price), 1.0 - price / np.maximum(old, 1.0), 0.0),
        np.log1p(title_words) / 3.0,
        np.log1p(description_words) / 5.0,
        description_words > 0,
        brand,
        depth > 0,
        depth / 5.0,
    ]
    out = np.zeros((len(price), config.numerical), np.float32)
    for place, field in enumerate(fields[: config.numerical]):
        out[:, place] = field
    return out


def _log_price(price: NDArray[np.float64], currency: pa.Array) -> NDArray[np.float64]:
    """About -1.5 for one euro, 0 for 30 euros, 1.5 for 1,000 euros; 0 where there is no price."""
    text = pc.ascii_upper(pc.ascii_trim_whitespace(pc.fill_null(currency.cast(pa.string()), "")))
    place = pc.index_in(text, value_set=pa.array(list(_MINOR_PER_EURO)))
    per_euro = np.array([*_MINOR_PER_EURO.values(), 100.0])
    divisor = per_euro[pc.fill_null(place, -1).to_numpy(zero_copy_only=False)]
    euros = np.maximum(price, 1.0) / divisor
    return np.where(price > 0, np.clip((np.log(euros) - np.log(30.0)) / 2.3, -3.0, 3.0), 0.0)


def _end_levels(
    category: Text, rows: int
) -> tuple[tuple[UInts, NDArray[np.bool_]], tuple[UInts, NDArray[np.bool_]]]:
    """(hash, present) a row for the first and for the last level of the shop's category."""
    levels = category.levels()
    hashes = category.hash(levels)
    first, last = np.zeros(rows, np.uint64), np.zeros(rows, np.uint64)
    is_first = levels.rank == 0
    is_last = np.append(is_first[1:], True) if len(hashes) else is_first
    first[levels.row[is_first]] = hashes[is_first]
    last[levels.row[is_last]] = hashes[is_last]
    present = category.counts(levels) > 0
    return (first, present), (last, present)


def _whole(column: pa.Array) -> tuple[UInts, NDArray[np.bool_]]:
    text = pc.utf8_trim_whitespace(fold(column, 400))
    return hash_strings(text), _true(pc.not_equal(text, ""))


def _filled(column: pa.Array) -> NDArray[np.bool_]:
    text = pc.utf8_trim_whitespace(pc.fill_null(column.cast(pa.string()), ""))
    return _true(pc.not_equal(text, ""))


def _true(mask: pa.BooleanArray) -> NDArray[np.bool_]:
    return mask.to_numpy(zero_copy_only=False)


def _whole_number(column: pa.Array) -> NDArray[np.float64]:
    filled: Ints = pc.fill_null(column.cast(pa.int64()), 0).to_numpy(zero_copy_only=False)
    return filled.astype(np.float64)
