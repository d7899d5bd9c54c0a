"""Bytes of one member of a folder or an archive, as the picture map names them."""

from __future__ import annotations

import io
import os
import tarfile
import zipfile
import zlib
from functools import lru_cache
from pathlib import Path
from typing import IO
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

_OPEN_ARCHIVES = 64


class TooLarge(ValueError):
    """A member that has more bytes than asked for."""


def local_path(location: str, folder: Path) -> Path | None:
    """The path of a location, a relative one under `folder`; None for a web mirror."""
    parts = urlsplit(location)
    if parts.scheme in ("http", "https"):
        return None
    if parts.scheme == "file":
        return Path(url2pathname(parts.path))
    return folder / location


def read_member(location: str, member: str, limit: int) -> bytes | None:
    """The bytes of one member, None when there is none; raises TooLarge beyond `limit` bytes."""
    for name in member_names(member):
        found = _read(location, name, limit)
        if found is not None:
            return found
    return None


def member_names(member: str) -> list[str]:
    """Names to look for: as written, then without the query, then percent-decoded.

    A name that leads out of the location (`..`, an absolute path) is no member.
    """
    bare = member.split("?")[0].split("#")[0]
    return [name for name in dict.fromkeys((member, bare, unquote(bare))) if _stays_inside(name)]


def _stays_inside(name: str) -> bool:
    parts = name.replace("\\", "/").split("/")
    return bool(name) and parts[0] != "" and ".." not in parts and "\0" not in name


def _read(location: str, name: str, limit: int) -> bytes | None:
    if os.path.isdir(location):
        return _read_file(location, name, limit)
    if location.endswith(".zip"):
        return _read_zip(location, name, limit)
    return _read_tar(location, name, limit)


def _read_file(folder: str, name: str, limit: int) -> bytes | None:
    """A file under the folder; a link that leads out of it is no member."""
    path = os.path.realpath(os.path.join(folder, name))
    if not path.startswith(os.path.realpath(folder) + os.sep) or not os.path.isfile(path):
        return None
    with open(path, "rb") as file:
        return _limited(file, limit)


def _read_zip(archive: str, name: str, limit: int) -> bytes | None:
    opened = _zip((archive, os.getpid()))
    try:
        info = opened.getinfo(name)
        if info.file_size > limit:
            raise TooLarge(name)
        with opened.open(info) as file:
            return _limited(file, limit)
    except KeyError:
        return None
    # A damaged or encrypted member: what can be read of it is no picture.
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError):
        return b""


def _read_tar(archive: str, name: str, limit: int) -> bytes | None:
    place = _tar((archive, os.getpid())).get(name)
    if place is None:
        return None
    start, size = place
    if size > limit:
        raise TooLarge(name)
    with open(archive, "rb") as file:
        file.seek(start)
        return file.read(size)


def _limited(file: IO[bytes] | io.BufferedIOBase, limit: int) -> bytes:
    content = file.read(limit + 1)
    if len(content) > limit:
        raise TooLarge(f"more than {limit} bytes")
    return content


# The process id is in the key: a forked Spark worker must not share its parent's file position.
@lru_cache(_OPEN_ARCHIVES)
def _zip(key: tuple[str, int]) -> zipfile.ZipFile:
    return zipfile.ZipFile(key[0])


@lru_cache(_OPEN_ARCHIVES)
def _tar(key: tuple[str, int]) -> dict[str, tuple[int, int]]:
    """Where each plain file of an uncompressed tar archive starts, and its size."""
    with tarfile.open(key[0], "r:") as opened:
        return {
            member.name.removeprefix("./"): (member.offset_data, member.size)
            for member in opened
            if member.isfile()
        }
