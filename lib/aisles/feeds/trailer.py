"""Lines that stand after the records and count them: `TRL|1234`, `FOOTER;2026-01-31;1234`."""

from __future__ import annotations

import re
from collections.abc import Callable

_TRAILER = re.compile(r"""^["'`]?(?:TRL|TRAILER|FOOTER|EOF)(?=\W|$)""", re.I)
_WORDS = ("TRL", "TRAILER", "FOOTER", "EOF")
MOST_CHARS = 200
MOST_CELLS = 4
_COUNT = re.compile(r"(?<![\w.])\d{1,18}(?![\w.])")
_DAY = r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])"
_DATE = re.compile(
    rf"(?<!\d)(?:\d{{4}}[-/.]\d\d?[-/.]\d\d?|\d\d?[./]\d\d?[./]\d{{4}}|{_DAY}(?:\d{{4}}|\d{{6}})?)"
    r"(?:[T ]?\d\d:\d\d(?::\d\d)?\S*)?(?!\d)"
)


def trailer_cells(line: str, cells_of: Callable[[str], list[str]]) -> list[str]:
    """The cells of a line that begins as a trailer; none of another one."""
    if len(line) >= MOST_CHARS or not _TRAILER.match(line):
        return []
    cells = cells_of(line)
    alone = len(cells) == 1 and cells[0].isupper()  # its delimiter may be another one
    return cells if alone or cells[0].strip().upper() in _WORDS else []


def agrees(counted: int, read: int, rejected: int) -> bool:
    """Whether a trailer's count is that of the records that were read.

    Of broken records that were read as several it need not count every one.
    """
    return read - rejected <= counted <= read


def counts_of(line: str) -> list[int]:
    """The numbers in a trailer that may count its records; a date only where nothing else may."""
    bare = _DATE.sub(" ", line)
    return [int(found) for found in _COUNT.findall(bare) or _COUNT.findall(line)]
