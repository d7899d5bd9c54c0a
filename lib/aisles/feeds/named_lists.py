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
from aisles.feeds.naming import PARAMETERS, role_of, spoken_of
from aisles.feeds.relations import amounts_of
from aisles.feeds.vocabulary import name_scores, speaks_of
from aisles.parameters import BOTH, Among, in_list

Values = Sequence[str | None]
Lists = Mapping[str, Mapping[str, Values]]
Orders = Sequence[Mapping[str, int]]
"""Of each of some records its columns' places."""

VALUE = frozenset(
    ["value", "values", "wert", "valeur", "valor", "valores", "valore", "waarde", "wartosc"]
    + ["hodnota", "ertek", "valoare", "varde", "verdi", "vaerdi", "arvo", "vertiba", "verte"]
    + ["значение", "значення", "стоиност", "τιμη", "deger", "値", "值", "값", "ค่า", "nilai"]
    + ["قيمة", "القيمة", "ערך", "मान", "zhi"]
)
"""Words for what a parameter says."""
_TELLING = {
    "price": ("now", "old", "oldprice", "sale", "gross", "net", "unit"),
    "image_url": ("big", "small", "more"),
}
"""What kinds say of prices and of pictures; names of sizes or of customers say nothing of them."""
_ENOUGH = 5  # cells with a name or kind
_MOST_KINDS = 12
_MOST_LEVELS = 8
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


def members_of(lists: Lists, records: Sequence[Mapping[str, str]]) -> list[Among]:
    """Columns within lists that tell of a role.

    lists: see `lists_of`; records: some, which tell in what order a member has its parts.
    """
    found: list[Among] = []
    some = records[:_LOOKED_AT] if lists else ()
    orders = [{part: at for at, part in enumerate(one)} for one in some]
    for names in lists:
        if not VALUE.isdisjoint(words_of(_last(names))):
            continue  # a value may be called as a role is: 黑色
        counts = _counts(lists[names])
        if _are_levels(lists[names], counts):
            found += _levels(lists, orders, names, sorted(counts))
            continue
        often = [key for key, times in counts.items() if times >= _ENOUGH and _is_word(key)]
        if not often or len(counts) > _REPEATED * counts.total():
            continue
        beside = [other for other in lists if other != names and _of_one(names, other)]
        if len(counts) <= _MOST_KINDS and (kinds := [*_kinds(lists, orders, names, often, beside)]):
            found += kinds
        elif (told := _told(often)) and (values := _values(names, beside, lists)):
            found += _members(orders, values, names, told)
    return found


def _told(keys: Sequence[str]) -> list[str]:
    """The keys that name a role: a parameter's; those of texts and of ids among others alike."""
    roles = {key: role_of(key) for key in keys}
    known = {*PARAMETERS}
    known |= {"title", "description"} if "title" in roles.values() else set()
    known |= {"merchant_product_id"} if "gtin" in roles.values() else set()
    return [key for key, role in roles.items() if role in known]


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

    Either may stand further inside: ``options.group.name`` of ``options.name``, ``prices.type`` of
    ``prices.amount.value``.
    """
    own, theirs = _parent(name), _parent(other)
    inside = bool(theirs) and own.startswith((f"{theirs}.", f"{theirs}/"))
    around = bool(own) and theirs.startswith((f"{own}.", f"{own}/"))
    return bool(own) and (own in (theirs, other) or theirs == name or inside or around)


def _last(name: str) -> str:
    return re.split(r"[/.@]", name)[-1]


def _parent(name: str) -> str:
    return re.sub(r"[/.@]?[^/.@]+$", "", name)


def _values(names: str, beside: Sequence[str], lists: Lists) -> str | None:
    """The list that holds what the names name."""
    might = [other for other in beside if not speaks_of("id", _last(other))]
    called = [other for other in might if not VALUE.isdisjoint(words_of(_last(other)))]
    text = [other for other in might if other == _parent(names)]
    others = [other for other in might if role_of(other) in (None, "title", "description")]
    ours = called or text or others
    return max(ours, key=lambda other: len(_counts(lists[other])), default=None)


def _kinds(
    lists: Lists, orders: Orders, names: str, often: Sequence[str], beside: Sequence[str]
) -> Iterator[Among]:
    """Prices or pictures of several kinds, if the kinds say which one is the product's."""
    for values in beside:
        role = _role_by_kind(values, lists[values])
        if role is None:
            continue
        kinds = [names, *_further(lists, orders, names, beside, values)]
        keys = _keys([lists[kind] for kind in kinds]) if len(kinds) > 1 else list(often)
        both = BOTH.join(kinds)
        telling = [key for key in keys if any(speaks_of(one, key) for one in _TELLING[role])]
        might = _members(orders, values, both, telling)
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
    said = [name_scores(one).scores for one in (name, _last(name))]
    priced, pictured = (max(one[role] for one in said) for role in ("price", "image_url"))
    if priced >= _RATHER and len(texts) >= _ENOUGH:
        return "price" if np.isfinite(amounts_of(texts)).mean() >= _MOSTLY else None
    linked = sum("//" in text[:8] for text in texts) >= _MOSTLY * max(len(texts), 1)
    return "image_url" if pictured >= _RATHER and linked else None


def _further(
    lists: Lists, orders: Orders, names: str, beside: Sequence[str], values: str
) -> list[str]:
    """The lists that tell apart what members of one kind are: with and without tax."""
    kinds: list[str] = []
    for other in beside:
        if not _repeat([lists[kind] for kind in (names, *kinds)]):
            break
        counts = _counts(lists[other])
        few = 1 < len(counts) <= _MOST_KINDS and all(map(_is_word, counts))
        if few and other != values and _is_first(orders, names, other):
            kinds.append(other)
    return kinds[:2]


def _repeat(kinds: Sequence[Mapping[str, Values]]) -> bool:
    """Whether records have two members that are of the same kinds."""
    said = [list(zip(*one, strict=True)) for one in zip(*_columns(kinds), strict=True)]
    return any(len(set(one)) < len(one) for one in ([m for m in row if m[0]] for row in said))


def _keys(kinds: Sequence[Mapping[str, Values]]) -> list[str]:
    """The kinds of several lists that often stand at one place, as keys of an `Among`."""
    counts: Counter[str] = Counter()
    for row in zip(*_columns(kinds), strict=True):
        members = zip(*row, strict=True)
        counts.update(BOTH.join(t.strip() for t in one if t) for one in members if all(one))
    return [key for key, times in counts.items() if times >= _ENOUGH][: 2 * _MOST_KINDS]


def _columns(kinds: Sequence[Mapping[str, Values]]) -> Iterator[list[tuple[str | None, ...]]]:
    """Of each of several lists its members, row by row, those of one number at one place."""
    numbers = [in_list(name)[1] for name in kinds[0]]
    rows = len(next(iter(kinds[0].values())))
    for one in kinds:
        by_number = {in_list(name)[1]: values for name, values in one.items()}
        columns = [by_number.get(number, [None] * rows) for number in numbers]
        yield list(zip(*columns, strict=True))


def _are_levels(columns: Mapping[str, Values], counts: Counter[str]) -> bool:
    """Whether a list counts levels, and not always from the top down."""
    few = 1 < len(counts) <= _MOST_LEVELS and all(len(key) == 1 and key.isdigit() for key in counts)
    if not few:
        return False
    orders = [[text for text in row if text] for row in zip(*columns.values(), strict=True)]
    return any(order != sorted(order) for order in orders)


def _levels(lists: Lists, orders: Orders, names: str, keys: Sequence[str]) -> list[Among]:
    """The levels of a category, in the order of their numbers."""
    for values in lists:
        scores = name_scores(values).scores
        called = scores["merchant_category"] >= _RATHER or values == _parent(names)
        if values != names and called and _of_one(names, values):
            worded = [text for text in _counts(lists[values]) if _LETTERS.search(text)]
            if len(worded) >= _MOSTLY * len(_counts(lists[values])):
                return _members(orders, values, names, keys)
    return []


def _members(orders: Orders, values: str, names: str, keys: Sequence[str]) -> list[Among]:
    ahead = _is_first(orders, names.split(BOTH)[0], values)
    return [Among(values, names, ahead, key) for key in keys]


def _is_first(orders: Orders, name: str, other: str) -> bool:
    """Whether members have the one part before the other. One may be blank in the first member."""
    both = [order[name] < order[other] for order in orders if name in order and other in order]
    return 2 * sum(both) > len(both)
