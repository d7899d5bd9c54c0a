"""The records of a feed in their order: products as delivered, with dirt and doubles."""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass

import numpy as np

from aisles.simulate.dirt import kinds_of, soil
from aisles.simulate.draws import Draws, key_of, table
from aisles.simulate.lexicon import conventions
from aisles.simulate.plan import LATER, Calendar, Chunk, Ints
from aisles.simulate.products import Product, catalogue, product_id
from aisles.simulate.shops import retailer

# A torn line is torn once: the second record of the product is whole.
_CLEAN: frozenset[str] = frozenset()
_ONCE = frozenset({"wrong_columns", "unclosed_quote"})


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a feed: the product as it is delivered, and what is wrong with it."""

    row_no: int
    product: Product
    dirt: tuple[tuple[str, str], ...]
    form: float


def records(chunk: Chunk, *, seed: int, day: int, products: int) -> Iterator[Record]:
    """The records of one piece of a feed."""
    return Delivery(chunk, seed, day, products).records()


class Delivery:
    """One piece of a feed. own: indices on sale in the piece; clean: their products, no dirt."""

    def __init__(self, chunk: Chunk, seed: int, day: int, products: int) -> None:
        name = chunk.name
        self._chunk, self._shop = chunk, retailer(name)
        convention = conventions()[self._shop.convention]
        self.calendar = calendar = Calendar.of(name, seed, products)
        own = np.arange(chunk.first, chunk.last, dtype=np.int64)
        self.own = own[calendar.alive(own, day)]
        self._twice, self._slots = _doubles(calendar, chunk, day)
        index = np.unique(np.concatenate((self.own, self._twice)))
        self._quoted = convention.form != "lines"
        self._place = {value: place for place, value in enumerate(index.tolist())}
        self._products = list(catalogue(name, index, seed=seed, day=day, products=products))
        self._kinds = kinds_of(calendar, index, convention)
        self._collides = calendar.collides(index).tolist()
        self._form = table(key_of(seed, name, "dirt form"), index, 24)

    def clean(self) -> list[Product]:
        """The products on sale in the piece, in their order."""
        return [self._products[self._place[index]] for index in self.own.tolist()]

    def records(self) -> Iterator[Record]:
        """The piece's records in the order of the feed."""
        # One entry per record: place in the feed, then the own record before the doubles.
        order = sorted(
            [(index, 0, index) for index in self.own.tolist()]
            + [(slot, 1, index) for slot, index in zip(self._slots.tolist(), self._twice.tolist())]
        )
        for row_no, (_, second, index) in enumerate(order, self._chunk.row_no):
            yield self._record(row_no, index, bool(second))

    def _record(self, row_no: int, index: int, second: bool) -> Record:
        place = self._place[index]
        product, form = self._products[place], self._form[place]
        kinds: Set[str] = self._kinds.get(place, _CLEAN)
        if second:
            kinds = kinds - _ONCE
        if not (kinds or second or self._collides[place]):
            return Record(row_no, product, (), form[22])
        done: list[tuple[str, str]] = []
        product = product.twin()
        if second:
            done.append(("dup_id", "row"))
            if form[23] < 0.5:
                product.price_minor = round(product.price_minor * 0.95)
        if self._collides[place]:
            done.append(("id_collision", f"id (was {product.merchant_product_id})"))
            product.merchant_product_id = product_id(self._shop, index - 1)
        done += soil(product, kinds, self._shop, self._quoted, Draws(form))
        return Record(row_no, product, tuple(done), form[22])


def _doubles(calendar: Calendar, chunk: Chunk, day: int) -> tuple[Ints, Ints]:
    """Products whose second record stands in the piece, and after which index."""
    reach = np.arange(max(chunk.first - LATER, 0), chunk.last, dtype=np.int64)
    twice, slots = calendar.repeats(reach, day)
    inside = (slots >= chunk.first) & (slots < chunk.last)
    return twice[inside], slots[inside]
