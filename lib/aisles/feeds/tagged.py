"""Text in which each line is one field with its name before it: ``<<<pname>>>Mug``.

Shops deliver so to comparison sites of Korea ("EP", engine pages): a record begins with the line
``<<<begin>>>`` and ends with ``<<<ftend>>>``. What the names are is not fixed here: a record begins
wherever the first name that comes again is met.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from aisles.feeds.formats import Format, unique_names
from aisles.feeds.records import Row, rejected, storable

_TAG = re.compile(r"<<<([\w.:-]{1,60})>>>")
_LINE = re.compile(rb"[ \t]*<<<[\w.:-]{1,60}>>>", re.ASCII)
_LEAST_LINES = 4
_MOST_OTHER = 0.5
"""Of all lines so many may go on with the text of the one before."""
_MOST_CHARS = 1 << 23
_MOST_NAMES = 10_000
_RAW_CHARS = 40_000


def tagged_format(text: bytes) -> Format | None:
    """The format of tagged text; None when it is something else.

    Args:
        text: the content's start, UTF-8.
    """
    if not _LINE.match(text.lstrip()):
        return None
    lines = [line for line in text.split(b"\n") if line.strip()]
    tagged = [line for line in lines if _LINE.match(line)]
    if len(tagged) < max(_LEAST_LINES, (1 - _MOST_OTHER) * len(lines)):
        return None
    names = [line.split(b">>>")[0].lstrip(b" \t<").decode() for line in tagged]
    again = next((name for name in dict.fromkeys(names) if names.count(name) > 1), names[0])
    return Format(container="tagged", header=False, record_element=again)


class TaggedRecords:
    """The rows of tagged text.

    A file ends early where its last record lacks the name that all others end with.

    Args:
        begin: the name that a record begins with.
    """

    def __init__(self, begin: str) -> None:
        self.clean_end = True
        self._begin = begin
        self._names: list[str] = []
        self._values: list[list[str]] = []  # the lines of each
        self._size = 0
        self._ends: set[str] = set()

    def rows(self, chunks: Iterable[bytes]) -> Iterator[Row]:
        """One row per record; lines before the first record that have a name are no part of one."""
        rest = b""
        for chunk in chunks:
            *lines, rest = (rest + chunk).split(b"\n")
            if len(rest) > _MOST_CHARS:
                lines, rest = [*lines, rest], b""
            yield from self._taken(lines)
        yield from self._taken([rest])
        if self._names:
            self.clean_end = not self._ends or self._names[-1] in self._ends
            yield self._record()

    def _taken(self, lines: Iterable[bytes]) -> Iterator[Row]:
        for line in lines:
            text = line.decode("utf-8", "replace").rstrip("\r").lstrip()
            tag = _TAG.match(text)
            if tag is not None and tag[1] == self._begin and self._names:
                self._ends.add(self._names[-1])
                yield self._record()
            elif not self._names and (tag is None or tag[1] != self._begin):
                if tag is None and text.strip():
                    yield rejected(text, f"bad_tags: before the first <<<{self._begin}>>>")
                continue
            is_full = self._size > _MOST_CHARS
            self._size += len(text) + 1
            if is_full:
                continue
            if tag is None:
                self._values[-1].append(text)
            else:
                self._names.append(tag[1])
                self._values.append([text[tag.end() :]])

    def _record(self) -> Row:
        names, values, size = self._names, self._values, self._size
        self._names, self._values, self._size = [], [], 0
        texts = ["\n".join(lines) for lines in values]
        if size > _MOST_CHARS or len(names) > _MOST_NAMES:
            raw = "\n".join(f"<<<{name}>>>{text}" for name, text in zip(names, texts, strict=True))
            limit = f"{_MOST_NAMES} fields or {_MOST_CHARS} characters"
            return rejected(raw[:_RAW_CHARS], f"bad_tags: record over {limit}")
        cells = zip(unique_names(names), (storable(text.strip()) for text in texts), strict=True)
        return Row([cell for cell in cells if cell[1]])
