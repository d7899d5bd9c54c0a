"""Roles that depend on what stands beside a column, or on how its values are written."""

from __future__ import annotations

import random

import pytest
from mug_feed import ROWS, mugs, roles_of

from aisles.feeds.infer import ColumnSample, infer
from aisles.feeds.relations import relations_of
from aisles.feeds.shapes import shape_of


def _euros(amounts: list[float]) -> list[str | None]:
    return [f"{amount:.2f}".replace(".", ",") for amount in amounts]


@pytest.mark.parametrize("listed", [None, 1.25])
def test_a_price_without_tax_makes_no_old_price_of_the_one_with_it(listed: float | None) -> None:
    rng = random.Random(2)
    gross = [rng.randrange(500, 90_000) / 100 for _ in range(ROWS)]
    columns = {
        "EK_NETTO": _euros([g * 0.5 for g in gross]),
        "VK_NETTO": _euros([g / 1.19 for g in gross]),
        "VK_BRUTTO": _euros(gross),
        "HST_ARTNR": [f"{rng.randrange(100, 999)}.{rng.randrange(100, 999)}.16" for _ in gross],
    }
    if listed:
        columns["UVP"] = _euros([g * listed for g in gross])
    roles = roles_of(mugs(**columns))
    assert {name: role for name, role in roles.items() if name in columns} == (
        {"VK_BRUTTO": "price", "UVP": "old_price"} if listed else {"VK_BRUTTO": "price"}
    )


@pytest.mark.parametrize("now", ["京东价(元)", "到手价", "价格（元）"])
def test_the_yuan_of_a_header_is_no_former_price(now: str) -> None:
    rng = random.Random(4)
    paid = [rng.randrange(5, 900) for _ in range(ROWS)]
    columns: dict[str, list[str | None]] = {
        "市场价(元)": [str(round(p * 1.5)) for p in paid],
        now: [str(p) for p in paid],
    }
    roles = roles_of(mugs(**columns))
    assert (roles["市场价(元)"], roles[now]) == ("old_price", "price")


def test_what_spreadsheets_put_around_codes_hides_no_gtin() -> None:
    def gtin(n: int) -> str:
        digits = f"40063813{n:04d}"
        total = sum(int(c) * (3 if i % 2 else 1) for i, c in enumerate(digits))
        return f'="{digits}{-total % 10}"'

    columns: dict[str, list[str | None]] = {
        "EAN": [gtin(n) for n in range(ROWS)],
        "Art": [f'="{n:06d}"' for n in range(ROWS)],
    }
    roles = roles_of(mugs(EAN=columns["EAN"], ArtNr=columns["Art"]))
    assert (roles["EAN"], roles["ArtNr"]) == ("gtin", "merchant_product_id")


@pytest.mark.parametrize(
    ("header", "there", "gone"),
    [
        ("Raktáron", "igen", "nem"),
        ("DISP", "S", "N"),
        ("במלאי", "כן", "לא"),
        ("Lager", "ja", "nej"),
    ],
)
def test_yes_and_no_tell_whether_it_is_there(header: str, there: str, gone: str) -> None:
    values: list[str | None] = [gone if n % 4 == 0 else there for n in range(ROWS)]
    assert roles_of(mugs(**{header: values})).get(header) == "availability"


@pytest.mark.parametrize(
    ("main", "sub"),
    [("KATEGORI", "SUBKATEGORI"), ("Főkategória", "Alkategória"), ("OWG", "WG_BEZ")],
)
def test_levels_of_categories(main: str, sub: str) -> None:
    fine = [("Kitchen", "Cups"), ("Kitchen", "Pans"), ("Garden", "Tools"), ("Garden", "Chairs")]
    columns: dict[str, list[str | None]] = {
        main: [fine[n % 4][0] for n in range(ROWS)],
        sub: [fine[n % 4][1] for n in range(ROWS)],
    }
    roles = roles_of(mugs(**columns))
    assert {roles.get(main), roles.get(sub)} == {"merchant_category"}


def test_a_kind_is_no_level_below_whole_paths() -> None:
    kinds = ["Midi Dresses", "Baby Rompers", "Rain Coats"]
    paths = ["Apparel > Clothing > Dresses", "Baby > Clothing > One-Pieces", "Apparel > Coats"]
    columns: dict[str, list[str | None]] = {
        "Type": [kinds[n % 3] for n in range(ROWS)],
        "Category": [paths[n % 3] for n in range(ROWS)],
    }
    roles = roles_of(mugs(**columns))
    assert roles["Category"] == "merchant_category" and "Type" not in roles


@pytest.mark.parametrize(("without", "wanted"), [(0.25, "title"), (0.03, None)])
def test_models_name_what_has_no_title(without: float, wanted: str | None) -> None:
    blank = [n < without * ROWS for n in range(ROWS)]
    feed = mugs()
    feed["title"] = [None if b else t for b, t in zip(blank, feed["title"], strict=True)]
    feed["model"] = [f"Redster X{n}" if b else None for n, b in enumerate(blank)]
    roles = roles_of(feed)
    assert (roles["title"], roles.get("model")) == ("title", wanted)


def test_the_currency_is_that_of_the_price_and_not_of_its_parts() -> None:
    rng = random.Random(3)
    feed = mugs()
    columns: dict[str, list[str | None]] = {
        "installment.amount.currency": ["USD"] * ROWS,
        "price.amount": [f"{rng.randrange(500, 9000) / 100:.2f}" for _ in range(ROWS)],
        "price.currency": ["USD"] * ROWS,
    }
    assert roles_of(feed | columns)["price.currency"] == "currency"


def test_the_larger_of_two_pictures() -> None:
    columns: dict[str, list[str | None]] = {
        "a": [f"https://img.example/{n}_80.jpg" for n in range(ROWS)],
        "b": [f"https://img.example/{n}_800.jpg" for n in range(ROWS)],
    }
    assert roles_of(mugs(**columns)).get("b") == "image_url"


@pytest.mark.parametrize("decimals", [2, 4, 6])
def test_prices_as_databases_write_them(decimals: int) -> None:
    rng = random.Random(5)
    amounts = [rng.randrange(500, 90_000) / 100 for _ in range(ROWS)]
    columns: dict[str, list[str | None]] = {
        "price": [f"{amount:.{decimals}f}" for amount in amounts],
        "msrp": [f"{amount * 1.2:.2f}{'0' * (decimals - 2)}" for amount in amounts],
    }
    roles = roles_of(mugs(**columns))
    assert (roles["price"], roles["msrp"]) == ("price", "old_price")


def test_the_old_price_stands_where_the_price_does_in_lists() -> None:
    rng = random.Random(6)
    euros = [rng.randrange(500, 90_000) / 100 for _ in range(ROWS)]
    columns = {
        f"{name}.amount{number}": _euros([amount * factor * rate for amount in euros])
        for name, factor in (("list_price", 1.3), ("price", 1.0))
        for number, rate in (("", 1.0), ("#2", 1.15))
    }
    roles = roles_of(mugs(**columns))
    assert (roles["price.amount"], roles["list_price.amount"]) == ("price", "old_price")


def test_a_name_that_variants_inherit_is_the_title() -> None:
    feed = mugs()
    titles = feed.pop("title")
    feed["name"] = [t if n % 4 == 0 else None for n, t in enumerate(titles)]
    feed["number"] = [f"AB.{n:03d}.{n * 7 % 90}" for n in range(ROWS)]
    roles = roles_of({**feed, "translated.name": titles})
    assert [name for name, role in roles.items() if role == "title"][-1:] == ["translated.name"]


@pytest.mark.parametrize(
    ("name", "values", "role"),
    [
        ("DELIVERY_DATE", ["0", "3", "14", "-1"], "availability"),
        ("deliveryTime", ["En stock - livraison 48h", "48h", "5 à 8 jours"], "availability"),
        ("Lieferzeit", ["sofort lieferbar", "2-3 Tage"], "availability"),
        ("delivery_date", ["2026-01-02", "2026-02-03"], None),
        ("delivery_cost", ["4.90", "0.00"], None),
    ],
)
def test_a_lead_time_is_the_availability_of_feeds_without_one(
    name: str, values: list[str], role: str | None
) -> None:
    columns: dict[str, list[str | None]] = {name: [values[n % len(values)] for n in range(ROWS)]}
    assert roles_of(mugs(**columns)).get(name) == role
    stock: list[str | None] = ["in stock" if n % 3 else "out of stock" for n in range(ROWS)]
    assert name not in roles_of(mugs(**columns, stock=stock))


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("Product type", ["r", "u", "s"]),
        ("category flags", ["N|N", "Y|N"]),
        ("categoryTree", [f"{n:032x} > {n * 7:032x}" for n in range(5)]),
    ],
)
def test_signs_and_hashes_are_no_categories(name: str, values: list[str]) -> None:
    columns: dict[str, list[str | None]] = {
        name: [values[n % len(values)] for n in range(ROWS)],
        "category": ["Home > Kitchen", "Home > Garden", "Toys > Cars", "Toys > Dolls"]
        * (ROWS // 4),
    }
    roles = roles_of(mugs(**columns))
    assert name not in roles and roles["category"] == "merchant_category"


def test_the_second_kind_of_gtin_helps_the_first() -> None:
    def code(start: str, n: int) -> str:
        digits = f"{start}{n:04d}"
        total = sum(int(c) * (3 if i % 2 == 0 else 1) for i, c in enumerate(digits[::-1]))
        return f"{digits}{-total % 10}"

    columns: dict[str, list[str | None]] = {
        "UPC": [code("7021975", n) if n % 10 == 0 else None for n in range(ROWS)],
        "EAN": [code("84475217", n) if n % 10 else "n/a" for n in range(ROWS)],
    }
    roles = roles_of(mugs(**columns))
    assert {roles.get("UPC"), roles.get("EAN")} == {"gtin"}
    variants = {"variant/ean": columns["EAN"], "variant/ean#2": columns["UPC"]}
    assert "variant/ean#2" not in roles_of(mugs(**variants))


def test_an_id_that_variants_share_is_not_the_one() -> None:
    columns: dict[str, list[str | None]] = {
        "ProductId": [str(7000 + n - n % 9 // 8) for n in range(ROWS)],
        "SkuId": [f"{7000 + n - n % 9 // 8}-{n % 3}{n}" for n in range(ROWS)],
    }
    feed = mugs(**columns)
    feed["link"] = [f"https://shop.example/p/{id_}" for id_ in columns["ProductId"]]
    assert roles_of(feed)["SkuId"] == "merchant_product_id"


@pytest.mark.parametrize("form", ["{}", "{}.0000", "{},00"])
def test_a_stock_with_decimals_is_no_price(form: str) -> None:
    rng = random.Random(8)
    columns: dict[str, list[str | None]] = {
        "p_stock": [form.format(rng.randrange(40)) for _ in range(ROWS)],
        "p_priceNoTax": [f"{rng.randrange(500, 90_000) / 119:.4f}" for _ in range(ROWS)],
    }
    roles = roles_of(mugs(**columns))
    assert (roles["p_stock"], roles["p_priceNoTax"]) == ("availability", "price")


def test_the_arabic_article_hides_no_word() -> None:
    feed = mugs(
        الماركة=[["لطافة", "نيفيا", "سيكو"][n % 3] for n in range(ROWS)],
        اللون=[["أسود", "أبيض", "أحمر"][n % 3] for n in range(ROWS)],
    )
    roles = roles_of(feed)
    assert (roles["الماركة"], roles["اللون"]) == ("brand", "colour")


def test_a_maker_stands_in_for_blank_brands() -> None:
    brands = ["Acme", "Bolt", "Crown"]
    feed = mugs(
        brand_name=[brands[n % 3] if n % 2 else None for n in range(ROWS)],
        p_manufacturer=[brands[n % 3] for n in range(ROWS)],
    )
    roles = roles_of(feed)
    assert {roles.get("brand_name"), roles.get("p_manufacturer")} == {"brand"}


def test_a_second_path_is_another_category() -> None:
    paths = ["Home > Kitchen > Pans", "Home > Garden", "Toys > Cars"]
    columns: dict[str, list[str | None]] = {
        "Categories/Category/Name": [paths[n % 3] for n in range(ROWS)],
        "Categories/Category/Name#2": [
            ["Gifts > For him", "Gifts > For her"][n % 2] if n % 3 else None for n in range(ROWS)
        ],
    }
    roles = roles_of(mugs(**columns))
    assert roles["Categories/Category/Name"] == "merchant_category"
    assert "Categories/Category/Name#2" not in roles


def test_codes_are_no_old_prices_whatever_their_name() -> None:
    rng = random.Random(9)
    codes: list[str | None] = [str(rng.randrange(100_000, 999_999)) for _ in range(ROWS)]
    feed = mugs(
        article=list(codes),
        article_for_display=list(codes),
        price=[str(rng.randrange(20, 900)) for _ in range(ROWS)],
    )
    roles = roles_of(feed)
    assert roles["price"] == "price" and roles["article"] == "merchant_product_id"
    assert roles.get("article_for_display") != "old_price"


def test_what_is_taken_off_is_a_part_of_the_old_price() -> None:
    rng = random.Random(9)
    full = [rng.randrange(2_000, 90_000) / 100 for _ in range(ROWS)]
    off = [round(f * rng.choice([0, 0, 0.1, 0.15, 0.2, 0.5]), 2) for f in full]
    columns: dict[str, list[str | None]] = {
        "off": [f"{o:.2f}" if o else rng.choice(["0", None]) for o in off],
        "left": [f"{f - o:.2f}" for f, o in zip(full, off, strict=True)],
        "full": [f"{f:.2f}" for f in full],
    }
    found = relations_of(columns, {n: shape_of(values) for n, values in columns.items()}, None)
    assert [name for name, relation in found.items() if relation.fraction] == ["off"]


def test_a_short_description_stands_in_for_blank_ones() -> None:
    long = [None if n % 4 == 0 else f"A mug of enamel for number {n}, " * 4 for n in range(ROWS)]
    short = [("Fits everybody.", "Made by hand.", "Ships today.")[n % 3] for n in range(ROWS)]
    found = roles_of(mugs(long_description=long, short_description=list(short)))
    assert found["long_description"] == found["short_description"] == "description"


def test_departments_that_are_genders_are_genders() -> None:
    women = [("mujer", "hombre", "unisex", None)[n % 4] for n in range(ROWS)]
    kinds = [("shoes", "coats", "sweaters")[n % 3] for n in range(ROWS)]
    found = roles_of(mugs(department_name=women, feed_product_type=list(kinds)))
    assert found["department_name"] == "gender"
    assert found["feed_product_type"] == "merchant_category"


def test_the_picture_that_another_one_is_made_of() -> None:
    pictures = [f"https://cdn.example/p/mug-{n}" for n in range(ROWS)]
    columns: dict[str, list[str | None]] = {
        "title": [f"Blue enamel mug number {n}" for n in range(ROWS)],
        "5": [f"{one}_medium.jpg?v=1" for one in pictures],
        "6": [f"{one}.jpg?v=1" for one in pictures],
    }
    found = infer([ColumnSample(name, values) for name, values in columns.items()], header=False)
    assert {one.column: one.role for one in found if one.role == "image_url"} == {"6": "image_url"}


def test_paths_of_two_trees_are_not_joined() -> None:
    own = [f"Mode > {('Damen', 'Herren')[n % 2]} > Strick" for n in range(ROWS)]
    networks: list[str | None] = ["Shopping > Bekleidung" for _ in range(ROWS)]
    networks[::3] = ["Shopping > Schuhe" for _ in networks[::3]]
    found = roles_of(mugs(productcategory=list(own), belboonproductcategory=networks))
    assert [name for name, role in found.items() if role == "merchant_category"] == [
        "productcategory"
    ]
