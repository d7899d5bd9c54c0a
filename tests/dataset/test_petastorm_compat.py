from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from aisles.dataset import petastorm_compat, reader


def _files(folder: Path, groups: list[int], files: int = 2) -> tuple[list[str], list[int]]:
    """Files of one-row-group-a-number tables; the values are 0, 1, 2 ... in order."""
    paths, first = [], 0
    for number in range(files):
        path = folder / f"{number}.parquet"
        with pq.ParquetWriter(path, pa.schema([("n", pa.int32()), ("b", pa.binary())])) as writer:
            for size in groups:
                values = list(range(first, first + size))
                packed = [str(v).encode() for v in values]
                writer.write_table(pa.table({"n": pa.array(values, pa.int32()), "b": packed}))
                first += size
        paths.append(str(path))
    return paths, list(range(first))


def test_every_row_group_is_read_once_in_order(tmp_path: Path) -> None:
    files, values = _files(tmp_path, [3, 1, 4])
    blocks = list(reader.row_groups(files, ["n", "b"]))
    assert [len(block["n"]) for block in blocks] == [3, 1, 4, 3, 1, 4]
    assert np.concatenate([block["n"] for block in blocks]).tolist() == values
    assert [int(b) for block in blocks for b in block["b"]] == values


def test_shard_is_row_group_modulo_count(tmp_path: Path) -> None:
    files, _ = _files(tmp_path, [2, 2, 2])
    blocks = [block["n"].tolist() for block in reader.row_groups(files, ["n"], shard=(1, 4))]
    assert blocks == [[2, 3], [10, 11]]


def test_seed_shuffles_row_groups_the_same_way_each_time(tmp_path: Path) -> None:
    files, values = _files(tmp_path, [1] * 20)

    def order(seed: int) -> list[int]:
        return [int(block["n"][0]) for block in reader.row_groups(files, ["n"], seed=seed)]

    assert order(7) == order(7) != order(8)
    assert sorted(order(7)) == values


def test_no_epoch_ends_early(tmp_path: Path) -> None:
    # The unmended pool loses rows in a few of a hundred short epochs.
    files, values = _files(tmp_path, [1, 1, 1], files=1)
    for _ in range(60):
        assert [int(b["n"][0]) for b in reader.row_groups(files, ["n"])] == values


def test_pool_believes_an_end_only_if_all_was_sent_before() -> None:
    from petastorm.workers_pool import EmptyResultError
    from petastorm.workers_pool.thread_pool import ThreadPool

    class Ventilator:
        # Sends its last item between the pool's look at its counters and its question.
        def __init__(self, pool: ThreadPool) -> None:
            self.pool, self.asked = pool, 0

        def completed(self) -> bool:
            self.asked += 1
            if self.asked == 2:
                self.pool._ventilated_items += 1
                self.pool._results_queue.put("last")
            return self.asked >= 2

    import queue

    pool = ThreadPool(1)
    pool._results_queue = queue.Queue()
    pool._ventilator = Ventilator(pool)
    assert pool.get_results() == "last"
    pool._ventilated_items_processed += 1
    with pytest.raises(EmptyResultError):
        pool.get_results()


def test_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="list of Parquet files"):
        petastorm_compat.ParquetDataset(str(tmp_path))


def test_missing_column_is_named(tmp_path: Path) -> None:
    files, _ = _files(tmp_path, [1])
    with pytest.raises(ValueError, match="column tokens is missing"):
        list(reader.row_groups(files, ["n", "tokens"]))


def test_second_install_changes_nothing() -> None:
    from petastorm.workers_pool.thread_pool import ThreadPool

    before = ThreadPool.get_results
    petastorm_compat.install()
    assert ThreadPool.get_results is before
    assert not hasattr(pq, "ParquetDatasetPiece")  # pyarrow itself is left alone


@pytest.mark.parametrize(
    ("text", "data"),
    [
        (pa.string_view(), pa.binary_view()),
        (pa.large_string(), pa.large_binary()),
        (pa.string(), pa.binary()),
    ],
)
def test_every_layout_of_text_and_bytes_is_read(
    tmp_path: Path, text: pa.DataType, data: pa.DataType
) -> None:
    table = pa.table({"t": pa.array(["a", "é"], text), "b": pa.array([b"1", b""], data)})
    pq.write_table(table, tmp_path / "0.parquet")
    (block,) = reader.row_groups([str(tmp_path / "0.parquet")], ["t", "b"])
    assert block["t"].tolist() == ["a", "é"]
    assert block["b"].tolist() == [b"1", b""]
