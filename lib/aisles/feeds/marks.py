"""What one value looks like: the marks of a link, an amount, a code, a word of a known list."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from aisles.feeds.lexicon import fold, is_dense, value_words
from aisles.lead_time import days_of

_URL = re.compile(
    r"^(?:https?:)?//[^\s|]+|^www\.\S+\.\S+|^(?:[a-z0-9-]+\.)+[a-z]{2,18}/[^\s]*[/.?=\d]\S*$", re.I
)
_PICTURE = re.compile(
    r"\.(?:jpe?g|png|gif|webp|avif|bmp|tiff?)\b"
    r"|^(?:https?:)?//[^/]*\b(?:img|imgs?\d*|images?\d*|media|pics?|photos?|static|assets)\b"
    r"|/(?:images?|img|pictures?|photos?|is/image)/",
    re.I,
)
_SMALL = re.compile(  # also a side of 40 to 159 px: smaller numbers count pictures
    r"thumb|[/_-](?:mini|kicsi|klein|mala|small|miniature?|xs|s(?!/files/)|preview|nahled|vignette"
    r"|(?:[4-9]\d|1[0-5]\d)(?:x\d{2,3})?)/"
    r"|_t\.|_s\.|_small|/small|_xs\.|(?:[?&_/]w=?|width=)\d{2}\b|logo|icon"
    r"|[_-](?:[4-9]\d|1[0-5]\d)(?:x\d{2,3})?\.(?:jpe?g|png|webp)",
    re.I,
)
_PIXEL = re.compile(r"//(?:px|pixel|imp)\.|impression|/pixel|/imp[/?]|beacon", re.I)
_CART = re.compile(r"[/?&=](?:cart|basket|warenkorb|panier|checkout|reviews?|rss|coupons?)\b", re.I)
_MACHINE = re.compile(r"//api[.-]|/api/|/rest/v?\d|\.(?:json|xml)(?:$|\?)", re.I)
_HOME = re.compile(r"^(?:https?:)?//[^/?#]+/?(?:brands?/[^/]*|marken/[^/]*)?$", re.I)
_LINKS = (("small", _SMALL), ("pixel", _PIXEL), ("cart", _CART), ("home", _HOME),
          ("machine", _MACHINE))  # fmt: skip
_SIGN = (
    r"(?:[A-Z]{3}|US\$|NT\$|HK\$|R\$|[AC]\$|Rs\.?|kr\.?|zł|Kč|TL|Ft|lei|лв\.?|руб\.?|р\.?|грн\.?"
    r"|[$€£¥￥₹₽₴₺₩฿₫đ₪₸円元원]|Rp\.?|RM|บาท)"
)
_NUMBER = r"[+-]?\d{1,3}(?:[ '’.,\u00a0\u202f]\d{2,3})+(?:[.,]\d{1,2})?|[+-]?\d+(?:[.,]\d{1,6})?"
_MONEY = re.compile(rf"^{_SIGN}?\s*({_NUMBER})(?:[,:.][-–—])?(?:\s*{_SIGN})?$", re.I)
# As databases write them, four or six decimals end in zeros: 139.950000.
_DECIMAL = re.compile(r"\d[.,](?:\d{1,2}|\d\d00(?:00)?)\b")
_CENTS = re.compile(r"\d[.,]\d\d(?:00(?:00)?)?(?!\d)")
# Which mark parts decimals: one or two digits behind it, or the other one twice.
_DOT = re.compile(r"\d\.(?:\d{1,2}|\d\d00(?:00)?)(?:[^\d.,]|$)|\d,\d{2,3},\d{3}")
_COMMA = re.compile(r"\d,(?:\d{1,2}|\d\d00(?:00)?)(?:[^\d.,]|$)|\d\.\d{2,3}\.\d{3}")
# Signs and words that mean money wherever they stand.
_MONEY_WORD = (
    r"(?:[A-Z]{0,2}[$€£¥￥₹₨₽₴₺₩฿₫₪₦৳﷼]|\b(?:EUR|USD|GBP|CHF|SEK|NOK|DKK|PLN|CZK|HUF|RON|BGN|TRY|JPY|CNY"
    r"|KRW|INR|IRR|SAR|AED|EGP|KWD|UAH|RUB|BRL|MXN|CAD|AUD|NZD|SGD|HKD|TWD|THB|VND|IDR|MYR|PHP|ZAR"
    r"|Rs|Rp|RM|kr|zł|Kč|TL|Ft|lei)\b\.?|лв|руб|грн|円|元|원|บาท|ریال|تومان|ر\.س|د\.إ|ج\.م|د\.ك)"
)
# An amount in a text: em até 10x de R$ 133,90.
_PRICED = re.compile(rf"{_MONEY_WORD}\s*\d|\d\s*{_MONEY_WORD}")
# An amount with a few words around it, and perhaps a rate: UVP: 258,20 € (inkl. 19% MwSt.)
_BEHIND = r"[^\d]{0,24}(?:\d{1,2}(?:[.,]\d)?\s?%[^\d]{0,14})?$"
_LOOSE = re.compile(
    rf"^[^\d]{{0,16}}?(?:{_MONEY_WORD}\s*({_NUMBER})(?!\d)|({_NUMBER})\s*{_MONEY_WORD}){_BEHIND}"
)
_NUMERIC = re.compile(r"^[+-]?[\d., ]+%?$")
_DATE = re.compile(
    r"^\d{4}[-/.]\d\d?[-/.]\d\d?|^\d\d?[./]\d\d?[./]\d{2,4}|^\d{1,2}:\d\d|^1[5-9]\d{8}(?:\d{3})?$"
    r"|^\d{4}年\d|^(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*, \d|^20[0-4]\d(?:0[1-9]|1[0-2])[0-3]\d$",
    re.I,
)
_ONE_HASH = r"(?:[0-9a-f]{24,64}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
_HASH = re.compile(rf"^{_ONE_HASH}(?:[\s,;>|/]+{_ONE_HASH})*$", re.I)
_MARKUP = re.compile(r"<[a-zA-Z/][^>]*>|&lt;[a-z]")
_PATH = re.compile(r"\S\s*(?:>|&gt;|»|›|→|~~|::|\|| / |\\)\s*\S|[^\W\d]/[^\W\d]+/[^\W\d]")
_SPOKEN = re.compile(r"[^\W\d_]{3}|[\u0e00-\u0eff\u2e80-\U0003ffff]")  # flags are no levels
_WHOLE = re.compile(r"-?\d{1,9}(?:[.,]0+)?")
_NUMBER_PATH = re.compile(r"^\d+(?:\s*[>/|,;:]+\s*\d+)+$")
_SIZE = re.compile(
    r"^(?:\d?x{0,4}[sml]|[2-6]xl|one ?size|os|o/s|tu|free ?size|taille unique|einheitsgr\S*|unica"
    r"|onesize|универсальный|フリー|均码|均碼|프리|unic[ao]|egységes"
    r"|(?:eu|uk|us|fr|it|de|w|l|t)?\s?\d{1,3}(?:[.,]5| ?1/2| ?[⅓⅔½])?"
    r"(?:\s?(?:eu|uk|us|cm|mm|ml|l|g|kg|in|inch|y|m|號|号|см|мм))?"
    r"|\d{1,3}\s?[-/x×]\s?\d{1,3}(?:\s?(?:cm|mm|y|m|in))?|\d{2,3}[a-k]{1,2}"
    r"|w\s?\d\d\s?[/ ]?\s?l\s?\d\d)$",
    re.I,
)
_AMOUNT = re.compile(r"\d+[.,]\d\d")
_SIZE_LIST = re.compile(r"\s*[,;/|]\s*")
_COUNTED = re.compile(r"\d\s*[-–]?\s*[^\W\d_]")
_FLAG_LIST = re.compile(r"\s*[,;|]\s*")
_IDENTIFIER = re.compile(r"^[A-Za-z0-9][\w.:/#-]{0,63}$")
_RATE = re.compile(
    r"^\D{0,5}\d[\d.,' ]*\D{0,5}(?:/|\b(?:per|pro|je|par|al|za|por)\b)\s*\S{1,9}$", re.I
)
_PAIRS = re.compile(
    r"^[^=:]{1,40}(?:=|:(?!//))[^=:]+[,;|&][^=:,;|&]{1,40}(?:=|:(?!//))"  # color=red,size=M
    r"|^[^\W\d][^:]{1,40}:[^:]+:\d{1,3}(?:$|,)"  # Colour:red:1
)
_WIDE = re.compile("[\uff00-\uffef]")  # full-width signs
_ARABIC = str.maketrans("٫٬،", ".,,")
_CODE_EDGES = re.compile(
    r"^(?:ean|gtin|upc|isbn|jan)(?:-?1[0-4])?\s*[:#=]?\s*|^['\"\[]+|\.0+$|['\"\],;]+$", re.I
)
_STOPS = ".!?。！？।"
_SENTENCE = 3
"""Words of the shortest sentence."""
_LETTER = re.compile(r"[^\W\d_]")
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_LEFT = re.compile(
    r"(?i)^(?:only |just |nur noch |noch )?\d{1,4} "
    r"(?:(?:items? |units? |pcs )?(?:left|remaining|in stock)|auf lager|en stock|op voorraad"
    r"|disponibles?|skladem|på lager|i lager)"
)
_FLAGS = frozenset(
    ["true", "false", "yes", "no", "y", "n", "i", "0", "1", "ja", "nein", "oui", "non", "si", "sí",
     "sim", "t", "f", "да", "нет", "так", "ні", "tak", "nie", "ano", "ne", "igen", "nem", "evet",
     "hayır", "kyllä", "ei", "nej", "nei", "nee", "なし", "あり", "是", "否", "예", "아니오", "não",
     "có", "không", "ya", "tidak", "da", "nu", "ναι", "όχι", "s", "не", "jah", "taip", "jā", "nē",
     "כן", "לא", "نعم", "لا"]
)  # fmt: skip


def marks_of(text: str) -> Iterator[str]:
    """The names of ``Shape``'s shares to which this value, stripped and not empty, belongs."""
    if _URL.match(text):
        yield from _link_marks(text)
    else:
        if len(text) < 40 and any(c.isdigit() for c in text):
            yield from _number_marks(_western(text))
        if len(text) < 300 and _PATH.search(text) and _SPOKEN.search(text) and not _is_size(text):
            yield "path"
        if len(text) < 300 and _PAIRS.search(text):
            yield "pairs"
        if len(text) < 120 and _PRICED.search(text):
            yield "priced"
    if len(text) < 80:
        yield from _short_marks(text)
    if text[-1] in _STOPS and words_in(text) >= _SENTENCE:
        yield "sentence"
    if _HASH.match(text):
        yield "hashed"
    if _LETTER.search(text):
        yield "letters"
    if ("<" in text or "&lt;" in text) and _MARKUP.search(text[:2000]):
        yield "markup"


def _link_marks(text: str) -> Iterator[str]:
    yield "url"
    if _PICTURE.search(text):
        yield "picture"
    for mark, pattern in _LINKS:
        if pattern.search(text):
            yield mark


def _number_marks(text: str) -> Iterator[str]:
    found = _MONEY.match(text)
    if found:
        yield "money"
        if found[1] != text:
            yield "worded"
        if text[-1] in "059":
            yield "round"
    elif _RATE.match(text):  # 7.40 €/kg
        yield "rate"
    elif _LOOSE.match(text):
        yield from ("money", "worded")
    if text.isdigit():
        yield "integer"
    if _WHOLE.fullmatch(text):
        yield "whole"
    tests = (("decimal", _DECIMAL), ("cents", _CENTS), ("dot", _DOT), ("comma", _COMMA),
             ("numeric", _NUMERIC), ("number_path", _NUMBER_PATH))  # fmt: skip
    for mark, pattern in tests:
        if pattern.search(text):
            yield mark
    if _DATE.search(text) and not is_gtin(text):
        yield "date"
    if is_gtin(text):
        yield "gtin"


def _western(text: str) -> str:
    """The text with its digits, and the marks between Arabic ones, as ASCII has them."""
    if text.isascii():
        return text
    text = unicodedata.normalize("NFKC", text) if _WIDE.search(text) else text
    plain = (str(unicodedata.decimal(c)) if c.isdecimal() else c for c in text)
    return "".join(plain).translate(_ARABIC)


def _short_marks(text: str) -> Iterator[str]:
    if _IDENTIFIER.match(text):
        yield "identifier"
        if any(c.isdigit() for c in text):
            yield "coded"
    if _is_size(text):
        yield "size"
    if text.count(", ") > 1:
        yield "listed"
    folded = fold(text)
    if folded in _FLAGS or _are_flags(folded):
        yield "flag"
    known = value_words()
    for kind in ("currency", "availability", "age"):
        known_word = folded in known[kind] or folded.rstrip(" .!") in known[kind]
        if known_word or (kind == "availability" and (_LEFT.match(text) or _tells_days(text))):
            yield kind
    if (len(folded) > 1 or not folded.isascii()) and _is_gender(folded):
        yield "gender"
    for kind in ("colour", "department"):
        if len(text) <= 60 and _holds(folded, known[kind]):
            yield kind


def _are_flags(folded: str) -> bool:
    listed = "," in folded or "|" in folded or ";" in folded
    return listed and all(part in _FLAGS for part in _FLAG_LIST.split(folded))


def _tells_days(text: str) -> bool:
    return _COUNTED.search(text) is not None and days_of(text) is not None


def _is_size(text: str) -> bool:
    if len(text) >= 80 or _AMOUNT.fullmatch(text):
        return False
    return all(_SIZE.match(part) for part in _SIZE_LIST.split(text) if part)


def _is_gender(folded: str) -> bool:
    known = value_words()["gender"]
    return folded in known or (
        len(folded) < 40 and all(p in known for p in re.split(r"\s*[,;/|&]\s*", folded))
    )


def _holds(folded: str, known: frozenset[str]) -> bool:
    """Whether the value or one of its words is in the list, or ends in one: `hellgrau`."""
    if folded in known:
        return True
    if is_dense(folded):
        ends = range(1, min(len(folded), 16) + 1)
        return any(folded[i:j] in known for j in ends for i in range(max(j - 8, 0), j))
    if "_" in folded:  # a code: of gold_special gold says nothing
        return folded.replace("_", " ") in known
    words = _WORD.findall(folded)
    return any(w in known for w in words) or (
        len(words) <= 2 and any(w[i:] in known for w in words for i in range(2, len(w) - 3))
    )


def number_of(text: str) -> float | None:
    """The amount in a price text, None when it holds none: ``1.299,00 EUR`` gives 1299.0."""
    text = _western(text.strip())
    found = _MONEY.match(text) or _LOOSE.match(text)
    if found is None:
        return None
    digits = re.sub(r"[ '’\u00a0\u202f]", "", next(filter(None, found.groups())))
    last = max(digits.rfind("."), digits.rfind(","))
    if last < 0:
        return float(digits)
    whole, part = re.sub(r"[.,]", "", digits[:last]), digits[last + 1 :]
    grouped = len(part) == 3 and (digits.count(".") + digits.count(",") > 1 or whole != "0")
    return float(whole + part) if grouped else float(f"{whole or 0}.{part or 0}")


def is_gtin(text: str) -> bool:
    """Whether the digits are a GTIN (8, 12, 13, 14) or ISBN-13 with a right check digit.

    What spreadsheets put around a code is no part of it: `'4006381333931`, `4006381333931.0`.
    """
    text = _CODE_EDGES.sub("", text)
    if len(text) not in (8, 12, 13, 14) or not (text.isascii() and text.isdigit()):
        return False
    total = sum(int(c) * (3 if i % 2 == 0 else 1) for i, c in enumerate(text[-2::-1]))
    return text.strip("0") != "" and (total + int(text[-1])) % 10 == 0


def width_of(text: str) -> int:
    """Signs as wide as Latin letters: one of a Chinese, Japanese or Korean script counts two."""
    return len(text) if text.isascii() else len(text) + sum(c > "\u3000" for c in text)


def words_in(text: str) -> float:
    """Words; in scripts without spaces, two and a half signs count as one."""
    start = text[:400]
    spaced = len(start.split())
    if start.isascii() or not is_dense(start):
        return spaced
    # Thai letters are sounds, the others are syllables or words.
    thai = sum("\u0e00" <= c <= "\u0eff" for c in start)
    signs = thai / 2 + sum("\u3040" <= c <= "\u9fff" for c in start)
    return max(spaced, signs / 2.5)
