"""Canonical brand, colour, gender, availability and GTIN beside the text as delivered."""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum import ean

from aisles.products import canonical
from aisles.products.gtin import canonical_gtin

FORMS = {
    canonical.brand_canonical: {
        "L'Oréal": "loreal",
        "L’ORÉAL Inc.": "loreal",
        "Bosch GmbH": "bosch",
        "Acme Co. Ltd": "acme co",
        "Home Spa": "home spa",
        "Barilla S.p.A.": "barilla",
        "Black & Decker®": "black & decker",
        "H&M": "h&m",
        "N/A": None,
        "-": None,
        "Unbranded": None,
        "资生堂": "资生堂",
    },
    canonical.color_canonical: {
        "Navy Blue": "blue",
        "NOIR": "black",
        "Blau-Weiß": "blue",
        "off-white": "white",
        "rose gold": "gold",
        "Red/Green/Blue": "multicolor",
        "bunt": "multicolor",
        "anthrazit": "grey",
        "Fantasy 7": None,
    },
    canonical.gender_canonical: {
        "Men": "male",
        "Damen": "female",
        "homme": "male",
        "Women’s": "female",
        "M": "male",
        "Men, Women": "unisex",
        "unisex": "unisex",
        "Fashion > Women > Shoes": "female",
        "adult": None,
        "Size M": None,
    },
    canonical.availability_canonical: {
        "In Stock": "in_stock",
        "instock": "in_stock",
        "https://schema.org/OutOfStock": "out_of_stock",
        "auf Lager": "in_stock",
        "épuisé": "out_of_stock",
        "Pre-Order": "preorder",
        "Y": "in_stock",
        "0": "out_of_stock",
        "41": "in_stock",
        "ships in May": "ships in May",
    },
    canonical_gtin: {
        "0095205603217": "00095205603217",
        "095205603217": "00095205603217",
        "4006381 333931": "04006381333931",
        "96385074": "00000096385074",
        "10012345678902": "10012345678902",
        "4006381333932": None,
        "0000000000000": None,
        "4.00638E+12": None,
        "12345": None,
    },
}


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_forms(form) -> None:  # type: ignore[no-untyped-def]
    raw, expected = zip(*FORMS[form].items())
    assert form(pa.array([*raw, None])).to_pylist() == [*expected, None]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_no_values(form) -> None:  # type: ignore[no-untyped-def]
    assert form(pa.nulls(2, pa.string())).to_pylist() == [None, None]
    assert len(form(pa.array([], pa.string()))) == 0


@settings(deadline=None)
@given(st.text(alphabet="0123456789", min_size=12, max_size=13))
def test_gtin_agrees_with_the_library(digits: str) -> None:
    expected = digits.zfill(14) if ean.is_valid(digits.zfill(13)) and int(digits) else None
    padded = pa.array(["x", digits]).slice(1)
    assert canonical_gtin(padded).to_pylist() == [expected]
