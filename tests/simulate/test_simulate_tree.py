"""The tree, the words and the shops hold together."""

from __future__ import annotations

import numpy as np
import pytest

from aisles.simulate.draws import Draws, key_of, table, uniform
from aisles.simulate.grammar import plural
from aisles.simulate.lexicon import brands_of, conventions, load, retailers, words
from aisles.simulate.pictures import _shapes
from aisles.simulate.shops import assortment
from aisles.simulate.sizes import SIZES
from aisles.simulate.tree import tree

LANGUAGES = ("en", "de", "fr", "es", "nl", "it")
MADE = ("gender", "colour", "code", "name", "year", "work", "author")


def test_tree_is_a_tree_of_the_promised_size() -> None:
    nodes = tree().nodes
    aisles = [node for node in nodes if node.parent < 0]
    assert 780 <= len(nodes) <= 830
    assert 18 <= len(aisles) <= 25
    assert max(node.level for node in nodes) == 5
    for node in nodes:
        assert node.parent < node.place
        if node.parent >= 0:
            assert node.path[:-1] == nodes[node.parent].path
            assert not nodes[node.parent].leaf


def test_ids_and_paths_are_unique() -> None:
    nodes = tree().nodes
    ids = [node.category_id for node in nodes]
    assert len(set(ids)) == len({node.path for node in nodes}) == len(nodes)
    assert all(len(text) == 7 and text.isdigit() for text in ids)


def test_every_leaf_has_what_the_grammar_needs() -> None:
    profiles = load("profiles.yml")
    for node in (tree().nodes[place] for place in tree().leaves):
        assert node.nouns("en"), node.name
        assert node.profile in profiles, node.name
        assert node.shape in _shapes(), node.name
        assert 0 < node.low < node.high, node.name


def test_some_nouns_belong_to_two_categories() -> None:
    double = [n for node in tree().nodes for ns in node.words.values() for n in ns if n.also]
    assert len(double) > 25
    for node in tree().nodes:
        for also in (place for nouns in node.words.values() for n in nouns for place in n.also):
            assert also != node.place
            assert also not in tree().above(node.place)
    kurta = next(noun for noun in double if noun.text == "kurta")
    assert [tree().nodes[place].name for place in kurta.also] == ["Casual Shirts"]


def test_every_list_of_a_profile_is_there() -> None:
    for language in LANGUAGES:
        lexicon = words(language)
        for slots in load("profiles.yml").values():
            for slot, given in slots.items():
                kind = given[0] if isinstance(given, list) else slot
                known = kind in SIZES or kind in lexicon
                assert known or kind in (
                    "gender",
                    "colour",
                    "code",
                    "name",
                    "year",
                    "work",
                    "author",
                )


def test_brands_are_many_and_at_home() -> None:
    aisles = [node.name for node in tree().nodes if node.parent < 0]
    names = {name for aisle in aisles for name in brands_of(aisle)}
    assert len(names) > 200


def test_shops_sell_what_the_tree_has() -> None:
    aisles = {node.name for node in tree().nodes if node.parent < 0}
    assert len(retailers()) >= 16
    assert len({shop.network for shop in retailers()}) >= 8
    assert sum(shop.size for shop in retailers()) == pytest.approx(1.0)
    assert sum(shop.left_out for shop in retailers()) == 2
    for shop in retailers():
        assert set(shop.aisles) <= aisles, shop.name
        assert assortment(shop.name, 1).cumulative[-1] == pytest.approx(1.0)


def test_roles_name_columns_of_the_convention() -> None:
    for convention in conventions().values():
        names = [name for name, _ in convention.columns]
        assert len(names) == len(set(names))
        for role, columns in convention.roles.items():
            for column in columns:
                there = column < len(names) if isinstance(column, int) else column in names
                assert there, (convention.name, role, column)


@pytest.mark.parametrize(
    ("one", "many"), [("lamp", "lamps"), ("body", "bodies"), ("watch", "watches"), ("toy", "toys")]
)
def test_plural(one: str, many: str) -> None:
    assert plural(one) == many


def test_draws_depend_on_key_and_index_only() -> None:
    key = key_of("a", 1)
    whole = uniform(key, np.arange(100))
    assert (uniform(key, np.arange(40, 60)) == whole[40:60]).all()
    assert 0.4 < whole.mean() < 0.6
    assert table(key, np.arange(3, 5), 4) == table(key, np.arange(5), 4)[3:]
    draws = Draws([0.0, 0.999])
    assert [draws.whole(1, 6), draws.whole(1, 6), draws.pick("ab")] == [1, 6, "a"]
