"""How a feed is read: all that its products depend on beside the records themselves."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from aisles.products.price import Habit
from aisles.products.sale_dates import SaleDates
from aisles.products.slices import Feed

Role = tuple[str, str, float]
_SMALL = re.compile(r"(?i)thumb|preview|miniature|vignette")

VERSION = 13
"""Raised when the same record comes out otherwise than before: then everything is cleaned anew."""


@dataclass(frozen=True)
class Reading:
    """How one feed is read: all that its rows depend on beside the records themselves.

    columns: those of each role, the main one first; pictures that are called small ones last.
    constant: columns that say the same of all its products; they are left out of all_text, or the
    model would learn the shop by its name. habit: how its prices write decimals; None: as each
    batch tells. languages: those that its texts are in, ISO 639-1; none where that is not known.
    minor: columns of prices that count minor units though their names do not say so. unread:
    columns that people stated to have no role, and that are no prices of a sale either, whatever
    their names say. currency: ISO 4217 code of prices that state none. slashed: columns of
    categories whose levels stand apart by tight slashes. lead: columns of availability that tell
    how soon a product is sent. sale: the dates between which prices of a sale hold.
    """

    columns: Mapping[str, Sequence[str]]
    constant: frozenset[str] = frozenset()
    habit: Habit | None = None
    languages: tuple[str, ...] = ()
    minor: frozenset[str] = frozenset()
    unread: frozenset[str] = frozenset()
    currency: str | None = None
    slashed: frozenset[str] = frozenset()
    lead: frozenset[str] = frozenset()
    sale: SaleDates | None = None

    @staticmethod
    def of(
        roles: Sequence[Role],
        constant: Collection[str] = (),
        habit: Habit | None = None,
        languages: Sequence[str] = (),
        minor: Collection[str] = (),
        unread: Collection[str] = (),
        currency: str | None = None,
        slashed: Collection[str] = (),
        lead: Collection[str] = (),
        sale: SaleDates | None = None,
    ) -> Reading:
        """From (column, role, confidence): those of higher confidence first, else as given."""
        columns: dict[str, list[str]] = {}
        for column, role, _ in sorted(roles, key=lambda item: -item[2]):
            columns.setdefault(role, []).append(column)
        columns.get("image_url", []).sort(key=lambda name: bool(_SMALL.search(name)))
        sets = (frozenset(minor), frozenset(unread), currency, frozenset(slashed), frozenset(lead))
        return Reading(columns, frozenset(constant), habit, tuple(languages), *sets, sale)

    @property
    def read(self) -> list[str]:
        """All columns that have a role."""
        return [name for own in self.columns.values() for name in own]

    @property
    def fingerprint(self) -> str:
        """Equal where the same records give the same products."""
        said = [VERSION, self.columns, sorted(self.constant), self.habit, self.languages]
        said.append(self.currency)
        if self.minor or self.unread:
            said += [sorted(self.minor), sorted(self.unread)]
        if self.slashed or self.lead:
            said.append([sorted(self.slashed), sorted(self.lead)])
        if self.sale:
            said.append([sorted(self.sale.prices), self.sale.start, self.sale.end])
        text = json.dumps(said, sort_keys=True).encode()
        return hashlib.sha1(text, usedforsecurity=False).hexdigest()


Readings = Mapping[Feed, Reading]
