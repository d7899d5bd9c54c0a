import os
from pathlib import Path

import deltalake
import example_tables as et
import pyarrow as pa
import pytest

from aisles.dataset import VersionGone, in_order, pin
from aisles.network import Outputs


def _ids(table: str, version: int | None) -> list[str]:
    outputs: Outputs = et.outputs()
    pinned = pin(table, version, "s1", "train")
    batches = in_order(pinned, et.ENCODER, outputs.prior, outputs.unknown_weight, rows=16)
    ids = [i for batch in batches for i in batch.product_ids or ()]
    assert len(ids) == pinned.rows
    return sorted(ids)


def test_rows_are_those_of_the_version_asked_for(tmp_path: Path) -> None:
    table = et.write(tmp_path / "t", et.parts(et.examples(60), 20))  # versions 0, 1, 2
    every = [f"p{i:06d}" for i in range(60)]
    delta = deltalake.DeltaTable(table)
    delta.delete("product_id < 'p000010'")  # 3
    delta.update(predicate="product_id >= 'p000050'", new_values={"split_key": "x"})  # 4
    fresh = et.examples(5, prefix="q", seed=1)
    fresh = fresh.append_column("snapshot_id", pa.array(["s1"] * 5))
    fresh = fresh.append_column("split", pa.array(["train"] * 5))
    delta.merge(
        fresh, "t.product_id = s.product_id", source_alias="s", target_alias="t"
    ).when_not_matched_insert_all().execute()  # 5
    delta.optimize.compact()  # 6
    merged = sorted(every[10:] + [f"q{i:06d}" for i in range(5)])
    assert _ids(table, 0) == every[:20]
    assert _ids(table, 2) == every
    assert _ids(table, 3) == every[10:]
    assert _ids(table, 4) == every[10:]
    assert _ids(table, 5) == merged
    assert _ids(table, 6) == merged
    assert _ids(table, None) == merged
    assert len(pin(table, None, "s1", "train").files) == 1

    delta = deltalake.DeltaTable(table)
    delta.vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False)
    assert _ids(table, 6) == merged
    with pytest.raises(VersionGone, match=r"version 2 is gone.*missing.*oldest version left is 6"):
        pin(table, 2, "s1", "train")


def test_cleaned_log_names_the_oldest_version_left(tmp_path: Path) -> None:
    table = et.write(tmp_path / "t", et.parts(et.examples(30), 10))
    deltalake.DeltaTable(table).create_checkpoint()
    for version in (0, 1):
        os.remove(f"{table}/_delta_log/{version:020d}.json")
    assert pin(table, 2, "s1", "train").rows == 30
    with pytest.raises(VersionGone, match=r"version 1 is gone.*oldest version left is 2"):
        pin(table, 1, "s1", "train")


def test_splits_and_snapshots_stay_apart(tmp_path: Path) -> None:
    folder = tmp_path / "t"
    table = et.write(folder, [et.examples(7)], "a day=1/'x' %20", "train")
    et.write(folder, [et.examples(5)], "a day=1/'x' %20", "test")
    et.write(folder, [et.examples(3)], "b", "train")
    assert pin(table, None, "a day=1/'x' %20", "train").rows == 7
    assert pin(table, None, "a day=1/'x' %20", "test").rows == 5
    assert pin(table, None, "b", "train").group_rows == (3,)
    assert pin(table, None, "b", "validation").files == ()
    files = pin(table, None, "a day=1/'x' %20", "train").files
    assert files == tuple(sorted(files))
    assert all(os.path.isabs(path) for path in files)


@pytest.mark.parametrize(
    ("version", "snapshot", "message"),
    [
        (9, "s1", "version 9 does not exist; the newest is 0"),
        (-1, "s1", "version -1 does not exist"),
        (0, "s2", "no snapshot 's2'; there are: s1"),
    ],
)
def test_what_is_not_there_is_named(
    tmp_path: Path, version: int, snapshot: str, message: str
) -> None:
    table = et.write(tmp_path / "t", [et.examples(3)])
    with pytest.raises(ValueError, match=message):
        pin(table, version, snapshot, "train")


def test_no_table(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no Delta table is there"):
        pin(str(tmp_path / "none"), None, "s1", "train")
    with pytest.raises(ValueError, match="every rank can open as a file"):
        pin("s3://bucket/examples", None, "s1", "train")


def test_deletion_vectors_are_refused(tmp_path: Path) -> None:
    table = et.write(tmp_path / "t", [et.examples(3)])
    log = Path(table) / "_delta_log" / f"{1:020d}.json"
    features = '"readerFeatures":["deletionVectors"],"writerFeatures":["deletionVectors"]'
    log.write_text(f'{{"protocol":{{"minReaderVersion":3,"minWriterVersion":7,{features}}}}}\n')
    with pytest.raises(ValueError, match="uses deletionVectors"):
        pin(table, None, "s1", "train")
    assert pin(table, 0, "s1", "train").rows == 3


def test_folds_that_are_left_out(tmp_path: Path) -> None:
    table = et.write(tmp_path / "t", et.parts(et.examples(60), 15))  # row i is of fold i modulo 5
    pinned = pin(table, None, "s1", "train", without=(1, 3))
    assert pinned.rows == 36
    assert pinned.groups == ((9,), (9,), (9,), (9,))
    outputs: Outputs = et.outputs()
    batches = in_order(pinned, et.ENCODER, outputs.prior, outputs.unknown_weight, rows=16)
    ids = [i for batch in batches for i in batch.product_ids or ()]
    assert sorted(ids) == [f"p{i:06d}" for i in range(60) if i % 5 not in (1, 3)]


def test_a_file_of_which_every_row_is_left_out(tmp_path: Path) -> None:
    whole = et.examples(20)
    of_one_fold = whole.set_column(
        whole.schema.get_field_index("fold"), "fold", pa.array([2] * 20, pa.int32())
    )
    table = et.write(tmp_path / "t", [of_one_fold, et.examples(10, prefix="q")])
    pinned = pin(table, None, "s1", "train", without=(2,))
    assert sorted(pinned.groups) == [(0,), (8,)]
    outputs: Outputs = et.outputs()
    batches = in_order(pinned, et.ENCODER, outputs.prior, outputs.unknown_weight)
    ids = [i for batch in batches for i in batch.product_ids or ()]
    assert sorted(ids) == [f"q{i:06d}" for i in range(10) if i % 5 != 2]
