"""Jobs that are killed at any moment and run again: the tables of an undisturbed run."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from deltalake import DeltaTable

from aisles.simulate import simulate_local

TABLES = ("raw_items", "rejected_items", "feed_files", "column_roles", "products", "images")
# Wall clocks, and what only says how a row came to be.
LEFT_OUT = {"tried_at"}


def command(folder: Path, tables: Path) -> list[str]:
    made = [sys.executable, "-m", "aisles.cli", "run", "--until", "fetch_images"]
    for name in ("categories", "rules", "images"):
        made += [f"--{name}", str(folder / f"{name}.csv")]
    made += ["--feeds", str(folder / "feeds"), "--tables", str(tables)]
    return [*made, "--run-date", "2026-11-22"]


def content(tables: Path, name: str) -> list[str]:
    if not DeltaTable.is_deltatable(str(tables / name)):
        return []
    rows = DeltaTable(str(tables / name)).to_pyarrow_table().to_pylist()
    kept = [{k: v for k, v in row.items() if k not in LEFT_OUT} for row in rows]
    return sorted(str(sorted(row.items(), key=lambda item: item[0])) for row in kept)


def killed(words: list[str], after_s: float) -> bool:
    """Starts the command, kills it with all its children; False when it had ended before."""
    process = subprocess.Popen(
        words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        process.wait(after_s)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return True
    assert process.returncode == 0
    return False


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_killed_at_random_moments(tmp_path: Path) -> None:
    feeds = tmp_path / "sample"
    simulate_local(str(feeds), products=3000, seed=5, answers=10)
    undisturbed = tmp_path / "undisturbed"
    begun = time.monotonic()
    subprocess.run(command(feeds, undisturbed), check=True, capture_output=True)
    takes = time.monotonic() - begun
    expected = {name: content(undisturbed, name) for name in TABLES}
    assert all(expected.values())
    draw, kills = random.Random(7), 0
    for attempt in range(3):
        tables = tmp_path / f"killed{attempt}"
        for _ in range(3):  # further and further: each run does what the one before could not
            kills += killed(command(feeds, tables), takes * draw.uniform(0.2, 0.9))
        subprocess.run(command(feeds, tables), check=True, capture_output=True)
        assert {name: content(tables, name) for name in TABLES} == expected
    assert kills >= 4, "the job was hardly ever killed in its middle"
