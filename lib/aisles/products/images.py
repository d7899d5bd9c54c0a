"""Pictures by URL, made small: from the folders, archives and mirrors that a picture map names."""

from __future__ import annotations

import csv
import hashlib
import io
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
from PIL import Image, ImageOps

from aisles.products.archives import TooLarge, local_path, read_member

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

SIDE_PX = 64
QUALITY = 80
LARGEST_BYTES = 20 * 1024 * 1024
LARGEST_PIXELS = 50_000_000
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
PICTURE_SCHEMA = pa.schema(
    [
        ("image_url", pa.string()),
        ("content_hash", pa.string()),
        ("image", pa.binary()),
        ("status", pa.string()),
    ]
)
PICTURE_DDL = "image_url string, content_hash string, image binary, status string"
_ARCHIVES = {".zip": zipfile.is_zipfile, ".tar": tarfile.is_tarfile}
# What Pillow's readers raise for damaged files.
_BROKEN = (OSError, SyntaxError, ValueError, TypeError, LookupError, ArithmeticError, EOFError,
           AttributeError, MemoryError, RuntimeError, struct.error, zlib.error)  # fmt: skip

Picture = tuple[str | None, bytes | None, str]  # content_hash, image, status


@dataclass(frozen=True)
class PictureMap:
    """Where pictures lie: (URL prefix, location) pairs, the longest prefix first."""

    places: tuple[tuple[str, str], ...]

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

    def fetch(self, urls: pa.StringArray) -> pa.RecordBatch:
        """One row for each URL, in order: image_url, content_hash, image, status.

        content_hash: SHA-1 of the picture as served, hex. image: JPEG of at most 64 x 64 px, null
        unless status is ok. status: ok, missing, broken (no picture of a known format), too_large
        (beyond 20 MiB or 50 million pixels), unmapped (no prefix fits).
        """
        pictures = [self._fetch(url) for url in urls.to_pylist()]
        columns = [list(column) for column in zip(*pictures)] or [[], [], []]
        arrays = [pa.array(values, field.type)
                  for values, field in zip([urls, *columns], PICTURE_SCHEMA)]  # fmt: skip
        return pa.RecordBatch.from_arrays(arrays, schema=PICTURE_SCHEMA)

    def _fetch(self, url: str | None) -> Picture:
        found = self._place(url or "")
        if found is None:
            return None, None, "unmapped"
        try:
            content = read_member(*found, LARGEST_BYTES)
        except TooLarge:
            return None, None, "too_large"
        if content is None:
            return None, None, "missing"
        image, status = shrink(content)
        return hashlib.sha1(content, usedforsecurity=False).hexdigest(), image, status

    def _place(self, url: str) -> tuple[str, str] | None:
        """Location and member name of a URL; None where no prefix fits."""
        for prefix, location in self.places:
            if url.startswith(prefix):
                return location, url[len(prefix) :]
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


def shrink(content: bytes) -> tuple[bytes | None, str]:
    """(JPEG bytes, status): RGB, longest side 64 px, transparent parts white."""
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
            if picture.width * picture.height > LARGEST_PIXELS:
                return None, "too_large"
            return _small_jpeg(picture), "ok"
    except Image.DecompressionBombError:
        return None, "too_large"
    except _BROKEN:
        return None, "broken"


def _small_jpeg(picture: Image.Image) -> bytes:
    # A JPEG is decoded at an eighth to a half of its size where that still is twice what is needed.
    picture.draft("RGB", (2 * SIDE_PX, 2 * SIDE_PX))
    small = ImageOps.exif_transpose(picture)
    if small.mode != "RGB":
        small = small.convert("RGBA")
    small.thumbnail((SIDE_PX, SIDE_PX), Image.Resampling.LANCZOS)
    if small.mode == "RGBA":
        white = Image.new("RGBA", small.size, "white")
        small = Image.alpha_composite(white, small).convert("RGB")
    out = io.BytesIO()
    small.save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


def fetch_pictures(picture_map: PictureMap) -> Callable[[DataFrame], DataFrame]:
    """A transform of distinct image_url into one row for each picture, shaped as PICTURE_DDL."""

    def rows(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield picture_map.fetch(batch["image_url"])

    return lambda urls: urls.select("image_url").mapInArrow(rows, PICTURE_DDL)
