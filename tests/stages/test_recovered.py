"""Of the records made dirty on purpose, how many stand clean in `products`, kind by kind.

The checks are written here anew, with the standard library: what mends is not asked whether it did.
"""

from __future__ import annotations

import csv
import datetime as dt
import html
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aisles.config import load
from aisles.simulate import simulate_local
from aisles.stages.job import Job, run_stage
from aisles.stages.params import Ingest, Normalise
from aisles.stages.pipeline import work_of
from aisles.tables import Tables

DAY = dt.date(2026, 11, 1)
TEXTS = ("title", "description", "brand", "merchant_category", "color", "size")
ENTITY = re.compile(r"&(#\d+|#x[0-9a-fA-F]+|[A-Za-z][A-Za-z0-9]*);")
BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")
SPACES = re.compile(r"[\t\r\n]|  |^ | $")
Row = dict[str, Any]
Place = tuple[str, str, int]  # network, retailer, record


def misread(text: str) -> bool:
    """Whether signs beyond ASCII read as UTF-8 once they are bytes of a code page again."""
    for run in BEYOND_ASCII.findall(text):
        for codec in ("cp1252", "latin-1"):
            try:
                run.encode(codec).decode("utf-8")
            except UnicodeError:
                continue
            return True
    return False


def dirt_in(text: str) -> str | None:
    """What is wrong with a stored text, None when nothing is."""
    if any(html.unescape(found[0]) != found[0] for found in ENTITY.finditer(text)):
        return "entity"
    if misread(text):
        return "mojibake"
    return "whitespace" if SPACES.search(text) else None


def same_amount(minor: int, cell: str) -> bool:
    """Whether the digits of a price as text are those of the amount, with or without cents."""
    digits = "".join(re.findall(r"\d", cell))
    return any(int(digits or 0) * 10**n == minor for n in range(3))


@pytest.mark.parametrize(
    ("text", "dirt"),
    [
        ("Schuhe &amp;amp; Socken", "entity"), ("caf&eacute;", "entity"), ("GrÃ¶ÃŸe", "mojibake"),
        ("Menâ€™s shirt", "mojibake"), ("a\tb", "whitespace"), ("a  b", "whitespace"),
        ("Größe 5, Men’s™ café & more; R&D", None), ("50% off & AT&T;", None),
    ],
)  # fmt: skip
def test_dirt_is_seen(text: str, dirt: str | None) -> None:
    assert dirt_in(text) == dirt


@pytest.fixture(scope="module", params=["simulated", pytest.param("kit", marks=pytest.mark.long)])
def sample(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    if request.param == "kit":
        kit: Path = request.getfixturevalue("kit")
        return kit
    out = tmp_path_factory.mktemp("simulated")
    simulate_local(str(out), products=12_000, images=False)
    return out


class Outcome:
    """What became of the records of a sample."""

    def __init__(self, spark: Any, sample: Path, tables: Path) -> None:
        config = load("local", {"tables.location": str(tables)})
        job = Job(config, DAY, spark, Tables(spark, config.tables))
        run_stage(
            job,
            "ingest",
            work_of("ingest"),
            Ingest(feeds=str(sample / "feeds"), ignore=("roles_*.json",)),
        )
        run_stage(job, "normalise", work_of("normalise"), Normalise())
        self.done = job.done
        named = ("network", "retailer", "merchant_product_id")
        fields = (*named, *TEXTS, "price_minor", "old_price_minor", "product_url", "active")
        products = job.tables.read("products").select(*fields).toArrow().to_pylist()
        self.products: dict[tuple[str, str, str], Row] = {
            tuple(row[name] for name in named): row for row in products
        }
        rejected = job.tables.read("rejected_items").collect()
        self.rejected: dict[Place, str] = {
            (row["network"], row["retailer"], row["record_no"]): row["reason"] for row in rejected
        }
        self.dirt = list(dirt_of(sample))
        wanted = {(row["network"], row["retailer"], int(row["row_no"])) for row in self.dirt}
        self.keys = keys_of(sample)
        self.raw: dict[Place, dict[str, str]] = {}
        self.last: dict[tuple[str, str, str], int] = {}
        raw = job.tables.read("raw_items").select("network", "retailer", "record_no", "values")
        for batch in raw.toArrow().to_batches(4096):
            for row in batch.to_pylist():
                place = (row["network"], row["retailer"], row["record_no"])
                values = dict(row["values"])
                column = self.keys[place[:2]]["merchant_product_id"][0]
                product = (*place[:2], values.get(str(column), "").strip())
                self.last[product] = max(self.last.get(product, 0), place[2])
                if place in wanted:
                    self.raw[place] = values

    def judged(self, row: Row) -> str:
        """recovered, rejected, or what is wrong."""
        shop = (row["network"], row["retailer"])
        place, product = (*shop, int(row["row_no"])), (*shop, row["merchant_product_id"])
        if row["dirt"] == "id_collision":
            return "recovered" if self.rejected.get(place) == "id_collision" else "not refused"
        if place in self.rejected:
            return "rejected"
        found = self.products.get(product)
        if found is None or place not in self.raw:
            return "lost"
        for name in TEXTS:
            if found[name] is not None and (dirt := dirt_in(found[name])):
                return f"{dirt} in {name}"
        if self.last[product] == place[2]:  # else a later record of the same id gave the values
            prices = [found[name] for name in ("price_minor", "old_price_minor")]
            cells = [self.raw[place].get(str(c)) for c in self.keys[shop]["price"]]
            if not any(
                same_amount(p, c) for p in prices for c in cells if p is not None and c is not None
            ):
                return "another price"
            if row["dirt"] == "empty_title" and found["title"] is not None:
                return "a title out of nothing"
        return "recovered" if found["active"] else "not active"


def dirt_of(sample: Path) -> Iterator[Row]:
    with (sample / "dirt.csv").open(newline="") as file:
        yield from csv.DictReader(file)


def keys_of(sample: Path) -> dict[tuple[str, str], Row]:
    """The right columns of each feed, as its key tells them."""
    found = {}
    for path in (*sample.glob("roles/*.json"), *sample.glob("feeds/*/roles_*.json")):
        key = json.loads(path.read_text())
        found[key["network"], key["retailer"]] = key["roles"]
    return found


def test_dirty_records_are_recovered(spark: Any, sample: Path, tmp_path: Path) -> None:
    """At least 99 of 100 of every kind; none lost; duplicates counted."""
    outcome = Outcome(spark, sample, tmp_path)
    ends: dict[str, Counter[str]] = defaultdict(Counter)
    for row in outcome.dirt:
        ends[row["dirt"]][outcome.judged(row)] += 1
    print(f"\n{'dirt':16} {'records':>8} {'recovered':>10}")
    for kind, found in sorted(ends.items()):
        rest = ", ".join(f"{n} {end}" for end, n in found.most_common() if end != "recovered")
        print(f"{kind:16} {found.total():8,} {found['recovered']:10,}  {rest}")
    everything = sum(ends.values(), Counter())
    print(f"{'all':16} {everything.total():8,} {everything['recovered']:10,}")
    assert everything["recovered"] >= 0.99 * everything.total()
    assert everything["lost"] == 0
    # What is cut cannot be whole again; another product of the same title is taken for the same.
    least = {"wrong_columns": 0.0, "id_collision": 0.98}
    for kind, found in ends.items():
        assert found["recovered"] >= least.get(kind, 0.99) * found.total(), kind
    figures = outcome.done["normalise"].figures
    assert figures["duplicates"] >= ends["dup_id"].total() * 0.9
