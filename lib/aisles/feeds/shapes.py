"""What the values of one column look like: shares of rows with each shape."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from aisles.feeds.vocabulary import fold, vocabulary

SHAPE_VALUES = 400
"""Values whose shape is looked at; uniqueness and blanks are counted over all that are given."""

ENOUGH = 8
"""Filled rows from which a single value counts as a constant."""

_URL = re.compile(r"^(?:https?:)?//[^\s|]+|^www\.\S+\.\S+", re.I)
_PICTURE = re.compile(
    r"\.(?:jpe?g|png|gif|webp|avif|bmp|tiff?)\b"
    r"|^(?:https?:)?//[^/]*\b(?:img|imgs?\d*|images?\d*|media|pics?|photos?|static|assets)\b"
    r"|/(?:images?|img|pictures?|photos?|is/image)/",
    re.I,
)
_SMALL = re.compile(
    r"thumb|_t\.|_s\.|_small|/small|_xs\.|(?:[?&_/]w=?|width=)\d{2}\b|logo|icon", re.I
)
_PIXEL = re.compile(r"//(?:px|pixel|imp)\.|impression|/pixel|/imp[/?]|beacon", re.I)
_CART = re.compile(r"cart|basket|warenkorb|panier|checkout|review|rss", re.I)
_SIGN = r"(?:[A-Z]{3}|Rs\.?|kr\.?|zł|Kč|TL|[$€£¥₹])"
_NUMBER = r"[+-]?\d{1,3}(?:[ '.,\u00a0]\d{2,3})+(?:[.,]\d{1,2})?|[+-]?\d+(?:[.,]\d{1,4})?"
_MONEY = re.compile(rf"^{_SIGN}?\s*({_NUMBER})\s*{_SIGN}?$", re.I)
_DECIMAL = re.compile(r"\d[.,]\d{1,2}\b")
_NUMERIC = re.compile(r"^[+-]?[\d., ]+%?$")
_INTEGER = re.compile(r"^\d+$")
_DATE = re.compile(
    r"^\d{4}-\d\d-\d\d|^\d\d?[./]\d\d?[./]\d{2,4}|^\d{1,2}:\d\d|^1[5-9]\d{8}(?:\d{3})?$"
)
_HASH = re.compile(r"^[0-9a-f]{24,64}$", re.I)
_MARKUP = re.compile(r"<[a-zA-Z/][^>]*>|&lt;[a-z]")
_PATH = re.compile(r"\S\s*(?:>|&gt;|»|~~|::|\|| / |\\)\s*\S|\w/\w+/\w")
_NUMBER_PATH = re.compile(r"^\d+(?:\s*[>/|,;:]+\s*\d+)+$")
_SIZE = re.compile(
    r"^(?:\d?x{0,4}[sml]|[2-6]xl|one ?size|os|tu|free ?size|taille unique|einheitsgr\S*|unica"
    r"|(?:eu|uk|us|fr|it|de|w|l|t)?\s?\d{1,3}(?:[.,]5| ?1/2| ?[⅓⅔½])?"
    r"(?:\s?(?:eu|uk|us|cm|mm|ml|in|inch|y|m))?"
    r"|\d{1,3}\s?[-/x]\s?\d{1,3}(?:\s?(?:cm|mm|y|m|in))?|\d{2,3}[a-k]{1,2})$",
    re.I,
)
_SIZE_LIST = re.compile(r"\s*[,;/|]\s*")
_IDENTIFIER = re.compile(r"^[A-Za-z0-9][\w.:/#-]{0,63}$")
_LETTER = re.compile(r"[^\W\d_]")
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")


@dataclass(frozen=True)
class Shape:
    """One column's values; every share is of the filled ones, but ``filled`` of all."""

    count: int
    filled: float
    unique: float
    distinct: int
    length: float
    words: float
    url: float = 0.0
    picture: float = 0.0
    small: float = 0.0
    pixel: float = 0.0
    cart: float = 0.0
    money: float = 0.0
    decimal: float = 0.0
    numeric: float = 0.0
    integer: float = 0.0
    date: float = 0.0
    hashed: float = 0.0
    markup: float = 0.0
    path: float = 0.0
    number_path: float = 0.0
    size: float = 0.0
    identifier: float = 0.0
    letters: float = 0.0
    gtin: float = 0.0
    currency: float = 0.0
    gender: float = 0.0
    availability: float = 0.0
    flag: float = 0.0
    colour: float = 0.0
    department: float = 0.0

    @property
    def constant(self) -> bool:
        """One value only, in rows enough for that to mean something."""
        return self.distinct == 1 and self.count >= ENOUGH


def shape_of(values: Sequence[str | None]) -> Shape:
    """The shape of a column's values; None and blanks count as not filled."""
    texts = [v.strip() for v in values if v and v.strip()]
    if not texts:
        return Shape(0, 0.0, 0.0, 0, 0.0, 0.0)
    distinct = len(set(texts))
    step = max(len(texts) // SHAPE_VALUES, 1)
    some = texts[::step][:SHAPE_VALUES]
    return Shape(
        count=len(texts),
        filled=len(texts) / max(len(values), 1),
        unique=distinct / len(texts),
        distinct=distinct,
        length=sum(map(len, some)) / len(some),
        words=sum(len(t[:400].split()) for t in some) / len(some),
        **{name: sum(map(test, some)) / len(some) for name, test in _TESTS.items()},
    )


def number_of(text: str) -> float | None:
    """The amount in a price text, None when it holds none: ``1.299,00 EUR`` gives 1299.0."""
    found = _MONEY.match(text.strip())
    if found is None:
        return None
    digits = re.sub(r"[ '\u00a0]", "", found[1])
    last = max(digits.rfind("."), digits.rfind(","))
    if last < 0:
        return float(digits)
    whole, part = re.sub(r"[.,]", "", digits[:last]), digits[last + 1 :]
    grouped = len(part) == 3 and (digits.count(".") + digits.count(",") > 1 or whole != "0")
    return float(whole + part) if grouped else float(f"{whole or 0}.{part or 0}")


def is_gtin(text: str) -> bool:
    """Whether the digits are a GTIN (8, 12, 13, 14) or ISBN-13 with a right check digit."""
    if len(text) not in (8, 12, 13, 14) or not (text.isascii() and text.isdigit()):
        return False
    total = sum(int(c) * (3 if i % 2 == 0 else 1) for i, c in enumerate(text[-2::-1]))
    return text.strip("0") != "" and (total + int(text[-1])) % 10 == 0


def _in(kind: str, parts: bool = False) -> Callable[[str], bool]:
    """A test whether a value (or one of its words) is in a list of words.yml."""

    def test(text: str) -> bool:
        words = vocabulary().values[kind]
        if len(text) > 60:
            return False
        folded = fold(text)
        return folded in words or (parts and any(w in words for w in _WORD.findall(folded)))

    return test


def _is_currency(text: str) -> bool:
    return fold(text) in vocabulary().values["currency"]


def _is_size(text: str) -> bool:
    return len(text) < 80 and all(_SIZE.match(part) for part in _SIZE_LIST.split(text) if part)


def _is_gender(text: str) -> bool:
    folded = fold(text)
    return len(folded) > 1 and len(folded) < 30 and folded in vocabulary().values["gender"]


def _found(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda text: pattern.search(text[:2000]) is not None


def _picture(text: str) -> bool:
    return _URL.match(text) is not None and _PICTURE.search(text) is not None


_FLAGS = frozenset(
    ["true", "false", "yes", "no", "y", "n", "0", "1", "ja", "nein", "oui", "non", "si", "t", "f"]
)
_TESTS: dict[str, Callable[[str], bool]] = {
    "url": _found(_URL),
    "picture": _picture,
    "small": _found(_SMALL),
    "pixel": _found(_PIXEL),
    "cart": _found(_CART),
    "money": lambda text: len(text) < 40 and number_of(text) is not None,
    "decimal": lambda text: len(text) < 40 and _DECIMAL.search(text) is not None,
    "numeric": _found(_NUMERIC),
    "integer": _found(_INTEGER),
    "date": _found(_DATE),
    "hashed": _found(_HASH),
    "markup": _found(_MARKUP),
    "path": lambda text: not _URL.match(text) and _PATH.search(text[:300]) is not None,
    "number_path": _found(_NUMBER_PATH),
    "size": _is_size,
    "identifier": lambda text: _IDENTIFIER.match(text) is not None,
    "letters": _found(_LETTER),
    "gtin": is_gtin,
    "currency": _is_currency,
    "gender": _is_gender,
    "availability": _in("availability"),
    "flag": lambda text: text.lower() in _FLAGS,
    "colour": _in("colour", parts=True),
    "department": _in("department", parts=True),
}
