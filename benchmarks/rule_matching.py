"""How fast rules are matched, as ratios taken in one process on one thread.

1. `RuleSet.match` (Arrow fields in, vote rows with spans out: normalising, searching, deciding,
   spans) against a bare overlapping ahocorasick_rs scan, with all phrases of the rules, of the
   same text, normalised beforehand: once with one call per product, once with one call per
   16,384 products joined, the cheapest way to ask that library. The regular expressions, values,
   prices, negations and word boundaries that the rules also ask for cost the bare scan nothing.
2. The time with 20,000 rules against the time with 2,000 on the same products. The further
   rules look for words that are rarer than those of the first 2,000, so that the votes per
   product stay nearly the same and only the number of rules grows.

Rules and texts are made by seed. With --kit DIR the rules of part 1 are DIR/rules/*.csv and the
texts hold their phrases; with --products FILE (Parquet) the texts are real ones.

    python benchmarks/rule_matching.py [--rows N] [--repetitions N] [--kit DIR] [--products FILE]
"""

from __future__ import annotations

import argparse
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import ahocorasick_rs
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from aisles.rules.boolean import PHRASE
from aisles.rules.grammar import TEXT_FIELDS, parse
from aisles.rules.load import Rule, read_rules
from aisles.rules.matcher import COLUMNS, RuleSet
from aisles.rules.normal import normalise
from aisles.rules.program import program

_SYLLABLES = [a + b for a in "bcdfghklmnprstvw" for b in ("a", "e", "i", "o", "u", "an", "er")]
_JOINED = 16_384
_COMMON = 30_000


class Maker:
    """Rules and products from one seed. Words are drawn by Zipf's law, as in real titles."""

    def __init__(self, seed: int, phrases: Sequence[str] = ()) -> None:
        self.random = np.random.default_rng(seed)
        sizes = self.random.integers(1, 5, 80_000)
        words = ["".join(self.random.choice(_SYLLABLES, size)) for size in sizes]
        self.words = list(dict.fromkeys(words))
        for place in self.random.choice(len(self.words), len(self.words) // 100, replace=False):
            self.words[place] = self.words[place].replace("e", "é")
        chance = 1 / np.arange(10, len(self.words) + 10)
        chance[_COMMON:] /= 20
        self.chance = chance / chance.sum()
        self.phrases = list(phrases)

    def rules(self, count: int, low: int, high: int, first: int = 0) -> list[Rule]:
        """Rules about the words of frequency rank low to high."""
        return [
            Rule(f"R{first + i:05d}", str(i % 800), self._condition(i, low, high))
            for i in range(count)
        ]

    def _condition(self, i: int, low: int, high: int) -> str:
        a, b, c, d, e = (self.words[j] for j in self.random.integers(low, high, 5))
        field = ("title", "title", "title", "title", "merchant_category", "any")[i % 6]
        return (
            f'{field} contains "{a}"',
            f'{field} contains_any ("{a}", "{b} {c}", "{d}", "{e}")',
            f'{field} contains "{a}" and not title contains_any ("{b}", "{c}")',
            f'{field} contains_any ("{a}", "{b}") or description contains "{c}"',
            f'brand is "{a}" and ({field} contains "{b}" or {field} contains "{c}")',
            f'title contains "{a}" and price > {i % 90}',
            f'{field} contains "{a} {b}"',
            f'title matches "\\b{a}(s|es)?\\b"',
            f'title contains "{a}" or title contains "{b}" and not title contains "{c}"',
        )[(0, 1, 2, 1, 3, 0, 4, 1, 5, 6, 0, 8, 1, 0, 2, 0, 7)[i % 17]]

    def products(self, rows: int) -> pa.RecordBatch:
        """Titles of about 80 signs, descriptions of about 300, shop categories and brands."""
        columns = {
            "product_id": [f"network/shop/{i}" for i in range(rows)],
            "title": self._texts(rows, 10),
            "description": self._texts(rows, 36),
            "merchant_category": self._texts(rows, 3),
            "brand": self._texts(rows, 1),
            "gender": pa.nulls(rows, pa.string()),
            "price": self.random.integers(1, 20_000, rows) / 100,
        }
        return pa.RecordBatch.from_pydict(columns)

    def _texts(self, rows: int, words: int) -> list[str]:
        drawn = self.random.choice(len(self.words), (rows, words), p=self.chance)
        texts = [" ".join(self.words[j] for j in row).capitalize() for row in drawn.tolist()]
        if self.phrases and words > 1:
            places = self.random.integers(0, len(self.phrases), rows)
            texts = [f"{text} {self.phrases[i]}" for text, i in zip(texts, places)]
        return texts


def phrases_of(rules: Sequence[Rule]) -> list[str]:
    """The distinct normalised phrases that the rules look for."""
    atoms = program([parse(rule.condition) for rule in rules]).atoms
    return list(dict.fromkeys(atom.text for atom in atoms if atom.kind == PHRASE))


def normal_texts(products: pa.RecordBatch) -> list[str]:
    """One normalised text per product: its text fields, a line each."""
    columns = [products.column(name).to_pylist() for name in TEXT_FIELDS]
    return ["\n".join(normalise(text or "") for text in texts) for texts in zip(*columns)]


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def interleaved(repetitions: int, **work: Callable[[], object]) -> dict[str, list[float]]:
    """The seconds of each work, taken turn by turn after one unmeasured turn."""
    turns = [{name: seconds(one) for name, one in work.items()} for _ in range(repetitions + 1)]
    return {name: [turn[name] for turn in turns[1:]] for name in work}


def shown(label: str, above: list[float], below: list[float]) -> str:
    ratios = [a / b for a, b in zip(above, below)]
    middle = statistics.median(ratios)
    return f"{label}: median {middle:.2f}, range {min(ratios):.2f} to {max(ratios):.2f}"


def against_bare_scan(rules: list[Rule], products: pa.RecordBatch, repetitions: int) -> None:
    """Prints the throughput of the matcher as a share of that of a bare scan."""
    rule_set = RuleSet.compile(rules)
    phrases = phrases_of(rule_set.rules)
    texts = normal_texts(products)
    parts = [texts[at : at + _JOINED] for at in range(0, len(texts), _JOINED)]
    joined = ["\n".join(part).encode() for part in parts]
    by_text = ahocorasick_rs.AhoCorasick(phrases)
    by_bytes = ahocorasick_rs.BytesAhoCorasick([phrase.encode() for phrase in phrases])
    votes = rule_set.match(products).num_rows / products.num_rows
    size = sum(map(len, texts)) / len(texts)
    print(
        f"{len(rule_set.rules)} rules, {len(phrases)} phrases, {len(texts)} products of "
        f"{size:.0f} signs, {votes:.2f} votes per product"
    )
    times = interleaved(
        repetitions,
        match=lambda: rule_set.match(products),
        single=lambda: [by_text.find_matches_as_indexes(t, overlapping=True) for t in texts],
        joined=lambda: [by_bytes.find_matches_as_indexes(t, overlapping=True) for t in joined],
    )
    rate = len(texts) / statistics.median(times["match"])
    print(f"  RuleSet.match {rate:,.0f} products a second")
    print(shown("  throughput / bare scan, a call per product", times["single"], times["match"]))
    print(shown("  throughput / bare scan, joined", times["joined"], times["match"]))


def by_number_of_rules(maker: Maker, products: pa.RecordBatch, repetitions: int) -> None:
    """Prints the time with 20,000 rules as a multiple of the time with 2,000."""
    few = maker.rules(2_000, 300, 6_000)
    many = few + maker.rules(18_000, _COMMON, len(maker.words), first=len(few))
    sets = {"few": RuleSet.compile(few), "many": RuleSet.compile(many)}
    votes = {name: one.match(products).num_rows / products.num_rows for name, one in sets.items()}
    print(f"votes per product: {votes['few']:.2f} (2,000 rules), {votes['many']:.2f} (20,000)")
    times = interleaved(
        repetitions,
        few=lambda: sets["few"].match(products),
        many=lambda: sets["many"].match(products),
    )
    print(shown("  time with 20,000 rules / with 2,000", times["many"], times["few"]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=40_000)
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kit", type=Path, help="folder whose rules/*.csv are used")
    parser.add_argument("--products", type=Path, help="Parquet file of products")
    asked = parser.parse_args()
    pa.set_cpu_count(1)
    print(f"Python {platform.python_version()}, pyarrow {pa.__version__}, numpy {np.__version__}")
    paths = sorted(asked.kit.glob("rules/*.csv")) if asked.kit else []
    rules = [rule for path in paths for rule in read_rules(path)]
    maker = Maker(asked.seed, phrases_of(RuleSet.compile(rules).rules) if rules else ())
    products = maker.products(asked.rows)
    if asked.products:
        table = pq.read_table(asked.products, columns=list(COLUMNS)).slice(0, asked.rows)
        products = table.combine_chunks().to_batches()[0]
    against_bare_scan(rules or maker.rules(2_000, 300, 6_000), products, asked.repetitions)
    by_number_of_rules(maker, maker.products(asked.rows), asked.repetitions)


if __name__ == "__main__":
    main()
