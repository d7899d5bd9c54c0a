"""The dirt of real feeds, put on single products at known rates."""

from __future__ import annotations

import html
from collections.abc import Set
from html.entities import codepoint2name

import numpy as np

from aisles.simulate.draws import Draws, key_of, uniform
from aisles.simulate.lexicon import Convention, Retailer
from aisles.simulate.plan import Calendar, Ints
from aisles.simulate.products import Product

COMMON = 0.03
RATES = {
    "entities": COMMON,
    "double_entities": COMMON,
    "mojibake": COMMON,
    "price_text": COMMON,
    "stray_ws": COMMON,
    "empty_title": COMMON,
    "trailing_delim": COMMON,
    "wrong_columns": 0.0007,
    "unclosed_quote": 0.0004,
}
LINE_DIRT = ("trailing_delim", "wrong_columns", "unclosed_quote")
_SIGNS = ("™", "®", "’", "–", "é", "…")
_CURRENCY = {"EUR": "€", "USD": "$", "GBP": "£", "CHF": "CHF "}


def kinds_of(calendar: Calendar, index: Ints, convention: Convention) -> dict[int, set[str]]:
    """The kinds of dirt of those places that get any, where the feed's form can carry them."""
    steady = calendar.steady(index)
    found: dict[int, set[str]] = {}
    for kind, rate in RATES.items():
        if kind in LINE_DIRT and convention.form not in ("csv", "lines"):
            continue
        if kind == "unclosed_quote" and convention.form != "csv":
            continue
        hit = uniform(key_of(calendar.seed, calendar.name, "dirt", kind), index) < rate
        if kind in ("wrong_columns", "unclosed_quote"):
            hit &= ~steady
        for place in np.flatnonzero(hit).tolist():
            found.setdefault(place, set()).add(kind)
    for kinds in found.values():
        _settle(kinds)
    return found


def _settle(kinds: set[str]) -> None:
    """Take away what cannot stand together with something stronger."""
    if "double_entities" in kinds:
        kinds.discard("entities")
    if kinds & {"wrong_columns", "unclosed_quote"}:
        kinds.discard("trailing_delim")
    if "wrong_columns" in kinds:
        kinds.discard("unclosed_quote")


def soil(
    product: Product, kinds: Set[str], shop: Retailer, quoted: bool, draws: Draws
) -> list[tuple[str, str]]:
    """Dirt and field as recorded; the product is changed in place, its line dirt only named."""
    done: list[tuple[str, str]] = []
    if "mojibake" in kinds:
        done.append(("mojibake", _mojibake(product, shop.encoding, draws)))
    if "empty_title" in kinds:
        product.title = ""
        done.append(("empty_title", "title"))
    for kind, times in (("entities", 1), ("double_entities", 2)):
        fields = _entities(product, times, draws) if kind in kinds else ""
        if fields:
            done.append((kind, fields))
    field = _stray(product, quoted, draws) if "stray_ws" in kinds else ""
    if field:
        done.append(("stray_ws", field))
    if "price_text" in kinds:
        product.price_text = price_text(product.price_minor, shop.currency, draws)
        done.append(("price_text", "price"))
    done += [(kind, "line") for kind in LINE_DIRT if kind in kinds]
    return done


def _mojibake(product: Product, encoding: str, draws: Draws) -> str:
    if product.title.isascii() or not _readable_wrong(product.title, encoding):
        sign = draws.pick(_SIGNS)
        product.title = f"{product.title}{sign}" if sign in "™®…" else f"{product.title} {sign}"
    product.title = wrongly_read(product.title)
    if not product.description:
        return "title"
    if not product.description.isascii() and _readable_wrong(product.description, encoding):
        product.description = wrongly_read(product.description)
        return "title+desc"
    return "title"


def _readable_wrong(text: str, encoding: str) -> bool:
    """Whether the spoilt text can be written in the feed's own encoding."""
    try:
        wrongly_read(text).encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def wrongly_read(text: str) -> str:
    """UTF-8 bytes read as windows-1252, or as latin-1 where that has no such sign."""
    raw = text.encode("utf-8")
    try:
        return raw.decode("cp1252")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _entities(product: Product, times: int, draws: Draws) -> str:
    named = draws.chance(0.5)
    title = _escaped(product.title, times, named)
    desc = _escaped(product.description, times, named)
    levels = tuple(_escaped(level, times, named) for level in product.levels)
    changed = [
        name
        for name, one, other in (
            ("title", title, product.title),
            ("desc", desc, product.description),
            ("category", levels, product.levels),
        )
        if one != other
    ]
    product.title, product.description, product.levels = title, desc, levels
    return "+".join(changed)


def _escaped(text: str, times: int, named: bool) -> str:
    text = html.escape(text)
    if named and not text.isascii():
        signs = (sign if sign.isascii() else _named(sign) for sign in text)
        text = "".join(signs)
    for _ in range(times - 1):
        text = text.replace("&", "&amp;")
    return text


def _named(sign: str) -> str:
    name = codepoint2name.get(ord(sign))
    return f"&{name};" if name else sign


def _stray(product: Product, quoted: bool, draws: Draws) -> str:
    sign = draws.pick(("\t", "\n", "\r\n")) if quoted else "\t"
    at_title = draws.chance(0.75) or " " not in product.description
    text = product.title if at_title else product.description
    gaps = [place for place, char in enumerate(text) if char == " "]
    if not gaps:
        return ""
    gap = draws.pick(gaps)
    text = text[:gap] + sign + text[gap + 1 :]
    if at_title:
        product.title = text
        return "title"
    product.description = text
    return "desc"


def price_text(minor: int, currency: str, draws: Draws) -> str:
    """A price with its currency and thousands signs inside, as people write it there."""
    whole, cents = divmod(minor, 100)
    sign = _CURRENCY[currency]
    if currency == "EUR":
        amount = f"{whole:,}".replace(",", ".") + f",{cents:02d}"
        return draws.pick((f"{amount} €", f"€ {amount}", f"{amount} EUR"))
    separator = "'" if currency == "CHF" else ","
    amount = f"{whole:,}".replace(",", separator) + f".{cents:02d}"
    return draws.pick((f"{sign}{amount}", f"{amount}{currency}", f"{currency} {amount}"))
