"""Columns within columns: parameters that stand in cells together with their names.

Three shapes: a cell that lists parameters (`Colour:red|Size:M`), two columns of which one names
what the other says (`Option1 Name`, `Option1 Value`), and a list of such pairs. The name of such a
column tells how it is read: `param[Colour: |]` is what stands behind `Colour:` in the cells of
`param`, whose parameters `|` keeps apart; `Option1 Value[Option1 Name = Colour]` what
`Option1 Value` says where `Option1 Name` says Colour; `attr.value[attr.name => Colour]` what that
one of `attr.value`, `attr.value#2`, ... says that follows the first of `attr.name`, `attr.name#2`,
... that says Colour, and `<=` the one that comes before it, as the text of an element comes before
its attributes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Places = NDArray[np.int64]

JSON = "{}"
"""Stands for the mark of cells that are JSON: an object, or a list of pairs of name and value."""
MARKS = {
    "|": r"\|+", ";": ";+", r"\n": r"[\r\n]+", "<br>": r"<[Bb][Rr]\s*/?>", ",": ",", "/": r"\s/+\s",
}  # fmt: skip
"""What keeps the parameters of a cell apart, as it stands in names, and its pattern."""
SIGNS = {":": "[:：]", "=": "="}
"""What stands between the name of a parameter and its value, and its pattern."""
_LISTED = re.compile(
    rf"(?s)(.+)\[(.+)([{''.join(SIGNS)}]) ({'|'.join(map(re.escape, [*MARKS, JSON]))})\]"
)
_BESIDE = re.compile(r"(?s)(.+)\[(.+) = (.+)\]")
_AMONG = re.compile(r"(?s)(.+)\[(.+) (=>|<=) (.+)\]")
BOTH = " & "
"""What stands between several lists of names, and between the keys of each."""
KEYS = (
    r"(?i)^(?:name|key|label|attribute|nombre|nome|nom|naam|nazwa|n[aá]zev|n[aá]zov|navn|namn|nimi"
    r"|ad[iı]?|имя|название|назва|наименование|bezeichnung"
    r"|(?:attribute|param|parameter|option|property|spec|feature|field)(?:[_-]?type)?[_-]?"
    r"(?:name|key|label|code))$"
)
VALUES = (
    r"(?i)^(?:val|value|values|text|value[_-]?(?:name|text)"
    r"|valor|valores|valeur|valore|wert|waarde|warto(?:sc|ść)|hodnota|v[aä]rde|verdi|v(?:ae|æ)rdi"
    r"|arvo|de[gğ]er|значение|значення|nilai|[eé]rt[eé]k|valoare"
    r"|(?:attribute|param|parameter|option|property|spec|feature|field)[_-]?value(?:[_-]?name)?)$"
)
"""Names of the two fields of an object that names a value."""
_KEYS, _VALUES = re.compile(KEYS), re.compile(VALUES)


@dataclass(frozen=True)
class Codes:
    """Which cells are of which column: the number of each cell's column, and the columns' ones."""

    of_cell: NDArray[np.int64]
    of_name: dict[str, int]

    @staticmethod
    def of(keys: pa.StringArray) -> Codes:
        coded = keys.dictionary_encode()
        names = coded.dictionary.to_pylist()
        return Codes(coded.indices.to_numpy(), {name: at for at, name in enumerate(names)})

    def cells(self, column: str) -> Places:
        """The places of a column's cells."""
        return np.flatnonzero(self.of_cell == self.of_name.get(column, -1))

    def numbered(self, column: str) -> Places:
        """The places of the cells of a list: of the column and of those numbered after it."""
        own = [at for name, at in self.of_name.items() if in_list(name)[0] == column]
        return np.flatnonzero(np.isin(self.of_cell, own))


def in_list(name: str) -> tuple[str, str]:
    """A name without the number of its place in a list, and that number."""
    bare, _, number = name.partition("#")
    return (bare, number) if number.isdigit() else (name, "")


@dataclass(frozen=True)
class Listed:
    """The values of one parameter that cells of `column` list: sign and mark as in SIGNS, MARKS."""

    column: str
    key: str
    sign: str
    mark: str

    def __str__(self) -> str:
        return f"{self.column}[{self.key}{self.sign} {self.mark}]"

    def read(self, texts: pa.StringArray) -> pa.StringArray:
        """What each cell says of the parameter, null where it does not; the first of several."""
        if self.mark == JSON:
            coded = texts.dictionary_encode()
            found = [pairs_in(text).get(self.key) for text in coded.dictionary.to_pylist()]
            return pa.array(found, pa.string()).take(coded.indices)
        mark, key = MARKS[self.mark], re.escape(self.key)
        pattern = rf"(?s)(?:^|{mark})\s*{key}\s*{SIGNS[self.sign]}(?P<value>.*?)(?:{mark}|$)"
        found = pc.struct_field(pc.extract_regex(texts, pattern), "value")
        bare = pc.utf8_trim(found, " \t\r\n\"'")
        return pc.if_else(pc.equal(bare, ""), None, bare)


@dataclass(frozen=True)
class Beside:
    """What `column` says where the column `names` says `key`."""

    column: str
    names: str
    key: str

    def __str__(self) -> str:
        return f"{self.column}[{self.names} = {self.key}]"


@dataclass(frozen=True)
class Among:
    """What that member of the list `column` says whose `names` says `key`.

    ahead: whether a name stands before what it names, else behind it. names may be several lists,
    as may be key, `type & tax` and `retail & incl`; a member has a cell of the first, perhaps none
    of the others or of `column`.
    """

    column: str
    names: str
    ahead: bool
    key: str

    def __str__(self) -> str:
        return f"{self.column}[{self.names} {'=>' if self.ahead else '<='} {self.key}]"

    @property
    def kinds(self) -> tuple[list[str], list[str]]:
        """The lists that name members, and what each of them says."""
        names = self.names.split(BOTH)
        return names, self.key.split(BOTH, len(names) - 1)

    def read(self, code: Codes, owner: Places, texts: pa.StringArray) -> Places:
        """The places of the cells, (n,), one a record at most; code: the columns' numbers."""
        kinds, keys = self.kinds
        first = code.numbered(kinds[0])
        speaking = np.ones(len(first), np.bool_)
        for at, (kind, key) in enumerate(zip(kinds, keys, strict=False)):
            here = code.numbered(kind)
            says = pc.equal(pc.utf8_trim_whitespace(texts.take(pa.array(here))), key)
            said = here[pc.fill_null(says, False).to_numpy(zero_copy_only=False)]
            alike = np.zeros(len(first), np.bool_)
            # Attributes of one element stand together, the first of them first.
            mine = _member(first, said, owner, True) if at else np.searchsorted(first, said)
            alike[mine[mine >= 0]] = True
            speaking &= alike
        cells = code.numbered(self.column)
        mine = _member(first, cells, owner, self.ahead)
        ours = cells[(mine >= 0) & speaking[mine]] if len(first) else cells[:0]
        return ours[np.unique(owner[ours], return_index=True)[1]]


def _member(first: Places, cells: Places, owner: Places, ahead: bool) -> Places:
    """Of each cell the number of its member, -1 for none.

    first: the places of one cell of each member; it is their first one where `ahead`, else the last
    but for other attributes.
    """
    mine = (
        np.searchsorted(first, cells, side="right") - 1 if ahead else np.searchsorted(first, cells)
    )
    there = (mine >= 0) & (mine < len(first))
    there[there] &= owner[first[mine[there]]] == owner[cells[there]]
    return np.where(there, mine, -1)


def within(name: str) -> Listed | Beside | Among | None:
    """What a column's name says of how it is read; None for a column that just stands there."""
    if not name.endswith("]"):
        return None
    if listed := _LISTED.fullmatch(name):
        return Listed(*listed.groups())
    if among := _AMONG.fullmatch(name):
        column, names, mark, key = among.groups()
        return Among(column, names, mark == "=>", key)
    beside = _BESIDE.fullmatch(name)
    return Beside(*beside.groups()) if beside else None


def with_parameters(maps: pa.MapArray, names: Iterable[str]) -> pa.MapArray:
    """The records (header word -> text, none null) with the cells of such columns after their own.

    names: of columns; those that just stand there change nothing.
    """
    # By name, as levels of a category are read in the order of their cells.
    wanted = [(name, found) for name in sorted(set(names)) if (found := within(name))]
    if not wanted:
        return maps
    offsets = maps.offsets.to_numpy()
    first, last = int(offsets[0]), int(offsets[-1])
    keys, texts = (part.slice(first, last - first) for part in (maps.keys, maps.items))
    owner = np.repeat(np.arange(len(maps)), np.diff(offsets))
    code = Codes.of(keys)
    all_keys, all_texts, owners = [keys], [texts], [owner]
    for name, one in wanted:
        here = code.cells(one.column)
        if isinstance(one, Among):
            here = one.read(code, owner, texts)
            values = texts.take(pa.array(here))
        elif isinstance(one, Beside):
            said = code.cells(one.names)
            same = pc.equal(pc.utf8_trim_whitespace(texts.take(pa.array(said))), one.key)
            speaking = np.zeros(len(maps), np.bool_)
            speaking[owner[said[pc.fill_null(same, False).to_numpy(zero_copy_only=False)]]] = True
            here = here[speaking[owner[here]]]
            values = texts.take(pa.array(here))
        else:
            values = one.read(texts.take(pa.array(here)))
            there = values.is_valid()
            here, values = here[there.to_numpy(zero_copy_only=False)], values.filter(there)
        all_keys.append(pa.array([name] * len(here), pa.string()))
        all_texts.append(values)
        owners.append(owner[here])
    whose = np.concatenate(owners)
    order = pa.array(np.argsort(whose, kind="stable"))
    ends = np.zeros(len(maps) + 1, np.int32)
    np.cumsum(np.bincount(whose, minlength=len(maps)), out=ends[1:])
    more = (pa.concat_arrays(parts).take(order) for parts in (all_keys, all_texts))
    return pa.MapArray.from_arrays(pa.array(ends), *more, type=maps.type)


def pairs_in(text: str) -> dict[str, str]:
    """The parameters in a cell that is JSON: of an object, or of a list of named values."""
    if text.lstrip()[:1] not in ("{", "["):
        return {}
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    several = found if isinstance(found, list) else [found]
    pairs: dict[str, str] = {}
    for one in several:
        if isinstance(one, dict):
            for key, value in _named(one).items():
                if isinstance(value, str) and value.strip():
                    pairs.setdefault(key, value.strip())
    return pairs


def _named(one: dict[str, object]) -> dict[str, object]:
    """An object that names a value, as an object of that name; others as they are."""
    key = next((k for k, v in one.items() if _KEYS.match(k) and isinstance(v, str)), None)
    value = next((k for k in one if _VALUES.match(k)), None)
    return one if key is None or value is None else {str(one[key]): one[value]}
