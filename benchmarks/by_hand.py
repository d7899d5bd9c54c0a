"""What a shop would write instead of ingest and normalise: column names spelt out, no cleaning.

The reference of `benchmarks/ingest.py`. Its names come from the answer key that the simulator
leaves beside its feeds. Spark's own readers parse; every file becomes rows of the same two tables.
"""

from __future__ import annotations

import datetime as dt
import json
from concurrent.futures import ThreadPoolExecutor
from functools import reduce
from pathlib import Path
from typing import Any

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

FIELDS = {
    "title": "title",
    "description": "description",
    "brand": "brand",
    "gender": "gender",
    "color": "colour",
    "size": "size",
    "image_url": "image_url",
    "product_url": "product_url",
    "gtin": "gtin",
    "availability": "availability",
    "merchant_category": "merchant_category",
    "currency": "currency",
}


def run(spark: SparkSession, sample: Path, tables: Path, day: dt.date) -> None:
    """Writes raw_items and products of all feeds of a simulated sample."""
    keys = [json.loads(path.read_text()) for path in sorted((sample / "roles").glob("*.json"))]
    frames = [(key, _read(spark, sample, key)) for key in keys]
    raw = reduce(DataFrame.unionByName, [_raw(key, frame, day) for key, frame in frames])
    raw.write.format("delta").mode("overwrite").save(str(tables / "raw_items"))
    stored = spark.read.format("delta").load(str(tables / "raw_items"))
    products = reduce(DataFrame.unionByName, [_products(key, stored, day) for key in keys])
    products.write.format("delta").mode("overwrite").save(str(tables / "products"))


def parse_only(spark: SparkSession, sample: Path) -> None:
    """Parses the same files into nothing, as many at a time as there are cores."""
    keys = [json.loads(path.read_text()) for path in sorted((sample / "roles").glob("*.json"))]
    frames = [_read(spark, sample, key) for key in keys]
    with ThreadPoolExecutor(spark.sparkContext.defaultParallelism) as pool:
        for _ in pool.map(lambda one: one.write.format("noop").mode("overwrite").save(), frames):
            pass


def _read(spark: SparkSession, sample: Path, key: dict[str, Any]) -> DataFrame:
    form, path = key["format"], str(sample / key["file"])
    spark.conf.set("spark.sql.legacy.javaCharsets", True)  # Windows-1252 is no charset of Spark's
    if form["type"] == "xml":
        options = {"rowTag": form["record"], "inferSchema": False, "attributePrefix": "@"}
        return spark.read.format("xml").options(**options).load(path)
    if form["type"] == "jsonl":
        return spark.read.option("primitivesAsString", True).json(path)
    reader = (
        spark.read.option("sep", form["delimiter"])
        .option("header", form["header"])
        .option("encoding", {"utf-8-sig": "utf-8"}.get(form["encoding"], form["encoding"]))
        .option("escape", '"')
    )
    if form.get("quote", '"') is None:
        reader = reader.option("quote", "")
    else:  # Spark then does not split the file: only what may hold line ends is read so
        reader = reader.option("multiLine", True)
    if not form["header"]:
        names = form["columns"]
        quoted = ", ".join(f"`{place}` string" for place in range(len(names)))
        return reader.schema(quoted).csv(path)
    return reader.csv(path)


def _raw(key: dict[str, Any], frame: DataFrame, day: dt.date) -> DataFrame:
    flat = _flat(frame)
    pairs = [part for name, value in flat for part in (F.lit(name), value)]
    values = F.map_filter(F.create_map(*pairs), lambda _, value: value.isNotNull())
    return frame.select(
        F.lit(key["network"]).alias("network"),
        F.lit(key["retailer"]).alias("retailer"),
        F.lit(day).alias("run_date"),
        F.lit(key["file"]).alias("file"),
        F.monotonically_increasing_id().alias("record_no"),
        values.alias("values"),
    ).withColumn("content_hash", F.hex(F.xxhash64(F.map_entries("values"))))


def _flat(frame: DataFrame) -> list[tuple[str, Column]]:
    """(name, text) of every leaf; what repeats is written as JSON."""
    found: list[tuple[str, Column]] = []
    for field in frame.schema.fields:
        column, kind = F.col(f"`{field.name}`"), field.dataType.typeName()
        if kind == "struct":
            inner = field.dataType.fieldNames()  # type: ignore[attr-defined]
            found += [(f"{field.name}.{n}", column[n].cast("string")) for n in inner]
        elif kind == "array":
            found.append((field.name, F.to_json(column)))
        else:
            found.append((field.name, column.cast("string")))
    return found


def _products(key: dict[str, Any], stored: DataFrame, day: dt.date) -> DataFrame:
    here = stored.filter(F.col("retailer") == key["retailer"])
    roles = key["roles"]

    def cell(role: str) -> Column:
        names = [str(name) for name in roles.get(role, [])]
        cells = [F.col("values")[name] for name in names]
        return F.coalesce(*cells) if cells else F.lit(None).cast("string")

    def minor(role: str) -> Column:
        amount = F.regexp_replace(F.regexp_replace(cell(role), "[^0-9.,]", ""), ",", ".")
        return (amount.try_cast("double") * 100).cast("bigint")

    product_id = F.concat_ws("/", "network", "retailer", cell("merchant_product_id"))
    texts = [cell(role).alias(name) for name, role in FIELDS.items()]
    words = F.concat_ws(" | ", *[cell(r) for r in ("title", "description", "merchant_category")])
    return here.select(
        product_id.alias("product_id"),
        "network",
        "retailer",
        cell("merchant_product_id").alias("merchant_product_id"),
        *texts,
        minor("price").alias("price_minor"),
        minor("old_price").alias("old_price_minor"),
        words.alias("all_text"),
        F.lit(True).alias("active"),
        F.lit(day).alias("first_seen"),
        F.lit(day).alias("changed_on"),
        "content_hash",
    )
