"""Pictures as pixels."""

from __future__ import annotations

import io
from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray
from PIL import Image

# What Pillow raises on bytes that are no picture, or only part of one.
_BROKEN = (OSError, ValueError, SyntaxError, Image.DecompressionBombError)


def decode(pictures: Collection[bytes], px: int) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """RGB pixels uint8 (k, 3, px, px) of the k rows with a picture, and which rows those are,
    bool (n,).

    Empty bytes and bytes that do not decode are no picture.
    """
    pixels = np.empty((sum(map(bool, pictures)), 3, px, px), np.uint8)
    count = 0
    there = np.zeros(len(pictures), np.bool_)
    for row, data in enumerate(pictures):
        if not data:
            continue
        try:
            pixels[count] = _square(data, px).transpose(2, 0, 1)
        except _BROKEN:
            continue
        there[row] = True
        count += 1
    return pixels[:count], there


def _square(data: bytes, px: int) -> NDArray[np.uint8]:
    with Image.open(io.BytesIO(data)) as picture:
        # Lets the JPEG decoder skip detail above the size wanted.
        picture.draft("RGB", (px, px))
        small = picture.convert("RGB").resize((px, px), Image.Resampling.BILINEAR)
    return np.asarray(small)
