"""What the columns of a feed may hold, as text."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from aisles.simulate.draws import key_of
from aisles.simulate.lexicon import Retailer
from aisles.simulate.plan import counts
from aisles.simulate.products import Product, prefix
from aisles.simulate.shops import retailer

Value = Callable[[Product], str]
_FIRST_MS = 1_740_800_000_000
_DAY_MS = 86_400_000


@cache
def values(name: str, products: int) -> dict[str, Value]:
    """For every kind of column of a shop how a product's text comes about.

    products: of all shops together; some networks repeat the shop's own number in each row.
    """
    shop = retailer(name)
    return {**_identity(shop), **_texts(), **_prices(shop), **_links(shop), **_shop(shop, products)}


def _identity(shop: Retailer) -> dict[str, Value]:
    return {
        "id": lambda p: p.merchant_product_id,
        "sku": lambda p: f"SKU{p.merchant_product_id}",
        "number": lambda p: str(25_000_000_000 + p.index * 7),
        "gtin": lambda p: p.gtin,
        "code": lambda p: p.model,
        "hash": lambda p: f"{p.number:016x}",
        "hash2": lambda p: f"{(p.number * 31 + _version(p)) % 2**64:016x}",
        "stamp": lambda p: f"2025-03-{_version(p):02d} 04:15:02",
        "epoch": lambda p: str(_FIRST_MS + _version(p) * _DAY_MS),
        "season": lambda p: f"SS{20 + p.index % 6}",
        "numbers": lambda p: ">".join(_number(shop.name, level) for level in p.levels),
    }


def _texts() -> dict[str, Value]:
    return {
        "title": lambda p: p.title,
        "desc": lambda p: p.description,
        "short": lambda p: p.description[:80],
        "brand": lambda p: p.brand,
        "colour": lambda p: p.colour,
        "size": lambda p: p.size,
        "gender": lambda p: p.gender,
        "material": lambda p: p.material,
        "category": lambda p: " > ".join(p.levels),
        "category_semi": lambda p: f"{' > '.join(p.levels)};;" if p.levels else "",
        "category_pipe": lambda p: "|".join(p.levels),
        "leaf_category": lambda p: p.levels[-1] if p.levels else "",
        "l1": lambda p: p.levels[0] if p.levels else "",
        "l2": lambda p: p.levels[1] if len(p.levels) > 1 else "",
        "l3": lambda p: p.levels[-1] if len(p.levels) > 2 else "",
        "rest_tilde": lambda p: "~~".join(p.levels[1:]),
        "stock": lambda p: str(p.stock),
        "in_stock": lambda p: "1" if p.stock else "0",
        "in_stock_y": lambda p: "Y" if p.stock else "N",
        "in_stock_word": lambda p: "true" if p.stock else "false",
        "avail": lambda p: "in stock" if p.stock else "out of stock",
        "avail_dash": lambda p: "in-stock" if p.stock else "out-of-stock",
        "avail_word": lambda p: "instock" if p.stock else "outofstock",
    }


def _prices(shop: Retailer) -> dict[str, Value]:
    style = shop.price

    def old(p: Product) -> str:
        return amount(p.old_price_minor, style) if p.old_price_minor else ""

    def with_currency(p: Product) -> str:
        return p.price_text or f"{amount(p.price_minor, 'plain')} {shop.currency}"

    def listed(p: Product) -> str:
        # A price with dirt in it stands in both columns, so that neither reader escapes it.
        if p.price_text or not p.old_price_minor:
            return with_currency(p)
        return f"{amount(p.old_price_minor, 'plain')} {shop.currency}"

    return {
        "cur": _constant(shop.currency),
        "price": lambda p: p.price_text or amount(p.price_minor, style),
        "old": old,
        "old_or_price": lambda p: old(p) or amount(p.price_minor, style),
        "list_cur": listed,
        "sale_cur": lambda p: with_currency(p) if p.old_price_minor else "",
        "sale_yes": lambda p: "Yes" if p.old_price_minor else "No",
    }


def _links(shop: Retailer) -> dict[str, Value]:
    click = f"https://click.{shop.network}.example/c?p="
    shown = f"https://px.{shop.network}.example/show?id="
    page = f"https://www.{shop.name}.example/p/"
    return {
        "url": lambda p: f"{click}{p.number % 10**10:010d}&a=000000",
        "url2": lambda p: f"{page}{p.number % 10**9}",
        "pixel": lambda p: shown + p.merchant_product_id,
        "img": lambda p: p.image,
        "img_colons": lambda p: f"{p.image}::" if p.image else "",
        "thumb": lambda p: p.image.replace(".jpg", "_s.jpg"),
        "thumb2": lambda p: p.image.replace(".jpg", "_t.jpg"),
    }


def _shop(shop: Retailer, products: int) -> dict[str, Value]:
    """What is the same in every row of the shop."""
    fixed = {
        "home": f"https://www.{shop.name}.example/",
        "host": f"{shop.name}.example",
        "logo": f"{prefix(shop)}logo.png",
        "merchant": shop.merchant,
        "feed_id": _number(shop.name, "feed"),
        "program_id": _number(shop.name, "program"),
        "count": str(counts(products)[shop.name]),
        "ship": f"{shop.currency[:2]}:::4.90 {shop.currency}",
    }
    return {what: _constant(text) for what, text in fixed.items()}


def _constant(text: str) -> Value:
    return lambda _: text


def amount(minor: int, style: str) -> str:
    """A price as the shop writes it."""
    whole, cents = divmod(minor, 100)
    if style == "plain":
        return f"{whole}.{cents:02d}"
    return f"{whole},{cents:02d}" if style == "comma" else f"{whole},{cents:02d} €"


def _version(product: Product) -> int:
    return max(product.text_version, product.price_version)


@cache
def _number(shop: str, what: str) -> str:
    return str(1000 + key_of(shop, what) % 89_000)
