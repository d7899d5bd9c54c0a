"""Runs and models: the only module that knows MLflow."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from aisles.config import Config


@dataclass(frozen=True)
class Registered:
    """One version of the registered model."""

    name: str
    version: str
    run_id: str


class Tracking:
    """The tracking store and registry of one environment."""

    def __init__(self, config: Config) -> None:
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
        os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
        import logging

        import mlflow

        for name in ("mlflow", "alembic", "mlflow.store.db.utils"):
            logging.getLogger(name).setLevel(logging.ERROR)
        self.name = config.tracking.model_name
        self._alias = config.tracking.alias
        uri, artifacts = config.tracking.uri, None
        if not uri:
            folder = Path(config.tables.location).resolve() / "_mlflow"
            folder.mkdir(parents=True, exist_ok=True)
            uri, artifacts = f"sqlite:///{folder}/mlflow.db", (folder / "artifacts").as_uri()
        mlflow.set_tracking_uri(uri)
        if uri == "databricks":
            mlflow.set_registry_uri("databricks-uc")
            self.name = f"{config.tables.catalog}.{config.tables.schema}.{self.name}"
        self._client = mlflow.MlflowClient()
        if self._client.get_experiment_by_name(config.tracking.experiment) is None:
            self._client.create_experiment(config.tracking.experiment, artifact_location=artifacts)
        mlflow.set_experiment(config.tracking.experiment)

    def log_training(
        self,
        params: Mapping[str, Any],
        curves: Iterable[Mapping[str, float]],
        tags: Mapping[str, str],
        folder: Path,
    ) -> Registered:
        """Registers the model in `folder` with its parameters, curves and the versions it read.

        curves: points with `step` and any number of named values.
        """
        import mlflow

        with mlflow.start_run() as run:
            mlflow.log_params({key: str(value)[:500] for key, value in params.items()})
            mlflow.set_tags(dict(tags))
            for point in curves:
                values = {key: float(value) for key, value in point.items() if key != "step"}
                mlflow.log_metrics(values, step=int(point["step"]))
            with as_file(files("aisles").joinpath("serving.py")) as code:
                info = mlflow.pyfunc.log_model(
                    name="model",
                    python_model=str(code),
                    artifacts={"model": str(folder)},
                    signature=_signature(),
                    pip_requirements=_requirements(),
                    registered_model_name=self.name,
                )
        version = str(info.registered_model_version)
        for key, value in tags.items():
            self._client.set_model_version_tag(self.name, version, key, value)
        return Registered(self.name, version, run.info.run_id)

    def log_figures(self, model: Registered, figures: Mapping[str, float]) -> None:
        """Adds measured figures to the model's run."""
        for key, value in figures.items():
            self._client.log_metric(model.run_id, key, float(value))

    def newest(self) -> Registered:
        """The version registered last; ValueError when there is none."""
        found = self._client.search_model_versions(f"name = '{self.name}'")
        if not found:
            raise ValueError(f"the registry has no model {self.name!r}; run train first")
        return self._registered(max(found, key=lambda version: int(version.version)))

    def with_tag(self, key: str, value: str) -> Registered | None:
        """The newest version that carries a tag with this value, if any."""
        found = self._client.search_model_versions(f"name = '{self.name}'")
        same = [version for version in found if version.tags.get(key) == value]
        return self._registered(max(same, key=lambda v: int(v.version))) if same else None

    def champion(self) -> Registered | None:
        """The version that carries the alias, if any."""
        from mlflow.exceptions import MlflowException

        try:
            return self._registered(self._client.get_model_version_by_alias(self.name, self._alias))
        except MlflowException:
            return None

    def tags(self, model: Registered) -> dict[str, str]:
        """The tags of one version."""
        return dict(self._client.get_model_version(model.name, model.version).tags)

    def tag(self, model: Registered, key: str, value: str) -> None:
        """Sets one tag of one version."""
        self._client.set_model_version_tag(model.name, model.version, key, value)

    def promote(self, model: Registered) -> None:
        """Gives the alias to this version."""
        self._client.set_registered_model_alias(model.name, self._alias, model.version)

    def download(self, model: Registered) -> Path:
        """A local folder with the model's files (model.pt, model.json)."""
        import mlflow

        root = mlflow.artifacts.download_artifacts(f"models:/{model.name}/{model.version}")
        return next(Path(root).rglob("model.json")).parent

    def _registered(self, version: Any) -> Registered:
        return Registered(self.name, str(version.version), str(version.run_id))


def _requirements() -> list[str]:
    """Pinned by hand: MLflow would find them by starting another process for half a minute."""
    from importlib.metadata import version

    names = ("aisles", "torch", "numpy", "pyarrow", "pandas", "pillow")
    return [f"{name}=={version(name).split('+')[0]}" for name in names]


def _signature() -> Any:
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    text = [
        *("title", "description", "merchant_category", "brand", "size", "currency", "all_text"),
        *("brand_canonical", "color_canonical", "gender_canonical"),
    ]
    inputs: list[Any] = [ColSpec("string", name, required=False) for name in text]
    inputs += [ColSpec("long", n, required=False) for n in ("price_minor", "old_price_minor")]
    inputs += [ColSpec("binary", "image", required=False)]
    outputs: list[Any] = [ColSpec("string", "category_id"), ColSpec("double", "probability")]
    return ModelSignature(Schema(inputs), Schema([ColSpec("long", "row"), *outputs]))
