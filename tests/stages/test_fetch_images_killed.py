"""kill -9 at a random moment, then a rerun: the table is that of an undisturbed run."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import deltalake
import pytest

from aisles.config import TablesConfig
from aisles.tables import Tables
from hostile import Asked, Server, jpeg, serving

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

ROOT = Path(__file__).resolve().parents[2]
DAY = dt.date(2026, 11, 22)
URLS, SLICE = 300, 60
PRODUCT = (
    "product_id string, network string, retailer string, merchant_product_id string,"
    " image_url string, active boolean, first_seen date, changed_on date, content_hash string"
)


async def answer(asked: Asked) -> None:
    """Pictures, some of them the same, some missing, some no pictures."""
    number = int(asked.path.partition("?")[2])
    await asyncio.sleep(0.05)
    if number % 5 == 0:
        await asked.answer(b"", code="404 Not Found")
    elif number % 7 == 0:
        await asked.answer(b"<html>" * 9)
    else:
        await asked.answer(jpeg(size=(10 + number % 50, 20)))


def start(tables: Path, server: Server) -> subprocess.Popen[bytes]:
    """The stage in processes of its own: one group, to be killed as one."""
    settings = {
        "ports": f"[{server.port}]",
        "allow_networks": "['127.0.0.1/32']",
        "slice_urls": SLICE,
        "host_concurrency": 2,
    }
    command = [sys.executable, "-m", "aisles.cli", "fetch-images", "--web", f"--tables={tables}"]
    command += [f"--run-date={DAY}", *(f"--set=images.{k}={v}" for k, v in settings.items())]
    env = {**os.environ, "PYTHONPATH": str(ROOT / "lib")}
    return subprocess.Popen(command, env=env, start_new_session=True, stderr=subprocess.DEVNULL)


def rows(tables: Path) -> list[dict[str, Any]]:
    """The pictures' rows without the wall clock."""
    if not (tables / "images" / "_delta_log").is_dir():
        return []
    table = deltalake.DeltaTable(tables / "images").to_pyarrow_table().drop_columns(["tried_at"])
    return sorted(table.to_pylist(), key=lambda row: str(row["image_url"]))


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving() as made:
        made.pages["/p"] = answer
        yield made


@pytest.fixture(scope="module")
def whole(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory, server: Server) -> Path:
    """Tables with products, before and after an undisturbed run (`before`, `after`)."""
    folder = tmp_path_factory.mktemp("undisturbed")
    urls = [f"http://127.0.0.1:{server.port}/p?{i}" for i in range(URLS)]
    products = spark.createDataFrame(
        [(u, "n", "r", u, u, True, DAY, DAY, "") for u in urls], PRODUCT
    )
    Tables(spark, TablesConfig(location=str(folder / "before"))).append("products", products)
    shutil.copytree(folder / "before", folder / "after")
    assert start(folder / "after", server).wait(500) == 0
    assert len(rows(folder / "after")) == URLS
    return folder


@pytest.mark.long
@pytest.mark.parametrize("seed", [1, 2])
def test_kill_and_rerun(whole: Path, server: Server, tmp_path: Path, seed: int) -> None:
    tables = tmp_path / "tables"
    shutil.copytree(whole / "before", tables)
    begun = len(server.log)
    running = start(tables, server)
    asked = random.Random(seed).randrange(SLICE, URLS)
    while len(server.log) - begun < asked:
        assert running.poll() is None
        time.sleep(0.01)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait(60)
    kept = {row["image_url"] for row in rows(tables)}
    assert len(kept) < URLS
    begun = len(server.log)
    assert start(tables, server).wait(500) == 0
    assert rows(tables) == rows(whole / "after")
    # What earlier slices had stored was not asked for again. (Spark's Python workers outlive the
    # kill for a moment: they still work on the slice that was lost.)
    again = {f"http://{one.headers['host']}{one.path}" for one in server.log[begun:]}
    assert not again & kept
