"""Canonical brand, colour, gender, availability and GTIN beside the text as delivered."""

from importlib.resources import files

import pyarrow as pa
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum import ean
from yaml import BaseLoader

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
        "ノーブランド": None,
        "ユニクロ": "ユニクロ",
        "Няма": None,
        "Nav norādīts": None,
        "ללא": None,
        "Fără marcă": None,
        "ｸﾞﾗﾝﾄﾞ": "グランド",
        "3M™": "3m",
        "ซิงเกอร์ ไทย": "ซิงเกอร์ ไทย",
        "हिन्दुस्तान-लीवर": "हिन्दुस्तान लीवर",
        "क्‍ष": "क्ष",
        "삼성 (주)": "삼성 주",
        "Йогурт": "иогурт",
        "Ñandú_Ñ": "nandu n",
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
        "Fired earth": None,
        "hellblau": "blue",
        "Dunkelblau": "blue",
        "mörkblå": "blue",
        "donkerblauw": "blue",
        "weinrot": "red",
        "schwarzweiß": "black",
        "sötétkék": "blue",
        "тёмно-синий": "blue",
        "светлосерый": "grey",
        "rosé gold": "gold",
        "Rose Gold/White": "gold",
        "roségold": "gold",
        "vaaleanpunainen": "pink",
        "สีน้ำเงิน": "blue",
        "สีดำ/ขาว": "black",
        "xanh lá cây": "green",
        "Đỏ": "red",
        "червена": "red",
        "bijela": "white",
        "rdeča": "red",
        "mėlyna": "blue",
        "zaļš": "green",
        "must": "black",
        "чорний": "black",
        "ネイビーブルー": "blue",
        "ﾌﾞﾗｯｸ": "black",
        "ピンクゴールド": "gold",
        "빨간색": "red",
        "深蓝色": "blue",
        "米白色": "white",
        "酒紅色": "red",
        "सफ़ेद": "white",
        "سوداء": "black",
        "כחול כהה": "blue",
        "merah muda": "pink",
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
        "для женщин": "female",
        "メンズ": "male",
        "女": "female",
        "पुरुष": "male",
        "dla mężczyzn": "male",
        "anak laki-laki": "male",
        "男女兼用": "unisex",
        "Vyrams": "male",
    },
    canonical.availability_canonical: {
        "Geçici olarak temin edilemiyor": "out_of_stock",
        "24 saatte kargoda": "in_stock",
        "Ограничена наличност": "in_stock",
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
        "Auf Lager, 1-3 Werktage": "in_stock",
        "Sold out (back in June)": "out_of_stock",
        "In stock - ships today": "in_stock",
        "Heti varastosta": "in_stock",
        "Tilaustuote, toimitus 2-3 viikkoa": "backorder",
        "3, perhaps": "3, perhaps",
        "Lieferbar in 1-2 Tagen": "in_stock",
        "Παράδοση σε 1-3 ημέρες": "in_stock",
        "Disponible sous 3 à 4 semaines": "backorder",
        "ab Lager (>10 Stück)": "in_stock",
        "Ei varastossa": "out_of_stock",
        "40 den": "40 den",
        "2026-05-01": "2026-05-01",
        "back-ordered": "backorder",
        "Disponível por encomenda": "backorder",
        "Förhandsboka": "preorder",
        "Derzeit nicht lieferbar": "out_of_stock",
        "Temporarily sold out": "out_of_stock",
        "in stock somewhere": "in stock somewhere",
        "skladem > 5 ks": "in_stock",
        "In stock: 0": "out_of_stock",
        "model 0": "model 0",
        "○": "in_stock",
        "×": "out_of_stock",
        "S": "in_stock",
        "не": "out_of_stock",
        "在庫あり": "in_stock",
        "有货": "in_stock",
        "품절": "out_of_stock",
        "ja": "in_stock",
        "Nein": "out_of_stock",
        "да": "in_stock",
        "нет": "out_of_stock",
        "10+": "in_stock",
        "> 5 Stk.": "in_stock",
        "12.0": "in_stock",
        "-1": "out_of_stock",
        "LimitedAvailability": "in_stock",
        "https://schema.org/InStock": "in_stock",
        "schema.org/PreOrder/": "preorder",
        "IN_STOCK": "in_stock",
        "pre-sale": "preorder",
        "Hết hàng": "out_of_stock",
        "3 days": "in_stock",
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
        "4006381333931.0": "04006381333931",
        "95205603217": "00095205603217",
        "95205603218": None,
        "0-306-40615-2": "09780306406157",
        "080442957X": "09780804429573",
        "080442957x": "09780804429573",
        "0804429579": None,
        "10012345678": None,
    },
}


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_forms(form) -> None:  # type: ignore[no-untyped-def]
    raw, expected = zip(*FORMS[form].items())
    assert form(pa.array([*raw, None])).to_pylist() == [*expected, None]


KNOWN = {
    "colour": (canonical.color_canonical, 0.97),
    "gender": (canonical.gender_canonical, 0.9),
    "availability": (canonical.availability_canonical, 0.95),
}
BASE = {"preorder", "backorder", "in_stock", "out_of_stock", *canonical._COLOURS.values()}
# Of children, not of a gender; which of two colours is not said.
UNTOLD = {"kids", "baby", "babies", "bebe", "infant", "kinder", "enfant", "enfants", "xanh"}


@pytest.mark.parametrize("kind", KNOWN)
def test_what_tells_a_column_has_a_canonical_form(kind: str) -> None:
    form, least = KNOWN[kind]
    told = yaml.load(files("aisles.feeds").joinpath("values.yml").read_text("utf-8"), BaseLoader)
    words = sorted({*told[kind]} - UNTOLD)
    forms = form(pa.array(words)).to_pylist()
    pairs = zip(words, forms, strict=True)
    unknown = [w for w, said in pairs if not said or (said == w and w not in BASE)]
    assert len(unknown) <= (1 - least) * len(words), unknown


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
