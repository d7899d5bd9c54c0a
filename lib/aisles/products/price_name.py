"""What the name of a price column says of its amounts: `price_gbp`, `priceInCents`, `sale_price`.

minor_words.csv: a word for a hundredth of some currency, and the codes it may stand for.
sale_words.csv: a word and its kind: `price`; `sale`: beside it, that it holds while a sale lasts;
`other`: that the column holds something else, as its dates; `tax`: likewise, unless a word `with`
says that it is in the price.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from aisles.products.currency import meanings, settle, words
from aisles.products.words import rows

_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_PARTS = re.compile(r"[/.:@]")
_BRACKETS = re.compile(r"[(\[{]([^()\[\]{}]*)[)\]}]")
_DENSE = re.compile("[\u3040-\u9fff\uac00-\ud7a3]$")
# Before the unit of a price (Preis in kr) and before what a price is for (price per pound).
_IN = frozenset(["in", "i", "en", "em", "w", "v", "σε", "в", "у"])
_PER = frozenset(["per", "pro", "par", "je"])
# Words of money that headers use in another sense.
_PLAIN = frozenset(["all", "top", "ang", "svc", "real", "mrp", "us"])
_SHORT = 3
# What an element around prices is called that is no sale: a listing, the amount of a discount.
_NO_SALES = frozenset(
    ["offer", "offers", "oferta", "offerta", "aanbieding", "discount", "descuento", "desconto"]
    + ["sconto", "remise", "reducere", "sales"]
)
_AMOUNT = frozenset(["amount", "value", "betrag", "wert", "montant", "valeur", "importe", "valor"])


@dataclass(frozen=True)
class PriceName:
    """What one column is said to hold.

    currency: the ISO 4217 code that is stated. minor: numbers count minor units (cents). sale: the
    price while a product is on sale.
    """

    currency: str | None = None
    minor: bool = False
    sale: bool = False


@cache
def price_name(column: str) -> PriceName:
    """What a price column's name says of its amounts."""
    said = list(_said(column))
    minor = [_MINOR[word] for word in map(_folded, said) if word in _MINOR]
    stated = {possible for word in said if (possible := _money(word))} or set(filter(None, minor))
    code = settle(next(iter(stated)), None) if len(stated) == 1 else None
    return PriceName(code, bool(minor), _is_sale(column))


def only_sale(column: str) -> bool:
    """Whether the last part of the name has words for a sale alone: `special` of OpenCart."""
    last = paths(column)[-1]
    return bool(last) and all(_KINDS.get(word) == "sale" for word in last)


def paths(column: str) -> list[list[str]]:
    """The words of each part of a column's path, outermost first, lower case without accents."""
    return [[_folded(word) for word in words(part)] for part in _PARTS.split(_spaced(column))]


def sale_words(word: str) -> set[str]:
    """What a word, as `paths` gives it, has of the words for a sale, itself or in a compound."""
    if _DENSE.search(word):
        return {part for part, kind in _KINDS.items() if kind == "sale" and part in word}
    starts = (word[:place] for place in range(_SHORT, len(word)))
    found = {part for start in starts for part in (start, start.rstrip("s")) if part in _SALES}
    return found | {word} & _SALES


def _is_sale(column: str) -> bool:
    """Whether the name has a word for a price, and one for a sale in the last part of its path.

    Or in the part that holds that one, if it has no other words: `promo/price`.
    """
    parts = paths(column)
    if len(parts) > 1 and set(parts[-1]) <= _AMOUNT:
        parts.pop()  # salePrice.amount
    parts = [part for part in parts if part]
    kinds = [{kind for word in part for kind in _kinds(word)} for part in parts]
    if len(parts) > 1 and kinds[-2] == {"sale"} and is_a_sale(parts[:-1]):
        kinds[-1] |= {"sale"}
    every: set[str] = set().union(*kinds)
    apart = "other" in every or ("tax" in every and "with" not in every)
    return "price" in every and not apart and "sale" in kinds[-1]


def is_a_sale(parts: list[list[str]]) -> bool:
    """Whether the last part of a path, which has a word for a sale, is more than a listing's name.

    An offer among prices is: ``prices/offer/from``.
    """
    priced = any("price" in _kinds(word) for part in parts[:-1] for word in part)
    return priced or not _NO_SALES.intersection(parts[-1])


def _kinds(word: str) -> set[str]:
    """The kinds of a word, or of the parts of a compound: `sonderangebotspreis`, `セール価格`."""
    if _DENSE.search(word):
        return {kind for part, kind in _KINDS.items() if _DENSE.search(part) and part in word}
    if word in _KINDS:
        return {_KINDS[word]}
    for place in range(_SHORT, len(word) - _SHORT):
        first, last = word[:place], word[place:]
        if _KINDS.get(last) == "price" and "sale" in map(_KINDS.get, (first, first.rstrip("s"))):
            return {"price", "sale"}
    return set()


def _said(column: str) -> Iterator[str]:
    """The name's words that may tell a currency or its minor unit."""
    spaced = _spaced(column)
    apart = {word for inner in _BRACKETS.findall(spaced) for word in words(inner)}
    for before, word in pairwise(["", *words(spaced)]):
        if before.lower() in _PER:
            continue
        if word in apart or before.lower() in _IN or not _doubtful(word):
            yield word


def _spaced(column: str) -> str:
    """The name with its words apart also where only a capital tells them."""
    return _CAMEL.sub(" ", unicodedata.normalize("NFKC", column))


def _doubtful(word: str) -> bool:
    """Whether a word alone may mean many things: short ones, unless they are ISO 4217 codes."""
    if word.lower() in _PLAIN:
        return True
    coded = meanings(word) == (word.upper(),)
    return word.isascii() and word.isalpha() and len(word) <= _SHORT and not coded


def _money(word: str) -> tuple[str, ...]:
    """The codes that a word may stand for, or the sign that it ends in; () for none."""
    ends_in_sign = not word[-1].isalpha() or bool(_DENSE.search(word))
    return meanings(word) or (meanings(word[-1]) if ends_in_sign else ())


def _folded(word: str) -> str:
    """The word in lower case without accents."""
    parts = unicodedata.normalize("NFKD", word.replace("ı", "i").replace("ø", "o").casefold())
    plain = "".join(sign for sign in parts if not unicodedata.combining(sign))
    return unicodedata.normalize("NFC", plain)


_KINDS = {_folded(row["word"]): row["kind"] for row in rows("sale_words.csv")}
_SALES = {word for word, kind in _KINDS.items() if kind == "sale"}
_MINOR = {_folded(row["word"]): tuple(row["codes"].split()) for row in rows("minor_words.csv")}
