"""What is shaped like a tag: what is one, and what people put between < and >."""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aisles.products.text import clean

MENDED = {
    # custom elements, Office, XML, pairs of any name
    "text <custom-tag>x</custom-tag>": "text x",
    'a <my-tag class="b">c': "a c",
    "a <my-tag hidden=1/>b</my-tag>": "a b",
    "tail</custom-tag> end": "tail end",
    "Word<o:p></o:p> text<o:p/>": "Word text",
    "<w:WordDocument><w:View>Normal</w:View></w:WordDocument>x": "Normal x",
    '<st1:place w:st="on">Paris</st1:place>': "Paris",
    "<![if !supportLists]>a<![endif]> b": "a b",
    "<name>Mug</name><colour>blue</colour>": "Mug blue",
    "<Farbe>rot</Farbe>": "rot",
    # drawings
    'a <path d="M0 0L1 1"/> b': "a b",
    "<svg viewBox='0 0 1 1'><title>Icon</title><path d='M0'/></svg>Mug": "Mug",
    "<g><circle r=1></g>Mug": "Mug",
    '<linearGradient id="a"><stop offset="0"/></linearGradient>Mug': "Mug",
    # an attribute in quotes
    'a <unknown title="b > c">d': "a d",
    'Mug <product id="7" name="': "Mug",
    # one hides the other
    "&lt;my-tag class=&quot;x&quot;&gt;y": "y",
    "<x<b>y>z</x<b>y>": "z",
    # rare names of HTML
    "a<nobr>b</nobr>c <marquee>d</marquee>": "abc d",
}
KEPT = [
    "<3 und </3",
    "a < b > c",
    "x<y>z",
    "Schuh <Größe M>",
    "Schuh <NEU>",
    "Handy <ohne Hülle>",
    "Rad <e-bike>",
    "Rad <e-bike black>",
    "Hose <S/M>",
    "<Größe>M</Größe>",
    "5<6 and 7>6",
    "<my-shop.example>, <http://a.example>, <mailto:a@b.example>, <a@b.example>",
    "</foo>",
    "<foo>",
    "<foo bar> <b-c d e>",
    "«<tag>»",
]


@pytest.mark.parametrize(("raw", "mended"), MENDED.items())
def test_mends(raw: str, mended: str) -> None:
    assert clean(pa.array([raw, "untouched", None])).to_pylist() == [mended, "untouched", None]


@pytest.mark.parametrize("text", KEPT)
def test_leaves_alone(text: str) -> None:
    assert clean(pa.array([text])).to_pylist() == [text]


_PIECES = st.sampled_from(
    ["<", ">", "</", "/>", "x", "x-y", "o:p", "svg", "<svg>", "</svg>", "<x>", "</x>", "<x-y a=1>"]
    + [" ", '"', "'", "=", "a=", "&lt;", "&gt", "&amp", "&eacute", "\\u003c", "\x1b", "[1m"]
    + ["\x1b[", "√", "©", "‚Ä", "ô", "Ã", "<b>", "<path d='", "é", "\\ud83d", "\\ude00"]
    + ["&", "copy", "5"]
)


@settings(deadline=None, max_examples=400)
@given(st.lists(_PIECES, max_size=14).map("".join))
def test_twice_is_once(text: str) -> None:
    once = clean(pa.array([text], pa.string()))
    assert clean(once) == once


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "piece",
    ["<x>", "</x>", "<x-y ", "<x a=", '<x a="', "<svg>", "<o:", "<x/", "&lt", "\\u", "\x1b[", "√©"]
    + ["&copy", "<x a=b/", "\\\\", "é<x>"],
)
def test_what_never_ends_costs_one_pass(piece: str) -> None:
    clean(pa.array([piece * 20_000]))
