"""Prices in plain shapes that no decimal reader knows: tails, cents apart, words, other digits."""

import pyarrow as pa
import pytest

from aisles.products.price import parse_price, parse_prices

TEXTS = [  # text, minor units, currency; nothing else told
    # what stands for no decimals
    ("1.234,- kr", 123400, None),
    ("2.499,-", 249900, None),
    ("1.234:-", 123400, None),
    ("1.234.-", 123400, None),
    ("1.234,—", 123400, None),
    ("12,50:-", 1250, None),
    ("1.299 kr.", 129900, None),
    # cents apart
    ("12€99", 1299, "EUR"),
    ("12 € 99", 1299, "EUR"),
    ("12 99", 1299, None),
    ("12 99 €", 1299, "EUR"),
    ("1.234 € 50", 123450, "EUR"),
    ("1 234 50 kr", 123450, None),
    ("€12 ,99", 1299, "EUR"),
    ("12⁹⁹ €", 1299, "EUR"),
    ("12:50 kr", 1250, None),
    ("£5 £10", 500, "GBP"),
    ("5 € 10 €", 500, "EUR"),
    ("5 - 10", 500, None),
    ("12.50 99", 1250, None),
    # taxes, reductions and notes beside a price
    ("19,90 EUR 19%", 1990, "EUR"),
    ("19,90 € (inkl. 19% MwSt.)", 1990, "EUR"),
    ("Rs. 1,499 (20% off)", 149900, "INR"),
    ("Rs. 499 (Incl. of all taxes)", 49900, "INR"),
    ("UVP: 99,00 €", 9900, "EUR"),
    ("R$ 79,90 à vista", 7990, "BRL"),
    ("199 Kč s DPH", 19900, "CZK"),
    ("£12.00 per pack of 6", 1200, "GBP"),
    ("20%", None, None),
    # two prices of which the second is paid
    ("Was £20.00 Now £12.00", 1200, "GBP"),
    ("De R$ 99,90 por R$ 79,90", 7990, "BRL"),
    ("statt 20,00 € nur 12,00 €", 1200, "EUR"),
    ("£20.00 - now £12.00", 1200, "GBP"),
    ("£20.00 now 12.00", 1200, "GBP"),
    ("Save £5", None, None),
    ("£5 off", None, None),
    # tens of thousands
    ("1万2800円", 12800, "JPY"),
    ("1.5万円", 15000, "JPY"),
    ("3만원", 30000, "KRW"),
    # minor units, and marks that part nothing
    ("99 pence", 99, "GBP"),
    ("99 Cent", 99, None),
    ("99p", 99, "GBP"),
    ("199:90", 19990, None),
    ("1`299.00", 129900, None),
    ("12.00.00", None, None),
    ("1.234.567", 123456700, None),
    # words and signs
    ("税込1,234円", 1234, "JPY"),
    ("(税込)1,234円", 1234, "JPY"),
    ("99元起", 9900, "CNY"),
    ("1,234 บาท", 123400, "THB"),
    ("12.50 ر.س", 1250, "SAR"),
    ("KD 12.500", 12500, "KWD"),
    ("S/ 12.90", 1290, "PEN"),
    ("MXN$ 1,299", 129900, "MXN"),
    ("NIS 12.90", 1290, "ILS"),
    ("99.90 ש״ח", 9990, "ILS"),
    ("रु 1,200", 120000, "INR"),
    ("Preis: 12,99 €", 1299, "EUR"),
    ("Only$5", 500, "USD"),
    # a unit at the end
    ("12,99 €/Stk", 1299, "EUR"),
    ("12.99 / kg", 1299, None),
    ("12,99 € / 100 g", 1299, "EUR"),
    ("12,99 € (25,98 €/kg)", 1299, "EUR"),
    # digits and signs of other kinds
    ("１２．９９", 1299, None),
    ("￥１，２３４", 1234, "JPY"),
    ("١٢٫٥٠", 1250, None),
    ("1\u00a0299,00\u202f€", 129900, "EUR"),
    ("'12.99", 1299, None),
    ('="12.99"', 1299, None),
    # no price
    ("12½ €", None, None),
    ("(5.00)", None, None),
    ("38/M", None, None),
    ("10/12 cm", None, None),
    ("2 x 50", None, None),
]


@pytest.mark.parametrize(("text", "minor", "code"), TEXTS)
def test_text(text: str, minor: int | None, code: str | None) -> None:
    assert parse_price(text) == (minor, code)
    amounts, codes = parse_prices(pa.array([text]), None, "unknown")
    assert (amounts.to_pylist(), codes.to_pylist()) == ([minor], [code])


def test_a_currency_that_is_stated_settles_a_word() -> None:
    assert parse_price("1.234,- kr", "DKK") == (123400, "DKK")
    assert parse_price("1.234 kr", "NOK", comma=False) == (123, "NOK")
