"""Feeds with the right roles of their columns, and how an answer fares against them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import small_feeds
import world
import yaml

from aisles.feeds.formats import unique_names
from aisles.feeds.infer import SAMPLE_ROWS, ColumnRole, ColumnSample
from aisles.feeds.parse import parse

_WHOLE_KEYS = ("layouts", "world held", "world open", "found")
"""Sources whose keys name every role that the feed has."""


@dataclass(frozen=True)
class Case:
    """One feed: its columns, whether they have names, and its key: role -> (right ones, needed)."""

    source: str
    network: str
    feed: str
    columns: list[ColumnSample]
    header: bool
    key: Mapping[str, tuple[set[str], bool]]


def layouts() -> Iterator[Case]:
    """The layouts of layouts.txt, world.txt and world_found.txt with made-up values."""
    for name, layout in small_feeds.LAYOUTS.items():
        columns = [ColumnSample(c, small_feeds.VALUES[kind]) for c, (kind, _) in layout.items()]
        roles = {role for _, role in layout.values() if role}
        key = {role: ({c for c, (_, r) in layout.items() if r == role}, True) for role in roles}
        yield Case("layouts", name, name, columns, True, key)
    for made in world.layouts():
        columns = [ColumnSample(c, v) for c, v in world.values(made).items()]
        source = "found" if made.found else "world held" if made.held else "world open"
        yield Case(source, made.name, made.name, columns, made.header, world.right_columns(made))


def feeds(folder: Path, source: str) -> Iterator[Case]:
    """Every feed of the folder that has a key of roles."""
    for path in sorted([*folder.glob("feeds/*/roles_*.json"), *folder.glob("roles/*.json")]):
        key = json.loads(path.read_text())
        parsed = parse(folder / key["file"], key["file"])
        records = [
            dict(v) for batch in parsed for v in batch["values"].to_pylist() if v is not None
        ]
        some = records[:: max(len(records) // SAMPLE_ROWS, 1)][:SAMPLE_ROWS]
        form = parsed.format
        assert form is not None
        names = list(form.columns) or list(dict.fromkeys(n for r in some for n in r))
        columns = [ColumnSample(n, [r.get(n) for r in some]) for n in names]
        right = {role: ({str(c) for c in cs}, bool(cs)) for role, cs in key["roles"].items()}
        header = form.header or form.container != "delimited"
        yield Case(source, key["network"], key["retailer"], columns, header, right)


def real_rows(kit: Path) -> Iterator[Case]:
    """The single rows of the evaluation feeds' folder, each as a feed."""
    roles = yaml.safe_load((Path(__file__).parent / "real_rows.yml").read_text("utf-8"))
    for no, line in enumerate((kit / "real_rows.jsonl").read_text("utf-8").splitlines()):
        case = json.loads(line)
        names = unique_names(case["columns"])
        filled = {n for n, v in zip(names, case["row"], strict=False) if v}
        key = {}
        for role, known in roles[case["network"].lower()].items():
            right = {n for n in names if n in known}
            key[role] = (right, bool(right & filled))
        columns = [ColumnSample(n, [v]) for n, v in zip(names, case["row"], strict=False)]
        yield Case("real rows", case["network"].lower(), f"row {no}", columns, True, key)


def hidden(case: Case) -> Case:
    """The case without its header; roles whose columns are wholly empty are not asked for."""
    place = {c.name: str(no) for no, c in enumerate(case.columns)}
    filled = {c.name for c in case.columns if any(c.values)}
    key = {
        role: ({place[n] for n in names & filled}, needed and bool(names & filled))
        for role, (names, needed) in case.key.items()
        if not names or names & filled
    }
    columns = [ColumnSample(place[c.name], c.values) for c in case.columns]
    return replace(case, columns=columns, header=False, key=key)


def few(case: Case) -> Case:
    """The case with its first five rows only; what is blank in them need not be found."""
    columns = [ColumnSample(c.name, c.values[:5]) for c in case.columns]
    filled = {c.name for c in columns if any(c.values)}
    key = {r: (names, needed and bool(names & filled)) for r, (names, needed) in case.key.items()}
    return replace(case, columns=columns, key=key)


Verdicts = dict[str, tuple[bool, str]]


def judged(case: Case, found: list[ColumnRole]) -> Verdicts:
    """Role -> whether it is right, and what was found against what was wanted."""
    given = defaultdict(set)
    for column in found:
        given[column.role].add(column.column)
    result = {}
    for role, (names, needed) in case.key.items():
        right = given[role] <= names and (bool(given[role]) or not needed)
        result[role] = (right, f"{sorted(given[role])} instead of {sorted(names)}")
    if case.source in _WHOLE_KEYS:
        for role in set(filter(None, given)) - set(case.key):
            result[role] = (False, f"{sorted(given[role])} instead of none")
    return result
