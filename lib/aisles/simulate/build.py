"""A whole day of feeds with everything that belongs to it, in one process or over Spark."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aisles.simulate.assemble import feed_path, join_pictures, join_text
from aisles.simulate.lexicon import Retailer, retailers
from aisles.simulate.pieces import Figures, Job, make, put
from aisles.simulate.plan import Chunk, answer_threshold, chunks
from aisles.simulate.products import prefix
from aisles.simulate.roles import roles
from aisles.simulate.rulebook import rules_csv
from aisles.simulate.tree import tree
from aisles.simulate.truth import ANSWERS_HEAD

if TYPE_CHECKING:
    import pandas as pd
    from pyspark.sql import SparkSession

DIRT_HEAD = "network,retailer,row_no,merchant_product_id,dirt,field\n"


def simulate(
    spark: SparkSession,
    out: str,
    *,
    products: int,
    seed: int = 1,
    day: int = 1,
    answers: int | None = None,
    images: bool = True,
) -> dict[str, Any]:
    """The manifest of one day's delivery, written under `out` by the workers of a Spark session.

    out: a folder that driver and workers share. products: of all shops together on the first
    day. answers: how many products people were asked about, by default a tenth, at most 5,000.
    """
    job, work = _begin(out, products, seed, day, answers, images)
    rows = [(chunk.name, chunk.first, chunk.last, chunk.row_no) for chunk in work]
    frame = spark.createDataFrame(rows, "name string, first long, last long, row_no long")
    # Many more pieces than cores, dealt out evenly: shops differ in cost per product.
    parts = max(1, min(len(rows), spark.sparkContext.defaultParallelism * 4))
    done = frame.repartition(parts, "name", "first").mapInPandas(
        lambda batches: _made(job, batches), "name string, first long, figures string"
    )
    figures = {(row["name"], row["first"]): row["figures"] for row in done.collect()}
    return _finish(out, job, [(c, figures[c.name, c.first]) for c in work])


def simulate_local(
    out: str,
    *,
    products: int,
    seed: int = 1,
    day: int = 1,
    answers: int | None = None,
    images: bool = True,
) -> dict[str, Any]:
    """The manifest of one day's delivery, made in this process: the same files as `simulate`."""
    job, work = _begin(out, products, seed, day, answers, images)
    return _finish(out, job, [(chunk, make(job, chunk)) for chunk in work])


def _made(job: Job, batches: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
    for batch in batches:
        figures = [make(job, Chunk(*row)) for row in batch.itertuples(index=False)]
        yield batch[["name", "first"]].assign(figures=figures)


def _begin(
    out: str, products: int, seed: int, day: int, answers: int | None, images: bool
) -> tuple[Job, list[Chunk]]:
    if products < 1 or day < 1:
        raise ValueError(f"simulate: products and day must be at least 1, came {products}, {day}")
    wanted = min(5000, products // 10) if answers is None else answers
    parts = Path(out) / ".parts"
    shutil.rmtree(parts, ignore_errors=True)
    threshold = answer_threshold(seed, products, wanted)
    job = Job(str(parts), products, seed, day, threshold, images)
    return job, [c for shop in retailers() for c in chunks(shop.name, seed, day, products)]


def _finish(out: str, job: Job, done: list[tuple[Chunk, str]]) -> dict[str, Any]:
    folder = Path(out)
    manifest: dict[str, Any] = {
        "products": job.products,
        "seed": job.seed,
        "day": job.day,
        "left_out": [shop.name for shop in retailers() if shop.left_out],
        "retailers": {},
    }
    for shop in retailers():
        total = Figures(dirt={})
        for chunk, figures in done:
            if chunk.name == shop.name:
                total = total.plus(Figures(**json.loads(figures)))
        join_text(folder, job, shop, total.records)
        manifest["retailers"][shop.name] = _entry(shop, total)
        told = json.dumps(roles(shop), indent=1, ensure_ascii=False) + "\n"
        _put(folder / "roles" / f"{shop.network}_{shop.name}.json", told)
    _common(folder, job)
    _put(folder / "manifest.json", json.dumps(manifest, indent=1) + "\n")
    shutil.rmtree(job.parts, ignore_errors=True)
    return manifest


def _entry(shop: Retailer, total: Figures) -> dict[str, Any]:
    return {
        "network": shop.network,
        "file": feed_path(shop),
        "language": shop.lang,
        "left_out": shop.left_out,
        **total.__dict__,
    }


def _common(folder: Path, job: Job) -> None:
    """The files that speak of all shops."""
    pieces = [(shop, Path(job.parts) / shop.name) for shop in retailers()]
    for name, head in (("dirt", DIRT_HEAD), ("answers", ANSWERS_HEAD)):
        texts = (part.read_text() for _, at in pieces for part in sorted(at.glob(f"*.{name}")))
        _put(folder / f"{name}.csv", head + "".join(texts))
    _put(folder / "categories.csv", categories_csv())
    _put(folder / "rules.csv", rules_csv(job.seed))
    lines = ["prefix,location\n"]
    if job.images:
        for shop in retailers():
            if shop.pictures:
                join_pictures(folder, job, shop)
                lines.append(f"{prefix(shop)},images/{shop.name}.zip\n")
    _put(folder / "images.csv", "".join(lines))


def categories_csv() -> str:
    """The tree as the table of categories."""
    text = io.StringIO()
    write = csv.writer(text, lineterminator="\n").writerow
    write(["category_id", "parent_id", "level", "name", "path"])
    nodes = tree().nodes
    for node in nodes:
        parent = nodes[node.parent].category_id if node.parent >= 0 else ""
        write([node.category_id, parent, node.level, node.name, " > ".join(node.path)])
    return text.getvalue()


def _put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    put(path, text.encode())
