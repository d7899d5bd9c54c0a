"""Parts put together to the files of one shop."""

from __future__ import annotations

import os
import shutil
import zipfile
from collections.abc import Iterable
from pathlib import Path

from aisles.simulate.formats import extension, head, tail
from aisles.simulate.lexicon import Retailer
from aisles.simulate.pieces import Job, packed
from aisles.simulate.truth import TRUTH_HEAD


def feed_path(shop: Retailer) -> str:
    """Where a shop's feed lies below the output folder."""
    return f"feeds/{shop.network}/{shop.name}.{extension(shop)}"


def join_text(folder: Path, job: Job, shop: Retailer, rows: int) -> None:
    """Write a shop's feed and truth."""
    parts = Path(job.parts) / shop.name
    first, last = head(shop, job.day), tail(shop, rows)
    if shop.gzip:
        first, last = (packed(text) if text else b"" for text in (first, last))
    _join(folder / feed_path(shop), first, sorted(parts.glob("*.feed")), last)
    truth = sorted(parts.glob("*.truth"))
    _join(folder / "truth" / f"{shop.name}.csv.gz", packed(TRUTH_HEAD.encode()), truth, b"")


def _join(path: Path, first: bytes, parts: Iterable[Path], last: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    passing = path.with_name(f".{path.name}.{os.getpid()}")
    with open(passing, "wb") as file:
        file.write(first)
        for part in parts:
            with open(part, "rb") as source:
                shutil.copyfileobj(source, file, 1 << 20)
        file.write(last)
    passing.replace(path)


def join_pictures(folder: Path, job: Job, shop: Retailer) -> None:
    """Write a shop's archive of pictures, members in the order of the feed."""
    path = folder / "images" / f"{shop.name}.zip"
    path.parent.mkdir(parents=True, exist_ok=True)
    passing = path.with_name(f".{path.name}.{os.getpid()}")
    with zipfile.ZipFile(passing, "w", zipfile.ZIP_STORED) as whole:
        for part in sorted((Path(job.parts) / shop.name).glob("*.zip")):
            with zipfile.ZipFile(part) as source:
                for member in source.infolist():
                    whole.writestr(member, source.read(member))
    passing.replace(path)
