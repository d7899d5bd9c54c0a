"""Roles that columns get once the others are settled: what a feed says in an unusual place."""

from __future__ import annotations

import random

import pytest
from mug_feed import ROWS, Columns, mugs, roles_of

from aisles.feeds.infer import ColumnSample, infer


def _prices() -> list[float]:
    rng = random.Random(2)
    return [rng.randrange(1500, 90_000) / 100 for _ in range(ROWS)]


def _euros(amounts: list[float]) -> list[str | None]:
    return [f"{amount:.2f}" for amount in amounts]


def _every(third: list[str], other: str | None = None) -> list[str | None]:
    return [text if n % 3 == 0 else other for n, text in enumerate(third)]


def test_a_special_beside_the_price_is_what_is_paid() -> None:
    full = _prices()
    special = _every([f"{p * (0.6 + n % 4 / 10):.4f}" for n, p in enumerate(full)])
    roles = roles_of(mugs(price=[f"{p:.4f}" for p in full], special=special))
    assert (roles["special"], roles["price"]) == ("price", "price")


@pytest.mark.parametrize(
    "special",
    [
        _every(["1"] * ROWS, "0"),
        _every([str(5 * (n % 9 + 1)) for n in range(ROWS)]),
        _every(["yes"] * ROWS, "no"),
    ],
    ids=["flags", "percents", "words"],
)
def test_other_things_called_special_are_no_prices(special: list[str | None]) -> None:
    roles = roles_of(mugs(price=_euros(_prices()), special=special))
    assert roles["price"] == "price"
    assert roles.get("special") not in ("price", "old_price")


def test_the_shops_number_comes_before_one_of_the_network() -> None:
    numbers = [str(9000 + 7 * n) for n in range(ROWS)]
    skus: list[str | None] = [f"MUG-{n}-{n % 5}" for n in range(ROWS)]
    assert roles_of(mugs(pid=numbers, sku=skus))["sku"] == "merchant_product_id"
    blank = _every([f"MUG-{n}" for n in range(ROWS)])
    assert roles_of(mugs(pid=numbers, sku=blank))["pid"] == "merchant_product_id"
    shared: list[str | None] = [f"MUG-{n // 3}" for n in range(ROWS)]
    assert roles_of(mugs(pid=numbers, sku=shared))["pid"] == "merchant_product_id"
    assert roles_of(mugs(**{"offer-id": numbers, "sku": skus}))["offer-id"] == "merchant_product_id"
    makers = mugs(product_id=numbers, manufacturer_sku=skus)
    assert roles_of(makers)["product_id"] == "merchant_product_id"


@pytest.mark.parametrize("name", ["idproduit", "idprodukt", "idproducto"])
def test_an_id_runs_together_with_what_it_is_of(name: str) -> None:
    numbers: list[str | None] = [f"A{9000 + 7 * n}" for n in range(ROWS)]
    assert roles_of(mugs(**{name: numbers}))[name] == "merchant_product_id"


def test_numbered_levels_are_one_path_whatever_they_are_called() -> None:
    levels = [("Jewellery", "Rings", "Signet rings"), ("Jewellery", "Chains", "Anklets")]
    levels += [("Watches", "Wristwatches", "Divers"), ("Watches", "Clocks", "Alarm clocks")]
    rows = [levels[n % 4] for n in range(ROWS)]
    columns: Columns = {f"categoryid{d + 1}": [row[d] for row in rows] for d in range(3)}
    roles = roles_of(mugs(**columns))
    assert [roles.get(name) for name in columns] == ["merchant_category"] * 3


def test_a_stock_told_in_a_column_for_delivery() -> None:
    words = ["Auf Lager, Lieferung in 1-2 Werktagen", "Nicht lieferbar", "Sofort lieferbar"]
    delivery: list[str | None] = [words[n % 3] for n in range(ROWS)]
    assert roles_of(mugs(delivery=delivery))["delivery"] == "availability"
    stated = mugs(delivery=delivery, stock=[str(n % 4) for n in range(ROWS)])
    assert "delivery" not in roles_of(stated)


def test_a_picture_without_a_size_comes_before_small_ones() -> None:
    sized: Columns = {
        f"Image{size}": [f"https://cdn.example/{size}/{n}.jpg" for n in range(ROWS)]
        for size in (50, 400)
    }
    whole: list[str | None] = [f"https://shop.example/m/{n}.jpg" for n in range(ROWS)]
    roles = roles_of(mugs(**sized, ImageUrl=whole))
    assert roles["ImageUrl"] == "image_url"
    assert "Image50" not in roles
    assert roles_of(mugs(**sized))["Image400"] == "image_url"


@pytest.mark.parametrize(
    ("main", "other"), [("Preis_CHF", "Preis_EUR"), ("Our Price", "Price CAD")]
)
def test_the_same_price_in_another_currency_makes_the_first_no_part_of_it(
    main: str, other: str
) -> None:
    full = _prices()
    columns = {main: _euros(full), other: _euros([p * 1.06 for p in full])}
    assert roles_of(mugs(**columns))[main] == "price"


def test_the_price_with_tax_is_told_in_spite_of_odd_rows() -> None:
    full = _prices()
    net: list[str | None] = ["1.00", *_euros([p / 1.27 for p in full[1:]])]
    columns = {"Pris ex moms": net, "Ord. pris": ["1.00", *_euros(full[1:])]}
    roles = roles_of(mugs(**columns))
    assert roles["Ord. pris"] == "price"
    assert "Pris ex moms" not in roles


def test_a_price_struck_through_now_and_then_has_no_tax_in_it() -> None:
    full = _prices()
    before = _every(_euros([p * 1.25 for p in full]))
    roles = roles_of(mugs(Preis=_euros(full), Streichpreis=before))
    assert (roles["Preis"], roles["Streichpreis"]) == ("price", "old_price")


def test_what_is_said_of_products_out_of_stock_is_no_stock() -> None:
    words: list[str | None] = ["On request", "Sold out"] * (ROWS // 2)
    stock: list[str | None] = [str(n % 4) for n in range(ROWS)]
    roles = roles_of(mugs(stock=stock, availabilityOutOfStock=words))
    assert [name for name, role in roles.items() if role == "availability"] == ["stock"]


def test_departments_for_women_and_men_are_levels_as_well() -> None:
    rows = [("Damen", "Schuhe"), ("Herren", "Hemden"), ("Kinder", "Jacken"), ("Damen", "Kleider")]
    columns: Columns = {
        "Abteilung": [rows[n % 4][0] for n in range(ROWS)],
        "Warengruppe": [rows[n % 4][1] for n in range(ROWS)],
    }
    assert [roles_of(mugs(**columns)).get(name) for name in columns] == ["merchant_category"] * 2


def test_parameters_have_names_where_columns_have_none() -> None:
    cells: list[str | None] = [
        f"색상:{'블랙' if n % 2 else '화이트'} / 용량:1TB" for n in range(ROWS)
    ]
    feed = {str(place): values for place, values in enumerate(mugs(variant=cells).values())}
    inner: list[str | None] = ["블랙" if n % 2 else "화이트" for n in range(ROWS)]
    columns = [ColumnSample(name, values) for name, values in feed.items()]
    found = infer([*columns, ColumnSample("2[색상: /]", inner)], header=False)
    assert [one.column for one in found if one.role == "colour"] == ["2[색상: /]"]


@pytest.mark.parametrize("host", ["cdn.example/s/files/1", "cdn.example/l"])
def test_the_folder_of_a_shop_system_makes_no_small_pictures(host: str) -> None:
    sized: Columns = {
        "image_link": [f"https://cdn.example/s/{n}.jpg" for n in range(ROWS)],
        "image_url": [f"https://{host}/{n}.jpg" for n in range(ROWS)],
    }
    roles = roles_of(mugs(**sized))
    assert roles["image_url"] == "image_url"
    assert "image_link" not in roles


LEAVES = ["Bosch drills", "Angle grinders", "Work vests", "Safety shoes", "Chisels", "Levels"]


@pytest.mark.parametrize(
    "names",
    [
        ("KAT_UR1", "KAT_UR2", "KAT_UR3"),
        ("categorie_niv1", "categorie_niv2", "categorie_niv3"),
        ("大カテゴリ", "中カテゴリ", "小カテゴリ"),
        ("leimu.yiji", "leimu.erji", "leimu.sanji"),
    ],
)
def test_every_numbered_level(names: tuple[str, str, str]) -> None:
    first = ["Tools" if n % 2 else "Workwear" for n in range(ROWS)]
    second = [f"{('Power', 'Hand', 'Safety')[n % 3]} {first[n].lower()}" for n in range(ROWS)]
    third: list[str | None] = [f"{LEAVES[n % 6]} {n // 3}" if n % 5 else None for n in range(ROWS)]
    brand: list[str | None] = [("Makita", "Uvex", "Stabila")[n % 3] for n in range(ROWS)]
    levels: Columns = dict(zip(names, (list(first), list(second), third), strict=True))
    roles = roles_of(mugs(marka=brand, **levels))
    assert [roles.get(name) for name in names] == ["merchant_category"] * 3
    others = {f"category_{n}_url": [f"https://shop.example/c/{n}"] * ROWS for n in (1, 2)}
    assert not others.keys() & roles_of(mugs(**levels, **others)).keys()


def test_the_usual_price_beside_that_of_a_sale() -> None:
    full = _prices()
    sale = [f"{p * (0.9 if n % 2 else 1):.2f}" for n, p in enumerate(full)]
    more = {"Aktionspreis brutto": sale, "UVP": _euros([p * 1.2 for p in full])}
    roles = roles_of(mugs(**more, **{"VK brutto": _euros(full)}))
    assert [roles.get(one) for one in ("VK brutto", "Aktionspreis brutto")] == ["price", "price"]
    assert roles["UVP"] == "old_price"


def test_what_instalments_add_up_to_is_not_the_price() -> None:
    full = _prices()
    more = {f"price{n}T": _euros([p * (1 + n / 75) for p in full]) for n in (3, 6)}
    assert roles_of(mugs(**more, pricePlusTax=_euros(full)))["pricePlusTax"] == "price"


def test_the_type_of_a_listing_is_no_category() -> None:
    kinds: list[str | None] = [("gold_special", "gold_pro")[n % 2] for n in range(ROWS)]
    assert "listing_type_id" not in roles_of(mugs(listing_type_id=kinds))


def test_genders_that_stand_twice_are_no_categories() -> None:
    genders: list[str | None] = [
        ("Mujer", "Hombre", "Sin género", None)[n % 4] for n in range(ROWS)
    ]
    twice: Columns = {"attributes.Género": genders, "attributes.Género.values.name": genders}
    roles = roles_of(mugs(**twice))
    assert roles["attributes.Género"] == "gender"
    assert "merchant_category" not in roles.values()


def test_a_state_beside_details_of_some() -> None:
    detail = [("24 saatte kargoda", None, "Tükendi")[n % 3] for n in range(ROWS)]
    state: list[str | None] = [("1", "Var", "0")[n % 3] for n in range(ROWS)]
    roles = roles_of(mugs(stockStatus=state, stockDetail=detail))
    assert roles["stockDetail"] == roles["stockStatus"] == "availability"


def test_a_price_before_and_a_recommended_one() -> None:
    full = _prices()
    old: list[str | None] = _every(_euros([p * (1.1 + n % 7 / 9) for n, p in enumerate(full)]))  # type: ignore[arg-type]
    advised = [None if old[n] else f"{p * (1.2 + n % 5 / 9):.2f}" for n, p in enumerate(full)]
    roles = roles_of(mugs(**{"Pris": _euros(full), "Førpris": old, "Vejl. udsalg": advised}))
    assert roles["Pris"] == "price"
    assert roles["Førpris"] == roles["Vejl. udsalg"] == "old_price"
    same = roles_of(mugs(**{"Pris": _euros(full), "Førpris": old, "Vejl. udsalg": old}))
    assert [*same.values()].count("old_price") == 1


def test_words_of_a_state_come_before_numbers() -> None:
    words = ["auf Lager", "auf Bestellung", "nicht lieferbar"]
    status: list[str | None] = [words[n % 3] for n in range(ROWS)]
    stock = [str(5 * (n % 3 == 0)) for n in range(ROWS)]
    roles = roles_of(mugs(Lagerbestand=stock, Lieferstatus=status))
    assert roles["Lieferstatus"] == "availability"
    assert "Lagerbestand" not in roles


def test_titles_that_are_cut_off() -> None:
    rng = random.Random(3)
    things = ["Oxford shoe of brown leather", "Loafer of blue suede with tassels", "Rain boot"]
    full = [
        f"{rng.choice(['Classic', 'Comfort', 'Kids'])} {things[n % 3]} {n}" for n in range(ROWS)
    ]
    columns: Columns = {
        "@MARCA": [("Trato Fino", "Luz", "Camper")[n % 3] for n in range(ROWS)],
        "@DESRES": [title.upper()[:15] for title in full],
        "@DESCRI": list(full),
        "@DETALH": [f"<p>{title}. {'Leve e resistente. ' * 9}</p>" for title in full],
        "link": [f"https://shop.example/p/{n}" for n in range(ROWS)],
    }
    roles = roles_of(columns)
    assert (roles["@DESCRI"], roles["@DETALH"]) == ("title", "description")
    assert "@DESRES" not in roles


def test_a_gtin_by_its_digits_whatever_its_name() -> None:
    def coded(n: int) -> str:
        figures = f"59988710{n * 37 % 10_000:04}"
        return figures + str(-sum((1, 3)[i % 2] * int(c) for i, c in enumerate(figures)) % 10)

    codes: list[str | None] = [coded(n) for n in range(ROWS)]
    assert roles_of(mugs(vk=codes))["vk"] == "gtin"
    assert roles_of(mugs(vk=codes, ean=codes))["ean"] == "gtin"


def test_net_prices_of_several_rates() -> None:
    rates = [(9, 21)[n % 3 == 0] for n in range(ROWS)]
    gross = _prices()
    net = [price / (1 + rate / 100) for price, rate in zip(gross, rates, strict=True)]
    old = _every(_euros([p * (1.1 + n % 7 / 9) for n, p in enumerate(gross)]), "0.00")
    columns: Columns = {
        "0": [f"{rng} enamel mug" for rng in range(ROWS)],
        "1": _euros(net),
        "2": _euros(gross),
        "3": old,
        "4": [str(rate) for rate in rates],
    }
    found = infer([ColumnSample(name, values) for name, values in columns.items()], header=False)
    roles = {one.column: one.role for one in found}
    assert (roles["1"], roles["2"], roles["3"]) == (None, "price", "old_price")
