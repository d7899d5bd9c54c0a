"""UTF-8 that was read in any of the encodings that ftfy knows is read again."""

import random
import re
import string

import ftfy
import pyarrow as pa
import pytest
from ftfy.badness import MOJIBAKE_CATEGORIES
from ftfy.chardata import CHARMAP_ENCODINGS

from aisles.products.text import clean, mend
from aisles.products.text_encoding import read_again

MENDED = {
    # MacRoman
    "It‚Äôs": "It’s",
    "Caf√©": "Café",
    "cr√®me br√ªl√©e ‚Äì 5‚Ç¨": "crème brûlée – 5€",
    "Gr√∂√üe": "Größe",
    # cp437
    "Caf├⌐": "Café",
    "Gr├╢├ƒe": "Größe",
    # cp1251
    "itвЂ™s вЂњniceвЂќ": "it’s “nice”",
    # cp1253, cp1254, cp1257
    "itβ€™s": "it’s",
    "itā€™s": "it’s",
    # beside a byte that became a plain space
    "voilÃ le travail": "voilà le travail",
}
KEPT = [
    "Œuvre, bœuf, œ",
    "«Привет», №5 – „Größe“ 10×20 ½″",
    "A √ B, ≈ 5 ≤ 6, ∂, ±1",
    "l’été, “Ärmel”, ‘Éco’",
    "MAÇÃ verde, LÃ 100%",
    "Ђоковић ђак",
    "100 °C, 5 µm, §3, ©2024, ®",
    "İSTANBUL, Şİşli, ÇİĞ",
    "ΆΈΉ Ώρα, Ελλάδα «Αθήνα»",
    "│ box ─ ▓ ♥ ★",
]
_LETTERS = "äöüßéèêáàâãåæçñòóôõøúùûýÿœšžčćđłńśźżőűęąģķļņāēīūğşıαβγδεηλπσωάéжйкяшСРБіїєґ"
_SYMBOLS = "’‘“”–—…™€•©®°²½×£"


def misread(text: str, encoding: str) -> str | None:
    """What the text looks like when its UTF-8 is read so."""
    try:
        return text.encode().decode(encoding)
    except UnicodeDecodeError:
        return None


@pytest.mark.parametrize(("raw", "mended"), MENDED.items())
def test_mends(raw: str, mended: str) -> None:
    assert clean(pa.array([raw, "untouched", None])).to_pylist() == [mended, "untouched", None]


def test_keeps() -> None:
    assert clean(pa.array(KEPT)).to_pylist() == KEPT


@pytest.mark.parametrize("encoding", CHARMAP_ENCODINGS)
def test_all_that_ftfy_mends_is_mended(encoding: str) -> None:
    draw = random.Random(3)
    words = [
        "".join(draw.choices(string.ascii_lowercase + _LETTERS, k=draw.randrange(1, 9)))
        + draw.choice([*_SYMBOLS, ""])
        for _ in range(1500)
    ]
    words += [
        f"{a}{sign}{b}" for sign in _LETTERS + _SYMBOLS for a in ("", "a ") for b in ("", "s")
    ]
    raw = [text for word in words if (text := misread(word, encoding))]
    fixed = [ftfy.fix_encoding(text) for text in raw]
    told = [(a, b) for a, b in zip(raw, fixed) if a != b]
    assert len(told) > 300
    ours = clean(pa.array([a for a, _ in told]))
    assert ours == clean(pa.array([read_again(b) for _, b in told]))


def test_the_look_at_whole_arrays_misses_nothing() -> None:
    """Pairs of signs of mojibake, alone and among others, as an array and one by one."""
    kinds = "".join(MOJIBAKE_CATEGORIES.values())
    signs = [sign for sign in map(chr, range(0x80, 0x10000)) if re.match(f"[{kinds}]", sign)]
    draw = random.Random(4)
    near = [*signs, *"aA1 .,?B"]
    texts = ["".join(draw.choices(signs, k=2)) for _ in range(20_000)]
    texts += ["".join(draw.choices(near, k=draw.randrange(1, 6))) for _ in range(20_000)]
    texts = [re.sub(" +", " ", text).strip(" ") for text in texts]
    assert clean(pa.array(["ö", *texts]).slice(1)).to_pylist() == [mend(text) for text in texts]


def test_misread_texts_are_found_in_slices_and_among_nulls() -> None:
    values = pa.array([None, "ö", "", "It‚Äôs", None, "Größe", "Caf√©"])
    assert clean(values.slice(2)).to_pylist() == [None, "It’s", None, "Größe", "Café"]
    assert clean(values.slice(1, 2)).to_pylist() == ["ö", None]


def test_what_lies_below_a_null_is_not_read() -> None:
    whole = pa.array(["Caf√©", "It‚Äôs", "Größe“ß"])
    bits = pa.py_buffer(bytes([0b110]))
    holed = pa.StringArray.from_buffers(3, whole.buffers()[1], whole.buffers()[2], bits)
    assert clean(holed).to_pylist() == [None, "It’s", "Größe“ß"]
