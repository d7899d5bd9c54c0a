from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from pyspark import TaskContext

from aisles.network import CPU
from aisles.score import scorer


def test_scorer_takes_the_gpu_that_spark_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    given = SimpleNamespace(resources=lambda: {"gpu": SimpleNamespace(addresses=["3"])})
    monkeypatch.setattr(TaskContext, "get", lambda: given)
    assert scorer.task_device() == torch.device("cuda", 3)
    monkeypatch.setattr(TaskContext, "get", lambda: SimpleNamespace(resources=dict))
    assert scorer.task_device() == CPU
    monkeypatch.setattr(TaskContext, "get", lambda: None)
    assert scorer.task_device() == CPU
