"""The rule report over tables that were counted by hand: figures, advice, views, a second run."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ruled_shop import DAY, HOSTILE, RULES, product, rows, write
from scipy.stats import beta

from aisles import schema
from aisles.config import load
from aisles.labels.targets import closed_answers, judge
from aisles.labels.tree import above
from aisles.stages.categories import stored_tree
from aisles.stages.job import Job, run_stage
from aisles.stages.params import RuleReport
from aisles.stages.rule_report import run
from aisles.stages.sql_names import register
from aisles.tables import Tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyspark.sql import Row, SparkSession

SETTINGS = {
    "rule_report.answers": 1,
    "labels.rule_precision": 0.8,
    "labels.rule_strength": 8.0,
    # Nearly all products measure, so that the model can be judged on them.
    "snapshot.test": 0.9,
    "snapshot.validation": 0.09,
}


@dataclasses.dataclass
class Reported:
    job: Job
    folder: Path
    rules: dict[str, Row]
    categories: dict[str, Row]


@pytest.fixture(scope="module")
def reported(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reported]:
    folder = tmp_path_factory.mktemp("rule_report")
    config = load("local", {**SETTINGS, "tables.location": str(folder / "tables")})
    job = Job(config, DAY, spark, Tables(spark, config.tables))
    write(spark, job.tables, rows())
    run_stage(job, "rule_report", run, RuleReport())
    register(job.tables)
    yield Reported(job, folder, *_content(job))
    for name in [*schema.views(), *schema.names()]:
        spark.catalog.dropTempView(name)


def _content(job: Job) -> tuple[dict[str, Row], dict[str, Row]]:
    rules = {row["rule_id"]: row for row in job.tables.read("rule_report").collect()}
    categories = job.tables.read("category_rule_report").collect()
    return rules, {row["category_id"]: row for row in categories}


COUNTS = {
    # products, overlap, unique, conflict, by votes, by answers
    "B1": (3, 1, 2, 2, 0, 2),  # S1 is above boots: product 0 is B1's alone
    "B2": (2, 1, 1, 2, 1, 1),  # N1 denies shoes of product 5, so boots as well
    "S1": (3, 1, 2, 1, 1, 1),  # B1 says boots of product 0, so shoes as well
    "N1": (2, 0, 2, 2, 2, 0),
    "D1": (2, 1, 1, 0, 0, 0),
    "D2": (1, 1, 0, 0, 0, 0),
    "W1": (1, 1, 0, 0, 0, 0),
    "T1": (4, 0, 4, 4, 0, 4),
    "M0": (0, 0, 0, 0, 0, 0),
}


@pytest.mark.parametrize("rule", COUNTS)
def test_coverage_overlap_unique_catch_and_conflict(rule: str, reported: Reported) -> None:
    row = reported.rules[rule]
    names = ("products", "overlap", "unique_products", "conflict", "conflict_votes")
    assert tuple(row[n] for n in (*names, "conflict_answers")) == COUNTS[rule]
    assert row["coverage"] == COUNTS[rule][0] / 10


ANSWERED = {
    # sampled right and wrong, others right and wrong; of the unique products right and wrong
    "B1": (1, 1, 0, 1, 1, 1),
    "B2": (0, 1, 0, 0, 0, 0),
    # Product 0 follows from the answer on boots: it was not drawn to learn of shoes.
    "S1": (0, 1, 2, 0, 1, 1),
    "N1": (1, 0, 0, 0, 1, 0),
    "D1": (0, 0, 1, 0, 0, 0),
    "T1": (0, 4, 0, 0, 0, 4),
}


@pytest.mark.parametrize("rule", ANSWERED)
def test_answers(rule: str, reported: Reported) -> None:
    names = ("sampled_right", "sampled_wrong", "other_right", "other_wrong")
    row = reported.rules[rule]
    assert tuple(row[n] for n in (*names, "unique_right", "unique_wrong")) == ANSWERED[rule]


def _told(s: float) -> dict[str, tuple[float, float, float, str]]:
    """rule -> prior, effective answers, share of right ones, basis; s: the prior's strength."""
    b1 = 2.8 * (s + 1) / (s + 2.8)  # what B1's answers say of other rules, a share of 0.6 / 2.8
    # The set says that D1 and D2 are right, and B1 wrong. Of fashion without shoes; of shoes
    # without boots, where S1 was wrong once; then of boots without the rule itself.
    fashion = (s * 0.8 + 2) / (s + 2)
    shoes = s * fashion / (s + 1)
    # Fashion without dresses; then D2, right by the set.
    others = (s * 0.8 + b1 * 0.6 / 2.8) / (s + b1 + 2)
    sampled = "sampled answers"
    return {
        "B1": (s * shoes / (s + 1), 36 / 20 + 1, 0.6 / 2.8, sampled),
        "B2": ((s * shoes + b1 * 0.6 / 2.8) / (s + b1), 1.0, 0.0, sampled),
        "S1": ((s * fashion + b1 * 0.6 / 2.8) / (s + b1 + 1), 1.0, 0.0, sampled),
        "N1": (0.8, 1.0, 1.0, sampled),
        "T1": (0.8, 4.0, 0.0, sampled),
        "D1": ((s * others + 1) / (s + 1), 1.0, 1.0, "complete sets"),
    }


@pytest.mark.parametrize("rule", _told(1))
def test_precision(rule: str, reported: Reported) -> None:
    row = reported.rules[rule]
    s = row["prior_strength"]
    prior, effective, share, basis = _told(s)[rule]
    yes = s * prior + effective * share
    no = s + effective - yes
    assert row["prior"] == pytest.approx(prior)
    assert row["effective"] == pytest.approx(effective)
    assert row["share"] == pytest.approx(share)
    assert row["precision"] == pytest.approx(yes / (yes + no))
    bounds = (row["precision_low"], row["precision_high"])
    assert bounds == pytest.approx(beta.interval(0.95, yes, no), abs=1e-6)
    assert row["basis"] == basis


def test_rules_that_differ_weaken_the_prior(reported: Reported) -> None:
    strengths = {row["prior_strength"] for row in reported.rules.values()} - {None}
    assert len(strengths) == 1
    assert strengths.pop() < SETTINGS["labels.rule_strength"]


def test_precision_of_what_a_rule_alone_finds(reported: Reported) -> None:
    found = {
        rule: (row["unique_precision"], row["unique_low"], row["unique_high"], row["unique_basis"])
        for rule, row in reported.rules.items()
    }
    # One sampled answer, right; beside it half a pair of each kind (Jeffreys).
    assert found["B1"] == (
        pytest.approx(0.75), *map(pytest.approx, beta.interval(0.95, 1.5, 0.5)), "sampled answers"
    )  # fmt: skip
    assert found["T1"][:3] == pytest.approx((0.1, *beta.interval(0.95, 0.5, 4.5)), abs=1e-6)
    assert found["B2"] == (None, None, None, "none")


def test_the_models_word_with_and_without_votes(reported: Reported) -> None:
    names = ("assigned", "agreed", "right_agreed", "model_precision_low", "model_version")
    found = {rule: tuple(row[n] for n in names) for rule, row in reported.rules.items()}
    # Product 1 is assigned for the sake of its votes only.
    assert found["B1"] == (2, 1, 1, 0.85, "7")
    # Products 0 (through boots) and 4 without votes; product 4 is not right.
    assert found["S1"] == (2, 2, 1, 0.79, "7")
    # The model denies shoes of product 5 but not of product 4, where people deny them.
    assert found["N1"] == (1, 1, 0, 0.79, "7")


ADVICE = {
    "B1": ("retire: the model covers it", "assigns 1 of its 1 confirmed products"),
    "B2": ("keep", "No other rule finds 1 of its 2 products"),
    "S1": ("keep", "by sampled answers"),
    "N1": ("keep", "No other rule finds 2 of its 2 products"),
    "D1": ("keep", "by complete sets"),
    "D2": ("redundant", "Each of its 1 products is found by rules that stay, most of them by D1."),
    "W1": ("keep", "No other rule finds 0 of its 1 products"),  # the first of two twins stays
    "W2": ("redundant", "most of them by W1."),
    "T1": ("harmful", "people refused 4 of 4 answered products (sampled answers): right in 0 %"),
    "M0": ("never matches", "It matches none of the 10 active products."),
    "D0": ("disabled", "It is switched off and never applied."),
    "X0": ("broken", "position 3: a quote is missing"),
    "G1": ("broken", "Its category is not, or no longer, in the tree."),
}


@pytest.mark.parametrize("rule", RULES)
def test_advice(rule: str, reported: Reported) -> None:
    advice, reason = ADVICE[rule]
    assert reported.rules[rule]["advice"] == advice
    assert reason in reported.rules[rule]["reason"]


def test_what_categories_find(reported: Reported) -> None:
    names = ("rules", "rules_below", "found", "sampled_right", "sampled_wrong", "other_wrong")
    found = {c: tuple(row[n] for n in names) for c, row in reported.categories.items()}
    assert found == {
        # Shoes of products 4 and 5 are denied by N1.
        "fashion": (0, 9, 5, 0, 0, 0),
        "shoes": (2, 5, 5, 0, 0, 1),
        "boots": (2, 0, 3, 1, 1, 1),
        "sandals": (3, 0, 1, 0, 0, 0),
        "dresses": (2, 0, 2, 0, 0, 0),
        "toys": (1, 0, 4, 0, 4, 0),
    }
    assert reported.categories["boots"]["model_only"] == 1
    assert reported.categories["boots"]["assigned"] == 3


def test_precision_of_categories_comes_down_the_tree(reported: Reported) -> None:
    found = {c: row["precision"] for c, row in reported.categories.items()}
    s = reported.categories["boots"]["prior_strength"]
    fashion = (s * 0.8 + 1) / (s + 1)  # by the set, which refuses shoes
    shoes = s * fashion / (s + 1)
    assert found["fashion"] == pytest.approx(fashion)
    assert found["shoes"] == pytest.approx(shoes)
    assert found["boots"] == pytest.approx((s * shoes + 1.8 / 3) / (s + 2.8))
    assert found["sandals"] == pytest.approx(shoes)
    assert reported.categories["sandals"]["basis"] == "answers above"
    assert reported.categories["dresses"]["basis"] == "complete sets"
    assert reported.categories["toys"]["basis"] == "sampled answers"


def test_recall(reported: Reported) -> None:
    names = ("recall_basis", "recall_answers", "recall_share", "recall", "missed")
    found = {c: tuple(row[n] for n in names) for c, row in reported.categories.items()}
    # Weights 2 (found) and 10 (missed), and half a pair of weight 10 of each kind.
    mean, effective = (2 + 5) / 22, 22**2 / (4 + 100 + 100)
    told = ("sampled pairs", 2, pytest.approx(2 / 12), pytest.approx(mean), pytest.approx(1 - mean))
    assert found["boots"] == told
    row = reported.categories["boots"]
    expected = beta.interval(0.95, mean * effective, (1 - mean) * effective)
    assert (row["recall_low"], row["recall_high"]) == pytest.approx(expected, abs=1e-6)
    # The set that nobody sampled is no estimate, and is called so.
    assert found["dresses"] == ("other sets", 1, 1.0, 0.75, 0.25)
    assert (row["other_true"], reported.categories["fashion"]["other_true"]) == (0, 1)
    # A yes that only follows from another, and one that nobody sampled, say nothing of shoes.
    assert found["shoes"] == ("none", 0, None, None, None)


def test_what_is_shown_of_a_rule(reported: Reported) -> None:
    row = reported.rules["B1"]
    assert [tuple(text) for text in row["texts"]] == [("title", "boots", 3, 1, 2)]
    assert [tuple(other) for other in row["overlaps"]] == [("B2", 1)]
    shown = {one["product_id"]: one for one in row["examples"]}
    assert set(shown) == {product("0"), product("1"), product("2")}
    # Those that people refuse come first.
    assert [one["answer"] for one in row["examples"]] == [-1, -1, 1]
    hit = shown[product("1")]
    assert hit["match"] == "Boots"
    cut = HOSTILE.index("Boots") - 60
    assert cut > 0
    assert hit["before"] + hit["match"] + hit["after"] == "…" + HOSTILE[cut:]


@pytest.mark.long
def test_a_second_run_leaves_the_tables_as_they_were(reported: Reported) -> None:
    page = (reported.folder / "rules.html").read_bytes()
    run_stage(reported.job, "rule_report", run, RuleReport())
    assert _content(reported.job) == (reported.rules, reported.categories)
    assert (reported.folder / "rules.html").read_bytes() == page


def test_the_page_holds_feed_text_as_data_only(reported: Reported) -> None:
    text = (reported.folder / "rules.html").read_text(encoding="utf-8")
    assert text.count("<script") == 2
    assert "<img" not in text
    assert "http" not in text.replace("http-equiv", "")
    found = re.search(r'<script id="data" type="application/json">(.*?)</script>', text, re.S)
    assert found is not None
    data = json.loads(found[1])
    assert [row["rule_id"] for row in data["rules"]] == sorted(RULES)
    titles = {one["title"] for row in data["rules"] for one in row["examples"] or []}
    assert HOSTILE in titles


def _sql(reported: Reported, query: str) -> list[Row]:
    return list(reported.job.spark.sql(query).collect())


def test_why_is_this_product_in_this_category(reported: Reported) -> None:
    asked = f"SELECT * FROM why WHERE product_id = '{product('0')}' AND category_id = 'shoes'"
    (row,) = _sql(reported, asked)
    assert row["category"] == "Fashion > Shoes"
    assert (row["assigned"], row["probability"], row["model_version"]) == (True, 0.9, "7")
    assert row["rules"] == ["B1 v1 on boots", "S1 v1"]
    assert row["matched_texts"] == ["title: Boots"]
    assert (row["human"], row["human_on_category_id"], row["annotator"]) == (1, "boots", "ines")
    precision = {vote["rule_id"]: vote["precision"] for vote in row["votes"]}
    assert precision["B1"] == pytest.approx(reported.rules["B1"]["precision"])


FOLLOWS = {
    ("5", "boots"): (["B2 v1", "N1 v1 (not) on shoes"], None),
    ("2", "boots"): (["B1 v1"], -1),  # the no of the complete set stands above
    ("2", "fashion"): (["B1 v1 on boots", "D1 v1 on dresses", "D2 v1 on dresses"], 1),
    ("8", "fashion"): (None, 1),
}


def test_why_knows_what_follows(reported: Reported) -> None:
    pairs = ", ".join(f"('{product(name)}', '{category}')" for name, category in FOLLOWS)
    asked = f"SELECT * FROM why WHERE (product_id, category_id) IN ({pairs})"
    found = {
        (row["product_id"], row["category_id"]): (row["rules"], row["human"])
        for row in _sql(reported, asked)
    }
    assert found == {(product(name), category): said for (name, category), said in FOLLOWS.items()}


def test_which_rule_made_these_false_positives(reported: Reported) -> None:
    found = _sql(
        reported,
        "SELECT rule_id, count(*) AS n FROM judged_votes WHERE wrong GROUP BY rule_id ORDER BY 1",
    )
    assert [tuple(row) for row in found] == [("B1", 2), ("B2", 1), ("S1", 1), ("T1", 4)]
    exploded = _sql(
        reported,
        "SELECT v.rule_id, count(*) AS n FROM why LATERAL VIEW explode(votes) AS v"
        " WHERE human = -v.vote AND v.on_category_id = category_id GROUP BY 1 ORDER BY 1",
    )
    assert exploded == found


@pytest.mark.long
def test_views_say_what_the_labels_say(reported: Reported) -> None:
    job = reported.job
    containing = above(job.spark, stored_tree(job))
    votes = job.tables.read("rule_votes")
    answers = closed_answers(job.tables.read("human_labels"), containing)
    judged = judge(votes, answers, containing).collect()
    expected = {(r["product_id"], r["category_id"]): r["answer"] for r in judged}
    for view in ("why", "judged_votes"):
        found = _sql(reported, f"SELECT product_id, category_id, human FROM {view}")
        said = {tuple(row)[:2]: row["human"] for row in found if row["human"] is not None}
        assert {pair: said.get(pair) for pair in expected} == expected
        assert view == "why" or set(said) == set(expected)


def test_rule_quality_is_for_reading(reported: Reported) -> None:
    query = "SELECT * FROM rule_quality ORDER BY advice_rank, wrong DESC, rule_id"
    found = _sql(reported, query)
    assert [row["rule_id"] for row in found][:4] == ["G1", "X0", "T1", "M0"]
    (row,) = [row for row in found if row["rule_id"] == "T1"]
    assert row["condition"] == 'title contains "boots"'
    told = reported.rules["T1"]
    low, high = (round(100 * told[f"precision_{end}"]) for end in ("low", "high"))
    assert row["precision_percent"] == round(100 * told["precision"], 1)
    assert row["interval_percent"] == f"{low} to {high}"


@pytest.mark.long
def test_without_a_model_its_columns_are_null(reported: Reported) -> None:
    job = reported.job
    kept = {table: rows()[table] for table in ("scores", "thresholds")}
    write(job.spark, job.tables, {table: [] for table in kept})
    run_stage(job, "rule_report", run, RuleReport(page=str(reported.folder / "bare.html")))
    bare, categories = _content(job)
    write(job.spark, job.tables, kept)
    run_stage(job, "rule_report", run, RuleReport())
    names = ("assigned", "agreed", "right_agreed", "model_precision_low", "model_version")
    assert {tuple(row[n] for n in names) for row in bare.values()} == {(None,) * 5}
    assert {row["model_only"] for row in categories.values()} == {None}
    assert bare["B1"]["advice"] == "keep"
    assert bare["B1"]["precision"] == reported.rules["B1"]["precision"]
    assert _content(job) == (reported.rules, reported.categories)
