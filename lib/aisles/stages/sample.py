"""The demonstration on simulated feeds, and SQL on the tables."""

from __future__ import annotations

import dataclasses
import logging
from dataclasses import dataclass
from pathlib import Path

from aisles.stages.job import open_job, say, step
from aisles.stages.params import REQUIRED, Common, Run, param
from aisles.stages.pipeline import check_inputs, run_all
from aisles.stages.sql_names import register


@dataclass(frozen=True, kw_only=True)
class Simulate(Common):
    """Makes feeds, pictures, rules, answers and truth of any size."""

    out: str = param(REQUIRED, "folder to write to")
    products: int = param(30_000, "number of products")
    seed: int = param(1, "seed; the same seed gives the same files")
    day: int = param(1, "day of the delivery: 2 is day 1 with changes")
    no_images: bool = param(False, "leave out the pictures")


@dataclass(frozen=True, kw_only=True)
class Demo(Common):
    """The whole pipeline on simulated feeds, from nothing to candidates."""

    out: str = param("demo", "folder for the feeds and the tables")
    products: int = param(30_000, "number of simulated products")
    seed: int = param(1, "seed of the simulation")


@dataclass(frozen=True, kw_only=True)
class Sql(Common):
    """Runs one SQL query over the tables and views."""

    query: str = param(REQUIRED, "the query")
    rows: int = param(50, "rows shown at most")


def simulate_feeds(params: Simulate) -> None:
    """Writes a sample as `aisles run` takes it."""
    from aisles.simulate import simulate

    job = open_job(params)
    with step(f"simulating {params.products:,} products"):
        simulate(
            job.spark,
            params.out,
            products=params.products,
            seed=params.seed,
            day=params.day,
            images=not params.no_images,
        )


def demo(params: Demo) -> None:
    """Simulates feeds and runs every stage on them; shows what came of it."""
    from aisles.simulate import simulate
    from aisles.stages.report import show

    out = Path(params.out)
    day = params.run_date or "2026-11-22"
    common = dataclasses.replace(params, tables=params.tables or str(out / "tables"), run_date=day)
    job = open_job(common)
    feeds = out / "feeds"
    with step(f"simulating feeds of {params.products:,} products with pictures in {feeds}"):
        simulate(job.spark, str(feeds), products=params.products, seed=params.seed)
    run = Run(
        env=params.env,
        run_date=day,
        tables=common.tables,
        set=params.set,
        feeds=str(feeds / "feeds"),
        categories=str(feeds / "categories.csv"),
        rules=str(feeds / "rules.csv"),
        answers=str(feeds / "answers.csv"),
        truth=str(feeds / "truth"),
        images=str(feeds / "images.csv"),
    )
    check_inputs(run)
    run_all(job, run)
    show(job, queries=True)
    say(f"everything is in {out}; `aisles sql --tables {common.tables} --query '...'` asks it")


def query(params: Sql) -> None:
    """Prints the result of one query.

    Raises:
        ValueError: the query is no SQL, or names what is not there.
    """
    from pyspark.errors import AnalysisException

    from aisles.stages.report import console, print_frame

    job = open_job(params)
    register(job.tables)
    logging.getLogger("SQLQueryContextLogger").disabled = True  # it prints the plan as well
    try:
        found = job.spark.sql(params.query)
    except AnalysisException as error:
        # What follows the message is Spark's plan of the query, views and all.
        message = str(error).split(";\n")[0].split("\n\nJVM stacktrace")[0].strip()
        raise ValueError(message) from None
    print_frame(console(), "", found, params.rows)
