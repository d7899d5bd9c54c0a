"""Where the records of delimited text begin, and what its columns are called."""

from __future__ import annotations

import re
import string
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from aisles.feeds.vocabulary import is_known_name

MAX_NAME_CHARS = 80
_TITLE_LINES = 10
_SURE_ROWS = 5
_SURE_NAMES = 3
_MANY_NAMES = 8
_VALUE_LIKE = re.compile(
    r"^\s*(?:https?:|//|www\.)|^[\s$€£¥₹.,+-]*\d[\d\s.,:%/TZ+-]*$|^\d{4}-\d\d-\d\d|\S+@\S+\.\S+"
)
_REMARKS = (b"#", b"// ", b"-- ")
_KINDS = (
    (re.compile(r"(?i)ur[li]|link|image|img|bild").search, re.compile(r"https?:").match),
    (re.compile(r"(?i)pri[cxs]|preis|prezzo|precio|cena").search, re.compile(r"\D{0,4}\d").match),
)
_PAIR = re.compile(r"\s*([^\s=:][^=:]{0,40}?)\s*([=:])(?!//)\s*\S")
_MARK = re.compile(rb"""^["'`]?(HDR|HEADER)["'`]?(?=[^\w\s]|\t|\r?$)""", re.I)
_CELLS = re.compile(r"[,;\t|]")
_SEPARATOR = re.compile(rb'^"?sep=(.{1,3}?)"?\r?$', re.I)


@dataclass(frozen=True)
class Leading:
    """The lines before a table: how many bytes and lines, and what they say.

    ``comment`` is the last one that starts with ``#``, without it.
    """

    size: int
    lines: int
    has_marks: bool
    separator: str | None
    comment: bytes | None


def leading_of(data: bytes) -> Leading:
    """The lines before the header or first record: blanks, remarks, HDR, ``sep=;``."""
    place = lines = 0
    marks, separator, comment = False, None, None
    while place < len(data):
        stop = data.find(b"\n", place)
        line = data[place:] if stop < 0 else data[place:stop]
        stated = _SEPARATOR.match(line)
        is_mark = _is_mark(line)
        if line.strip() and not line.startswith(_REMARKS) and not is_mark and stated is None:
            break
        marks |= is_mark
        comment = line[1:] if line.startswith(b"#") else None
        separator = stated[1].decode("utf-8", "replace") if stated else separator
        place = len(data) if stop < 0 else stop + 1
        lines += 1
    return Leading(place, lines, marks, separator, comment)


def _is_mark(line: bytes) -> bool:
    """Whether the line opens a file that a trailer closes, and does not name columns."""
    if line.startswith(b"HDR") and not line[3:4].isalnum():
        return True
    if not _MARK.match(line):
        return False
    cells = _CELLS.split(line[: 50 * MAX_NAME_CHARS].decode("utf-8", "replace"))
    return known_names([cell.strip(" \r\"'`") for cell in cells[1:]]) < 2


def opens_with_letter(records: list[list[str]]) -> bool:
    """Whether the first record is an H of another width than the records, which a T may answer."""
    cells, usual = records[0] if records else [], usual_width(records)
    return len(records) > 3 and len(cells) > 1 and cells[0] == "H" and len(cells) != usual


def title_lines(records: list[list[str]]) -> int:
    """How many of the first records are a title above the header and not part of the table."""
    return _padded_title(records) or _narrow_title(records)


def upper_names(records: list[list[str]]) -> int:
    """How many of the first records name the columns once more than the last such one: the names
    that people read may stand above those that machines read."""
    place = 0
    for above, below in pairwise(records[: _TITLE_LINES + 1]):
        filled = _filled(below)
        named = known_names(filled) >= max(_SURE_NAMES + 2, _enough(filled))
        if len(below) != len(above) or below == above or not named or any(map(_is_value, filled)):
            break
        place += 1
    return place


def _padded_title(records: list[list[str]]) -> int:
    """A title that a spreadsheet has filled up with blank cells to the width of the table.

    What it stands above is the first record with about the most known names; it is mostly blank
    itself, so that no product is lost with it.
    """
    first = [_filled(cells) for cells in records[: _TITLE_LINES + 1]]
    known = [known_names(filled) for filled in first]
    most = max(known, default=0)
    best = next((place for place, names in enumerate(known) if 2 * names >= most), 0)
    if best and _is_surely_named(first[best]):
        wide = max(1.0, 0.6 * len(first[best]))
        return best if all(len(above) <= wide for above in first[:best]) else 0
    return 0


def _narrow_title(records: list[list[str]]) -> int:
    usual = usual_width(records)
    for place, cells in enumerate(records[: _TITLE_LINES + 1]):
        if len(cells) == usual:
            return place if place and is_header(records[place:]) else 0
        if len(cells) > max(1, usual // 2):
            return 0
    return 0


def usual_width(records: list[list[str]]) -> int:
    """The number of cells that most records have; of a very short file the first one's."""
    counts = Counter(map(len, records))
    if not counts or len(records) <= 3:
        return len(records[0]) if records else 1
    return max(counts, key=lambda width: (counts[width], width))


def column_words(header: list[str], rows: list[list[str]]) -> list[str]:
    """The header's words, one per cell that the records have; blank where it has none.

    Rows that all are longer or shorter than the header still are the feed: cells past the header
    have no name, names past the cells no cells. One cell more with the row's number in front
    comes from tools that leave the name of that column out.
    """
    usual = usual_width(rows)
    even = sum(len(row) == usual for row in rows) >= 0.9 * len(rows)
    if len(rows) < _SURE_ROWS or not even or usual == len(header):
        return header
    if usual < len(header):
        return header[:usual]
    alike = [row for row in rows if len(row) == usual]
    if not any(cell for row in alike for cell in row[len(header) :]):
        return header  # trailing delimiters
    numbers = [row[0] for row in alike]
    if usual == len(header) + 1 and all(map(str.isdecimal, numbers)):
        start = int(numbers[0])
        shifted = ["", *header]
        counted = [int(no) for no in numbers] == [*range(start, start + len(numbers))]
        if start < 2 and counted and _hits(shifted, alike) > _hits([*header, ""], alike):
            return shifted
    return header + [""] * (usual - len(header))


def _hits(names: list[str], rows: list[list[str]]) -> int:
    """How many cells below names of links and prices are links and numbers."""
    wanted = [(p, rule) for p, name in enumerate(names) for word, rule in _KINDS if word(name)]
    return sum(rule(row[place].strip()) is not None for row in rows for place, rule in wanted)


def is_header(records: list[list[str]]) -> bool:
    """Whether the first record holds names: known ones, whatever else stands among them, or words,
    each once, unlike the values below them."""
    first = [cell.strip() for cell in records[0]]
    filled = _filled(first)
    if _holds_pairs(records):
        return False
    if _is_surely_named(filled):
        return True
    if not filled or len(set(filled)) < 0.7 * len(filled):
        return False
    if any(len(cell) > MAX_NAME_CHARS or _is_value(cell) for cell in filled):
        return False
    if len(filled) < 0.6 * len(first):
        return False
    known = sum(map(_is_known, filled))
    if known >= max(2, 0.3 * len(filled)):
        return True
    return _differs(first, records[1:], known)


def _holds_pairs(records: list[list[str]]) -> bool:
    """Whether the cells of the first record are names with values, `id=1|title=Cup`: an equals
    sign in each says so, a colon where the next records have the same names."""
    first = _filled(records[0])
    pairs = [found for cell in first if (found := _PAIR.match(cell))]
    if len(first) < 2 or len(pairs) < 0.8 * len(first):
        return False
    if sum(found[2] == "=" for found in pairs) >= 0.8 * len(first):
        return True
    names = {found[1] for found in pairs}
    below = [[found[1] for cell in row if (found := _PAIR.match(cell))] for row in records[1:]]
    return bool(below) and all(names & set(found) for found in below)


def _filled(cells: list[str]) -> list[str]:
    return [cell.strip() for cell in cells if cell.strip()]


def known_names(cells: list[str]) -> int:
    """How many different known header words are among the cells."""
    return sum(_is_known(c) for c in {c.strip() for c in cells} if len(c) <= MAX_NAME_CHARS)


@lru_cache(1 << 12)
def _is_known(cell: str) -> bool:
    """The first records are looked at again and again."""
    return is_known_name(cell)


def _is_surely_named(filled: list[str]) -> bool:
    """Whether so many cells are known names that no record of values has them."""
    return known_names(filled) >= max(_SURE_NAMES, _enough(filled))


def _enough(filled: list[str]) -> float:
    """So many known names among these cells are no chance."""
    return min(0.5 * len(set(filled)), _MANY_NAMES)


def _is_value(cell: str) -> bool:
    return _VALUE_LIKE.search(cell[: 2 * MAX_NAME_CHARS]) is not None


def _differs(first: list[str], rows: list[list[str]], known: int) -> bool:
    """Whether columns of numbers or links start with a word, or every word is an identifier."""
    for place, word in enumerate(first):
        below = [row[place].strip() for row in rows if place < len(row) and row[place].strip()]
        if word and below and sum(map(_is_value, below)) >= 0.9 * len(below):
            return True
    names = set(string.ascii_letters + string.digits + "_- :.()#")
    plain = all(set(word) <= names and len(word) <= 40 for word in first if word)
    return known > 0 and plain and (not rows or first not in rows)
