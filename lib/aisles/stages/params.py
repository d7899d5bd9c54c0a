"""The parameters of every stage: one definition for spark-submit, the command line, workflows."""

from __future__ import annotations

import argparse
import dataclasses
import datetime as dt
import typing
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


def param(default: Any, help_text: str, place: bool = False) -> Any:
    """A stage parameter with its help text; MISSING as default makes it required.

    place: it is given by its place (`aisles inspect FILE`) and not as `--name`.
    """
    metadata = {"help": help_text, "place": place}
    if default is dataclasses.MISSING:
        return field(metadata=metadata)
    return field(default=default, metadata=metadata)


REQUIRED = dataclasses.MISSING


@dataclass(frozen=True, kw_only=True)
class Common:
    """What every stage takes."""

    env: str = param("local", "configuration file under conf/ (without .yml)")
    run_date: str = param("", "day that the run stands for, YYYY-MM-DD; default: today in UTC")
    tables: str = param("", "folder of the Delta tables; default: as configured")
    set: tuple[str, ...] = param((), "override a setting, such as train.epochs=2 (repeatable)")


@dataclass(frozen=True, kw_only=True)
class Ingest(Common):
    """feed files → raw_items, rejected_items, feed_files"""

    feeds: str = param(REQUIRED, "folder with one file <network>/<retailer>.* a feed")
    ignore: tuple[str, ...] = param((), "glob pattern of files to leave out (repeatable)")


@dataclass(frozen=True, kw_only=True)
class Normalise(Common):
    """raw_items → column_roles, products, rejected_items"""

    roles: str = param("", "CSV network,retailer,column,role that overrides inferred roles")


@dataclass(frozen=True, kw_only=True)
class FetchImages(Common):
    """products → images"""

    images: str = param(
        "", "CSV prefix,location: URL prefix and the folder, archive or mirror serving it"
    )
    web: bool = param(False, "fetch the other pictures from their hosts; default: as configured")
    retry: bool = param(False, "also try again the pictures that could not be had")
    refresh: bool = param(False, "also ask whether stored pictures have changed")


@dataclass(frozen=True, kw_only=True)
class Review(Common):
    """answers of people → human_labels, answer_imports, rejected_answers, label_conflicts"""

    answers: str = param(
        "", "file, folder or address of answers: CSV, Parquet or Label Studio JSON; see README"
    )
    categories: str = param("", "CSV of the category tree; default: the table categories")


@dataclass(frozen=True, kw_only=True)
class Label(Common):
    """products, rules, human_labels → categories, rules, rule_votes, labels"""

    categories: str = param("", "CSV category_id,parent_id,level,name,path; default: as stored")
    rules: str = param("", "CSV rule_id,category_id,condition,enabled,author_note; default: stored")


@dataclass(frozen=True, kw_only=True)
class Snapshot(Common):
    """products, labels, images → snapshots, outputs, examples"""


@dataclass(frozen=True, kw_only=True)
class Train(Common):
    """examples → a model in the registry"""

    snapshot: str = param("", "snapshot_id; default: the newest")
    ranks: int = param(0, "Horovod ranks; default: as configured")


@dataclass(frozen=True, kw_only=True)
class Evaluate(Common):
    """examples, answers or truth, model → figures, thresholds"""

    truth: str = param("", "folder of truth files; measures only, changes nothing else")


@dataclass(frozen=True, kw_only=True)
class Score(Common):
    """products, images, model → scores, embeddings"""


@dataclass(frozen=True, kw_only=True)
class RuleReport(Common):
    """rules, rule_votes, human_labels, scores → rule_report, category_rule_report"""

    page: str = param("", "file of the HTML page; default: rules.html beside the tables")


@dataclass(frozen=True, kw_only=True)
class Select(Common):
    """scores, rule_votes → candidates"""

    round: int = param(0, "number of the round; default: one after the newest")


@dataclass(frozen=True, kw_only=True)
class Audit(Common):
    """examples, labels → candidates: labels that are probably wrong"""

    snapshot: str = param("", "snapshot_id whose labels are looked at; default: the newest")
    round: int = param(0, "number of the round; default: one after the newest")


@dataclass(frozen=True, kw_only=True)
class Run(Common):
    """All stages, feed files to candidates, in one session."""

    feeds: str = param(REQUIRED, "folder with one file <network>/<retailer>.* a feed")
    categories: str = param("", "CSV category_id,parent_id,level,name,path; from label on needed")
    rules: str = param("", "CSV rule_id,category_id,condition,enabled,author_note; likewise")
    answers: str = param("", "file, folder or address of human answers, see review")
    truth: str = param("", "folder of truth files; for evaluate alone")
    images: str = param("", "CSV prefix,location of pictures")
    ignore: tuple[str, ...] = param((), "glob pattern of feed files to leave out (repeatable)")
    until: str = param("", "stop after this stage")


STAGES: dict[str, type[Common]] = {
    "ingest": Ingest,
    "normalise": Normalise,
    "fetch_images": FetchImages,
    "review": Review,
    "label": Label,
    "snapshot": Snapshot,
    "train": Train,
    "evaluate": Evaluate,
    "score": Score,
    "select": Select,
}
# Stages that `aisles run` leaves out: started by themselves, now and then.
APART: dict[str, type[Common]] = {"audit": Audit, "rule_report": RuleReport}


def parser(kind: type[Common], prog: str) -> argparse.ArgumentParser:
    """The command-line parser of one stage, made from its fields."""
    made = argparse.ArgumentParser(prog=prog, description=kind.__doc__, allow_abbrev=False)
    hints = typing.get_type_hints(kind)
    for entry in dataclasses.fields(kind):
        flag = "--" + entry.name.replace("_", "-")
        required = entry.default is dataclasses.MISSING
        options: dict[str, Any] = {"help": entry.metadata["help"], "required": required}
        if entry.metadata["place"]:
            made.add_argument(entry.name, metavar=entry.name.upper(), help=entry.metadata["help"])
            continue
        if hints[entry.name] is bool:
            options["action"] = "store_true"
        elif typing.get_origin(hints[entry.name]) is tuple:
            options.update(action="append", default=None, metavar=entry.name.upper())
        else:
            options.update(type=hints[entry.name], metavar=entry.name.upper())
            if not required:
                options["default"] = entry.default
        made.add_argument(flag, **options)
    return made


def parse(kind: type[Common], arguments: Sequence[str], prog: str = "aisles") -> Any:
    """The parameters that the arguments give; leaves with usage on a wrong one."""
    made = parser(kind, prog)
    values = vars(made.parse_args(list(arguments)))
    for key, value in values.items():
        if value is None:
            values[key] = ()
        elif isinstance(value, list):
            values[key] = tuple(value)
    if values["run_date"]:
        try:
            dt.datetime.strptime(values["run_date"], "%Y-%m-%d")
        except ValueError:
            made.error(f"argument --run-date: {values['run_date']!r} is no day YYYY-MM-DD")
    return kind(**values)
