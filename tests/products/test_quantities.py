"""What sales units hold, with titles and sizes written here."""

import pyarrow as pa
import pytest

from aisles.products.quantity import quantities
from aisles.products.words import rows

Said = tuple[float | None, str | None, int | None]
NOTHING: Said = (None, None, None)


def of(title: str | None, size: str | None = None) -> Said:
    found = quantities(pa.array([size], pa.string()), pa.array([title], pa.string()))
    amount, unit, packs = (column[0].as_py() for column in found)
    return (amount if amount is None else round(amount, 2), unit, packs)


@pytest.mark.parametrize(
    ("title", "amount", "unit"),
    [
        ("Wasser 1,5 L", 1500, "ml"),
        ("Rice 500GM", 500, "g"),
        ("Dal 500 gms (Pouch)", 500, "g"),
        ("Sugar, 0.5kg", 500, "g"),
        ("Chips,50g", 50, "g"),
        ("Coffee 16 oz bag", 453.59, "g"),
        ("64-ounce pitcher", 1814.37, "g"),
        ("Shampoo 12 fl oz", 354.88, "ml"),
        ("2 in 1 Shampoo 300ml", 300, "ml"),
        ("Сахар 500 г", 500, "g"),
        ("МОЛОКО 1 Л", 1000, "ml"),
        ("净重500克装", 500, "g"),
        ("チョコレート ５００ｇ", 500, "g"),
        ("せんべい 500グラム入り", 500, "g"),
        ("น้ำดื่ม 500 มล.", 500, "ml"),
        ("حليب 1 لتر", 1000, "ml"),
        ("حليب ٥٠٠ مل", 500, "ml"),
        ("शहद 500 ग्राम", 500, "g"),
        ("Tapete 5,3 m²", 5.3, "m2"),
        ("Ribbon 5 m", 5000, "mm"),
        ("Servietten, 100 Stück", 100, "piece"),
        ("Vitamin C 500 mg 60 tablets", 60, "piece"),
        ("Tea 20 bags, 40 g", 40, "g"),
        ("Paper 80 g/m2 500 sheets", 500, "piece"),
        ("Nappies 9-14 kg 44 pieces", 44, "piece"),
        ("Seeds with Omega 3 - 200g", 200, "g"),
        ("500 g (2 x 250 g)", 500, "g"),
        ("Juice 1,000 ml", 1000, "ml"),
        ("Käse 1.000 kg", 1000, "g"),
        ("Pack of 500 g", 500, "g"),
        ("Box of 10 tablets", 10, "piece"),
    ],
)
def test_one_measure(title: str, amount: float, unit: str) -> None:
    assert of(title) == (amount, unit, None)
    assert of(None, title) == (amount, unit, None)


@pytest.mark.parametrize(
    ("title", "said"),
    [
        ("6 x 330 ml", (1980, "ml", 6)),
        ("Cola 6X0,33 l Dose", (1980, "ml", 6)),
        ("Cola 330 ml (Pack of 6)", (1980, "ml", 6)),
        ("Pack of 6, Cola 330 ml", (1980, "ml", 6)),
        ("6er Pack Cola 330 ml", (1980, "ml", 6)),
        ("Soap 100 g x 4", (400, "g", 4)),
        ("2 x 60 Tabletten", (120, "piece", 2)),
        ("Socks, pack of 3", (3, "piece", 3)),
        ("Socken 3er-Pack schwarz", (3, "piece", 3)),
        ("Набор из 4 тарелок", (4, "piece", 4)),
    ],
)
def test_packs_count(title: str, said: Said) -> None:
    assert of(title) == said


@pytest.mark.parametrize(
    "title",
    [
        "Nike Air Max 90", "iPhone 15 Pro 256GB", "3M tape", "5G Router", "Size 42", "12345", "",
        "Rug 30 x 40 cm", "Notebook 39 cm 8 GB", "Nappies 9 - 14 kg", "1/2 l", "80 g/m2",
        "Журнал, 2024 г", "Model A500g", "Vitamin C 500 mg", "0 g", "1.234,5 kg", None,
    ],
)  # fmt: skip
def test_what_states_no_content(title: str | None) -> None:
    assert of(title) == NOTHING


def test_the_size_counts_before_the_title() -> None:
    assert of("Cola 330 ml", "500 ml") == (500, "ml", None)
    assert of("Cola 330 ml", "XL") == (330, "ml", None)
    assert of("Jacket", "3L") == of("Jacket", "M") == NOTHING
    assert of("Paint 2 L", "2L") == (2000, "ml", None)


def test_a_record_says_the_same_whatever_stands_beside_it() -> None:
    titles = ["6 x 330 ml", "Nike Air Max 90", None, "Wasser 1,5 L", "Größe 5 µm", "5 m", "６個"]
    together = quantities(pa.nulls(len(titles), pa.string()), pa.array(titles, pa.string()))
    for place, title in enumerate(titles):
        alone = quantities(pa.nulls(1, pa.string()), pa.array([title], pa.string()))
        assert [column[0] for column in alone] == [column[place] for column in together]
    nothing = pa.array([], pa.string())
    assert [len(column) for column in quantities(nothing, nothing)] == [0, 0, 0]


def test_each_word_of_the_table_stands_in_it_once() -> None:
    table = rows("units.csv")
    words = [word for row in table for word in row["words"].split("|")]
    assert [word for word in words if words.count(word) > 1] == []
    assert [word for word in words if word != word.lower() or word != word.strip()] == []
    for row in table:
        assert row["unit"] in ("g", "ml", "m2", "mm", "piece") and float(row["factor"]) > 0
        assert row["kind"] in ("content", "count", "length", "before", "after")
