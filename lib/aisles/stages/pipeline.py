"""All stages in one session, and what is shown at the end."""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aisles.stages.job import Account, Job, run_stage, say
from aisles.stages.params import STAGES, Common, Run


def work_of(stage: str) -> Callable[[Job, Any, Account], None]:
    """The function that does one stage's work."""
    work: Callable[[Job, Any, Account], None] = importlib.import_module(
        f"aisles.stages.{stage}"
    ).run
    return work


def check_inputs(params: Run) -> None:
    """Refuses missing inputs before anything is started."""
    for name in ("feeds", "truth"):
        value = getattr(params, name)
        if value and "://" not in value and not Path(value).is_dir():
            raise ValueError(f"--{name} {value}: no such folder")
    if params.answers and "://" not in params.answers and not Path(params.answers).exists():
        raise ValueError(f"--answers {params.answers}: no such file or folder")
    for name in ("categories", "rules", "images"):
        value = getattr(params, name)
        if value and "://" not in value and not Path(value).is_file():
            raise ValueError(f"--{name} {value}: no such file")
    if params.until and params.until not in STAGES:
        raise ValueError(f"--until {params.until}: no such stage; known: {', '.join(STAGES)}")
    order = list(STAGES)
    if not params.until or order.index(params.until) >= order.index("review"):
        for name in ("categories", "rules"):
            if not getattr(params, name):
                raise ValueError(
                    f"--{name} is missing; only --until a stage before review needs none"
                )


def run_all(job: Job, params: Run) -> None:
    """Runs every stage in order, up to `until`."""
    for name, kind in STAGES.items():
        run_stage(job, name, work_of(name), _params_of(kind, params))
        if name == params.until:
            say(f"stopped after {name}, as asked by --until")
            return


def _params_of(kind: type[Common], params: Run) -> Common:
    given = {field.name: getattr(params, field.name) for field in dataclasses.fields(params)}
    return kind(**{f.name: given[f.name] for f in dataclasses.fields(kind) if f.name in given})
