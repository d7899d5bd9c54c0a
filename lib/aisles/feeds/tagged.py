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
        self._lines: list[str] = []
        self._size = 0
        self._inside = False
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
        last = self._last_name()
        if self._lines:
            self.clean_end = not self._ends or last in self._ends
            yield self._record()

    def _taken(self, lines: Iterable[bytes]) -> Iterator[Row]:
        for line in lines:
            text = line.decode("utf-8", "replace").rstrip("\r")
            tag = _TAG.match(text.lstrip(" \t"))
            if tag is not None and tag[1] == self._begin:
                if self._lines:
                    self._ends.add(self._last_name())
                    yield self._record()
                self._inside = True
            elif not self._inside:
                if tag is None and text.strip():
                    yield rejected(text, f"bad_tags: before the first <<<{self._begin}>>>")
                continue
            if self._size <= _MOST_CHARS:
                self._lines.append(text)
            self._size += len(text) + 1

    def _last_name(self) -> str:
        tags = (_TAG.match(line.lstrip(" \t")) for line in reversed(self._lines))
        return next((tag[1] for tag in tags if tag is not None), "")

    def _record(self) -> Row:
        lines, size = self._lines, self._size
        self._lines, self._size = [], 0
        names: list[str] = []
        values: list[list[str]] = []
        for line in map(str.lstrip, lines):
            tag = _TAG.match(line)
            if tag is None:
                values[-1].append(line)
            else:
                names.append(tag[1])
                values.append([line[tag.end() :]])
        if size > _MOST_CHARS or len(names) > _MOST_NAMES:
            limit = f"{_MOST_NAMES} fields or {_MOST_CHARS} characters"
            return rejected("\n".join(lines)[:_RAW_CHARS], f"bad_tags: record over {limit}")
        texts = (storable("\n".join(parts).strip()) for parts in values)
        return Row([pair for pair in zip(unique_names(names), texts, strict=True) if pair[1]])
