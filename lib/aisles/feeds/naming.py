"""What the names of a feed's columns say, each read beside the others.

Three things only the others tell: a prefix that all share (`OXTITLE`, `OXSTOCK`), a group whose
name is that of one of its parts (`description/name` beside `description/long_desc`), and a column
that names the values of the next one (`Option1 Name`: Colour, `Option1 Value`: red).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from aisles.feeds.lexicon import Lexicon, words_of
from aisles.feeds.vocabulary import PLAINLY, NameScores, name_scores, speaks_of
from aisles.parameters import Among, Beside, Listed, within

_SHARED = 0.8
_LEAST_COLUMNS = 5
_PREFIX = range(6, 1, -1)
_ENOUGH = 8
_AHEAD = 3
PARAMETERS = ("colour", "size", "gender", "brand", "gtin")
"""Roles that a parameter may have; others have columns of their own nearly everywhere."""
SAID_ROLES = (*PARAMETERS, "title", "description", "merchant_product_id")
"""Roles that a member of a list may have by its name."""
_SAID = ("colour", "size", "gender")
"""Roles that a cell may name for the column behind it."""

Values = Sequence[str | None]

# The address of a picture, whatever else is said of the picture beside it: `picture_no`.
_ADDRESS = re.compile(r"(?i)^(?:url|href|src|uri)(?:#\d+)?$")


def names_of(columns: Mapping[str, Values], known: Lexicon | None = None) -> dict[str, NameScores]:
    """What the header's words say, by column; columns: their values, in the feed's order."""
    own = {name: values for name, values in columns.items() if not within(name)}
    found = {name: name_scores(name, known) for name in own}
    found |= _without_prefix(found, known)
    found |= _within_groups(found, known)
    found |= _said_before(own, found, known)
    parameters = {name: one for name in columns if (one := within(name))}
    return found | {n: name_scores(spoken_of(one), known) for n, one in parameters.items()}


def spoken_of(one: Listed | Beside | Among) -> str:
    """What a column within columns is called: its key, with the list's name for a kind of it.

    `retail` among `prices/price` is a retail price, `retail & incl` with `tax` for a second kind
    a retail price tax incl; `Colour` among values needs no more words.
    """
    if not isinstance(one, Among) or role_of(one.key) in SAID_ROLES:
        return one.key
    list_name = re.split(r"[/.@]", one.column)[-2:]
    if len(list_name) > 1 and speaks_of("unit", list_name[0]):
        del list_name[0]  # PrixUnite/Montant
    if one.key.isdigit():
        return " ".join(list_name)  # a level
    kinds, keys = one.kinds
    more = (f"{_split(f'/{kind}')[1]} {key}" for kind, key in zip(kinds[1:], keys[1:]))
    return " ".join([*list_name, keys[0], *more])


def _without_prefix(
    found: Mapping[str, NameScores], known: Lexicon | None
) -> dict[str, NameScores]:
    """Names that are plain once the letters that nearly all names begin with are cut off."""
    better: dict[str, NameScores] = {}
    for size in _PREFIX:
        heads = Counter(name[:size].lower() for name in found if len(name) > size)
        head, shared = heads.most_common(1)[0] if heads else ("", 0)
        if len(found) < _LEAST_COLUMNS or shared < _SHARED * len(found) or not head.isalpha():
            continue
        for name, scores in found.items():
            if name[:size].lower() == head and name not in better and _best(scores) < PLAINLY:
                rest = name_scores(name[size:], known)
                if _best(rest) >= PLAINLY:
                    better[name] = rest
    return better


def _within_groups(found: Mapping[str, NameScores], known: Lexicon | None) -> dict[str, NameScores]:
    """Parts of a group by their own names, where another part is what the group is called."""
    groups: dict[str, list[str]] = {}
    for name in found:
        group, part = _split(name)
        if group and part:
            groups.setdefault(group, []).append(name)
    better: dict[str, NameScores] = {}
    for group, names in groups.items():
        called = role_of(group, known)
        own = {name: name_scores(_split(name)[1], known) for name in names}
        if called and any(_plain_role(scores) == called for scores in own.values()):
            better |= {
                name: scores
                for name, scores in own.items()
                if _plain_role(scores) not in (None, called)
                and not (called == "image_url" and _ADDRESS.match(_split(name)[1]))
            }
    return better


def _split(name: str) -> tuple[str, str]:
    """A name's group and its part in it, each one word of a path; blank where there is none."""
    parts = re.split(r"[/.@]", name)
    return (parts[-2], parts[-1]) if len(parts) > 1 else ("", "")


def _said_before(
    columns: Mapping[str, Values], found: Mapping[str, NameScores], known: Lexicon | None
) -> dict[str, NameScores]:
    """Columns of values whose name stands in the cells of a column just before them."""
    names = list(columns)
    better: dict[str, NameScores] = {}
    for place, name in enumerate(names):
        said = _same_text(columns[name])
        role = said and role_of(said, known)
        if not said or role not in _SAID:
            continue
        for other in names[place + 1 : place + 1 + _AHEAD]:
            if belongs(name, other) and _best(found[other]) < PLAINLY and any(columns[other]):
                points = name_scores(said, known).scores
                better[other] = NameScores(points, {role: f"'{said}' in '{name}'"})
                break
    return better


def _same_text(values: Values) -> str | None:
    """The short text that all filled cells hold; see `aisles.feeds.parameters` for several."""
    counts = Counter(text for value in values if value and (text := value.strip()))
    if counts.total() < _ENOUGH or len(counts) > 1:
        return None
    text = next(iter(counts))
    return text if len(text) <= 40 else None


def belongs(name: str, other: str) -> bool:
    """Whether two names are of one thing: they share a word, or are short, and their numbers are
    the same: `Option1 Name`, `Option1 Value`; `[1] name`, `[1] value`."""
    one, two = set(words_of(name)), set(words_of(other))
    numbers = [{word for word in words if word.isdigit()} for words in (one, two)]
    if numbers[0] != numbers[1]:
        return False
    short = bool(numbers[0]) and max(len(one), len(two)) <= 2
    return short or any(len(word) > 2 for word in (one & two) - numbers[0])


def role_of(name: str, known: Lexicon | None = None) -> str | None:
    """The role that a name plainly states by itself."""
    return _plain_role(name_scores(name, known))


def _best(scores: NameScores) -> float:
    return max(scores.scores.values())


def _plain_role(scores: NameScores) -> str | None:
    """The role that a name plainly states."""
    best = max(scores.scores, key=scores.scores.__getitem__)
    return best if scores.scores[best] >= PLAINLY else None
