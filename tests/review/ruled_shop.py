"""A shop of ten products and its rules, small enough to count by hand."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np

from aisles import schema
from aisles.calibrate.calibration import Evidence

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from aisles.tables import Tables

DAY = dt.date(2026, 1, 1)
LIFTED = Evidence(np.ones((2, 1)), np.array([[0.0], [1.7]]))  # a vote lifts, nothing else changes
HOSTILE = '</script><script>alert("x")</script><img src=x onerror=alert(1)> Boots & “co”'

# fashion > (shoes > (boots, sandals), dresses); toys
CATEGORIES = {
    "fashion": (None, "Fashion"),
    "shoes": ("fashion", "Fashion > Shoes"),
    "boots": ("shoes", "Fashion > Shoes > Boots"),
    "sandals": ("shoes", "Fashion > Shoes > Sandals"),
    "dresses": ("fashion", "Fashion > Dresses"),
    "toys": (None, "Toys"),
}
# rule: category, effect, enabled, error, products that it votes for
RULES: dict[str, tuple[str, str, bool, str | None, str]] = {
    "B1": ("boots", "is", True, None, "0 1 2"),
    "B2": ("boots", "is", True, None, "1 5"),
    "S1": ("shoes", "is", True, None, "0 3 4"),
    "N1": ("shoes", "is_not", True, None, "4 5"),
    "D1": ("dresses", "is", True, None, "2 3"),
    "D2": ("dresses", "is", True, None, "2"),
    "W1": ("sandals", "is", True, None, "9"),
    "W2": ("sandals", "is", True, None, "9"),
    "T1": ("toys", "is", True, None, "6 7 8 9"),
    "M0": ("sandals", "is", True, None, ""),
    "D0": ("dresses", "is", False, None, ""),
    "X0": ("dresses", "is", True, "position 3: a quote is missing", ""),
    "G1": ("gone", "is", True, None, ""),
}
# product, category, answer, propensity, part of a complete set
ANSWERS = [
    ("0", "boots", 1, 0.5, False),
    ("1", "boots", -1, 0.25, False),
    ("3", "shoes", 1, None, False),
    ("4", "shoes", -1, 1.0, False),
    *[(product, "toys", -1, 0.5, False) for product in "6789"],
    ("8", "boots", 1, 0.1, False),  # no rule finds it
    # One set that nobody sampled: a dress and nothing else.
    ("2", "dresses", 1, None, True),
    ("2", "shoes", -1, None, True),
    ("2", "toys", -1, None, True),
]
# product, category, calibrated and raw probability, assigned
SCORES = [
    ("0", "boots", 0.9, 0.8, True),
    ("0", "shoes", 0.9, 0.4, True),
    ("0", "fashion", 0.9, 0.4, True),
    ("1", "boots", 0.7, 0.3, True),  # only with the votes' help
    ("3", "shoes", 0.2, 0.2, False),
    ("4", "shoes", 0.9, 0.9, True),
    ("9", "boots", 0.9, 0.9, True),  # no rule finds it
]
THRESHOLDS = {"boots": ("answers", 0.85), "shoes": ("answers", 0.79), "toys": ("rules", 0.9)}


def product(name: str) -> str:
    return f"net/shop/{name}"


def rows() -> dict[str, list[dict[str, Any]]]:
    """Table -> its rows."""
    titles = {"1": HOSTILE, "2": "A long word before it: Boots"}
    found: dict[str, list[dict[str, Any]]] = {
        "products": [
            {
                "product_id": product(n), "network": "net", "retailer": "shop",
                "merchant_product_id": n, "title": titles.get(n, f"Boots {n}"), "active": n != "x",
                "first_seen": DAY, "changed_on": DAY, "content_hash": n,
            }
            for n in [*"0123456789", "x"]
        ],
        "categories": [
            {"category_id": c, "parent_id": parent, "name": path.split(" > ")[-1], "path": path,
             "level": path.count(">") + 1, "state": "active"}
            for c, (parent, path) in CATEGORIES.items()
        ],
        "scores": [
            {"product_id": product(n), "category_id": c, "probability": p, "raw_probability": raw,
             "assigned": assigned, "spread": 0.0, "model_version": "7"}
            for n, c, p, raw, assigned in SCORES
        ],
        "thresholds": [
            {"category_id": c, "threshold": 0.5, "basis": basis, "precision_lower_bound": bound,
             "model_version": "7",
             # The votes' map lifts: 0.3 becomes 0.7. Without votes the raw word stands.
             "calibration": LIFTED.to_json(0)}
            for c, (basis, bound) in THRESHOLDS.items()
        ],
    }  # fmt: skip
    return found | _spoken()


def _spoken() -> dict[str, list[dict[str, Any]]]:
    return {
        "rules": [
            {"rule_id": r, "rule_version": 1, "category_id": c, "effect": effect,
             "enabled": enabled, "condition": 'title contains "boots"', "error": error,
             "current": True}
            for r, (c, effect, enabled, error, _) in RULES.items()
        ],
        "rule_votes": [
            {"product_id": product(n), "rule_id": r, "rule_version": 1, "category_id": c,
             "vote": 1 if effect == "is" else -1, "field": "title", "span_start": at,
             "span_end": at + 5, "matched_text": "Boots"}
            for r, (c, effect, _, _, names) in RULES.items()
            for n in names.split()
            if (at := {"1": HOSTILE.index("Boots"), "2": 23}.get(n, 0)) >= 0
        ],
        "human_labels": [
            {"answer_id": f"set {n}" if whole else f"{n} {c}", "product_id": product(n),
             "category_id": c, "answer": answer, "annotator": "ines", "propensity": share,
             "at": dt.datetime(2026, 1, 2), "complete": whole}
            for n, c, answer, share, whole in ANSWERS
        ],
    }  # fmt: skip


def write(spark: SparkSession, tables: Tables, given: dict[str, list[dict[str, Any]]]) -> None:
    """Replaces the tables by the given rows."""
    for table, records in given.items():
        columns = schema.columns(table)
        kinds = ", ".join(f"`{column.name}` {column.type}" for column in columns)
        values = [tuple(record.get(column.name) for column in columns) for record in records]
        tables.replace(table, spark.createDataFrame(values, kinds), "true")
