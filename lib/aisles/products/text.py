"""Mending of feed text: encoding, entities, HTML, control characters and whitespace, nothing else.

Case, accents, quotes, ligatures and widths stay as delivered. A value is mended only when a regular
expression over the whole array finds something to mend in it, so clean feeds cost one scan.
"""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from aisles.products import text_encoding, text_escapes, text_markup

_INVISIBLE = re.compile("[\u00ad\u200b\u2060\ufeff]")
# Single plain spaces, most of any text, are passed over.
_ODD_SPACE = r"\x00-\x1f\x7f-\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_SPACES = re.compile(f" *[{_ODD_SPACE}][ {_ODD_SPACE}]*|  +")

# What RE2 looks for in a whole array. It need not be exact: a value without a hit is left alone,
# one with a hit is mended to its fixed point, so cleaning twice equals cleaning once either way.
_SUSPECT = (
    r"^$|^ | $|  |[\x00-\x1f\x7f\x{80}-\x{a0}\x{ad}\x{1680}\x{2000}-\x{200b}\x{2028}\x{2029}"
    r"\x{202f}\x{205f}\x{2060}\x{3000}\x{feff}]"
    f"|{text_markup.SUSPECT}|{text_escapes.SUSPECT}|{text_encoding.SUSPECT}"
)
_RE2_SPACES = r"[\t\n\v\f\r ]+"


def clean(values: pa.StringArray) -> pa.StringArray:
    """The same texts with encoding, entities, HTML and whitespace mended; blank becomes null.

    `clean(clean(x))` equals `clean(x)`.
    """
    suspect = _suspect(values)
    places = np.flatnonzero(suspect.to_numpy(zero_copy_only=False))
    if not len(places):
        return values
    found = values.take(pa.array(places)).dictionary_encode()
    mended = _mend_each(_mend_plain(found.dictionary))
    return pc.replace_with_mask(values, suspect, mended.take(found.indices))


def _suspect(values: pa.StringArray) -> pa.BooleanArray:
    found = pc.fill_null(pc.match_substring_regex(values, _SUSPECT), False)
    every = found.to_numpy(zero_copy_only=False)
    misread = text_encoding.looks_misread(values, every)
    if not len(misread):
        return found
    every = every.copy()
    every[misread] = True
    return pa.array(every)


def _mend_plain(values: pa.StringArray) -> pa.StringArray:
    """Texts without tags and whitespace runs; left alone where a script has to go first."""
    mended = pc.replace_substring_regex(values, text_markup.RE2_INLINE, "")
    mended = pc.replace_substring_regex(mended, text_markup.RE2_BLOCK, " ")
    mended = pc.utf8_trim(pc.replace_substring_regex(mended, _RE2_SPACES, " "), " ")
    unread = pc.match_substring_regex(values, text_markup.RE2_UNREAD)
    return pc.if_else(unread, values, mended)


def _mend_each(values: pa.StringArray) -> pa.StringArray:
    """Texts mended one by one, those alone that still have something to mend in them."""
    suspect = _suspect(values)
    mended = [mend(text) for text in values.filter(suspect).to_pylist()]
    return pc.replace_with_mask(values, suspect, pa.array(mended, pa.string()))


def mend(text: str) -> str | None:
    """One text mended until nothing changes any more; None when nothing is left of it.

    A round undoes one layer: an entity may hide a tag, a tag mojibake. Every change shortens the
    text or takes a sign that is no plain space out of it, so the rounds end.
    """
    while True:
        before = text
        plain = text_escapes.unescaped(text)
        text = _spaces(text_markup.without_markup(text_encoding.read_again(plain)))
        if text == before:
            return text or None


def _spaces(text: str) -> str:
    return _SPACES.sub(" ", _INVISIBLE.sub("", text)).strip(" ")
