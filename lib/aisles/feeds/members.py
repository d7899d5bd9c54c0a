"""Which of a file's contents are the feed, and in what format each is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from aisles.feeds.expand import Unreadable
from aisles.feeds.formats import Format
from aisles.feeds.sniff import HEAD_BYTES, PARQUET, sniff
from aisles.feeds.unpack import Content, Opened

LONG_HEAD_BYTES = 1 << 22
"""How much of the start is looked at where the first line is longer than the usual head."""


@dataclass(frozen=True)
class Head:
    """The start of a content, and what comes after it; ``whole``: nothing does."""

    data: bytes
    rest: Iterator[bytes]
    whole: bool


@dataclass(frozen=True)
class Source:
    """One content to read, with its format; ``taken`` is its head where it can be read but once."""

    content: Content
    form: Format
    taken: Head | None = None

    def head(self) -> Head:
        return self.taken or head_of(self.content)


@dataclass(frozen=True)
class Plan:
    """What to read of a file, the format of it all, and the members that hold something else."""

    form: Format
    sources: list[Source]
    others: list[str]


def head_of(content: Content) -> Head:
    """The start of a content: always of the same size, however its bytes arrive."""
    chunks = content.chunks()
    data, whole = _taken(chunks, b"", HEAD_BYTES)
    is_table = not data.startswith(PARQUET) and data.lstrip()[:1] not in (b"<", b"{", b"[")
    wanted = HEAD_BYTES
    if is_table and not whole and not {10, 13} & set(data[:HEAD_BYTES]):
        wanted = LONG_HEAD_BYTES
        data, whole = _taken(chunks, data, wanted)
    return Head(data[:wanted], _after(data[wanted:], chunks), whole and len(data) <= wanted)


def _taken(chunks: Iterator[bytes], data: bytes, size: int) -> tuple[bytes, bool]:
    pieces, total = [data], len(data)
    while total < size:
        piece = next(chunks, None)
        if piece is None:
            return b"".join(pieces), True
        pieces.append(piece)
        total += len(piece)
    return b"".join(pieces), False


def _after(left: bytes, chunks: Iterator[bytes]) -> Iterator[bytes]:
    if left:
        yield left
    del left
    yield from chunks


def plan_of(opened: Opened, name: str) -> Plan:
    """What to read of an opened file: its stream, or the members of an archive that go together.

    Raises:
        Unreadable: when it holds no feed.
    """
    contents = opened.contents()
    if not contents[0].name:
        head = head_of(contents[0])
        form = replace(sniff(head.data, name, head.whole), compression=opened.compression)
        return Plan(form, [Source(contents[0], form, head)], [])
    return _archive(opened, contents)


def _archive(opened: Opened, contents: list[Content]) -> Plan:
    sources = [source for source in map(_sniffed, contents) if isinstance(source, Source)]
    if not sources:
        raise Unreadable(f"zip archive: {_sniffed(contents[0])}")
    main = max(sources, key=lambda source: source.content.size)
    alike = [source for source in sources if _alike(source.form, main.form)]
    read = tuple(source.content.name for source in alike)
    columns = dict.fromkeys(name for source in alike for name in source.form.columns)
    form = replace(
        main.form,
        compression=opened.compression,
        columns=tuple(columns),
        members=read,
        left_out=tuple(opened.left_out),
    )
    return Plan(form, alike, [c.name for c in contents if c.name not in read])


def _sniffed(content: Content) -> Source | Unreadable:
    try:
        head = head_of(content)
        return Source(content, sniff(head.data, content.name, head.whole))
    except Unreadable as error:
        return error


def _alike(one: Format, main: Format) -> bool:
    """Whether two members hold records of one kind."""
    if one.container != main.container or one.header != main.header:
        return False
    if one.record_element is not None:
        return one.record_element == main.record_element
    shared, all_names = {*one.columns} & {*main.columns}, {*one.columns} | {*main.columns}
    return 2 * len(shared) >= len(all_names)
