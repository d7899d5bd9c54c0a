"""The picture map: which folder, archive or mirror serves the URLs that start with a prefix."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NamedTuple
from urllib.parse import quote

import fsspec

from aisles.products.archives import local_path, member_names, problem_of

_MIRRORS = ("http://", "https://")


class Place(NamedTuple):
    """Where one picture lies: a folder, archive or mirror, and the member's name in it."""

    location: str
    member: str

    @property
    def mirrored(self) -> bool:
        """Whether the picture is asked for over HTTP."""
        return self.location.startswith(_MIRRORS)

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
        """The map of a CSV file with the columns prefix and location; path: or any address.

        A location is a folder or a .zip, .tar or .tar.gz archive (absolute, relative to the CSV
        file, or an address that fsspec opens), or the http(s) address of a mirror.

        Raises:
            ValueError: for anything else.
        """
        local = local_path(str(path), Path())
        with open(local, encoding="utf-8-sig", newline="") if local else _text(str(path)) as file:
            reader = csv.DictReader(file)
            if missing := {"prefix", "location"} - set(reader.fieldnames or ()):
                raise ValueError(
                    f"{path}: column {', '.join(sorted(missing))} is missing; expected "
                    f"prefix,location, came {reader.fieldnames}"
                )
            base = local.resolve().parent if local else str(path).rpartition("/")[0]
            places = [(row["prefix"], _location(row["location"], base)) for row in reader]
        return PictureMap(tuple(sorted(places, key=lambda place: -len(place[0]))))

    def place(self, url: str) -> Place | None:
        """Where the picture of a URL lies; None where no prefix fits."""
        for prefix, location in self.places:
            if url.startswith(prefix):
                return Place(location, url[len(prefix) :])
        return None


def _text(address: str) -> IO[str]:
    opened: IO[str] = fsspec.open(address, "r", encoding="utf-8-sig", newline="").open()
    return opened


def _location(location: str, base: Path | str) -> str:
    """An absolute path or an address, checked once, before any work depends on it.

    base: the folder of the map, a path or an address.
    """
    path = local_path(location, base if isinstance(base, Path) else Path())
    if path is None:
        place = location
    elif isinstance(base, Path) or path.is_absolute():
        place = str(path.resolve())
    else:
        place = f"{base}/{location}"
    if place.startswith(_MIRRORS):
        return place
    if problem := problem_of(place):
        raise ValueError(f"picture map: location {location!r} {problem}")
    return place
