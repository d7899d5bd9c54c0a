"""Large feed files cut into parts that can be read at the same time."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import BinaryIO

from aisles.feeds.delimited import Delimited
from aisles.feeds.expand import Unreadable
from aisles.feeds.files import FeedFile, open_file
from aisles.feeds.formats import Format
from aisles.feeds.members import head_of, plan_of
from aisles.feeds.parquet import opened as parquet_opened
from aisles.feeds.parts import Part
from aisles.feeds.transcode import Transcoder
from aisles.feeds.unpack import Opened

SPLIT_BYTES = 1 << 26
ALONE = 8
"""Lines in a row that each are a whole record: between them lies a border."""
_WINDOWS = (1 << 16, 1 << 18, 1 << 20, 1 << 22)
_THREADS = 16


@dataclass(frozen=True)
class Task:
    """What one Spark task reads: a file, or the ``number``-th part of one."""

    file: FeedFile
    number: int = 0
    part: Part | None = None


def tasks_of(files: Sequence[FeedFile], split_bytes: int = SPLIT_BYTES) -> list[Task]:
    """The tasks that read each file once, in file order; small files are read whole."""
    with ThreadPoolExecutor(_THREADS) as pool:
        found = pool.map(lambda file: parts_of(file, split_bytes), files)
        return [
            Task(file, number, part)
            for file, parts in zip(files, found, strict=True)
            for number, part in enumerate(parts or [None])
        ]


def parts_of(file: FeedFile, split_bytes: int) -> list[Part]:
    """The parts of a file of about ``split_bytes`` each; none where it has to be read whole.

    Delimited text and JSON lines are cut between records, Parquet between row groups; other
    formats, compressed files and UTF-16 are not.
    """
    if file.bytes <= split_bytes:
        return []
    try:
        with open_file(file.location) as stream:
            return _parts(stream, file, split_bytes)
    except (Unreadable, OSError):
        return []  # the one who reads it says what is wrong with it


def _parts(stream: BinaryIO, file: FeedFile, split_bytes: int) -> list[Part]:
    opened = Opened(stream)
    if opened.compression != "none" or not stream.seekable():
        return []
    form = plan_of(opened, file.file).form
    if form.container == "parquet":
        return _of(form, _group_borders(stream, split_bytes))
    if form.container not in ("delimited", "jsonlines") or form.cr_lines:
        return []
    if form.encoding.startswith(("utf-16", "utf-32")):
        return []
    finder = _Borders(form, stream)
    offsets = range(split_bytes, file.bytes - split_bytes // 2, split_bytes)
    borders = [finder.after(offset) for offset in offsets]
    return _of(form, [0, *(b for b in borders if b is not None), file.bytes])


def _of(form: Format, borders: Sequence[int]) -> list[Part]:
    places = sorted(set(borders))
    if len(places) < 3:
        return []
    return [Part(form, start, end, end == places[-1]) for start, end in pairwise(places)]


def _group_borders(stream: BinaryIO, split_bytes: int) -> list[int]:
    """The row groups at which parts begin, and the number of all."""
    known = parquet_opened(stream).metadata
    borders, size = [0], 0
    for group in range(known.num_row_groups):
        if size >= split_bytes:
            borders.append(group)
            size = 0
        columns = known.row_group(group)
        size += sum(columns.column(c).total_compressed_size for c in range(columns.num_columns))
    return [*borders, known.num_row_groups]


class _Borders:
    """Places between two records of a file of lines.

    Whether a line break stands within quotes cannot be seen from the middle of a file, so both
    readings are tried. Where they come to the same records, and these are clean, a record ends.
    Where no quote decides, the readings never meet. Yet no record is read across lines that each
    are a whole record by themselves: a border lies where several such lines follow each other.
    """

    def __init__(self, form: Format, stream: BinaryIO) -> None:
        self._form = form
        self._stream = stream
        self._reader: Delimited | None = None
        if form.container == "delimited":
            stream.seek(0)
            head = head_of(Opened(stream).contents()[0])
            self._reader = Delimited(form, self._decoded(head.data), inside=True)

    def after(self, offset: int) -> int | None:
        """The first border after ``offset``; None when none is found near it."""
        for window in _WINDOWS:
            self._stream.seek(offset)
            data = self._stream.read(window)
            start, end = data.find(b"\n") + 1, data.rfind(b"\n") + 1
            lines = self._lines_before(data[start:end]) if 0 < start < end else None
            if lines is not None:
                return offset + start + _after_lines(data[start:end], lines)
            if len(data) < window:
                break
        return None

    def _lines_before(self, data: bytes) -> int | None:
        """How many lines of ``data`` stand before the first border in it."""
        if self._reader is None:
            return 0
        text = self._reader.rewritten(self._decoded(data), final=True)
        border = self._reader.border(text)
        if border is not None:
            return text.count(b"\n", 0, border)
        row = 0
        for number, line in enumerate(text.decode("utf-8", "replace").split("\n")[:-1]):
            row = row + 1 if self._reader.resolver.alone(line) else 0
            if row == ALONE:
                return number + 1 - ALONE // 2
        return None

    def _decoded(self, data: bytes) -> bytes:
        return Transcoder(self._form.encoding).feed(data, final=True)


def _after_lines(data: bytes, lines: int) -> int:
    """Where the line after the first ``lines`` begins."""
    place = 0
    for _ in range(lines):
        place = data.index(b"\n", place) + 1
    return place
