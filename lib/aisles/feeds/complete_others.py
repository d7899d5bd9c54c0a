"""What the joint choice of roles leaves out: second texts, larger pictures, genders."""

from __future__ import annotations

import re
from collections.abc import Sequence

from aisles.feeds.column import Column
from aisles.feeds.complete_levels import main_of
from aisles.feeds.lexicon import ROLES
from aisles.feeds.vocabulary import AGAINST, PLAINLY, speaks_of

_CALLED = 2.0
"""Points from which a name says that a column describes the product, if in short."""
_WORDS = 1.5
_SPELT = ("brand", "colour", "size", "gender", "gtin")
_HARDLY = 0.02
_FEW = 3
_NEARLY_ALL = 0.98
_MANY = 0.3
_MOSTLY = 0.8
_OFTEN = 0.9
_FEW_GENDERS = 8
_NOT_ALL = 0.93
"""Share of records up to which it is no accident that the others have no title."""
_MORE_THAN_A_CODE = 1.2
_TITLED = 3.0
_ADDRESS = re.compile(r"(?i)^(.*?)(\.(?:jpe?g|png|webp|gif|avif))?(?:[?#].*)?$", re.S)


def have_every_title(columns: Sequence[Column], chosen: dict[int, int]) -> None:
    """Makes another title, or a model's name, the title of records that have no other.

    A variant has its name inherited (``translated.name`` beside ``name``); of YML's offers of the
    type ``vendor.model`` the title is made of vendor and model.
    """
    title = ROLES.index("title")
    main = main_of(chosen, title)
    if main is None or columns[main].shape.filled >= _NOT_ALL:
        return
    others = [
        place
        for place, column in enumerate(columns)
        if place not in chosen
        and column.shape.letters > 0.5
        and column.shape.words > _MORE_THAN_A_CODE
        and fills(columns[main], column) > _OFTEN
    ]
    named = [place for place in others if columns[place].named.scores["title"] >= _TITLED]
    models = [place for place in others if speaks_of("model", columns[place].name)]
    for place in [*named, *models][:1]:
        chosen[place] = title


def have_every_description(columns: Sequence[Column], chosen: dict[int, int]) -> None:
    """Lets what is called a description as well stand in where the first one is blank.

    Short ones repeat ("Fits everybody."), so that their values do not look like descriptions.
    """
    role = ROLES.index("description")
    main = main_of(chosen, role)
    if main is None or columns[main].shape.filled >= _NEARLY_ALL:
        return
    for place, column in enumerate(columns):
        if (
            place not in chosen
            and _is_called_a_text(column)
            and column.shape.distinct > 1
            and column.shape.words >= _WORDS
            and column.shape.url < _MANY
            and fills(columns[main], column) > _MANY
        ):
            chosen[place] = role
            return


def _is_called_a_text(column: Column) -> bool:
    """Whether the name says so, or says nothing of any role where sentences stand."""
    scores = column.named.scores
    nameless = max(scores.values()) <= 0 and column.shape.sentence > _MOSTLY
    return scores["description"] >= _CALLED or (nameless and scores["description"] > AGAINST)


def have_every_spelling(columns: Sequence[Column], chosen: dict[int, int]) -> None:
    """Gives a role to all columns that are called it and are never filled in the same records.

    Names of parameters and options are people's work: ``Colour``, ``color`` and ``Color name``.
    """
    for name in _SPELT:
        role = ROLES.index(name)
        main = main_of(chosen, role)
        if main is None or columns[main].shape.filled >= _NEARLY_ALL:
            continue
        taken = [columns[main]]
        for place, column in enumerate(columns):
            if (
                place not in chosen
                and column.named.scores[name] >= PLAINLY
                and column.scores[role] > 0
                and column.shape.count >= _FEW
                and all(_never_together(one, column) for one in taken)
            ):
                chosen[place] = role
                taken.append(column)


def _never_together(one: Column, other: Column) -> bool:
    """Whether two columns hardly ever say something of the same record."""
    both = sum(bool(a and b) for a, b in zip(one.values, other.values, strict=False))
    return both <= _HARDLY * min(one.shape.count, other.shape.count)


def have_large_pictures(columns: Sequence[Column], chosen: dict[int, int]) -> None:
    """Makes the main picture the one that the chosen one is made of: `mug.jpg`, not `mug_m.jpg`."""
    role = ROLES.index("image_url")
    main = main_of(chosen, role)
    if main is None:
        return
    for place, column in enumerate(columns):
        if (
            place not in chosen
            and "links to pictures" in column.clues.get("image_url", {})
            and column.shape.filled > _OFTEN * columns[main].shape.filled
            and _derived(columns[main], column) > _MOSTLY
        ):
            del chosen[main]
            chosen[place] = role
            return


def have_own_genders(columns: Sequence[Column], chosen: dict[int, int]) -> None:
    """Takes departments that are nothing but genders for these, where no column has the role."""
    category, gender = ROLES.index("merchant_category"), ROLES.index("gender")
    if gender in chosen.values():
        return
    for place, role in chosen.items():
        shape = columns[place].shape
        if role == category and shape.gender > _MOSTLY and 1 < shape.distinct <= _FEW_GENDERS:
            chosen[place] = gender
            return


def leave_genders(columns: Sequence[Column], chosen: dict[int, int]) -> None:
    """Takes the category from what repeats the genders and is not called one."""
    category, gender = ROLES.index("merchant_category"), ROLES.index("gender")
    main, only = main_of(chosen, gender), main_of(chosen, category)
    if main is None or only is None:
        return
    called = columns[only].named.scores["merchant_category"] > 0
    if not called and _same(columns[main], columns[only]) > _OFTEN:
        del chosen[only]


def _same(one: Column, other: Column) -> float:
    """Share of the records in which either is filled and both hold the same."""
    pairs = [(a, b) for a, b in zip(one.values, other.values, strict=False) if a or b]
    return sum(a == b for a, b in pairs) / max(len(pairs), 1)


def fills(main: Column, other: Column) -> float:
    """Share of the main column's blanks that the other one fills."""
    blanks = [o for m, o in zip(main.values, other.values, strict=False) if not m]
    return sum(bool(o) for o in blanks) / max(len(blanks), 1)


def _derived(one: Column, other: Column) -> float:
    """Share of the rows with both in which one address is the other one with more at its end."""
    pairs = [(m, o) for m, o in zip(one.values, other.values, strict=False) if m and o]
    return sum(_is_derived(m.strip(), o.strip()) for m, o in pairs) / max(len(pairs), 1)


def _is_derived(one: str, other: str) -> bool:
    (stem, ending), (whole, its) = (_ADDRESS.match(text).groups() for text in (one, other))  # type: ignore[union-attr]
    more = stem.removeprefix(whole) if ending == its and whole and stem.startswith(whole) else ""
    return bool(more) and not (whole[-1].isdigit() and more[0].isdigit())  # 80 and 800 are sizes
