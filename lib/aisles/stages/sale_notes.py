"""Columns without a role that are read all the same: prices while a product is on sale."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from aisles.products.offer import sale_columns

ON_SALE = "by its name the price while a product is on sale: read as price where it is the lower"


def with_sale_notes(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The rows of column_roles of one feed; the evidence of such columns says what they are for."""
    known = [dict(row) for row in rows]
    taken = {row["column"] for row in known if row["role"]}
    sale = set(sale_columns((row["column"] for row in known if not row["role"]), taken))
    stated = {row["column"] for row in known if row.get("source") == "override"}
    return [
        {**row, "evidence": ON_SALE} if row["column"] in sale - stated else row for row in known
    ]
