"""The rules over a million products: bare scan, the engine in one process, in Spark, and rlike.

In one run, on the same products and rules, with two Spark cores at most:

1. `RuleSet.match`, Arrow fields to vote rows with spans, in one process on one thread, against a
   bare overlapping ahocorasick_rs scan of the same text, normalised beforehand (a call per
   product, and a call per 16,384 products joined);
2. the same rule set by `votes` inside Spark, from Parquet to nowhere, against the seconds that
   the engine alone took, shared out to the cores: the rest is what Spark adds;
3. Spark with one rlike expression per rule over one column of lower-case text: the time of a
   further expression on a sample of rules and products, extrapolated to all of both;
4. the memory that the rules add to a process (each Spark worker process holds them once).

    python benchmarks/rules_in_spark.py --folder DIR [--rows N] [--rules CSV] [--products PARQUET]

Rules and products are made by seed where none are given. Given products are repeated until there
are N of them.
"""

from __future__ import annotations

import argparse
import multiprocessing
import re
import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import ahocorasick_rs
import psutil
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from aisles.batches import ROWS
from aisles.config import load
from aisles.rules.load import Rule, read_rules
from aisles.rules.matcher import COLUMNS, RuleSet
from aisles.rules.votes import votes
from aisles.session import start
from rule_matching import Maker, normal_texts, phrases_of, seconds

_BATCH = ROWS
_FILE_ROWS = 125_000
_SAMPLE = 20_000
_RUNS = 3


def prepare(folder: Path, rows: int, maker: Maker, given: Path | None) -> Path:
    """A folder of Parquet files of so many products; made once."""
    place = folder / f"texts{rows}"
    if place.is_dir():
        return place
    made = 0
    source = pq.read_table(given, columns=list(COLUMNS)) if given else None
    unfinished = folder / f"unfinished{rows}"
    unfinished.mkdir(parents=True, exist_ok=True)
    while made < rows:
        count = min(_FILE_ROWS, rows - made)
        if source is None:
            table = pa.Table.from_batches([maker.products(count)])
        else:
            takes = pa.array([(made + i) % source.num_rows for i in range(count)])
            table = source.take(takes)
        names = pa.array([f"{made + i}" for i in range(count)])
        table = table.set_column(0, "product_id", names)
        pq.write_table(table, unfinished / f"part{made:09d}.parquet")
        made += count
    unfinished.rename(place)
    return place


def batches(place: Path) -> Iterator[pa.RecordBatch]:
    return ds.dataset(place).to_batches(batch_size=_BATCH, columns=list(COLUMNS))


def each(scan: ahocorasick_rs.AhoCorasick, texts: list[str]) -> None:
    """A call of the bare scan for each text."""
    for text in texts:
        scan.find_matches_as_indexes(text, overlapping=True)


def one_process(rule_set: RuleSet, place: Path) -> float:
    """Prints 1 and gives the seconds of the engine over all products."""
    phrases = phrases_of(rule_set.rules)
    by_text = ahocorasick_rs.AhoCorasick(phrases)
    by_bytes = ahocorasick_rs.BytesAhoCorasick([phrase.encode() for phrase in phrases])
    rule_set.match(next(batches(place)))
    spent = {"match": 0.0, "single": 0.0, "joined": 0.0}
    ratios: dict[str, list[float]] = {"single": [], "joined": []}
    cast = rows = signs = 0
    for batch in batches(place):
        texts = normal_texts(batch)
        joined = "\n".join(texts).encode()
        took = {
            "match": seconds(partial(rule_set.match, batch)),
            "single": seconds(partial(each, by_text, texts)),
            "joined": seconds(partial(by_bytes.find_matches_as_indexes, joined, overlapping=True)),
        }
        for name, value in took.items():
            spent[name] += value
        for name, found in ratios.items():
            found.append(took[name] / took["match"])
        cast += rule_set.match(batch).num_rows if rows == 0 else 0
        rows += batch.num_rows
        signs += sum(map(len, texts))
    print(
        f"{len(rule_set.rules):,} rules, {len(phrases):,} phrases, {rows:,} products of "
        f"{signs / rows:.0f} signs, {cast / min(rows, _BATCH):.2f} votes per product"
    )
    print(f"one process, one thread: {rows / spent['match']:,.0f} products a second")
    for name, label in (("single", "a call per product"), ("joined", "joined")):
        low, middle, high = statistics.quantiles(ratios[name], n=4)
        print(
            f"  throughput / bare scan, {label}: {spent[name] / spent['match']:.2f} "
            f"(batches: median {middle:.2f}, quartiles {low:.2f} to {high:.2f})"
        )
    return spent["match"]


def to_nowhere(frame: DataFrame) -> float:
    started = time.perf_counter()
    frame.write.format("noop").mode("overwrite").save()
    return time.perf_counter() - started


def in_spark(texts: DataFrame, rule_set: RuleSet, alone: float, cores: int) -> float:
    """Prints 2 and gives the seconds in Spark."""
    to_nowhere(votes(rule_set)(texts.limit(1000)))
    reading = to_nowhere(texts)
    runs = [to_nowhere(votes(rule_set)(texts)) for _ in range(_RUNS)]
    took, share = statistics.median(runs), alone / cores
    print(
        f"inside Spark, {cores} cores: {took / share:.2f} "
        f"[{min(runs) / share:.2f}-{max(runs) / share:.2f}] x the engine's own time on these cores"
    )
    print(
        f"  Spark adds {(took - share) / took:.0%} of the whole time, of which reading the Parquet "
        f"alone is {reading / took:.0%}"
    )
    return took


def by_rlike(texts: DataFrame, rules: list[Rule], rows: int, took: float) -> None:
    """Prints 3."""
    fields = ("title", "description", "merchant_category", "brand", "gender")
    cores = texts.sparkSession.sparkContext.defaultParallelism
    joined = F.lower(F.concat_ws("\n", *fields)).alias("text")
    few = texts.limit(_SAMPLE).select(joined).repartition(cores).cache()
    sampled = few.count()
    patterns = []
    for rule in rules:
        words = phrases_of([rule])
        if words:
            patterns.append(rf"\b({'|'.join(map(re.escape, words))})\b")
    step = max(1, len(patterns) // 120)
    chosen = patterns[::step][:120]

    def timed(some: list[str]) -> float:
        found = [F.col("text").rlike(pattern).cast("long") for pattern in some]
        asked = few.agg(*[F.sum(one).alias(str(i)) for i, one in enumerate(found)])
        started = time.perf_counter()
        asked.collect()
        return time.perf_counter() - started

    timed(chosen[:20])
    low = statistics.median(timed(chosen[:20]) for _ in range(3))
    high = statistics.median(timed(chosen) for _ in range(3))
    each = (high - low) / (len(chosen) - 20) / sampled
    whole = each * len(patterns) * rows
    print(
        f"one rlike for each of {len(patterns):,} rules with phrases, in Spark: "
        f"{whole / took:.0f} x the engine inside Spark,"
    )
    print(f"  extrapolated from {len(chosen) - 20} rules and {sampled:,} products")


def memory(rules: list[Rule], place: Path) -> float:
    """MiB that a rule set, its automata and one batch add to a process of its own."""
    process = psutil.Process()
    batch = pq.read_table(min(place.iterdir())).slice(0, _BATCH).combine_chunks().to_batches()[0]
    RuleSet.compile([]).match(batch)
    before = process.memory_info().rss
    RuleSet.compile(rules).match(batch)
    return (process.memory_info().rss - before) / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rules", type=Path)
    parser.add_argument("--products", type=Path, help="Parquet file or folder of products")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    pa.set_cpu_count(1)
    plain = Maker(asked.seed)
    rules = read_rules(asked.rules) if asked.rules else plain.rules(2_000, 300, 6_000)
    rule_set = RuleSet.compile(rules)
    place = prepare(
        asked.folder, asked.rows, Maker(asked.seed, phrases_of(rule_set.rules)), asked.products
    )
    many = plain.rules(2_000, 300, 6_000) + plain.rules(18_000, 30_000, len(plain.words), 2_000)
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, fresh, max_tasks_per_child=1) as apart:
        added = apart.submit(memory, list(rule_set.rules), place).result()
        more = apart.submit(memory, many, place).result()
    print(
        f"{len(rule_set.rules):,} rules add {added:,.0f} MiB to a process; 20,000 {more:,.0f} MiB"
    )
    alone = one_process(rule_set, place)
    spark = start(load("local").spark, "benchmark")
    cores = spark.sparkContext.defaultParallelism
    texts = spark.read.parquet(str(place))
    took = in_spark(texts, rule_set, alone, cores)
    by_rlike(texts, list(rule_set.rules), asked.rows, took)


if __name__ == "__main__":
    main()
