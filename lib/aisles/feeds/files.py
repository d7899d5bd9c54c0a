"""Which feed files lie in a folder, and whose they are."""

from __future__ import annotations

import fnmatch
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import fsspec


@dataclass(frozen=True)
class FeedFile:
    """One feed file: whose it is, where it lies, and what is in it.

    ``file`` is the path below the feeds' folder, ``location`` what fsspec opens, ``content_hash``
    the sha256 (hex) of its bytes as they lie.
    """

    network: str
    retailer: str
    file: str
    location: str
    bytes: int
    content_hash: str


def list_files(feeds_dir: str, ignore: Sequence[str] = ()) -> list[FeedFile]:
    """The feed files ``DIR/<network>/<retailer>.*`` by path; hidden ones (``.``, ``_``) are none.

    Args:
        feeds_dir: a local folder or any address that fsspec opens.
        ignore: glob patterns on the file's name or on its path below the folder.

    Raises:
        ValueError: when the folder does not exist.
    """
    system, root = fsspec.core.url_to_fs(feeds_dir)
    if not system.isdir(root):
        raise ValueError(f"feeds {feeds_dir!r}: expected a folder of <network>/<retailer>.* files")
    found = []
    for path in sorted(system.glob(f"{root.rstrip('/')}/*/*")):
        network, name = path.rsplit("/", 2)[1:]
        if system.isfile(path) and not _left_out(network, name, ignore):
            location = system.unstrip_protocol(path)
            size, digest = _digest(location)
            retailer = name.split(".", 1)[0]
            file = f"{network}/{name}"
            found.append(FeedFile(network, retailer, file, location, size, digest))
    return found


def _left_out(network: str, name: str, ignore: Sequence[str]) -> bool:
    if name.startswith((".", "_")) or network.startswith((".", "_")):
        return True
    parts = (name, f"{network}/{name}")
    return any(fnmatch.fnmatchcase(part, glob) for part in parts for glob in ignore)


def _digest(location: str) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    with fsspec.open(location, "rb") as stream:
        while piece := stream.read(1 << 20):
            digest.update(piece)
            size += len(piece)
    return size, digest.hexdigest()
