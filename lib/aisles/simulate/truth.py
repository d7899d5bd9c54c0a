"""What is known of a product for evaluation, and what people answered about it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from aisles.simulate.draws import Draws, key_of, table, uniform
from aisles.simulate.lexicon import Retailer
from aisles.simulate.plan import Calendar, Ints, answer_draws
from aisles.simulate.products import Product
from aisles.simulate.tree import tree

TRUTH_HEAD = "network,retailer,merchant_product_id,category_ids,complete\n"
ANSWERS_HEAD = "network,retailer,merchant_product_id,category_ids,complete,annotator,at\n"
_UNKNOWN = 0.08
_COARSE = 0.23
_MISTAKEN = 0.02
_PEOPLE = ("ines", "marek", "tilda", "jo", "amara")


@dataclass(frozen=True)
class Known:
    """Truth lines and answer lines of some products, as CSV text without heads."""

    truth: str
    answers: str
    complete: int


def known(
    shop: Retailer, products: list[Product], index: Ints, calendar: Calendar, threshold: float
) -> Known:
    """The lines of the given products (index: theirs, in the same order).

    threshold: a product is answered where its draw is below. A product that carries another
    one's id by mistake has no line: the id stands for the first one.
    """
    seed = calendar.seed
    drawn = uniform(key_of(seed, shop.name, "truth"), index).tolist()
    asked = (answer_draws(shop.name, seed, index) < threshold) & (index < calendar.count)
    asked &= not shop.left_out
    hidden = calendar.collides(index).tolist()
    form = table(key_of(seed, shop.name, "answered"), index, 8)
    truth: list[str] = []
    answers: list[str] = []
    complete = 0
    for place, product in enumerate(products):
        if hidden[place]:
            continue
        head = f"{shop.network},{shop.name},{product.merchant_product_id}"
        if drawn[place] >= _UNKNOWN:
            coarse = drawn[place] < _UNKNOWN + _COARSE
            ids = _coarse(product, form[place]) if coarse else product.category_ids
            complete += not coarse
            truth.append(f"{head},{';'.join(ids)},{int(not coarse)}\n")
        if asked[place]:
            answers.append(f"{head},{_answer(product, Draws(form[place]))}\n")
    return Known("".join(truth), "".join(answers), complete)


def _coarse(product: Product, form: list[float]) -> tuple[str, ...]:
    above = tree().above(product.leaf)
    return (tree().nodes[above[int(form[7] * len(above))]].category_id,)


def _answer(product: Product, draws: Draws) -> str:
    ids = list(product.category_ids)
    if draws.chance(_MISTAKEN):
        ids[0] = draws.pick(_siblings(product.leaf))
    at = f"2025-02-{draws.whole(1, 28):02d}T{draws.whole(8, 17):02d}:{draws.whole(0, 59):02d}:00Z"
    return f"{';'.join(dict.fromkeys(ids))},1,{draws.pick(_PEOPLE)},{at}"


@cache
def _siblings(leaf: int) -> tuple[str, ...]:
    """Other leaves of the same parent, or of the aisle where there is none."""
    forest = tree()
    for above in forest.above(leaf):
        others = [place for place in forest.below[above] if place != leaf]
        if others:
            return tuple(forest.nodes[place].category_id for place in others)
    raise AssertionError(f"tree: the aisle of {forest.nodes[leaf].name} has one leaf only")
