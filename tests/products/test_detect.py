"""Many texts at once come out as the library says of each alone."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from aisles.products.detect import LETTERS, NO_LANGUAGE, identifier, probabilities

TEXTS = [
    "",
    "4011 / 2.5",
    "Eine wasserdichte Jacke für Damen mit Kapuze\nfür Wind und Wetter",
    "VESTE IMPERMÉABLE À CAPUCHE POUR FEMME",
    "防水ジャケット 女性用",
    "Непромокаемая куртка с капюшоном",
    "Nepromokavá bunda s kapucí " * 40,
    "SIAMOQC 0451-X ürün für voor",
]
LIBRARY = identifier()


def alone(text: str) -> list[float]:
    said = dict(LIBRARY.rank(text[:LETTERS]))
    return [said[code] for code in probabilities([]).codes]


def test_the_library_says_the_same_of_each_text() -> None:
    found = probabilities(TEXTS)
    assert found.probability.shape == (len(TEXTS), len(found.codes))
    np.testing.assert_allclose(found.probability, [alone(text) for text in TEXTS], atol=1e-4)
    best = [found.codes[place] for place in found.probability.argmax(axis=1)]
    assert best[2:7] == ["de", "fr", "ja", "ru", "cs"]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(max_size=LETTERS + 20), min_size=1, max_size=8))
def test_the_library_says_the_same_of_any_text(texts: list[str]) -> None:
    found = probabilities(texts).probability
    np.testing.assert_allclose(found, [alone(text) for text in texts], atol=1e-4)


def test_texts_do_not_depend_on_those_beside_them() -> None:
    many = [f"{text} {number}" for number in range(1500) for text in TEXTS[2:6]]
    found = probabilities(many)
    few = probabilities(many[-4:])
    np.testing.assert_allclose(found.probability[-4:], few.probability, atol=1e-6)


def test_columns_of_some_languages() -> None:
    found = probabilities(TEXTS)
    some = found.of(["de", NO_LANGUAGE])
    assert some.shape == (len(TEXTS), 2)
    assert some[2, 0] == found.probability[2].max()
    assert probabilities([]).of(["de"]).shape == (0, 1)
