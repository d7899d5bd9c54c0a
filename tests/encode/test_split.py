"""Titles to split keys, split keys to sides."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisles.config import SnapshotConfig
from aisles.encode import split_key, split_of


@pytest.mark.parametrize(
    ("title", "key"),
    [
        ("Acme Runner 5, Red - XL", "acme runner"),
        ("ACME  runner (blue) 42 EU", "acme runner"),
        ("Schuh Läufer schwarz Größe 43", "schuh laufer"),
        ("Olive oil, 500ml", "oil"),
        ("Rice 5 kg pack of 2", "rice"),
        ("Redmond blackboard", "redmond blackboard"),
        ("Red 500 ml", "n/r/1"),
        ("  ", "n/r/1"),
        (None, "n/r/1"),
    ],
)
def test_split_key(title: str | None, key: str) -> None:
    made = split_key(pa.array([title], pa.string()), pa.array(["n/r/1"]))
    assert made.to_pylist() == [key]


@given(st.text(max_size=40))
def test_split_key_is_its_own_key(title: str) -> None:
    once = split_key(pa.array([title]), pa.array(["0"]))
    assert split_key(once, pa.array(["0"])) == once


KEYS = pa.array([f"key {i}" for i in range(20_000)])


def test_shares_are_met_and_folds_are_even() -> None:
    split, fold = split_of(KEYS, SnapshotConfig(validation=0.1, test=0.2, folds=4))
    assert np.mean(split == "test") == pytest.approx(0.2, abs=0.015)
    assert np.mean(split == "validation") == pytest.approx(0.1, abs=0.015)
    assert (fold[split != "train"] == -1).all()
    assert np.bincount(fold[split == "train"]) / 14_000 == pytest.approx([0.25] * 4, abs=0.02)
    assert fold.dtype == np.int32


def test_neither_seed_nor_company_changes_a_side() -> None:
    split, fold = split_of(KEYS, SnapshotConfig(seed=1))
    other, other_fold = split_of(KEYS[100:200], SnapshotConfig(seed=2))
    assert (split[100:200] == other).all()
    assert (fold[100:200] == other_fold).all()


def test_a_larger_validation_share_leaves_test_alone() -> None:
    first, _ = split_of(KEYS, SnapshotConfig(validation=0.1))
    second, _ = split_of(KEYS, SnapshotConfig(validation=0.3))
    assert ((first == "test") == (second == "test")).all()


def test_values_never_change() -> None:
    split, fold = split_of(KEYS[:6], SnapshotConfig())
    assert list(zip(split.tolist(), fold.tolist())) == [
        ("train", 1),
        ("train", 2),
        ("train", 0),
        ("test", -1),
        ("train", 2),
        ("train", 3),
    ]


def test_shares_without_training_are_refused() -> None:
    with pytest.raises(ValueError, match="must stay below 1"):
        split_of(KEYS, SnapshotConfig(validation=0.5, test=0.5))
