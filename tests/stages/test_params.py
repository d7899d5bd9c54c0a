"""Parsers made from dataclasses, and the command line over them."""

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest

from aisles import cli
from aisles.stages.params import (
    APART,
    STAGES,
    FetchImages,
    Ingest,
    Label,
    Normalise,
    Run,
    Select,
    Train,
    parse,
    parser,
)

FEEDS = ["--feeds", "in"]


@pytest.mark.parametrize(
    ("kind", "arguments", "expected"),
    [
        (Ingest, FEEDS, Ingest(feeds="in")),
        (Ingest, ["--feeds=in", "--env=prod"], Ingest(feeds="in", env="prod")),
        (
            Ingest,
            [*FEEDS, "--ignore", "*.md", "--ignore", "*.tmp"],
            Ingest(feeds="in", ignore=("*.md", "*.tmp")),
        ),
        (FetchImages, [], FetchImages(images="", retry=False)),
        (FetchImages, ["--retry"], FetchImages(retry=True)),
        (Train, ["--ranks", "3"], Train(ranks=3)),
        (Label, ["--rules", "", "--categories", ""], Label()),
        (
            Label,
            ["--set", "a.b=1", "--set", "c.d=x=y"],
            Label(set=("a.b=1", "c.d=x=y")),
        ),
        (Normalise, ["--run-date", "2026-01-31"], Normalise(run_date="2026-01-31")),
        (Select, ["--round", "2", "--tables", "t"], Select(round=2, tables="t")),
    ],
)
def test_parse(kind: type, arguments: list[str], expected: object) -> None:
    assert parse(kind, arguments) == expected


@pytest.mark.parametrize(
    ("kind", "arguments", "message"),
    [
        (Ingest, [], "the following arguments are required: --feeds"),
        (Run, [], "the following arguments are required: --feeds"),
        (Ingest, [*FEEDS, "--evn", "dev"], "unrecognized arguments: --evn dev"),
        # A shortened name would change its meaning with the next parameter.
        (Ingest, [*FEEDS, "--ign", "x"], "unrecognized arguments: --ign x"),
        (Train, ["--ranks", "many"], "argument --ranks: invalid int value: 'many'"),
        (Train, ["--ranks"], "argument --ranks: expected one argument"),
        (FetchImages, ["--retry", "yes"], "unrecognized arguments: yes"),
        (Label, ["--run-date", "2026-02-30"], "--run-date: '2026-02-30' is no day YYYY-MM-DD"),
        (Label, ["--run-date", "31.01.2026"], "--run-date: '31.01.2026' is no day YYYY-MM-DD"),
    ],
)
def test_a_wrong_argument_leaves_with_usage(
    kind: type, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        parse(kind, arguments, "aisles it")
    assert left.value.code == 2
    shown = capsys.readouterr().err
    assert shown.startswith("usage: aisles it")
    assert message in shown


@pytest.mark.parametrize("stage", [*STAGES, *APART])
def test_every_stage_explains_every_parameter(stage: str) -> None:
    kind = {**STAGES, **APART}[stage]
    shown = parser(kind, "x").format_help()
    for entry in dataclasses.fields(kind):
        assert f"--{entry.name.replace('_', '-')}" in shown
        assert len(entry.metadata["help"]) > 10
    assert kind.__doc__
    assert "→" in kind.__doc__


def test_a_run_can_hand_every_stage_what_it_requires() -> None:
    given = {entry.name for entry in dataclasses.fields(Run)}
    for kind in STAGES.values():
        required = {f.name for f in dataclasses.fields(kind) if f.default is dataclasses.MISSING}
        assert required <= given


def test_parser_of_is_the_parser_of_the_job() -> None:
    made = cli.parser_of("ingest")
    assert made.prog == "jobs/ingest.py"
    assert made.parse_args(FEEDS).feeds == "in"


@pytest.mark.parametrize(("words", "code"), [(["--help"], 0), (["-h"], 0), ([], 2)])
def test_overview(words: list[str], code: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(words) == code
    shown = capsys.readouterr().out
    assert shown.startswith("usage: aisles COMMAND")
    for stage in [*STAGES, *APART, "run", "demo", "simulate", "sql"]:
        assert f"\n  {stage.replace('_', '-')} " in shown


def test_an_unknown_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["fetch"]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("aisles: there is no command 'fetch'\n")
    assert "fetch-images" in shown.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["sql", "--query", "x", "--env", "moon"],
            "--env moon: there is no conf/moon.yml; known: ",
        ),
        (["label", "--set", "train.epochs"], "--set train.epochs: expected key=value"),
        (["label", "--set", "train.epoch=2"], "config: unknown key train.epoch; known: ranks, "),
        (
            ["run", "--feeds", "/nowhere", "--categories", "c", "--rules", "r"],
            "--feeds /nowhere: no such folder",
        ),
        (["run", "--feeds", "."], "--categories is missing; only --until a stage before review"),
        (
            ["run", "--feeds", ".", "--until", "label", "--categories", __file__],
            "--rules is missing; only --until a stage before review",
        ),
    ],
)
def test_a_users_error_is_one_line(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(words) == 1
    shown = capsys.readouterr().err
    assert shown.startswith(f"aisles: {message}")
    assert "Traceback" not in shown
    assert len(shown.splitlines()) == 1


def test_the_folder_of_the_tables_is_taken_as_it_is() -> None:
    from aisles.stages.job import settings

    found = settings(Label(env="prod", tables="/data/2026")).tables
    assert (found.location, found.catalog) == ("/data/2026", "")
    assert settings(Label(tables="2026")).tables.location == "2026"


def test_the_folder_of_the_jobs_hides_no_module_of_python() -> None:
    """spark-submit puts it before the standard library."""
    folder = Path(__file__).resolve().parents[2] / "jobs"
    hidden = sorted({path.stem for path in folder.glob("*.py")} & sys.stdlib_module_names)
    assert hidden == ["select"]
    code = (
        f"import sys; sys.path.insert(0, {str(folder)!r}); import select, socket, selectors;"
        " print(select.select, selectors.DefaultSelector)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
