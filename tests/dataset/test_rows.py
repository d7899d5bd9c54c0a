import io

import example_tables as et
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from aisles.dataset import Rows, pictures
from aisles.dataset.rows import decode, targets

OUTPUTS = et.outputs()


def _columns(table: pa.Table) -> dict[str, NDArray]:
    return {name: table[name].to_pandas().to_numpy() for name in table.column_names}


def _slow_targets(table: pa.Table, clip: float) -> tuple[NDArray, NDArray]:
    """Row by row, entry by entry."""
    target = np.tile(OUTPUTS.prior, (len(table), 1))
    weight = np.tile(OUTPUTS.unknown_weight, (len(table), 1))
    for row, values in enumerate(table.to_pylist()):
        lists = [
            np.frombuffer(values[f"target_{name}"], np.int32 if k < 2 else np.float32)
            for k, name in enumerate(et.TARGETS)
        ]
        for index, span, value, own, importance in zip(*lists):
            target[row, index : index + span] = value
            weight[row, index : index + span] = own * np.minimum(importance, np.float32(clip))
    return target, weight


@settings(max_examples=20, deadline=None)
@given(rows=st.integers(1, 40), seed=st.integers(0, 99), clip=st.sampled_from([1.0, 10.0, 50.0]))
def test_sparse_targets_equal_a_plain_loop(rows: int, seed: int, clip: float) -> None:
    table = et.examples(rows, seed=seed)
    made = targets(decode(_columns(table), et.ENCODER, clip), OUTPUTS.prior, OUTPUTS.unknown_weight)
    for fast, slow in zip(made, _slow_targets(table, clip)):
        np.testing.assert_array_equal(fast, slow)


def test_later_targets_override_earlier_ones() -> None:
    one = _columns(et.examples(1))
    one["target_index"][0] = np.array([0, 2, 3], np.int32).tobytes()
    one["target_span"][0] = np.array([5, 2, 1], np.int32).tobytes()
    one["target_value"][0] = np.array([0, 1, 0.5], np.float32).tobytes()
    one["target_weight"][0] = np.array([1, 2, 3], np.float32).tobytes()
    one["target_importance"][0] = np.array([1, 4, 99], np.float32).tobytes()
    target, weight = targets(decode(one, et.ENCODER, 10), OUTPUTS.prior, OUTPUTS.unknown_weight)
    assert target[0, :5].tolist() == [0, 0, 1, 0.5, 0]
    assert weight[0, :5].tolist() == [1, 1, 8, 30, 1]
    assert target[0, 5:].tolist() == OUTPUTS.prior[5:].tolist()
    assert weight[0, 5:].tolist() == OUTPUTS.unknown_weight[5:].tolist()


def test_take_and_concat_keep_rows_whole() -> None:
    rows = decode(_columns(et.examples(30)), et.ENCODER, 10)
    order = np.random.default_rng(1).permutation(30)
    back = Rows.concat([rows.take(order[:7]), rows.take(order[7:])]).take(np.argsort(order))
    for one, other in zip(
        targets(rows, OUTPUTS.prior, OUTPUTS.unknown_weight),
        targets(back, OUTPUTS.prior, OUTPUTS.unknown_weight),
    ):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(rows.tokens, back.tokens)
    np.testing.assert_array_equal(rows.image, back.image)


def test_other_widths_are_named() -> None:
    columns = _columns(et.examples(4))
    columns["bag"] = np.array([b"1234"] * 4, object)
    with pytest.raises(ValueError, match=r"examples.bag: expected 8 values .* came 16 bytes"):
        decode(columns, et.ENCODER, 10)


def test_ragged_targets_are_named() -> None:
    columns = _columns(et.examples(4))
    columns["target_value"][0] += b"1234"
    with pytest.raises(ValueError, match="the same number of values"):
        decode(columns, et.ENCODER, 10)


def test_targets_beyond_the_outputs_are_named() -> None:
    rows = decode(_columns(et.examples(20, count=12)), et.ENCODER, 10)
    with pytest.raises(ValueError, match="there are 6 outputs"):
        targets(rows, OUTPUTS.prior[:6], OUTPUTS.unknown_weight[:6])


def test_pictures() -> None:
    file = io.BytesIO()
    Image.new("RGB", (64, 32), (200, 0, 0)).save(file, "JPEG", quality=95)
    whole = file.getvalue()
    gray = io.BytesIO()
    Image.new("L", (5, 5), 77).save(gray, "JPEG")
    pixels, there = pictures.decode([whole, b"", b"no picture", whole[:90], gray.getvalue()], 8)
    assert there.tolist() == [True, False, False, False, True]
    assert pixels.shape == (2, 3, 8, 8)
    assert abs(int(pixels[0, 0].mean()) - 200) < 3
    assert pixels[0, 1].max() < 5
    assert abs(int(pixels[1].mean()) - 77) < 3
