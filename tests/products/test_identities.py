"""The ids that are found cheaply are those that cleaning gives."""

from __future__ import annotations

import datetime as dt

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from aisles.products.ids import identified
from aisles.products.normalise import normalise_batch
from aisles.products.reading import Reading

FEED = ("net", "shop")
ROLES = {
    "merchant_product_id": ["sku", "ref"],
    "gtin": ["ean", "upc", "more[EAN: |]", "value[name = UPC]"],
    "product_url": ["link"],
    "title": ["title"],
}
CELLS = {
    "sku": ["A1", " A&amp;2 ", "n/a"],
    "ref": ["R1"],
    "ean": ["4006381333931", "none", "4006381333932"],
    "upc": ["036000291452", "-"],
    "more": ["Size:M|EAN:4006381333931", "EAN: 96385074", "EAN:x", "x"],
    "name": ["UPC", "Colour"],
    "value": ["036000291452", "red"],
    "link": ["shop.example/p?a=1&amp;b=2", "https://shop.example/q"],
    "title": ["Mug"],
}


@given(
    st.lists(
        st.fixed_dictionaries(
            {}, optional={name: st.sampled_from(texts) for name, texts in CELLS.items()}
        ),
        min_size=1,
        max_size=8,
    )
)
def test_ids_without_cleaning(records: list[dict[str, str]]) -> None:
    count = len(records)
    batch = pa.RecordBatch.from_pydict(
        {
            "network": pa.array([FEED[0]] * count),
            "retailer": pa.array([FEED[1]] * count),
            "run_date": pa.array([dt.date(2026, 1, 2)] * count),
            "file": pa.array(["f"] * count),
            "record_no": pa.array(range(count), pa.int64()),
            "values": pa.array(
                [list(record.items()) for record in records], pa.map_(pa.string(), pa.string())
            ),
            "content_hash": pa.array([str(n) for n in range(count)]),
        }
    )
    rows = normalise_batch(batch, {FEED: Reading(ROLES)})
    assert identified(batch, Reading(ROLES))["product_id"].equals(rows["product_id"])
