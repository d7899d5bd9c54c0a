"""Records that nest what is sold: a product and its variants, each of which is a record of its own.

``{"id": 7, "title": "Shirt", "variants": [{"id": 71, "size": "S"}, {"id": 72, "size": "M"}]}`` is
sold as 71 and as 72. Each has what the product says, and its own in place of that: of a column that
both fill, the variant's cell. Only what is a text about the product, its name, description, brand
or category, stays; the variant's stands in a column of its own, ``variants.brand``. The product's
id, where the variant's takes its place, is the ``item_group_id``, as in Google's product data
specification (attribute item_group_id); a variant's name, which says what it differs in, is an
option beside the product's.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Sequence
from functools import lru_cache

from aisles.feeds.vocabulary import concepts_of

Cells = list[tuple[str, str]]

GROUP = "item_group_id"
MOST = 1000
"""So many variants of a product are told apart, of so many cells together:"""
_MOST_CELLS = 100_000
_WORDS = r"varia(?:nts?|tions?|nte[ns]?|nti|ntes|ciones|cion|zioni|zione|ções|ção)|skus?|wariant\w*"
_NAMES = re.compile(rf"(?i)(?:^|[^a-z])(?:\w*_)?(?:{_WORDS})$|вариант|модификац")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_OTHERS = re.compile(r"(?i)^(?:items?|offers?|articles?|child(?:ren|s)?|products?|artikel)$")
_OWN_WORD = re.compile(rf"(?i)^(?:{_WORDS})[\s_.-]*(?=\w)")
_IDS = frozenset(["id", "sku", "gtin"])
_TEXTS = frozenset(["title", "name", "text", "brand", "maker", "category"])
_TITLES = frozenset(["title", "name"])
_OPTION = "option"
_MOST_NAMES = 10_000


@lru_cache(_MOST_NAMES)
def may_be_variants(name: str) -> bool:
    """Whether a list of that name may hold the variants of a product."""
    return _says_variants(name) or bool(_OTHERS.match(name))


def _says_variants(name: str) -> bool:
    return bool(_NAMES.search(_CAMEL.sub("_", name)))


def are_variants(name: str, members: Sequence[Cells]) -> bool:
    """Whether the members of a list, of these cells, are variants: each has an id of its own.

    In a list whose name does not say so, each has a price, too.
    """
    if not 0 < len(members) <= MOST or not may_be_variants(name):
        return False
    if not _says_variants(name) and not all(any(map(_is_price, cells)) for cells in members):
        return False
    ids = [{column: text for column, text in cells if _is_id(column)} for cells in members]
    shared = set.intersection(*map(set, ids))
    return any(len({one[column] for one in ids}) == len(ids) for column in shared)


def spread(product: Cells, name: str, members: Sequence[Cells], joint: str) -> Iterator[Cells]:
    """The cells of each variant.

    product: those of the product beside its variants. name: of the list; its cells' names begin
    with it and the joint where they are not the product's.
    """
    known = {_bare(column): _base(column) for column, _ in product}
    named = any(_is_name(column) for column, _ in product)
    for cells in members:
        own: dict[str, str] = {}
        last: dict[str, int] = {}
        for column, text in cells:
            place = known.get(_bare(column)) or known.get(_bare(_OWN_WORD.sub("", column)))
            if named and _is_name(column):
                place = f"{name}{joint}{_OPTION}"
            elif _is_text(column):
                place = f"{name}{joint}{column}"
            own[_free(place or column, own, last)] = text
        taken = {_base(column) for column in own}
        kept = [cell for cell in product if _base(cell[0]) not in taken]
        groups = [text for column, text in product if column in taken and _says(column, "id")]
        if groups and GROUP not in {*taken, *(_base(column) for column, _ in kept)}:
            own[GROUP] = groups[0]
        yield [*kept, *own.items()]


def too_many(product: Cells, members: Sequence[Cells]) -> bool:
    """Whether all their cells together are more than is worth telling apart."""
    return len(members) * len(product) + sum(map(len, members)) > _MOST_CELLS


def _free(column: str, taken: Container[str], last: dict[str, int]) -> str:
    """The name, with the number of a second one where cells, `id` and `Id`, have it already.

    last: the newest number by name, which is kept up to date: a name may come thousands of times.
    """
    base, name = _base(column), column
    while name in taken:
        last[base] = last.get(base, 1) + 1
        name = f"{base}#{last[base]}"
    return name


def _base(column: str) -> str:
    return column.split("#")[0]


def _bare(column: str) -> str:
    return _base(column).removeprefix("@").casefold()


@lru_cache(_MOST_NAMES)
def _is_id(column: str) -> bool:
    return "#" not in column and bool(_last_concepts(column) & _IDS)


def _is_price(cell: tuple[str, str]) -> bool:
    return _says(cell[0], "price")


@lru_cache(_MOST_NAMES)
def _says(column: str, concept: str) -> bool:
    return concept in _last_concepts(column)


@lru_cache(_MOST_NAMES)
def _is_text(column: str) -> bool:
    """Whether a variant's cell of its own, not of what it nests, is a text about the product."""
    plain = not re.search(r"[./]", column)
    return plain and bool(_last_concepts(column) & _TEXTS)


@lru_cache(_MOST_NAMES)
def _is_name(column: str) -> bool:
    """Whether a cell of a record's own, not of what it nests, is its name."""
    plain = not re.search(r"[./@]", column)
    return plain and frozenset() != _last_concepts(column) <= _TITLES


def _last_concepts(column: str) -> frozenset[str]:
    return concepts_of(re.split(r"[:./@]", _base(column))[-1])
