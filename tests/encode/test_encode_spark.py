"""Encoding inside Spark: key columns pass through, inputs equal the local ones."""

import typing

import pyarrow as pa

from aisles.config import EncoderConfig
from aisles.encode import COLUMNS, OUTPUTS, encode, encode_batch

if typing.TYPE_CHECKING:
    from pyspark.sql import SparkSession


def test_key_columns_pass_through(spark: "SparkSession") -> None:
    schema = ", ".join(f"{name} {'long' if 'price' in name else 'string'}" for name in COLUMNS)
    values = [
        ("a/b/1", "h1", b"\x01", *["red shoe" if name == "title" else None for name in COLUMNS]),
        ("a/b/2", "h2", None, *[None for _ in COLUMNS]),
    ]
    products = spark.createDataFrame(
        values, f"product_id string, content_hash string, image binary, {schema}"
    )
    encoded = products.transform(encode(EncoderConfig(), ("product_id", "image")))
    assert encoded.columns == ["product_id", "image", *OUTPUTS]
    rows = sorted(encoded.collect())
    assert [(row.product_id, row.image) for row in rows] == [("a/b/1", b"\x01"), ("a/b/2", None)]
    arrays = {
        name: pa.array([row[3 + place] for row in values], pa.int64() if "price" in name else None)
        for place, name in enumerate(COLUMNS)
    }
    local = encode_batch(pa.record_batch(arrays), EncoderConfig())
    for place, row in enumerate(rows):
        assert [bytes(row[name]) for name in OUTPUTS] == [
            local.column(name)[place].as_py() for name in OUTPUTS
        ]
