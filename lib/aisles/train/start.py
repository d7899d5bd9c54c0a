"""Starts the ranks of a training, on this machine or on a Spark cluster."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import subprocess
import sys
from collections import deque
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from aisles.dataset import pin, rank_lanes
from aisles.network.device import check_name
from aisles.train.loop import fit
from aisles.train.ranks import Alone
from aisles.train.spec import FitResult, FitSpec

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_TAIL = 30  # lines of the ranks' output that an error repeats


class RankFailed(RuntimeError):
    """A rank of a training has ended before its time; the others were stopped."""


def launch(spec: FitSpec, ranks: int | None = None) -> FitResult:
    """The result of a training on this machine with so many ranks (None: spec.train.ranks).

    One rank trains in this process; more are processes of their own, without a JVM, that Horovod
    starts and that end with this one. Raises ValueError for data or settings that do not fit,
    RankFailed when a rank has died or hung; no process is left behind.
    """
    ranks = spec.train.ranks if ranks is None else ranks
    spec = _pinned(spec, ranks)
    if ranks > 1:
        return _launch_processes(spec, ranks)
    threads = torch.get_num_threads()
    try:
        return fit(spec, Alone())
    finally:
        torch.set_num_threads(threads)


def launch_spark(spark: SparkSession, spec: FitSpec, ranks: int) -> FitResult:
    """The result of a training whose ranks are tasks of a Spark cluster.

    The table, spec.outputs and spec.run_folder must be on storage that every worker mounts; the
    workers need Horovod and this package. Raises as launch does.
    """
    import horovod.spark

    spec = _pinned(spec, ranks)
    path = _prepare(spec)
    local = (spark.conf.get("spark.master") or "").startswith("local")
    try:
        horovod.spark.run(
            _spark_rank,
            args=(str(path),),
            num_proc=ranks,
            env=_environment(spec, ranks),
            start_timeout=600,
            use_gloo=True,
            verbose=0,
            **({"nics": {"lo"}} if local else {}),
        )
    except (RuntimeError, TimeoutError) as error:
        raise _failure(spec, ranks, str(error)) from error
    return FitResult.load(Path(spec.run_folder) / "result.json")


def _spark_rank(spec_path: str) -> None:
    from aisles.train.child import run_rank

    run_rank(spec_path)


def _pinned(spec: FitSpec, ranks: int) -> FitSpec:
    # Checked here, where an error reaches the user as it is, and not once in every rank.
    check_name(spec.train.device)
    rank_lanes(0, ranks, spec.train.lanes)
    version = pin(spec.table, spec.version, spec.snapshot_id, "train").version
    return dataclasses.replace(spec, version=version)


def _prepare(spec: FitSpec) -> Path:
    folder = Path(spec.run_folder)
    folder.mkdir(parents=True, exist_ok=True)
    for old in (*folder.glob("rank-*.json"), folder / "result.json"):
        old.unlink(missing_ok=True)
    path = folder / "spec.json"
    spec.save(path)
    return path


def _launch_processes(spec: FitSpec, ranks: int) -> FitResult:
    path = _prepare(spec)
    with as_file(files("aisles.train").joinpath("child.py")) as child:  # also out of a zip
        process = subprocess.Popen(
            [sys.executable, "-P", str(child), str(path), str(ranks)],
            env=os.environ | _environment(spec, ranks),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        try:
            tail = _follow(process)
            code = process.wait()
        finally:
            # The ranks end when their starter's standard input does.
            assert process.stdin is not None
            process.stdin.close()
            process.wait()
    if code != 0:
        raise _failure(spec, ranks, tail)
    return FitResult.load(Path(spec.run_folder) / "result.json")


def _follow(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    tail: deque[str] = deque(maxlen=_TAIL)
    for line in process.stdout:
        tail.append(line)
        # Horovod puts the rank and the stream before each line; only progress is passed on.
        if shown := re.match(r"\[0\]<stdout>:(epoch .*)", line):
            print(shown[1], flush=True)
    return "".join(tail)


def _environment(spec: FitSpec, ranks: int) -> dict[str, str]:
    threads = spec.train.threads or max(1, (os.cpu_count() or 1) // ranks)
    wait = str(spec.train.timeout_s)
    return {
        "OMP_NUM_THREADS": str(threads),
        "PYTHONUNBUFFERED": "1",
        # A rank that hangs: the others give up waiting for it and end.
        "HOROVOD_GLOO_TIMEOUT_SECONDS": wait,
        "HOROVOD_STALL_CHECK_TIME_SECONDS": str(max(1, spec.train.timeout_s // 2)),
        "HOROVOD_STALL_SHUTDOWN_TIME_SECONDS": wait,
    }


def _failure(spec: FitSpec, ranks: int, tail: str) -> Exception:
    """The error that names the rank which ended first, and why."""
    reports = _reports(spec, ranks)
    for report in reports.values():
        if report.get("error") in ("ValueError", "VersionGone"):
            return ValueError(report["message"])
    named = re.search(r"Process name: (\d+)\s+Exit code: (\d+)", tail)
    advice = f"start the training again: it goes on from its last checkpoint in {spec.run_folder}"
    if named is None:
        return RankFailed(f"the {ranks} ranks could not be started; {advice}. Output:\n{tail}")
    rank, code = int(named[1]), int(named[2])
    report = reports.get(rank, {})
    why = f"exit code {code}" + (f", killed by signal {code - 128}" if code > 128 else "")
    if "error" in report:
        why = f"{report['error']}: {report['message']}"
    return RankFailed(
        f"rank {rank} of {ranks} (process {report.get('pid', 'not started')}) ended with {why}; "
        f"the other ranks were stopped; {advice}. Last output:\n{tail}"
    )


def _reports(spec: FitSpec, ranks: int) -> dict[int, dict[str, Any]]:
    paths = {rank: Path(spec.run_folder) / f"rank-{rank}.json" for rank in range(ranks)}
    return {
        rank: json.loads(path.read_text(encoding="utf-8"))
        for rank, path in paths.items()
        if path.exists()
    }
