"""GTINs: checked, and all written alike."""

from __future__ import annotations

import re
import unicodedata

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

LENGTH = 14
_DIGITS = r"^(?:[0-9]{8}|[0-9]{11,14})$"
_ODD = r"[^0-9Xx. -]"
_NAME = re.compile(
    r"(?:ean|gtin|upc|isbn|jan|barcode|ean code)(?:[-_ ]?(?:8|1[0-4]))?(?![0-9])\s*[:#=.]?\s*"
    r"|(?:ean|gtin|upc|isbn|jan)",
    re.I,
)
_EXPONENT = re.compile(r"([0-9])\.([0-9]+)E\+?([0-9]{1,2})", re.I)
_BOOK = r"^[0-9]{9}[0-9Xx]$"
# GS1 General Specifications, 7.9: weights 3 and 1 in turn, from the left of 14 digits.
_WEIGHTS = np.tile([3, 1], LENGTH // 2)


def canonical_gtin(values: pa.StringArray) -> pa.StringArray:
    """GTIN-14 digits (zeros put before a GTIN-8, -12 or -13) where the check digit is right.

    Spaces and hyphens between digits are overlooked, and what a spreadsheet did to a number: `.0`
    put behind it, the first zero of a GTIN-12 lost, an exponent that leaves no digit out. So are
    quotes, brackets and `EAN:` before it; of several codes it is the first. An ISBN-10 becomes its
    ISBN-13. Null for other lengths, wrong check digits and zeros only. One spelling for all: the
    same article has one text whatever its barcode.
    """
    digits = _books(pc.replace_substring_regex(_bare(values), r"[ -]|\.0+$", ""))
    shaped = pc.if_else(pc.match_substring_regex(digits, _DIGITS), digits, None)
    padded = pc.utf8_lpad(shaped, LENGTH, "0")
    valid = pa.array(_checked(padded))
    return pc.if_else(valid, padded, None)


def _bare(values: pa.StringArray) -> pa.StringArray:
    """The codes without what else stands in their cells."""
    odd = pc.fill_null(pc.match_substring_regex(values, _ODD), False)
    if not pc.any(odd).as_py():
        return values
    coded = values.filter(odd).dictionary_encode()
    bare = pa.array([_first_code(text) for text in coded.dictionary.to_pylist()], pa.string())
    return pc.replace_with_mask(values, odd, bare.take(coded.indices))


def _first_code(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text)
    plain = re.sub(r"[\u2010-\u2015\u2212]", "-", plain)
    plain = _NAME.sub("", re.sub(r"""["'\[\]{}()]""", "", plain).strip())
    first = re.split(r"[,;|]", plain.strip(" ,;|"))[0].strip()
    told = _EXPONENT.fullmatch(first)
    if told and len(told[2]) == int(told[3]):
        return told[1] + told[2]
    return _NAME.sub("", first)


def _books(digits: pa.StringArray) -> pa.StringArray:
    """The codes, every ISBN-10 with a right check digit as its ISBN-13."""
    book = pc.fill_null(pc.match_substring_regex(digits, _BOOK), False)
    if not pc.any(book).as_py():
        return digits
    found = [_isbn_13(code) for code in digits.filter(book).to_pylist()]
    return pc.replace_with_mask(digits, book, pa.array(found, pa.string()))


def _isbn_13(code: str) -> str | None:
    """ISO 2108: 978, the nine digits, and a check digit anew; None for a wrong one."""
    values = [10 if sign in "Xx" else int(sign) for sign in code]
    if sum(weight * value for weight, value in zip(range(10, 0, -1), values, strict=True)) % 11:
        return None
    body = f"978{code[:9]}"
    total = sum(int(sign) * (1, 3)[place % 2] for place, sign in enumerate(body))
    return f"{body}{-total % 10}" if code.strip("0") else None


def _checked(padded: pa.StringArray) -> np.ndarray:
    """Whether each text of 14 digits is no zero and its weighted sum divides by 10; bool (n,)."""
    texts = pc.fill_null(padded, "0" * LENGTH)
    first = texts.offset * LENGTH
    signs = np.frombuffer(texts.buffers()[2], np.uint8)[first : first + len(texts) * LENGTH]
    digits = signs.reshape(-1, LENGTH).astype(np.int32) - ord("0")
    return (digits @ _WEIGHTS % 10 == 0) & digits.any(axis=1)
