"""Roles of several columns that share them, and of amounts and ids that others explain."""

from __future__ import annotations

import random

import pytest
from mug_feed import ROWS, Columns, mugs, roles_of


def turns(values: list[str], of: int, turn: int) -> list[str | None]:
    """The values in every so-manieth record, none in the others."""
    return [value if n % of == turn else None for n, value in enumerate(values)]


COLOURS = [("navy", "red", "forest green", "black", "beige")[n % 5] for n in range(ROWS)]
SIZES = [("S", "M", "L", "XL")[n % 4] for n in range(ROWS)]


@pytest.mark.parametrize(
    ("role", "values", "names"),
    [
        ("colour", COLOURS, ("Colour", "color", "colour name")),
        ("colour", COLOURS, ("Цвет", "Цвет товара", "цвет")),
        ("size", SIZES, ("Velikost", "velikost", "Size")),
    ],
)
def test_spellings_of_one_name(role: str, values: list[str], names: tuple[str, ...]) -> None:
    columns = {name: turns(values, 3, turn) for turn, name in enumerate(names)}
    found = roles_of(mugs(**columns))
    assert [found.get(name) for name in names] == [role] * 3


def test_what_stands_beside_the_colour_is_no_other_spelling() -> None:
    other: list[str | None] = [*COLOURS[1:], COLOURS[0]]
    found = roles_of(mugs(colour=list(COLOURS), color=other))
    assert sorted(found.get(name, "") for name in ("colour", "color")) == ["", "colour"]


def sold() -> tuple[list[float], list[bool]]:
    rng = random.Random(2)
    return [rng.randrange(1500, 90_000) / 100 for _ in range(ROWS)], [
        n % 3 == 0 for n in range(ROWS)
    ]


@pytest.mark.parametrize("nothing", ["0.0", None])
def test_what_a_discount_leaves_is_the_price(nothing: str | None) -> None:
    full, reduced = sold()
    rates = [(10, 15, 25, 40)[n % 4] for n in range(ROWS)]
    left = [f * (100 - r) / 100 for f, r in zip(full, rates, strict=True)]

    def told(values: list[float]) -> list[str | None]:
        return [f"{v:.2f}" if on else nothing for v, on in zip(values, reduced, strict=True)]

    off = told([f - n for f, n in zip(full, left, strict=True)])
    found = roles_of(
        mugs(
            price=[f"{f:.2f}" for f in full],
            discount=told(left),
            discount_amount=off,
            discount_rate=told([float(r) for r in rates]),
        )
    )
    assert (found["discount"], found["price"]) == ("price", "old_price")
    assert not {"discount_amount", "discount_rate"} & found.keys()


def test_numbers_that_say_nothing_of_a_discount_leave_the_price() -> None:
    """Etsy's amount has a divisor, 100, beside the rank of its picture, 1."""
    full, _ = sold()
    cents: list[str | None] = [f"{100 * f:.0f}" for f in full]
    found = roles_of(mugs(price=cents, divisor=["100"] * ROWS, rank=["1"] * ROWS))
    assert found["price"] == "price" and not {"divisor", "rank"} & found.keys()
    few: list[str | None] = [str(1 + n % 2) for n in range(ROWS)]
    found = roles_of(mugs(price=cents, divisor=[*["100"] * (ROWS - 10), *["99.9"] * 10], rank=few))
    assert found["price"] == "price" and not {"divisor", "rank"} & found.keys()


def test_the_number_that_every_product_has() -> None:
    """商品番号 is the number on a shelf, which may be blank, 商品管理番号 the one in links."""
    own: list[str | None] = [f"ut-{n:04}" for n in range(ROWS)]
    shelf = [f"A{7 * n:05}" if n % 5 else None for n in range(ROWS)]
    names = ("商品管理番号（商品URL）", "商品番号")
    found = roles_of(mugs(**{names[0]: own, names[1]: shelf}))
    assert found.get(names[0]) == "merchant_product_id" and names[1] not in found


def test_sentences_are_no_level_of_a_category() -> None:
    """Without a header, a short text that repeats stands in for a long one that is blank."""
    rng = random.Random(3)
    short = [
        "Soft rib-knit with horn-effect buttons.",
        "Re-waxable cotton shell with four pockets.",
        "Crisp percale, woven tightly.",
        'Generous 50" x 70" size.',
    ]
    kinds = ["Women~~Sweaters", "Men~~Jackets", "Bedding~~Sheets", "Bedding~~Throws"]
    places = [n % 4 for n in range(ROWS)]
    texts: list[str | None] = [
        f"{short[p]} {rng.choice(['Machine wash cold', 'Dry clean'])}, made in {n + 1900}, runs "
        f"true to size; see the {rng.choice(['chart', 'table', 'guide'])} for all measures."
        if n % 6
        else None
        for n, p in enumerate(places)
    ]
    columns: Columns = {
        "0": [f"{7919 * n}" for n in range(100, 100 + ROWS)],
        "1": mugs()["title"],
        "2": [kinds[p].replace("~~", " > ") for p in places],
        "4": [short[p] for p in places],
        "5": texts,
        "6": mugs()["link"],
        "7": [f"{n % 70 + 9}.95" for n in range(ROWS)],
    }
    found = roles_of(columns, header=False)
    assert (found["5"], found["4"]) == ("description", "description")
    assert found["2"] == "merchant_category"
