"""examples → a model in the registry: Horovod ranks that read through Petastorm."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from aisles.config import EncoderConfig, TrainConfig
from aisles.dataset import pin
from aisles.network import Outputs
from aisles.stages.categories import tree_of_outputs
from aisles.stages.job import Account, Job, step
from aisles.stages.params import Train
from aisles.tracking import Tracking
from aisles.train import FitResult, FitSpec, launch, launch_spark
from aisles.typed import from_dict


def run(job: Job, params: Train, account: Account) -> None:
    """Trains on one snapshot, unless its model is registered already."""
    row = _snapshot(job, params.snapshot)
    spec = _spec(job, row)
    tracking = Tracking(job.config)
    registered = tracking.with_tag("fingerprint", spec.fingerprint)
    if registered is not None:
        account.messages.append(f"model version {registered.version} is this training already")
        return
    ranks = params.ranks or job.config.train.ranks
    with step(f"training on {ranks} ranks"):
        local = str(job.spark.sparkContext.master).startswith("local")
        result = launch(spec, ranks) if local else launch_spark(job.spark, spec, ranks)
    with step("registering the model"):
        tags = {
            "fingerprint": spec.fingerprint,
            "snapshot_id": spec.snapshot_id,
            "examples_version": str(result.version),
            "source_versions": json.dumps(row["versions"], sort_keys=True),
        }
        settings = _parameters(spec, result)
        model = tracking.log_training(settings, _curves(spec), tags, Path(result.model))
    account.rows_in, account.rows_out = result.rows, 1
    account.versions_from["examples"] = result.version
    account.figures.update(
        model_version=int(model.version),
        ranks=result.ranks,
        epochs=result.epochs,
        best_epoch=result.best_epoch,
        rows_per_s=round(result.rows_per_s),
    )
    if result.validation_loss is not None:
        account.figures["validation_loss"] = result.validation_loss


def _snapshot(job: Job, wanted: str) -> dict[str, Any]:
    stored = job.tables.read("snapshots")
    rows = stored.filter(stored["snapshot_id"] == wanted) if wanted else stored
    newest = rows.orderBy("examples_version", ascending=False).first()
    if newest is None:
        raise ValueError(f"there is no snapshot {wanted or 'at all'}; run the stage snapshot first")
    return newest.asDict()


def _spec(job: Job, row: dict[str, Any]) -> FitSpec:
    identity = row["snapshot_id"]
    folder = run_folder(job, identity)
    outputs = folder / "outputs.npz"
    folder.mkdir(parents=True, exist_ok=True)
    _outputs(job, identity).save(outputs)
    spec = FitSpec(
        table=job.tables.location("examples"),
        snapshot_id=identity,
        outputs=str(outputs),
        run_folder=str(folder),
        version=row["examples_version"],
        encoder=from_dict(EncoderConfig, json.loads(row["encoder"])),
        network=job.config.network,
        train=job.config.train,
    )
    rows = pin(spec.table, spec.version, identity, "train").rows
    spec = dataclasses.replace(spec, train=_affordable(job.config.train, rows))
    # Trainings with other settings on the same snapshot keep their checkpoints apart.
    return dataclasses.replace(spec, run_folder=str(folder / spec.fingerprint))


def _affordable(config: TrainConfig, rows: int) -> TrainConfig:
    """The settings with as many epochs as the step limit allows: large snapshots need fewer."""
    steps = math.ceil(rows / config.batch_size)
    epochs = min(config.epochs, max(2, round(config.max_steps / max(1, steps))))
    return dataclasses.replace(config, epochs=epochs)


def run_folder(job: Job, identity: str) -> Path:
    """Where trainings of a snapshot keep checkpoints: a folder that every rank can open."""
    base = job.config.tables.work or str(Path(job.config.tables.location).resolve() / "_work")
    if job.config.tables.catalog and not job.config.tables.work:
        raise ValueError("tables.work is not set: a folder that driver and workers mount, a volume")
    return Path(base) / "trainings" / identity


def _outputs(job: Job, identity: str) -> Outputs:
    rows = (
        job.tables.read("outputs")
        .filter(f"snapshot_id = '{identity}'")
        .orderBy("output_index")
        .collect()
    )
    tree = tree_of_outputs(job, rows)
    return Outputs.of(
        tree,
        np.array([row["prior"] for row in rows]),
        np.array([row["unknown_weight"] for row in rows]),
    )


def _parameters(spec: FitSpec, result: FitResult) -> dict[str, Any]:
    sections: dict[str, Any] = {
        "encoder": spec.encoder,
        "network": spec.network,
        "train": spec.train,
    }
    settings = {
        f"{name}.{key}": value
        for name, section in sections.items()
        for key, value in dataclasses.asdict(section).items()
    }
    run_by = ("ranks", "threads", "device", "rows", "steps", "in_memory", "padding")
    return settings | {f"run.{key}": getattr(result, key) for key in run_by}


def _curves(spec: FitSpec) -> Iterator[dict[str, float]]:
    """The points of progress.jsonl as MLflow takes them."""
    path = Path(spec.run_folder) / "progress.jsonl"
    for line in path.read_text(encoding="utf-8").splitlines():
        point = json.loads(line)
        at = (point["epoch"] - 1) * point.get("steps", 0) + point.get("step", 0)
        values = {k: v for k, v in point.items() if isinstance(v, int | float)}
        yield {**{k: v for k, v in values.items() if k not in ("step", "steps")}, "step": at}
