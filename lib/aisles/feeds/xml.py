"""XML feeds to rows: records are cut out of the stream by their element and parsed in groups.

Cutting first keeps memory bounded, keeps a broken record's damage to itself, keeps its raw text,
and never shows the parser a document type: entities cannot be defined, so none can expand.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator

from aisles.feeds.formats import Format
from aisles.feeds.records import Row, rejected
from aisles.feeds.unpack import Unreadable
from aisles.feeds.xmlpath import nests, record_path
from aisles.feeds.xmlrow import RecordParser

MAX_RECORD_BYTES = 1 << 23
GROUP = 256
_STEP_BYTES = 1 << 20
_SEARCH_BYTES = 1 << 23
"""How far the records may begin behind lists of categories, shops and the like."""
_TAG_REST = rb"(?=[\s/>])(?:[^>\"'/]|/(?!>)|\"[^\"]*\"|'[^']*')*"
_NAMESPACE = re.compile(rb"""\s(xmlns(?::[\w.-]+)?)\s*=\s*("[^"<]*"|'[^'<]*')""")
_ROOT_END = re.compile(rb"(?:</[\w:.-]+\s*>|/>)\s*(?:<!--.*?-->\s*)*\Z", re.S)


class XmlRecords:
    """The rows of one XML file; whether it ended well is known after the last one."""

    def __init__(self, form: Format) -> None:
        self.path = form.record_element
        self.clean_end = False
        self._tag: re.Pattern[bytes] | None = None
        self._nests = False
        self._parser = RecordParser({})

    def rows(self, chunks: Iterable[bytes]) -> Iterator[Row]:
        """One row per record of the file's text, UTF-8 in chunks of any size.

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
            wanted = size + (_STEP_BYTES if self._tag else size)
        rest = yield from self._step(b"".join(pending), final=True)
        yield from self._end(rest, tail)

    def _step(self, data: bytes, final: bool = False) -> Generator[Row, None, bytes]:
        if self._tag is None and not self._start(data, final):
            return data
        spans, left = self._spans(data)
        whole = [data[a:b] for a, b in spans]
        for start in range(0, len(whole), GROUP):
            yield from self._parser.rows(whole[start : start + GROUP])
        if len(data) - left > MAX_RECORD_BYTES:
            text = data[left : left + 40_000].decode("utf-8", "replace")
            yield rejected(text, f"bad_xml: record over {MAX_RECORD_BYTES} bytes")
            return b""
        return data[left:]

    def _start(self, data: bytes, final: bool) -> bool:
        """Finds the record element and the namespaces declared before it."""
        if b"<!ENTITY" in data:
            raise Unreadable(
                "xml_entities: the document type defines entities, which are not expanded; "
                "deliver the feed without <!ENTITY ...>"
            )
        self.path = self.path or record_path(data)
        if self.path is None:
            if len(data) > _SEARCH_BYTES:
                raise Unreadable(f"xml: no repeated record element in {len(data)} bytes")
            return False
        tag = _tag_pattern(self.path.rsplit("/", 1)[1].encode())
        first = next((found for found in tag.finditer(data) if found["open"]), None)
        if first is None and not final:
            return False
        self._nests = nests(data[: 1 << 18], self.path)
        before = data[: first.start()] if first else data
        self._parser = RecordParser(dict(_NAMESPACE.findall(before)))
        self._tag = tag
        return True

    def _spans(self, data: bytes) -> tuple[list[tuple[int, int]], int]:
        """Start and end of each whole record, and from where to read on with the next chunk."""
        assert self._tag is not None
        spans: list[tuple[int, int]] = []
        depth = start = done = 0
        for found in self._tag.finditer(data):
            if found["open"]:
                if depth and not self._nests:
                    spans.append((start, found.start()))
                    depth = 0
                start = start if depth else found.start()
                depth += not found["empty"]
            elif found["close"]:
                depth = max(depth - 1, -1) if depth else -1
            else:
                if not found[0].endswith((b"]]>", b"-->")):
                    return spans, start if depth else max(done, found.start())
                continue
            if depth <= 0:
                if depth == 0:
                    spans.append((start, found.end()))
                depth, done = 0, found.end()
        return spans, start if depth else max(done, data.rfind(b"<"))

    def _end(self, rest: bytes, tail: bytes) -> Iterator[Row]:
        """What is left: a record cut off by the file's end, or the end of the document."""
        if self._tag is not None:
            cut = next((found for found in self._tag.finditer(rest) if found["open"]), None)
            if cut is not None:
                text = rest[cut.start() : cut.start() + 40_000].decode("utf-8", "replace")
                yield rejected(text, "truncated: the file ends inside this record")
                return
        self.clean_end = _ROOT_END.search(tail) is not None and self._closes_root(tail)

    def _closes_root(self, tail: bytes) -> bool:
        if self.path is None:
            return True
        root = self.path.split("/")[1].encode()
        return re.search(rb"</" + re.escape(root) + rb"\s*>", tail) is not None


def _tag_pattern(name: bytes) -> re.Pattern[bytes]:
    """Start and end tags of the element, and the comments and CDATA that may hide others."""
    return re.compile(
        rb"<!\[CDATA\[(?:.*?\]\]>|.*\Z)|<!--(?:.*?-->|.*\Z)"
        rb"|(?P<close></" + re.escape(name) + rb"\s*>)"
        rb"|(?P<open><" + re.escape(name) + _TAG_REST + rb"(?P<empty>/?)>)",
        re.S,
    )
