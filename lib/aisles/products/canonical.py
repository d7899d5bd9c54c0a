"""Comparable forms of brand, colour, gender and availability, beside the text as delivered.

Every function works on the distinct values of its array. The words are in colours.csv (a base
colour and its words in several languages) and plain_words.csv.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

import pyarrow as pa

from aisles.products.words import rows

_COLOURS = {word: row["colour"] for row in rows("colours.csv") for word in row["words"].split()}
# Two words whose colour is not that of the first one.
_COLOUR_PAIRS = {"rose gold": "gold", "or rose": "gold", "navy blue": "blue", "wine red": "red"}
_COLOUR_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_MANY_COLOURS = 3

_NO_BRAND = frozenset(
    {"", "na", "n a", "none", "null", "nil", "nan", "no brand", "nobrand", "unbranded", "unknown"}
    | {"generic", "various", "other", "others", "not applicable", "not specified", "not available"}
    | {"does not apply", "ohne marke", "keine angabe", "sans marque", "sin marca", "senza marca"}
    | {"merkloos", "no name", "noname", "undefined", "unspecified"}
)
# Short legal forms count only in the case in which companies write them: "SpA", not "Home Spa".
_LEGAL = re.compile(
    r"(?<![\s,])(?:[\s,]+(?:(?i:inc|incorporated|gmbh|ltd|limited|llc|llp|corp|corporation|plc|pty|pvt|sarl"
    r"|s\.?r\.?l|aps|oyj|ohg|d\.?o\.?o|sp\.? ?z ?o\.? ?o|s\.? ?r\.? ?o|co\.? kg|& co\.? kg)"
    r"|AG|KG|SA|S\.A|SAS|SpA|S\.p\.A|BV|B\.V|NV|N\.V|AB|A/S|AS|Oy|KK|SL|S\.L|SE)\.?)+\s*$"
)
_COMBINING = re.compile("[\u0300-\u036f]")
_GLUED = re.compile(r"(?<=\w)['’`.](?=\w)|[™®©]")
_PUNCTUATION = re.compile(r"[^\w&+]+|_+")

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")


def _plain_words(kind: str) -> dict[str, str]:
    table = (row for row in rows("plain_words.csv") if row["kind"] == kind)
    return {word: row["value"] for row in table for word in row["words"].split("|")}


_GENDERS = _plain_words("gender")
_AVAILABILITY = _plain_words("availability")


def brand_canonical(values: pa.StringArray) -> pa.StringArray:
    """Brand case-folded, without accents, signs and legal form; null for "n/a" and the like."""
    return _by_value(values, _brand)


def color_canonical(values: pa.StringArray) -> pa.StringArray:
    """English base colour that stands first; multicolor for three and more; null for none known."""
    return _by_value(values, _colour)


def gender_canonical(values: pa.StringArray) -> pa.StringArray:
    """male, female or unisex (both are named); null for anything else."""
    return _by_value(values, _gender)


def availability_canonical(values: pa.StringArray) -> pa.StringArray:
    """in_stock, out_of_stock, preorder or backorder; a text that is none of these as delivered.

    A number is a quantity: 0 is out of stock.
    """
    return _by_value(values, _availability)


def _by_value(values: pa.StringArray, form: Callable[[str], str | None]) -> pa.StringArray:
    """The form of each value, made once for each distinct one."""
    coded = values.dictionary_encode()
    forms = pa.array([form(value) for value in coded.dictionary.to_pylist()], pa.string())
    return forms.take(coded.indices)


def _brand(text: str) -> str | None:
    folded = _COMBINING.sub("", unicodedata.normalize("NFKD", _LEGAL.sub("", text))).casefold()
    words = _PUNCTUATION.sub(" ", _GLUED.sub("", folded)).strip()
    return None if words in _NO_BRAND else unicodedata.normalize("NFC", words)


def _colour(text: str) -> str | None:
    words = _COLOUR_WORD.findall(text.casefold())
    for pair, colour in _COLOUR_PAIRS.items():
        if pair == " ".join(words):
            return colour
    found = list(dict.fromkeys(colour for word in words for colour in _colours_of(word)))
    if not found:
        return None
    return "multicolor" if len(found) >= _MANY_COLOURS or "multicolor" in found else found[0]


def _colours_of(word: str) -> list[str]:
    """Base colours of a word, or of its parts where it is hyphenated (blau-weiß)."""
    parts = [word] if word in _COLOURS else word.split("-")
    return [_COLOURS[part] for part in parts if part in _COLOURS]


def _gender(text: str) -> str | None:
    folded = text.casefold().replace("’", "'")
    words = [folded, *(word for word in _WORD.findall(folded) if len(word) > 1)]
    found = {_GENDERS[word] for word in words if word in _GENDERS}
    if not found:
        return None
    return found.pop() if len(found) == 1 else "unisex"


def _availability(text: str) -> str:
    folded = re.sub(r"https?://schema\.org/", "", text.casefold()).strip(" .!")
    if folded.isdecimal():
        return "in_stock" if int(folded) else "out_of_stock"
    return _AVAILABILITY.get(folded, text)
