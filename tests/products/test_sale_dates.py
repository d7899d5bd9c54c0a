"""Prices of sales hold between the sale's dates."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisles.products.ids import identified
from aisles.products.normalise import normalise_batch
from aisles.products.offer import sale_columns
from aisles.products.reading import Reading
from aisles.products.sale_dates import SaleDates, is_sale_date, sale_dates
from aisles.stages.sale_notes import DATED, ON_SALE, with_sale_notes

FEED = ("net", "shop")
DAY = dt.date(2026, 11, 15)
BOTH = "sale_price_effective_date"


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        (f"price sale_price {BOTH}", ("sale_price", BOTH, BOTH)),
        ("price special special_from_date special_to_date", None),
        ("price sale_price date_on_sale_from date_on_sale_to date_on_sale_from_gmt", None),
        ("Preis Aktionspreis Aktionsbeginn Aktionsende", None),
        ("preis aktionspreis aktionspreis_ab aktionspreis_bis", None),
        ("prix prix_promo date_debut_promo date_fin_promo", None),
        ("precio precio_oferta fecha_inicio_oferta fecha_fin_oferta", None),
        ("cena cena_promocyjna promocja_od promocja_do", None),
        ("цена цена_акция дата_начала_акции дата_окончания_акции", None),
        ("価格 セール価格 セール開始日 セール終了日", None),
        ("판매가 할인가 할인시작일 할인종료일", None),
        ("pris kampanjpris kampanjstart kampanjslut", None),
        ("price specialPrice/amount specialPrice/validFrom specialPrice/validTo", None),
        ("prezzo promo@prezzo promo@dal promo@al", None),
        ("precios.pvp precios.oferta.precio precios.oferta.desde precios.oferta.hasta", None),
        ("brutto brutto_promocja promocja_od promocja_do", None),
        ("price promotion_price promotion_end", ("promotion_price", None, "promotion_end")),
        # The dates say which of two sales they are of.
        ("price promo_price special_price special_end", ("special_price", None, "special_end")),
        ("price promo_price special_price sale_end", ()),
        # Dates of other things, no dates, no price.
        ("price sale_price availability_date expiration_date", ()),
        ("price sale_price offer/start_date offer/end_date", ()),
        ("price sale_price", ()),
        ("price sale_start sale_end", ()),
    ],
)
def test_told_by_names(columns: str, found: tuple[str | None, ...] | None) -> None:
    names = columns.split()
    found = tuple(names[1:4]) if found is None else found
    dates = sale_dates(reversed(names))
    assert dates == (SaleDates((str(found[0]),), found[1], found[2]) if found else None)
    if dates:
        assert all(map(is_sale_date, dates.columns))
        assert not dates.columns & set(sale_columns(names, ()))


def batch(records: list[dict[str, str]], day: dt.date = DAY) -> pa.RecordBatch:
    count = len(records)
    return pa.RecordBatch.from_pydict(
        {
            "network": [FEED[0]] * count,
            "retailer": [FEED[1]] * count,
            "run_date": pa.array([day] * count, pa.date32()),
            "file": ["f"] * count,
            "record_no": pa.array(range(count), pa.int64()),
            "values": pa.array(
                [list(record.items()) for record in records], pa.map_(pa.string(), pa.string())
            ),
            "content_hash": [str(at) for at in range(count)],
        }
    )


BEFORE, WITHIN, AFTER = (
    {"from": "2027-01-01", "to": "2027-02-01"},
    {"from": "2026-11-15", "to": "2026-11-15 23:59:59"},
    {"from": "2020-01-01", "to": "2020-12-31"},
)
ROLES = {
    "sale without a role": [("price", "price", 1.0)],
    "sale as price": [("sale_price", "price", 1.0), ("price", "old_price", 1.0)],
    "sale and price": [("sale_price", "price", 1.0), ("price", "price", 0.9)],
    "and a recommended one": [("price", "price", 1.0), ("rrp", "old_price", 1.0)],
}


@pytest.mark.parametrize("roles", ROLES)
@pytest.mark.parametrize(
    ("when", "holds"),
    [
        (BEFORE, False),
        (WITHIN, True),
        (AFTER, False),
        ({}, True),
        ({"from": "2020-01-01"}, True),
        ({"to": "2026-11-14"}, False),
        ({"from": "2027-01-01", "to": "2020-01-01"}, True),  # nonsense
        ({"from": "soon", "to": "0000-00-00"}, True),
    ],
)
def test_the_price_of_the_day(roles: str, when: dict[str, str], holds: bool) -> None:
    given = [("sku", "merchant_product_id", 1.0), ("name", "title", 1.0), *ROLES[roles]]
    dates = SaleDates(("sale_price",), "sale_from", "sale_to")
    record = {"sku": "1", "name": "A mug", "price": "20.00", "sale_price": "15.00"}
    record |= {f"sale_{end}": day for end, day in when.items()}
    rows = normalise_batch(batch([record]), {FEED: Reading.of(given, sale=dates)}).to_pylist()
    assert rows[0]["price_minor"] == (1500 if holds else 2000)
    assert rows[0]["old_price_minor"] == (2000 if holds else None)
    assert rows[0]["raw_hash"] == ("0" if holds else "0-")


def test_a_price_alone_stays() -> None:
    given = [("sku", "merchant_product_id", 1.0), ("sale_price", "price", 1.0)]
    given += [("name", "title", 1.0), ("price", "old_price", 1.0)]
    dates = SaleDates(("sale_price",), "from", "to")
    record = {"sku": "1", "name": "A mug", "price": "", "sale_price": "15.00", **AFTER}
    rows = normalise_batch(batch([record]), {FEED: Reading.of(given, sale=dates)}).to_pylist()
    assert rows[0]["price_minor"] == 1500


def test_one_cell_with_both() -> None:
    given = [("sku", "merchant_product_id", 1.0), ("price", "price", 1.0), ("name", "title", 1.0)]
    dates = SaleDates(("sale_price",), BOTH, BOTH)
    cells = ["2026-11-01T00:00Z/2026-11-30T00:00Z", "2020-11-01/2020-11-30", "2020-11-01", ""]
    records = [
        {"sku": str(at), "name": "A mug", "price": "20.00", "sale_price": "15.00", BOTH: cell}
        for at, cell in enumerate(cells)
    ]
    rows = normalise_batch(batch(records), {FEED: Reading.of(given, sale=dates)}).to_pylist()
    assert [row["price_minor"] for row in rows] == [1500, 2000, 1500, 1500]


MAYBE = st.sampled_from(["", "2020-01-01", "2026-11-14", "2026-11-15", "2026-11-16", "x"])


@given(st.lists(st.tuples(MAYBE, MAYBE), min_size=1, max_size=9))
def test_both_ways_of_reading_tell_records_apart_alike(ends: list[tuple[str, str]]) -> None:
    given = [("sku", "merchant_product_id", 1.0), ("price", "price", 1.0), ("name", "title", 1.0)]
    dates = SaleDates(("sale_price",), "sale_from", "sale_to")
    reading = Reading.of(given, sale=dates)
    records = [
        {"sku": str(at), "name": "A mug", "price": "20.00", "sale_price": "15.00"}
        | {"sale_from": start, "sale_to": end}
        for at, (start, end) in enumerate(ends)
    ]
    rows = normalise_batch(batch(records), {FEED: reading})
    assert identified(batch(records), reading)["raw_hash"].equals(rows["raw_hash"])
    # A record comes out otherwise where its hash is another, and only there.
    for row, hashed in zip(rows.to_pylist(), rows["raw_hash"].to_pylist(), strict=True):
        assert (row["price_minor"] == 2000) == hashed.endswith("-")


def test_dates_are_of_the_fingerprint() -> None:
    roles = [("price", "price", 1.0)]
    some = [None, SaleDates(("a",), "b", None), SaleDates(("a",), None, "b")]
    assert len({Reading.of(roles, sale=one).fingerprint for one in some}) == 3


def test_column_roles_say_so() -> None:
    def row(column: str, role: str | None, source: str = "values") -> dict[str, Any]:
        return {"column": column, "role": role, "source": source, "evidence": "-"}

    rows = [row("price", "price"), row("sale_price", None), row(BOTH, None), row("x", None)]
    said = {one["column"]: one["evidence"] for one in with_sale_notes(rows)}
    assert said == {"price": "-", "sale_price": ON_SALE, BOTH: DATED, "x": "-"}
    # What people stated has no role is nothing else either.
    rows[2] = row(BOTH, None, "override")
    assert with_sale_notes(rows)[2]["evidence"] == "-"
