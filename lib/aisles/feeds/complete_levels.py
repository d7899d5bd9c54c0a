"""What the joint choice of roles leaves out: further levels of a category beside the first ones."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from aisles.feeds.column import Column
from aisles.feeds.lexicon import ROLES

_NUMBER = re.compile(r"[0-9]+(?=[^0-9]*$)")
_RANKS = (
    *("first", "second", "third", "fourth", "primary", "secondary", "tertiary"),
    *("yiji", "erji", "sanji", "siji"),
    *"大中小細대중소세一二三四",
)
"""Words for a rank, as they stand in the names of levels."""
_PARTS = re.compile(r"[./]")
_RANK = re.compile("|".join(_RANKS))
_WORDS = 0.5
_LONGEST = 80
_CALLED = 0.4


def have_every_level(columns: Sequence[Column], chosen: dict[int, int]) -> None:
    """Gives the role to all columns that are numbered as the first level of categories is, or are
    called as it is but for their parents.

    A small feed's values do not show that `KAT_3` says more than `KAT_2`: nearly every product has
    a value of its own there. Their names do.
    """
    role = ROLES.index("merchant_category")
    main = main_of(chosen, role)
    if main is None or not _is_called_so(columns[main]):
        return
    stem = _stem(columns[main].name) or _stem_of_child(columns[main].name)
    if stem is None or columns[main].shape.path > _WORDS or "#" in columns[main].name:
        return
    for place, column in enumerate(columns):
        shape = column.shape
        if (
            place in chosen
            or not (shape.distinct and _is_called_so(column))
            or stem not in (_stem(column.name), _stem_of_child(column.name))
        ):
            continue
        plain = shape.url < _WORDS and not shape.markup and shape.path <= _WORDS
        if plain and shape.letters > _WORDS and shape.length < _LONGEST:
            chosen[place] = role


def main_of(chosen: Mapping[int, int], role: int) -> int | None:
    """The place of the first column that was given a role, None where none was."""
    return next((place for place, given in chosen.items() if given == role), None)


def _is_called_so(column: Column) -> bool:
    return column.named.scores["merchant_category"] >= _CALLED


def _stem_of_child(name: str) -> str:
    """The name without the parts that say parent: `category.parent.name` is as `category.name`."""
    parts = [part for part in _PARTS.split(name) if not part.lower().startswith("parent")]
    return "/".join(parts)


def _stem(name: str) -> str | None:
    """The name without its number or word for a rank, None where it has neither."""
    for pattern in (_NUMBER, _RANK):
        if found := [*pattern.finditer(name)]:
            start, end = found[-1].span()
            return f"{name[:start]}#{name[end:]}"
    return None
