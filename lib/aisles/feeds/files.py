"""Which feed files lie in a folder, and whose they are."""

from __future__ import annotations

import fnmatch
import hashlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import fsspec

THREADS = 16
"""Files hashed at a time: it waits for storage, and hashing leaves the interpreter's lock."""
Known = Mapping[str, tuple[int, str, str]]
"""Of each file (its path below the folder) what was stored: bytes, modified, content_hash."""

_MARKS = ("ETag", "etag", "LastModified", "last_modified", "updated", "mtime", "modified")
_LOCAL_MARKS = ("created", "ino")  # a local file written anew with its old time


@dataclass(frozen=True)
class FeedFile:
    """One feed file: whose it is, where it lies, and what is in it.

    ``file`` is the path below the feeds' folder, ``location`` what fsspec opens, ``content_hash``
    the sha256 (hex) of its bytes as they lie, ``modified`` what the storage says of its last
    change (times, an entity tag), blank where it says nothing.
    """

    network: str
    retailer: str
    file: str
    location: str
    bytes: int
    content_hash: str
    modified: str = ""


def list_files(
    feeds_dir: str, ignore: Sequence[str] = (), known: Known | None = None
) -> list[FeedFile]:
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
        networks = sorted(e["name"] for e in system.ls(root, detail=True) if _holds(system, e))
        listed = pool.map(lambda network: system.ls(network, detail=True), networks)
        entries = [
            (_below(network, entry), entry)
            for network, found in zip(networks, listed, strict=True)
            for entry in sorted(found, key=lambda e: e["name"])
            if not _holds(system, entry) and not _left_out(_below(network, entry), ignore)
        ]
        seen = known or {}
        return list(pool.map(lambda e: _feed_file(system, e[0], e[1], seen.get(e[0])), entries))


def _holds(system: Any, entry: dict[str, Any]) -> bool:
    """Whether the entry is a folder, or a link to one."""
    linked = bool(entry.get("islink"))
    return entry["type"] == "directory" or (linked and bool(system.isdir(entry["name"])))


def _below(network: str, entry: dict[str, Any]) -> str:
    """The file's path below the feeds' folder."""
    return f"{network.rsplit('/', 1)[-1]}/{entry['name'].rsplit('/', 1)[-1]}"


def _feed_file(
    system: Any, file: str, info: dict[str, Any], known: tuple[int, str, str] | None
) -> FeedFile:
    network, name = file.split("/")
    path = info["name"]
    modified = _modified(info)
    if known is not None and modified and known[:2] == (info.get("size"), modified):
        size, _, digest = known
    else:
        size, digest = _digest(system, path)
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
    network, name = file.split("/")
    if name.startswith((".", "_")) or network.startswith((".", "_")):
        return True
    parts = (name, file)
    return any(fnmatch.fnmatchcase(part, glob) for part in parts for glob in ignore)


def _digest(system: Any, path: str) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    with system.open(path, "rb") as stream:
        while piece := stream.read(1 << 20):
            digest.update(piece)
            size += len(piece)
    return size, digest.hexdigest()
