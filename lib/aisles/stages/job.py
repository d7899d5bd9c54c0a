"""What a stage runs in: configuration, session, tables, and the account of what it did."""

from __future__ import annotations

import datetime as dt
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aisles import config as configuration
from aisles.stages.params import Common
from aisles.tables import Tables

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@dataclass
class Account:
    """What one stage did: rows in and out, further counts, warnings, table versions."""

    rows_in: int = 0
    rows_out: int = 0
    figures: dict[str, float] = field(default_factory=dict)
    messages: list[str] = field(default_factory=list)
    versions_from: dict[str, int] = field(default_factory=dict)
    versions_to: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    run_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    def warn(self, message: str) -> None:
        """Keeps a warning for `runs` and shows it."""
        self.messages.append(message)
        say(f"  warning: {message}")


@dataclass
class Job:
    """One process's session, tables and settings; serves one stage or all in turn."""

    config: configuration.Config
    run_date: dt.date
    spark: SparkSession
    tables: Tables
    done: dict[str, Account] = field(default_factory=dict)


_CLOCK = time.monotonic()


def say(text: str) -> None:
    """One line of progress on standard error, with the seconds since the start."""
    print(f"[{time.monotonic() - _CLOCK:5.0f}s] {text}", file=sys.stderr, flush=True)


def settings(params: Common) -> configuration.Config:
    """The configuration that the parameters ask for."""
    overrides: dict[str, Any] = {}
    for item in params.set:
        key, found, value = item.partition("=")
        if not found:
            raise ValueError(f"--set {item}: expected key=value, such as train.epochs=2")
        overrides[key.strip()] = value
    if params.tables:
        overrides["tables.location"] = params.tables
        overrides["tables.catalog"] = ""
    return configuration.load(params.env, overrides)


def open_job(params: Common) -> Job:
    """A job with its session started."""
    from aisles.session import start

    config = settings(params)
    day = day_of(params)
    say("starting Spark ...")
    spark = start(config.spark)
    return Job(config, day, spark, Tables(spark, config.tables))


def day_of(params: Common) -> dt.date:
    """The day that a run with these parameters stands for: by default today in UTC."""
    return dt.date.fromisoformat(params.run_date or str(dt.datetime.now(dt.UTC).date()))


@contextmanager
def step(text: str) -> Iterator[None]:
    """Says what a long step does, and how long it took."""
    begun = time.monotonic()
    say(f"  {text} ...")
    yield
    say(f"  {text}: {time.monotonic() - begun:.0f} s")


def run_stage(
    job: Job, name: str, work: Callable[[Job, Any, Account], None], params: Common
) -> Account:
    """Runs one stage and writes its row of `runs`, also when it fails."""
    account = Account()
    started, begun = dt.datetime.now(dt.UTC), time.monotonic()
    say(f"{name}: {(type(params).__doc__ or '').strip()}")
    status = "failed"
    try:
        work(job, params, account)
        status = "done"
    except Exception as error:
        account.messages.append(f"{type(error).__name__}: {error}"[:4000])
        raise
    finally:
        account.seconds = time.monotonic() - begun
        _record(job, name, started, status, account)
    say(f"{name}: {account.rows_in:,} in, {account.rows_out:,} out, {account.seconds:.0f} s")
    job.done[name] = account
    return account


def _record(job: Job, name: str, started: dt.datetime, status: str, account: Account) -> None:
    schema = (
        "run_id string, stage string, run_date date, started timestamp, ended timestamp,"
        " status string, versions_from map<string,bigint>, versions_to map<string,bigint>,"
        " rows_in bigint, rows_out bigint, figures map<string,double>, messages array<string>"
    )
    row = (
        account.run_id,
        name,
        job.run_date,
        started,
        dt.datetime.now(dt.UTC),
        status,
        account.versions_from,
        account.versions_to,
        account.rows_in,
        account.rows_out,
        {key: float(value) for key, value in account.figures.items()},
        account.messages,
    )
    job.tables.append("runs", job.spark.createDataFrame([row], schema).coalesce(1))
