"""Products to the model's inputs of fixed width; works without a JVM and without torch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from aisles.config import EncoderConfig
from aisles.encode.features import bag, read_texts, tokens
from aisles.encode.fields import categorical, numerical
from aisles.encode.split import split_key, split_of

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["COLUMNS", "OUTPUTS", "encode", "encode_batch", "split_key", "split_of"]

# Columns of products that are read.
COLUMNS = (
    "title", "description", "merchant_category", "brand", "size", "price_minor",
    "old_price_minor", "currency", "all_text", "brand_canonical", "color_canonical",
    "gender_canonical",
)  # fmt: skip
OUTPUTS = ("tokens", "bag", "categorical", "numerical")

_CHUNK_ROWS = 512  # keeps the hash tables of a chunk's text in the processor's cache


def encode(
    config: EncoderConfig, keep: Sequence[str] = ("product_id", "content_hash")
) -> Callable[[DataFrame], DataFrame]:
    """A transform whose output row is one product: the columns of `keep`, then its inputs.

    keep: names of columns that pass through as they are.
    """

    def transform(products: DataFrame) -> DataFrame:
        from pyspark.sql.types import BinaryType, StructType

        schema = StructType([products.schema[name] for name in keep])
        for name in OUTPUTS:
            schema = schema.add(name, BinaryType(), nullable=False)
        wanted = list(dict.fromkeys([*keep, *COLUMNS]))
        return products.select(*wanted).mapInArrow(_batches(config, keep), schema)

    return transform


def encode_batch(batch: pa.RecordBatch, config: EncoderConfig) -> pa.RecordBatch:
    """One row a product, in order: tokens, bag, categorical, numerical as packed binary.

    tokens: int32[config.tokens]; bag: int32[config.bag]; categorical: int32[config.categorical];
    numerical: float32[config.numerical], all little-endian; 0 is padding or missing. The same
    product gives the same bytes in any batch, process and platform. Raises ValueError where a
    column of COLUMNS is missing.
    """
    missing = [name for name in COLUMNS if name not in batch.schema.names]
    if missing:
        raise ValueError(
            f"encode: products lack the column {', '.join(missing)}; expected {', '.join(COLUMNS)}"
        )
    chunks = [
        _encode_chunk(batch.slice(first, _CHUNK_ROWS), config)
        for first in range(0, batch.num_rows, _CHUNK_ROWS)
    ] or [_empty(config)]
    arrays = [_pack(np.concatenate(parts)) for parts in zip(*chunks)]
    return pa.record_batch(arrays, schema=_SCHEMA)


def _batches(
    config: EncoderConfig, keep: Sequence[str]
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def run(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            inputs = encode_batch(batch, config)
            kept = [batch.column(name) for name in keep]
            yield pa.record_batch([*kept, *inputs.columns], names=[*keep, *OUTPUTS])

    return run


def _encode_chunk(batch: pa.RecordBatch, config: EncoderConfig) -> tuple[NDArray, ...]:
    columns = {name: batch.column(name) for name in COLUMNS}
    texts = read_texts(columns)
    return (
        tokens(texts, batch.num_rows, config),
        bag(texts, batch.num_rows, config),
        categorical(columns, texts["merchant_category"], config),
        numerical(columns, texts, config),
    )


def _empty(config: EncoderConfig) -> tuple[NDArray, ...]:
    return (
        np.zeros((0, config.tokens), np.int32),
        np.zeros((0, config.bag), np.int32),
        np.zeros((0, config.categorical), np.int32),
        np.zeros((0, config.numerical), np.float32),
    )


def _pack(rows: NDArray) -> pa.Array:
    """A binary column that holds one row of a matrix each, without copying row by row."""
    little = np.ascontiguousarray(rows, rows.dtype.newbyteorder("<"))
    width = rows.shape[1] * rows.dtype.itemsize
    offsets = np.arange(len(rows) + 1, dtype=np.int64) * width
    assert offsets[-1] < 2**31, "a binary Arrow column holds at most 2 GiB; use smaller batches"
    data = [None, pa.py_buffer(offsets.astype(np.int32)), pa.py_buffer(little)]
    return pa.Array.from_buffers(pa.binary(), len(rows), data)


_SCHEMA = pa.schema([pa.field(name, pa.binary(), nullable=False) for name in OUTPUTS])
