from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import example_tables as et
import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from aisles.config import TrainConfig
from aisles.dataset import Loader, Pinned, in_order, plan, rank_lanes
from aisles.network import Batch

OUTPUTS = et.outputs()


def _written(folder: Path, rows: int, size: int, group: int) -> Pinned:
    """The same without a Delta log: files of `size` rows in row groups of `group` rows."""
    files, groups = [], []
    for number, part in enumerate(et.parts(et.examples(rows), size)):
        path = folder / f"part-{number:05d}.parquet"
        pq.write_table(part, path, row_group_size=group)
        files.append(str(path))
        footer = pq.read_metadata(path)
        groups.append(tuple(footer.row_group(i).num_rows for i in range(footer.num_row_groups)))
    return Pinned("t", 0, "s1", "train", tuple(files), tuple(groups), 0)


def _train(**changes: Any) -> TrainConfig:
    return TrainConfig(**({"lanes": 6, "batch_size": 24, "memory_mb": 100} | changes))


def _loader(pinned: Pinned, train: TrainConfig, rank: int = 0, ranks: int = 1) -> Loader:
    return Loader(
        pinned, train, et.ENCODER, OUTPUTS.prior, OUTPUTS.unknown_weight, rank, ranks, ids=True
    )


def _ids(batches: list[Batch]) -> list[str]:
    return [i for batch in batches for i in batch.product_ids or () if i]


@settings(max_examples=25, deadline=None)
@given(
    rows=st.integers(1, 90),
    size=st.integers(3, 40),
    group=st.integers(2, 40),
    lanes=st.sampled_from([1, 2, 3, 6]),
    per_lane=st.integers(1, 7),
    memory_mb=st.sampled_from([0, 100]),
)
def test_an_epoch_is_the_snapshot_on_any_number_of_ranks(
    rows: int, size: int, group: int, lanes: int, per_lane: int, memory_mb: int
) -> None:
    train = _train(
        lanes=lanes, batch_size=lanes * per_lane, memory_mb=memory_mb, shuffle_rows=lanes * 9
    )
    with TemporaryDirectory() as folder:
        pinned = _written(Path(folder), rows, size, group)
        alone = list(_loader(pinned, train).epoch(3))
        assert Counter(_ids(alone)) == Counter(f"p{i:06d}" for i in range(rows))
        for ranks in [n for n in (2, 3, 6) if lanes % n == 0]:
            parts = [list(_loader(pinned, train, r, ranks).epoch(3)) for r in range(ranks)]
            assert {len(part) for part in parts} == {len(alone)}
            for whole, *slices in zip(alone, *parts):
                assert _same(whole, slices)


def _same(whole: Batch, slices: list[Batch]) -> bool:
    names = ("tokens", "bag", "image", "target", "weight", "row_weight")
    ids = tuple(i for part in slices for i in part.product_ids or ())
    return whole.product_ids == ids and all(
        torch.equal(getattr(whole, name), torch.cat([getattr(part, name) for part in slices]))
        for name in names
    )


@pytest.mark.parametrize("memory_mb", [0, 100])
@pytest.mark.parametrize("size", [10, 200])
def test_order_changes_by_epoch_and_repeats(tmp_path: Path, size: int, memory_mb: int) -> None:
    pinned = et.pinned(tmp_path / "t", 200, size)
    train = _train(memory_mb=memory_mb, shuffle_rows=120)
    loader = _loader(pinned, train)
    assert loader.plan.by_row == (size == 200)
    assert loader.plan.in_memory == (memory_mb == 100)
    first, second = _ids(list(loader.epoch(0))), _ids(list(loader.epoch(1)))
    assert first != second
    assert sorted(first) == sorted(second)
    assert _ids(list(_loader(pinned, train).epoch(0))) == first
    # A restart in the middle of an epoch goes on with the same rows.
    assert _ids(list(_loader(pinned, train).epoch(1, start=3))) == second[3 * 24 :]


def test_measuring_keeps_the_order_of_the_files(tmp_path: Path) -> None:
    pinned = et.pinned(tmp_path / "t", 50, 25)
    batches = list(in_order(pinned, et.ENCODER, OUTPUTS.prior, OUTPUTS.unknown_weight, rows=20))
    assert [len(batch) for batch in batches] == [20, 20, 10]
    expected = [
        str(i) for path in pinned.files for i in pq.read_table(path)["product_id"].to_pylist()
    ]
    assert _ids(batches) == expected


def test_a_rank_reads_only_its_own_row_groups(tmp_path: Path) -> None:
    pinned = et.pinned(tmp_path / "t", 120, 10)  # 12 row groups, 6 lanes
    for rank in range(3):
        read = set(_ids(list(_loader(pinned, _train(), rank, 3).epoch(0))))
        mine = [pinned.files[g] for g in range(12) if g % 6 in (2 * rank, 2 * rank + 1)]
        assert read == {i for path in mine for i in pq.read_table(path)["product_id"].to_pylist()}


@pytest.mark.parametrize(
    ("groups", "by_row", "steps"),
    [
        ([10] * 12, False, 5),  # 2 groups a lane, 4 rows a step
        ([10] * 13, False, 8),  # 30 rows in lane 0, where single rows would take 6 steps
        ([10] * 7, True, 3),  # whole groups: 20 rows in lane 0, 5 steps
        ([1000], True, 42),
        ([10] * 5, True, 3),
        ([24] * 6 + [1], False, 7),
        ([], True, 0),
    ],
)
def test_plan(groups: list[int], by_row: bool, steps: int) -> None:
    pinned = Pinned("t", 0, "s", "train", ("f",), (tuple(groups),), 0)
    made = plan(pinned, _train(), et.ENCODER)
    assert (made.by_row, made.steps) == (by_row, steps)
    assert sum(made.lane_rows) == sum(groups)


def test_mostly_padding_is_told(caplog: pytest.LogCaptureFixture) -> None:
    made = plan(Pinned("t", 0, "s", "train", ("f",), ((5,),), 0), _train(), et.ENCODER)
    assert made.padding == pytest.approx(1 - 5 / 24)
    assert "79 % of the rows of an epoch are padding" in caplog.text


def test_numbers_that_do_not_divide_are_named() -> None:
    pinned = Pinned("t", 0, "s", "train", ("f",), ((5,),), 0)
    with pytest.raises(ValueError, match=r"lanes \(6\) must divide train.batch_size \(20\)"):
        plan(pinned, _train(batch_size=20), et.ENCODER)
    with pytest.raises(ValueError, match=r"ranks \(4\) must divide train.lanes \(6\)"):
        rank_lanes(0, 4, 6)
    assert [list(rank_lanes(r, 3, 6)) for r in range(3)] == [[0, 1], [2, 3], [4, 5]]


def test_padding_has_no_input_and_no_weight(tmp_path: Path) -> None:
    pinned = et.pinned(tmp_path / "t", 31, 10)
    batches = list(_loader(pinned, _train()).epoch(0))
    pad = torch.cat([batch.row_weight for batch in batches]) == 0
    assert int(pad.sum()) == len(batches) * 24 - 31
    for name in ("tokens", "bag", "categorical", "numerical", "has_image", "weight"):
        assert not torch.cat([getattr(batch, name) for batch in batches])[pad].any()
    assert np.all([len(batch) == 24 for batch in batches])
