"""Small feeds of the same products in the layouts of layouts.txt."""

from __future__ import annotations

import random
from pathlib import Path

ROWS = 120
_BRANDS = ("Nordlys", "Acme", "Vela", "Mirador", "Okapi", "Tamarin")
_THINGS = ("Rain Jacket", "Desk Lamp", "Trail Shoe", "Coffee Grinder", "Wool Blanket")
_COLOURS = ("black", "navy blue", "red", "green", "white")
_SIZES = ("S", "M", "L", "XL", "42")
_GENDERS = ("male", "female", "unisex")
_PATHS = ("Fashion > Jackets", "Home > Lighting", "Shoes > Outdoor", "Kitchen > Coffee", "Home")


def gtin(no: int) -> str:
    body = f"401234{no:06d}"
    total = sum(int(c) * (3 if i % 2 == 0 else 1) for i, c in enumerate(body[::-1]))
    return body + str(-total % 10)


def kinds() -> dict[str, list[str]]:
    """Values of every kind, row by row of the same products."""
    draw = random.Random(7)
    found: dict[str, list[str]] = {}

    def put(kind: str, value: str) -> None:
        found.setdefault(kind, []).append(value)

    for no in range(ROWS):
        brand, thing = draw.choice(_BRANDS), draw.choice(_THINGS)
        colour, old = draw.choice(_COLOURS), 5 + draw.random() * 200
        price = old if no % 3 else old * 0.8
        put("title", f"{brand} {thing} {no} {colour}")
        put(
            "text",
            f"<p>The {brand} {thing} {no} {colour} serves you well for years, "
            f"wherever you go, and comes in a box made of paper. {no}</p>",
        )
        put("brand", brand)
        put("price", f"{price:.2f}")
        put("price_cur", f"{price:.2f} EUR")
        put("comma_price", f"{price:.2f}".replace(".", ","))
        put("old", f"{old:.2f}")
        put("comma_old", f"{old:.2f}".replace(".", ","))
        put("cur", "EUR")
        put("pic", f"https://cdn.a.example/pictures/{7000 + no}.jpg")
        put("thumb", f"https://cdn.a.example/thumbs/{7000 + no}_t.jpg")
        put("url", f"https://track.a.example/click?p={draw.randrange(10**9)}")
        put("deep", f"https://www.a.example/p/{7000 + no}")
        put("path", draw.choice(_PATHS))
        put("id", str(7000 + no))
        put("sku", f"AB-{7000 + no}")
        put("gtin", gtin(no))
        put("colour", colour)
        put("size", draw.choice(_SIZES))
        put("gender", draw.choice(_GENDERS))
        put("stock", draw.choice(("in stock", "in stock", "out of stock")))
        put("flag", draw.choice("01"))
        put("count", str(draw.randrange(90)))
        put("ship", "4.95")
        put("shop", "A Shop")
        put("shop_id", "4711")
        put("logo", "https://cdn.a.example/logo.png")
        put("date", f"2026-01-{no % 28 + 1:02d} 10:00:00")
        put("hash", f"{draw.randrange(16**32):032x}")
        put("small_id", str(draw.randrange(1, 40)))
        put("blank", "")
    return found


VALUES = kinds()


def layouts() -> dict[str, dict[str, tuple[str, str | None]]]:
    """Network -> column -> (kind of its values, role or None), as the networks document them."""
    found: dict[str, dict[str, tuple[str, str | None]]] = {}
    for line in (Path(__file__).parent / "layouts.txt").read_text("utf-8").splitlines():
        if line.startswith("["):
            network = found.setdefault(line.strip("[]"), {})
        elif line and not line.startswith("#"):
            column, kind, role = line.split()
            network[column] = (kind, None if role == "-" else role)
    return found


LAYOUTS = layouts()
