"""Roles of columns in the layouts of networks and shop systems at large."""

import pytest
from small_feeds import LAYOUTS, VALUES

from aisles.feeds.infer import ColumnRole, ColumnSample, infer
from aisles.feeds.lexicon import ROLES, compact
from aisles.feeds.marks import is_gtin, number_of
from aisles.feeds.roles import with_overrides
from aisles.feeds.vocabulary import name_scores


def roles_of(columns: dict[str, tuple[str, str | None]], header: bool) -> dict[str, ColumnRole]:
    samples = [ColumnSample(name, VALUES[kind]) for name, (kind, _) in columns.items()]
    return {found.column: found for found in infer(samples, header)}


@pytest.mark.parametrize("network", LAYOUTS)
def test_headers_and_values(network: str) -> None:
    found = roles_of(LAYOUTS[network], header=True)
    assert {c: r.role for c, r in found.items()} == {c: r for c, (_, r) in LAYOUTS[network].items()}
    assert all(0 <= r.confidence <= 1 and r.evidence for r in found.values())
    assert all(r.confidence > 0.3 for r in found.values() if r.role)


@pytest.mark.parametrize("network", LAYOUTS)
def test_values_alone(network: str) -> None:
    """Without a header the kinds that values can tell are still found."""
    telling = {"title", "description", "brand", "price", "image_url", "product_url", "currency",
               "merchant_category", "gtin", "colour", "gender"}  # fmt: skip
    unlike = {"flag", "count", "small_id", "size"}
    layout = {
        str(place): pair
        for place, pair in enumerate(LAYOUTS[network].values())
        if pair[0] not in unlike
    }
    found = roles_of(layout, header=False)
    kind_of = {role: kind for kind, role in LAYOUTS[network].values() if role}
    wrong = [
        (role, layout[column][0])
        for column, result in found.items()
        if (role := result.role) in telling
        and role in kind_of
        and layout[column][0] not in (kind_of[role], "deep", "url")
    ]
    assert wrong == []
    assert {r for r in telling if r in kind_of} - {r.role for r in found.values()} == set()


def test_wholly_empty_columns_are_named_by_a_plain_header() -> None:
    layout = {"brand": ("blank", "brand"), "Fashion:size": ("blank", None),
              "title": ("title", "title"), "col7": ("blank", None)}  # fmt: skip
    assert {c: r.role for c, r in roles_of(layout, True).items()} == {
        c: r for c, (_, r) in layout.items()
    }


def test_values_overrule_a_misleading_header() -> None:
    layout = {"id": ("shop_id", None), "name": ("shop", None),
              "sku": ("sku", "merchant_product_id"),
              "title": ("title", "title"), "image": ("logo", None), "picture": ("pic", "image_url"),
              "price": ("ship", None), "amount": ("price", "price")}  # fmt: skip
    found = {c: r.role for c, r in roles_of(layout, True).items()}
    assert {c: found[c] for c in ("id", "name", "sku", "title", "image", "picture")} == {
        c: layout[c][1] for c in ("id", "name", "sku", "title", "image", "picture")
    }
    assert found["amount"] == "price"


def test_levels_and_equal_ids_share_a_role() -> None:
    layout = {"categories": ("path", "merchant_category"),
              "subcategories": ("path", "merchant_category"),
              "product_id": ("id", "merchant_product_id"), "sku": ("id", "merchant_product_id"),
              "name": ("title", "title")}  # fmt: skip
    assert {c: r.role for c, r in roles_of(layout, True).items()} == {
        c: r for c, (_, r) in layout.items()
    }


@pytest.mark.parametrize("total", ["total", "total_price", "Gesamtpreis", "Grand Total", "итого"])
def test_a_sum_with_shipping_is_no_old_price(total: str) -> None:
    prices = [float(price) for price in VALUES["price"]]
    samples = [
        ColumnSample("title", VALUES["title"]),
        ColumnSample("price", VALUES["price"]),
        ColumnSample(total, [f"{price + (4.9 if price < 99 else 9.9):.2f}" for price in prices]),
    ]
    assert [found.role for found in infer(samples, True)] == ["title", "price", None]
    assert infer([samples[0], samples[2]], True)[1].role in ("price", None)
    alone = infer([samples[0], ColumnSample("total price", VALUES["price"])], True)
    assert alone[1].role == "price"


@pytest.mark.parametrize("header", ["discount", "Rabatt", "скидка"])
def test_a_discount_is_the_price_only_where_it_is_what_is_left_to_pay(header: str) -> None:
    full = [float(price) for price in VALUES["price"]]
    left = [price if row % 3 else round(price * 0.8, 2) for row, price in enumerate(full)]
    off = [price - now for price, now in zip(full, left, strict=True)]
    columns = [ColumnSample("title", VALUES["title"]), ColumnSample("price", VALUES["price"])]

    def roles(values: list[float]) -> list[str | None]:
        said = ColumnSample(header, [f"{value:.2f}" for value in values])
        return [found.role for found in infer([*columns, said], True)]

    assert roles(left) == ["title", "old_price", "price"]
    assert roles(off)[1:] == roles(full)[1:] == ["price", None]
    assert roles([price * 0.3 for price in full])[1:] == ["price", None]


@pytest.mark.parametrize(
    "header", ["price_cents", "priceInCents", "price (pence)", "Preis in Cent", "centimes", "kuruş"]
)
def test_whole_numbers_of_cents_are_prices(header: str) -> None:
    cents = [str(round(100 * float(price))) for price in VALUES["price"]]
    samples = [ColumnSample("title", VALUES["title"]), ColumnSample(header, cents)]
    found = infer(samples, True)[1]
    assert (found.role, found.confidence > 0.6) == ("price", True)


@pytest.mark.parametrize(
    ("stem", "states"),
    [
        ("https://schema.org/", ("InStock", "OutOfStock")),
        ("http://schema.org/", ("InStock", "InStock")),
        ("https://schema.org/", ("PreOrder", "BackOrder", "LimitedAvailability", "SoldOut")),
    ],
)
def test_availability_of_schema_org(stem: str, states: tuple[str, ...]) -> None:
    stock = [stem + states[row % len(states)] for row in range(len(VALUES["title"]))]
    samples = [
        ColumnSample("title", VALUES["title"]),
        ColumnSample("availability", stock),
        ColumnSample("link", VALUES["deep"]),
    ]
    assert [f.role for f in infer(samples, True)] == ["title", "availability", "product_url"]
    # No link is a state of stock, and no state is a link.
    assert infer([ColumnSample("availability", VALUES["deep"])], True)[0].role != "availability"
    assert infer([ColumnSample("link", stock)], True)[0].role != "product_url"


def test_a_network_prior_helps_where_headers_say_nothing() -> None:
    samples = [ColumnSample("x1", VALUES["sku"]), ColumnSample("x2", VALUES["id"])]
    assert infer(samples, True)[0].role == "merchant_product_id"
    found = infer(samples, True, {"x2": {"merchant_product_id": 3.0}})[1]
    assert found.role == "merchant_product_id"
    assert "borrowed from the network's other feeds (+3.0)" in found.evidence


def test_no_columns_and_no_rows() -> None:
    assert infer([], True) == []
    assert infer([ColumnSample("title", [])], True)[0].role == "title"
    assert infer([ColumnSample("0", [None, None])], False)[0].role is None


AMOUNTS = {
    "12": 12.0, "12.50": 12.5, "12,50 EUR": 12.5, "€ 1.299,00": 1299.0, "1,299.00": 1299.0,
    "Rs. 22,646": 22646.0, "1 299,00 kr": 1299.0, "0.99": 0.99, "abc": None,
    "INR 1,00,000.00": 100000.0, "1'299.00 CHF": 1299.0, "12-13": None,
}  # fmt: skip


@pytest.mark.parametrize(("text", "amount"), AMOUNTS.items())
def test_number_of(text: str, amount: float | None) -> None:
    assert number_of(text) == amount


def test_is_gtin() -> None:
    assert [is_gtin(t) for t in ("4006381333931", "4006381333932", "036000291452", "96385074")] == [
        True, False, True, True,
    ]  # fmt: skip
    assert not any(map(is_gtin, ("", "00000000", "123", "400638133393A")))
    assert all(map(is_gtin, ("'4006381333931", "4006381333931.0")))


def test_header_words() -> None:
    assert len({compact(w) for w in ("imageURL", "IMAGE_URL", "Image Url", "image-url")}) == 1
    assert name_scores("g:price").scores["price"] > 3
    assert name_scores("g:shipping/g:price").scores["price"] < 0
    assert name_scores("aw_thumb_url").scores["image_url"] < 2
    assert set(name_scores("zzz").scores) == set(ROLES)


def row(column: str, role: str | None, retailer: str = "shop") -> dict[str, object]:
    return {"network": "net", "retailer": retailer, "column": column, "role": role,
            "confidence": 0.9, "evidence": "x", "source": "inferred"}  # fmt: skip


def test_overrides_win() -> None:
    inferred = [row("a", "title"), row("b", None), row("c", "price"), row("a", "title", "other")]
    overrides = [
        {"network": "net", "retailer": "shop", "column": "b", "role": "title"},
        {"network": "net", "retailer": "*", "column": "c", "role": "old_price"},
        {"network": "net", "retailer": "shop", "column": "d", "role": "brand"},
    ]
    found = {
        (r["retailer"], r["column"]): (r["role"], r["source"])
        for r in with_overrides(inferred, overrides)
    }
    assert found == {
        ("shop", "a"): (None, "inferred"),
        ("shop", "b"): ("title", "override"),
        ("shop", "c"): ("old_price", "override"),
        ("shop", "d"): ("brand", "override"),
        ("other", "a"): ("title", "inferred"),
    }
    with pytest.raises(ValueError, match="expected one of title"):
        with_overrides(inferred, [{**overrides[0], "role": "name"}])
