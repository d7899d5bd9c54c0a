"""Prices: every shape that feeds write, exact to the last digit."""

import random
from decimal import ROUND_HALF_UP, Decimal

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aisles.products.price import parse_price, parse_prices

PRICES = [  # text, currency column, minor units, currency
    ("12.99", "USD", 1299, "USD"),
    ("19.99", None, 1999, None),
    ("12", "EUR", 1200, "EUR"),
    ("12.9900", "USD", 1299, "USD"),
    ("1.234,56 €", None, 123456, "EUR"),
    ("Rs. 1,499.00", "INR", 149900, "INR"),
    ("Rs.69", None, 6900, "INR"),
    ("Rs. 500/-", "PKR", 50000, "PKR"),
    ("₹ 1,23,456.00", None, 12345600, "INR"),
    ("USD 5", None, 500, "USD"),
    ("US $20", None, 2000, "USD"),
    ("$1,299", None, 129900, "USD"),
    ("$1,299", "SGD", 129900, "SGD"),
    ("$.99", None, 99, "USD"),
    ("12,5", None, 1250, None),
    ("1 234,50 kr", "SEK", 123450, "SEK"),
    ("1 234,50 kr", None, 123450, None),
    ("£0.99", None, 99, "GBP"),
    ("EUR 1'234.50", None, 123450, "EUR"),
    ("CHF 12.-", None, 1200, "CHF"),
    ("1 499 zł", None, 149900, "PLN"),
    ("172.85 EUR", None, 17285, "EUR"),
    ("5.00 EUR", "USD", 500, "EUR"),
    ("from 9.99", "USD", 999, "USD"),
    ("à partir de 12,90 €", None, 1290, "EUR"),
    ("9.99 - 19.99", "GBP", 999, "GBP"),
    ("$5 – $10", None, 500, "USD"),
    # exponents, rounding half up
    ("1200", "JPY", 1200, "JPY"),
    ("¥1,200", "CNY", 120000, "CNY"),
    ("1.234", "KWD", 1234, "KWD"),
    ("19.995", "USD", 2000, "USD"),
    ("10.5", "JPY", 11, "JPY"),
    # a dot and three digits: by the currency's habit
    ("1.234", "EUR", 123400, "EUR"),
    ("1.234", "USD", 123, "USD"),
    ("1.234", "JPY", 1234, "JPY"),
    ("1.234.567", "EUR", 123456700, "EUR"),
    # no price
    ("0.00", "USD", 0, "USD"),
    ("-5", "USD", None, "USD"),
    ("-$5", None, None, None),
    ("free", "USD", None, "USD"),
    ("1-3 days", None, None, None),
    ("100 Pure Groundnut Oil", "SGD", None, "SGD"),
    ("2026-11-20", None, None, None),
    ("99999999999999999999", None, None, None),
    (None, "USD", None, "USD"),
]


@pytest.mark.parametrize(("text", "currency", "minor", "code"), PRICES)
def test_price(text: str | None, currency: str | None, minor: int | None, code: str | None) -> None:
    amounts, codes = parse_prices(pa.array([text], pa.string()), pa.array([currency], pa.string()))
    assert (amounts[0].as_py(), codes[0].as_py()) == (minor, code)


@pytest.mark.parametrize(
    ("neighbour", "currency", "minor"),
    [("9.99", "EUR", 123), ("9,99", "EUR", 123400), ("9,99", "USD", 123400), ("9.99", "USD", 123)],
)
def test_three_digits_after_a_dot_follow_the_column(
    neighbour: str, currency: str, minor: int
) -> None:
    amounts, _ = parse_prices(pa.array(["1.234", neighbour]), pa.array([currency] * 2))
    assert amounts.to_pylist() == [minor, 999]


@pytest.mark.parametrize(("neighbour", "minor"), [("1.215.000", 123400), ("1,215,000", 123)])
def test_a_mark_twice_in_one_amount_groups_thousands(neighbour: str, minor: int) -> None:
    assert parse_prices(pa.array(["1.234", neighbour]))[0].to_pylist() == [minor, 121500000]


def test_without_a_currency_column() -> None:
    amounts, codes = parse_prices(pa.array(["1.50", "2,50 €", None]))
    assert amounts.to_pylist() == [150, 250, None]
    assert codes.to_pylist() == [None, "EUR", None]


@pytest.mark.parametrize(
    ("stated", "code"),
    [("eur", "EUR"), (" Rs. ", "INR"), ("€", "EUR"), ("kr", None), ("amount", None), ("$", "USD")],
)
def test_words_of_a_currency_column(stated: str, code: str | None) -> None:
    assert parse_prices(pa.array(["1"]), pa.array([stated]))[1].to_pylist() == [code]


@settings(deadline=None)
@given(
    st.decimals(min_value=0, max_value=10**9, places=2, allow_nan=False),
    st.sampled_from(["USD", "JPY", "KWD"]),
)
def test_exact(amount: Decimal, currency: str) -> None:
    digits = {"USD": 2, "JPY": 0, "KWD": 3}[currency]
    minor, _ = parse_prices(pa.array([str(amount)]), pa.array([currency]))
    assert minor[0].as_py() == int((amount * 10**digits).to_integral_value(ROUND_HALF_UP))


@settings(deadline=None)
@given(st.lists(st.one_of(st.none(), st.text(alphabet="0123456789.,-' €$abc", max_size=12))))
def test_never_fails_and_never_negative(texts: list[str | None]) -> None:
    amounts, _ = parse_prices(pa.array(texts, pa.string()))
    assert all(amount is None or amount >= 0 for amount in amounts.to_pylist())


def test_whole_columns_read_like_single_texts() -> None:
    """The vectorised ways give what the slow one gives, for any mix of codes and separators."""
    draw = random.Random(5)
    codes = ("EUR", "USD", "JPY", "KWD", "SEK", "NEW", "kr", "XYZ", "BTW", "")
    ends = ("", ".5", ".50", ",5", ",50", ".999", ",999", ".9999")
    forms = ("{a} {n}", "{a}{n}", "{n} {a}", "{n}{a}", "{n}", "{a} {n} {b}")
    texts = [
        draw.choice(forms).format(
            n=str(draw.randrange(10 ** draw.randrange(1, 8))) + draw.choice(ends),
            a=draw.choice(codes),
            b=draw.choice(codes),
        )
        for _ in range(5000)
    ]
    stated = [draw.choice((None, "EUR", "JPY", "KWD")) for _ in texts]
    for habit, comma in (("comma", True), ("dot", False), ("unknown", None)):
        amounts, found = parse_prices(pa.array(texts), pa.array(stated, pa.string()), habit)  # type: ignore[arg-type]
        read = list(zip(amounts.to_pylist(), found.to_pylist()))
        alone = [parse_price(text, code, comma) for text, code in zip(texts, stated)]
        assert read == alone
