"""The evaluation kit's own cases and rules."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pyarrow as pa
import pytest

from aisles.rules.grammar import RuleError, parse
from aisles.rules.load import Rule, read_rules
from aisles.rules.matcher import COLUMNS, RuleSet
from aisles.rules.plain import evaluate

_KIT = Path(os.environ.get("AISLES_KIT", Path(__file__).parents[3] / "shared" / "data"))
_RULES = _KIT / "rules"
pytestmark = [
    pytest.mark.kit,
    pytest.mark.skipif(not _RULES.is_dir(), reason="the evaluation kit is not there"),
]


def test_worked_examples() -> None:
    names = [(name, pa.string()) for name in COLUMNS[:-1]]
    schema = pa.schema([*names, ("price", pa.float64())])
    for case in json.loads((_RULES / "cases.json").read_text(encoding="utf-8")):
        condition = case["condition"]
        if case.get("error"):
            with pytest.raises(RuleError):
                parse(condition)
            continue
        assert evaluate(parse(condition), case["product"]) is case["expected"], case
        batch = pa.RecordBatch.from_pylist([{"product_id": "p", **case["product"]}], schema)
        votes = RuleSet.compile([Rule("R1", "c", condition)]).match(batch)
        assert votes.num_rows == case["expected"], case


def test_exactly_the_broken_rules_are_reported() -> None:
    rules = read_rules(_RULES / "legacy_rules.csv")
    broken = [rule for rule in rules if rule.error]
    assert len(broken) == 5
    assert all(rule.error and rule.error.startswith("position ") for rule in broken)
    kept = RuleSet.compile(rules).rules
    assert len(kept) == sum(rule.enabled for rule in rules) - sum(r.enabled for r in broken)
