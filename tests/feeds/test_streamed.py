"""Files read and stored in one pass: the same records, endings and rejected ones as in parts."""

from __future__ import annotations

import datetime as dt
import gzip
from pathlib import Path
from typing import Any

from aisles.feeds import streamed as module
from aisles.feeds.spark import ends_of, list_files, numbered, read_parts
from aisles.feeds.split import tasks_of
from aisles.feeds.streamed import streamed

DAY = dt.date(2026, 11, 1)
HEAD = "id,name,price"
GOOD = [f"{n},Mug number {n},5.99" for n in range(50)]
BAD = [f"{n},one,two,three,four" for n in range(7)]
FILES = {
    "net/clean.csv": [HEAD, *GOOD],
    "net/some.csv": [HEAD, *GOOD[:20], *BAD, *GOOD[20:], "TRL,57,"],
    "net/many.csv": [HEAD, *GOOD * 30, *BAD * 150],
    "other/empty.csv": [HEAD],
}


def test_as_when_read_in_parts(spark, tmp_path: Path, monkeypatch: Any) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(module, "_MOST_CHARS", 100_000)  # of many.csv there are more
    for name, lines in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("\n".join(lines) + "\n")
    (tmp_path / "net" / "broken.csv.gz").write_bytes(gzip.compress(b"id,name\n1,a\n")[:-9])
    files = list_files(str(tmp_path), ())
    found = streamed(spark, tasks_of(files), DAY, batch_rows=64)
    parts = read_parts(spark, files, DAY, batch_rows=64).cache()

    kept = {tuple(map(str, row)) for row in found.records.collect()}
    ends = {end.file: end for end in found.ends()}
    assert ends == {end.file: end for end in ends_of(parts)}
    assert ends["net/some.csv"].trailer_count == 57 and ends["net/some.csv"].rejected == 7
    assert not ends["net/broken.csv.gz"].complete
    every = numbered(parts, ends_of(parts))
    assert kept == {tuple(map(str, row)) for row in every.where("reason IS NULL").collect()}
    rejected = found.rejected()
    wanted = every.where("reason IS NOT NULL").select(rejected.columns)
    assert sorted(rejected.collect(), key=str) == sorted(wanted.collect(), key=str)
    # Few of them came aside, many were read again.
    aside = {one["file"]: one["rejected"] for one in found._told.value}
    assert len(aside["net/some.csv"]) == 7 and aside["net/many.csv"] is None


def test_many_files_tell_no_more_than_few(spark, tmp_path: Path, monkeypatch: Any) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "net").mkdir()
    for name in ("one", "two"):
        lines = [HEAD, *GOOD, *BAD]
        (tmp_path / "net" / f"{name}.csv").write_text("\n".join(lines) + "\n")
    monkeypatch.setattr(module, "_ALL_CHARS", 2 * 400)  # 400 signs a file, of some 850
    found = streamed(spark, tasks_of(list_files(str(tmp_path), ())), DAY)
    assert found.records.count() == 2 * len(GOOD)
    assert [aside["rejected"] for aside in found._told.value] == [None, None]
    assert found.rejected().count() == 2 * len(BAD)
