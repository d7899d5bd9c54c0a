"""Which parameters of a feed stand in cells together with their names (`aisles.parameters`)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import compress

from aisles.feeds.lexicon import words_of
from aisles.feeds.named_lists import VALUE, lists_of, members_of
from aisles.feeds.naming import PARAMETERS, belongs, role_of
from aisles.feeds.vocabulary import speaks_of
from aisles.parameters import BOTH, JSON, MARKS, SIGNS, Beside, Listed, in_list, pairs_in

Values = Sequence[str | None]

_LOOKED_AT = 400
_FIRST = 20
_ENOUGH = 5  # cells that tell how a column is to be read
_SHAPED, _BY_CHANCE = 0.8, 0.3  # of them have that shape; so many fewer may do among a few
_OFTEN = 0.05  # of the cells name a parameter that gets a column of its own
_KIND = 0.5  # at most, of different cells among those of a column that names others
_NEAR = 4
_KEY = r"\s*([^\W\d_][^:：=|;<>\n\"{}]{0,39}?)\s*"
_SENTENCE = re.compile(r"[.!?]\s")


def parameters_of(
    columns: Mapping[str, Values], records: Sequence[Mapping[str, str]] = ()
) -> list[str]:
    """Names of the columns within columns that tell of a role, in the columns' order.

    columns: their values, row by row. records: the same rows, each with its cells in their order.
    """
    found: list[str] = []
    members = members_of(lists_of(columns), records)
    listed = {one.names.split(BOTH)[0] for one in members}
    for name, values in columns.items():
        filled = [text for text in values if text and not text.isspace()][:_LOOKED_AT]
        if len(filled) >= _ENOUGH:
            found += map(str, _listed(name, filled))
            if in_list(name)[0] not in listed:
                found += map(str, _beside(name, filled, columns))
    return [*found, *map(str, members)]


def _listed(name: str, filled: Sequence[str]) -> list[Listed]:
    """The telling parameters that the cells of one column list."""
    best: Counter[str] = Counter()
    how = ("", "")
    for sign, mark, cells in _readings(filled):
        shaped = sum(bool(keys) for keys in cells)
        counts = Counter(key for keys in cells for key in dict.fromkeys(keys))
        if shaped >= _SHAPED * len(filled) and counts.total() > best.total():
            best, how = counts, (sign, mark)
    least = max(_ENOUGH, _OFTEN * len(filled))
    often = [key for key, times in best.items() if times >= least]
    return [Listed(name, key, *how) for key in often if role_of(key) in PARAMETERS]


def _readings(filled: Sequence[str]) -> Iterator[tuple[str, str, list[list[str]]]]:
    """The ways in which the cells may list parameters: sign, mark, and the names in each cell.

    A cell that is not of that shape has none.
    """
    if sum(text.lstrip()[:1] in ("{", "[") for text in filled) >= _SHAPED * len(filled):
        yield ":", JSON, [list(pairs_in(text)) for text in filled]
        return
    for sign, assigned in SIGNS.items():
        key = re.compile(_KEY + assigned + r"(?!//)\s*\S")
        # Of most columns a few cells are enough to tell that they list none.
        for some, least in ((filled[:_FIRST], _SHAPED - _BY_CHANCE), (filled, _SHAPED)):
            if sum(key.match(text) is not None for text in some) < least * len(some):
                break
        else:
            yield from _cut(filled, sign, key)


def _cut(
    filled: Sequence[str], sign: str, key: re.Pattern[str]
) -> Iterator[tuple[str, str, list[list[str]]]]:
    for mark, between in MARKS.items():
        apart = re.compile(between)
        yield sign, mark, [_keys(apart.split(text), key) for text in filled]


def _keys(parts: Sequence[str], key: re.Pattern[str]) -> list[str]:
    """The names of parameters; none where more than a few parts name none."""
    filled = [part for part in parts if part.strip()]
    found = [match[1] for part in filled if (match := key.match(part))]
    named = [one for one in found if not _SENTENCE.search(one)]
    return named if 3 * len(named) >= 2 * len(filled) else []


def _beside(name: str, filled: Sequence[str], columns: Mapping[str, Values]) -> list[Beside]:
    """The telling parameters that the cells of one column name for one of the next ones."""
    counts = Counter(text.strip() for text in filled)
    often = [key for key, times in counts.items() if times >= _ENOUGH and len(key) <= 40]
    told = [key for key in often if role_of(key) in PARAMETERS]
    if not told or len(counts) > _KIND * len(filled):
        return []
    speaking = [text is not None and text.strip() in told for text in columns[name]]

    def said(other: str) -> tuple[int, bool, int]:
        texts = [text for text in compress(columns[other], speaking) if text]
        return len(texts), not VALUE.isdisjoint(words_of(other)), len(set(texts))

    names = [other for other in columns if other == name or belongs(name, other)]
    place = names.index(name)
    near = [*names[place + 1 : place + 1 + _NEAR], *names[max(place - _NEAR, 0) : place]]
    # A unit may stand between the name and the value, but not of all of them.
    might = [other for other in near if _may_be_said(other, columns[other])]
    best = max(might, key=said, default=name)
    if len(counts) == 1 and best in names[place + 1 :] and not role_of(best):
        return []  # it says the same of every record: see `names_of`
    return [Beside(best, name, key) for key in told] if best != name and said(best)[0] else []


def _may_be_said(name: str, values: Values) -> bool:
    """Whether a column may hold what another one names: no id, not always the same."""
    plain = role_of(name)
    return (plain is None or plain == "title") and not speaks_of("id", name) and len({*values}) > 1
