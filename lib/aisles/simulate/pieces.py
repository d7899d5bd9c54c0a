"""One piece of one shop's output: made anywhere, in any order, written as part files."""

from __future__ import annotations

import gzip
import json
import os
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from aisles.simulate.formats import encode
from aisles.simulate.pictures import archive
from aisles.simulate.plan import Calendar, Chunk
from aisles.simulate.records import Delivery, Record
from aisles.simulate.shops import retailer
from aisles.simulate.truth import known


@dataclass(frozen=True)
class Job:
    """What to make. products: of all shops on the first day. parts: the folder of part files."""

    parts: str
    products: int
    seed: int
    day: int
    threshold: float
    images: bool


def make(job: Job, chunk: Chunk) -> str:
    """The figures of one piece as JSON, after its part files are written."""
    shop = retailer(chunk.name)
    delivery = Delivery(chunk, job.seed, job.day, job.products)
    calendar = delivery.calendar
    rows, clean = list(delivery.records()), delivery.clean()
    told = known(shop, clean, delivery.own, calendar, job.threshold)
    feed = encode(shop, rows, job.products)
    where = Path(job.parts) / chunk.name
    where.mkdir(parents=True, exist_ok=True)
    stem = f"{chunk.first:012d}"
    put(where / f"{stem}.feed", packed(feed) if shop.gzip else feed)
    put(where / f"{stem}.truth", packed(told.truth.encode()))
    put(where / f"{stem}.answers", told.answers.encode())
    put(where / f"{stem}.dirt", _dirt(shop.network, shop.name, rows).encode())
    pictures = 0
    if job.images and shop.pictures:
        made, pictures = archive(clean, job.seed)
        put(where / f"{stem}.zip", made)
    figures = Figures(
        records=len(rows),
        products=len(clean),
        truth=told.truth.count("\n"),
        complete=told.complete,
        answers=told.answers.count("\n"),
        pictures=pictures,
        dirt=dict(sorted(Counter(kind for row in rows for kind, _ in row.dirt).items())),
        **_news(calendar, chunk, job.day),
    )
    return json.dumps(asdict(figures))


@dataclass(frozen=True)
class Figures:
    """How much of everything a piece holds. changed, new, vanished: against the day before."""

    records: int = 0
    products: int = 0
    truth: int = 0
    complete: int = 0
    answers: int = 0
    pictures: int = 0
    changed: int = 0
    new: int = 0
    vanished: int = 0
    dirt: dict[str, int] | None = None

    def plus(self, other: Figures) -> Figures:
        """The sum of two."""
        mine, yours = asdict(self), asdict(other)
        dirt = Counter(mine.pop("dirt") or {}) + Counter(yours.pop("dirt") or {})
        total = {name: mine[name] + yours[name] for name in mine}
        return Figures(**total, dirt=dict(sorted(dirt.items())))


def put(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all."""
    passing = path.with_name(f".{path.name}.{os.getpid()}")
    passing.write_bytes(content)
    passing.replace(path)


def packed(content: bytes) -> bytes:
    """One gzip member without a date; members may follow one another in a file."""
    return gzip.compress(content, compresslevel=5, mtime=0)


def _news(calendar: Calendar, chunk: Chunk, day: int) -> dict[str, int]:
    if day == 1:
        return {}
    index = np.arange(chunk.first, chunk.last, dtype=np.int64)
    now, before = calendar.alive(index, day), calendar.alive(index, day - 1)
    return {
        "changed": int((now & before & calendar.changed(index, day)).sum()),
        "new": int((now & ~before).sum()),
        "vanished": int((before & ~now).sum()),
    }


def _dirt(network: str, name: str, rows: list[Record]) -> str:
    return "".join(
        f"{network},{name},{row.row_no},{row.product.merchant_product_id},{kind},{field}\n"
        for row in rows
        for kind, field in row.dirt
    )
