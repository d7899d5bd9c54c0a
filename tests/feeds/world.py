"""Feeds in the layouts of world.txt, filled with made-up products in the layout's language."""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROWS = 300
HERE = Path(__file__).parent
BRANDS = ("Nordlys", "Acme", "Vela Sport", "Mirador", "Okapi", "Tamarin & Co", "Bergson", "Luma")
USUAL = {
    "title": "title", "desc": "description", "html": "description", "short": "description?",
    "brand": "brand", "price": "price", "price_cur": "price", "old": "old_price",
    "old_part": "old_price", "cur": "currency", "pic": "image_url", "thumb": "image_url?",
    "deep": "product_url", "track": "product_url", "path": "merchant_category",
    "path_slash": "merchant_category", "path_pipe": "merchant_category",
    "level1": "merchant_category", "level2": "merchant_category", "level3": "merchant_category",
    "leaf": "merchant_category", "id": "merchant_product_id", "sku": "merchant_product_id",
    "gtin": "gtin", "colour": "colour", "size": "size", "gender": "gender", "gender_en": "gender",
    "stock": "availability", "avail_en": "availability", "quantity": "availability",
    "flag": "availability", "yes_no": "availability", "true_false": "availability",
}  # fmt: skip
"""The role that a column of such values has, if its line names none; `?`: or none."""


@dataclass(frozen=True)
class Column:
    """One column of a layout: its header, what fills it, its role, and whether it must be found."""

    name: str
    kind: str
    role: str | None
    needed: bool


@dataclass(frozen=True)
class Layout:
    """One feed's columns, the language of its values, and whether it has a header."""

    name: str
    language: str
    header: bool
    columns: tuple[Column, ...]
    found: bool
    """Whether others wrote its header."""

    @property
    def held(self) -> bool:
        """Whether it is only measured, never looked at to improve: half of ours, by their names."""
        return not self.found and hashlib.sha1(self.name.encode()).digest()[0] % 2 == 1


@cache
def layouts() -> tuple[Layout, ...]:
    """The layouts of world.txt and world_found.txt, in their order."""
    found = []
    for file in ("world.txt", "world_found.txt"):
        blocks = re.split(r"^\[(.+)\]$", (HERE / file).read_text("utf-8"), flags=re.M)[1:]
        for head, body in zip(blocks[::2], blocks[1::2], strict=True):
            name, language, *rest = head.split(", ")
            columns = tuple(_column(line) for line in body.splitlines() if line.strip())
            found.append(Layout(name, language, not rest, columns, file == "world_found.txt"))
    return tuple(found)


def _column(line: str) -> Column:
    name, kind, *role = re.split(r" {2,}", line.strip())
    stated = role[0] if role else USUAL.get(kind, "-")
    return Column(name, kind, None if stated == "-" else stated.rstrip("?"), stated[-1] != "?")


def right_columns(layout: Layout) -> dict[str, tuple[set[str], bool]]:
    """Role -> its right columns, and whether one of them must be found."""
    found: dict[str, tuple[set[str], bool]] = {}
    for column in layout.columns:
        if column.role:
            names, needed = found.get(column.role, (set(), False))
            found[column.role] = (names | {column.name}, needed or column.needed)
    return found


def values(layout: Layout, rows: int = ROWS) -> dict[str, list[str]]:
    """Column -> its values, row i of all columns about one product."""
    draw = random.Random(layout.name)
    words = yaml.safe_load((HERE / "world_words.yml").read_text("utf-8"))[layout.language]
    products = [_product(draw, words, number) for number in range(rows)]
    own = {c.name: random.Random(layout.name + c.name) for c in layout.columns}
    return {
        c.name: [KINDS[c.kind](product, own[c.name]) for product in products]
        for c in layout.columns
    }


def _product(draw: random.Random, words: dict[str, Any], number: int) -> dict[str, Any]:
    place = draw.randrange(len(words["nouns"]))
    brand, noun = draw.choice(BRANDS), words["nouns"][place]
    amount = (3 + draw.random() ** 3 * 300) * words["factor"]
    product = {
        "w": words, "no": number, "id": 52_000 + number * 7, "brand": brand, "noun": noun,
        "colour": draw.choice(words["colours"]), "path": words["paths"][place % 6],
        "gender": draw.choice(words["genders"]), "amount": amount,
        "old": amount * draw.choice((1, 1, 1.15, 1.3)), "size": draw.choice(_SIZES[place % 2]),
    }  # fmt: skip
    gap = "" if words.get("tight") else " "
    said = [draw.choice(words["adjectives"]), noun, *[product["colour"]] * (draw.random() < 0.5)]
    model = f"{draw.choice('ABKMTX')}{draw.randrange(100, 9999)}"
    first = [brand] if draw.random() < 0.6 else []
    product["title"] = " ".join([*first, gap.join(said), *[model] * (draw.random() < 0.7)])
    sentences = draw.sample(words["texts"], draw.choice((2, 3, 4)))
    product["texts"] = [s.replace("{}", f"{brand} {noun} {model}") for s in sentences]
    return product


_SIZES = (("S", "M", "L", "XL", "XXL"), ("36", "38", "40", "42", "44"))


def _gtin(product: dict[str, Any], _: random.Random) -> str:
    body = f"401234{product['id']:06d}"
    total = sum(int(c) * (3 if i % 2 == 0 else 1) for i, c in enumerate(body[::-1]))
    return body + str(-total % 10)


def _money(words: dict[str, Any], amount: float) -> str:
    if words["money"] == "whole":
        step = 10 if amount < 5000 else 100
        return str(max(round(amount / step) * step - round(amount) % 2, 5))
    return f"{amount:.2f}".replace(".", "," if words["money"] == "comma" else ".")


def _sum(field: str, share: float = 1.0) -> Callable[[dict[str, Any], random.Random], str]:
    return lambda p, _: _money(p["w"], p[field] * share)


def _cur(field: str) -> Callable[[dict[str, Any], random.Random], str]:
    return lambda p, _: f"{p[field]:.2f} {p['w']['cur']}"


def _on_sale(made: Callable[..., str]) -> Callable[[dict[str, Any], random.Random], str]:
    return lambda p, draw: made(p, draw) if p["old"] > p["amount"] else ""


def _same(field: str) -> Callable[[dict[str, Any], random.Random], str]:
    return lambda p, _: str(p[field])


def _word(field: str) -> Callable[[dict[str, Any], random.Random], str]:
    return lambda p, _: str(p["w"][field])


def _one_of(*choices: str) -> Callable[[dict[str, Any], random.Random], str]:
    return lambda _, draw: draw.choice(choices)


def _up_to(most: int) -> Callable[[dict[str, Any], random.Random], str]:
    return lambda _, draw: str(draw.randrange(most))


def _picture(suffix: str) -> Callable[[dict[str, Any], random.Random], str]:
    return lambda p, _: f"https://cdn.shop.example/{suffix.format(p['id'])}"


def _joined(sign: str) -> Callable[[dict[str, Any], random.Random], str]:
    return lambda p, _: sign.join(p["path"])


def _level(depth: int) -> Callable[[dict[str, Any], random.Random], str]:
    return lambda p, _: str(p["path"][depth])


def _slug(product: dict[str, Any], _: random.Random) -> str:
    return f"{product['brand'].split()[0].lower()}-item-{product['id']}"


def _html(product: dict[str, Any], _: random.Random) -> str:
    return "<p>" + "</p><p>".join(product["texts"]) + "</p>"


def _mpn(product: dict[str, Any], draw: random.Random) -> str:
    return (
        f"{product['brand'][:2].upper()}{draw.randrange(1000, 9999)}" if draw.random() < 0.7 else ""
    )


def _stamp(_: dict[str, Any], draw: random.Random) -> str:
    return f"2026-0{draw.randrange(1, 9)}-1{draw.randrange(9)} 0{draw.randrange(9)}:15:00"


def _tracked(product: dict[str, Any], draw: random.Random) -> str:
    return f"https://click.network.example/c?a=77&m={draw.randrange(10**9)}&u={product['id']}"


def _deep(product: dict[str, Any], draw: random.Random) -> str:
    return f"https://www.shop.example/p/{_slug(product, draw)}"


KINDS: dict[str, Callable[[dict[str, Any], random.Random], str]] = {
    "title": _same("title"), "noun": _same("noun"), "brand": _same("brand"),
    "desc": lambda p, _: " ".join(p["texts"]), "html": _html,
    "short": lambda p, _: p["texts"][0][:120],
    "sentence": lambda p, draw: draw.choice(p["w"]["texts"][1:3]),
    "price": _sum("amount"), "old": _sum("old"), "old_part": _on_sale(_sum("old")),
    "sale_part": _on_sale(_sum("amount", 0.8)), "sale_cur": _on_sale(_cur("amount")),
    "price_cur": _cur("old"), "cost": _sum("amount", 0.4), "saving": lambda p, _: _money(
        p["w"], p["old"] - p["amount"]), "instalment": _sum("amount", 0.1),
    "commission": _sum("amount", 0.05), "unit_price": lambda p, _: _money(
        p["w"], p["amount"] * 1.7) + " / kg", "coupon": _one_of("5", "10", "20", ""),
    "ship": lambda p, draw: _money(p["w"], draw.choice((0, 0, 4.95, 9.95)) * p["w"]["factor"]),
    "cur": _word("cur"), "percent": lambda p, _: str(round(100 - 100 * p["amount"] / p["old"])),
    "rate": _one_of("1.50", "3.00", "5.00"), "cpc": _one_of("0.10", "0.25", "0.40"),
    "points": _one_of("10", "25", "50", "100"), "rating": _one_of("3.9", "4.2", "4.5", "4.8", "5"),
    "pic": _picture("pictures/{}.jpg"), "thumb": _picture("thumbs/{}_t.jpg"),
    "pics": _on_sale(_picture("pictures/{}_2.jpg")), "logo": _picture("brand/logo.png"),
    "deep": _deep, "track": _tracked, "pixel": lambda p, _: f"https://px.net.example/imp?p={p['id']}",
    "home": lambda p, _: f"https://www.shop.example/brands/{p['brand'].split()[0]}",
    "path": _joined(" > "), "path_slash": _joined("/"), "path_pipe": _joined(" | "),
    "level1": _level(0), "level2": _level(1), "level3": _level(2), "leaf": _level(2),
    "network_category": _one_of("Clothing", "Home & Garden", "Sports"),
    "google_path": _one_of("Apparel & Accessories > Clothing", "Home & Garden > Lighting"),
    "set": _one_of("Default", "Apparel", "Home"), "simple": _one_of("simple", "variable"),
    "id": _same("id"), "sku": lambda p, _: f"{p['w']['code']}-{p['id']}", "slug": _slug,
    "mpn": _mpn, "group": lambda p, _: f"G{p['id'] // 30}", "gtin": _gtin,
    "hash": lambda _, draw: f"{draw.randrange(16**32):032x}",
    "colour": _same("colour"), "size": _same("size"), "gender": _same("gender"),
    "gender_en": _one_of("male", "female", "unisex"), "age": _one_of("adult", "adult", "kids"),
    "stuff": _word("stuff"), "season": _one_of("SS26", "FW26"),
    "country": _one_of("CN", "IT", "DE"),
    "fresh": _word("fresh"), "new_en": _one_of("new"), "days": _word("days"),
    "stock": lambda p, draw: draw.choice(p["w"]["stock"]),
    "avail_en": _one_of("in stock", "in stock", "out of stock", "preorder"),
    "quantity": _up_to(90), "count": _up_to(2000), "small": _up_to(30),
    "flag": _one_of("1", "1", "0"), "yes_no": _one_of("yes", "yes", "no"),
    "true_false": _one_of("true", "true", "false"), "flag_one": _one_of("1"),
    "flag_zero": _one_of("0"), "true": _one_of("true"), "false": _one_of("false"),
    "shop": lambda p, _: f"Shop {p['w']['code']}", "shop_id": _one_of("88213"),
    "seller": _one_of("Alfa Store", "Beta Trading"), "site": _one_of("base"),
    "domain": _one_of("shop.example"), "stamp": _stamp, "blank": _one_of(""),
    "weight": lambda _, draw: f"{draw.randrange(1, 60) / 10}", "unit": _one_of("kg"),
    "weight_unit": lambda _, draw: f"{draw.randrange(1, 60) / 10} kg", "measure": _up_to(80),
    "keywords": lambda p, _: ", ".join((p["noun"], p["brand"], p["colour"])),
    "size_word": _one_of("Size"), "colour_word": _one_of("Color"), "ean_word": _one_of("EAN"),
    "tracker": _one_of("shopify"), "policy": _one_of("deny"), "active": _one_of("active"),
    "taxable": _one_of("taxable"), "visible": _one_of("visible"),
}  # fmt: skip
