"""What one sales unit holds, as the shop states it: 6 x 330 ml, 1,5 L, 500克, 100 Stück.

Texts are cut down to the phrases that may state something, and each distinct rest is read once.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from aisles.products.columns import matches
from aisles.products.measure import BEFORE, TIMES, UNITS, read

# Letters of the scripts that write spaces between words; × and ÷ lie among them.
_LETTERS = "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u0dff"
_DENSE = "\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3"
_HEAD = 2  # signs by which a word of the table is known well enough for a first look


def _either(words: Iterable[str]) -> str:
    return "(?:" + "|".join(map(re.escape, sorted(set(words), key=lambda w: (-len(w), w)))) + ")"


def _phrases() -> str:
    """An RE2 pattern of all phrases that may state a quantity, with the sign before each."""
    start = rf"(?:^|[^{_LETTERS}0-9/⁄+]|[^0-9][.,-])"
    number = rf"(?:[0-9][0-9.,]*(?:{TIMES}| ?[-–—~] ?))?[0-9][0-9.,]*[ -]?"
    several = _either(word for word in UNITS if " " in word or "-" in word)
    longer = _either(word[:_HEAD] for word in UNITS if len(word) > _HEAD)
    short = _either(word for word in UNITS if len(word) <= _HEAD)
    unit = rf"(?:{several}|{longer}[{_LETTERS}{_DENSE}]*[.23]?|{short}(?:$|[^{_LETTERS}/]))"
    packs = rf"{_either(BEFORE)} ?[0-9]+(?:[ -]?[{_LETTERS}]+)?"
    return rf"{start}{number}{unit}(?:{TIMES}[0-9]+)?|{packs}"


# RE2 compiles a pattern for every batch; one that folds cases would take twice as long.
_PHRASES = _phrases()
_BETWEEN = "(?:^|\x1f)[^\x1e]*(?:\x1e|$)"
_ONE_NUMBER = r"^[^0-9]*[0-9]+(?:[.,][0-9]+)?[^0-9]*$"
_ANY_DIGIT = r"[0-9\x{660}-\x{669}\x{6f0}-\x{6f9}\x{ff10}-\x{ff19}]"
# What NFKC turns into plain digits and letters, as in ５００ｇ, ㎏, m²; and the digits of Arabic.
_VARIANTS = r"[\x{b2}\x{b3}\x{660}-\x{669}\x{6f0}-\x{6f9}\x{3380}-\x{33df}\x{ff10}-\x{ff5a}]"
_DIGITS = {zero + n: str(n) for zero in (0x660, 0x6F0) for n in range(10)}
_CLOTHING = "^[0-9][lL]$"  # in a column of sizes as often one of clothes


def quantities(
    sizes: pa.StringArray, titles: pa.StringArray
) -> tuple[pa.DoubleArray, pa.StringArray, pa.Int64Array]:
    """Amount, unit and packs of each sales unit: what its size states, else its title."""
    coded = sizes.dictionary_encode()
    clothing = pc.match_substring_regex(coded.dictionary, _CLOTHING)
    own = pc.if_else(clothing, None, coded.dictionary)
    telling = _telling(pa.concat_arrays([own, titles]))
    stated = [text and read(text) and text for text in telling.slice(0, len(own)).to_pylist()]
    of_sizes = pa.array(stated, pa.string()).take(coded.indices)
    told = pc.coalesce(of_sizes, telling.slice(len(own))).dictionary_encode()
    found = [read(text) or (None, None, None) for text in told.dictionary.to_pylist()]
    columns = zip(*found) if found else ((), (), ())
    amounts, units, packs = (
        pa.array(column, kind).take(told.indices)
        for column, kind in zip(columns, (pa.float64(), pa.string(), pa.int64()))
    )
    return amounts, units, packs


def _telling(texts: pa.StringArray) -> pa.StringArray:
    """The phrases of each text that together state a quantity; null where none does."""
    places = np.flatnonzero(matches(texts, _ANY_DIGIT))
    some = pc.utf8_lower(_plain(texts.take(pa.array(places))))
    marked = pc.replace_substring_regex(some, _PHRASES, "\x1e\\0\x1f")
    here = pc.match_substring(marked, "\x1e").to_numpy(zero_copy_only=False)
    places, some, marked = places[here], some.filter(pa.array(here)), marked.filter(pa.array(here))
    coded = pc.replace_substring_regex(marked, _BETWEEN, "\n").dictionary_encode()
    known = [read(phrases) for phrases in coded.dictionary.to_pylist()]
    codes = coded.indices.to_numpy()
    telling = np.array([one is not None for one in known], bool)[codes]
    length = np.array([one is not None and one.unit == "mm" for one in known], bool)
    lengths = np.flatnonzero(length[codes])
    # 30 cm beside 8 GB is a size and no content.
    telling[lengths] = matches(some.take(pa.array(lengths)), _ONE_NUMBER)
    found = np.full(len(texts), -1, np.int64)
    found[places[telling]] = codes[telling]
    return coded.dictionary.take(pa.array(found, mask=found < 0))


def _plain(texts: pa.StringArray) -> pa.StringArray:
    """The texts in plain digits and letters where they have variants of them."""
    places = np.flatnonzero(~pc.string_is_ascii(texts).to_numpy(zero_copy_only=False))
    some = texts.take(pa.array(places))
    variants = matches(some, _VARIANTS)
    if not variants.any():
        return texts
    plain = [
        unicodedata.normalize("NFKC", text).translate(_DIGITS)
        for text in some.filter(pa.array(variants)).to_pylist()
    ]
    odd = np.zeros(len(texts), bool)
    odd[places[variants]] = True
    return pc.replace_with_mask(texts, pa.array(odd), pa.array(plain, pa.string()))
