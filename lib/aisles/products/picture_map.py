"""The picture map: which folder, archive or mirror serves the URLs that start with a prefix."""

from __future__ import annotations

import csv
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from aisles.products.archives import local_path, member_names

_ARCHIVES = {".zip": zipfile.is_zipfile, ".tar": tarfile.is_tarfile}


class Place(NamedTuple):
    """Where one picture lies: a folder, archive or mirror, and the member's name in it."""

    location: str
    member: str

    @property
    def mirrored(self) -> bool:
        """Whether the picture is asked for over HTTP."""
        return self.location.startswith(("http://", "https://"))

    def addresses(self) -> list[str]:
        """The addresses under which a mirror may have it, the likeliest first."""
        base = self.location.rstrip("/")
        return [f"{base}/{quote(name, safe='/%')}" for name in member_names(self.member)]


@dataclass(frozen=True)
class PictureMap:
    """Where pictures lie: (URL prefix, location) pairs, the longest prefix first."""

    places: tuple[tuple[str, str], ...] = ()

    @staticmethod
    def read(path: str | Path) -> PictureMap:
        """The map of a CSV file with the columns prefix and location.

        A location is a folder, a .zip or .tar archive (absolute, relative to the CSV file, or a
        file:// URI), or the http(s) address of a mirror. Raises ValueError for anything else.
        """
        with open(path, encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            if missing := {"prefix", "location"} - set(reader.fieldnames or ()):
                raise ValueError(
                    f"{path}: column {', '.join(sorted(missing))} is missing; expected "
                    f"prefix,location, came {reader.fieldnames}"
                )
            folder = Path(path).resolve().parent
            places = [(row["prefix"], _location(row["location"], folder)) for row in reader]
        return PictureMap(tuple(sorted(places, key=lambda place: -len(place[0]))))

    def place(self, url: str) -> Place | None:
        """Where the picture of a URL lies; None where no prefix fits."""
        for prefix, location in self.places:
            if url.startswith(prefix):
                return Place(location, url[len(prefix) :])
        return None


def _location(location: str, folder: Path) -> str:
    """An absolute path or mirror address, checked once, before any work depends on it."""
    path = local_path(location, folder)
    if path is None:
        return location
    readable = _ARCHIVES.get(path.suffix)
    if path.is_dir() or (readable and path.is_file() and readable(path)):
        return str(path.resolve())
    raise ValueError(
        f"picture map: location {location!r} is neither a folder nor a .zip or .tar archive "
        f"(looked at {path}); correct the path, or give the address of a mirror"
    )
