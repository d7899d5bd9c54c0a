r"""Signs that are written out: entities of HTML, `\u00e9`, `\n`, and what steers a terminal."""

from __future__ import annotations

import html
import re
from html.entities import html5

_ENTITY = re.compile(
    r"&(?:amp;)*(#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});", re.ASCII
)
# HTML reads the names of its early versions without a semicolon too, where neither a letter, a
# digit nor = follows (WHATWG HTML, 13.2.5.73). Names that are also words (Rose&thorn) or, in
# capitals, marks (AMP, GT) are left out; some count beside a number only: &copy 2024, 5 &times 3.
_COUNTED = "cent|copy|divide|micro|pound|sect|times|yen"
_WORDS = frozenset(["acute", "eth", "not", "para", "shy", "thorn", *_COUNTED.split("|")])
_LEGACY = "|".join(sorted(n for n in html5 if n[-1] != ";" and not n.isupper() and n not in _WORDS))
_UNCLOSED = re.compile(rf"&(?:({_LEGACY})|({_COUNTED}))(?![\w=;])(\s[0-9])?+")
_NUMBER = re.compile(r"[0-9]\s?$")
# What stands before a name in the parameters of a link.
_LINK = re.compile(r"://|[?=]|www\.")
_LONGEST_LINK = 2000
# As JSON and Java write it, perhaps escaped once more.
_ESCAPE = re.compile(
    r"\\{1,4}u(?:([dD][89abAB][0-9a-fA-F]{2})\\{1,4}u([dD][c-fC-F][0-9a-fA-F]{2})|([0-9a-fA-F]{4}))"
)
# Breaks of lines as WooCommerce and JSON write them. A small letter behind may belong to a name
# (C:\new), unless what stands before ends something.
_BREAK = re.compile(r"\\r\\n|(?:\\[rn]){2,}|\\n(?![a-z])|(?<=[.!?;>)\s])\\n")
# ECMA-48, 5.4: control sequences.
_TERMINAL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")

SUSPECT = (
    r"&(?:[A-Za-z][A-Za-z0-9]{1,31}|#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6});"
    r"|&[A-Za-z][A-Za-z0-9]{1,5}(?:[^0-9A-Za-z_=;]|$)|\\u[0-9A-Fa-f]{4}"
    r"|\\[rn]"
)
"""For RE2: finds all that `unescaped` may mend, apart from control characters."""


def unescaped(text: str) -> str:
    """The text with the signs that are meant."""
    if "&" in text:
        text = _UNCLOSED.sub(_unclosed, _ENTITY.sub(_entity, text))
    if "\\u" in text:
        text = _ESCAPE.sub(_escape, text)
    if "\\n" in text:
        text = _BREAK.sub("\n", text)
    return _TERMINAL.sub("", text) if "\x1b" in text else text


def _entity(match: re.Match[str]) -> str:
    """The sign of one entity, escaped any number of times; an unknown name stays as written.

    Where a title was put in capitals, its entities were too: &EACUTE; is É.
    """
    name = match.group(1)
    if name.startswith("#"):
        return html.unescape(f"&{name};").replace("\ufffd", "")
    if name.isupper() and f"{name};" not in html5:
        small = html5.get(name.lower(), "")
        return small.upper() if small.isalpha() else f"&{name};"
    return html5.get(f"{name};", f"&{name};")


def _unclosed(match: re.Match[str]) -> str:
    """The sign of an entity without its semicolon; `&copy` in a link stays."""
    name, counted, number = match.groups()
    near = match.string[max(0, match.start() - _LONGEST_LINK) : match.start()]
    word = near.split()[-1] if near and not near[-1].isspace() else ""
    if _LINK.search(word) or (counted and not number and not _NUMBER.search(near[-2:])):
        return match.group()
    return html5[name or counted] + (number or "")


def _escape(match: re.Match[str]) -> str:
    """The sign of one escape. Letters and digits of ASCII, which no writer escapes, stay."""
    high, low, single = match.groups()
    if high:
        return chr(0x10000 + (int(high, 16) - 0xD800 << 10) + int(low, 16) - 0xDC00)
    sign = chr(int(single, 16))
    kept = "\ud800" <= sign <= "\udfff" or (sign.isascii() and sign.isalnum())
    return match.group() if kept else sign
