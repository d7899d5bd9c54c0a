"""Clean products with their truth: one row of a shop's catalogue for each index."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np

from aisles.simulate.draws import Draws, key_of, mixed, table, uniform
from aisles.simulate.grammar import choose_noun, code, compose, describe
from aisles.simulate.lexicon import Retailer, words
from aisles.simulate.plan import Calendar, Ints
from aisles.simulate.shops import Assortment, assortment, retailer
from aisles.simulate.tree import Node, Noun, tree

_NO_PICTURE = 0.06
_BROKEN = 0.01
_RATE = {"GBP": 0.86, "USD": 1.1, "CHF": 0.97}


@dataclass(slots=True)
class Product:
    """One product as its shop knows it, before any dirt. Prices in minor units."""

    index: int
    number: int
    merchant_product_id: str
    title: str
    description: str
    brand: str
    leaf: int
    category_ids: tuple[str, ...]
    price_minor: int
    old_price_minor: int
    levels: tuple[str, ...]
    gender: str
    colour: str
    colour_key: str
    size: str
    material: str
    gtin: str
    model: str
    stock: int
    text_version: int = 1
    price_version: int = 1
    image: str = ""
    picture: str = "none"
    price_text: str = ""

    def twin(self) -> Product:
        """A copy that may be soiled."""
        return Product(*[getattr(self, name) for name in Product.__slots__])


def rows(
    name: str, first: int, last: int, *, seed: int = 1, day: int = 1, products: int
) -> Iterator[Product]:
    """The products of a shop with first <= index < last that are on sale on that day.

    products: how many products all shops together have on the first day.
    """
    index = np.arange(first, last, dtype=np.int64)
    alive = Calendar.of(name, seed, products).alive(index, day)
    return catalogue(name, index[alive], seed=seed, day=day, products=products)


def catalogue(name: str, index: Ints, *, seed: int, day: int, products: int) -> Iterator[Product]:
    """The products of the given indices as they are on that day."""
    calendar = Calendar.of(name, seed, products)
    shop, goods = retailer(name), assortment(name, seed)
    leaves = goods.leaf(uniform(key_of(seed, name, "leaf"), index)).tolist()
    text, price = calendar.versions(index, day)
    base = table(key_of(seed, name, "base"), index, 24)
    # A later version of a title or a price draws anew from its own stretch of indices.
    stretch = np.int64(1) << np.int64(40)
    texts = table(key_of(seed, name, "text"), index + text * stretch, 72)
    prices = table(key_of(seed, name, "price"), index + price * stretch, 6)
    numbers = mixed(key_of(seed, name, "number"), index).tolist()
    nodes, where = tree().nodes, index.tolist()
    text_days, price_days = text.tolist(), price.tolist()
    for at, place in enumerate(leaves):
        product = _product(shop, goods, nodes[place], (where[at], numbers[at]), base[at], texts[at])
        product.text_version, product.price_version = text_days[at], price_days[at]
        _price(product, shop, Draws(prices[at]))
        product.gtin = _gtin(numbers[at]) if base[at][23] < shop.gtin else ""
        product.image, product.picture = picture_of(shop, product, base[at][22], base[at][21])
        yield product


def _product(
    shop: Retailer,
    goods: Assortment,
    node: Node,
    name: tuple[int, int],
    base: list[float],
    text: list[float],
) -> Product:
    index, number = name
    own, draws = Draws(base), Draws(text)
    noun = choose_noun(node, shop.lang, own)
    brand = own.pick(goods.brands[node.place]) if own.chance(0.93) else ""
    stock = own.whole(1, 90) if own.chance(0.93) else 0
    levels = _levels(goods.levels[node.place], own.next())
    branded = own.chance(shop.brands)
    model = code(own) if own.chance(0.4) else ""
    gendered, coloured, sized = own.chance(0.7), own.chance(0.75), own.chance(0.8)
    phrase = compose(shop, node, noun, brand, draws)
    lexicon = words(shop.lang)
    description = ""
    if draws.chance(shop.descriptions):
        description = describe(shop, node, phrase, brand, draws)
    elif draws.chance(0.37):
        description = phrase.title
    return Product(
        index=index,
        number=number,
        merchant_product_id=product_id(shop, index),
        title=phrase.title,
        description=description,
        brand=brand if branded else "",
        leaf=node.place,
        category_ids=_truth(node, noun),
        price_minor=0,
        old_price_minor=0,
        levels=levels,
        gender=draws.pick(lexicon["gender_field"][phrase.gender])
        if gendered and phrase.gender
        else "",
        colour=phrase.colour_word if coloured else "",
        colour_key=phrase.colour or "grey",
        size=phrase.slots.get("size", "") if sized else "",
        material=phrase.slots.get("material", ""),
        gtin="",
        model=model,
        stock=stock,
    )


def _levels(levels: tuple[str, ...], draw: float) -> tuple[str, ...]:
    """60 % keep the shop's category text, 25 % have none, 15 % the top level only."""
    if draw < 0.6:
        return levels
    return () if draw < 0.85 else levels[:1]


def _truth(node: Node, noun: Noun) -> tuple[str, ...]:
    nodes = tree().nodes
    return (node.category_id, *(nodes[place].category_id for place in noun.also))


def _price(product: Product, shop: Retailer, draws: Draws) -> None:
    node = tree().nodes[product.leaf]
    euro = node.low * (node.high / node.low) ** min(draws.next(), draws.next())
    whole = int(euro * _RATE.get(shop.currency, 1.0))
    product.price_minor = (whole * 100 + draws.pick((99, 99, 95, 49, 0, 90, 50))) or 89
    if draws.chance(0.3):
        product.old_price_minor = int(product.price_minor * (1.1 + draws.next() * 0.6))


def picture_of(shop: Retailer, product: Product, drawn: float, quality: float) -> tuple[str, str]:
    """The picture's URL and its state: good, broken, dead (nothing lies there) or none."""
    name = f"{product.merchant_product_id.lower()}.jpg"
    if drawn < _NO_PICTURE:
        return "", "none"
    if drawn < _NO_PICTURE + shop.pictures:
        state = "broken" if quality < _BROKEN else "good"
        return f"{prefix(shop)}{name}", state
    if quality < 0.3 and shop.pictures:
        return f"https://old.{shop.name}.example/{name}", "dead"
    return f"{prefix(shop)}{name}", "dead"


def prefix(shop: Retailer) -> str:
    """The start of the URLs of a shop's pictures."""
    return f"https://img.{shop.name}.example/"


def _gtin(number: int) -> str:
    digits = f"2{number % 10**11:011d}"
    total = sum(int(d) * (3 if place % 2 else 1) for place, d in enumerate(digits))
    return f"{digits}{-total % 10}"


@cache
def _shop_key(name: str) -> int:
    return key_of(name, "id")


def product_id(shop: Retailer, index: int) -> str:
    """The shop's id of a product: another one for each index."""
    key = _shop_key(shop.name)
    if shop.ids == "sku":
        return f"{shop.name[:2].upper()}{index + 1}"
    if shop.ids == "alpha":
        # An odd factor is a bijection of 32 bits.
        return f"{(index * 2654435761 + key) % 2**32:08X}"
    if shop.ids == "uuid":
        hashed = f"{key_of(shop.name, index):016x}"
        parts = (
            hashed[:4],
            f"4{hashed[4:7]}",
            f"8{hashed[7:10]}",
            f"{hashed[10:]}{key % 2**24:06x}",
        )
        return f"{index:08x}-{'-'.join(parts)}"
    return str(10_000_000 + key % 50_000_000 + index * 3)
