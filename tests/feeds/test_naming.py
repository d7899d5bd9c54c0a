"""Names of columns that the other columns explain."""

from __future__ import annotations

import datetime as dt

import pyarrow as pa

from aisles.feeds.infer import ColumnSample, infer
from aisles.feeds.minor import in_minor_units
from aisles.feeds.naming import names_of
from aisles.feeds.profile import profile_of
from aisles.feeds.shapes import shape_of
from aisles.products.normalise import normalise_batch
from aisles.stages.readings import reading_of
from aisles.stages.sale_notes import ON_SALE, with_sale_notes

ROWS = 20


def role(name: str, columns: dict[str, list[str]]) -> str | None:
    """What the column's name plainly speaks for among these."""
    scores = names_of(columns)[name].scores
    best = max(scores, key=scores.__getitem__)
    return best if scores[best] >= 3.4 else None


def test_a_prefix_that_all_names_share_is_no_word() -> None:
    shared = {f"QX{name}": [] for name in ("ID", "TITLE", "STOCK", "PRICE", "EAN")}
    assert role("QXSTOCK", shared) == "availability"
    assert role("QXTITLE", shared) == "title"
    alone = {"QXSTOCK": [], "name": [], "price": [], "ean": [], "url": []}
    assert role("QXSTOCK", alone) is None


def test_a_group_called_like_one_of_its_parts() -> None:
    both = {"description/name": [], "description/long_desc": []}
    assert [role(name, both) for name in both] == ["title", "description"]
    assert role("description/name", {"description/name": [], "price/gross": []}) == "description"
    # What the name of the group adds is kept where no part is called like it.
    assert role("category@name", {"category@name": [], "category@id": []}) == "merchant_category"
    # The address in a group of pictures is a picture's.
    pictures = {"Item_Pictures.Picture_No": [], "Item_Pictures.Url": []}
    assert role("Item_Pictures.Url", pictures) == "image_url"


def test_a_cell_names_the_values_behind_it() -> None:
    columns = {
        "Option1 Name": ["Colour"] * ROWS,
        "Option1 Unit": [""] * ROWS,
        "Option1 Value": ["red", "blue"] * (ROWS // 2),
        "Option2 Name": ["Größe"] * (ROWS - 1) + [""],
        "Option2 Value": ["750", "50"] * (ROWS // 2),
        "Option3 Name": ["Size", "Colour"] * (ROWS // 2),
        "Option3 Value": ["L", "red"] * (ROWS // 2),
        "Material": ["steel"] * ROWS,
    }
    assert role("Option1 Value", columns) == "colour"
    assert role("Option2 Value", columns) == "size"
    assert role("Option1 Unit", columns) is None and role("Option3 Value", columns) is None
    found = infer([ColumnSample(name, values) for name, values in columns.items()], header=True)
    (size,) = [one for one in found if one.role == "size"]
    assert size.column == "Option2 Value" and "'Größe' in 'Option2 Name'" in size.evidence


def minor(columns: dict[str, list[str]], prices: list[str]) -> frozenset[str]:
    rows = [
        {"column": name, "profile": profile_of(shape_of(values), values).text}
        for name, values in columns.items()
    ]
    return in_minor_units(rows, prices)


def test_minor_units_by_another_columns_word() -> None:
    amounts = [str(1000 + 37 * place) for place in range(ROWS)]
    store = {"prices.price": amounts, "prices.currency_minor_unit": ["2"] * ROWS, "fee": amounts}
    assert minor(store, ["prices.price", "fee"]) == {"prices.price"}
    assert minor({"price.amount": amounts, "price.divisor": ["100"] * ROWS}, ["price.amount"])
    # Not where it is 0, not the same everywhere, of another group, or the amounts have decimals.
    for unit in (["0"] * ROWS, ["0", "2"] * (ROWS // 2)):
        assert not minor({"p.price": amounts, "p.minor_unit": unit}, ["p.price"])
    assert not minor({"p.price": amounts, "q.minor_unit": ["2"] * ROWS}, ["p.price"])
    cents = [f"{amount}.50" for amount in amounts]
    assert not minor({"p.price": cents, "p.minor_unit": ["2"] * ROWS}, ["p.price"])


def test_a_reading_knows_them() -> None:
    amounts = [str(1000 + 37 * place) for place in range(ROWS)]
    columns = {
        "prices.price": amounts,
        "prices.sale_price": amounts,
        "prices.minor_unit": ["2"] * ROWS,
    }
    rows = [
        {
            "column": name,
            "role": "price" if name == "prices.price" else None,
            "confidence": 1.0,
            "decimals": None,
            "profile": profile_of(shape_of(values), values).text,
        }
        for name, values in columns.items()
    ]
    reading = reading_of(rows)
    assert reading.minor == {"prices.price", "prices.sale_price"}
    assert reading.fingerprint != reading_of(rows[:1]).fingerprint


def test_sale_columns_say_what_they_are_for_unless_people_said_otherwise() -> None:
    names = {"price": "price", "sale_price": None, "colour": None, "special": "price"}
    rows = [
        {"column": name, "role": given, "evidence": "-", "source": "inferred", "confidence": 1.0}
        for name, given in names.items()
    ]
    noted = {row["column"]: row["evidence"] for row in with_sale_notes(rows)}
    own = {"price": "-", "colour": "-"}
    assert noted == own | {"sale_price": ON_SALE, "special": ON_SALE}
    rows = [{**row, "source": "override"} if "s" in row["column"] else row for row in rows]
    assert all(row["evidence"] == "-" for row in with_sale_notes(rows))
    cells = pa.array(
        [[("price", "9.00"), ("sale_price", "5.00")]], pa.map_(pa.string(), pa.string())
    )
    batch = pa.RecordBatch.from_pydict(
        {name: ["x"] for name in ("network", "retailer", "file", "content_hash")}
        | {"run_date": [dt.date(2026, 11, 1)], "record_no": [1], "values": cells}
    )
    one = normalise_batch(batch, {("x", "x"): reading_of(rows)})
    assert one["price_minor"].to_pylist() == [900]
