"""Bytes of one member of a folder or an archive, as the picture map names them."""

from __future__ import annotations

import errno
import io
import lzma
import os
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import IO, Any, NamedTuple
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

import fsspec

from aisles.products import gzip_places

ZIP = (".zip",)
TAR = (".tar", ".tar.gz", ".tgz")
_OTHER_TARS = (".tar.bz2", ".tbz2", ".tbz", ".tar.xz", ".txz", ".tar.zst", ".tzst")
# What readers of damaged archives raise, beside an OSError of no number or one of these.
_DAMAGE = (
    zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, struct.error, EOFError,
    ValueError, LookupError, TypeError, ArithmeticError, RuntimeError,
)  # fmt: skip
_OF_DAMAGE = (None, errno.EINVAL, errno.EOVERFLOW)  # a place before or far behind the file
_NO_ACCESS = (FileNotFoundError, PermissionError, ConnectionError, TimeoutError)
_OPEN_ARCHIVES = 64
_BLOCK_BYTES = 1 << 18
"""What a storage on the net is asked for at a time."""


class NotRead(Exception):
    """Why a member's bytes cannot be had: the status and reason of its picture."""

    def __init__(self, status: str, reason: str) -> None:
        super().__init__(f"{status}: {reason}")
        self.status = status
        self.reason = reason


def local_path(location: str, folder: Path) -> Path | None:
    """The path of a location, a relative one under `folder`; None for one that is an address."""
    if location.lower().startswith("file:"):
        return Path(url2pathname(urlsplit(location).path))
    return None if "://" in location else folder / location


def problem_of(place: str) -> str | None:
    """Why a path or address is no place of pictures; None where it is one.

    An archive's start (of a zip its end) is looked at, not all of it.
    """
    try:
        if _is_folder(place):
            return None
        if place.lower().endswith(_OTHER_TARS):
            return (
                "is packed so that a single picture cannot be read from it; unpack it, or pack it "
                "as .zip, .tar or .tar.gz"
            )
        if place.lower().endswith(ZIP):
            with _file(place) as file:
                readable = zipfile.is_zipfile(file)
        else:
            readable = place.lower().endswith(TAR) and _starts_as_tar(place)
    except (OSError, ValueError, ImportError) as error:
        if not isinstance(error, FileNotFoundError):
            return f"cannot be read: {error}"
        readable = False
    if readable:
        return None
    return (
        f"is neither a folder nor a .zip or .tar archive, or a .tar.gz (looked at {place}); "
        "correct the path, or give the address of a mirror"
    )


def read_member(location: str, member: str, limit: int) -> bytes | None:
    """The bytes of one member, None when there is none.

    Raises:
        NotRead: beyond `limit` bytes, and where it or the archive is damaged or out of reach.
    """
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
    ending = location.lower()
    if "://" not in location and os.path.isdir(location):
        return _read_file(location, name, limit)
    if ending.endswith(ZIP):
        return _read_zip(location, name, limit)
    if ending.endswith(TAR):
        return _read_tar(location, name, limit)
    if "://" in location:
        return _read_remote(location, name, limit)
    raise NotRead("unreachable", "no such folder")


def _read_file(folder: str, name: str, limit: int) -> bytes | None:
    """A file under the folder; a link that leads out of it is no member."""
    path = os.path.realpath(os.path.join(folder, name))
    if not path.startswith(os.path.realpath(folder) + os.sep) or not os.path.isfile(path):
        return None
    with _told("damaged file"), open(path, "rb") as file:
        return _limited(file, limit)


def _read_remote(folder: str, name: str, limit: int) -> bytes | None:
    try:
        with _told("damaged file"), _file(f"{folder.rstrip('/')}/{name}") as file:
            return _limited(file, limit)
    except NotRead as error:
        if isinstance(error.__cause__, FileNotFoundError | IsADirectoryError):
            return None
        raise


def _read_zip(archive: str, name: str, limit: int) -> bytes | None:
    opened = _zip((archive, os.getpid()))
    if opened is None:
        raise NotRead("broken", "damaged archive")
    try:
        info = opened.getinfo(name)
    except KeyError:
        return None
    if info.file_size > limit:
        raise NotRead("too_large", "bytes")
    # A damaged or encrypted member: what can be read of it is no picture.
    any_memory = info.compress_type == zipfile.ZIP_LZMA
    with _told("damaged member", any_memory), opened.open(info) as file:
        return _limited(file, limit)


def _read_tar(archive: str, name: str, limit: int) -> bytes | None:
    index = _tar((archive, os.getpid()))
    place = index.places.get(name)
    if place is None:
        if index.damaged:  # it may lie behind the damage
            raise NotRead("broken", "damaged archive")
        return None
    start, size = place
    if size > limit:
        raise NotRead("too_large", "bytes")
    with _told("damaged member"):
        index.content.seek(start)
        found = index.content.read(size)
    if len(found) < size:
        raise NotRead("broken", "damaged member")
    return found


@contextmanager
def _told(damage: str, any_memory: bool = False) -> Iterator[None]:
    """Damage and lack of access that show while bytes are read, as NotRead.

    any_memory: a damaged file may ask for any amount of it.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _OF_DAMAGE and not isinstance(error, _NO_ACCESS):
            raise NotRead("broken", damage) from error
        raise NotRead("unreachable", "no access") from error
    except _DAMAGE as error:
        raise NotRead("broken", damage) from error
    except MemoryError as error:
        if not any_memory:
            raise
        raise NotRead("broken", damage) from error


def _limited(file: IO[bytes] | io.BufferedIOBase, limit: int) -> bytes:
    content = file.read(limit + 1)
    if len(content) > limit:
        raise NotRead("too_large", "bytes")
    return content


def _file(place: str) -> IO[bytes]:
    """A file by its path or address, to be read at any place."""
    if "://" not in place:
        return open(place, "rb")
    system, path = fsspec.core.url_to_fs(place)
    opened: IO[bytes] = system.open(path, "rb", block_size=_BLOCK_BYTES)
    return opened


def _is_folder(place: str) -> bool:
    if "://" not in place:
        return os.path.isdir(place)
    system, path = fsspec.core.url_to_fs(place)
    return not place.lower().endswith((*ZIP, *TAR)) and bool(system.isdir(path))


# The process id is in the key: a forked Spark worker must not share its parent's file position.
@lru_cache(_OPEN_ARCHIVES)
def _zip(key: tuple[str, int]) -> zipfile.ZipFile | None:
    """The archive with its directory; None where that is damaged, which is found out once."""
    with _told("damaged archive"):
        file = _file(key[0])
    try:
        with _told("damaged archive"):
            return zipfile.ZipFile(file)
    except NotRead as error:
        file.close()
        if error.status != "broken":
            raise
        return None


class _Tar(NamedTuple):
    """The content of a tar archive, where in it each plain file starts, and its size."""

    content: IO[bytes]
    places: dict[str, tuple[int, int]]
    damaged: bool


@lru_cache(_OPEN_ARCHIVES)
def _tar(key: tuple[str, int]) -> _Tar:
    """The archive's index, read once; of a damaged archive that of what lies before the damage."""
    places: dict[str, tuple[int, int]] = {}
    with _told("damaged archive"):
        content = _unpacked(_file(key[0]))
    try:
        with _told("damaged archive"), tarfile.open(fileobj=content, mode="r:") as opened:
            while (member := opened.next()) is not None:
                if member.isfile():
                    start, size = member.offset_data, member.size
                    places[member.name.removeprefix("./")] = start, size
                vars(opened)["members"].clear()  # else it keeps them all, some kB each
            content.seek(opened.offset)
            last = content.read(tarfile.BLOCKSIZE)  # zeros, or nothing
            damaged = bool(last.strip(b"\0")) or 0 < len(last) < tarfile.BLOCKSIZE
    except NotRead as error:
        if error.status != "broken":
            raise
        damaged = True
    return _Tar(content, places, damaged)


def _unpacked(file: IO[bytes]) -> IO[bytes]:
    head: Any = file.read(len(gzip_places.MAGIC))
    file.seek(0)
    return gzip_places.opened(file) if head == gzip_places.MAGIC else file


def _starts_as_tar(place: str) -> bool:
    with _file(place) as file:
        try:
            with _told("damaged archive"), tarfile.open(fileobj=_unpacked(file), mode="r:"):
                return True
        except NotRead:
            return False
