"""The currency of a feed from prices that state one, and prices that state none."""

import pyarrow as pa
import pytest

from aisles.products.columns import cells
from aisles.products.feed_currency import feed_currency
from aisles.products.offer import prices
from aisles.products.reading import Reading
from aisles.products.text import clean

COLUMNS = {"price": ["price"], "old_price": ["was"], "currency": ["cur"]}


def maps(*rows: dict[str, str]) -> pa.MapArray:
    return pa.array([list(row.items()) for row in rows], pa.map_(pa.string(), pa.string()))


YEN = [{"price": f"¥{n},800"} for n in range(1, 10)]
BARE = [{"price": "12800"}, {"price": "12,800"}, {"price": "on request"}]
EURO = [{"price": f"{n},50 EUR"} for n in range(1, 100)]
CASES = {
    "what some cells say": ([*YEN, *BARE], None, "JPY"),
    "old prices count": ([{"price": "1", "was": f"{n} zł"} for n in range(3)], None, "PLN"),
    "the currency column": ([{"price": str(n), "cur": "SEK"} for n in range(5)], None, "SEK"),
    "too few": ([*YEN[:2], *BARE], None, None),
    "none": (BARE, None, None),
    "two of them": ([*YEN, {"price": "$5"}], None, None),
    "one stray": ([*EURO, {"price": "$5"}], None, "EUR"),
    "nothing is stated any more": (BARE, "JPY", "JPY"),
    "most still state it": ([*YEN, {"price": "$5"}], "JPY", "JPY"),
    "another one now": (YEN, "CNY", "JPY"),
}


@pytest.mark.parametrize(("rows", "stored", "code"), CASES.values(), ids=CASES)
def test_currency_of_a_feed(rows: list[dict[str, str]], stored: str, code: str | None) -> None:
    assert feed_currency(maps(*rows), COLUMNS, (), stored) == code


@pytest.mark.parametrize(
    ("languages", "code"),
    [(["ko"], "KRW"), (["ja", "en"], "JPY"), (["en", "ja"], "JPY"), (["de"], None), ([], None)],
)
def test_a_language_may_tell_the_currency_where_no_price_does(
    languages: list[str], code: str | None
) -> None:
    assert feed_currency(maps(*BARE), COLUMNS, languages) == code
    assert feed_currency(maps(*EURO), COLUMNS, languages) == "EUR"
    assert feed_currency(maps(*BARE), COLUMNS, languages, "CNY") == "CNY"


@pytest.mark.parametrize(
    ("links", "languages", "code"),
    [
        (["https://www.shop.de/p/1?a=.fr", "http://shop.de", "HTTPS://SHOP.AT:443/x"], (), "EUR"),
        (["https://kauppa.fi/1", "https://kauppa.fi/2", "https://kauppa.fi/3"], ("sv",), "EUR"),
        (["https://shop.ch/1", "https://shop.ch/2", "https://shop.ch#3"], ("de",), "CHF"),
        (["https://shop.co.uk/1", "https://x.uk/2", "https://y.co.uk/3"], (), "GBP"),
        (["https://shop.de/1", "https://shop.ch/2", "https://shop.de/3"], (), None),
        (["https://shop.de/1", "https://shop.de/2"], (), None),
        (["https://shop.com/de/1", "https://shop.io/2", "https://t.co/3"], (), None),
        (["https://shop.com/1", "https://shop.com/2", "https://shop.com/3"], ("pl",), "PLN"),
        (
            ["https://shop.de/1", "https://shop.de/2", "https://shop.de/3", "https://x.com"],
            (),
            None,
        ),
    ],
)
def test_domains_of_links_tell_the_country(
    links: list[str], languages: tuple[str, ...], code: str | None
) -> None:
    rows = [{"price": "10", "link": link} for link in links]
    assert feed_currency(maps(*rows), {**COLUMNS, "product_url": ["link"]}, languages) == code
    stated = [{**row, "price": "10 USD"} for row in rows] * 2
    assert feed_currency(maps(*stated), {**COLUMNS, "product_url": ["link"]}, languages) == "USD"


def test_a_price_that_states_none_has_the_usual_one() -> None:
    rows = [*BARE[:2], {"price": "$5"}, {"price": "7", "cur": "EUR"}, {"was": "8"}]
    read = cells(maps(*rows), clean)
    stated = read.take(read.column("cur"))
    found = prices(read, ["price"], stated, None, (), "JPY")
    assert found.amounts.to_pylist() == [12800, 12800, 500, 700, None]
    assert found.codes.to_pylist() == ["JPY", "JPY", "USD", "EUR", None]


def test_another_currency_is_another_reading() -> None:
    roles = [("price", "price", 1.0)]
    fingerprints = {Reading.of(roles, currency=code).fingerprint for code in (None, "JPY", "CNY")}
    assert len(fingerprints) == 3
