"""Findings on the strings of a condition: signs that look like others, and patterns."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from aisles.rules.findings import Entry, Finding, predicates
from aisles.rules.grammar import Matches
from aisles.rules.literals import whole_words
from aisles.rules.places import Place
from aisles.rules.theory import always_found

MOST_PHRASES = 12
_INVISIBLE = ("Cc", "Cf", "Co", "Cn")
_TYPOGRAPHIC = {**dict.fromkeys("‘’‛′`´", "'"), **dict.fromkeys("“”„‟″«»", '\\"')}
_DASHES = dict.fromkeys("‐‑‒–—−", "-")
_LOOKALIKES = _TYPOGRAPHIC | _DASHES
_SPACES = re.compile(r"(?<=\S)(?:\s{2,}|[^\S ])(?=\S)")
# Joiners mean something inside of words of scripts that need them.
_JOINERS = "\u200c\u200d"


def string_findings(entry: Entry) -> Iterator[Finding]:
    """What in the strings is easily overlooked, and patterns that could be said more simply."""
    for path, node in predicates(entry.node):
        place = entry.place.at(path)
        if isinstance(node, Matches):
            yield from _pattern(entry, place, node)
        for string in place.children:
            text = entry.rule.condition[string.start + 1 : string.end - 1]
            yield from _invisible(entry, string.start + 1, text)
            if not isinstance(node, Matches):
                yield from _lookalike(entry, string.start + 1, text)
                yield from _spaces(entry, string.start + 1, text)


def _invisible(entry: Entry, start: int, text: str) -> Iterator[Finding]:
    for number, sign in enumerate(text):
        hidden = unicodedata.category(sign) in _INVISIBLE and not sign.isspace()
        if hidden and not (sign in _JOINERS and not text.isascii() and _joins(text, number)):
            name = unicodedata.name(sign, f"U+{ord(sign):04X}").lower()
            message = f"an invisible sign ({name}): only texts that hold it as well are found"
            advice = "Write the phrase anew without it."
            yield _at(entry, start + number, 1, "invisible", message, advice)


def _joins(text: str, number: int) -> bool:
    """Whether the signs on both sides are letters or marks beyond Latin ones."""
    beside = text[max(0, number - 1) : number] + text[number + 1 : number + 2]
    return len(beside) == 2 and all(ord(sign) > 0x24F for sign in beside)


def _lookalike(entry: Entry, start: int, text: str) -> Iterator[Finding]:
    """The first sign of each phrase that feeds write in two ways."""
    found = next((i for i, sign in enumerate(text) if sign in _LOOKALIKES), None)
    if found is not None:
        plain = "".join(_LOOKALIKES.get(sign, sign) for sign in text)
        message = f"{text[found]} is another sign than {_LOOKALIKES[text[found]].strip(chr(92))}"
        advice = f'Where feeds write both, list both: contains_any ("{text}", "{plain}")'
        yield _at(entry, start + found, 1, "lookalike", message, advice)


def _spaces(entry: Entry, start: int, text: str) -> Iterator[Finding]:
    found = _SPACES.search(text)
    if found:
        message = "several spaces, or one of another kind: here and in texts they count as one"
        length = found.end() - found.start()
        advice = "Write one space."
        yield _at(entry, start + found.start(), length, "spaces", message, advice)


def _pattern(entry: Entry, place: Place, node: Matches) -> Iterator[Finding]:
    pattern = place.children[0]
    if always_found(node.pattern):
        message = f"the pattern matches the empty text: true for every product with a {node.field}"
        advice = "Demand something with + or without ?."
        yield entry.finding(pattern, "warning", "empty_pattern", message, advice)
    phrases = sorted(whole_words(node.pattern) or ())
    if 0 < len(phrases) <= MOST_PHRASES:
        listed = ", ".join('"' + phrase.replace('"', '\\"') + '"' for phrase in phrases)
        says = f"contains {listed}" if len(phrases) == 1 else f"contains_any ({listed})"
        message = (
            "the pattern only lists phrases; contains also knows letters with accents as "
            "parts of words and any kind of space"
        )
        yield entry.finding(place, "note", "plain_pattern", message, f"Write {node.field} {says}")


def _at(entry: Entry, start: int, length: int, code: str, message: str, advice: str) -> Finding:
    return entry.finding(Place(start, start + length), "note", code, message, advice)
