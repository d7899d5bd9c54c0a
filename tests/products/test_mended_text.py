"""Text: what is mended, what must stay, and that mending twice changes nothing more."""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aisles.products.text import clean

MENDED = {
    # entities, escaped once or more
    "Salt &amp; Pepper": "Salt & Pepper",
    "Salt &amp;amp; Pepper": "Salt & Pepper",
    "Salt &amp;amp;amp; Pepper": "Salt & Pepper",
    "Tom&#39;s &quot;mug&quot; &#x2122;": 'Tom\'s "mug" ™',
    "Cr&egrave;me": "Crème",
    "50&nbsp;g": "50 g",
    "&#128; 5": "€ 5",
    # mojibake: cp1252, latin-1, twice over, partly damaged, alone at the end
    "Café Crème brÃ»lÃ©e": "Café Crème brûlée",
    "DÃ‰COR": "DÉCOR",
    "Leather Daypackâ„¢": "Leather Daypack™",
    "kidâ€™s": "kid’s",
    "kidÃ¢â‚¬â„¢s": "kid’s",
    "a â€“ b": "a – b",
    "naïve™ â„¢": "naïve™ ™",
    "Freshener 4.5mlâ?¢": "Freshener 4.5ml™",
    "Stand Fan 16â?? white": "Stand Fan 16” white",
    "Sleeveâ„": "Sleeve™",
    "5Â°C": "5°C",
    "ï»¿Name": "Name",
    "it\x92s": "it’s",
    # the same through cp1251 and cp1250
    "Р СѓР±Р°С€РєР°": "Рубашка",
    "Р\xa0СѓР±Р°С€РєР° СЃРёРЅСЏСЏ, 100%": "Рубашка синяя, 100%",
    "РЎСѓРєРЅСЏ Р¶С–РЅРѕС‡Р°": "Сукня жіноча",
    "KoĹˇile": "Košile",
    "ĹšwieĹĽe ĹĽĂłĹ‚te gÄ™Ĺ›le": "Świeże żółte gęśle",
    # HTML
    "<p>One</p><p>Two</p>": "One Two",
    "<ul><li><b>type:</b> Original</li><li>x</li></ul>": "type: Original x",
    "a<br>b<br/>c<BR />d": "a b c d",
    "<a href=\"x>y\" title='z'>link</a>": "link",
    "&lt;p&gt;One&lt;/p&gt;": "One",
    "<script>if (a<b) {}</script>text<!-- <b>no</b> -->": "text",
    "<![CDATA[one<br/>two]]>": "one two",
    'cut in its last tag <a href="http': "cut in its last tag",
    # whitespace and control signs
    " a \t b\r\n\r\nc ": "a b c",
    "a\x00b\u200bc\u3000d\u2028e": "a bc d e",
    # one hides the other
    "&acirc;&bdquo;&cent;": "™",
    "&lt;b&gt;kidâ€&trade;s&lt;/b&gt;": "kid’s",
    # nothing is left
    "": None,
    " \n": None,
    "<br>": None,
}
KEPT = [
    "5 < 6",
    "<3",
    "a<b",
    "AT&T",
    "R&B",
    "Salt&Pepper",
    "https://a.example/c?p=1&copy=2&a=000000",
    "Jacket <NEW>",
    "&unknown;",
    "CAFÉ™",
    "é…",
    "“Quotes” and ‘quotes’ – kept…",
    "ﬁne ＦＵＬＬ ½ ²",
    "Straße ÎLE ÂGE",
    "क्‍ष ไทย العربية 日本語 👩‍👩‍👧",
    "£5 or €6",
    "voilà “quoted”",
    "СЁРЁЖКА С° Сіль, Рішення, ГОСТ Р–51 «ОРС»",
    "CĂŞTI AUDIO, RĂŞINĂ",
    "Äpfel, ÄŁ, KÄŽ",
]


@pytest.mark.parametrize(("raw", "mended"), MENDED.items())
def test_mends(raw: str, mended: str | None) -> None:
    assert clean(pa.array([raw, "untouched", None])).to_pylist() == [mended, "untouched", None]


@pytest.mark.parametrize("text", KEPT)
def test_leaves_alone(text: str) -> None:
    assert clean(pa.array([text])).to_pylist() == [text]


_PIECES = st.sampled_from(
    [
        "&",
        "amp;",
        "&lt;",
        "&gt;",
        "&#60;",
        "<",
        ">",
        "b",
        "br",
        "/",
        "<li>",
        "</p>",
        "<script>",
        '"',
    ]
    + [
        '"',
        "</script>",
        "<!--",
        "-->",
        "â",
        "€",
        "„",
        "¢",
        "™",
        "Ã",
        "©",
        "Â",
        "\xa0",
        "\x9d",
        "\x80",
    ]
    + ["&acirc;", "?", " ", "\t", "\u200b", "\ufeff", "ï»¿", "x", "é", "&nbsp;", "<![CDATA[", "]]>"]
)


@settings(deadline=None)
@given(st.lists(st.one_of(_PIECES, st.text(max_size=3)), max_size=12).map("".join))
def test_twice_is_once(text: str) -> None:
    if not text.isprintable():
        text = text.encode("utf-8", "ignore").decode()
    once = clean(pa.array([text], pa.string()))
    assert clean(once) == once


@settings(deadline=None)
@given(st.lists(st.sampled_from([*MENDED, *KEPT]), max_size=20))
def test_a_value_does_not_depend_on_its_neighbours(texts: list[str]) -> None:
    alone = [clean(pa.array([text]))[0].as_py() for text in texts]
    assert clean(pa.array(texts, pa.string())).to_pylist() == alone


def test_sliced_and_empty_arrays() -> None:
    whole = pa.array(["x", "a  b", None, "<b>c</b>"])
    assert clean(whole.slice(1, 3)).to_pylist() == ["a b", None, "c"]
    assert clean(pa.array([], pa.string())).to_pylist() == []


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "piece", ["<a ", "&amp;", '<p title="', "<!--", "<script>", "<![CDATA[", "â€"]
)
def test_what_never_closes_costs_one_pass(piece: str) -> None:
    clean(pa.array([piece * 20_000]))
