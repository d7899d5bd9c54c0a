"""Comparable forms of brand, colour, gender and availability, beside the text as delivered.

Every function works on the distinct values of its array. The words are in colours.csv (a base
colour and its words in several languages) and plain_words.csv.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import cache

import pyarrow as pa

from aisles.lead_time import SOON, days_of
from aisles.products.words import rows

_JOINERS = str.maketrans(dict.fromkeys("\u200b\u200c\u200d", ""))


def _folded(text: str) -> str:
    """The text in one spelling, in which it is compared with the words of the tables."""
    plain = text.translate(_JOINERS).replace("\u2019", "'")
    return unicodedata.normalize("NFC", unicodedata.normalize("NFKC", plain).casefold())


# A phrase stands with _ between its words.
_COLOURS = {
    _folded(word.replace("_", " ")): row["colour"]
    for row in rows("colours.csv")
    for word in row["words"].split()
}
# What stands before a short colour word in one word with it: hellrot, mörkblå.
_SHADES = frozenset(
    ["hell", "dunkel", "tief", "mittel", "licht", "wein", "blut", "feuer", "rost", "kirsch"]
    + ["ziegel", "neon", "pastell", "donker", "wijn", "zacht", "mörk", "ljus", "vin", "marin"]
    + ["himmel", "mørk", "mørke", "lys", "lyse", "sötét", "világos", "тъмно", "светло", "темно"]
    + ["тёмно", "ярко", "off", "ice", "baby", "sky", "navy", "olive", "steel"]
)
_LONG_WORD = 4
_MOST_SIGNS = 12  # of a colour word in a script without spaces
_DENSE = re.compile("[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
_MANY_COLOURS = 3

# Short legal forms count only in the case in which companies write them: "SpA", not "Home Spa".
_LEGAL = re.compile(
    r"(?<![\s,])(?:[\s,]+(?:(?i:inc|incorporated|gmbh|ltd|limited|llc|llp|corp|corporation|plc|pty|pvt|sarl"
    r"|s\.?r\.?l|aps|oyj|ohg|d\.?o\.?o|sp\.? ?z ?o\.? ?o|s\.? ?r\.? ?o|co\.? kg|& co\.? kg)"
    r"|AG|KG|SA|S\.A|SAS|SpA|S\.p\.A|BV|B\.V|NV|N\.V|AB|A/S|AS|Oy|KK|SL|S\.L|SE)\.?)+\s*$"
)
# Accents of Latin, Greek and Cyrillic. Marks of other scripts are letters: vowels, tones.
_ACCENTS = re.compile("[\u0300-\u036f]")
_SIGNS = re.compile("[™®©℠\u200b-\u200d\u2060\ufe00-\ufe0f\ufeff]")
_GLUED = re.compile(r"(?<=\w)['’`.](?=\w)")


def _plain_words(kind: str) -> dict[str, str]:
    table = (row for row in rows("plain_words.csv") if row["kind"] == kind)
    return {_folded(word): row["value"] for row in table for word in row["words"].split("|")}


_GENDERS = _plain_words("gender")
_AVAILABILITY = _plain_words("availability")


_NOW = re.compile(
    r"^(?:derzeit|momentan|zur ?zeit|aktuell|currently|temporarily|presently|actuellement"
    r"|temporairement|momentanément|provisoirement|actualmente|temporalmente|momentáneamente"
    r"|attualmente|temporaneamente|momentaneamente|temporariamente|atualmente|momenteel|tijdelijk"
    r"|chwilowo|obecnie|tymczasowo|momentálně|momentálne|dočasně|dočasne|aktuálně|tillfälligt"
    r"|för närvarande|midlertidigt|midlertidig|tilapäisesti|временно|сейчас|тимчасово|зараз"
    r"|átmenetileg|jelenleg|temporar|προσωρινά|şu anda|geçici olarak|trenutno|privremeno) "
)
_COUNTED = re.compile(
    r"(.*[^\W\d_])\s*[:(]?\s*(?:>|<|≥|min\.?|mehr als|over|över)?\s*(\d{1,5})\+?\s?\w{0,5}\.?\)?$"
)
_MOST_WORDS = 8
_STATES = ("out_of_stock", "preorder", "backorder", "in_stock")
"""What is said more exactly first."""
_LEADING = re.compile(r"([^\d,;:(–—]*[^\d,;:(–—\s-])\s*(?:[,;:(–—]|\s-\s)")
# "10+", "> 5", "3 pcs", "12.0", "-1"
_QUANTITY = re.compile(
    r"(?:(?:only|just|nur noch|noch|plus que|il reste|solo|quedan|son|tylko|zostało|kun"
    r"|nog(?: maar)?|endast|bara|осталось|залишилось|còn)\s+|残り|仅剩|还剩)?"
    r"[<>≥~≈]?=?\s*([+-]?\d{1,9})(?:[.,]0+)?\s*\+?"
    r"(?:\s*(?:pcs|pc|pieces?|items?|units?|(?:items? |units? )?left(?: in stock)?|in stock"
    r"|remaining|auf lager|en stock|op voorraad|available|ürün|stk|st|stück|szt|ks"
    r"|db|kpl|шт|buc|ud|uds|pz|pezzi|adet|個|个|件|点|개|ชิ้น)\.?)?"
)


def brand_canonical(values: pa.StringArray) -> pa.StringArray:
    """Brand case-folded, without accents, signs and legal form; null for "n/a" and the like."""
    return by_value(values, _brand)


def color_canonical(values: pa.StringArray) -> pa.StringArray:
    """English base colour that stands first; multicolor for three and more; null for none known."""
    return by_value(values, _colour)


def gender_canonical(values: pa.StringArray) -> pa.StringArray:
    """male, female or unisex (both are named); null for anything else."""
    return by_value(values, _gender)


def availability_canonical(values: pa.StringArray) -> pa.StringArray:
    """in_stock, out_of_stock, preorder or backorder; a text that is none of these as delivered.

    A number is a quantity: 0 is out of stock. What is sent within days is in stock, what takes
    longer is ordered.
    """
    return by_value(values, availability_form)


def by_value(values: pa.StringArray, form: Callable[[str], str | None]) -> pa.StringArray:
    """The form of each value, made once for each distinct one."""
    coded = values.dictionary_encode()
    forms = pa.array([form(value) for value in coded.dictionary.to_pylist()], pa.string())
    return forms.take(coded.indices)


def _brand(text: str) -> str | None:
    words = _brand_words(_LEGAL.sub("", _SIGNS.sub("", text)))
    return None if not words or words in _no_brand() else words


def _brand_words(text: str) -> str:
    """The words of a brand, or of what says that there is none, without case and accents."""
    plain = _ACCENTS.sub("", unicodedata.normalize("NFKD", text))
    folded = unicodedata.normalize("NFC", plain).casefold()
    letters = (sign if _is_letter(sign) else " " for sign in _GLUED.sub("", folded))
    return unicodedata.normalize("NFC", " ".join("".join(letters).split()))


@cache
def _no_brand() -> frozenset[str]:
    """The words of those who name no brand."""
    table = (row for row in rows("plain_words.csv") if row["kind"] == "brand")
    return frozenset(_brand_words(word) for row in table for word in row["words"].split("|"))


def _is_letter(sign: str) -> bool:
    return sign.isalnum() or sign in "&+" or _is_mark(sign)


def _colour(text: str) -> str | None:
    words = _words_of(_folded(text), "-")
    found = list(dict.fromkeys(_colours_in(words)))
    if not found:
        return None
    return "multicolor" if len(found) >= _MANY_COLOURS or "multicolor" in found else found[0]


def _words_of(folded: str, inner: str) -> list[str]:
    """The words of a text; signs of `inner` may stand within them."""
    kept = (c if c.isalpha() or c in inner or _is_mark(c) else " " for c in folded)
    return [word for part in "".join(kept).split() if (word := part.strip(inner))]


def _is_mark(sign: str) -> bool:
    return not sign.isascii() and unicodedata.category(sign) in ("Mn", "Mc")


def _colours_in(words: list[str]) -> Iterator[str]:
    """Base colours of the words, of phrases of up to four of them first."""
    place = 0
    while place < len(words):
        for size in (4, 3, 2, 1):
            colour = _COLOURS.get(" ".join(words[place : place + size]))
            if colour is not None:
                yield colour
                break
        else:
            size = 1
            yield from _parts_of(words[place])
        place += min(size, len(words) - place)


def _parts_of(word: str) -> Iterator[str]:
    """Base colours within one word: blau-weiß, hellblau, 深蓝色."""
    if _DENSE.search(word):
        yield from _scanned(word)
    elif "-" in word:
        for part in word.split("-"):
            yield from [_COLOURS[part]] if part in _COLOURS else _compound(part)
    else:
        yield from _compound(word)


def _compound(word: str) -> Iterator[str]:
    """The colour in which a word ends, after the one with which it begins: schwarzweiß."""
    for start in range(2, len(word) - 2):
        before, end = word[:start], word[start:]
        if end not in _COLOURS:
            continue
        if len(end) >= _LONG_WORD or before in _SHADES or before in _COLOURS:
            yield from [_COLOURS[before]] if before in _COLOURS else ()
            yield _COLOURS[end]
            return


def _scanned(word: str) -> Iterator[str]:
    """Colour words in a text without spaces, the longest at each place."""
    place = 0
    while place < len(word):
        sizes = range(min(_MOST_SIGNS, len(word) - place), 0, -1)
        size = next((n for n in sizes if word[place : place + n] in _COLOURS), None)
        if size is not None:
            yield _COLOURS[word[place : place + size]]
        place += size or 1


def _gender(text: str) -> str | None:
    folded = _folded(text).strip()
    words = [folded, *(w for w in _words_of(folded, "'-") if len(w) > 1 or not w.isascii())]
    words += [part for word in words if "-" in word for part in word.split("-") if len(part) > 1]
    found = {_GENDERS[word] for word in words if word in _GENDERS}
    if not found:
        return None
    return found.pop() if len(found) == 1 else "unisex"


def availability_form(text: str) -> str:
    """See `availability_canonical`, of one text."""
    folded = re.sub(r"^(?:(?:https?://)?(?:www\.)?schema\.org/|schema:)", "", _folded(text)).strip(
        " .!/\"'"
    )
    stated = _state(folded) or _of_counted(folded)
    # What follows a comma or stands in brackets tells when it comes: Auf Lager, 1-3 Tage.
    if stated is None and (first := _LEADING.match(folded)):
        stated = _state(first[1])
    if stated is None and (days := days_of(text)) is not None:
        return "in_stock" if days <= SOON else "backorder"
    return stated or text


def _of_counted(folded: str) -> str | None:
    """The state of words and how many there are: skladem > 5 ks; none is out of stock."""
    found = _COUNTED.match(folded)
    state = _state(found[1]) if found else None
    return "out_of_stock" if found and state == "in_stock" and not int(found[2]) else state


def _state(folded: str) -> str | None:
    quantity = _QUANTITY.fullmatch(folded)
    if quantity:
        return "in_stock" if int(quantity[1]) > 0 else "out_of_stock"
    spaced = _NOW.sub("", re.sub(r"[\s_-]+", " ", folded))
    found = (_AVAILABILITY.get(form) for form in (folded, spaced, spaced.replace(" ", "")))
    return next((value for value in found if value), None) or _both_states(spaced)


def _both_states(spaced: str) -> str | None:
    """The state of two phrases one after the other: disponível por encomenda is to be ordered."""
    words = spaced.split()
    for place in range(1, min(len(words), _MOST_WORDS)):
        said = {_AVAILABILITY.get(" ".join(part)) for part in (words[:place], words[place:])}
        if None not in said:
            return next(state for state in _STATES if state in said)
    return None
