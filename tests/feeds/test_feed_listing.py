"""What else lies in a feeds' folder: files that cannot be read, files in the wrong place."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import fsspec
import pytest

from aisles.feeds import files
from aisles.feeds.files import FeedFile, list_files, listing, open_file
from aisles.feeds.spark import end_of, file_batches
from aisles.feeds.split import parts_of

TABLE = "id;title\n1;a\n"


def put(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(TABLE)


def rows_of(file: FeedFile) -> list[dict[str, Any]]:
    return [row for batch in file_batches(file) for row in batch.to_pylist()]


def test_files_that_cannot_be_read_are_listed_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, "net/good.csv", "net/forbidden.csv")
    (tmp_path / "net" / "broken.csv").symlink_to("/nowhere/x.csv")
    os.mkfifo(tmp_path / "net" / "pipe.csv")
    opens = files.open_file

    def guarded(location: str) -> Any:
        if location.endswith("forbidden.csv"):
            raise PermissionError(13, "Permission denied")  # not even for the one who runs this
        return opens(location)

    monkeypatch.setattr(files, "open_file", guarded)
    monkeypatch.setattr("aisles.feeds.spark.open_file", guarded)
    found = {file.retailer: file for file in list_files(str(tmp_path))}
    assert list(found) == ["broken", "forbidden", "good", "pipe"]
    for name, why in {
        "broken": "No such file", "forbidden": "Permission denied", "pipe": "no plain file",
    }.items():  # fmt: skip
        assert (found[name].content_hash, found[name].modified) == ("", "")
        told, closing = rows_of(found[name])
        assert told["reason"].startswith("unreadable: ") and why in told["reason"]
        part = {**closing, "records": 1, "refused": 1}
        end = end_of(found[name].file, [part])
        assert (end.read, end.rejected, end.complete) == (1, 1, False)
    assert dict(rows_of(found["good"])[0]["values"]) == {"id": "1", "title": "a"}


def test_a_network_that_cannot_be_listed_keeps_no_other_from_being_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, "net/good.csv", "shut/a.csv")
    local = fsspec.filesystem("file")
    ls = local.ls

    def guarded(path: str, detail: bool = False, **more: Any) -> Any:
        if path.endswith("shut"):
            raise PermissionError(13, "Permission denied")
        return ls(path, detail=detail, **more)

    monkeypatch.setattr(local, "ls", guarded)
    found = listing(str(tmp_path))
    assert [file.file for file in found.files] == ["net/good.csv"]
    assert found.unlisted == {"shut": "[Errno 13] Permission denied"}


def test_files_in_the_wrong_place_are_told(tmp_path: Path) -> None:
    put(
        tmp_path,
        *("net/good.csv", "feed.csv", "README.md", ".hidden.csv", "roles_shop.json"),
        *("net/shop/part1.csv", "net/shop/2026/part2.csv.gz", "net/shop/manifest.txt"),
        *("net/shop/_log/x.csv", "net/.old/x.csv", "_work/shop.csv", "net/archive/old.csv"),
    )
    (tmp_path / "net" / "loop").symlink_to(tmp_path / "net")
    found = listing(str(tmp_path), ["roles_*", "net/archive/*"])
    assert [file.file for file in found.files] == ["net/good.csv"]
    assert found.misplaced == ["feed.csv", "net/shop/part1.csv", "net/shop/2026/part2.csv.gz"]
    assert listing(str(tmp_path), ["*"]).misplaced == []


def test_no_end_of_folders_is_looked_into(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, *(f"net/{no:03}/{no}.csv" for no in range(20)), "net/good.csv")
    monkeypatch.setattr(files, "_MOST_FOLDERS", 7)
    assert len(listing(str(tmp_path)).misplaced) == 7


ODD = ("a::b.csv", "zip::b.csv", "a*b?.csv", "a[1].csv", "a%20b c#d.csv", "é'\".csv", "a\nb.csv")


@pytest.mark.parametrize("name", ODD)
def test_a_local_file_of_any_name_is_read(tmp_path: Path, name: str) -> None:
    put(tmp_path, f"net/{name}")
    (file,) = list_files(str(tmp_path))
    assert file.content_hash
    assert dict(rows_of(file)[0]["values"]) == {"id": "1", "title": "a"}


def test_a_stored_file_of_any_name_is_read() -> None:
    memory = fsspec.filesystem("memory")
    memory.pipe("/odd/net/a::b.csv", TABLE.encode())
    (file,) = list_files("memory://odd")
    assert dict(rows_of(file)[0]["values"]) == {"id": "1", "title": "a"}
    memory.rm("/odd", recursive=True)


def test_a_large_file_of_an_odd_name_is_split(tmp_path: Path) -> None:
    path = tmp_path / "net" / "a::b.csv"
    path.parent.mkdir()
    path.write_text("id;title\n" + "".join(f"{no};Blue mug {no}\n" for no in range(9000)))
    (file,) = list_files(str(tmp_path))
    assert len(parts_of(file, 1 << 16)) > 1
    with open_file(str(path)) as opened:
        assert opened.read(9) == b"id;title\n"
