"""Parquet feeds: typed columns as text, nested ones flattened as JSON's are."""

import datetime as dt
import decimal
import gzip
import io
import json
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aisles.feeds import parquet
from aisles.feeds.jsonlines import rows_of_text
from aisles.feeds.parse import Parsed, parse


def written(table: pa.Table, **options: Any) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink, **options)
    return sink.getvalue()


def read(data: bytes) -> tuple[list[dict[str, str] | str], Parsed]:
    parsed = parse(io.BytesIO(data), "feed.parquet")
    rows = []
    for batch in parsed:
        batch.validate(full=True)
        rows += batch.to_pylist()
    assert parsed.read == parsed.kept + parsed.rejected == len(rows)
    assert [row["record_no"] for row in rows] == list(range(1, len(rows) + 1))
    return [row["reason"] or dict(row["values"]) for row in rows], parsed


NOON = dt.datetime(2026, 1, 2, 12, 0, 0, 120_000)
AMSTERDAM = pa.timestamp("us", "Europe/Amsterdam")
VALUES: dict[str, tuple[pa.Array, list[str | None]]] = {
    "text": (pa.array(["Größe", "", " ", None, "a\0b"]), ["Größe", None, None, None, "a\ufffdb"]),
    "large text": (pa.array(["a", None], pa.large_string()), ["a", None]),
    "integers": (pa.array([-5, 2**40], pa.int64()), ["-5", "1099511627776"]),
    "decimals": (
        pa.array([decimal.Decimal("12.50"), decimal.Decimal("0.00000001")], pa.decimal128(18, 8)),
        ["12.50000000", "0.00000001"],
    ),
    "prices": (pa.array([decimal.Decimal("12.50")], pa.decimal128(9, 2)), ["12.50"]),
    "floats": (
        pa.array([12.5, 1e7, 1e20, 1e-9, 0.1, float("nan"), float("-inf")]),
        ["12.5", "10000000", "100000000000000000000", "0.000000001", "0.1", None, "-inf"],
    ),
    "short floats": (pa.array([12.99, None], pa.float32()), ["12.99", None]),
    "truth": (pa.array([True, False, None]), ["true", "false", None]),
    "days": (pa.array([dt.date(2026, 1, 2)]), ["2026-01-02"]),
    "times": (pa.array([NOON, NOON.replace(microsecond=0)]), [
        "2026-01-02T12:00:00.12", "2026-01-02T12:00:00"]),
    "times with a zone": (pa.array([NOON.replace(microsecond=0)], AMSTERDAM), [
        "2026-01-02T12:00:00Z"]),
    "times of day": (pa.array([dt.time(3, 4, 5), dt.time(3, 4, 5, 600_000)]), [
        "03:04:05", "03:04:05.6"]),
    "dictionary": (pa.array(["a", "b", "a"]).dictionary_encode(), ["a", "b", "a"]),
    "bytes": (pa.array([b"abc", b"\xff\x00", None]), ["abc", "/wA=", None]),
    "nothing": (pa.nulls(2), [None, None]),
    "levels": (pa.array([["A", "B"], ["C"], [], None]), ["A, B", "C", None, None]),
    "list of numbers": (pa.array([[1, 2], [3]]), ["1, 2", "3"]),
    "list of days": (pa.array([[dt.date(2026, 1, 2)] * 2]), ["2026-01-02, 2026-01-02"]),
    "fixed lists": (pa.array([["a", "b"], ["c", "d"]], pa.list_(pa.string(), 2)), [
        "a, b", "c, d"]),
}  # fmt: skip


@pytest.mark.parametrize(("column", "texts"), VALUES.values(), ids=VALUES.keys())
def test_values_as_text(column: pa.Array, texts: list[str | None]) -> None:
    rows, parsed = read(written(pa.table({"c": column, "n": range(len(column))})))
    assert [row.get("c") for row in rows if isinstance(row, dict)] == texts
    assert parsed.complete


PLAIN = st.one_of(
    st.text("ab ,/é0", max_size=4), st.sampled_from(["https://a/1", "//b/2"]), st.none()
)
RECORD = st.fixed_dictionaries(
    {
        "id": st.text("01", min_size=1, max_size=3),
        "categories": st.none() | st.lists(PLAIN, max_size=3),
        "images": st.none() | st.lists(PLAIN, max_size=3),
        "offer": st.none() | st.fixed_dictionaries({"price": PLAIN, "of": st.lists(PLAIN)}),
        "parts": st.none() | st.lists(st.none() | st.fixed_dictionaries({"k": PLAIN, "l": PLAIN})),
        "deep": st.none() | st.lists(st.lists(PLAIN, max_size=2), max_size=2),
        "on": st.none() | st.lists(st.booleans(), max_size=2),
    }
)
KINDS = pa.schema(
    [
        pa.field("id", pa.string()),
        pa.field("categories", pa.list_(pa.string())),
        pa.field("images", pa.large_list(pa.string())),
        pa.field("offer", pa.struct({"price": pa.string(), "of": pa.list_(pa.string())})),
        pa.field("parts", pa.list_(pa.struct({"k": pa.string(), "l": pa.string()}))),
        pa.field("deep", pa.list_(pa.list_(pa.string()))),
        pa.field("on", pa.list_(pa.bool_())),
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(RECORD, min_size=1, max_size=8), st.sampled_from([1, 3, 100]))
def test_the_same_records_as_json_give_the_same_cells(records: list[Any], group: int) -> None:
    table = pa.Table.from_pylist(records, KINDS)
    expected = [dict(rows_of_text(json.dumps(record))[0].cells or ()) for record in records]
    assert read(written(table, row_group_size=group))[0] == expected


def test_maps_are_objects_whose_keys_differ() -> None:
    kind = pa.map_(pa.string(), pa.list_(pa.string()))
    column = pa.array([[("size", ["S", "M"]), ("fit", ["wide"])], [("fit", None)], None], kind)
    assert read(written(pa.table({"id": [1, 2, 3], "a": column})))[0] == [
        {"id": "1", "a.size": "S, M", "a.fit": "wide"}, {"id": "2"}, {"id": "3"},
    ]  # fmt: skip


def test_pieces_of_a_batch_are_the_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"id": no, "t": [{"k": str(no), "l": ["a", str(no)]}] * (no % 4)} for no in range(500)]
    data = written(pa.Table.from_pylist(rows))
    whole = read(data)[0]
    monkeypatch.setattr(parquet, "MAX_BATCH_BYTES", 1000)
    assert read(data)[0] == whole
    assert whole[3] == {
        "id": "3", "t.k": "3", "t.k#2": "3", "t.k#3": "3",
        "t.l": "a, 3", "t.l#2": "a, 3", "t.l#3": "a, 3",
    }  # fmt: skip


def test_packed_parquet() -> None:
    data = gzip.compress(written(pa.table({"id": ["1", "2"]})))
    rows, parsed = read(data)
    assert rows == [{"id": "1"}, {"id": "2"}]
    assert parsed.format is not None and parsed.format.columns == ("id",)
    assert (parsed.format.container, parsed.format.compression) == ("parquet", "gzip")


def test_the_records_of_a_damaged_row_group_are_rejected_one_by_one() -> None:
    table = pa.table({"id": [str(no) for no in range(300)]})
    data = bytearray(written(table, row_group_size=100, compression="gzip", use_dictionary=False))
    column = pq.ParquetFile(io.BytesIO(bytes(data))).metadata.row_group(1).column(0)
    middle = column.data_page_offset + column.total_compressed_size // 2
    data[middle : middle + 20] = bytes(20)
    rows, parsed = read(bytes(data))
    assert (parsed.kept, parsed.rejected, parsed.complete) == (200, 100, False)
    for lost in rows[100:200]:
        assert str(lost).startswith("damaged: row group 1, 100 of 100 records lost")
    assert rows[200] == {"id": "200"}


def test_no_more_records_are_lost_than_a_footer_can_be_believed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(parquet, "_MOST_LOST", 70)
    monkeypatch.setattr(parquet, "MAX_BATCH_BYTES", 1)
    rows, parsed = read(written(pa.table({"id": [str(no) for no in range(300)]})))
    assert (parsed.kept, parsed.rejected, parsed.complete) == (0, 70, False)
    assert "300 of 300 records lost: a record holds more than 1 bytes" in str(rows[69])


HUGE = {
    "one record": ({"id": ["1", "2"], "t": ["x" * 9_000_000, "y"]}, "a record holds more than"),
    "a bomb": ({"id": ["1"] * 40, "t": ["x" * 100_000] * 40}, "decompression bomb"),
}


@pytest.mark.parametrize(("table", "why"), HUGE.values(), ids=HUGE.keys())
def test_what_the_footer_tells_is_too_large_is_not_decoded(
    monkeypatch: pytest.MonkeyPatch, table: dict[str, list[str]], why: str
) -> None:
    monkeypatch.setattr(parquet, "MAX_BATCH_BYTES", 1 << 22)
    monkeypatch.setattr("aisles.feeds.expand.BOMB_BYTES", 1 << 20)
    data = written(pa.table(table), compression="zstd", use_dictionary=False)
    records = parquet.ParquetRecords(io.BytesIO(data), 100)

    def decodes(*_: Any, **__: Any) -> None:
        raise AssertionError("it is decoded")

    monkeypatch.setattr(records._file, "iter_batches", decodes)
    (batch,) = records.batches()
    assert batch.num_rows == len(table["id"])
    assert all(why in reason for reason in batch["reason"].to_pylist())


def test_a_text_that_every_record_has_is_stored_once_and_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("aisles.feeds.expand.BOMB_BYTES", 1 << 20)
    data = written(pa.table({"id": [str(no) for no in range(500)], "t": ["x" * 50_000] * 500}))
    rows, parsed = read(data)
    assert (len(data) < 100_000, len(rows), parsed.rejected) == (True, 500, 0)


def test_text_that_is_no_utf8() -> None:
    column = pa.Array.from_buffers(
        pa.string(), 2, pa.array([b"caf\xe9", b"b"], pa.binary()).buffers()
    )
    assert read(written(pa.table({"t": column})))[0] == [{"t": "caf\ufffd"}, {"t": "b"}]


def test_nesting_without_end() -> None:
    kind: pa.DataType = pa.string()
    value: Any = "x"
    for _ in range(120):
        kind, value = pa.struct({"a": kind}), {"a": value}
    table = pa.table({"id": ["1"], "deep": pa.array([value], kind)})
    rows, _ = read(written(table))
    assert len(rows) == 1 and "nested deeper than 100 levels" in str(rows[0])
