"""Currencies: ISO 4217 codes, their exponents, and the words and signs shops write for them.

currencies.csv: code of ISO 4217, its exponent, 1 where prices are written 1.234,56.
money_words.csv: a word or sign, case-folded, and the codes it may stand for.
"""

from __future__ import annotations

import re

import pyarrow as pa
import pyarrow.compute as pc

from aisles.products.words import rows

_UNSURE = "?"
_ISO = {row["code"]: row for row in rows("currencies.csv")}
EXPONENTS = {code: int(row["exponent"]) for code, row in _ISO.items()}
# Word or sign -> the codes it may stand for, the likeliest first; "?" first: none is likely enough.
_WORDS = {row["word"]: tuple(row["codes"].split()) for row in rows("money_words.csv")}
_SIGN = re.compile(r"[^\W\d_]*[$€£¥￥₹₨₽₴₺₩₫฿₱₪₦₡₸₾]|[^\W\d_]+")


def exponent(code: str | None) -> int:
    """Number of decimal digits of the currency's minor unit; 2 for an unknown one."""
    return EXPONENTS.get(code or "", 2)


def decimal_comma(code: str | None) -> bool:
    """Whether prices in this currency are mostly written with a decimal comma."""
    return code in _ISO and _ISO[code]["decimal_comma"] == "1"


def meanings(word: str) -> tuple[str, ...]:
    """The codes a word or sign may stand for, likeliest first; empty for a word that is no money.

    A leading question mark says that none is likely enough without a second source.
    """
    if word.upper() in _ISO:
        return (word.upper(),)
    return _WORDS.get(word.casefold(), ())


def words(text: str) -> list[str]:
    """Every word and money sign of a text, in order; letters before a sign belong to it: US$."""
    return _SIGN.findall(text)


def settle(possible: tuple[str, ...], stated: str | None) -> str | None:
    """One code out of several: the feed's own currency where it is among them, else the likeliest.

    A word that says nothing by itself takes the feed's currency only when it can mean that one.
    """
    if not possible:
        return stated
    likeliest = None if possible[0] == _UNSURE else possible[0]
    return stated if stated in possible else likeliest


def currency_codes(values: pa.StringArray) -> pa.StringArray:
    """ISO 4217 code of each cell of a currency column; null where it names no single currency."""
    words_of = values.dictionary_encode()
    codes = pa.array([_column_code(text) for text in words_of.dictionary.to_pylist()], pa.string())
    return codes.take(words_of.indices)


def _column_code(text: str) -> str | None:
    found = [possible for word in words(text) if (possible := meanings(word))]
    return settle(found[0], None) if len(found) == 1 else None


def exponents(codes: pa.StringArray) -> pa.Int64Array:
    """Decimal digits of the minor unit of each code, 2 where it is null or unknown."""
    known = codes.dictionary_encode()
    table = pa.array([exponent(code) for code in known.dictionary.to_pylist()], pa.int64())
    return pc.fill_null(table.take(known.indices), 2)
