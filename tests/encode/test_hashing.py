"""Hashes: stable, well spread, equal for equal bytes wherever they lie."""

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from aisles.encode.hashing import Ranges, bucket, buffers, combine, hash_strings, salted, unit


def test_values_never_change() -> None:
    values = hash_strings(pa.array(["", "a", "ab", "ba", None]))
    assert [hex(value) for value in values] == [
        "0x0",
        "0xca5c0fb756604180",
        "0x3d763ab9970ec404",
        "0x9235874cf49d1ca5",
        "0x0",
    ]


@given(st.binary(max_size=30), st.binary(max_size=30), st.binary(min_size=1, max_size=30))
def test_a_range_hashes_alike_anywhere(before: bytes, after: bytes, word: bytes) -> None:
    there = Ranges(np.frombuffer(before + word + after, np.uint8))
    alone = Ranges(np.frombuffer(word, np.uint8))
    low, size = np.array([len(before)]), np.array([len(word)])
    assert there.hash(low, low + size) == alone.hash(np.array([0]), size)


def test_different_words_get_different_hashes() -> None:
    words = [f"{a}{b}{c}" for a in "abcdefgh" for b in "abcdefgh" for c in ["", *"abcdefgh"]]
    assert len(set(hash_strings(pa.array(words)).tolist())) == len(words)


def test_buckets_fill_evenly_and_leave_zero_free() -> None:
    values = hash_strings(pa.array([str(i) for i in range(50_000)]))
    counts = np.bincount(bucket(values, 101), minlength=101)
    assert counts[0] == 0
    assert np.abs(counts[1:] - 500).max() < 5 * np.sqrt(500)


def test_units_are_uniform_and_salts_independent() -> None:
    values = hash_strings(pa.array([str(i) for i in range(20_000)]))
    first, second = unit(salted(values, 1)), unit(salted(values, 2))
    assert first.min() >= 0 and first.max() < 1
    assert abs(first.mean() - 0.5) < 0.01
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.03


def test_pairs_have_an_order() -> None:
    a, b = hash_strings(pa.array(["a", "b"]))[:, None]
    assert combine(a, b) != combine(b, a)


def test_buffers_of_a_slice_with_nulls() -> None:
    data, offsets = buffers(pa.array(["xx", "é", None, "b"])[1:])
    assert bytes(data) == "éb".encode()
    assert offsets.tolist() == [0, 2, 2, 3]


def test_long_columns_equal_their_parts() -> None:
    text = pa.chunked_array([[str(i) for i in range(9000)], ["x"]])
    assert hash_strings(text)[-1] == hash_strings(pa.array(["x"]))[0]
    assert hash_strings(pa.array([], pa.string())).tolist() == []
