"""Roles in the layouts of networks and shop systems all over the world."""

import time
from collections.abc import Callable

import pytest
from role_cases import Case, hidden, judged, layouts

from aisles.feeds.infer import ColumnSample, infer

CASES = list(layouts())
SOURCES = ("layouts", "world open", "world held", "found")


def share(source: str, shown: Callable[[Case], Case]) -> tuple[float, list[str]]:
    """Share of roles right, and what was wrong."""
    right, wrong = 0, []
    for case in map(shown, (c for c in CASES if c.source == source)):
        for role, (ok, why) in judged(case, infer(case.columns, case.header)).items():
            right += ok
            wrong += [] if ok else [f"{case.feed}: {role}: {why}"]
    return right / (right + len(wrong)), wrong


@pytest.mark.parametrize("source", SOURCES)
def test_headers_and_values(source: str) -> None:
    found, wrong = share(source, lambda case: case)
    assert found >= 0.97, wrong


@pytest.mark.parametrize("source", SOURCES)
def test_values_alone(source: str) -> None:
    found, wrong = share(source, hidden)
    assert found >= 0.92, wrong


def test_an_order_of_columns_does_not_move_the_roles() -> None:
    for case in CASES[20:40]:
        there = {f.column: f.role for f in infer(case.columns, case.header)}
        back = {f.column: f.role for f in infer(case.columns[::-1], case.header)}
        moved = [c for c in there if there[c] != back[c]]
        # Of two columns alike the earlier one is taken.
        assert len(moved) <= 4, (case.feed, moved)


def test_inference_is_fast() -> None:
    """2,000 rows of 40 columns take well under a second."""
    case = next(c for c in CASES if c.feed == "magento export")
    columns = [
        ColumnSample(f"{c.name} {no}" * (no > 0) or c.name, list(c.values) * 7)
        for no in range(2)
        for c in case.columns
    ][:40]
    assert len(columns) == 40
    assert len(columns[0].values) >= 2000
    start = time.process_time()
    infer(columns, True)
    assert time.process_time() - start < 1.0
