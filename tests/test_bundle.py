"""The Databricks bundle, checked without a workspace."""

import copy
import fnmatch
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from databricks.bundles.jobs import Job

from aisles import config
from aisles.cli import parser_of
from aisles.stages.params import APART, STAGES, parse

ROOT = Path(__file__).resolve().parents[1]
BUNDLE: dict[str, Any] = yaml.safe_load((ROOT / "databricks.yml").read_text(encoding="utf-8"))
FILES = sorted(path for pattern in BUNDLE["include"] for path in ROOT.glob(pattern))
JOBS: dict[str, dict[str, Any]] = {
    name: job
    for path in FILES
    for name, job in yaml.safe_load(path.read_text(encoding="utf-8"))["resources"]["jobs"].items()
}
TARGETS: dict[str, dict[str, Any]] = BUNDLE["targets"]
REFERENCE = re.compile(r"\$\{([\w.\-]+)\}")
DYNAMIC = re.compile(r"\{\{([\w.\-]+)\}\}")
RUN_DATE = "2026-01-31"
KNOWN = {**STAGES, **APART}


def strings(value: Any) -> Iterator[str]:
    """Every string of nested plain values, keys included."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from strings(key)
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)
    elif isinstance(value, str):
        yield value


def references(value: Any) -> set[str]:
    """Names within ${...}."""
    return {name for text in strings(value) for name in REFERENCE.findall(text)}


def values_of(target: str) -> dict[str, Any]:
    """What each reference stands for in one target."""
    variables = {name: entry["default"] for name, entry in BUNDLE["variables"].items()}
    variables |= TARGETS[target].get("variables", {})
    known = {f"var.{name}": value for name, value in variables.items()}
    return known | {"bundle.target": target, "bundle.name": BUNDLE["bundle"]["name"]}


def resolved(value: Any, known: dict[str, Any]) -> Any:
    """The value with every ${...} replaced; a whole reference keeps its type."""
    if isinstance(value, dict):
        return {key: resolved(item, known) for key, item in value.items()}
    if isinstance(value, list):
        return [resolved(item, known) for item in value]
    if not isinstance(value, str):
        return value
    if whole := REFERENCE.fullmatch(value):
        return resolved(known[whole[1]], known)
    text = REFERENCE.sub(lambda found: str(known[found[1]]), value)
    return resolved(text, known) if REFERENCE.search(text) else text


def arguments_of(job: dict[str, Any], task: dict[str, Any], target: str) -> list[str]:
    """What the task's Python file is started with."""
    known = values_of(target)
    given = {entry["name"]: entry["default"] for entry in job["parameters"]}

    def at_run(found: re.Match[str]) -> str:
        if found[1] == "job.start_time.iso_date":
            return RUN_DATE
        return words(given[found[1].removeprefix("job.parameters.")])

    def words(text: Any) -> str:
        return DYNAMIC.sub(at_run, str(resolved(text, known)))

    return [words(text) for text in task["spark_python_task"]["parameters"]]


TASKS = [
    pytest.param(job, task, id=f"{name}.{task['task_key']}")
    for name, job in JOBS.items()
    for task in job["tasks"]
]


def stage_of(task: dict[str, Any]) -> str:
    return Path(task["spark_python_task"]["python_file"]).stem


def test_the_workflows_and_their_stages() -> None:
    assert [path.name for path in FILES] == [f"{name}.job.yml" for name in sorted(JOBS)]
    stages = {name: " ".join(map(stage_of, job["tasks"])) for name, job in JOBS.items()}
    assert stages == {
        "daily": "ingest normalise fetch_images review label score select rule_report",
        "train": "snapshot train evaluate",
        "backfill": "label score select",
    }


def test_no_workspace_is_named() -> None:
    everything = [BUNDLE, JOBS]
    assert not [text for text in strings(everything) if "://" in text or "databricks.com" in text]
    assert "host" not in set(strings(everything))


def test_targets() -> None:
    assert [name for name, target in TARGETS.items() if target.get("default")] == ["dev"]
    assert TARGETS["dev"]["mode"] == "development"
    assert TARGETS["prod"]["mode"] == "production"
    # One copy of it: production asks for a path that does not depend on who deploys.
    assert "current_user" not in TARGETS["prod"]["workspace"]["root_path"]


@pytest.mark.parametrize("target", TARGETS)
def test_every_target_has_a_configuration(target: str) -> None:
    loaded = config.load(target)
    known = values_of(target)
    assert loaded.tables.catalog == known["var.catalog"]
    assert loaded.tables.schema == known["var.schema"]
    assert loaded.train.ranks == known["var.ranks"]
    assert loaded.train.lanes % known["var.ranks"] == 0


def test_every_variable_is_declared_described_and_used() -> None:
    declared = BUNDLE["variables"]
    used = references([BUNDLE, JOBS]) - {"bundle.name", "bundle.target"}
    assert used == {f"var.{name}" for name in declared}
    assert [name for name, entry in declared.items() if not entry.get("description")] == []
    # Without a default even `validate` asks for a value, in every target.
    assert [name for name, entry in declared.items() if "default" not in entry] == []
    for target in TARGETS.values():
        assert set(target.get("variables", {})) <= set(declared)


@pytest.mark.parametrize("name", JOBS)
def test_a_job_is_valid_before_and_after_its_variables(name: str) -> None:
    Job.from_dict(JOBS[name])
    for target in TARGETS:
        job = Job.from_dict(resolved(JOBS[name], values_of(target)))
        assert job.max_concurrent_runs == 1
        assert references(job.as_dict()) == set()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"max_concurent_runs": 1}, "max_concurent_runs"),
        ({"max_concurrent_runs": "many"}, "many"),
        ({"tasks": [{"task_key": "a", "retries": 1}]}, "retries"),
    ],
)
def test_a_wrong_job_is_noticed(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Job.from_dict({**JOBS["daily"], **change})


@pytest.mark.parametrize("name", JOBS)
def test_clusters_exist_and_are_used(name: str) -> None:
    declared = [cluster["job_cluster_key"] for cluster in JOBS[name]["job_clusters"]]
    assert len(declared) == len(set(declared))
    assert {task["job_cluster_key"] for task in JOBS[name]["tasks"]} == set(declared)


def order_of(tasks: list[dict[str, Any]]) -> list[str]:
    """The tasks in an order in which they can run; ValueError for a cycle or an unknown task."""
    waiting = {
        task["task_key"]: {on["task_key"] for on in task.get("depends_on", [])} for task in tasks
    }
    if unknown := set().union(*waiting.values()) - set(waiting):
        raise ValueError(f"depends on unknown tasks: {unknown}")
    order: list[str] = []
    while waiting:
        ready = [key for key, on in waiting.items() if on <= set(order)]
        if not ready:
            raise ValueError(f"a cycle among {sorted(waiting)}")
        order += ready
        waiting = {key: on for key, on in waiting.items() if key not in ready}
    return order


@pytest.mark.parametrize("name", JOBS)
def test_tasks_can_be_ordered_as_the_pipeline_is(name: str) -> None:
    tasks = JOBS[name]["tasks"]
    stages = {task["task_key"]: stage_of(task) for task in tasks}
    assert len(stages) == len(tasks)
    order_of(tasks)
    position = list(KNOWN).index
    for task in tasks:
        for on in task.get("depends_on", []):
            earlier, later = stages[on["task_key"]], stage_of(task)
            # Training scores for the first time in another workflow.
            assert position(earlier) < position(later), f"{later} before {earlier}"


def test_wrong_dependencies_are_noticed() -> None:
    tasks = copy.deepcopy(JOBS["train"]["tasks"])
    tasks[0]["depends_on"] = [{"task_key": "evaluate"}]
    with pytest.raises(ValueError, match="a cycle among"):
        order_of(tasks)
    tasks[0]["depends_on"] = [{"task_key": "evaluation"}]
    with pytest.raises(ValueError, match=r"unknown tasks: \{'evaluation'\}"):
        order_of(tasks)


@pytest.mark.parametrize(("job", "task"), TASKS)
def test_a_task_starts_its_stage(job: dict[str, Any], task: dict[str, Any]) -> None:
    # Paths in a workflow file are relative to it.
    file = (ROOT / "jobs" / "workflows" / task["spark_python_task"]["python_file"]).resolve()
    assert file.parent == ROOT / "jobs"
    assert f'submit("{stage_of(task)}")' in file.read_text(encoding="utf-8")
    assert task["timeout_seconds"] < job["timeout_seconds"]
    assert task["max_retries"] >= 1


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(("job", "task"), TASKS)
def test_a_stage_accepts_its_parameters(
    job: dict[str, Any], task: dict[str, Any], target: str
) -> None:
    arguments = arguments_of(job, task, target)
    assert not [text for text in arguments if "{" in text]
    params = parse(KNOWN[stage_of(task)], arguments)
    assert params.env == target
    assert params.run_date == RUN_DATE
    overrides = dict(item.split("=", 1) for item in params.set)
    assert config.load(target, overrides).tables.schema == "aisles"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (["--rundate", RUN_DATE], "unrecognized arguments: --rundate"),
        (["--run-date", "{{job.run_date}}"], "is no day YYYY-MM-DD"),
        (["--env"], "expected one argument"),
    ],
)
@pytest.mark.parametrize(("job", "task"), TASKS)
def test_a_wrong_parameter_is_noticed(
    job: dict[str, Any],
    task: dict[str, Any],
    wrong: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        parse(KNOWN[stage_of(task)], [*arguments_of(job, task, "dev"), *wrong])
    assert message in capsys.readouterr().err


def test_a_missing_parameter_is_noticed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parser_of("ingest").parse_args(["--env", "dev"])
    assert "required: --feeds" in capsys.readouterr().err


def test_the_training_cluster_has_one_worker_a_rank() -> None:
    clusters = {c["job_cluster_key"]: c["new_cluster"] for c in JOBS["train"]["job_clusters"]}
    task = next(task for task in JOBS["train"]["tasks"] if stage_of(task) == "train")
    cluster = clusters[task["job_cluster_key"]]
    for target in TARGETS:
        known = values_of(target)
        ranks = parse(STAGES["train"], arguments_of(JOBS["train"], task, target)).ranks
        assert resolved(cluster["num_workers"], known) == ranks
        assert resolved(cluster["spark_conf"]["spark.task.cpus"], known) == known["var.rank_cores"]
    assert cluster["spark_env_vars"]["AISLES_HOROVOD"] == "required"


def test_every_cluster_runs_the_init_script() -> None:
    for job in JOBS.values():
        for cluster in job["job_clusters"]:
            spec = cluster["new_cluster"]
            (script,) = [entry["volumes"]["destination"] for entry in spec["init_scripts"]]
            assert script == "${var.setup}/init.sh"
            assert spec["spark_env_vars"]["AISLES_SETUP"] == "${var.setup}"
    assert (ROOT / "setup" / "databricks" / "init.sh").is_file()


def test_the_libraries_are_the_built_wheel() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    artifact = BUNDLE["artifacts"]["wheel"]
    assert artifact["type"] == "whl"
    assert "--out-dir dist" in artifact["build"]
    name = f"{project['name']}-{project['version']}-py3-none-any.whl"
    wheel = (ROOT / artifact["path"] / "dist" / name).resolve()
    for job in JOBS.values():
        for task in job["tasks"]:
            (library,) = task["libraries"]
            pattern = (ROOT / "jobs" / "workflows" / library["whl"]).resolve()
            assert fnmatch.fnmatch(str(wheel), str(pattern))
    assert {"jobs", "setup"} == set(BUNDLE["sync"]["paths"])
