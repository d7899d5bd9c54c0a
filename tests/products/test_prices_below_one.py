"""A zero before a decimal mark: no group of thousands begins with one."""

import pyarrow as pa
import pytest

from aisles.products.price import parse_price, parse_prices

CASES = [  # text, minor units
    ("0,999 EUR", 100),
    ("0.999 EUR", 100),
    ("0.005 EUR", 1),
    ("0.004 EUR", 0),
    ("0,500", 50),
    ("0.500", 50),
    ("00,500", 50),
    ("€ 0,125", 13),
    ("0,999 JPY", 1),
    ("0.999 KWD", 999),
    ("0,999 KWD", 999),
    ("0.999,-", 100),
    ("012,345", 1235),
    ("0,999.50", 99950),
    # no number at all
    ("0.123.456", None),
    ("0,123,456", None),
    ("0 999", None),
]


@pytest.mark.parametrize("comma", [None, False, True])
@pytest.mark.parametrize(("text", "minor"), CASES)
def test_a_zero_begins_no_thousands(text: str, minor: int | None, comma: bool | None) -> None:
    assert parse_price(text, None, comma)[0] == minor
    habit = {None: "unknown", False: "dot", True: "comma"}[comma]
    assert parse_prices(pa.array([text]), None, habit)[0].to_pylist() == [minor]  # type: ignore[arg-type]


@pytest.mark.parametrize("currency", ["EUR", "IDR", "USD"])
def test_with_a_currency_column(currency: str) -> None:
    texts = pa.array(["0.999", "0,999", "00.250"])
    amounts, _ = parse_prices(texts, pa.array([currency] * 3))
    assert amounts.to_pylist() == [100, 100, 25]


@pytest.mark.parametrize(("small", "thousand"), [("0,990", 123), ("0.990", 123400)])
def test_it_tells_how_a_column_writes_decimals(small: str, thousand: int) -> None:
    assert parse_prices(pa.array(["1,234", small]))[0].to_pylist() == [thousand, 99]


def test_in_minor_units() -> None:
    assert parse_price("0.500", minor=True) == (1, None)
    assert parse_price("1.500", minor=True) == (1500, None)
