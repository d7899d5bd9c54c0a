"""What a shop sells, and its own words for the tree."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from aisles.simulate.draws import Draws, key_of, table
from aisles.simulate.grammar import plural
from aisles.simulate.lexicon import Retailer, brands_of, load, retailers
from aisles.simulate.tree import Node, tree


@dataclass(frozen=True)
class Assortment:
    """Leaves of a shop with their cumulative weight, its texts and brands by leaf place."""

    leaves: NDArray[np.int64]
    cumulative: NDArray[np.float64]
    levels: dict[int, tuple[str, ...]]
    brands: dict[int, tuple[str, ...]]

    def leaf(self, at: NDArray[np.float64]) -> NDArray[np.int64]:
        """The leaf's place for each number in [0, 1)."""
        return self.leaves[np.searchsorted(self.cumulative, at, side="right")]


@cache
def retailer(name: str) -> Retailer:
    """The shop of that name."""
    return next(shop for shop in retailers() if shop.name == name)


@cache
def assortment(name: str, seed: int) -> Assortment:
    """What the shop sells: popular leaves by a global rank, shifted from shop to shop."""
    shop = retailer(name)
    forest = tree()
    places: list[int] = []
    weights: list[float] = []
    for leaf in forest.leaves:
        aisle = forest.nodes[forest.aisle(leaf)]
        share = shop.aisles.get(aisle.name, 0.0)
        if share:
            places.append(leaf)
            count = len(forest.below[aisle.place])
            weights.append(share * _popularity(seed, name, forest.nodes[leaf]) / count)
    total = np.cumsum(np.array(weights))
    return Assortment(
        leaves=np.array(places, dtype=np.int64),
        cumulative=total / total[-1],
        levels={leaf: levels_of(shop, forest.nodes[leaf]) for leaf in places},
        brands={leaf: leaf_brands(seed, forest.nodes[leaf]) for leaf in places},
    )


def _popularity(seed: int, name: str, node: Node) -> float:
    """A heavy tail: the same leaf is popular in most shops, and missing in some."""
    everywhere = key_of(seed, "popular", node.category_id) % 10_000 / 10_000
    here = key_of(seed, "popular", name, node.category_id) % 10_000 / 10_000
    return 0.02 if here < 0.06 else float(np.exp(2.2 * everywhere + 1.4 * here))


def leaf_brands(seed: int, node: Node) -> tuple[str, ...]:
    """Four to eight brands of the aisle that make this leaf, and two of the shop's own line."""
    names = brands_of(node.path[0])
    draws = Draws(table(key_of(seed, "brands", node.category_id), np.arange(1), 16)[0])
    wanted = draws.whole(4, 8)
    chosen = sorted(names, key=lambda name: key_of(seed, node.category_id, name))[:wanted]
    return (*chosen, draws.pick(tuple(load("brands.yml")["house"])))


def levels_of(shop: Retailer, node: Node) -> tuple[str, ...]:
    """The shop's own category text for a leaf, top level first."""
    forest = tree()
    path = [*reversed([forest.nodes[place] for place in forest.above(node.place)]), node]
    levels = tuple(label(shop, step) for step in path)
    if shop.depth == 1:
        return (levels[-1],) if key_of(shop.name, node.name) % 3 == 0 else levels[:1]
    # A shop flatter than the tree leaves out middle levels, the leaf's own stays more often.
    if len(levels) > shop.depth:
        keep = key_of(shop.name, "deep", node.name) % 5
        levels = levels[: shop.depth] if keep < 2 else (*levels[: shop.depth - 1], levels[-1])
    return levels


def label(shop: Retailer, node: Node) -> str:
    """The shop's name of a node: of its own language, with its own habits."""
    pick = key_of(shop.name, "label", *node.path)
    names = [word.text for word in node.words.get(shop.lang, ())]
    if shop.lang == "en":
        nouns = node.words.get("en", ())
        shown = [n.text if n.plural or not node.leaf else plural(n.text) for n in nouns]
        names = [node.name, node.name, *(text[:1].upper() + text[1:] for text in shown[:2])]
    if not names:
        names = [node.name]
    name = names[pick % len(names)]
    name = name[:1].upper() + name[1:]
    if shop.labels == "shopped" and pick % 7 < 2:
        return f"Shop {name}" if node.level == 1 else f"All {name}"
    if shop.labels == "amp":
        return name.replace(" & ", " and ") if pick % 5 < 3 else f"{name} & More"
    return name
