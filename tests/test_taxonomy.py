"""The tree in preorder against slow, obvious versions."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisles.taxonomy import Taxonomy

# Rows in no helpful order; roots in the order of the rows, siblings as well.
ROWS = [
    ("3", "1", "Shoes"),
    ("1", None, "Fashion"),
    ("7", "", "Toys"),
    ("2", "1", "Dresses"),
    ("5", "3", "Boots"),
    ("4", "3", "Sandals"),
]
TREE = Taxonomy.build(ROWS)


def test_preorder() -> None:
    assert TREE.ids == ("1", "3", "5", "4", "2", "7")
    assert TREE.names == ("Fashion", "Shoes", "Boots", "Sandals", "Dresses", "Toys")
    assert TREE.paths[2] == "Fashion > Shoes > Boots"
    assert TREE.parent.tolist() == [-1, 0, 1, 1, 0, -1]
    assert TREE.end.tolist() == [5, 4, 3, 4, 5, 6]
    assert TREE.level.tolist() == [1, 2, 3, 3, 2, 1]
    assert TREE.index == {"1": 0, "3": 1, "5": 2, "4": 3, "2": 4, "7": 5}
    assert len(TREE) == 6


def test_ancestors_are_nearest_first() -> None:
    assert TREE.ancestors(2) == [1, 0]
    assert TREE.ancestors(0) == []


@pytest.mark.parametrize(
    ("given_rows", "closed"),
    [
        ([0, 0, 1, 0, 0, 0], [1, 1, 1, 0, 0, 0]),
        ([0, 0, 0, 0, 1, 1], [1, 0, 0, 0, 1, 1]),
        ([1, 0, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0]),
        ([0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0]),
    ],
)
def test_close_up(given_rows: list[int], closed: list[int]) -> None:
    member = np.array([given_rows], dtype=bool)
    assert TREE.close_up(member).astype(int).tolist() == [closed]
    assert member.astype(int).tolist() == [given_rows]


def test_coherent_and_best_child() -> None:
    value = np.array([[0.1, 0.2, 0.7, 0.3, 0.4, 0.5]])
    assert TREE.coherent(value).tolist() == [[0.7, 0.7, 0.7, 0.3, 0.4, 0.5]]
    assert TREE.best_child(value).tolist() == [[0.4, 0.7, 0.0, 0.0, 0.0, 0.0]]
    assert value.tolist() == [[0.1, 0.2, 0.7, 0.3, 0.4, 0.5]]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([("1", None, "A"), ("1", None, "B")], "category_id '1' stands twice"),
        ([("", None, "A")], "a row without category_id (name 'A')"),
        ([("1", "9", "A")], "parent_id '9' of '1' is no category"),
        ([("1", "1", "A")], "'1' is its own ancestor (a cycle of parent_id)"),
        ([("0", None, "R"), ("1", "2", "A"), ("2", "1", "B")], "'1' is its own ancestor"),
    ],
)
def test_a_wrong_tree_is_refused(rows: list[tuple[str, str | None, str]], message: str) -> None:
    with pytest.raises(ValueError) as caught:
        Taxonomy.build(rows)
    assert message in str(caught.value)
    assert str(caught.value).startswith("categories: ")


def test_no_category_is_a_tree_as_well() -> None:
    empty = Taxonomy.build([])
    assert len(empty) == 0
    assert empty.close_up(np.zeros((3, 0), dtype=bool)).shape == (3, 0)


def test_read(tmp_path: Path) -> None:
    path = tmp_path / "categories.csv"
    text = 'category_id,parent_id,level,name,path\n1,,1,"Home, garden",x\n2,1,2,Chairs\u00e9,y\n'
    path.write_text(text, encoding="utf-8-sig")
    tree = Taxonomy.read(path)
    assert tree.ids == ("1", "2")
    assert tree.paths == ("Home, garden", "Home, garden > Chairs\u00e9")


def test_read_names_the_missing_columns(tmp_path: Path) -> None:
    path = tmp_path / "categories.csv"
    path.write_text("id;parent\n1;\n", encoding="utf-8")
    with pytest.raises(ValueError, match="column category_id, name, parent_id is missing"):
        Taxonomy.read(path)


@st.composite
def forests(draw: st.DrawFn) -> list[tuple[str, str | None, str]]:
    """Rows of a random forest in random order."""
    size = draw(st.integers(0, 25))
    rows: list[tuple[str, str | None, str]] = []
    for i in range(size):
        above = draw(st.integers(-1, i - 1))
        rows.append((f"c{i}", f"c{above}" if above >= 0 else None, f"name {i}"))
    return list(draw(st.permutations(rows)))


def slow_ancestors(rows: list[tuple[str, str | None, str]], category: str) -> list[str]:
    parents = {row[0]: row[1] for row in rows}
    above: list[str] = []
    while (parent := parents[category]) is not None:
        above.append(parent)
        category = parent
    return above


@given(forests())
def test_a_subtree_is_an_interval(rows: list[tuple[str, str | None, str]]) -> None:
    tree = Taxonomy.build(rows)
    assert sorted(tree.ids) == sorted(row[0] for row in rows)
    for place, category in enumerate(tree.ids):
        below = {other for other in tree.ids if category in slow_ancestors(rows, other)}
        assert set(tree.ids[place : tree.end[place]]) == below | {category}
        above = slow_ancestors(rows, category)
        assert [tree.ids[i] for i in tree.ancestors(place)] == above
        assert tree.level[place] == len(above) + 1
        assert tree.paths[place].count(" > ") == len(above)
    assert (tree.parent < np.arange(len(tree))).all()


@given(forests())
def test_siblings_keep_the_order_of_the_rows(rows: list[tuple[str, str | None, str]]) -> None:
    tree = Taxonomy.build(rows)
    for parent in [None, *tree.ids]:
        siblings = [row[0] for row in rows if row[1] == parent]
        assert sorted(siblings, key=tree.index.__getitem__) == siblings


@given(forests(), st.integers(0, 4), st.randoms(use_true_random=False))
def test_closures_against_slow_versions(
    rows: list[tuple[str, str | None, str]], products: int, random
) -> None:  # type: ignore[no-untyped-def]
    tree = Taxonomy.build(rows)
    value = np.array(
        [[random.random() for _ in tree.ids] for _ in range(products)], dtype=np.float64
    ).reshape(products, len(tree))
    coherent, children = tree.coherent(value), tree.best_child(value)
    closed = tree.close_up(value > 0.8)
    for n in range(products):
        for i, category in enumerate(tree.ids):
            below = [j for j, c in enumerate(tree.ids) if category in slow_ancestors(rows, c)]
            assert coherent[n, i] == max(value[n, [i, *below]])
            assert closed[n, i] == (value[n, [i, *below]] > 0.8).any()
            kids = [j for j in below if tree.parent[j] == i]
            assert children[n, i] == max(value[n, kids], default=0.0)
    assert (tree.coherent(coherent) == coherent).all()
    assert ((coherent > 0.8) == closed).all()
