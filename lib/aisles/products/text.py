"""Mending of feed text: encoding, entities, HTML, control characters and whitespace, nothing else.

Case, accents, quotes, ligatures and widths stay as delivered. A value is mended only when a regular
expression over the whole array finds something to mend in it, so clean feeds cost one scan.
"""

from __future__ import annotations

import html
import re
from html.entities import html5

import ftfy
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

# cp1252's signs for the bytes 0x80-0x9F, and the five bytes that cp1252 leaves undefined.
_C1 = "".join(bytes([b]).decode("cp1252", errors="ignore") for b in range(0x80, 0xA0))
_TAIL_BYTES = {
    **{chr(b): b for b in range(0x80, 0xC0)},
    **{bytes([b]).decode("cp1252", "replace"): b for b in range(0x80, 0xA0)},
}
_TAIL_BYTES.pop("\ufffd")
_TAIL = r"\x80-\xbf" + re.escape(_C1)
# A UTF-8 lead byte read as a letter, followed by a continuation byte read as a sign. Ă and Ĺ are
# what cp1250 makes of the leads of Latin-1 letters.
_MISREAD = f"[\\xc2-\\xf4ĂĹ][{_TAIL}]"
# UTF-8 read as cp1251, where the leads of Cyrillic are Р and С, or as cp1250, where those of
# accented Latin are Ă, Ä and Ĺ. Cyrillic words also hold Р or С before such a sign, yet not twice
# in a row.
_CP1251 = "".join(bytes([b]).decode("cp1251", "ignore") for b in range(0x80, 0xC0))
_CP1250 = "".join(bytes([b]).decode("cp1250", "ignore") for b in range(0x80, 0xC0))
_MISREAD_CYRILLIC = f"(?:[РС][{re.escape(_CP1251)}]){{2}}"
_MISREAD_LATIN = f"[ĂÄĹ][{re.escape(_CP1250)}]"
_SYMBOL = re.compile(f"(?:â[\\x80-\\x9f{re.escape(_C1)}]|ï[»¿¼½])[{_TAIL}]")
_MOJIBAKE = re.compile(f"{_MISREAD}|{_MISREAD_CYRILLIC}|{_MISREAD_LATIN}|[\\x80-\\x9f]|â[?]")
# What is left when a byte was lost on the way (0x9D has no place in cp1252; a writer put ? for a
# sign that it could not write; a column was cut): the one sign that the rest can well mean.
_LOSSY = (
    (re.compile(f"â€(?![{_TAIL}])"), "”"),
    (re.compile(f"â„(?![{_TAIL}])|â[?]¢"), "™"),
    (re.compile("â[?]¦"), "…"),
    (re.compile(r"(?<=\d)â[?]{2}"), "”"),
    (re.compile(r"(?<=\w)â[?]{2}(?=\w)"), "’"),
    (re.compile(r"(?<=\s)â[?]{2}(?=\s)"), "–"),
)

_ENTITY = re.compile(
    r"&(?:amp;)*(#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});", re.ASCII
)

_INLINE = (
    "a|abbr|acronym|b|bdi|bdo|big|cite|code|data|del|dfn|em|font|i|ins|kbd|"
    "label|mark|q|rp|rt|ruby|s|samp|small|span|strike|strong|sub|sup|time|tt|"
    "u|var|wbr|o:p|st1:[a-z]+"
)
_BLOCK = (
    "address|area|article|aside|audio|base|basefont|blockquote|body|br|button|"
    "canvas|caption|center|col|colgroup|dd|details|dialog|dir|div|dl|dt|embed|"
    "fieldset|figcaption|figure|footer|form|frame|frameset|h[1-6]|head|header|"
    "hgroup|hr|html|iframe|img|input|legend|li|link|main|map|meta|meter|nav|"
    "noscript|object|ol|optgroup|option|output|p|param|picture|pre|progress|"
    "script|section|select|source|style|summary|svg|table|tbody|td|template|"
    "textarea|tfoot|th|thead|title|tr|track|ul|video"
)
# Only names of HTML count, so that "5 < 6", "<3" and "<NEW>" stay. No part of a pattern
# runs past the next tag's beginning, so that what never closes costs one pass and not one a tag.
_REST = r"""(?:[\s/](?:[^<>"']|"[^"<]*"|'[^'<]*')*+)?"""
_UNREAD = re.compile(
    r"<!--(?:(?!<!--).)*?-->|<(script|style)\b[^<>]*>(?:(?!</?\1\b).)*+</\1\s*>"
    r"|<!doctype[^<>]*>|<\?xml[^<>]*>",
    re.I | re.S,
)
_CDATA = re.compile(r"<!\[CDATA\[((?:(?!<!\[CDATA\[).)*?)\]\]>", re.S)
_INLINE_TAG = re.compile(f"</?(?:{_INLINE}){_REST}>", re.I)
_BLOCK_TAG = re.compile(f"</?(?:{_BLOCK}){_REST}>", re.I)
# A description that was cut inside its last tag.
_CUT_TAG = re.compile(
    rf"<(?:/(?:{_INLINE}|{_BLOCK})\s*|(?:{_INLINE}|{_BLOCK})"
    r"(?:\s+[\w:-]+\s*=[^<>]*|\s*/))",
    re.I,
)

_INVISIBLE = re.compile("[\u00ad\u200b\u2060\ufeff]")
# Single plain spaces, most of any text, are passed over.
_ODD_SPACE = r"\x00-\x1f\x7f-\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_SPACES = re.compile(f" *[{_ODD_SPACE}][ {_ODD_SPACE}]*|  +")

# What RE2 looks for in a whole array. It need not be exact: a value without a hit is left alone,
# one with a hit is mended to its fixed point, so cleaning twice equals cleaning once either way.
_SUSPECT = (
    r"^$|^ | $|  |[\x00-\x1f\x7f\x{80}-\x{a0}\x{ad}\x{1680}\x{2000}-\x{200b}\x{2028}\x{2029}"
    r"\x{202f}\x{205f}\x{2060}\x{3000}\x{feff}]|<[A-Za-z/!?]"
    r"|&(?:[A-Za-z][A-Za-z0-9]{1,31}|#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6});"
    r"|â\?|[\x{c2}-\x{f4}ĂĹ][\x{80}-\x{bf}" + _C1 + "]"
    f"|{_MISREAD_CYRILLIC}|{_MISREAD_LATIN}"
)
# Plain tags and plain whitespace are most of what is found; RE2 mends them for all values at once.
_RE2_REST = r"""(?:[\s/](?:[^<>"']|"[^"<]*"|'[^'<]*')*)?>"""
_RE2_INLINE = f"(?i)</?(?:{_INLINE}){_RE2_REST}"
_RE2_BLOCK = f"(?i)</?(?:{_BLOCK}){_RE2_REST}"
_RE2_UNREAD = r"(?i)<(?:script|style|[!?])"
_RE2_SPACES = r"[\t\n\v\f\r ]+"

_FTFY = ftfy.TextFixerConfig(
    unescape_html=False,
    remove_terminal_escapes=False,
    fix_latin_ligatures=False,
    fix_character_width=False,
    uncurl_quotes=False,
    fix_line_breaks=False,
    fix_surrogates=False,
    remove_control_chars=False,
    normalization=None,
)


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
    return pc.fill_null(pc.match_substring_regex(values, _SUSPECT), False)


def _mend_plain(values: pa.StringArray) -> pa.StringArray:
    """Texts without tags and whitespace runs; left alone where a script has to go first."""
    mended = pc.replace_substring_regex(values, _RE2_INLINE, "")
    mended = pc.replace_substring_regex(mended, _RE2_BLOCK, " ")
    mended = pc.utf8_trim(pc.replace_substring_regex(mended, _RE2_SPACES, " "), " ")
    return pc.if_else(pc.match_substring_regex(values, _RE2_UNREAD), values, mended)


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
        text = _spaces(_markup(_encoding(_entities(text))))
        if text == before:
            return text or None


def _encoding(text: str) -> str:
    """UTF-8 that was read as cp1252 or latin-1, read again.

    ftfy leaves a lone sign such as a trailing `â„¢` alone, being unsure of it. Three characters
    that are bytes E2 80-9F 80-BF spell punctuation or a symbol and no word, so they are decoded.
    """
    if not _MOJIBAKE.search(text):
        return text
    text = _SYMBOL.sub(_decoded, ftfy.fix_encoding(text, _FTFY))
    for damage, sign in _LOSSY:
        text = damage.sub(sign, text)
    return text


def _decoded(match: re.Match[str]) -> str:
    """The character that three misread bytes of UTF-8 stand for."""
    signs = match.group()
    tail = bytes(_TAIL_BYTES[sign] for sign in signs[1:])
    return (signs[0].encode("latin-1") + tail).decode("utf-8")


def _entities(text: str) -> str:
    return _ENTITY.sub(_entity, text) if "&" in text else text


def _entity(match: re.Match[str]) -> str:
    """The sign of one entity, escaped any number of times; an unknown name stays as written.

    The semicolon is asked for: `&copy=1` in a link and "Salt&Pepper" are no entities.
    """
    name = match.group(1)
    if name.startswith("#"):
        return html.unescape(f"&{name};").replace("\ufffd", "")
    return html5.get(f"{name};", f"&{name};")


def _markup(text: str) -> str:
    """Text without tags: inline ones leave nothing, all others a space."""
    if "<" not in text:
        return text
    text = _CDATA.sub(r" \1 ", _UNREAD.sub(" ", text))
    return _without_cut_tag(_BLOCK_TAG.sub(" ", _INLINE_TAG.sub("", text)))


def _without_cut_tag(text: str) -> str:
    """Text without the tags at its end that never close."""
    end = len(text)
    while (at := text.rfind("<", 0, end)) >= 0 and _CUT_TAG.fullmatch(text, at, end):
        end = at
    return text[:end]


def _spaces(text: str) -> str:
    return _SPACES.sub(" ", _INVISIBLE.sub("", text)).strip(" ")
