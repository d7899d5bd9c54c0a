"""A small delivery for tests."""

from __future__ import annotations

from typing import Any

from aisles.simulate.build import simulate_local


def small(out: str, products: int = 300, seed: int = 1) -> dict[str, Any]:
    """The manifest of a small first day, made in this process with pictures and answers."""
    return simulate_local(out, products=products, seed=seed)
