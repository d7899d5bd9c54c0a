"""What headers say, in many languages and scripts, alone and in compounds."""

import pytest

from aisles.feeds.lexicon import compact, fold, lexicon, words_of
from aisles.feeds.vocabulary import chunks_of, is_known_name, name_scores

SPEAKS = {
    "title": ["Produktname", "nom_du_produit", "Наименование товара", "商品名称", "Tên sản phẩm",
              "Termék neve", "ชื่อสินค้า", "toote nimetus", "اسم المنتج"],
    "description": ["Langbeschreibung", "Popis produktu", "상품설명", "Описание",
                    "long_description"],
    "brand": ["Herstellername", "Výrobce", "メーカー", "product.brand.name", "Κατασκευαστής"],
    "price": ["Verkaufspreis", "cena_brutto", "price_with_vat", "판매가", "Harga", "g:price",
              "Preis inkl. MwSt."],
    "old_price": ["fromPrice", "maximumRetailPrice.amount", "Streichpreis", "prix_barré",
                  "市场价", "Старая цена", "stara_cena", "list-price", "MRP"],
    "currency": ["priceCurrency", "Währung", "currencyId", "通貨"],
    "image_url": ["imageURL", "bildlink", "Ссылка на изображение", "商品画像URL", "img_src",
                  "url_zdjecia", "vareBilledUrl"],
    "product_url": ["produkturl", "aw_deep_link", "商品ページURL", "Odkaz", "landing page",
                    "tuotelinkki"],
    "merchant_category": ["categoryPath", "Warengruppe", "ジャンル", "product_type", "Danh mục",
                          "kategorijas nosaukums"],
    "merchant_product_id": ["Artikelnummer", "productId", "item_sku", "Артикул", "商品编号",
                            "Unique_Merchant_SKU"],
    "gtin": ["EAN-Code", "code barre", "JANコード", "Штрихкод", "upc_ean"],
    "colour": ["Farbe", "param/Цвет", "color_name", "Màu sắc", "väri"],
    "size": ["Größe", "Schuhgröße", "taille", "サイズ", "Ukuran", "beden"],
    "gender": ["Geschlecht", "gender_target", "Pohlaví", "性別", "Jenis Kelamin"],
    "availability": ["Verfügbarkeit", "stock_status", "在庫状況", "Lagerstatus", "isInStock"],
}  # fmt: skip
# Headers about something else, and those whose words name somebody else's things.
SILENT = [
    "shipping_cost", "g:shipping/g:price", "Versandkosten", "送料", "discount_percent",
    "commission", "rating", "reviews", "category_id", "brand_logo", "merchant_name",
    "Shop-Name", "lastUpdated",
    "language", "condition", "Grundpreis", "google_product_category", "size_system", "weight",
    "data_feed_id", "keywords", "age_group", "delivery_time", "image_alt_text", "zzz",
    "attribute 7",
]  # fmt: skip


@pytest.mark.parametrize(("role", "header"), [(r, h) for r, hs in SPEAKS.items() for h in hs])
def test_headers_speak_for_their_role(role: str, header: str) -> None:
    scores = name_scores(header).scores
    assert max(scores, key=lambda r: scores[r]) == role
    assert scores[role] >= 1.8
    assert header in name_scores(header).why[role]


@pytest.mark.parametrize("header", SILENT)
def test_headers_about_something_else_name_no_role(header: str) -> None:
    assert max(name_scores(header).scores.values()) < 1.0


def test_a_weaker_header_gives_way() -> None:
    for role, strong, weak in (
        ("image_url", "image_large", "image_small"),
        ("image_url", "Bild-URL_1", "Bild-URL_2"),
        ("description", "description", "short_description"),
        ("price", "price", "net_price"),
        ("merchant_product_id", "sku", "mpn"),
        ("availability", "stock_status", "stock_quantity"),
        ("title", "title", "name"),
    ):
        assert name_scores(strong).scores[role] > name_scores(weak).scores[role]


def test_compounds_are_cut_into_known_words() -> None:
    cut = {
        "billedurl": ["billed", "url"],
        "Artikelbezeichnung": ["artikel", "bezeichnung"],
        "商品ページURL": ["商品", "ページ", "url"],
        "bigimage": ["big", "image"],
        "Verfügbarkeitsstatus": ["verfugbarkeit", "status"],
    }
    found = {h: [c.word for c in chunks_of(h, lexicon())] for h in cut}
    assert found == cut
    assert [c.word for c in chunks_of("qwertyurl", lexicon())] == [None]


def test_words_left_out_are_not_known() -> None:
    without = lexicon().without({"streichpreis", "streich"})
    assert name_scores("Streichpreis", without).scores["old_price"] < 1
    assert name_scores("Streichpreis").scores["old_price"] == 4


def test_spelling_is_folded() -> None:
    assert words_of("g:imageLink2") == ("g", "image", "link", "2")
    assert words_of("उत्पाद_का नाम") == ("उत्पाद", "का", "नाम")
    assert len({compact(w) for w in ("imageURL", "IMAGE_URL", "Image Url", "image-url")}) == 1
    folded = {"Größe": "grosse", "Ürün": "urun", "ΧΡΏΜΑ": "χρωμα", "Ёж": "еж",
              "ｂｒａｎｄ": "brand",
              "ブランド": "ブランド", "색상": "색상"}  # fmt: skip
    assert {text: fold(text) for text in folded} == folded


def test_known_names_are_those_of_headers() -> None:
    assert all(map(is_known_name, ("price", "Artikelnummer", "g:brand", "商品名", "image_url")))
    assert not any(map(is_known_name, ("Shoes", "12.99", "Nordlys Lamp", "red", "xyz")))
