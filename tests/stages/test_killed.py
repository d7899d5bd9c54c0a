"""Jobs that are killed at any moment and run again: the tables of an undisturbed run."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable

from aisles.simulate import simulate_local

READ = ("raw_items", "rejected_items", "feed_files")
TABLES = ("raw_items", "rejected_items", "feed_files", "column_roles", "products", "images")
SECOND_DAY = ("products", "column_roles", "rejected_items", "field_quality")
# Wall clocks, and what only says how a row came to be.
LEFT_OUT = {"tried_at"}


def command(folder: Path, tables: Path) -> list[str]:
    made = [sys.executable, "-m", "aisles.cli", "run", "--until", "fetch_images"]
    for name in ("categories", "rules", "images"):
        made += [f"--{name}", str(folder / f"{name}.csv")]
    made += ["--feeds", str(folder / "feeds"), "--tables", str(tables)]
    return [*made, "--run-date", "2026-11-22"]


def rows_of(tables: Path, name: str) -> list[dict[str, Any]]:
    if not DeltaTable.is_deltatable(str(tables / name)):
        return []
    return DeltaTable(str(tables / name)).to_pyarrow_table().to_pylist()


def content(tables: Path, name: str) -> list[str]:
    rows = rows_of(tables, name)
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


def stage(name: str, tables: Path, day: str, *words: str) -> list[str]:
    made = [sys.executable, "-m", "aisles.cli", name, "--tables", str(tables), "--run-date", day]
    return [*made, *words]


def second_day(folder: Path) -> Path:
    """Tables with a first day's products, of which the second day's records are read only."""
    tables = folder / "tables"
    for number, day in enumerate(("2026-11-22", "2026-11-23"), 1):
        feeds = folder / f"day{number}"
        simulate_local(str(feeds), products=2000, seed=5, day=number, answers=0, images=False)
        words = stage("ingest", tables, day, "--feeds", str(feeds / "feeds"))
        subprocess.run(words, check=True, capture_output=True)
        if number == 1:
            subprocess.run(stage("normalise", tables, day), check=True, capture_output=True)
    return tables


def moves(tables: Path, day: str) -> set[str]:
    """What a day did to products: new, changed, gone."""
    rows = rows_of(tables, "products")
    shown = [{k: str(row[k]) for k in ("first_seen", "changed_on", "delisted_on")} for row in rows]
    new = {"new" for row in shown if row["first_seen"] == day}
    changed = {"changed" for row in shown if row["first_seen"] < day == row["changed_on"]}
    return new | changed | {"gone" for row in shown if row["delisted_on"] == day}


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_a_second_day_killed_while_it_is_normalised(tmp_path: Path) -> None:
    """Changed, vanished and new products come into tables that hold the day before."""
    start, day = second_day(tmp_path), "2026-11-23"
    expect_the_same(start, stage("normalise", Path("{tables}"), day), tmp_path, SECOND_DAY, seed=11)
    assert moves(tmp_path / "undisturbed", day) == {"new", "changed", "gone"}


def expect_the_same(
    start: Path | None, words: list[str], tables: Path, names: tuple[str, ...], seed: int
) -> None:
    """A stage killed four times, twice in each of two places, leaves what it leaves undisturbed.

    words: the command, in which `{tables}` stands for the place; start: the tables it begins with.
    """

    def into(place: Path) -> list[str]:
        if start is not None:
            shutil.copytree(start, place)
        return [word.replace("{tables}", str(place)) for word in words]

    command = into(tables / "undisturbed")
    begun = time.monotonic()
    subprocess.run(command, check=True, capture_output=True)
    takes = time.monotonic() - begun
    expected = {name: content(tables / "undisturbed", name) for name in names}
    assert all(expected.values())
    draw, kills = random.Random(seed), 0
    for attempt in range(2):
        command = into(tables / f"killed{attempt}")
        for _ in range(2):
            was_killed = killed(command, takes * draw.uniform(0.4, 0.95))
            kills += was_killed
            takes *= 1.0 if was_killed else 0.6  # the machine is quicker now
        subprocess.run(command, check=True, capture_output=True)
        assert {name: content(tables / f"killed{attempt}", name) for name in names} == expected
    assert kills >= 2, "the stage was hardly ever killed in its middle"


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_a_second_day_killed_while_it_is_read(tmp_path: Path) -> None:
    """Feeds that all changed are read into tables that hold those of the day before."""
    first, day = tmp_path / "first", "2026-11-23"
    for number in (1, 2):
        simulate_local(
            str(tmp_path / f"day{number}"),
            products=2000,
            seed=5,
            day=number,
            answers=0,
            images=False,
        )
    words = stage("ingest", first, "2026-11-22", "--feeds", str(tmp_path / "day1" / "feeds"))
    subprocess.run(words, check=True, capture_output=True)
    words = stage("ingest", Path("{tables}"), day, "--feeds", str(tmp_path / "day2" / "feeds"))
    expect_the_same(first, words, tmp_path, READ, seed=13)
    days = {str(row["run_date"]) for row in rows_of(tmp_path / "killed0", "raw_items")}
    assert days == {"2026-11-22", day}


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_killed_while_one_file_is_read_in_parts(tmp_path: Path) -> None:
    """A file that is split over many tasks, with records that are refused in each part."""
    folder = tmp_path / "feeds" / "net"
    folder.mkdir(parents=True)
    lines = [
        f'{no};"Blue mug number {no}";"{"Coffee and tea. " * (no % 9)}";{no % 90},50;"Acme";'
        + (";extra" if no % 1000 == 7 else f"https://shop.example/{no}")
        for no in range(120_000)
    ]
    text = "\n".join(["id;title;description;price;brand;link", *lines, ""])
    (folder / "shop.csv").write_text(text)
    words = stage("ingest", Path("{tables}"), "2026-11-22", "--feeds", str(tmp_path / "feeds"))
    words += ["--set", f"ingest.split_bytes={len(text) // 12}"]
    expect_the_same(None, words, tmp_path, READ, seed=17)
    kept = [row["record_no"] for row in rows_of(tmp_path / "killed0", "raw_items")]
    refused = [row["record_no"] for row in rows_of(tmp_path / "killed0", "rejected_items")]
    assert len(kept) + len(refused) == len(lines)
    assert len(refused) == len(lines) // 1000
