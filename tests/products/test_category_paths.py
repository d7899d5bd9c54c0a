"""The merchant's category: separators mended, columns joined, nothing twice."""

import numpy as np
import pyarrow as pa
import pytest

from aisles.products.category import levels, merchant_category, ranks_of

LEVELS = {
    "Home / Kitchen / ": ["Home", "Kitchen"],
    '"Home > Kitchen"': ["Home", "Kitchen"],
    '[{"name":"Home"},{"name":"Kitchen"}]': ["Home", "Kitchen"],
    '[{"id": 7}]': ['[{"id": 7}]'],
    "食品:魚介:明太子": ["食品", "魚介", "明太子"],
    "Sale: 10:30": ["Sale: 10:30"],
    "Clothing > Women > Shorts": ["Clothing", "Women", "Shorts"],
    "Accessories>Sunglasses": ["Accessories", "Sunglasses"],
    "A » B › C -> D >> E": ["A", "B", "C", "D", "E"],
    "Fruits & Vegetables~~Fresh Fruits": ["Fruits & Vegetables", "Fresh Fruits"],
    "Health & Beauty > Care;;": ["Health & Beauty", "Care"],
    "Health & Beauty;;": ["Health & Beauty"],
    "Home|Kitchen": ["Home", "Kitchen"],
    "Home::Kitchen\\Pans": ["Home", "Kitchen", "Pans"],
    "Home / Kitchen": ["Home", "Kitchen"],
    "Casa;Cucina;Pentole": ["Casa", "Cucina", "Pentole"],
    "Home/Kitchen/Pans": ["Home", "Kitchen", "Pans"],
    "/Home/Kitchen": ["Home", "Kitchen"],
    "T-Shirts/Tops": ["T-Shirts/Tops"],
    "Clothing > T-Shirts / Tops": ["Clothing", "T-Shirts / Tops"],
    '["Toys >> Cars"]': ["Toys", "Cars"],
    '["Toys","Cars"]': ["Toys", "Cars"],
    "['Toys > Cars', 'Men's']": ["Toys", "Cars", "Men's"],
    "家電＞カメラ ▶ レンズ": ["家電", "カメラ", "レンズ"],
    "Home ❯ Kitchen｜Pans": ["Home", "Kitchen", "Pans"],
    "家電／カメラ": ["家電", "カメラ"],
    "Shoes - Men, Women": ["Shoes - Men, Women"],
    ";;": [],
    "Root/Shop/Pans,Root/Sale,Root/Brands/Acme": ["Root", "Shop", "Pans"],
    "Home > Sale, Home > Kitchen > Pans": ["Home", "Kitchen", "Pans"],
    "Men > Shoes|Men > Sale|Women > Y": ["Men", "Shoes"],
    "Kids > Shirts ; New in > Sale": ["Kids", "Shirts"],
    "New / Sale||Garden / Tools / Saws": ["Garden", "Tools", "Saws"],
    "Clothing > Shoes; Boots": ["Clothing", "Shoes; Boots"],
    "Home||Kitchen||Pans": ["Home", "Kitchen", "Pans"],
    "Home > Kitchen, Dining > Pans": ["Home", "Kitchen, Dining", "Pans"],
}
JOINED = [  # cells of one record, path
    (["Groceries", "Fruits~~Fresh"], "Groceries > Fruits > Fresh"),
    (["Beauty", "Hair Care", "Hair Oil"], "Beauty > Hair Care > Hair Oil"),
    (["Home > Rugs", "Rugs"], "Home > Rugs"),
    (["Rugs", "Home > rugs"], "Home > rugs"),
    (["Home > Rugs", "Rugs > Wool"], "Home > Rugs > Wool"),
    (["Home", "Home"], "Home"),
    (["Men's Jewellery", "Homme > Bagues"], "Men's Jewellery > Homme > Bagues"),
    ([None, "Home"], "Home"),
    ([None, ";;"], None),
    ([None, None], None),
]


@pytest.mark.parametrize(("text", "expected"), LEVELS.items())
def test_levels(text: str, expected: list[str]) -> None:
    assert levels(text) == expected
    assert levels(" > ".join(expected)) == expected


@pytest.mark.parametrize(("row", "path"), JOINED)
def test_joined(row: list[str | None], path: str | None) -> None:
    texts = pa.array([cell or "" for cell in row])
    columns = [np.array([at if cell else -1]) for at, cell in enumerate(row)]
    assert merchant_category(texts, columns, 1).to_pylist() == [path]


def test_parents_come_first_whatever_their_order() -> None:
    names = ["c.name", "c.parent.name", "c.parent.parent.name", "c.transparent"]
    assert ranks_of(names) == [2, 1, 0, 2]
    texts = pa.array(["Chinos", "Trousers", "Men", "Sale", "Boots", "Shoes"])
    columns = [np.array(places) for places in ([0, 4], [1, 5], [2, -1], [-1, 3])]
    found = merchant_category(texts, columns, 2, ranks_of(names))
    assert found.to_pylist() == ["Men > Trousers > Chinos", "Shoes > Sale > Boots"]
    plain = merchant_category(texts, columns, 2)
    assert plain.to_pylist() == ["Chinos > Trousers > Men", "Sale > Boots > Shoes"]
