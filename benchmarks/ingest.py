"""ingest + normalise against a Spark job written by hand; growth; what a further day costs.

    python benchmarks/ingest.py jobs --records 2000000
    python benchmarks/ingest.py versus --records 2000000
    python benchmarks/ingest.py growth --sizes 200000,1000000,4000000
    python benchmarks/ingest.py days --records 2000000

`versus` prints the time of ingest + normalise as a multiple of that of `by_hand.py` (which writes
the same two tables) and of Spark parsing the same files into nothing: median and range of
alternating repetitions in one session. `jobs` prints the same for jobs as a scheduler starts them,
each in a process of its own: there the JVM has to start and to compile what it runs. `growth`
prints the time per added record between two pairs of sizes, and the memory of the driver. `days`
prints what a day costs in which nothing, one small retailer (1 % of the records), or 1 % of the
records here and there changed, relative to the first: medians of repeated days, and the first day
with a change by itself.
"""

from __future__ import annotations

import argparse
import datetime as dt
import gzip
import re
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import by_hand
from aisles.config import load
from aisles.session import start
from aisles.simulate import simulate
from aisles.stages.job import Account, Job, run_stage
from aisles.stages.params import Ingest, Normalise
from aisles.stages.pipeline import work_of
from aisles.tables import Tables

DAY = dt.date(2026, 11, 1)
JOBS = ("ours", "hand", "noop")


class Bench:
    """One session, and samples by size under one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.spark = start(load("local").spark, "benchmark")

    def sample(self, records: int) -> Path:
        """A simulated delivery of about so many records, made once."""
        place = self.folder / f"sample{records}"
        if not (place / "manifest.json").is_file():
            simulate(self.spark, str(place), products=records, images=False)
        return place

    def ours(self, feeds: Path, tables: Path, day: dt.date = DAY) -> dict[str, Account]:
        """ingest and normalise of one day."""
        config = load("local", {"tables.location": str(tables)})
        job = Job(config, day, self.spark, Tables(self.spark, config.tables))
        run_stage(job, "ingest", work_of("ingest"), Ingest(feeds=str(feeds)))
        run_stage(job, "normalise", work_of("normalise"), Normalise())
        return job.done

    def heap(self) -> float:
        """Megabytes that the JVM, driver and executor in one, still holds after a collection."""
        jvm = self.spark.sparkContext._jvm
        jvm.System.gc()
        runtime = jvm.java.lang.Runtime.getRuntime()
        return (runtime.totalMemory() - runtime.freeMemory()) / 1e6

    def fresh(self, name: str) -> Path:
        """An empty place for tables."""
        place = self.folder / name
        shutil.rmtree(place, ignore_errors=True)
        return place


def timed(work: Callable[[], object]) -> float:
    """Seconds that the work took."""
    begun = time.monotonic()
    work()
    return time.monotonic() - begun


def peak_rss() -> float:
    """Megabytes of memory that this process ever held at once."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def ratios(ours: list[float], theirs: list[float]) -> str:
    """Median and range of the ratios of runs side by side."""
    each = sorted(a / b for a, b in zip(ours, theirs))
    return f"{statistics.median(each):.2f} [{each[0]:.2f}-{each[-1]:.2f}]"


def versus(bench: Bench, records: int, repeat: int) -> None:
    """Alternates ours and the references."""
    sample = bench.sample(records)
    small = bench.sample(2000)
    bench.ours(small / "feeds", bench.fresh("warm"))
    by_hand.run(bench.spark, small, bench.fresh("warm"), DAY)
    ours, hand, noop = [], [], []
    for _ in range(repeat):
        ours.append(timed(lambda: bench.ours(sample / "feeds", bench.fresh("ours"))))
        hand.append(timed(lambda: by_hand.run(bench.spark, sample, bench.fresh("hand"), DAY)))
        noop.append(timed(lambda: by_hand.parse_only(bench.spark, sample)))
    print(f"{records:,} records, {repeat} repetitions")
    print(f"ingest + normalise / written by hand:       {ratios(ours, hand)}")
    print(f"ingest + normalise / parsed into nothing:   {ratios(ours, noop)}")


def jobs(folder: Path, records: int, repeat: int) -> None:
    """Alternates ours and the references, each from the start of its process to its end."""
    Bench(folder).sample(records)
    took: dict[str, list[float]] = {job: [] for job in JOBS}
    command = [sys.executable, __file__, "job", "--folder", str(folder), "--records", str(records)]
    for _ in range(repeat):
        for job, seconds in took.items():
            asked = [*command, "--job", job]
            seconds.append(timed(lambda: subprocess.run(asked, check=True)))  # noqa: B023
    print(f"{records:,} records, {repeat} repetitions, a process each")
    for name, other in (("written by hand", "hand"), ("parsed into nothing", "noop")):
        print(f"ingest + normalise / {name + ':':21} {ratios(took['ours'], took[other])}")


def one_job(bench: Bench, records: int, job: str) -> None:
    """One of JOBS, to be timed from outside."""
    sample = bench.sample(records)
    if job == "ours":
        bench.ours(sample / "feeds", bench.fresh("ours"))
    elif job == "hand":
        by_hand.run(bench.spark, sample, bench.fresh("hand"), DAY)
    else:
        by_hand.parse_only(bench.spark, sample)


def growth(bench: Bench, sizes: list[int], repeat: int) -> None:
    """Time per added record of each step up, relative to the first step."""
    # The JVM compiles during its first large run: not timed, or the first step looks too cheap.
    bench.ours(bench.sample(sizes[0]) / "feeds", bench.fresh("warm"))
    samples = {size: bench.sample(size) for size in sizes}
    runs: dict[int, list[float]] = {size: [] for size in sizes}
    for _ in range(repeat):  # in turn: what the JVM and the machine do meanwhile meets every size
        for size, sample in samples.items():
            took = timed(lambda: bench.ours(sample / "feeds", bench.fresh("ours")))  # noqa: B023
            runs[size].append(took)
            print(
                f"{size:,} records: {size / took:,.0f} a second; driver: Python at most "
                f"{peak_rss():,.0f} MB, JVM heap in use {bench.heap():,.0f} MB"
            )
    least = [statistics.median(runs[size]) for size in sizes]
    steps = [(least[i + 1] - least[i]) / (sizes[i + 1] - sizes[i]) for i in range(len(sizes) - 1)]
    for step, size in zip(steps[1:], sizes[2:]):
        print(f"time per added record up to {size:,} / up to {sizes[1]:,}: {step / steps[0]:.2f}")


def days(bench: Bench, records: int, repeat: int) -> None:
    """Day 1, days like it, days with one small retailer changed, and one with 1 % changed."""
    _warm(bench)
    sample, feeds = bench.sample(records), bench.fresh("days_feeds")
    shutil.copytree(sample / "feeds", feeds)
    changed, tables, day = records // 100, bench.fresh("days"), iter(range(1000))
    _small_shop(feeds, changed, "0")

    def run() -> dict[str, Account]:
        return bench.ours(feeds, tables, DAY + dt.timedelta(next(day)))

    first = timed(run)
    same = statistics.median(timed(run) for _ in range(repeat))
    print(f"{records:,} records; everything: 1; nothing changed: {same / first:.3f}")
    spent, looked = [], []
    # One more than is asked: on the first such day the JVM still compiles what it needs for them.
    for turn in range(1, repeat + 2):
        _small_shop(feeds, changed, str(turn % 10))
        begun = time.monotonic()
        done = run()
        spent.append((time.monotonic() - begun - same) / first)
        looked.append(done["normalise"].rows_in)
    low, high = min(spent[1:]), max(spent[1:])
    print(f"one small retailer changed, less that: {statistics.median(spent[1:]):.3f} (aim 0.05)")
    print(f"  [{low:.3f}-{high:.3f}]; the first such day of the JVM: {spent[0]:.3f}")
    print(f"records cleaned / records changed: {max(looked) / changed:.3f} (aim 1.1)")
    moved = _scatter(feeds)
    begun = time.monotonic()
    done = run()
    every = time.monotonic() - begun
    print(f"every file anew with {moved:,} records changed: {every / first:.3f}")
    print(f"records cleaned / records changed: {done['normalise'].rows_in / moved:.3f}")
    for name, account in done.items():
        print(f"  {name}: {account.seconds / first:.3f}")


def _warm(bench: Bench) -> None:
    """A first and a second day of few records: both have run before they are timed."""
    feeds, tables = bench.fresh("warm_feeds"), bench.fresh("warm")
    shutil.copytree(bench.sample(2000) / "feeds", feeds)
    for day in range(2):
        _small_shop(feeds, 20, str(day))
        bench.ours(feeds, tables, DAY + dt.timedelta(day))


def _small_shop(feeds: Path, records: int, price: str) -> None:
    """A shop of so many records whose prices end in one digit."""
    head = "merchant_product_id,product_name,description,brand,price,currency,deep_link"
    lines = [
        f"{n},Blue enamel mug number {n},A mug for coffee and tea,Acme,{n % 90 + 5}.5{price},EUR,"
        f"https://tiny.example/p/{n}"
        for n in range(records)
    ]
    (feeds / "impact" / "tiny.csv").write_text("\n".join([head, *lines]) + "\n")


# A record stands in a line of its own: what comes before a word of its title, by the file's ending.
_BEFORE = {
    "xml": rb"(<(?:name|title)>[^<]*?)",
    "jsonl": rb'("product_name": ?"[^"]*?)',
    "csv": rb"()",
    "txt": rb"()",
}


def _scatter(feeds: Path) -> int:
    """Changes a word in every hundredth record of every file; how many it changed."""
    changed = 0
    for path in sorted(feeds.glob("*/*")):
        packed = path.suffix == ".gz"
        word = re.compile(_BEFORE[path.name.removesuffix(".gz").rsplit(".", 1)[1]] + rb"[ae]")
        text = (gzip.decompress(path.read_bytes()) if packed else path.read_bytes()).split(b"\n")
        for at in range(50, len(text), 100):
            moved = word.sub(rb"\1o", text[at], count=1)
            changed += moved != text[at]
            text[at] = moved
        whole = b"\n".join(text)
        path.write_bytes(gzip.compress(whole) if packed else whole)
    return changed


def main() -> None:
    """Reads the arguments and runs one of the measurements."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("jobs", "job", "versus", "growth", "days"))
    parser.add_argument("--records", type=int, default=2_000_000)
    parser.add_argument("--sizes", default="200000,1000000,4000000")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--job", choices=JOBS, default="ours", help="of `job`")
    parser.add_argument("--folder", type=Path, required=True, help="for samples and tables")
    args = parser.parse_args()
    if args.what == "jobs":
        jobs(args.folder.resolve(), args.records, args.repeat)
        return
    bench = Bench(args.folder.resolve())
    if args.what == "job":
        one_job(bench, args.records, args.job)
    elif args.what == "versus":
        versus(bench, args.records, args.repeat)
    elif args.what == "growth":
        growth(bench, [int(size) for size in args.sizes.split(",")], args.repeat)
    else:
        days(bench, args.records, args.repeat)


if __name__ == "__main__":
    main()
