"""What stands around the records of an XML feed: elements that hold them, tables before them."""

from __future__ import annotations

import html
import re
from collections import Counter
from dataclasses import dataclass, field, replace

from aisles.feeds.jsonrow import LEVELS
from aisles.feeds.records import storable
from aisles.feeds.references import References, entry_of
from aisles.feeds.vocabulary import tells_currency

MOST_CELLS = 20
MOST_CHARS = 500
_MOST_DEPTH = 100
_MOST_TAGS = 1000
_LEVELS = re.compile(LEVELS)
_TOKEN = re.compile(
    rb"<!\[CDATA\[(?P<cdata>.*?)(?:\]\]>|\Z)|<!--(?:.*?-->|.*\Z)|<\?(?:.*?\?>|.*\Z)|<![^<>]*>"
    rb"|<(?P<close>/?)(?P<tag>[^\s<>/!?&=\"']+)(?P<rest>(?:[^<>\"'/]|/(?!>)|\"[^<\"]*\"|'[^'<]*')*+)"
    rb"(?P<empty>/?)>|(?P<text>[^<]+)",
    re.S,
)
_ATTRIBUTE = re.compile(r"""([^\s=<>"']+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")


@dataclass
class _Open:
    """An element that is still open, with its attributes and the plain leaves met in it so far."""

    tag: str
    fields: dict[str, str] = field(default_factory=dict)
    text: str = ""
    has_elements: bool = False
    holds_records: bool = False

    def put(self, name: str, value: str) -> None:
        text = " ".join(value[:MOST_CHARS].split())
        if text and len(self.fields) < MOST_CELLS:
            self.fields.setdefault(name, storable(text))


class Around:
    """Follows the text between the records.

    Of an element that stands only once around them, as ``rss`` or ``channel`` do, nothing is
    taken but the currency of the prices: it says the same of all records.

    Args:
        repeated: elements around the records that are known to stand several times.
    """

    def __init__(self, repeated: frozenset[str] = frozenset()) -> None:
        self.references = References()
        self._stack: list[_Open] = []
        self._too_deep = 0
        self._repeated = repeated
        self._opened: Counter[tuple[int, str]] = Counter()

    def follow(self, gap: bytes) -> None:
        """Takes the text between two records."""
        for found in _TOKEN.finditer(gap):
            if found["tag"] is not None:
                self._tag(found)
            elif self._stack and (text := found["text"] or found["cdata"]):
                top = self._stack[-1]
                if len(top.text) < MOST_CHARS:
                    piece = text[: 4 * MOST_CHARS].decode("utf-8", "replace")
                    top.text += html.unescape(piece) if found["text"] else piece

    def cells(self) -> list[tuple[str, str]]:
        """What the elements that hold the next record say: ``../category@name``, outermost first.

        Of elements of one name within each other it is one cell, levels joined by `` > ``.
        """
        found: dict[str, str] = {}
        for depth, element in enumerate(self._stack):
            element.holds_records = True
            several = self._says_something(depth, element.tag)
            for name, value in element.fields.items():
                if not several and not tells_currency(name, value):
                    continue
                column = f"../{element.tag}{name}"
                if column in found:
                    found[column] = f"{found[column]} > {value}"[: 2 * MOST_CHARS]
                elif len(found) < MOST_CELLS:
                    found[column] = value
        return list(found.items())

    def _says_something(self, depth: int, tag: str) -> bool:
        several = tag in self._repeated or self._opened[depth, tag] > 1
        return several or _LEVELS.search(tag) is not None

    def _tag(self, found: re.Match[bytes]) -> None:
        tag = found["tag"].decode("utf-8", "replace")
        if found["close"]:
            self._close(tag)
            return
        if len(self._stack) < _MOST_DEPTH:
            self._open(tag, found["rest"].decode("utf-8", "replace"))
        else:
            self._too_deep += 1
        if found["empty"]:
            self._close(tag)

    def _open(self, tag: str, rest: str) -> None:
        if self._stack:
            self._stack[-1].has_elements = True
        place = len(self._stack), tag
        if place in self._opened or len(self._opened) < _MOST_TAGS:
            self._opened[place] += 1
        element = _Open(tag)
        for name, double, single in _ATTRIBUTE.findall(rest):
            if not name.startswith("xmlns"):
                element.put(f"@{name.rsplit(':', 1)[-1]}", html.unescape(double or single))
        self._stack.append(element)

    def _close(self, tag: str) -> None:
        if self._too_deep:
            self._too_deep -= 1
            return
        places = range(len(self._stack) - 1, -1, -1)
        place = next((p for p in places if self._stack[p].tag == tag), None)
        if place is None:
            return  # the end of what was never begun
        element, self._stack = self._stack[place], self._stack[:place]
        if element.holds_records or not self._stack:
            return
        self._refer(element)
        if not element.has_elements:
            self._stack[-1].put(f"/{tag}", element.text)
        for name, value in element.fields.items():
            # Of elements beside those around the records: the currency of a shop, if there is one.
            if not element.has_elements or self._is_the_only(name, value, place + 1):
                self._stack[-1].put(f"/{tag}{name}", value)

    def _is_the_only(self, name: str, value: str, depth: int) -> bool:
        """Whether a field is a currency, and of an element that stood once; depth: its own."""
        tag = re.split(r"[/@]", name)[1]
        return tells_currency(name, value) and self._opened[depth, tag] <= 1

    def _refer(self, element: _Open) -> None:
        """Keeps an element that is an entry of a table, below the one of its name around it."""
        entry = entry_of(element.tag, element.fields, element.text)
        if entry is None:
            return
        around = next((e for e in reversed(self._stack) if e.tag == element.tag), None)
        above = entry_of(around.tag, around.fields, "-") if around and not entry.parent else None
        self.references.add(element.tag, replace(entry, parent=above.id) if above else entry)
