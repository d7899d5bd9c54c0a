"""Columns within columns: parameters that stand in cells together with their names.

Two shapes: a cell that lists parameters (`Colour:red|Size:M`), and two columns of which one names
what the other says (`Option1 Name`, `Option1 Value`). The name of such a column tells how it is
read: `param[Colour: |]` is what stands behind `Colour:` in the cells of `param`, whose parameters
`|` keeps apart; `Option1 Value[Option1 Name = Colour]` what `Option1 Value` says where
`Option1 Name` says Colour.
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


def within(name: str) -> Listed | Beside | None:
    """What a column's name says of how it is read; None for a column that just stands there."""
    if not name.endswith("]"):
        return None
    if listed := _LISTED.fullmatch(name):
        return Listed(*listed.groups())
    beside = _BESIDE.fullmatch(name)
    return Beside(*beside.groups()) if beside else None


def with_parameters(maps: pa.MapArray, names: Iterable[str]) -> pa.MapArray:
    """The records (header word -> text, none null) with the cells of such columns after their own.

    names: of columns; those that just stand there change nothing.
    """
    wanted = [(name, found) for name in dict.fromkeys(names) if (found := within(name))]
    if not wanted:
        return maps
    offsets = maps.offsets.to_numpy()
    first, last = int(offsets[0]), int(offsets[-1])
    keys, texts = (part.slice(first, last - first) for part in (maps.keys, maps.items))
    owner = np.repeat(np.arange(len(maps)), np.diff(offsets))
    coded = keys.dictionary_encode()
    code = coded.indices.to_numpy()
    code_of = {name: number for number, name in enumerate(coded.dictionary.to_pylist())}

    def cells(column: str) -> NDArray[np.int64]:
        return np.flatnonzero(code == code_of.get(column, -1))

    all_keys, all_texts, owners = [keys], [texts], [owner]
    for name, one in wanted:
        here = cells(one.column)
        if isinstance(one, Beside):
            said = cells(one.names)
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
