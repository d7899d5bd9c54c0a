"""XML records that nest variants to the cells of each: see `aisles.feeds.variants`."""

from __future__ import annotations

from collections.abc import Mapping

from lxml import etree

from aisles.feeds.variants import Cells, are_variants, may_be_variants, spread, too_many
from aisles.feeds.xmlpath import qualified
from aisles.feeds.xmlrow import cells_of


def nests(child: etree._Element) -> bool:
    """Whether a child of a record may be a list of variants, or one of several."""
    inner = [one for one in child if isinstance(one.tag, str)]
    return may_be_variants(_local(child)) or (bool(inner) and may_be_variants(_local(inner[0])))


def variants_of(record: etree._Element, kinds: Mapping[str, str]) -> list[Cells] | None:
    """The cells of each variant that a product nests; None where it nests none.

    Raises:
        RecursionError: see `cells_of`.
    """
    for child in record:
        if not isinstance(child.tag, str) or not nests(child):
            continue
        members, name, path = _members(record, child)
        cells = [cells_of(one, kinds) for one in members]
        if are_variants(name, cells):
            own = _own_cells(record, child, kinds)
            if not too_many(own, cells):
                return list(spread(own, path, cells, "/"))
    return None


def _members(
    record: etree._Element, child: etree._Element
) -> tuple[list[etree._Element], str, str]:
    """The members of a list, which are one element's or stand in the record; its name; its path."""
    own = _local(child)
    inner = [one for one in child if isinstance(one.tag, str)]
    if inner and len({one.tag for one in inner}) == 1 and (len(inner[0]) or inner[0].attrib):
        within = _local(inner[0])
        name = within if may_be_variants(within) else own
        return inner, name, f"{qualified(child)}/{qualified(inner[0])}"
    beside = [one for one in record if one.tag == child.tag]
    return beside, own, qualified(child)


def _own_cells(record: etree._Element, child: etree._Element, kinds: Mapping[str, str]) -> Cells:
    """The cells of a record but for those of its variants, which are of children of that name."""
    name = qualified(child)
    within = tuple(f"{name}{sign}" for sign in "/@#")
    cells = cells_of(record, kinds)
    return [cell for cell in cells if cell[0] != name and not cell[0].startswith(within)]


def _local(element: etree._Element) -> str:
    return qualified(element).split(":")[-1]
