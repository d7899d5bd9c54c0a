"""What the names of price columns say: a currency, minor units, a sale."""

import csv
from importlib.resources import files

import pyarrow as pa
import pytest

from aisles.feeds.lexicon import lexicon
from aisles.products.currency import EXPONENTS
from aisles.products.price import parse_prices
from aisles.products.price_name import PriceName, price_name


@pytest.mark.parametrize(
    ("column", "code"),
    [
        ("price_gbp", "GBP"), ("priceUSD", "USD"), ("Preis (EUR)", "EUR"), ("Price [USD]", "USD"),
        ("prix_ttc_eur", "EUR"), ("Pris DKK", "DKK"), ("MRP (INR)", "INR"), ("Cena zł", "PLN"),
        ("Hinta €", "EUR"), ("価格(円)", "JPY"), ("価格（円）", "JPY"), ("价格元", "CNY"),
        ("Price US$", "USD"), ("Price (Rs.)", "INR"), ("Ár (Ft)", "HUF"), ("Cena v Kč", "CZK"),
        ("Цена, руб.", "RUB"), ("price (pence)", "GBP"), ("kuruş", "TRY"),
        # no currency, or more than one, or a word that may mean another thing
        ("price", None), ("price_fr", None), ("price_all", None), ("real_price", None),
        ("price per pound", None), ("price_eur_usd", None), ("Preis in kr", None), ("12", None),
    ],
)  # fmt: skip
def test_currency(column: str, code: str | None) -> None:
    assert price_name(column).currency == code


@pytest.mark.parametrize(
    "column",
    ["price_cents", "priceInCents", "price (pence)", "price_minor", "centimes", "Preis in Cent",
     "kuruş", "price.centAmount", "Цена в копейках", "价格(分)"],
)  # fmt: skip
def test_minor_units(column: str) -> None:
    assert price_name(column).minor


@pytest.mark.parametrize("column", ["price", "percent", "price per cent", "prezzo_24_ore"])
def test_no_minor_units(column: str) -> None:
    assert not price_name(column).minor


@pytest.mark.parametrize(
    "column",
    ["sale_price", "g:sale_price", "salePrice", "price.sale", "special_price", "Sonderpreis",
     "sonderangebotspreis", "prix soldé", "セール価格", "特价", "할인가", "акционная цена",
     "akční cena", "tilbudspris", "indirimli fiyat", "Offer Price",
     "DiscountPriceWithVAT", "sale price incl tax", "السعر المخفض"],
)  # fmt: skip
def test_sale(column: str) -> None:
    assert price_name(column).sale


@pytest.mark.parametrize(
    "column",
    ["price", "Regular price", "sale_price_effective_date", "special_price_from_date", "on_sale",
     "promo_text", "sale_price_net", "offer/price", "oferta/cena", "discount", "Grundpreis",
     "DiscountPriceWithoutVAT", "sale_price_tax", "Sonderpreis ohne MwSt",
     "카드할인가", "쿠폰할인가", "会員割引価格", "card_discount_price", "student_discount_price",
     "omnibus_sale_price"],
)  # fmt: skip
def test_no_sale(column: str) -> None:
    assert not price_name(column).sale


@pytest.mark.parametrize(
    ("text", "minor"),
    [("1299", 1299), ("1299.00", 1299), ("1.299", 1299), ("1,299", 1299), ("1299 EUR", 1299),
     # a text that has a currency and decimals tells by itself
     ("€12.99", 1299), ("12.99 EUR", 1299), ("0", 0), ("x", None)],
)  # fmt: skip
def test_numbers_of_cents(text: str, minor: int | None) -> None:
    cents = PriceName(minor=True)
    assert parse_prices(pa.array([text]), None, "unknown", cents)[0].to_pylist() == [minor]


def test_the_name_states_a_currency_only_where_nothing_else_does() -> None:
    texts, stated = pa.array(["5", "$5", "5", None]), pa.array([None, None, "CHF", None])
    codes = parse_prices(texts, stated, "unknown", PriceName("JPY"))[1]
    assert codes.to_pylist() == ["JPY", "USD", "CHF", "JPY"]
    assert parse_prices(texts, None, "unknown", PriceName("JPY"))[0].to_pylist()[0] == 5


def test_words_for_minor_units_are_those_of_headers() -> None:
    words = [word for word, kinds in lexicon().words.items() if "minor" in kinds]
    assert words
    for word in words:
        said = "minor" if word.startswith("minor") else word
        assert price_name(f"price ({said})").minor, word


def test_tables_of_words_are_whole() -> None:
    def rows(name: str) -> list[dict[str, str]]:
        text = files("aisles.products").joinpath(name).read_text(encoding="utf-8")
        return list(csv.DictReader(text.splitlines()))

    kinds = {
        "sale_words.csv": {"price", "sale", "other", "tax", "with"},
        "price_words.csv": {"beside", "unit"},
    }
    for name, known in kinds.items():
        assert {row["kind"] for row in rows(name)} == known
    for name in ("money_words.csv", "minor_words.csv"):
        codes = {code for row in rows(name) for code in row["codes"].split()}
        assert codes <= EXPONENTS.keys() | {"?"}
    for name in ("money_words.csv", "minor_words.csv", *kinds):
        words = [(row["word"], row.get("kind")) for row in rows(name)]
        assert all(word for word, _ in words) and len(words) == len(set(words)), name
