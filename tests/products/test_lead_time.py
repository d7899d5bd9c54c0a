"""Availability told by how soon a product is sent."""

import pyarrow as pa
import pytest

from aisles.feeds.vocabulary import tells_lead_time
from aisles.products.lead_time import availability_by_lead_time
from aisles.products.reading import Reading

STATES = {
    "0": "in_stock",
    "3": "in_stock",
    "7.0": "in_stock",
    "14": "backorder",
    "-1": None,
    "En stock - livraison sous 48h": "in_stock",
    "48h": "in_stock",
    "Expédié sous 5 à 8 jours": "in_stock",
    "Rupture de stock": "out_of_stock",
    "1-2 nap": "in_stock",
    "Raktáron": "in_stock",
    "2 bis 3 Wochen": "backorder",
    "1 Woche": "in_stock",
    "1 month": "backorder",
    "Versandfertig in 3-4 Werktagen": "in_stock",
    "2026-05-01 12:00": None,
    "2026-05-01": "preorder",
    "24. 12. 2026": "preorder",
    "Sonderposten": "Sonderposten",
}


@pytest.mark.parametrize(("text", "state"), STATES.items())
def test_states(text: str, state: str | None) -> None:
    assert availability_by_lead_time(pa.array([text, None, text])).to_pylist() == [
        state,
        None,
        state,
    ]


@pytest.mark.parametrize(
    "name", ["DELIVERY_DATE", "offer/deliveryTime", "Délai de livraison", "納期", "dispatch_days"]
)
def test_names(name: str) -> None:
    assert tells_lead_time(name)


@pytest.mark.parametrize("name", ["delivery_price", "availability", "date", "deliveryTime.id"])
def test_other_names(name: str) -> None:
    assert not tells_lead_time(name)


def test_another_reading() -> None:
    roles = [("ship", "availability", 1.0)]
    assert Reading.of(roles).fingerprint != Reading.of(roles, lead=["ship"]).fingerprint
