"""Duplicates and collisions of an id in a delivery, and the books over them."""

import datetime as dt
import random

import pytest

DAY, NEXT = dt.date(2026, 1, 2), dt.date(2026, 1, 3)
SCHEMA = (
    "network string, retailer string, run_date date, file string, record_no bigint, "
    "product_id string, title string, product_url string, price_minor bigint, reason string, "
    "raw_hash string"
)
ROWS = [  # run_date, file, record_no, id, title, url, price, reason -> verdict
    (DAY, "f1", 1, "once", "Mug", "u/1", 100, None, None),
    (DAY, "f1", 2, "twice", "Cup", "u/2", 100, None, "duplicate"),
    (DAY, "f1", 9, "twice", "Cup", "u/2", 95, None, None),
    (DAY, "f1", 3, "chain", "Pan", "u/3", 100, None, "duplicate"),
    (DAY, "f1", 4, "chain", "Pan", "u/3", 95, None, None),
    (DAY, "f1", 5, "chain", "Rug", "u/4", 700, None, "id_collision"),
    (DAY, "f1", 6, "renamed", "Pot", "u/5", 100, None, "duplicate"),
    (DAY, "f2", 1, "renamed", "Big pot", "u/5", 100, None, None),
    (DAY, "f1", 7, "moved", "Jar", "u/6", 100, None, "duplicate"),
    (DAY, "f1", 8, "moved", "Jar", "u/7", 100, None, None),
    (DAY, "f1", 10, "untitled", "Lid", "u/8", 100, None, None),
    (DAY, "f1", 11, "untitled", None, "u/9", 100, None, "id_collision"),
    (DAY, "f1", 18, "title lost", "Hat", "u/13", 100, None, "duplicate"),
    (DAY, "f1", 19, "title lost", None, "u/13", 90, None, None),
    (DAY, "f1", 20, "no titles", None, "u/14", 100, None, "duplicate"),
    (DAY, "f1", 21, "no titles", None, "u/15", 90, None, None),
    (DAY, "f1", 12, "no title first", None, "u/10", 100, None, None),
    (DAY, "f1", 13, "no title first", "Bed", "u/11", 100, None, "id_collision"),
    (DAY, "f1", 14, "no link", "Cot", None, 100, None, "duplicate"),
    (DAY, "f1", 15, "no link", "Bib", "u/12", 100, None, None),
    (DAY, "f1", 16, None, "Nameless", None, 100, "no_id", "no_id"),
    (DAY, "f1", 17, "once", None, None, None, "empty_record", "empty_record"),
    (NEXT, "f1", 1, "once", "Mug", "u/1", 100, None, None),
]


@pytest.mark.parametrize("seed", [None, 1])
def test_verdicts_whatever_the_order(spark, seed: int | None) -> None:  # type: ignore[no-untyped-def]
    from pyspark.sql import functions as F

    from aisles.products.identity import account, judge, judge_few, resolve, told, verdicts

    rows = [("net", "shop", *row[:-1], f"hash {row[1:3]}") for row in ROWS]
    if seed is not None:
        random.Random(seed).shuffle(rows)
    candidates = spark.createDataFrame(rows, SCHEMA).repartition(2).cache()

    judged = {(r.run_date, r.file, r.record_no): r.verdict for r in judge(candidates).collect()}
    assert judged == {row[:3]: row[-1] for row in ROWS}

    def rows(frame):  # type: ignore[no-untyped-def]
        return sorted(map(tuple, frame.collect()), key=repr)

    few = judge_few(candidates)
    assert rows(few) == rows(judge(candidates)), "all sorted at once"
    products, rejected = resolve(few if seed is None else judge(candidates))
    assert rejected.columns == candidates.columns
    assert products.columns == [*candidates.columns, "delivery_hash"]
    hashes = {
        row.product_id: row.delivery_hash for row in products.where(f"run_date = '{DAY}'").collect()
    }
    # Of one record its own, of several that of their order, marked where one was rejected.
    assert hashes["renamed"] != hashes["moved"]
    spoilt = {name for name, text in hashes.items() if text.endswith("!")}
    assert spoilt == {"chain", "once", "untitled", "no title first"}
    following = products.where(f"run_date = '{NEXT}'").first()
    assert following is not None and following.delivery_hash == "hash ('f1', 1)"
    chain = products.where("product_id = 'chain'").select("price_minor", "reason").collect()
    assert [tuple(row) for row in chain] == [(95, None)]
    reasons = sorted(row.reason for row in rejected.collect())
    assert reasons == ["empty_record", *["id_collision"] * 3, "no_id"]

    counted = told(candidates).withColumn("records", F.lit(1))
    books = {
        (row.run_date, row.file): row
        for row in account(counted, verdicts(told(candidates))).collect()
    }
    assert sum(row.raw for row in books.values()) == len(ROWS)
    for row in books.values():
        assert row.raw == row.products + row.duplicates + row.rejected
    assert tuple(books[DAY, "f1"])[4:] == (21, 9, 7, 5)
    candidates.unpersist()


def test_normalise_in_spark(spark) -> None:  # type: ignore[no-untyped-def]
    from aisles.products.normalise import PRODUCT_SCHEMA, normalise
    from aisles.products.reading import Reading

    records = [{"id": "7", "name": "Salt &amp; Pepper", "by": "ACME"}, {"id": "8", "by": "ACME"}]
    raw = spark.createDataFrame(
        [("net", "shop", DAY, "f1", at, record, "hash") for at, record in enumerate(records)],
        "network string, retailer string, run_date date, file string, record_no bigint, "
        "values map<string,string>, content_hash string",
    )
    roles = {("net", "shop"): [("id", "merchant_product_id", 1.0), ("name", "title", 1.0)]}
    readings = {feed: Reading.of(roles[feed], {"by"}) for feed in roles}
    rows = raw.transform(normalise(readings))
    assert rows.columns == PRODUCT_SCHEMA.names
    found = [
        (row.product_id, row.all_text, row.reason) for row in rows.orderBy("record_no").collect()
    ]
    assert found == [
        ("net/shop/7", "Salt & Pepper", None),
        ("net/shop/8", None, "empty_record"),
    ]
