"""Prices that programs and spreadsheets spoilt: read where nothing is doubtful, null elsewhere."""

import pyarrow as pa
import pytest

from aisles.products.price import parse_price, parse_prices

TEXTS = [  # text, minor units, currency
    # decimals torn off
    ("$ 12 . 99", 1299, "USD"),
    ("12 . 99", 1299, None),
    ("12 , 99 €", 1299, "EUR"),
    ("12..99", None, None),
    ("12,,99 €", None, None),
    ("12, 99", None, None),
    ("1 . 299", None, None),
    ("12|99", None, None),
    ("12.50..15.50", 1250, None),
    # a currency behind a bar
    ("12.99|EUR", 1299, "EUR"),
    ("EUR | 12,99", 1299, "EUR"),
    ("12.99|14.99", 1299, None),
    ("12.99|Stahl", None, None),
    # cents
    ("99ct", 99, None),
    ("99 ct.", 99, None),
    ("99 cts", 99, None),
    ("99¢", 99, None),
    ("1299 cents", 1299, None),
    # exponents
    ("1,23E+02", 12300, None),
    ("1.23E+02 EUR", 12300, "EUR"),
    ("1.299E3", 129900, None),
    ("1.5E7", 1_500_000_000, None),
    ("5.0E-1", 50, None),
    ("1.2345E1", 1235, None),
    ("1,23E+05", None, None),  # the spreadsheet left digits out
    ("1e309", None, None),
    ("1.2E99", None, None),
    ("4E5", None, None),
    ("12.5E", None, None),
    # several pieces
    ("2x 5,99 €", None, None),
    ("2 × 5.99", None, None),
    ("2 for $5", None, None),
    # objects
    ('{"value":"19.99","currency":"EUR"}', 1999, "EUR"),
    ('{"currency": "EUR", "value": 19.99}', 1999, "EUR"),
    ("{'amount': '19,99', 'currencyCode': '€'}", 1999, "EUR"),
    ('{"value":"20","currency":"USD"}', 2000, "USD"),
    ('{"price": 19.9}', 1990, None),
    ('{"amount": 1999, "currency": "EUR"}', None, None),
    ('{"amount": "1999", "currency": "EUR"}', None, None),
    ('{"value": 20, "currency": "EUR"}', None, None),
    ('{"value": "19.99", "amount": "17.99"}', None, None),
    ('{"value": "19.99", "currency": "blue"}', None, None),
    ('{"value": "19.99", "currency": "EUR", "quantity": 2}', None, None),
    ('{"value": -19.99, "currency": "EUR"}', None, None),
    ('{"value": {"value": 19.99}}', None, None),
    ('{"value": NaN}', None, None),
    ("{19.99 EUR}", None, None),
    ("{", None, None),
    # for nothing, as some write where no price is known
    ("Gratis", None, None),
    ("Free", None, None),
    ("kostenlos", None, None),
]


@pytest.mark.parametrize(("text", "minor", "code"), TEXTS)
def test_text(text: str, minor: int | None, code: str | None) -> None:
    assert parse_price(text) == (minor, code)
    amounts, codes = parse_prices(pa.array([text, "7.50"]), None, "dot")
    assert (amounts.to_pylist(), codes.to_pylist()) == ([minor, 750], [code, None])


def test_cents_take_the_stated_currency() -> None:
    assert parse_price("99ct", "EUR") == (99, "EUR")
    assert parse_price("99¢", "USD") == (99, "USD")
