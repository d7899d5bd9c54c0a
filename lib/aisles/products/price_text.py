"""The price in one text of any shape: ranges, words of money and others beside it, odd digits.

price_words.csv: a word, case-folded, and its kind: `beside`: it may stand beside a price; `unit`:
it may stand at the end behind `/` or `per`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from aisles.products.currency import EXPONENTS, decimal_comma, exponent, meanings, settle
from aisles.products.price_object import flat, without_powers
from aisles.products.words import rows

_NUMBER = re.compile(
    r"(?<![^\W_])[.,][0-9]{1,2}(?![0-9.,])"  # $.99, but not Rs.69
    r"|[0-9]{1,3}(?:[ '’][0-9]{3})+(?![0-9])(?:[.,][0-9]+)?|[0-9]+(?:[.,][0-9]+)*"
)
# Around a number: what may stand in a price text besides money words.
_AROUND = re.compile(r"[\s.,:;|~+*()/–—-]*", re.ASCII)
# Two numbers with nothing but these between them may be one that was torn: 12..99, 12|99.
_TORN = re.compile(r"[\s.,|]*[.,|][\s.,|]*")
_LETTER = (
    r"(?:[^\W\d_]|[\u0300-\u036f\u064b-\u0652\u0900-\u0903\u093a-\u094f"
    r"\u0b82-\u0bcd\u0dca-\u0ddf\u0e31-\u0e4e])"
)
_SIGNS = r"$€£¥￥₹₨₽₴₺₩₫฿₱₪₦₡₸₾₭₮₼₲₵៛֏৳"
_TABLE = [(row["word"], row["kind"]) for row in rows("price_words.csv")]
_BESIDE = frozenset(word for word, kind in _TABLE if kind == "beside")


def _any_of(phrases: list[str]) -> str:
    return "|".join(map(re.escape, sorted(phrases, key=len, reverse=True)))


_SIMPLE = re.compile(rf"{_LETTER}*[{_SIGNS}]|{_LETTER}+")
# Money words with signs inside, such as `S/` and `ر.س`.
_PHRASES = [r["word"] for r in rows("money_words.csv") if not _SIMPLE.fullmatch(r["word"])]
_WORD = re.compile(
    rf"(?:{_any_of(_PHRASES)})(?!{_LETTER})|{_SIMPLE.pattern}",
    re.IGNORECASE,
)
_UNITS = [word for word, kind in _TABLE if kind == "unit"]
# One letter is a unit in lower case only: 38/M is a size.
_UNIT = re.compile(
    r"\s*(?:/|\b(?:per|pro|je|par)\b)\s*(?:10{0,3}\s*)?"
    rf"(?:{_any_of([w for w in _UNITS if len(w) > 1])}"
    rf"|(?-i:{_any_of([w for w in _UNITS if len(w) == 1])}))\.?(?:\s+of\s+[0-9]+)?\s*\)?\s*$",
    re.IGNORECASE,
)
# `,-` and the like in the place of decimals.
_NO_DECIMALS = re.compile(r"\s?[.,:/]\s?[-–—=_]")
_PER = re.compile(r"\b(?:per|pro|je|par)\b", re.IGNORECASE)
# A tax or a reduction told beside the price: 19,90 EUR 19%, Rs. 499 (20% off).
_PERCENT = re.compile(r"[0-9]{1,3}(?:[.,][0-9]{1,2})?\s?%(?:\s*off\b)?", re.IGNORECASE)
# Between two prices: the second one is paid.
_NOW = re.compile(
    r"\b(?:now|jetzt|nur|maintenant|ora|ahora|agora|por|nu|nå|nyt|teraz|nyní|teď|most|acum|şimdi"
    r"|сейчас|зараз|τώρα)\b|现价|現価格|今だけ",
    re.IGNORECASE,
)
# Not ASCII, Latin, Greek, Cyrillic or a common sign of money: digits and spaces of other kinds.
_UNUSUAL = re.compile("[^\x00-\x7f£¥À-\u052f€₹]")
_RAISED = re.compile("(?<=[0-9])([⁰¹²³⁴-⁹]{2})(?![⁰¹²³⁴-⁹])")
# 12 ,99 and 12 . 99
_SPLIT_DECIMALS = re.compile(r"(?<=[0-9])\s+([.,])\s*(?=[0-9]{1,2}(?![0-9.,]))")
# Two digits behind a space, a money word or a colon: 12 99, 12€99, 12:99 kr.
_CENTS = re.compile(
    r"(?P<before>\D*)(?P<whole>[0-9]{1,3}(?:[ .,'’]?[0-9]{3})*)"
    r"(?P<between>[^\d.,]+)(?P<cents>[0-9]{2})(?P<after>\D*)"
)
_NEGATIVE = re.compile(r"[-−]|\((?!.*\))")
_QUOTES = "'\"`=‘’“” \t"
_ARABIC = str.maketrans("٫٬،〜", ".,,~")
_LARGEST = 2**63 - 1
_MYRIADS = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*[万萬만]\s*([0-9]{1,4}(?![0-9]))?")  # 1万2800円
_GRAVE = re.compile(r"(?<=[0-9])[`´](?=[0-9]{3}(?![0-9]))")
_TINY = re.compile(r"([0-9]{1,4})\s?([^\W\d_]+|¢)\.?")
_MINOR = {row["word"]: tuple(row["codes"].split()) for row in rows("minor_words.csv")} | {
    "p": ("GBP",),
    "ct": (),  # in the name of a column also carats
    "cts": (),
    "¢": (),
}


def parse_price(
    text: str, stated: str | None = None, comma: bool | None = None, minor: bool = False
) -> tuple[int | None, str | None]:
    """Minor units and ISO 4217 code of one text; (None, the stated code) when it holds no price.

    `comma` tells whether the column writes decimals with a comma, None when unknown; `minor` that
    its numbers count minor units, which a text with a currency and decimals of its own overrules.
    """
    text = _plain(text)
    if (tiny := _TINY.fullmatch(text)) and tiny[2].casefold() in _MINOR:  # 99 Cent, 99p
        return int(tiny[1]), settle(_MINOR[tiny[2].casefold()], stated)
    numbers = list(_NUMBER.finditer(text))
    if len(numbers) == 2 and _with_point(text) != text:
        text = _with_point(text)
        numbers = list(_NUMBER.finditer(text))
    if not 1 <= len(numbers) <= 2 or _torn(text, numbers):
        return None, stated
    now = _NOW.search(text, numbers[0].end(), numbers[-1].start())  # Was £20.00 Now £12.00
    first = numbers[-1] if now else numbers[0]
    before, rest = text[now.end() if now else 0 : first.start()], text[first.end() :]
    possible = _money(_NUMBER.sub(" ", text[: first.start()]) + " " + _NUMBER.sub(" ", rest))
    if possible is None or _NEGATIVE.search(before):
        return None, stated
    code = settle(possible, stated)
    counts = minor and not (possible and re.search(r"[.,][0-9]{2}$", first.group()))
    grouped = counts or _NO_DECIMALS.match(rest) is not None
    # All the currencies that a `kr` may be write their decimals alike.
    written = code or next((each for each in possible if each in EXPONENTS), None)
    amount = _decimal(first.group(), grouped, written, comma)
    if amount is None:
        return None, stated
    scaled = amount if counts else amount * 10 ** exponent(code)
    whole = int(scaled.to_integral_value(ROUND_HALF_UP))
    return (whole if whole <= _LARGEST else None), code


def _plain(text: str) -> str:
    """The text without a unit and quotes, its digits and signs in their usual forms."""
    if text.lstrip().startswith("{"):
        text = flat(text)
    if not text.isascii() and _UNUSUAL.search(text):
        raised = _RAISED.sub(r" \1", text)
        text = "".join(map(_usual, raised)).translate(_ARABIC)
    if "E" in text or "e" in text:
        text = without_powers(text)
    if _MYRIADS.search(text):
        text = _MYRIADS.sub(_unfolded, text)
    if "%" in text:
        text = _PERCENT.sub(" ", text)
    if "`" in text or "´" in text:
        text = _GRAVE.sub("'", text)
    if "/" in text or _PER.search(text):
        text = _UNIT.sub("", text)
    if " ," in text or " ." in text:
        text = _SPLIT_DECIMALS.sub(r"\1", text)
    return text.strip(_QUOTES)


def _unfolded(myriads: re.Match[str]) -> str:
    return str(int(Decimal(myriads[1]) * 10_000) + int(myriads[2] or 0))


def _usual(sign: str) -> str:
    kind = unicodedata.category(sign)
    if kind == "Nd":
        return str(unicodedata.decimal(sign))
    if kind == "Cf":  # marks of direction, joiners
        return ""
    if kind == "No" and sign in "⁰¹²³⁴⁵⁶⁷⁸⁹":
        return unicodedata.normalize("NFKC", sign)
    return sign if kind == "No" else unicodedata.normalize("NFKC", sign)


def _torn(text: str, numbers: list[re.Match[str]]) -> bool:
    """Whether two numbers, the first without decimals, may be the parts of one: 12..99."""
    first, last = numbers[0], numbers[-1]
    between = _TORN.fullmatch(text, first.end(), last.start()) if first is not last else None
    return between is not None and first.group().isdigit()


def _with_point(text: str) -> str:
    """`12 99` and `12€99` as `12.99` and `12.99€`."""
    found = _CENTS.fullmatch(text)
    if not found or not _apart(found["before"], found["between"].strip(), found["after"]):
        return text
    whole = re.sub(r"[ .,'’]", "", found["whole"])
    between = found["between"].replace(":", " ")
    return f"{found['before']}{whole}.{found['cents']}{between}{found['after']}"


def _apart(before: str, between: str, after: str) -> bool:
    """Whether what stands between two numbers parts an amount's whole from its cents."""
    if not between:
        return True
    if between == ":":
        return True
    outside = bool(_money(before) or _money(after))
    return bool(meanings(between.rstrip("."))) and not outside


@lru_cache(maxsize=4096)
def _money(around: str) -> tuple[str, ...] | None:
    """What the money word beside a number may mean, () without one; None when it is no price."""
    possible: tuple[str, ...] = ()
    for word in _words(around):
        if word.casefold() in _BESIDE:
            continue
        found = meanings(word)
        if not found:
            return None
        # "MRP Rs." and "US $": the narrower of two words that agree is meant.
        possible = found if not possible or set(found) < set(possible) else possible
    return possible if _AROUND.fullmatch(_WORD.sub(" ", around)) else None


def _words(around: str) -> Iterator[str]:
    """Every word and money sign, runs of known ones cut: `MXN$`, `税込円`."""
    for word in _WORD.findall(around):
        yield from _known(word) or [word]


def _known(word: str) -> list[str]:
    """The known words that a run of letters consists of, the longest first; [] if it does not."""
    if not word or word.casefold() in _BESIDE or meanings(word):
        return [word] if word else []
    if word.isascii() and word[-1].isalpha():
        return []
    for end in range(len(word) - 1, 0, -1):
        if (start := word[:end]).casefold() in _BESIDE or meanings(start):
            return [start, *rest] if (rest := _known(word[end:])) else []
    return []


def _decimal(token: str, grouped: bool, code: str | None, comma: bool | None) -> Decimal | None:
    """The number of a digits-and-separators token, read by its own shape, then by habit.

    grouped: known to have no three decimals. None where its marks part no groups: 12.00.00,
    0.123.456. No group of thousands begins with a zero.
    """
    if re.match(r"0[0-9]*[ '’]", token):
        return None
    token = re.sub(r"[ '’]", "", token)
    last = max(token.rfind("."), token.rfind(","))
    if last < 0:
        return Decimal(token)
    whole, mark, fraction = token[:last], token[last], token[last + 1 :]
    mixed = ("," if mark == "." else ".") in whole
    zero = whole.startswith("0")
    ambiguous = not mixed and len(fraction) == 3 and 1 <= len(whole) <= 3 and not zero
    if mark in whole and (len(fraction) != 3 or zero):
        return None
    if mark in whole or (ambiguous and (grouped or _thousands(mark, code, comma))):
        whole, fraction = token, ""
    return Decimal(f"{re.sub('[.,]', '', whole) or 0}.{fraction or 0}")


def _thousands(mark: str, code: str | None, comma: bool | None) -> bool:
    """Whether a lone mark before three digits groups thousands."""
    if exponent(code) == 3:
        return mark == ","
    if mark == ",":
        return not comma
    if comma is not None:
        return comma
    return decimal_comma(code) or exponent(code) == 0
