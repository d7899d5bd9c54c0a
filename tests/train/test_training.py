from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path
from typing import Any

import deltalake
import pytest
import torch
import training as tr

from aisles.config import NetworkConfig, TrainConfig
from aisles.dataset import VersionGone
from aisles.network import Network, load
from aisles.train import Alone, FitResult, FitSpec, fit, launch
from aisles.train import loop as loop_module
from aisles.train import ranks as ranks_module
from aisles.train.optimise import Optimiser, rate_at


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("training")


@pytest.fixture(scope="module")
def undisturbed(folder: Path) -> FitResult:
    return launch(tr.make_spec(folder, "undisturbed"), ranks=1)


def _lines(result: FitResult) -> list[dict[str, Any]]:
    text = (Path(result.run_folder) / "progress.jsonl").read_text()
    return [json.loads(line) for line in text.splitlines()]


def test_training_learns_and_reports(undisturbed: FitResult) -> None:
    lines = [line for line in _lines(undisturbed) if line["event"] == "epoch"]
    assert [line["epoch"] for line in lines] == [1, 2, 3]
    assert lines[0]["loss"] > lines[-1]["loss"] == undisturbed.train_loss
    assert undisturbed.validation_losses == [line["validation_loss"] for line in lines]
    assert undisturbed.validation_loss == min(undisturbed.validation_losses)
    assert lines[-1]["step"] == lines[-1]["steps"] == undisturbed.steps == 8
    assert (undisturbed.rows, undisturbed.epochs, undisturbed.version) == (150, 3, 16)
    model = load(undisturbed.model)
    assert model.about["snapshot_id"] == "s1"
    assert FitResult.load(Path(undisturbed.run_folder) / "result.json") == undisturbed


def test_same_seed_same_weights_other_seed_others(folder: Path, undisturbed: FitResult) -> None:
    again = launch(tr.make_spec(folder, "again"), ranks=1)
    assert tr.furthest(undisturbed.model, again.model) == 0
    other = launch(tr.make_spec(folder, "other", seed=2, epochs=1), ranks=1)
    assert tr.furthest(undisturbed.model, other.model) > 0.01


@pytest.mark.parametrize("memory_mb", [0, 100])
@pytest.mark.parametrize("stop", [5, 8, 12, 20])
def test_restart_gives_the_same_result(
    folder: Path, monkeypatch: pytest.MonkeyPatch, stop: int, memory_mb: int
) -> None:
    settings = {"checkpoint_steps": 3, "memory_mb": memory_mb, "shuffle_rows": 100}
    whole = launch(tr.make_spec(folder, f"whole-{memory_mb}", **settings), ranks=1)
    spec = tr.make_spec(folder, f"broken-{stop}-{memory_mb}", **settings)
    done = 0
    plain = loop_module.objective

    def failing(*args: Any) -> Any:
        nonlocal done
        done += 1
        if done > stop:
            raise KeyboardInterrupt
        return plain(*args)

    with monkeypatch.context() as patch:
        patch.setattr(loop_module, "objective", failing)
        with pytest.raises(KeyboardInterrupt):
            launch(spec, ranks=1)
    assert (Path(spec.run_folder) / "checkpoint.pt").exists()
    result = launch(spec, ranks=1)
    assert tr.furthest(whole.model, result.model) == 0
    assert result.validation_losses == whole.validation_losses
    assert result.train_loss == whole.train_loss
    assert result.best_epoch == whole.best_epoch


def test_finished_training_is_not_done_again(folder: Path, undisturbed: FitResult) -> None:
    spec = tr.make_spec(folder, "undisturbed")
    lines = len(_lines(undisturbed))
    again = launch(spec, ranks=1)
    assert len(_lines(again)) == lines
    assert again.validation_losses == undisturbed.validation_losses
    other = dataclasses.replace(spec, train=dataclasses.replace(spec.train, seed=5))
    with pytest.raises(ValueError, match="another training"):
        launch(other, ranks=1)


def test_patience_ends_the_training_with_the_best_weights(folder: Path) -> None:
    settings = {"learning_rate": 0.3, "clip_norm": 0.0, "warmup": 0.0}
    result = launch(tr.make_spec(folder, "stale", epochs=30, patience=2, **settings), ranks=1)
    assert result.epochs == result.best_epoch + 2 < 30
    assert result.validation_loss == result.validation_losses[result.best_epoch - 1]
    best = launch(tr.make_spec(folder, "stale", epochs=30, patience=2, **settings), ranks=1)
    assert tr.furthest(result.model, best.model) == 0


def test_no_validation_examples(tmp_path: Path) -> None:
    spec = tr.make_spec(tmp_path, "run", rows=40, epochs=2)
    deltalake.DeltaTable(spec.table).delete("split = 'validation'")
    result = launch(spec, ranks=1)
    assert result.validation_loss is None
    assert (result.epochs, result.best_epoch) == (2, 2)


def test_padding_does_not_change_the_gradient(folder: Path) -> None:
    # One batch of 150 rows, or the same rows with as much padding again.
    quiet = dataclasses.replace(tr.NETWORK, dropout=0.0, modality_dropout=0.0, flip=0.0)
    models = []
    for size in (150, 300):
        spec = tr.make_spec(folder, f"padded-{size}", batch_size=size, lanes=1, epochs=1)
        result = launch(dataclasses.replace(spec, network=quiet), ranks=1)
        assert result.padding == pytest.approx(1 - 150 / size)
        models.append(result)
    assert models[0].train_loss == pytest.approx(models[1].train_loss, rel=1e-5)
    assert tr.furthest(models[0].model, models[1].model) < 1e-4


def test_spec_comes_back(tmp_path: Path) -> None:
    spec = FitSpec(
        *("t", "s", "o", "r", 3),
        network=NetworkConfig(hidden=7),
        train=TrainConfig(epochs=2),
        without=(1, 4),
    )
    spec.save(tmp_path / "spec.json")
    assert FitSpec.load(tmp_path / "spec.json") == spec


def test_fingerprint_holds_what_decides_the_weights(folder: Path) -> None:
    spec = tr.make_spec(folder, "x")
    same = dataclasses.replace(spec.train, ranks=3, threads=2, checkpoint_steps=5, timeout_s=9)
    moved = dataclasses.replace(spec, train=same, run_folder="elsewhere")
    assert moved.fingerprint == spec.fingerprint
    assert dataclasses.replace(spec, version=1).fingerprint != spec.fingerprint
    assert dataclasses.replace(spec, without=(1,)).fingerprint != spec.fingerprint


def test_left_out_folds_train_nothing(folder: Path) -> None:
    spec = dataclasses.replace(tr.make_spec(folder, "without", epochs=1), without=(0, 2, 4))
    assert launch(spec, 1).rows == 60  # of 150 in five folds


def test_gone_version_is_told_before_any_rank_starts(tmp_path: Path) -> None:
    spec = dataclasses.replace(tr.make_spec(tmp_path, "run", rows=30), version=1)
    deltalake.DeltaTable(spec.table).create_checkpoint()
    os.remove(f"{spec.table}/_delta_log/{1:020d}.json")
    os.remove(f"{spec.table}/_delta_log/{0:020d}.json")
    with pytest.raises(VersionGone, match="version 1 is gone"):
        launch(spec, ranks=2)
    with pytest.raises(ValueError, match="must divide train"):
        launch(spec, ranks=4)


def test_diverging_loss_is_told(folder: Path) -> None:
    spec = tr.make_spec(folder, "diverging", learning_rate=1e30, clip_norm=0.0, patience=0)
    with pytest.raises(RuntimeError, match=r"the loss is .* lower train.learning_rate"):
        launch(spec, ranks=1)


def test_several_ranks_need_a_version(folder: Path) -> None:
    ranks = Alone()
    ranks.size = 2
    with pytest.raises(ValueError, match="fixed table version"):
        fit(tr.make_spec(folder, "none"), ranks)


def test_rate_rises_then_falls() -> None:
    train = TrainConfig(learning_rate=1.0, warmup=0.2)
    rates = [round(rate_at(step, 10, train), 3) for step in range(10)]
    assert rates == [0.5, 1.0, 1.0, 0.962, 0.854, 0.691, 0.5, 0.309, 0.146, 0.038]


def test_row_step_is_adams() -> None:
    torch.manual_seed(0)
    network = Network(tr.et.ENCODER, tr.NETWORK, torch.full((3,), 0.2))
    words = network.tables[0]
    plain = words.weight.detach().clone().requires_grad_()
    adam = torch.optim.Adam([plain], lr=0.01)
    optimiser = Optimiser(network, TrainConfig(clip_norm=0.0))
    everything = torch.ones(len(words.weight), dtype=torch.bool)
    for count in range(1, 4):
        for table in network.tables:
            table.pick(torch.ones(len(table.weight), dtype=torch.bool))
        words.pick(everything)
        gradient = torch.randn(words.weight.shape)
        assert words.picked is not None
        words.picked.grad, plain.grad = gradient.clone(), gradient.clone()
        optimiser.step(Alone(), 0.01, count, torch.zeros(1))
        adam.step()
        torch.testing.assert_close(words.weight.data, plain.data)


def test_clipping_uses_the_norm_of_the_whole_gradient() -> None:
    network = Network(tr.et.ENCODER, tr.NETWORK, torch.full((3,), 0.2))
    optimiser = Optimiser(network, TrainConfig(clip_norm=2.0))
    for table in network.tables:
        table.pick(torch.ones(len(table.weight), dtype=torch.bool))
    for parameter in optimiser.parameters:
        parameter.grad = torch.ones_like(parameter)
    extra = optimiser.step(Alone(), 0.0, 1, torch.tensor([7.0]))
    norm = sum(float((p.grad**2).sum()) for p in optimiser.parameters if p.grad is not None) ** 0.5
    assert norm == pytest.approx(2.0, rel=1e-4)
    assert extra.tolist() == [7.0]


def test_settings_that_horovod_garbles_are_mended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOROVOD_CYCLE_TIME", "(None,)")
    monkeypatch.setenv("HOROVOD_CACHE_CAPACITY", "99")
    ranks_module._mend_settings()
    assert os.environ["HOROVOD_CYCLE_TIME"] == "1"
    assert os.environ["HOROVOD_CACHE_CAPACITY"] == "99"
