"""Tags of HTML, of its relatives and of XML, told from what people put between < and >."""

from __future__ import annotations

import re

_INLINE = (
    "a|abbr|acronym|b|bdi|bdo|big|blink|cite|code|data|del|dfn|em|font|i|ins|kbd|"
    "label|mark|nobr|q|rb|rp|rt|rtc|ruby|s|samp|small|span|strike|strong|sub|sup|time|tt|"
    "u|var|wbr|o:p|st1:[a-z]+"
)
_BLOCK = (
    "address|applet|area|article|aside|audio|base|basefont|bgsound|blockquote|body|br|button|"
    "canvas|caption|center|col|colgroup|dd|details|dialog|dir|div|dl|dt|embed|"
    "fieldset|figcaption|figure|footer|form|frame|frameset|h[1-6]|head|header|"
    "hgroup|hr|html|iframe|img|input|legend|li|link|main|map|marquee|math|menuitem|meta|meter|nav|"
    "noembed|noframes|noscript|object|ol|optgroup|option|output|p|param|picture|pre|progress|"
    "script|section|select|source|spacer|style|summary|svg|table|tbody|td|template|"
    "textarea|tfoot|th|thead|title|tr|track|ul|video|xmp"
)
# Names of SVG that are no words; the others are told as those of other languages are.
_SVG = (
    "animate(?:Color|Motion|Transform)?|circle|clipPath|defs|ellipse|fe[A-Z][A-Za-z]+|"
    "foreignObject|g|linearGradient|path|polygon|polyline|radialGradient|rect|textPath|tref|tspan"
)
# No part of a pattern runs past the next tag's beginning, so that what never closes costs one pass
# and not one a tag.
_ATTRIBUTES = r"""(?:[^<>"']|"[^"<]*"|'[^'<]*')*+"""
_REST = rf"(?:\s{_ATTRIBUTES}|/\s*)?"  # but <S/M> is a size
_UNREAD = re.compile(
    r"<!--(?:(?!<!--).)*?-->|<(script|style|svg)\b[^<>]*>(?:(?!</?\1\b).)*+</\1\s*>"
    r"|<!doctype[^<>]*>|<\?xml[^<>]*>|<!\[(?:if\b[^<>\]]*|endif)\]>",
    re.I | re.S,
)
_CDATA = re.compile(r"<!\[CDATA\[((?:(?!<!\[CDATA\[).)*?)\]\]>", re.S)
_INLINE_TAG = re.compile(f"</?(?:{_INLINE}){_REST}>", re.I)
_BLOCK_TAG = re.compile(f"</?(?:{_BLOCK}){_REST}>", re.I)
# What HTML's tokenizer takes for a tag (WHATWG HTML, 13.2.5.8), names of ASCII only.
_ANY_TAG = re.compile(rf"<(/?)([A-Za-z][A-Za-z0-9_:.-]*+)((?:[\s/]{_ATTRIBUTES})?)>")
# Names with a colon, as Office and XML have them.
_PREFIXED = re.compile(r"[a-z][a-z0-9]{0,9}:[A-Za-z][A-Za-z0-9_.-]*")
# Names with a hyphen (WHATWG HTML, 4.13.3) or of SVG, whose elements have attributes, or tags that
# end them.
_CUSTOM = re.compile(rf"[a-z][a-z0-9_]*(?:-[a-z0-9_]+)+|{_SVG}")
_QUOTED = re.compile(r"""[\s"'/][A-Za-z_:@][A-Za-z0-9_:.-]*+\s*+=\s*["']""")
_BARE = re.compile(r"[\s/]*+(?:[A-Za-z_:@][A-Za-z0-9_:.-]*+=[^\s=]++[\s/]*+)*+")
# A description that was cut inside its last tag.
_CUT_TAG = re.compile(
    rf"<(?:/(?:{_INLINE}|{_BLOCK})\s*|(?:{_INLINE}|{_BLOCK})"
    r"""(?:\s+[\w:-]+\s*=[^<>]*|\s*/)|[a-z][a-z0-9_:.-]*\s+[a-z_:@][a-z0-9_:.-]*=["'][^<>]*)""",
    re.I,
)

SUSPECT = r"<[A-Za-z/!?]"
"""For RE2: finds all that `without_markup` may mend."""
# Plain tags are most of what is found; RE2 takes them out of all values at once. Not the rare
# ones: the patterns are compiled anew for every array.
_RE2_REST = r"""(?:\s(?:[^<>"']|"[^"<]*"|'[^'<]*')*|/\s*)?>"""
RE2_INLINE = f"(?i)</?(?:a|b|em|font|i|o:p|small|span|strong|su[bp]|u){_RE2_REST}"
RE2_BLOCK = (
    "(?i)</?(?:br|center|d[dlt]|div|h[1-6r]|img|li|ol|p|section|t(?:able|body|d|h|head|r)|ul)"
    + _RE2_REST
)
RE2_UNREAD = r"(?i)<(?:script|style|svg|[!?])"


def without_markup(text: str) -> str:
    """Text without tags, scripts, styles and drawings: inline tags leave nothing, others a space.

    "5 < 6", "<3", "<NEW>" and "<ohne Hülle>" stay.
    """
    if "<" not in text:
        return text
    text = _CDATA.sub(r" \1 ", _UNREAD.sub(" ", text))
    text = _BLOCK_TAG.sub(" ", _INLINE_TAG.sub("", text))
    return _without_cut_tag(_without_other_tags(text)) if "<" in text else text


def _without_other_tags(text: str) -> str:
    """Text without the tags that no list names."""
    tags = list(_ANY_TAG.finditer(text))
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    for place, tag in enumerate(tags):
        if tag[1]:
            last[tag[2].lower()] = place
        else:
            first.setdefault(tag[2].lower(), place)
    pairs = {name for name, place in first.items() if place < last.get(name, -1)}
    pieces, end = [], 0
    for tag in tags:
        if tag[2].lower() in pairs or _is_tag(*tag.groups()):
            pieces += [text[end : tag.start()], " "]
            end = tag.end()
    return "".join([*pieces, text[end:]]) if pieces else text


def _is_tag(slash: str, name: str, rest: str) -> bool:
    """Whether something shaped like a tag is one by its own looks.

    By an attribute in quotes, else by the name, if only attributes with values follow. A name with
    a hyphen and nothing else may be anyone's remark: `<e-bike>`, `<order-no>`.
    """
    if rest and _QUOTED.search(rest):
        return True
    if rest and not _BARE.fullmatch(rest):
        return False
    told = _PREFIXED.fullmatch(name) or ((slash or rest.strip()) and _CUSTOM.fullmatch(name))
    return bool(told)


def _without_cut_tag(text: str) -> str:
    """Text without the tags at its end that never close."""
    end = len(text)
    while (at := text.rfind("<", 0, end)) >= 0 and _CUT_TAG.fullmatch(text, at, end):
        end = at
    return text[:end]
