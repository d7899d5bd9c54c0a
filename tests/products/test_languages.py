"""The language of a product's text, and of a feed, with texts written here."""

import pyarrow as pa
import pytest

from aisles.products.feed_language import feed_languages, texts_of
from aisles.products.language import languages

SHOES = {
    "de": "Herren Laufschuhe mit gedämpfter Sohle in Schwarz",
    "en": "Men's running shoes with a cushioned sole",
    "fr": "Chaussures de course noires pour homme",
    "es": "Zapatillas negras de correr para hombre",
    "it": "Scarpe nere da corsa da uomo con suola morbida",
    "nl": "Zwarte hardloopschoenen voor heren",
    "pl": "Czarne buty do biegania męskie",
    "cs": "Pánské běžecké boty černé",
    "sv": "Svarta löparskor för herrar",
    "fi": "Miesten mustat juoksukengät",
    "hu": "Fekete férfi futócipő",
    "tr": "Siyah erkek koşu ayakkabısı",
    "ru": "Мужские кроссовки для бега",
    "uk": "Чоловічі кросівки для бігу",
    "bg": "Мъжки маратонки за бягане",
    "el": "Ανδρικά παπούτσια για τρέξιμο",
    "ar": "حذاء جري رجالي أسود",
    "he": "נעלי ריצה לגברים",
    "fa": "کفش دویدن مردانه مشکی",
    "zh": "男士跑步鞋 黑色",
    "ja": "メンズランニングシューズ 黒",
    "ko": "남성용 러닝화 검정",
    "th": "รองเท้าวิ่งผู้ชาย สีดำ",
    "hi": "पुरुषों के दौड़ने के जूते",
    "vi": "Giày chạy bộ nam màu đen",
}
NAMES = ["Nike Air Max 90", "Adidas Samba OG", "Canon EOS R5", "LEGO 42115", "iPhone 15 Pro", "XL"]
NO_LETTERS = ["12345", "4006381333931", "***", "-", ""]
GERMAN = [
    f"{adjective} {noun} aus {material}"
    for adjective in ("Schöner", "Großer", "Kleiner", "Leichter")
    for noun in ("Stuhl", "Tisch", "Schrank", "Hocker", "Spiegel")
    for material in ("Holz", "Glas und Stahl")
]
FRENCH = [
    f"{noun} {adjective} en {material}"
    for adjective in ("pliante", "élégante", "légère", "petite")
    for noun in ("Chaise", "Table", "Armoire", "Étagère", "Lampe")
    for material in ("bois", "verre et métal")
]


def of(titles: list[str | None], *feed: str, texts: list[str | None] | None = None) -> list[object]:
    descriptions = pa.array(texts or [None] * len(titles), pa.string())
    return languages(pa.array(titles, pa.string()), descriptions, feed).to_pylist()


@pytest.mark.parametrize("feed", [(), ("fr", "pt")])
def test_each_text_of_a_mixed_feed_is_told_by_its_letters(feed: tuple[str, ...]) -> None:
    known = [code for code in SHOES if not feed or code in ("fr", "ru", "ja", "el")]
    assert of([SHOES[code] for code in known], *feed) == known


def test_names_of_models_and_numbers_have_no_language_in_a_mixed_feed() -> None:
    for feed in [(), ("de", "fr")]:
        assert of([*NAMES, *NO_LETTERS, None], *feed) == [None] * (len(NAMES) + 6)


def test_a_description_tells_what_a_title_does_not() -> None:
    text = "Leichter Turnschuh mit weicher Sohle für den Alltag"
    assert of(["Nike Air Max 90"], texts=[text]) == ["de"]
    assert of([None], texts=[text]) == ["de"]


def test_a_short_title_of_a_mixed_feed_is_in_one_of_its_languages() -> None:
    titles = ["Bio Vollmilch Schokolade", "Chocolat au lait bio"]
    assert of(titles, "de", "fr") == ["de", "fr"]


def test_in_a_feed_of_one_language_other_scripts_are_looked_at() -> None:
    own = ["Bio Vollmilch", "Nike Air Max 90", "α-Liponsäure 600 mg", "Größe XL – 5 µm", "Naïve é"]
    others = ["ru", "uk", "el", "ar", "he", "zh", "ja", "ko", "th", "hi"]
    found = of([*own, *(SHOES[code] for code in others), *NO_LETTERS], "de")
    assert found == ["de"] * len(own) + others + [None] * len(NO_LETTERS)


def test_names_in_latin_letters_belong_to_feeds_of_every_script() -> None:
    for code in ("ru", "el", "ar", "ja", "zh", "ko", "th", "hi"):
        assert of([SHOES[code], "Nike Air Max 90", "12345"], code) == [code, code, None]
        assert of([SHOES["en"]], code) == ["en"]
    assert of(["Nike Air Max 90"], "ru", texts=[SHOES["ru"]]) == ["ru"]


def test_a_language_of_two_scripts_has_both() -> None:
    assert of(["Мушке патике за трчање", "Muške patike za trčanje"], "sr") == ["sr", "sr"]


def test_nothing_has_no_language() -> None:
    assert of([]) == of([], "de") == []
    assert of([None, None], "de") == [None, None]


def test_a_feed_is_in_the_language_of_nearly_all_its_texts() -> None:
    assert feed_languages(GERMAN) == ("de",)
    assert feed_languages([*GERMAN, *FRENCH[:2], *NAMES, *NO_LETTERS]) == ("de",)


def test_a_mixed_feed_has_several() -> None:
    assert feed_languages(GERMAN + FRENCH) == ("de", "fr")


def test_names_and_few_texts_do_not_tell() -> None:
    assert feed_languages([]) == feed_languages(NAMES * 20) == feed_languages(GERMAN[:3]) == ()
    assert feed_languages(NAMES, ["de"]) == ("de",)


def test_the_stored_languages_stay_until_much_speaks_against_them() -> None:
    some = [*GERMAN, *FRENCH[:8]]  # a sixth is French: no feed of one language when it is new
    assert feed_languages(some) == ("de", "fr")
    assert feed_languages(some, ["de"]) == ("de",)
    assert feed_languages([*GERMAN, *FRENCH[:3]], ["de", "fr"]) == ("de", "fr")
    assert feed_languages(FRENCH, ["de"]) == ("fr",)
    assert feed_languages(GERMAN, ["de", "fr"]) == ("de",)
    assert feed_languages(GERMAN + FRENCH, ["de"]) == ("de", "fr")


def test_texts_of_a_feed_are_cleaned_titles_and_descriptions() -> None:
    records = [
        {"name": "<b>Stuhl</b>", "text": "aus Holz", "id": "1"},
        {"name": "Tisch", "short": "n/a"},
        {"id": "3"},
    ]
    maps = pa.array([list(record.items()) for record in records], pa.map_(pa.string(), pa.string()))
    columns = {"title": ["short", "name"], "description": ["text"], "brand": ["id"]}
    assert texts_of(maps, columns) == ["Stuhl\naus Holz", "Tisch\n"]
