"""Small drawn pictures: the shape tells the kind of product, the colour is the product's.

They help and mislead as real ones do: a tenth shows something else or only a plain card, and
size, place, light and noise differ from picture to picture.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from aisles.simulate.draws import Draws, key_of, table
from aisles.simulate.products import Product
from aisles.simulate.tree import Node, tree

SIDE = 64
_MISLEADING = 0.06
_PLAIN = 0.04
_TILES = 64
_Colour = tuple[int, int, int]
_COLOURS: dict[str, _Colour] = {
    "black": (38, 38, 42), "white": (236, 236, 232), "grey": (140, 142, 146),
    "red": (196, 38, 44), "pink": (238, 150, 176), "orange": (240, 138, 40),
    "yellow": (244, 208, 60), "green": (70, 140, 74), "blue": (44, 84, 168),
    "purple": (122, 66, 150), "brown": (116, 76, 48), "beige": (220, 200, 166),
    "multi": (150, 110, 170), "gold": (204, 164, 74),
}  # fmt: skip
_GROUNDS: tuple[_Colour, ...] = ((255, 255, 255),) * 5 + ((244, 240, 232), (226, 230, 234))
# One primitive: R or E or P (rectangle, ellipse, polygon) and its numbers.
_Primitive = tuple[str, tuple[int, ...]]


def archive(products: Sequence[Product], seed: int) -> tuple[bytes, int]:
    """A zip archive (stored) with the pictures of the products that have one, and their number."""
    shown = [product for product in products if product.picture in ("good", "broken")]
    index = np.array([product.index for product in shown], dtype=np.int64)
    text = io.BytesIO()
    with zipfile.ZipFile(text, "w", zipfile.ZIP_STORED) as whole:
        for product, row in zip(shown, table(key_of(seed, "picture"), index, 16)):
            content = picture(product, Draws(row))
            if product.picture == "broken":
                content = content[: len(content) // 3]
            name = product.image.rsplit("/", 1)[1]
            # A date of its own would make every run another archive.
            whole.writestr(zipfile.ZipInfo(name, (2025, 3, 1, 0, 0, 0)), content)
    return text.getvalue(), len(shown)


def picture(product: Product, draws: Draws) -> bytes:
    """The JPEG of one product, 64 x 64."""
    node = tree().nodes[product.leaf]
    ground = draws.pick(_GROUNDS)
    image = Image.new("RGB", (SIDE, SIDE), ground)
    chance = draws.next()
    if chance >= _PLAIN:
        shape = node.shape
        if chance < _PLAIN + _MISLEADING:
            shape = draws.pick(tuple(_shapes()))
        _draw(image, shape, node, _shade(product.colour_key, draws), ground, draws)
    pixels = np.asarray(image, dtype=np.int16) + _noise()[draws.whole(0, _TILES - 1)]
    out = io.BytesIO()
    Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(out, "JPEG", quality=72)
    return out.getvalue()


def _draw(
    image: Image.Image, shape: str, node: Node, colour: _Colour, ground: _Colour, draws: Draws
) -> None:
    """Draw a shape; how wide and high it is belongs to the leaf, the rest to the picture."""
    wide, high = _aspect(node.place)
    size = 0.8 + draws.next() * 0.25
    left, top = (draws.next() - 0.5) * 10, (draws.next() - 0.5) * 10
    flip = draws.chance(0.3)
    dark: _Colour = (colour[0] * 6 // 10, colour[1] * 6 // 10, colour[2] * 6 // 10)
    canvas = ImageDraw.Draw(image)
    middle = SIDE / 2
    for kind, numbers in _shapes()[shape]:
        xs = [middle + (x - middle) * wide * size + left for x in numbers[::2]]
        ys = [middle + (y - middle) * high * size + top for y in numbers[1::2]]
        if flip:
            xs = [SIDE - x for x in xs]
        fill = {"w": ground}.get(kind, dark if kind.islower() else colour)
        _primitive(canvas, kind.upper(), xs, ys, fill)


def _primitive(
    canvas: ImageDraw.ImageDraw, kind: str, xs: list[float], ys: list[float], fill: _Colour
) -> None:
    if len(xs) > 2:
        canvas.polygon(list(zip(xs, ys)), fill=fill)
        return
    box = (min(xs), min(ys), max(xs), max(ys))
    if kind == "E":
        canvas.ellipse(box, fill=fill)
    else:
        canvas.rectangle(box, fill=fill)


def _shade(key: str, draws: Draws) -> _Colour:
    light = 0.8 + draws.next() * 0.35
    red, green, blue = (int(part * light) + draws.whole(-10, 10) for part in _COLOURS[key])
    return max(0, min(red, 255)), max(0, min(green, 255)), max(0, min(blue, 255))


@cache
def _aspect(place: int) -> tuple[float, float]:
    path = tree().nodes[place].path
    return 0.72 + key_of(*path, "w") % 29 / 100, 0.72 + key_of(*path, "h") % 29 / 100


@cache
def _shapes() -> dict[str, tuple[_Primitive, ...]]:
    """Shapes by name; capitals are drawn in the product's colour, w in that of the ground."""
    found = {}
    content = files("aisles.simulate").joinpath("shapes.txt").read_text("utf-8")
    for line in content.splitlines():
        name, *parts = line.split()
        found[name] = tuple((p[0], tuple(int(n) for n in p[1:].split(","))) for p in parts)
    return found


@cache
def _noise() -> NDArray[np.int16]:
    """Some tiles of grain, shared by all pictures: drawing new ones would cost most of the time."""
    random = np.random.default_rng(7)
    return random.normal(0, 7, (_TILES, SIDE, SIDE, 3)).astype(np.int16)
