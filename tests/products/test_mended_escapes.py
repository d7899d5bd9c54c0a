r"""Signs that are written out: `\u00e9`, entities without a semicolon, steering of terminals."""

import pyarrow as pa
import pytest

from aisles.products.text import clean

MENDED = {
    # escapes of JSON and Java, also escaped once more, also of tags
    "Caf\\u00e9 cr\\u00E8me": "Café crème",
    "Caf\\\\u00e9": "Café",
    "\\ud83d\\ude00 mug": "😀 mug",
    "Salt \\u0026 Pepper": "Salt & Pepper",
    "\\u003cb\\u003eHi\\u003c/b\\u003e": "Hi",
    "a\\u000ab\\u00a0c": "a b c",
    # entities without a semicolon
    "Caf&eacute": "Café",
    "Caf&eacute, th&eacute.": "Café, thé.",
    "caf&amp;eacute x": "café x",
    "Salt &amp Pepper": "Salt & Pepper",
    "12&quot screen": '12" screen',
    "Brand&reg Shoes": "Brand® Shoes",
    "20&deg C": "20° C",
    "&copy 2024 Brand": "© 2024 Brand",
    "10 &times 20": "10 × 20",
    "&pound 5": "£ 5",
    # of titles in capitals
    "CAF&EACUTE; &Ouml;L": "CAFÉ ÖL",
    # breaks of lines, written out
    "<p>Soft.</p>\\n<ul>\\n<li>Warm</li>\\n</ul>": "Soft. Warm",
    "Soft.\\n\\nwarm\\r\\nand light.\\nwool": "Soft. warm and light. wool",
    # terminals
    "\x1b[31mred\x1b[0m": "red",
    "a\x1b[1;38;5;9mb\x1b[Kc": "abc",
}
KEPT = [
    "AT&T",
    "R&D",
    "B&M",
    "H&M, C&A",
    "Salt&Pepper",
    "?a=1&copy=2",
    "https://a.example/c?p=1&copy=2&reg",
    "https://a.example/c?p=1&lt&gt, x",
    "a.example?p&times",
    "cr&egraveme",
    "Rose&thorn, cut &not paste, casa &para jardim",
    "Print &copy shop, good &times ahead",
    "GUITAR&AMP, GOLF&GT x",
    "&amplifier &registered",
    "C:\\users\\update",
    "C:\\new",
    "AC\\DC \\N \\radical",
    "\\u0041bc \\ud83d \\ude00 \\u12",
    "50\\u",
    "[31mred",
    "&NOPE; &nope",
]


@pytest.mark.parametrize(("raw", "mended"), MENDED.items())
def test_mends(raw: str, mended: str) -> None:
    assert clean(pa.array([raw, "untouched", None])).to_pylist() == [mended, "untouched", None]


@pytest.mark.parametrize("text", KEPT)
def test_leaves_alone(text: str) -> None:
    assert clean(pa.array([text])).to_pylist() == [text]
