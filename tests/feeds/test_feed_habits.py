"""Habits of feeds: names in other places than usual, and values that say more than names."""

import io

import pytest

from aisles.feeds.infer import ColumnSample, infer
from aisles.feeds.lexicon import ROLES
from aisles.feeds.parse import parse
from aisles.feeds.vocabulary import name_scores

NOUNS = ("Lampe", "Teppich", "Regal", "Sessel", "Kissen", "Spiegel", "Hocker")
MAKERS = ("Nordvik", "Almeda", "Birke & Sohn", "Castor", "Dorado")
COLOURS = ("rot", "dunkelblau", "schwarz", "weiß")
ROWS = 60


def title(no: int) -> str:
    return f"{MAKERS[no % 5]} {NOUNS[no % 7]} Modell {no} {COLOURS[no % 4]}"


def barcode(no: int) -> str:
    """A GTIN-13 with these nine digits."""
    digits = f"{no:012}"
    total = sum(int(c) * (1, 3)[place % 2] for place, c in enumerate(digits))
    return f"{digits}{-total % 10}"


VALUES = {
    "title": title,
    "text": lambda no: (
        f"{title(no)}. Gut gebaut, leicht gepflegt und ein Gewinn für jedes Zimmer "
        f"des Hauses, Ausgabe {no}."
    ),
    "maker": lambda no: MAKERS[no % 5],
    "one maker": lambda _: "Nordvik",
    "price": lambda no: f"{20 + no}.{no % 9}9",
    "old": lambda no: f"{20 + no + no % 3}.{no % 9}9",
    "sale": lambda no: f"{15 + no}.{no % 9}9" if no % 3 == 0 else "",
    "lowest": lambda no: f"{20 + no - no % 4}.{no % 9}9",
    "importer": lambda no: MAKERS[no % 5] if no % 2 else "Import Handel GmbH",
    "no": lambda no: "Y" if no % 9 == 0 else "N",
    "barcode": lambda no: barcode(no + 400638133),
    "catalog": lambda no: f"TT{4000 + no}",
    "instalments": lambda no: f"em até 10x de R$ {10 + no},{no % 9}0 sem juros",
    "worded": lambda no: f"ab {20 + no},{no % 9}9 € (inkl. 19% MwSt.)",
    "rial": lambda no: f"{4 + no % 5}٬{210 + no}٬000 ریال",
    "bare page": lambda no: f"item.shop.example/{no + 100}.html",
    "year": lambda no: str(2010 + no % 9),
    "left": lambda no: f"only {no % 5 + 1} left in stock",
    "unit price": lambda no: f"{40 + no},{no % 9}0 €/kg",
    "picture": lambda no: f"https://cdn.shop.example/media/{no + 100}.jpg",
    "thumb": lambda no: f"https://cdn.shop.example/thumbs/{no + 100}_s.jpg",
    "page": lambda no: f"https://www.shop.example/artikel/{no + 100}",
    "api": lambda no: f"https://api.shop.example/v1/item/{no + 100}",
    "id": lambda no: str(no * 7 + 4100),
    "count": lambda no: str(90 + no * 37 % 400),
    "pairs": lambda no: f"Farbe={COLOURS[no % 4]},Form=rund",
    "triple": lambda no: f"Farbe:{COLOURS[no % 4]}:1",
    "coded": lambda no: ("gold_special", "gold_pro", "silver_base")[no % 3],
    "level 1": lambda no: ("Mode", "Wohnen")[no % 7 % 2],
    "level 2": lambda no: NOUNS[no % 7],
    "network's": lambda no: ("Home & Garden", "Gifts", "Clothing")[no * 31 % 11 % 3],
    "stock": lambda no: ("In Stock.", "Out of Stock.")[no % 2],
}


def roles(columns: dict[str, str], header: bool = True) -> dict[str, str]:
    samples = [
        ColumnSample(c, [VALUES[kind](no) for no in range(ROWS)]) for c, kind in columns.items()
    ]
    return {found.column: found.role for found in infer(samples, header) if found.role}


BASE = {"sku": "id", "name": "title", "price": "price", "image": "picture", "link": "page"}


def roles_beside(columns: dict[str, str], without: tuple[str, ...] = ()) -> dict[str, str]:
    """The roles of these columns, set behind those of a plain feed."""
    base = {name: kind for name, kind in BASE.items() if name not in without}
    return {c: r for c, r in roles(base | columns).items() if c in columns}


BESIDE = {
    "the name is called a description": (
        {"Beschreibung": "title", "Beschreibung lang": "text"}, ("name",),
        {"Beschreibung": "title", "Beschreibung lang": "description"},
    ),
    "a short description only": ({"Product Desc": "title"}, ("name",), {"Product Desc": "title"}),
    "a price with its unit is no title": ({"Prezzo al kg": "unit price"}, ("name",), {}),
    "what a text is called says nothing of it": (
        {"caption": "text"}, (), {"caption": "description"},
    ),
    "links under another topic": ({"seo.url": "page"}, ("link",), {"seo.url": "product_url"}),
    "only a small picture": ({"thumbnail": "thumb"}, ("image",), {"thumbnail": "image_url"}),
    "a picture's name that is a link": (
        {"image_name": "picture"}, ("image",), {"image_name": "image_url"},
    ),
    "the large picture": (
        {"img.s": "thumb", "img.l": "picture"}, ("image",), {"img.l": "image_url"},
    ),
    "an address for machines": (
        {"itemHref": "api", "itemWebUrl": "page"}, ("link",), {"itemWebUrl": "product_url"},
    ),
    "the price of a group": (
        {"min_group_price": "price"}, ("price",), {"min_group_price": "price"},
    ),
    "a price now and then, on sale": (
        {"Angebotspreis": "sale", "Regulärer Preis": "price"}, ("price",),
        {"Regulärer Preis": "price"},
    ),
    "the retail price and the offer": (
        {"pvp": "old", "pvp_oferta": "price"}, ("price",),
        {"pvp": "old_price", "pvp_oferta": "price"},
    ),
    "the retail price beside a crossed-out one": (
        {"pvp": "price", "preço riscado": "old"}, ("price",),
        {"pvp": "price", "preço riscado": "old_price"},
    ),
    "one brand in the whole shop": ({"Marke": "one maker"}, (), {"Marke": "brand"}),
    "the supplier, where no maker is named": ({"supplier": "maker"}, (), {"supplier": "brand"}),
    "the supplier beside the maker": (
        {"supplier": "one maker", "brand": "maker"}, (), {"brand": "brand"},
    ),
    "a stock's number": (
        {"stock_no": "id", "pages": "count"}, ("sku",), {"stock_no": "merchant_product_id"},
    ),
    "names and values in one cell": ({"filters": "pairs", "Eigenschaften": "triple"}, (), {}),
    "codes with a colour's word": ({"listing_kind": "coded"}, (), {}),
    "the shop's categories, not the network's": (
        {"category_name": "network's", "merchant_category": "level 2"}, (),
        {"merchant_category": "merchant_category"},
    ),
    "levels of a hierarchy": (
        {"DEPT_NM": "level 1", "SUBCLASS_NM": "level 2"}, (),
        {"DEPT_NM": "merchant_category", "SUBCLASS_NM": "merchant_category"},
    ),
    **{
        f"the lowest of 30 days: {name}": ({name: "lowest"}, (), {})
        for name in (
            "omnibus_price", "Najniższa cena z 30 dni", "niedrigster Preis 30 Tage", "lowest_price",
            "nejnižší cena za 30 dní", "laagste prijs 30 dagen", "prix le plus bas 30 jours",
        )
    },
    "the brand beside who makes it": (
        {"Hersteller": "importer", "Marke": "maker"}, (), {"Marke": "brand"},
    ),
    "the brand beside the author": (
        {"author": "importer", "brand": "maker"}, (), {"brand": "brand"},
    ),
    "sold out or not": ({"품절여부": "no"}, (), {}),
    "a barcode in the product's code, another id": (
        {"PRODUCT_CODE": "barcode", "CATALOG_NUMBER": "catalog"}, ("sku",),
        {"PRODUCT_CODE": "gtin", "CATALOG_NUMBER": "merchant_product_id"},
    ),
    "the name in what is called a description": (
        {"descricao": "title", "caracteristicas": "text"}, ("name",),
        {"descricao": "title", "caracteristicas": "description"},
    ),
    "instalments are no title": (
        {"descricao": "text", "parcelamento": "instalments"}, (), {"descricao": "description"},
    ),
    "amounts with words": ({"Preis": "worded"}, ("price",), {"Preis": "price"}),
    "amounts in Arabic digits": ({"price": "rial"}, ("price",), {"price": "price"}),
    "what another size costs": (
        {"price_with_vat": "price", "sizes/size/price_with_vat": "old"}, ("price",),
        {"price_with_vat": "price"},
    ),
    "the older price inside another element": (
        {"price": "price", "before/price": "old"}, ("price",),
        {"price": "price", "before/price": "old_price"},
    ),
    "an attribute's value, and a price that has no other beside it": (
        {"Precio normal": "price", "Valor(es) del atributo 1": "year"}, ("price",),
        {"Precio normal": "price"},
    ),
    "what a discount is reckoned from": (
        {"판매가격": "price", "할인율기준가": "old"}, ("price",),
        {"판매가격": "price", "할인율기준가": "old_price"},
    ),
    "words of a picture are no brand": ({"商品画像名（ALT）": "maker"}, (), {}),
    "links without a scheme": ({"url": "bare page"}, ("link",), {"url": "product_url"}),
    "how many are left": ({"stock": "left"}, (), {"stock": "availability"}),
    "words of stock with a full stop": (
        {"Availability.Message": "stock"}, (), {"Availability.Message": "availability"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BESIDE)
def test_roles_beside_those_of_a_plain_feed(case: str) -> None:
    columns, without, wanted = BESIDE[case]
    assert roles_beside(columns, without) == wanted


HEADERS = {
    "Adresse de l'image": "image_url", "Prezzo dell'articolo": "price",
    "Prix d'origine": "old_price", "cat_l2": "merchant_category",
    "node.compareAtPriceRange.maxVariantPrice.amount": "old_price",
    "node.priceRange.minVariantPrice.currencyCode": "currency",
    "node.featuredImage.url": "image_url", "offers.lowPrice": "price",
    "prd_nm": "title", "prd_desc": "description", "brnd_nm": "brand", "img_lrg": "image_url",
    "prd_lnk": "product_url", "avlbl_flg": "availability", "IN_STOCK_IND": "availability",
    "clr": "colour", "sz": "size", "GENDER_CD": "gender", "Saldo": "availability",
    "Остаток, шт.": "availability", "store_category": "merchant_category",
}  # fmt: skip


@pytest.mark.parametrize("header", HEADERS)
def test_headers_speak_for_their_role(header: str) -> None:
    scores = name_scores(header).scores
    assert max(ROLES, key=scores.__getitem__) == HEADERS[header]
    assert scores[HEADERS[header]] > 1.5


@pytest.mark.parametrize("header", ["pages", "Seitenzahl", "tax class", "supplier id", "filters"])
def test_headers_that_name_no_role(header: str) -> None:
    assert max(name_scores(header).scores.values()) < 1.0


def records(text: str, name: str = "feed") -> list[dict[str, str]]:
    batches = list(parse(io.BytesIO(text.encode()), name))
    return [dict(v) for batch in batches for v in batch["values"].to_pylist()]


def test_names_for_people_above_names_for_machines() -> None:
    lines = [
        "Template=shoes\tVersion=3\tDo not change the first rows.\t\t",
        "Seller SKU\tProduct Name\tStandard Price\tQuantity\tMain Image URL",
        "item_sku\titem_name\tstandard_price\tquantity\tmain_image_url",
        *(f"A-{n}\tShoe {n}\t{n}9.90\t{n}\thttps://a.example/{n}.jpg" for n in range(1, 9)),
    ]
    found = records("\n".join(lines) + "\n", "feed.txt")
    assert len(found) == 8
    assert found[0] == {
        "item_sku": "A-1", "item_name": "Shoe 1", "standard_price": "19.90", "quantity": "1",
        "main_image_url": "https://a.example/1.jpg",
    }  # fmt: skip


def test_a_first_record_like_names_stays_a_record() -> None:
    rows = ["title,brand,size,color", "Brand,Acme,Size,Color", "Lamp,Acme,S,red", "Rug,Acme,M,blue"]
    assert [r["title"] for r in records("\n".join(rows) + "\n", "f.csv")] == [
        "Brand",
        "Lamp",
        "Rug",
    ]


@pytest.mark.parametrize("delimiter", ["\t", "|", ","])
def test_few_quoted_cells_that_hold_doubled_quotes(delimiter: str) -> None:
    rows = [["id", "title", "price"], *([str(n), f"Lamp {n}", "9.90"] for n in range(40))]
    rows[7][1] = '"Screen 55"""'
    text = "\n".join(map(delimiter.join, rows)) + "\n"
    assert records(text, "feed.txt")[6]["title"] == 'Screen 55"'


XML = {
    '<properties><property name="brand"><value>Acme</value></property></properties>': (
        "properties/property/brand", "Acme",
    ),
    "<kenmerk><naam>Kleur</naam><waarde>rood</waarde></kenmerk>": ("kenmerk/Kleur", "rood"),
    '<variant name="Large"><price>9</price><stock>2</stock></variant>': ("variant/price", "9"),
    '<parameter name="Kolor"><value id="30" name="red"/></parameter>': ("parameter/Kolor", "red"),
    '<parameter name="Size"><value id="30">M</value></parameter>': (
        "parameter/Size/value@id", "30",
    ),
}  # fmt: skip


@pytest.mark.parametrize("inner", XML)
def test_elements_that_name_a_value(inner: str) -> None:
    text = "<products>" + f"<product><id>1</id>{inner}</product>" * 3 + "</products>"
    column, value = XML[inner]
    assert records(text)[0][column] == value


def test_a_list_of_categories_is_a_path() -> None:
    found = records('[{"id": 1, "cats": ["Toys", "Trains"], "tags": ["a", "b"]}]')
    assert found == [{"id": "1", "cats": "Toys > Trains", "tags": "a, b"}]
