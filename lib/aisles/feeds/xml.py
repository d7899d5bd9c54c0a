"""XML feeds to rows: records are cut out of the stream by their element and parsed in groups.

Cutting first keeps memory bounded, keeps a broken record's damage to itself, keeps its raw text,
and never shows the parser a document type: entities cannot be defined, so none can expand.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator
from itertools import chain
from typing import TypeAlias

import numpy as np
import pyarrow as pa

from aisles.feeds.expand import Unreadable
from aisles.feeds.formats import Format
from aisles.feeds.records import Row, merged, rejected, with_cells
from aisles.feeds.xmlaround import Around
from aisles.feeds.xmlflat import FlatRecords
from aisles.feeds.xmlparser import RecordParser
from aisles.feeds.xmlpath import has_entities, nests, record_path, repeated_around

MAX_RECORD_BYTES = 1 << 23
GROUP = 256
_STEP_BYTES = 1 << 21
_LEAST_FLAT = 16
"""So many records are worth reading together."""
_TRIED = 2000
"""After so many records it is clear whether the file's are flat."""
_SEARCH_BYTES = 1 << 23
"""How far the records may begin behind lists of categories, shops and the like."""
_TAG_REST = rb"(?=[\s/>])(?:[^<>\"'/]|/(?!>)|\"[^<\"]*\"|'[^<']*')*+"
_HIDING = (b"<![CDATA[", b"<!--", b"<?")
_NAMESPACE = re.compile(rb"""\s(xmlns(?::[\w.-]+)?)\s*=\s*("[^"<]*"|'[^'<]*')""")
_ROOT_END = re.compile(rb"(?:</[\w:.-]+\s*>|/>)\s*\Z")
_ASIDE = re.compile(rb"<!--.*?-->|<\?.*?\?>", re.S)


Read: TypeAlias = "Row | pa.RecordBatch"


class XmlRecords:
    """The rows of one XML file; whether it ended well is known after the last one."""

    def __init__(self, form: Format) -> None:
        self.path = form.record_element
        self.clean_end = False
        self._tag: re.Pattern[bytes] | None = None
        self._bare: re.Pattern[bytes] | None = None
        self._lost = self._unending = False
        self._nests = False
        self._use(RecordParser({}))
        self._around = Around()
        self._above: list[tuple[str, str]] = []
        self._moved = False

    def _use(self, parser: RecordParser) -> None:
        self._parser = parser
        self._flat = FlatRecords(parser.child, parser.knows)
        self._tried = self._taken = 0

    def rows(self, chunks: Iterable[bytes]) -> Iterator[Read]:
        """One row per record of the file's text, UTF-8 in chunks of any size; some in batches.

        Raises:
            Unreadable: when the document defines entities, or holds no repeated element.
        """
        pending: list[bytes] = []
        size, wanted, tail = 0, 0, b""
        for chunk in chunks:
            pending.append(chunk)
            size += len(chunk)
            tail = (tail + chunk)[-4096:]
            if size < wanted:
                continue
            rest = yield from self._step(b"".join(pending))
            pending, size = [rest], len(rest)
            # What is left over is read again with the next chunk: so it doubles at least.
            wanted = size + (max(_STEP_BYTES, size) if self._tag else size)
        rest = yield from self._step(b"".join(pending), final=True)
        yield from self._end(rest, tail)

    def _step(self, data: bytes, final: bool = False) -> Generator[Read, None, bytes]:
        if self._tag is None and not self._start(data, final):
            return data
        if self._lost:
            data = self._found_again(data)
        left = yield from self._records(data, hidden=True)
        if self._unending and (final or len(data) - left > MAX_RECORD_BYTES):
            # A comment or CDATA that never ends would swallow the file: it hides nothing.
            if data.startswith(_HIDING, left):
                yield self._refused(data, left, "a comment or CDATA that never ends")
                left += 2
            data = data[left:]
            left = yield from self._records(data, hidden=False)
        if len(data) - left > MAX_RECORD_BYTES:
            yield self._refused(data, left, f"record over {MAX_RECORD_BYTES} bytes")
            self._lost = True
            return b""
        return data[left:]

    def _refused(self, data: bytes, start: int, why: str) -> Row:
        return rejected(data[start : start + 40_000].decode("utf-8", "replace"), f"bad_xml: {why}")

    def _found_again(self, data: bytes) -> bytes:
        """The text from the next record on, after one that was given up."""
        assert self._tag is not None
        found = next((found for found in self._tag.finditer(data) if found["open"]), None)
        self._lost = found is None
        return data[found.start() :] if found else data[-256:]

    def _records(self, data: bytes, hidden: bool) -> Generator[Read, None, int]:
        """Rows of the whole records, then from where to read on with the next chunk."""
        assert self._tag is not None and self._bare is not None
        spans, left = self._spans(data, self._tag if hidden else self._bare)
        group: list[tuple[int, int]] = []
        end = 0
        for start, stop in spans:
            between = data[end:start]
            if self._moved or (between and not between.isspace()):
                yield from self._rows(data, group, hidden)
                group = []
                self._around.follow(between)
                self._above, self._moved = self._around.cells(), False
            group.append((start, stop))
            end = stop
        yield from self._rows(data, group, hidden)
        self._around.follow(data[end:left])
        self._moved |= bool(data[end:left].strip())
        return left

    def _rows(self, data: bytes, spans: list[tuple[int, int]], hidden: bool) -> Iterator[Read]:
        """The rows of records that stand within the same elements."""
        flat = hidden and self._pays()
        first = self._parser.unlearned if flat else len(spans)
        yield from chain.from_iterable(self._one_by_one(data, spans[:first]))
        rest = spans[first:]
        if len(rest) < _LEAST_FLAT:
            yield from chain.from_iterable(self._one_by_one(data, rest))
        else:
            yield self._batch(data, rest)

    def _pays(self) -> bool:
        return self._tried < _TRIED or 3 * self._taken > self._tried

    def _batch(self, data: bytes, spans: list[tuple[int, int]]) -> pa.RecordBatch:
        """The records at once, but for those that are not flat."""
        taken, maps = self._flat.read(data, spans)
        self._tried += len(spans)
        self._taken += len(maps)
        others = np.flatnonzero(~taken)
        read = self._one_by_one(data, [spans[place] for place in others.tolist()])
        placed = [(at, row) for at, rows in zip(others.tolist(), read, strict=True) for row in rows]
        maps = self._around.references.joined_maps(with_cells(maps, self._above))
        rows, places = [row for _, row in placed], [at for at, _ in placed]
        return merged(maps, np.flatnonzero(taken), rows, places)

    def _one_by_one(self, data: bytes, spans: list[tuple[int, int]]) -> Iterator[list[Row]]:
        """The rows of each record, several of one that nests variants."""
        above, tables = self._above, self._around.references
        for first in range(0, len(spans), GROUP):
            group = [data[start:stop] for start, stop in spans[first : first + GROUP]]
            for rows in self._parser.rows(group):
                if above or tables:
                    rows = [
                        row if row.cells is None else Row(tables.joined([*above, *row.cells]))
                        for row in rows
                    ]
                yield rows

    def _start(self, data: bytes, final: bool) -> bool:
        """Finds the record element and the namespaces declared before it."""
        if has_entities(data):
            raise Unreadable(
                "xml_entities: the document type defines entities, which are not expanded; "
                "deliver the feed without <!ENTITY ...>"
            )
        last = final or len(data) > _SEARCH_BYTES
        self.path = self.path or record_path(data, last)
        if self.path is None:
            if last and data.strip():
                raise Unreadable(
                    f"xml: no element repeats in {len(data)} bytes, expected one per record; "
                    "see whether the feed is an error message or empty"
                )
            return False
        names = [name.encode() for name in self.path.rsplit("/", 1)[1].split("|")]
        tag = _tag_pattern(names)
        first = next((found for found in tag.finditer(data) if found["open"]), None)
        if first is None and not last:
            return False
        self._nests = nests(data[: 1 << 18], self.path)
        self._around = Around(repeated_around(data[: 1 << 18], self.path))
        before = data[: first.start()] if first else data
        self._use(RecordParser(dict(_NAMESPACE.findall(before))))
        self._tag, self._bare = tag, _tag_pattern(names, hiding=False)
        return True

    def _spans(self, data: bytes, tag: re.Pattern[bytes]) -> tuple[list[tuple[int, int]], int]:
        """Start and end of each whole record, and from where to read on with the next chunk.

        An end tag without its start ends a record, too: one whose start tag is damaged.
        """
        spans: list[tuple[int, int]] = []
        depth = start = done = 0
        self._unending = False
        for found in tag.finditer(data):
            if found["open"]:
                if depth and not self._nests:
                    spans.append((start, found.start()))
                    depth = 0
                start = start if depth else found.start()
                depth += not found["empty"]
            elif found["close"]:
                start = start if depth else done
                depth = max(depth - 1, 0)
            else:
                if not found[0].endswith((b"]]>", b"-->", b"?>")):
                    self._unending = True
                    return spans, start if depth else found.start()
                continue
            if not depth:
                spans.append((start, found.end()))
                done = found.end()
        return spans, start if depth else max(done, data.rfind(b"<"))

    def _end(self, rest: bytes, tail: bytes) -> Iterator[Read]:
        """What is left: a record cut off by the file's end, or the end of the document."""
        if self._tag is not None:
            cut = next((found for found in self._tag.finditer(rest) if found["open"]), None)
            if cut is not None:
                text = rest[cut.start() : cut.start() + 40_000].decode("utf-8", "replace")
                yield rejected(text, "truncated: the file ends inside this record")
                return
        ends = _ROOT_END.search(_ASIDE.sub(b"", tail)) is not None
        self.clean_end = ends and self._closes_root(tail)

    def _closes_root(self, tail: bytes) -> bool:
        if self.path is None or self.path.count("/") == 1:  # none, or the records are the roots
            return True
        root = self.path.split("/")[1].encode()
        return re.search(rb"</" + re.escape(root) + rb"\s*>", tail) is not None


def _tag_pattern(names: list[bytes], hiding: bool = True) -> re.Pattern[bytes]:
    """Start and end tags of the elements, and with ``hiding`` what may hide others."""
    any_name = b"(?:" + b"|".join(map(re.escape, names)) + b")"
    hides = rb"!\[CDATA\[(?:.*?\]\]>|.*\Z)|!--(?:.*?-->|.*\Z)|\?(?:.*?\?>|.*\Z)|"
    return re.compile(
        b"<(?:"  # a sign that all begin with: the search jumps from one to the next
        + (hides if hiding else b"")
        + rb"(?P<close>/"
        + any_name
        + rb"\s*>)"
        + rb"|(?P<open>"
        + any_name
        + _TAG_REST
        + rb"(?P<empty>/?)>))",
        re.S,
    )
