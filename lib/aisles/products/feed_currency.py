"""The currency of a feed, told by the prices of a sample that state one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from aisles.products.columns import cells, first_filled
from aisles.products.offer import prices
from aisles.products.text import clean

_FEW = 3  # prices that must state a currency
_ONE = 0.98  # share of one currency among them from which it is the feed's
_STAYS = 0.9  # share down to which the stored one stays
# Languages of which nearly all shops sell in one country: its currency, ISO 639-1 to ISO 4217.
_OF_LANGUAGE = {
    "cs": "CZK", "da": "DKK", "he": "ILS", "hu": "HUF", "id": "IDR", "is": "ISK", "ja": "JPY",
    "ko": "KRW", "nb": "NOK", "nn": "NOK", "no": "NOK", "pl": "PLN", "ro": "RON", "sv": "SEK",
    "th": "THB", "tr": "TRY", "uk": "UAH", "vi": "VND",
}  # fmt: skip
_EURO = "at be cy de ee es fi fr gr hr ie it lt lu lv mt nl pt si sk"
_OF_COUNTRY = dict.fromkeys(_EURO.split(), "EUR") | {
    "ar": "ARS", "au": "AUD", "br": "BRL", "ca": "CAD", "ch": "CHF", "cl": "CLP", "cn": "CNY",
    "cz": "CZK", "dk": "DKK", "hk": "HKD", "hu": "HUF", "id": "IDR", "il": "ILS", "in": "INR",
    "jp": "JPY", "kr": "KRW", "mx": "MXN", "my": "MYR", "no": "NOK", "nz": "NZD", "ph": "PHP",
    "pl": "PLN", "ro": "RON", "ru": "RUB", "sa": "SAR", "se": "SEK", "sg": "SGD", "th": "THB",
    "tr": "TRY", "tw": "TWD", "ua": "UAH", "uk": "GBP", "vn": "VND", "za": "ZAR",
}  # fmt: skip
"""Of top level domains of countries (ISO 3166) that no other shops use; ISO 4217."""
_DOMAIN = r"(?i)^https?://[^/?#]*[a-z0-9-]\.(?P<country>[a-z]{2})(?::[0-9]+)?(?:[/?#]|$)"


def feed_currency(
    maps: pa.MapArray,
    columns: Mapping[str, Sequence[str]],
    languages: Sequence[str] = (),
    stored: str | None = None,
) -> str | None:
    """The ISO 4217 code that nearly all prices of these records state; None where there is none.

    By its cell, the currency column, or the price column's name. columns: those of each role. The
    stored one stays where nothing is stated, or while most prices state it. languages: those of the
    feed; where no price states a currency, the domains of its links or they may tell the country: a
    shop that sells abroad says in what currency, and 33500 in Korean are no hundredths of anything.
    """
    roles = {role: columns.get(role, ()) for role in ("price", "old_price", "currency")}
    read = cells(maps, clean, [name for names in roles.values() for name in names])
    stated = read.take(first_filled(map(read.column, roles["currency"]), read.records))
    found = [prices(read, roles[role], stated, None) for role in ("price", "old_price")]
    codes = [pc.if_else(pc.is_valid(one.amounts), one.codes, None) for one in found]
    counts = Counter(code for of_role in codes for code in of_role.drop_null().to_pylist())
    if not counts:
        told = (_OF_LANGUAGE[one] for one in languages if one in _OF_LANGUAGE)
        return stored or _of_domains(maps, columns.get("product_url", ())) or next(told, None)
    if counts[stored] >= _STAYS * counts.total():
        return stored
    code, times = counts.most_common(1)[0]
    return code if times >= max(_FEW, _ONE * counts.total()) else None


def _of_domains(maps: pa.MapArray, columns: Sequence[str]) -> str | None:
    """The currency of the country under whose domain nearly all links to products are."""
    read = cells(maps, clean, columns)
    links = read.take(first_filled(map(read.column, columns), read.records)).drop_null()
    found = pc.struct_field(pc.extract_regex(links, _DOMAIN), "country")
    counts = Counter(_OF_COUNTRY.get(one.lower()) for one in found.drop_null().to_pylist())
    code, times = counts.most_common(1)[0] if counts else (None, 0)
    return code if times >= max(_FEW, _ONE * len(links)) else None
