"""Training and prediction on a GPU; skipped where there is none."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch
import training as tr

from aisles.dataset import in_order, pin
from aisles.network import CPU, Outputs, device_of, load
from aisles.train import FitResult, launch

GPU = torch.cuda.is_available()
needs_gpu = pytest.mark.skipif(not GPU, reason="no GPU")
SETTINGS = {"epochs": 3, "checkpoint_steps": 5}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("gpu")


@pytest.fixture(scope="module")
def on_cpu(folder: Path) -> FitResult:
    return launch(tr.make_spec(folder, "cpu", device="cpu", **SETTINGS), ranks=1)


@pytest.fixture(scope="module")
def on_gpu(folder: Path) -> FitResult:
    return launch(tr.make_spec(folder, "gpu", device="cuda", **SETTINGS), ranks=1)


def test_device_names(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match=r"train\.device takes auto, cpu, cuda, came 'tpu'"):
        device_of("tpu")
    assert device_of("cpu") == CPU
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert [device_of("auto", place).index for place in range(5)] == [0, 1, 0, 1, 0]
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert device_of("auto", 1) == CPU
    with pytest.raises(ValueError, match="torch sees no GPU here"):
        device_of("cuda")


def test_wrong_device_is_told_before_any_rank_starts(folder: Path) -> None:
    with pytest.raises(ValueError, match=r"train\.device takes"):
        launch(tr.make_spec(folder, "wrong", device="gpu"), ranks=2)
    assert not (folder / "wrong").exists()


@needs_gpu
def test_gpu_gives_the_weights_of_the_cpu(on_cpu: FitResult, on_gpu: FitResult) -> None:
    assert on_cpu.device == "cpu"
    assert on_gpu.device == torch.cuda.get_device_name()
    assert on_gpu.validation_losses == pytest.approx(on_cpu.validation_losses, rel=1e-4)
    assert tr.furthest(on_cpu.model, on_gpu.model) < 1e-3
    assert all(weight.device == CPU for weight in tr.weights(on_gpu.model).values())


@needs_gpu
def test_same_seed_same_weights(folder: Path, on_gpu: FitResult) -> None:
    again = launch(tr.make_spec(folder, "again", device="cuda", **SETTINGS), ranks=1)
    assert tr.furthest(on_gpu.model, again.model) == 0


@needs_gpu
@pytest.mark.parametrize("first", ["cpu", "cuda"])
def test_training_goes_on_on_the_other_device(
    folder: Path, on_cpu: FitResult, first: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from aisles.train.loop import _Run

    step = _Run._step
    left = [13]

    def stop(self: _Run, *args: object) -> None:
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        step(self, *args)  # type: ignore[arg-type]

    run, other = f"other-{first}", {"cpu": "cuda", "cuda": "cpu"}[first]
    monkeypatch.setattr(_Run, "_step", stop)
    with pytest.raises(KeyboardInterrupt):
        launch(tr.make_spec(folder, run, device=first, **SETTINGS), ranks=1)
    monkeypatch.setattr(_Run, "_step", step)
    result = launch(tr.make_spec(folder, run, device=other, **SETTINGS), ranks=1)
    assert tr.furthest(on_cpu.model, result.model) < 1e-3


@needs_gpu
def test_predictions_are_those_of_the_cpu(folder: Path, on_gpu: FitResult) -> None:
    spec = tr.make_spec(folder, "gpu")
    pinned = pin(spec.table, None, "s1", "validation")
    outputs = Outputs.load(spec.outputs)
    model, device = load(on_gpu.model), device_of("cuda")
    for batch in in_order(pinned, spec.encoder, outputs.prior, outputs.unknown_weight, 16):
        here = model.network.to(CPU).predict(batch, members=True)
        there = model.network.to(device).predict(batch.to(device), members=True).cpu()
        for name in ("probabilities", "spread", "embedding", "members"):
            np.testing.assert_allclose(
                getattr(here, name).numpy(), getattr(there, name).numpy(), rtol=1e-4, atol=1e-5
            )


@needs_gpu
@pytest.mark.skipif(not importlib.util.find_spec("horovod"), reason="no Horovod")
@pytest.mark.parametrize("ranks", [2, 3])
def test_ranks_share_gpus(folder: Path, on_gpu: FitResult, ranks: int) -> None:
    spec = tr.make_spec(folder, f"ranks-{ranks}", device="cuda", **SETTINGS)
    result = launch(spec, ranks=ranks)
    assert (result.ranks, result.device) == (ranks, on_gpu.device)
    assert tr.furthest(on_gpu.model, result.model) < 1e-3
