"""Pictures made small: any picture of a known format becomes a JPEG of at most 64 x 64 px."""

from __future__ import annotations

import hashlib
import io
from typing import NamedTuple

import pyarrow as pa
from PIL import AvifImagePlugin, Image, ImageOps, features

SIDE_PX = 64
QUALITY = 80
AVIF = bool(features.check("avif"))  # some builds of Pillow leave it out
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", *(("AVIF",) if AVIF else ()))
AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # a task decodes one picture at a time, on its own core
_AVIF_BRANDS = (b"avif", b"avis", b"mif1", b"msf1")
# A scan costs a decoder time by the picture's pixels and the sender a few bytes; cameras and
# editors write about ten.
_MOST_SCANS = 100
_SCAN = b"\xff\xda"  # never stands inside the coded data of a JPEG
_REMEMBERED = 4096

PICTURE_SCHEMA = pa.schema(
    [
        ("image_url", pa.string()),
        ("content_hash", pa.string()),
        ("image", pa.binary()),
        ("status", pa.string()),
        ("reason", pa.string()),
        ("etag", pa.string()),
        ("last_modified", pa.string()),
        ("closed_host", pa.string()),
    ]
)
PICTURE_DDL = (
    "image_url string, content_hash string, image binary, status string, reason string,"
    " etag string, last_modified string, closed_host string"
)


class Picture(NamedTuple):
    """What became of one URL.

    status: ok, missing, broken (no picture of a known format, or damaged where it is kept),
    too_large, forbidden (an address that feeds may not reach), unreachable (so is an archive that
    cannot be opened), unmapped (no prefix fits and the web is off) or unchanged (asked with what
    is stored, and the host has nothing newer).
    """

    status: str
    reason: str | None = None  # of a small vocabulary, so that the same failure reads the same
    content_hash: str | None = None  # SHA-1 of the picture as served, hex
    image: bytes | None = None  # small JPEG, null unless ok
    etag: str | None = None
    last_modified: str | None = None
    closed_host: str | None = None  # the host that was left alone, where that is the reason


def is_picture(head: bytes) -> bool:
    """Whether content that starts so (at least 12 bytes) is of a known format."""
    if head.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a")):
        return True
    if head[4:8] == b"ftyp":
        return AVIF and head[8:12] in _AVIF_BRANDS
    return head[:4] == b"RIFF" and head[8:12] == b"WEBP"


def shrink(content: bytes, max_pixels: int) -> tuple[bytes | None, str, str | None]:
    """(JPEG bytes, status, reason): RGB, longest side 64 px, transparent parts white."""
    if not content:
        return None, "broken", "empty"
    if content.startswith(b"\xff\xd8") and content.count(_SCAN) > _MOST_SCANS:
        return None, "broken", "too many scans"
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
            if picture.width * picture.height > max_pixels:
                return None, "too_large", "pixels"
            return _small_jpeg(picture), "ok", None
    except Image.DecompressionBombError:
        return None, "too_large", "pixels"
    except Exception:  # readers of damaged files raise nearly anything, and none of it is ours
        return None, "broken", "no picture"


def _small_jpeg(picture: Image.Image) -> bytes:
    # A JPEG is decoded at an eighth to a half of its size where that still is twice what is needed.
    picture.draft("RGB", (2 * SIDE_PX, 2 * SIDE_PX))
    ImageOps.exif_transpose(picture, in_place=True)
    small: Image.Image = picture
    if small.mode != "RGB":
        small = small.convert("RGBA")
    small.thumbnail((SIDE_PX, SIDE_PX), Image.Resampling.LANCZOS)
    if small.mode == "RGBA":
        white = Image.new("RGBA", small.size, "white")
        small = Image.alpha_composite(white, small).convert("RGB")
    out = io.BytesIO()
    small.save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


class Shrinker:
    """Pictures by content: one that was seen lately is not decoded again."""

    def __init__(self, max_pixels: int) -> None:
        self._max_pixels = max_pixels
        self._known: dict[str, tuple[bytes | None, str, str | None]] = {}

    def __call__(self, content: bytes) -> Picture:
        """The small picture of one content."""
        content_hash = hashlib.sha1(content, usedforsecurity=False).hexdigest()
        small = self._known.pop(content_hash, None) or shrink(content, self._max_pixels)
        self._known[content_hash] = small  # taken out and put back: the latest stand last
        if len(self._known) > _REMEMBERED:
            del self._known[next(iter(self._known))]
        image, status, reason = small
        return Picture(status, reason, content_hash, image)
