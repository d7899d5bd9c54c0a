"""Sales in feeds: their columns of prices, with the role of prices or none, and of dates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from aisles.products.offer import sale_columns, without_specials
from aisles.products.sale_dates import sale_dates

ON_SALE = "by its name the price while a product is on sale: read as price where it is the lower"
DATED = "by its name when a sale starts or ends: outside of its dates no price on sale is read"


def with_sale_notes(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The rows of column_roles of one feed; the evidence of such columns says what they are for."""
    known = [dict(row) for row in rows]
    taken = {row["column"] for row in known if row["role"]}
    _, special = without_specials([row["column"] for row in known if row["role"] == "price"])
    others = (row["column"] for row in known if not row["role"])
    sale = {*special, *sale_columns(others, taken)}
    stated = {row["column"] for row in known if row.get("source") == "override"}
    unread = {row["column"] for row in known if row["column"] in stated and not row["role"]}
    dates = sale_dates(row["column"] for row in known if row["column"] not in unread)
    notes = dict.fromkeys(dates.columns if dates else (), DATED) | dict.fromkeys(sale, ON_SALE)
    return [
        row | {"evidence": notes[row["column"]]} if row["column"] in notes.keys() - stated else row
        for row in known
    ]
