"""Real Horovod processes; each start takes some seconds."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import training as tr
from pyspark.sql import SparkSession

from aisles.train import FitResult, FitSpec, RankFailed, launch, launch_spark
from aisles.train import loop as loop_module

# 24 steps with mid-epoch checkpoints, many ranks' worth of missing inputs and padding.
SETTINGS = {"epochs": 3, "checkpoint_steps": 5}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ranks")


@pytest.fixture(scope="module")
def alone(folder: Path) -> FitResult:
    return launch(tr.make_spec(folder, "alone", **SETTINGS), ranks=1)


def _report(spec: FitSpec, rank: int) -> dict[str, Any]:
    return json.loads((Path(spec.run_folder) / f"rank-{rank}.json").read_text())


@pytest.mark.parametrize("ranks", [2, pytest.param(3, marks=pytest.mark.long)])
def test_ranks_give_the_weights_of_one(folder: Path, alone: FitResult, ranks: int) -> None:
    spec = tr.make_spec(folder, f"ranks-{ranks}", **SETTINGS)
    result = launch(spec, ranks=ranks)
    assert result.ranks == ranks
    assert result.epochs * result.steps >= 20
    assert tr.furthest(alone.model, result.model) < 1e-4
    assert result.train_loss == pytest.approx(alone.train_loss, rel=1e-5)
    assert result.validation_losses == pytest.approx(alone.validation_losses, rel=1e-5)
    for rank in range(ranks):
        modules = set(_report(spec, rank)["modules"])
        assert {"horovod", "petastorm", "torch"} <= modules
        assert not {"pyspark", "py4j", "mlflow"} & modules


def _wait(done: Any, timeout_s: float) -> None:
    end = time.monotonic() + timeout_s
    while not done():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture(scope="module")
def broken(folder: Path) -> tuple[FitSpec, list[Any], float, list[int]]:
    """A long training of two ranks, of which rank 1 was killed after its first checkpoint."""
    spec = tr.make_spec(folder, "broken", epochs=2000, patience=0, checkpoint_steps=2)
    errors: list[Any] = []

    def train() -> None:
        try:
            launch(spec, ranks=2)
        except RankFailed as error:
            errors.append(error)

    thread = threading.Thread(target=train)
    thread.start()
    _wait((Path(spec.run_folder) / "checkpoint.pt").exists, 200)
    pids = [_report(spec, rank)["pid"] for rank in range(2)]
    os.kill(pids[1], signal.SIGKILL)
    began = time.monotonic()
    thread.join(120)
    return spec, errors, time.monotonic() - began, pids


def test_killed_rank_ends_the_training_in_seconds(broken: Any) -> None:
    _, errors, seconds, pids = broken
    assert seconds < 30
    (error,) = errors
    assert re.search(rf"rank 1 of 2 \(process {pids[1]}\) .*killed by signal 9", str(error))
    assert "goes on from its last checkpoint" in str(error)
    assert not any(_alive(pid) for pid in pids)


def test_training_goes_on_after_a_killed_rank(broken: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = broken[0]
    progress = Path(spec.run_folder) / "progress.jsonl"

    def epochs() -> list[int]:
        lines = progress.read_text().splitlines() if progress.exists() else []
        return [json.loads(line)["epoch"] for line in lines]

    before = epochs()
    steps = 0
    plain = loop_module.objective

    def stopping(*args: Any) -> Any:
        nonlocal steps
        steps += 1
        if steps > 30:
            raise KeyboardInterrupt
        return plain(*args)

    # On one rank this time: the number of ranks is no part of what is trained.
    monkeypatch.setattr(loop_module, "objective", stopping)
    with pytest.raises(KeyboardInterrupt):
        launch(spec, ranks=1)
    after = epochs()[len(before) :]
    assert len(after) >= 3
    assert after == list(range(after[0], after[0] + len(after)))
    assert len(before) <= after[0] <= len(before) + 1


def _caller(spec: FitSpec, ranks: int) -> subprocess.Popen[bytes]:
    path = Path(spec.run_folder) / "asked.json"
    path.parent.mkdir(exist_ok=True)
    spec.save(path)
    code = (
        "from pathlib import Path; from aisles.train import FitSpec, launch; "
        f"launch(FitSpec.load(Path({str(path)!r})), ranks={ranks})"
    )
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.DEVNULL)


@pytest.mark.long
def test_ranks_end_with_their_caller(folder: Path) -> None:
    spec = tr.make_spec(folder, "orphans", epochs=2000, patience=0, checkpoint_steps=2)
    caller = _caller(spec, ranks=2)
    try:
        _wait((Path(spec.run_folder) / "checkpoint.pt").exists, 200)
    finally:
        caller.kill()
        caller.wait()
    pids = [_report(spec, rank)["pid"] for rank in range(2)]
    _wait(lambda: not any(_alive(pid) for pid in pids), 60)


@pytest.mark.long
def test_errors_of_ranks_reach_the_caller(folder: Path) -> None:
    spec = tr.make_spec(folder, "diverging", learning_rate=1e30, clip_norm=0.0, patience=0)
    with pytest.raises(RankFailed, match=r"RuntimeError: the loss is .* lower train.learning_rate"):
        launch(spec, ranks=2)


@pytest.mark.long
def test_ranks_on_spark_give_the_weights_of_one(
    spark: SparkSession, folder: Path, alone: FitResult
) -> None:
    result = launch_spark(spark, tr.make_spec(folder, "spark", **SETTINGS), ranks=2)
    assert result.ranks == 2
    assert tr.furthest(alone.model, result.model) < 1e-4
