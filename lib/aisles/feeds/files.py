"""Which feed files lie in a folder, and whose they are."""

from __future__ import annotations

import fnmatch
import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

import fsspec

from aisles.feeds.unpack import may_hold_data

THREADS = 16
"""Files hashed at a time: it waits for storage, and hashing leaves the interpreter's lock."""
_MOST_FOLDERS = 200
"""Folders that are looked into for feeds where none belongs."""
Known = Mapping[str, tuple[int, str, str]]
"""Of each file (its path below the folder) what was stored: bytes, modified, content_hash."""

_MARKS = ("ETag", "etag", "LastModified", "last_modified", "updated", "mtime", "modified")
_LOCAL_MARKS = ("created", "ino")  # a local file written anew with its old time


@dataclass(frozen=True)
class FeedFile:
    """One feed file: whose it is, where it lies, and what is in it.

    ``file`` is the path below the feeds' folder, ``location`` what fsspec opens, ``content_hash``
    the sha256 (hex) of its bytes as they lie, blank where they cannot be read, ``modified`` what
    the storage says of its last change (times, an entity tag), blank where it says nothing.
    """

    network: str
    retailer: str
    file: str
    location: str
    bytes: int
    content_hash: str
    modified: str = ""


@dataclass(frozen=True)
class Listing:
    """What lies in a feeds' folder.

    ``misplaced``: the paths of files that no network's folder holds itself, which may be feeds;
    none of them is read. ``unlisted``: networks' folders that cannot be listed, and why.
    """

    files: list[FeedFile]
    misplaced: list[str]
    unlisted: dict[str, str]


def list_files(
    feeds_dir: str, ignore: Sequence[str] = (), known: Known | None = None
) -> list[FeedFile]:
    """The feed files of ``listing`` alone."""
    return listing(feeds_dir, ignore, known).files


def listing(feeds_dir: str, ignore: Sequence[str] = (), known: Known | None = None) -> Listing:
    """The feed files ``DIR/<network>/<retailer>.*`` by path; hidden ones (``.``, ``_``) are none.

    Args:
        feeds_dir: a local folder or any address that fsspec opens.
        ignore: glob patterns on the file's name or on its path below the folder.
        known: files read before; one that has the same size and change marks is not read again.

    Raises:
        ValueError: when the folder does not exist.
    """
    system, root = fsspec.core.url_to_fs(feeds_dir)
    if not system.isdir(root):
        raise ValueError(f"feeds {feeds_dir!r}: expected a folder of <network>/<retailer>.* files")
    with ThreadPoolExecutor(THREADS) as pool:
        top = _sorted(system.ls(root, detail=True))
        networks = [e["name"] for e in top if _holds(system, e) and not _hidden(e["name"])]
        entries: list[tuple[str, dict[str, Any]]] = []
        folders: list[tuple[str, str]] = []
        unlisted: dict[str, str] = {}
        listed = pool.map(lambda network: _listed(system, network), networks)
        for network, found in zip(networks, listed, strict=True):
            if isinstance(found, OSError):
                unlisted[_last(network)] = str(found)
                continue
            for entry in found:
                file = f"{_last(network)}/{_last(entry['name'])}"
                if not _holds(system, entry):
                    entries.append((file, entry))
                elif not entry.get("islink") and not _hidden(file):
                    folders.append((file, entry["name"]))
        entries = [(file, entry) for file, entry in entries if not _left_out(file, ignore)]
        alone = [_last(e["name"]) for e in top if not _holds(system, e)]
        deeper = _files_below(system, pool, folders)
        misplaced = [f for f in [*alone, *deeper] if not _left_out(f, ignore) and may_hold_data(f)]
        seen = known or {}
        files = list(pool.map(lambda e: _feed_file(system, e[0], e[1], seen.get(e[0])), entries))
    return Listing(files, misplaced, unlisted)


def open_file(location: str) -> BinaryIO:
    """The file at a location of ``FeedFile``; ``::`` in its name chains nothing."""
    protocol, path = fsspec.core.split_protocol(location)
    if protocol in (None, "file", "local"):
        if os.path.exists(path) and not os.path.isfile(path):
            raise OSError(f"no plain file: {path!r}")  # a pipe might keep its reader for ever
        return open(path, "rb")
    if "::" not in location:
        return cast(BinaryIO, fsspec.open(location, "rb").open())
    kind = fsspec.get_filesystem_class(protocol)
    return cast(BinaryIO, kind(**kind._get_kwargs_from_urls(location)).open(location, "rb"))


def _sorted(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(entries, key=lambda entry: entry["name"])


def _listed(system: Any, folder: str) -> list[dict[str, Any]] | OSError:
    try:
        return _sorted(system.ls(folder, detail=True))
    except OSError as error:
        return error


def _files_below(
    system: Any, pool: ThreadPoolExecutor, folders: list[tuple[str, str]]
) -> Iterator[str]:
    """The paths of the files in these folders (path below the feeds' folder, name) and below them.

    Links to folders are not followed, and of very many folders not all are looked into.
    """
    left = _MOST_FOLDERS
    while folders and left > 0:
        some, left = folders[:left], left - len(folders)
        folders = []
        found = pool.map(lambda folder: _listed(system, folder[1]), some)
        for (path, _), entries in zip(some, found, strict=True):
            for entry in () if isinstance(entries, OSError) else entries:
                name = f"{path}/{_last(entry['name'])}"
                if not _holds(system, entry):
                    yield name
                elif not entry.get("islink") and not _hidden(name):
                    folders.append((name, entry["name"]))


def _holds(system: Any, entry: dict[str, Any]) -> bool:
    """Whether the entry is a folder, or a link to one."""
    linked = bool(entry.get("islink"))
    return entry["type"] == "directory" or (linked and bool(system.isdir(entry["name"])))


def _hidden(path: str) -> bool:
    return _last(path).startswith((".", "_"))


def _last(path: str) -> str:
    return path.rstrip("/").rsplit("/", 1)[-1]


def _feed_file(
    system: Any, file: str, info: dict[str, Any], known: tuple[int, str, str] | None
) -> FeedFile:
    network, name = file.split("/")
    path = info["name"]
    modified = _modified(info)
    if known is not None and modified and known[:2] == (info.get("size"), modified):
        size, _, digest = known
    else:
        try:
            size, digest = _digest(system, path)
        except OSError:  # the one who reads it says what is wrong with it
            size, digest, modified = info.get("size") or 0, "", ""
    location = system.unstrip_protocol(path)
    return FeedFile(network, name.split(".", 1)[0], file, location, size, digest, modified)


def _modified(info: dict[str, Any]) -> str:
    """All that the storage says of the last change, as one text; of a link it says too little."""
    found = [info[mark] for mark in _MARKS if info.get(mark)]
    if not found or info.get("islink"):
        return ""
    if "mtime" in info:
        found += [info[mark] for mark in _LOCAL_MARKS if info.get(mark)]
    return " ".join(str(mark).strip('"') for mark in found)


def _left_out(file: str, ignore: Sequence[str]) -> bool:
    parts = (_last(file), file)
    return _hidden(file) or any(
        fnmatch.fnmatchcase(part, glob) for part in parts for glob in ignore
    )


def _digest(system: Any, path: str) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    location = system.unstrip_protocol(path)
    local = location.startswith("file:")
    with open_file(location) if local else system.open(path, "rb") as stream:
        while piece := stream.read(1 << 20):
            digest.update(piece)
            size += len(piece)
    return size, digest.hexdigest()
