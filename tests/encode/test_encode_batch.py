"""Products in, packed inputs out."""

import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aisles.config import EncoderConfig
from aisles.encode import COLUMNS, OUTPUTS, encode_batch
from aisles.encode.features import segments

CONFIG = EncoderConfig()
WHOLE = {"price_minor", "old_price_minor"}
DTYPES = {"tokens": "<i4", "bag": "<i4", "categorical": "<i4", "numerical": "<f4"}


def batch(rows: list[dict[str, object]]) -> pa.RecordBatch:
    return pa.record_batch(
        [
            pa.array([row.get(name) for row in rows], pa.int64() if name in WHOLE else pa.string())
            for name in COLUMNS
        ],
        names=list(COLUMNS),
    )


def inputs(rows: list[dict[str, object]], config: EncoderConfig = CONFIG) -> dict[str, np.ndarray]:
    encoded = encode_batch(batch(rows), config)
    return {
        name: np.stack([np.frombuffer(cell.as_py(), DTYPES[name]) for cell in encoded.column(name)])
        for name in OUTPUTS
    }


def shared(first: np.ndarray, second: np.ndarray) -> int:
    return len((set(first.tolist()) & set(second.tolist())) - {0})


def test_shapes_follow_the_configuration() -> None:
    config = EncoderConfig(tokens=24, bag=10, categorical=3, numerical=2)
    made = inputs([{"title": "red shoe"}, {}], config)
    assert {name: value.shape for name, value in made.items()} == {
        "tokens": (2, 24),
        "bag": (2, 10),
        "categorical": (2, 3),
        "numerical": (2, 2),
    }


def test_a_product_without_anything_is_all_zero() -> None:
    for value in inputs([{}, {"title": "", "size": " "}]).values():
        assert not value.any()


def test_an_empty_batch_gives_an_empty_batch() -> None:
    assert encode_batch(batch([]), CONFIG).num_rows == 0


def test_segments_scale_with_the_number_of_tokens() -> None:
    assert segments(CONFIG) == {
        "title": (0, 20),
        "merchant_category": (20, 30),
        "description": (30, 48),
    }
    assert segments(EncoderConfig(tokens=24))["description"] == (15, 24)


def test_tokens_keep_the_order_within_their_field() -> None:
    row = {"title": "blue shoe", "merchant_category": "Shoe", "description": "A shoe, blue!"}
    tokens = inputs([row])["tokens"][0]
    blue, shoe = tokens[:2]
    assert blue != shoe
    assert tokens[20] == shoe
    assert tokens[31:33].tolist() == [shoe, blue]
    assert np.count_nonzero(tokens) == 6


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Café CRÈME", "cafe creme"),
        ("Straße", "STRASSE"),
        ("ﬁlter ｗｉｄｅ", "filter wide"),
        ("sofa–bed", "sofa bed"),
        ("128GB card", "256GB card"),
        ("zero\u200bwidth", "zerowidth"),
    ],
)
def test_spellings_of_the_same_words_are_equal(first: str, second: str) -> None:
    made = inputs([{"title": first}, {"title": second}])
    assert made["tokens"][0].tolist() == made["tokens"][1].tolist()


def test_each_han_character_is_a_word() -> None:
    assert np.count_nonzero(inputs([{"title": "運動鞋"}])["tokens"]) == 3


def test_inflections_and_compounds_share_pieces() -> None:
    titles = ["running shoes", "runner shoe", "laufschuhe", "turnschuhe", "garden hose"]
    bags = inputs([{"title": title} for title in titles])["bag"]
    assert shared(bags[0], bags[1]) >= 2  # stems runn and shoe
    assert shared(bags[2], bags[3]) >= 4  # sch chu huh uhe
    assert shared(bags[0], bags[4]) == 0


def test_bag_has_words_pairs_marked_category_words_and_levels() -> None:
    only_title = inputs([{"title": "a b"}])["bag"][0]
    assert np.count_nonzero(only_title) == 3  # a, b, the pair
    turned = inputs([{"title": "b a"}])["bag"][0]
    assert shared(only_title, turned) == 2
    category = inputs([{"merchant_category": "A B > C"}])["bag"][0]
    assert np.count_nonzero(category) == 5  # three words, two levels
    assert shared(category, only_title) == 0


def test_bag_prefers_title_then_category_then_description() -> None:
    config = EncoderConfig(bag=4)
    row = {"title": "a b", "merchant_category": "c", "description": "d e f", "all_text": "g"}
    full = inputs([row], config)["bag"][0]
    title = inputs([{"title": "a b"}], config)["bag"][0]
    category = inputs([{"merchant_category": "c"}], config)["bag"][0]
    assert full[:3].tolist() == title[:3].tolist()
    assert full[3] == category[0]


def test_bag_is_distinct_and_reads_text_without_a_role() -> None:
    row = {"title": "hat hat hat", "description": "hat", "all_text": "hat wool"}
    made = inputs([row])["bag"][0]
    used = made[made > 0]
    assert len(set(used.tolist())) == len(used)
    assert inputs([{"title": "wool"}])["bag"][0][0] in used


def test_categorical_fields() -> None:
    row = {
        "brand_canonical": "Acme",
        "merchant_category": "Home > Garden > Home",
        "currency": "EUR",
        "size": "XL",
    }
    other = {"brand_canonical": "ACME ", "merchant_category": "home", "gender_canonical": "Acme"}
    first, second = inputs([row, other])["categorical"]
    assert first[0] == second[0] != 0
    assert (first[4], first[5]) == (0, 0)  # neither gender nor colour
    assert second[4] != second[0]  # the same word in another field
    assert first[1] != second[1]  # the whole text differs,
    assert first[2] == second[2]  # the first level does not;
    assert first[3] == second[3] != first[2]  # nor the last, which is another field
    assert first[6] > 0
    assert first[7] > 0


def test_numerical_fields() -> None:
    rows = [
        {"price_minor": 3000, "old_price_minor": 4000, "currency": "EUR", "brand": "x"},
        {"price_minor": 3000 * 90, "currency": "inr", "description": "one two"},
        {"price_minor": 0, "old_price_minor": 10, "merchant_category": "a > b > c > d > e"},
        {"price_minor": 10**18, "currency": "???"},
    ]
    made = inputs(rows)["numerical"]
    assert made[0].tolist() == [0, 0.25, 0, 0, 0, 1, 0, 0]
    assert made[1][0] == 0
    assert made[1][3:5].tolist() == pytest.approx([np.log1p(2) / 5, 1])
    assert made[2].tolist() == [0, 0, 0, 0, 0, 0, 1, 1]
    assert made[3][0] == 3


def test_a_missing_column_is_named() -> None:
    with pytest.raises(ValueError, match="lack the column title"):
        encode_batch(batch([{}]).drop_columns(["title"]), CONFIG)


def test_unused_columns_and_other_types_of_text_are_fine() -> None:
    rows = batch([{"title": "shoe", "currency": "EUR"}])
    wide = rows.append_column("extra", pa.array([1]))
    place = wide.schema.get_field_index("title")
    wide = wide.set_column(place, "title", pa.array(["shoe"], pa.large_string()))
    assert encode_batch(wide, CONFIG) == encode_batch(rows, CONFIG)


TEXT = st.none() | st.text(st.sampled_from("aB1 é–鞋>.\t'ß\u0301"), max_size=40)
ROW = st.fixed_dictionaries(
    {name: st.none() | st.integers(-(2**62), 2**62) if name in WHOLE else TEXT for name in COLUMNS}
)


@settings(max_examples=60, deadline=None)
@given(st.lists(ROW, min_size=1, max_size=6), st.integers(0, 6))
def test_batch_boundaries_change_nothing(rows: list[dict[str, object]], cut: int) -> None:
    whole = encode_batch(batch(rows), CONFIG)
    parts = [encode_batch(part, CONFIG) for part in (batch(rows)[:cut], batch(rows)[cut:])]
    assert pa.Table.from_batches([whole]).equals(pa.Table.from_batches(parts).combine_chunks())
    numbers = np.frombuffer(b"".join(whole.column("numerical").to_pylist()), "<f4")
    assert np.isfinite(numbers).all()
    assert np.abs(numbers).max() < 6


@settings(max_examples=60, deadline=None)
@given(st.lists(ROW, min_size=1, max_size=4))
def test_buckets_are_in_range_and_padding_is_last(rows: list[dict[str, object]]) -> None:
    config = EncoderConfig(vocabulary=7, buckets=3, bag=12)
    made = inputs(rows, config)
    assert made["tokens"].min() >= 0 and made["tokens"].max() < 7
    assert made["categorical"].min() >= 0 and made["categorical"].max() < 3
    for bag in made["bag"]:
        used = bag[bag > 0]
        assert bag.max() < 7
        assert not bag[len(used) :].any()
        assert len(set(used.tolist())) == len(used)


def test_many_rows_equal_row_by_row() -> None:
    rows = [
        {"title": f"thing {i} of kind {'ab' * (i % 7)}", "currency": "EUR"} for i in range(1100)
    ]
    whole = encode_batch(batch(rows), CONFIG)
    for place in (0, 511, 512, 1099):
        assert whole.slice(place, 1) == encode_batch(batch(rows[place : place + 1]), CONFIG)


def test_golden_values_that_stored_models_rely_on() -> None:
    made = inputs([{"title": "Red shoe", "brand_canonical": "acme", "currency": "EUR"}])
    assert made["tokens"][0, :2].tolist() == [23338, 55882]
    assert made["bag"][0, :3].tolist() == [23338, 55882, 40199]
    assert made["categorical"][0].tolist() == [4356, 0, 0, 0, 0, 0, 0, 15431]


def test_importing_it_loads_neither_torch_nor_spark() -> None:
    code = "import sys, aisles.encode; print([m for m in ('torch', 'pyspark') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
