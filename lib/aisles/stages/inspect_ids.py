"""Records of one file that carry the same id, counted in bounded memory.

What counts as a duplicate and as a collision is settled in aisles.products.identity; here it is
told from 64-bit hashes of id, title and link, so that a file of any size can be counted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from aisles.encode.hashing import hash_strings

MOST_IDS = 500_000
"""Ids that are held at a time, 58 bytes each; of more ids every second one is left out."""
_PENDING = 1 << 16
_NO_PRICE = np.iinfo(np.int64).min

_STATE = np.dtype(
    [
        ("id", np.uint64),
        ("title", np.uint64),
        ("link", np.uint64),
        ("record_no", np.int64),
        ("duplicates", np.int64),
        ("collisions", np.int64),
        ("price", np.int64),
        ("currency", np.int16),
    ]
)


@dataclass(frozen=True)
class Shared:
    """How the kept records share their ids: products + duplicates + collisions = records.

    one_in: 1 for exact counts; else they are estimates from every so-manieth id. example: the
    record numbers of an id's first record and of one that collides with it.
    """

    products: int
    duplicates: int
    collisions: int
    one_in: int
    example: tuple[int, int] | None


@dataclass(frozen=True)
class Offers:
    """Of the products: how many have a price, the lowest and the highest one, and the currencies.

    price_minor: in minor units, null without any price. currencies: products of each ISO code.
    """

    priced: int
    price_minor: tuple[int, int] | None
    currencies: dict[str, int]


class Ids:
    """The first record of each id, how many others repeat it or collide with it, and its offer.

    The offer of an id is that of the last record that means the same product.
    """

    def __init__(self, most: int = MOST_IDS) -> None:
        self._most = most
        self._level = 0
        self._firsts = np.zeros(0, _STATE)
        self._pending: list[NDArray[np.void]] = []
        self._waiting = 0
        self._example: tuple[int, int] | None = None
        self._codes: dict[str, int] = {}

    def add(self, records: pa.RecordBatch) -> None:
        """Takes cleaned records (PRODUCT_SCHEMA) in the order of the file, rejected ones left out.

        The order matters: the first record of an id settles which product it means.
        """
        rows = np.zeros(len(records), _STATE)
        rows["id"] = hash_strings(records["product_id"])
        rows["title"] = _hash_or_zero(records["title"])
        rows["link"] = _hash_or_zero(records["product_url"])
        rows["record_no"] = records["record_no"].to_numpy()
        rows["price"] = pc.fill_null(records["price_minor"], _NO_PRICE).to_numpy()
        rows["currency"] = self._coded(records["currency"])
        self._pending.append(rows[_among(rows["id"], self._level)])
        self._waiting += len(rows)
        if self._waiting >= _PENDING:
            self._settle()

    def counts(self) -> Shared:
        """What the records taken so far amount to."""
        self._settle()
        one_in = 1 << self._level
        return Shared(
            products=len(self._firsts) * one_in,
            duplicates=int(self._firsts["duplicates"].sum()) * one_in,
            collisions=int(self._firsts["collisions"].sum()) * one_in,
            one_in=one_in,
            example=self._example,
        )

    def offers(self) -> Offers:
        """The prices and currencies of the products; where ids were left out, of those counted."""
        self._settle()
        one_in = 1 << self._level
        prices = self._firsts["price"]
        prices = prices[prices != _NO_PRICE]
        span = (int(prices.min()), int(prices.max())) if len(prices) else None
        counts = np.bincount(self._firsts["currency"] + 1, minlength=len(self._codes) + 1)[1:]
        found = {code: int(counts[place]) * one_in for code, place in self._codes.items()}
        shown = {code: count for code, count in found.items() if count}
        return Offers(len(prices) * one_in, span, shown)

    def _coded(self, codes: pa.Array) -> NDArray[np.int16]:
        """The number of each currency, -1 for none."""
        coded = codes.dictionary_encode()
        known = coded.dictionary.to_pylist()
        numbers = [self._codes.setdefault(code, len(self._codes)) for code in known]
        places = pc.fill_null(coded.indices, len(known)).to_numpy()
        return np.array([*numbers, -1], np.int16)[places]

    def _settle(self) -> None:
        """Judges the pending records by the first one of their id, and thins out if need be."""
        rows = np.concatenate([self._firsts, *self._pending])
        self._pending, self._waiting = [], 0
        if not len(rows):
            return
        rows = rows[np.argsort(rows["id"], kind="stable")]
        new = np.append(True, rows["id"][1:] != rows["id"][:-1])
        starts = np.flatnonzero(new)
        first = rows[np.repeat(starts, np.diff(np.append(starts, len(rows))))]
        collides = _collides(rows, first)
        if self._example is None and collides.any():
            place = int(np.argmax(collides))
            self._example = (int(first["record_no"][place]), int(rows["record_no"][place]))
        rows["duplicates"] += ~new & ~collides
        rows["collisions"] += collides
        firsts = rows[starts]
        for name in ("duplicates", "collisions"):
            firsts[name] = np.add.reduceat(rows[name], starts)
        last = np.maximum.reduceat(np.where(collides, -1, np.arange(len(rows))), starts)
        for name in ("price", "currency"):
            firsts[name] = rows[name][last]
        self._firsts = firsts
        self._thin()

    def _thin(self) -> None:
        while len(self._firsts) > self._most:
            self._level += 1
            self._firsts = self._firsts[_among(self._firsts["id"], self._level)]


def _among(ids: NDArray[np.uint64], level: int) -> NDArray[np.bool_]:
    """Whether an id is one of every 2**level that are kept."""
    return ids & np.uint64((1 << level) - 1) == 0


def _collides(rows: NDArray[np.void], first: NDArray[np.void]) -> NDArray[np.bool_]:
    """Whether title and link both differ from those of the id's first record; 0: none."""
    titles = rows["title"] != first["title"]
    links = (rows["link"] != 0) & (first["link"] != 0) & (rows["link"] != first["link"])
    found: NDArray[np.bool_] = titles & links
    return found


def _hash_or_zero(texts: pa.Array) -> NDArray[np.uint64]:
    valid = texts.is_valid().to_numpy(zero_copy_only=False)
    return np.where(valid, hash_strings(texts), np.uint64(0))
