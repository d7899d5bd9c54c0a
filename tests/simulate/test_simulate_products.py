"""Products and records do not depend on how the work is cut."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from aisles.simulate.formats import encode
from aisles.simulate.plan import Calendar, Chunk, answer_threshold, chunks, counts
from aisles.simulate.products import rows
from aisles.simulate.records import records
from aisles.simulate.shops import retailer
from aisles.simulate.tree import tree

ALL = 20_000
SHOPS = ("northgate", "feinkosthaus", "circuitbarn", "glowhouse", "homeharbor")


def test_counts_add_up() -> None:
    for products in (1, 17, 300, ALL):
        assert sum(counts(products).values()) == products


@settings(max_examples=12, deadline=None)
@given(
    cut=st.integers(1, 599),
    shop=st.sampled_from(SHOPS),
    day=st.integers(1, 3),
    seed=st.integers(0, 3),
)
def test_cutting_a_feed_elsewhere_gives_the_same_bytes(
    cut: int, shop: str, day: int, seed: int
) -> None:
    def made(first: int, last: int, row_no: int) -> tuple[bytes, int]:
        piece = list(records(Chunk(shop, first, last, row_no), seed=seed, day=day, products=ALL))
        return encode(retailer(shop), piece, ALL), len(piece)

    whole, count = made(0, 600, 1)
    left, before = made(0, cut, 1)
    right, after = made(cut, 600, before + 1)
    assert left + right == whole
    assert before + after == count


def test_chunks_know_their_first_record() -> None:
    pieces = chunks("northgate", 1, 2, ALL, size=500)
    row_no = 1
    for piece in pieces:
        found = list(records(piece, seed=1, day=2, products=ALL))
        assert piece.row_no == row_no
        assert [record.row_no for record in found] == list(range(row_no, row_no + len(found)))
        row_no += len(found)


def test_products_are_as_they_should_be() -> None:
    for shop in SHOPS:
        found = list(rows(shop, 0, 400, products=ALL))
        assert len({product.merchant_product_id for product in found}) == 400
        assert all(product.title and product.price_minor > 0 for product in found)
        kept = [len(product.levels) for product in found]
        assert 0.18 < kept.count(0) / 400 < 0.32
        for product in found:
            assert product.category_ids[0] == tree().nodes[product.leaf].category_id
            assert product.old_price_minor == 0 or product.old_price_minor > product.price_minor


def test_another_seed_another_catalogue() -> None:
    one, other = (list(rows("pawsome", 0, 50, seed=seed, products=ALL)) for seed in (1, 2))
    assert [p.title for p in one] != [p.title for p in other]
    assert one == list(rows("pawsome", 0, 50, seed=1, products=ALL))


def test_languages_and_confusable_words() -> None:
    german = " ".join(product.title for product in rows("feinkosthaus", 0, 400, products=ALL))
    assert "ß" in german or "ü" in german
    titles = list(rows("northgate", 0, 3000, products=ALL))
    sofas = [p for p in titles if "sofa" in p.title.lower().split()]
    inside = [p for p in sofas if "Sofa" in tree().nodes[p.leaf].name]
    assert sofas and len(inside) < len(sofas)


def test_calendar_of_later_days() -> None:
    calendar = Calendar.of("northgate", 1, ALL)
    index = np.arange(calendar.end(3))
    assert calendar.alive(index, 1).sum() == calendar.count
    assert calendar.end(2) == calendar.count + calendar.daily
    gone = calendar.alive(index, 1) & ~calendar.alive(index, 2)
    assert 0.004 < gone.sum() / calendar.count < 0.016
    # What is gone never comes back.
    assert not (gone & calendar.alive(index, 3)).any()
    assert not (gone & calendar.steady(index)).any()
    assert 0.004 < calendar.changed(index, 2).sum() / calendar.count < 0.016
    assert not calendar.changed(index, 1).any()


def test_threshold_picks_the_wanted_number() -> None:
    assert 0.0 < answer_threshold(1, 1000, 100) < 1.0
    assert answer_threshold(1, 100, 10_000) == 1.0
    assert answer_threshold(1, 100, 0) < answer_threshold(1, 100, 10)
