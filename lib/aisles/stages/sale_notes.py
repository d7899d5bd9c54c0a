"""Columns of prices while a product is on sale: with the role of prices, or with none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from aisles.products.offer import sale_columns, without_specials

ON_SALE = "by its name the price while a product is on sale: read as price where it is the lower"


def with_sale_notes(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The rows of column_roles of one feed; the evidence of such columns says what they are for."""
    known = [dict(row) for row in rows]
    taken = {row["column"] for row in known if row["role"]}
    _, special = without_specials([row["column"] for row in known if row["role"] == "price"])
    others = (row["column"] for row in known if not row["role"])
    sale = {*special, *sale_columns(others, taken)}
    stated = {row["column"] for row in known if row.get("source") == "override"}
    return [
        {**row, "evidence": ON_SALE} if row["column"] in sale - stated else row for row in known
    ]
