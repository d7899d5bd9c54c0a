"""Lists within records whose members say what they are: `<price type="retail">`, name and value.

The places of the members tell little: one record has the size first, another the colour, a third
no size at all. What a column of `aisles.parameters.Among` holds is of one name or kind throughout.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from aisles.feeds.lexicon import words_of
from aisles.feeds.naming import role_of, spoken_of
from aisles.feeds.relations import amounts_of
from aisles.feeds.vocabulary import name_scores, speaks_of
from aisles.parameters import BOTH, Among, in_list

Values = Sequence[str | None]
Lists = Mapping[str, Mapping[str, Values]]
Records = Sequence[Mapping[str, str]]

VALUE = frozenset(
    ["value", "values", "wert", "valeur", "valor", "valores", "valore", "waarde", "wartosc"]
    + ["hodnota", "ertek", "valoare", "varde", "verdi", "vaerdi", "arvo", "vertiba", "verte"]
    + ["значение", "значення", "стоиност", "τιμη", "deger", "値", "值", "값", "ค่า", "nilai"]
    + ["قيمة", "القيمة", "ערך", "मान", "zhi"]
)
"""Words for what a parameter says."""
SAID_ROLES = ("colour", "size", "gender", "brand", "gtin")
"""Roles that a parameter may have; others have columns of their own everywhere."""
_TELLING = {
    "price": ("now", "old", "oldprice", "sale", "gross", "net", "unit"),
    "image_url": ("big", "small", "more"),
}
"""What kinds say of prices and of pictures; names of sizes or of customers say nothing of them."""
_ENOUGH = 5  # cells with a name or kind
_MOST_KINDS = 12
_LONGEST = 40
_REPEATED = 0.5  # at most, of different names among all
_RATHER, _PLAINLY = 1.4, 3.4
_MOSTLY = 0.8
_LOOKED_AT = 400
_LETTERS = re.compile(r"[^\W\d_]{2}")


def lists_of(columns: Mapping[str, Values]) -> dict[str, dict[str, Values]]:
    """The columns of each list by its name, those with at least two members.

    columns: their values, row by row.
    """
    lists: dict[str, dict[str, Values]] = {}
    for name, values in columns.items():
        lists.setdefault(in_list(name)[0], {})[name] = values[:_LOOKED_AT]
    return {stem: own for stem, own in lists.items() if len(own) > 1}


def members_of(lists: Lists, records: Records) -> list[Among]:
    """Columns within lists that tell of a role.

    lists: see `lists_of`; records: some, which tell in what order a member has its parts.
    """
    found: list[Among] = []
    for names in lists:
        if not VALUE.isdisjoint(words_of(_last(names))):
            continue  # a value may be called as a role is: 黑色
        counts = _counts(lists[names])
        often = [key for key, times in counts.items() if times >= _ENOUGH and _is_word(key)]
        if not often or len(counts) > _REPEATED * counts.total():
            continue
        beside = [other for other in lists if other != names and _of_one(names, other)]
        told = [key for key in often if role_of(key) in SAID_ROLES]
        if told and (values := _values(names, beside, lists)):
            found += [_among(records, values, names, key) for key in told]
        elif not told and len(counts) <= _MOST_KINDS:
            found += _kinds(lists, records, names, often, beside)
    return found


def is_mixed(name: str, inner: Sequence[Among]) -> bool:
    """Whether a column is of a list whose members are told apart by columns within it."""
    return any(in_list(name)[0] == one.column for one in inner)


def _counts(columns: Mapping[str, Values]) -> Counter[str]:
    """How often the cells of a list hold each text."""
    texts = (text.strip() for values in columns.values() for text in values if text)
    return Counter(text for text in texts if text)


def _is_word(key: str) -> bool:
    return len(key) <= _LONGEST and _LETTERS.search(key) is not None


def _of_one(name: str, other: str) -> bool:
    """Whether two lists are of parts of the same members: an element, its text, its attributes.

    The name may stand further inside: ``options.group.name`` of ``options.name``.
    """
    own, theirs = _parent(name), _parent(other)
    inside = bool(theirs) and own.startswith((f"{theirs}.", f"{theirs}/"))
    return bool(own) and (own in (theirs, other) or theirs == name or inside)


def _last(name: str) -> str:
    return re.split(r"[/.@]", name)[-1]


def _parent(name: str) -> str:
    return re.sub(r"[/.@]?[^/.@]+$", "", name)


def _values(names: str, beside: Sequence[str], lists: Lists) -> str | None:
    """The list that holds what the names name."""
    might = [other for other in beside if not speaks_of("id", _last(other))]
    called = [other for other in might if not VALUE.isdisjoint(words_of(_last(other)))]
    text = [other for other in might if other == _parent(names)]
    others = [other for other in might if role_of(other) in (None, "title")]
    ours = called or text or others
    return max(ours, key=lambda other: len(_counts(lists[other])), default=None)


def _kinds(
    lists: Lists, records: Records, names: str, often: Sequence[str], beside: Sequence[str]
) -> Iterator[Among]:
    """Prices or pictures of several kinds, if the kinds say which one is the product's."""
    for values in beside:
        role = _role_by_kind(values, lists[values])
        if role is None:
            continue
        more = _second(lists, records, names, beside, values)
        keys = _pairs(lists[names], lists[more]) if more else list(often)
        both = f"{names}{BOTH}{more}" if more else names
        telling = [key for key in keys if any(speaks_of(one, key) for one in _TELLING[role])]
        might = [_among(records, values, both, key) for key in telling]
        scores = [name_scores(spoken_of(one)).scores for one in might]
        roles = ("price", "old_price") if role == "price" else (role,)
        points = [max(one[name] for name in roles) for one in scores]
        plain = [one[role] >= _PLAINLY for one in scores]
        if any(plain) and sum(plain) < len(keys):
            yield from (one for one, many in zip(might, points, strict=True) if many > 0)
            return


def _role_by_kind(name: str, columns: Mapping[str, Values]) -> str | None:
    """Whether a list holds prices or pictures: `price`, `image_url`, None."""
    texts = [text.strip() for values in columns.values() for text in values if text]
    scores = name_scores(name).scores
    if scores["price"] >= _RATHER and len(texts) >= _ENOUGH:
        amounts = amounts_of(texts)
        return "price" if np.isfinite(amounts).mean() >= _MOSTLY else None
    linked = sum("//" in text[:8] for text in texts)
    pictures = scores["image_url"] >= _RATHER and linked >= _MOSTLY * max(len(texts), 1)
    return "image_url" if pictures else None


def _second(
    lists: Lists, records: Records, names: str, beside: Sequence[str], values: str
) -> str | None:
    """The list that tells apart what two members of one kind are: with and without tax."""
    rows = list(zip(*lists[names].values(), strict=True))
    if not any(_repeats([text for text in row if text]) for row in rows):
        return None
    for other in beside:
        counts = _counts(lists[other])
        if (
            other != values
            and _is_first(records, names, other)
            and 1 < len(counts) <= _MOST_KINDS
            and all(map(_is_word, counts))
        ):
            return other
    return None


def _repeats(texts: Sequence[str]) -> bool:
    return len(set(texts)) < len(texts)


def _pairs(one: Mapping[str, Values], other: Mapping[str, Values]) -> list[str]:
    """The kinds of both lists that often stand at one place, as keys of an `Among`."""
    counts: Counter[str] = Counter()
    numbered = {in_list(name)[1]: values for name, values in other.items()}
    for name, values in one.items():
        beside = numbered.get(in_list(name)[1], ())
        both = zip(values, beside, strict=False)
        counts.update(f"{a.strip()}{BOTH}{b.strip()}" for a, b in both if a and b)
    return [key for key, times in counts.items() if times >= _ENOUGH][: 2 * _MOST_KINDS]


def _among(records: Records, values: str, names: str, key: str) -> Among:
    return Among(values, names, _is_first(records, names.split(BOTH)[0], values), key)


def _is_first(records: Records, name: str, other: str) -> bool:
    """Whether members have the one part before the other. One may be blank in the first member."""
    orders = [{part: at for at, part in enumerate(one)} for one in records[:_LOOKED_AT]]
    both = [order[name] < order[other] for order in orders if name in order and other in order]
    return 2 * sum(both) > len(both)
