"""The command line and the entry of spark-submit jobs."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Sequence

from aisles.stages.inspect import Inspect
from aisles.stages.params import APART, STAGES, Common, Run, parse, parser
from aisles.stages.rules import RulesCheck, RulesTry
from aisles.stages.sample import Demo, Simulate, Sql

_OTHERS: dict[str, type[Common]] = {
    "run": Run,
    "demo": Demo,
    "simulate": Simulate,
    "sql": Sql,
    "inspect": Inspect,
    "rules check": RulesCheck,
    "rules try": RulesTry,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; 0 when it worked, 1 for a user's error, 2 for wrong usage."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    commands = {**_OTHERS, **STAGES, **APART}
    if not words or words[0] in ("-h", "--help"):
        print(_overview(commands))
        return 0 if words else 2
    size = 2 if words[0] == "rules" else 1
    called = " ".join(words[:size])
    name = called.replace("-", "_")
    if name not in commands:
        print(f"aisles: there is no command {called!r}\n\n{_overview(commands)}", file=sys.stderr)
        return 2
    params = parse(commands[name], words[size:], f"aisles {called}")
    try:
        _dispatch(name, params)
    except ValueError as error:
        print(f"aisles: {error}", file=sys.stderr)
        return 1
    return 0


def submit(stage: str, arguments: Sequence[str] | None = None) -> None:
    """Runs one stage as a spark-submit job or a workflow task.

    Returns instead of leaving the interpreter: some platforms take sys.exit(0) for a failure.
    """
    from aisles.stages.job import open_job, run_stage
    from aisles.stages.pipeline import work_of

    words = sys.argv[1:] if arguments is None else list(arguments)
    params = parse({**STAGES, **APART}[stage], words, f"jobs/{stage}.py")
    run_stage(open_job(params), stage, work_of(stage), params)


def _dispatch(name: str, params: Common) -> None:
    from aisles.stages import inspect, rules, sample
    from aisles.stages.job import open_job, run_stage
    from aisles.stages.pipeline import check_inputs, run_all, work_of
    from aisles.stages.report import show

    if isinstance(params, Demo):
        sample.demo(params)
    elif isinstance(params, Simulate):
        sample.simulate_feeds(params)
    elif isinstance(params, Sql):
        sample.query(params)
    elif isinstance(params, Inspect):
        inspect.run(params)
    elif isinstance(params, RulesCheck | RulesTry):
        rules.run(params)
    elif isinstance(params, Run):
        if not params.tables and params.env == "local":
            params = dataclasses.replace(params, tables="tables")
        check_inputs(params)
        job = open_job(params)
        run_all(job, params)
        show(job)
    else:
        run_stage(open_job(params), name, work_of(name), params)


def _overview(commands: dict[str, type[Common]]) -> str:
    lines = [
        f"  {name.replace('_', '-'):13} {(kind.__doc__ or '').strip()}"
        for name, kind in commands.items()
    ]
    head = "usage: aisles COMMAND [options]; aisles COMMAND --help tells the options\n"
    return "\n".join([head, *lines])


def parser_of(stage: str) -> argparse.ArgumentParser:
    """The parser of one stage, for checks of workflow files."""
    return parser({**STAGES, **APART}[stage], f"jobs/{stage}.py")


if __name__ == "__main__":
    sys.exit(main())
