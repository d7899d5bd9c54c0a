"""When each product comes, changes and goes, and which records stand where in a feed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from aisles.simulate.draws import key_of, uniform
from aisles.simulate.lexicon import retailers

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
CHUNK = 2000
DAILY = 0.01
TEXT_SHARE = 0.4
REPEATED = 0.03
COLLIDING = 0.001
LATER = 300


@cache
def counts(products: int) -> dict[str, int]:
    """Products of each shop on the first day: shares of the total by largest remainder."""
    exact = {shop.name: shop.size * products for shop in retailers()}
    whole = {name: int(share) for name, share in exact.items()}
    rest = sorted(exact, key=lambda name: whole[name] - exact[name])
    for name in rest[: products - sum(whole.values())]:
        whole[name] += 1
    return whole


@dataclass(frozen=True)
class Calendar:
    """The life of one shop's products. count: how many it has on the first day."""

    name: str
    seed: int
    count: int

    @staticmethod
    def of(name: str, seed: int, products: int) -> Calendar:
        """The calendar of a shop where all shops together begin with so many products."""
        return Calendar(name, seed, counts(products)[name])

    @property
    def daily(self) -> int:
        """New products on every later day."""
        return round(self.count * DAILY)

    def end(self, day: int) -> int:
        """One past the last index on sale up to that day."""
        return self.count + (day - 1) * self.daily

    def born(self, index: Ints) -> Ints:
        """The first day of each index."""
        if not self.daily:
            return np.ones(len(index), dtype=np.int64)
        late = 2 + (index - self.count) // self.daily
        return np.where(index < self.count, 1, late)

    def collides(self, index: Ints) -> Bools:
        """Products that carry the id of the one before by mistake."""
        key = key_of(self.seed, self.name, "collision")
        here = uniform(key, index) < COLLIDING
        before = uniform(key, index - 1) < COLLIDING
        follows = (index > 0) & (self.born(index) == self.born(np.maximum(index - 1, 0)))
        return here & ~before & follows

    def steady(self, index: Ints) -> Bools:
        """Both sides of a collision: they neither change nor go, nor does more befall them."""
        return self.collides(index) | self.collides(index + 1)

    def alive(self, index: Ints, day: int) -> Bools:
        """Whether each index is on sale on that day."""
        born = self.born(index)
        there = (born <= day) & (index < self.end(day))
        for today in range(2, day + 1):
            there &= ~(self._drawn("gone", today, index) & (born < today))
        return there

    def versions(self, index: Ints, day: int) -> tuple[Ints, Ints]:
        """The day of the last change of text and of price, 1 where there was none."""
        born, text, price = self.born(index), np.ones_like(index), np.ones_like(index)
        for today in range(2, day + 1):
            changed = self._drawn("changed", today, index) & (born < today)
            kind = uniform(key_of(self.seed, self.name, "what", today), index)
            text = np.where(changed & (kind < TEXT_SHARE), today, text)
            price = np.where(changed & (kind >= TEXT_SHARE), today, price)
        return text, price

    def changed(self, index: Ints, day: int) -> Bools:
        """Whether each index shows another text or price than the day before."""
        text, price = self.versions(index, day)
        return (np.maximum(text, price) == day) & (day > 1)

    def repeats(self, index: Ints, day: int) -> tuple[Ints, Ints]:
        """Indices that are delivered twice, and after which index the second record stands."""
        twice = uniform(key_of(self.seed, self.name, "repeat"), index) < REPEATED
        twice &= self.alive(index, day) & ~self.steady(index)
        chosen = index[twice]
        later = uniform(key_of(self.seed, self.name, "later"), chosen)
        slot = chosen + 1 + (later * LATER).astype(np.int64)
        born = self.born(chosen)
        last = np.where(born == 1, self.count, self.count + (born - 1) * self.daily) - 1
        return chosen, np.minimum(slot, last)

    def _drawn(self, what: str, day: int, index: Ints) -> Bools:
        drawn = uniform(key_of(self.seed, self.name, what, day), index) < DAILY
        return drawn & ~self.steady(index)


@dataclass(frozen=True)
class Chunk:
    """One piece of a feed: indices [first, last); its first record has the number row_no."""

    name: str
    first: int
    last: int
    row_no: int


def chunks(name: str, seed: int, day: int, products: int, size: int = CHUNK) -> list[Chunk]:
    """The pieces of a shop's feed in the order of the file; one empty piece for an empty shop."""
    calendar = Calendar.of(name, seed, products)
    end = calendar.end(day)
    index = np.arange(end, dtype=np.int64)
    records = calendar.alive(index, day).astype(np.int64)
    np.add.at(records, calendar.repeats(index, day)[1], 1)
    before = np.concatenate(([0], np.cumsum(records)))
    starts = range(0, max(end, 1), size)
    return [Chunk(name, at, min(at + size, end), int(before[at]) + 1) for at in starts]


def answer_threshold(seed: int, products: int, answers: int) -> float:
    """The draw below which a product is asked about, so that `answers` products are."""
    drawn = [
        answer_draws(shop.name, seed, _answerable(shop.name, seed, products))
        for shop in retailers()
        if not shop.left_out
    ]
    everything = np.sort(np.concatenate(drawn))
    if answers >= len(everything):
        return 1.0
    return float(everything[answers])


def answer_draws(name: str, seed: int, index: Ints) -> NDArray[np.float64]:
    """One number in [0, 1) per product that decides whether people were asked about it."""
    return uniform(key_of(seed, name, "answer"), index)


def _answerable(name: str, seed: int, products: int) -> Ints:
    calendar = Calendar.of(name, seed, products)
    index = np.arange(calendar.count, dtype=np.int64)
    return index[~calendar.collides(index)]
