"""Tight slashes: one level in one feed, a sign between levels in another."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from aisles.feeds.profile import is_slashed, profile_of, read_profile
from aisles.feeds.shapes import shape_of
from aisles.products.category import merchant_category, with_marks
from aisles.products.reading import Reading

PATHS = {
    "heads again and again": [f"{a}/{b}{n}" for a in ("Home", "Дом") for b in "xyz" for n in "123"],
    "deep ones": ["Home/Kitchen/Pans", "Mode/Kleider", "Sport/Ball", "Toys/Cars", "Books"],
    "heads alone": ["Home", "Home/Kitchen", "Toys", "Toys/Cars", "Toys/Dolls", "Home/Garden"],
}
NONE = {
    "single levels": ["T-Shirts/Tops", "Shorts/Hosen", "Jacken/Mäntel", "Schuhe/Stiefel", "Hüte"],
    "stronger signs": ["A/B > C", "A/B > D", "A/B > E", "A/B > F", "A/B > G"],
    "links": [f"https://shop.example/a/b{n}" for n in range(9)],
    "fractions": ["1/2", "1/4", "1/8", "3/4", "7/8"],
    "few": ["Home/Kitchen", "Home/Garden"],
    "spaced": [f"Home / Kitchen {n}" for n in range(9)],
}


@pytest.mark.parametrize("name", PATHS)
def test_slashes_separate_levels(name: str) -> None:
    assert is_slashed(PATHS[name]) and is_slashed([None, *reversed(PATHS[name]), ""])


@pytest.mark.parametrize("name", NONE)
def test_slashes_are_part_of_a_name(name: str) -> None:
    assert not is_slashed(NONE[name])


def test_the_profile_keeps_it() -> None:
    values = PATHS["heads alone"]
    assert read_profile(profile_of(shape_of(values), values).text).slashed
    others = NONE["single levels"]
    assert not read_profile(profile_of(shape_of(others), others).text).slashed


def test_columns_known_for_it_are_split_and_no_others() -> None:
    texts = pa.array(
        ["Home/Kitchen", "T-Shirts/Tops", "/A/B > C", "Home/Pans /x", None, "/Home/B/"]
    )
    one, other = np.array([0, 2, 3, -1, 4, 5]), np.array([-1, 1, -1, -1, -1, -1])
    marked = with_marks(texts, [one])
    assert merchant_category(marked, [one, other], 6).to_pylist() == [
        "Home > Kitchen",
        "T-Shirts/Tops > /A/B > C",
        "Home > Pans > x",
        None,
        None,
        "Home > B",
    ]


def test_a_reading_that_splits_is_another_one() -> None:
    roles = [("cat", "merchant_category", 1.0)]
    assert Reading.of(roles).fingerprint != Reading.of(roles, slashed=["cat"]).fingerprint
