"""rule_votes and labels after changes: what matching and joining everything anew would give."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import pytest

from aisles.config import load
from aisles.labels.targets import labels
from aisles.labels.tree import above
from aisles.rules.load import Rule
from aisles.rules.matcher import RuleSet
from aisles.rules.votes import votes
from aisles.stages.job import Job
from aisles.stages.label_changes import trained_precision, update_labels
from aisles.stages.vote_changes import rule_fields, update_votes
from aisles.tables import Tables
from aisles.taxonomy import Taxonomy

DAY = dt.date(2026, 11, 1)
RULES = [
    Rule("R1", "C1", 'title contains "mug"'),
    Rule("R2", "C2", 'title contains "cup" or title contains "mug"'),
    Rule("R3", "C3", "price > 4"),
    Rule("R4", "C3", 'title contains "cup"', effect="is_not"),
    Rule("R5", "C5", 'title contains "spoon"', enabled=False),
    *[Rule(f"X{n}", "C9", f'title contains "nothing{n}"') for n in range(8)],
]
TREE = Taxonomy.build(
    [("C0", None, "All"), *[(f"C{n}", "C0", f"Aisle {n}") for n in (1, 2, 3, 5, 9)]]
)
TITLES = {f"n/s/{n}": f"{'Mug' if n % 2 else 'Cup'} number {n}" for n in range(24)}


class World:
    """Tables of their own, whose products are set as a whole."""

    def __init__(self, spark, folder: Path) -> None:  # type: ignore[no-untyped-def]
        config = load("local", {"tables.location": str(folder)})
        self.job = Job(config, DAY, spark, Tables(spark, config.tables))

    def set(self, titles: dict[str, str], gone: Sequence[str] = ()) -> None:
        rows = [
            (key, "n", "s", key[-1], title, 500, key not in gone, DAY, DAY, f"{title}")
            for key, title in titles.items()
        ]
        schema = (
            "product_id string, network string, retailer string, merchant_product_id string,"
            " title string, price_minor bigint, active boolean, first_seen date, changed_on date,"
            " content_hash string"
        )
        frame = self.job.spark.createDataFrame(rows, schema)
        differs = "t.content_hash <> s.content_hash OR t.active <> s.active"
        source = self.job.tables.conform("products", frame)
        self.job.tables.merge("products", source, ["product_id"], update_if=differs)

    def votes(self) -> set[tuple[object, ...]]:
        rows = self.job.tables.read("rule_votes").drop("evidence").collect()
        assert len(rows) == len(set(rows))
        return set(map(tuple, rows))

    def expected(self, rules: Sequence[Rule]) -> set[tuple[object, ...]]:
        products = self.job.tables.read("products").filter("active").select(*rule_fields())
        cast = votes(RuleSet.compile(rules))(products).drop("evidence")
        return set(map(tuple, cast.collect()))


@pytest.fixture
def world(spark, tmp_path: Path) -> World:  # type: ignore[no-untyped-def]
    made = World(spark, tmp_path)
    made.set(TITLES)
    assert update_votes(made.job, RULES).products is None
    assert made.votes() == made.expected(RULES)
    return made


def test_changed_products_meet_all_rules(world: World) -> None:
    # Where nothing changed, nothing is written.
    version = world.job.tables.version("rule_votes")
    done = update_votes(world.job, RULES)
    assert (done.products_matched, done.rules_matched) == (0, 0)
    assert world.job.tables.version("rule_votes") == version
    now = TITLES | {"n/s/2": "Mug after all", "n/s/99": "Cup of tea", "n/s/5": "Spoon"}
    world.set(now, gone=["n/s/3"])
    done = update_votes(world.job, RULES)
    assert (done.products_matched, done.rules_matched) == (4, 0)
    assert done.products is not None
    assert {r[0] for r in done.products.collect()} == {"n/s/2", "n/s/99", "n/s/5", "n/s/3"}
    assert world.votes() == world.expected(RULES)


def test_changed_rules_meet_all_products(world: World) -> None:
    changed = Rule("R1", "C1", 'title contains "cup"', rule_version=2)
    switched_off = Rule("R3", "C3", "price > 4", enabled=False)
    rules = [changed, *RULES[1:2], switched_off, *RULES[3:]]
    world.set(TITLES | {"n/s/0": "Plate"})
    done = update_votes(world.job, rules)
    assert (done.products_matched, done.rules_matched) == (1, 1)
    assert world.votes() == world.expected(rules)
    assert not {row[1] for row in world.votes()} & {"R3", "R5"}
    # Another effect of the same version counts as a change as well.
    turned = [Rule("R1", "C1", 'title contains "cup"', effect="is_not", rule_version=2), *rules[1:]]
    assert update_votes(world.job, turned).rules_matched == 1
    assert world.votes() == world.expected(turned)


def test_most_rules_changed_matches_everything_at_once(world: World) -> None:
    rules = [Rule(r.rule_id, r.category_id, r.condition, rule_version=2) for r in RULES]
    assert update_votes(world.job, rules).products is None
    assert world.votes() == world.expected(rules)


def test_a_vacuumed_change_feed_falls_back_to_everything(world: World, tmp_path: Path) -> None:
    world.set(TITLES | {"n/s/2": "Mug after all"})
    for file in (tmp_path / "products" / "_change_data").rglob("*.parquet"):
        file.unlink()
    done = update_votes(world.job, RULES)
    assert done.products is None or done.products_matched == 1
    assert world.votes() == world.expected(RULES)


def answer(world: World, product: str, category: str, said: int, propensity: float | None) -> None:
    rows = [(f"{product} {category} {said}", product, category, said, propensity, False)]
    schema = (
        "answer_id string, product_id string, category_id string, answer int, propensity double,"
        " complete boolean"
    )
    frame = world.job.spark.createDataFrame(rows, schema)
    world.job.tables.append("human_labels", frame)


def label(world: World, rules: Sequence[Rule], compared: bool = True) -> int:
    looked_at = update_labels(world.job, TREE, update_votes(world.job, rules))
    if not compared:
        return looked_at
    tables = world.job.tables
    active = tables.read("products").filter("active").select("product_id")
    human = tables.read("human_labels").join(active, "product_id", how="left_semi")
    cast, containing = tables.read("rule_votes"), above(world.job.spark, TREE)
    precision = trained_precision(world.job, cast, human, containing)
    whole = labels(cast, human, containing, world.job.config.labels, precision)
    assert shown(tables.read("labels")) == shown(tables.conform("labels", whole))
    return looked_at


def shown(frame) -> list[str]:  # type: ignore[no-untyped-def]
    rows = [row.asDict() for row in frame.collect()]
    return sorted(str({k: round(v, 9) if k == "target" else v for k, v in r.items()}) for r in rows)


def test_labels_follow_what_changed_and_nothing_else(world: World) -> None:
    tables = world.job.tables
    assert label(world, RULES, compared=False) == -1
    version = tables.version("labels")
    assert label(world, RULES, compared=False) == 0
    assert tables.version("labels") == version
    # One product changes, one is gone. An answer that was not sampled says nothing of a rule: its
    # product alone is looked at.
    world.set(TITLES | {"n/s/2": "Mug after all"}, gone=["n/s/3"])
    answer(world, "n/s/4", "C2", 1, None)
    assert label(world, RULES, compared=False) == 3
    # A sampled one moves the precision of the rules around it in the tree: their products follow.
    answer(world, "n/s/5", "C1", -1, 0.5)
    assert label(world, RULES, compared=False) > 10
    # A rule is switched off: the products that it voted for.
    off = [Rule("R3", "C3", "price > 4", enabled=False) if r.rule_id == "R3" else r for r in RULES]
    assert label(world, off) > 10


def test_answers_on_products_that_measure_move_no_target(world: World) -> None:
    def precision(job: Job) -> set[float]:
        tables, containing = job.tables, above(job.spark, TREE)
        votes, human = tables.read("rule_votes"), tables.read("human_labels")
        rows = trained_precision(job, votes, human, containing).collect()
        assert len(rows) >= 4
        return {round(row["precision"], 9) for row in rows}

    for product in ("n/s/4", "n/s/5", "n/s/6"):
        answer(world, product, "C1", -1, 0.5)
    shares = {"snapshot.test": 0.9, "snapshot.validation": 0.09999}
    measuring = load("local", {"tables.location": world.job.config.tables.location, **shares})
    prior = world.job.config.labels.rule_precision
    assert precision(dataclasses.replace(world.job, config=measuring)) == {prior}
    assert precision(world.job) != {prior}
