"""Which module may import which: imports point from the later groups to the earlier ones."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

LIB = Path(__file__).resolve().parents[1] / "lib"

# A unit (a package or a module of aisles) imports units of earlier groups only, none of its own.
GROUPS = (
    {"files", "batches", "lead_time", "parameters", "parts", "together", "typed"},
    {"config", "live_files", "schema", "taxonomy"},
    {"session", "tables", "tracking"},
    {"feeds", "products", "rules", "labels", "encode", "dataset", "network", "calibrate"},
    {"baselines", "train", "score", "select", "explain", "review", "simulate"},
    {"study", "serving", "stages"},
    {"cli"},
)
# Module of one unit -> modules of a sibling that it may import all the same.
SIBLINGS = {"dataset": {"aisles.network", "aisles.network.batch"}}

# What only some units may import, anywhere in a module.
ONLY = {
    "horovod": {"train"},
    "petastorm": {"dataset"},
    "mlflow": {"tracking", "serving"},
    "torch": {
        *{"dataset", "network", "baselines", "train", "score", "select", "explain", "review"},
        *{"study", "serving", "stages"},
    },
}
# What some units never import, not even inside a function.
NEVER = {"network": {"pyspark", "delta"}, "dataset": {"pyspark", "delta"}}
# Units that do not import Spark where they are themselves imported: their ranks start no JVM.
LAZY_SPARK = {"dataset", "network", "train", "config", "taxonomy", "labels", "encode", "rules"}


class Import(NamedTuple):
    """One import statement of one module."""

    path: str
    line: int
    unit: str
    target: str
    at_import: bool  # runs when the module is imported

    def __str__(self) -> str:
        return f"{self.path}:{self.line} ({self.unit}) imports {self.target}"


def unit_of(module: str) -> str:
    """The unit that a module of aisles belongs to; empty for aisles itself."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


def imports_of(source: str, module: str, path: str) -> Iterator[Import]:
    """Every import statement of one module, also those inside functions."""

    def visit(node: ast.AST, at_import: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
                continue  # never runs, and an annotation binds nothing
            if isinstance(child, ast.Import):
                targets = [alias.name for alias in child.names]
            elif isinstance(child, ast.ImportFrom):
                targets = from_targets(child, module, path)
            else:
                inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
                yield from visit(child, at_import and not inside)
                continue
            for target in targets:
                yield Import(path, child.lineno, unit_of(module), target, at_import)

    return visit(ast.parse(source), True)


def from_targets(node: ast.ImportFrom, module: str, path: str) -> list[str]:
    """Modules that a `from` names; `from aisles import config` means aisles.config."""
    base = node.module or ""
    if node.level:
        parts = module.split(".")
        keep = len(parts) - node.level + path.endswith("__init__.py")
        base = ".".join([*parts[:keep], *([base] if base else [])])
    return [f"aisles.{alias.name}" for alias in node.names] if base == "aisles" else [base]


def all_imports() -> list[Import]:
    found: list[Import] = []
    for path in sorted((LIB / "aisles").rglob("*.py")):
        inner = path.relative_to(LIB).with_suffix("")
        parts = inner.parts[:-1] if inner.name == "__init__" else inner.parts
        source = path.read_text(encoding="utf-8")
        found += imports_of(source, ".".join(parts), str(path.relative_to(LIB.parent)))
    return found


IMPORTS = all_imports()
UNITS = {
    path.stem
    for path in (LIB / "aisles").iterdir()
    if path.suffix == ".py" or (path / "__init__.py").is_file()
} - {"__init__"}
PLACE = {unit: place for place, group in enumerate(GROUPS) for unit in group}


def wrong_direction(entry: Import) -> bool:
    """Whether the import points to a later group or to a sibling."""
    if entry.target.split(".")[0] != "aisles":
        return False
    target = unit_of(entry.target)
    if target == entry.unit or entry.target in SIBLINGS.get(entry.unit, ()):
        return False
    return not entry.unit or PLACE[target] >= PLACE[entry.unit]


def forbidden_library(entry: Import) -> bool:
    """Whether the unit must not import that library at all."""
    library = entry.target.split(".")[0]
    allowed = entry.unit in ONLY.get(library, {entry.unit})
    return not allowed or library in NEVER.get(entry.unit, ())


def eager_spark(entry: Import) -> bool:
    """Whether the import would load Spark with the module."""
    library = entry.target.split(".")[0]
    return entry.at_import and entry.unit in LAZY_SPARK and library in ("pyspark", "delta")


def test_every_unit_stands_in_the_table() -> None:
    assert UNITS - set(PLACE) == set()
    assert sum(map(len, GROUPS)) == len(PLACE)


@pytest.mark.parametrize("rule", [wrong_direction, forbidden_library, eager_spark])
def test_no_import_breaks_the_rule(rule) -> None:  # type: ignore[no-untyped-def]
    assert [str(entry) for entry in IMPORTS if rule(entry)] == []


@pytest.mark.parametrize(
    ("module", "source", "rule"),
    [
        ("aisles.rules.load", "from aisles.stages import job", wrong_direction),
        ("aisles.rules.load", "from aisles.feeds.files import FeedFile", wrong_direction),
        ("aisles.rules.load", "def f():\n  from aisles.feeds import x", wrong_direction),
        ("aisles.rules.load", "from ..feeds import files", wrong_direction),
        ("aisles.dataset.rows", "from aisles.network.towers import dense", wrong_direction),
        ("aisles.network.batch", "from aisles.dataset import pin", wrong_direction),
        ("aisles.tables", "from aisles import session", wrong_direction),
        ("aisles.feeds.xml", "import torch", forbidden_library),
        ("aisles.score.scorer", "import horovod.torch as hvd", forbidden_library),
        ("aisles.train.loop", "from petastorm import make_batch_reader", forbidden_library),
        ("aisles.train.loop", "import mlflow.pyfunc", forbidden_library),
        ("aisles.network.batch", "def f():\n  import pyspark", forbidden_library),
        ("aisles.train.loop", "from pyspark.sql import functions", eager_spark),
        ("aisles.train.loop", "try:\n  import pyspark\nexcept ImportError: pass", eager_spark),
    ],
)
def test_a_broken_rule_is_noticed(module: str, source: str, rule) -> None:  # type: ignore[no-untyped-def]
    assert [rule(entry) for entry in imports_of(source, module, "x.py")] == [True]


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("aisles.dataset.loader", "from aisles.network.batch import Batch"),
        ("aisles.dataset.loader", "from aisles.dataset import plan"),
        ("aisles.train.start", "def f():\n  import pyspark"),
        (
            "aisles.labels.tree",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n  import pyspark",
        ),
        ("aisles.cli", "from aisles.stages.params import parse"),
    ],
)
def test_what_is_allowed_is_not_noticed(module: str, source: str) -> None:
    rules = (wrong_direction, forbidden_library, eager_spark)
    for entry in imports_of(source, module, "x.py"):
        assert not any(rule(entry) for rule in rules)


LIGHT = ["config", "stages.params", "cli", "tables", "tracking", "taxonomy", "labels.targets"]
PLAIN = ["feeds.files", "products.text", "rules.matcher", "encode"]
RANKS = ["network", "dataset", "train"]


@pytest.mark.parametrize(
    ("modules", "unwanted"),
    [
        # `aisles --help` answers at once.
        (LIGHT, ["pyspark", "torch", "mlflow", "petastorm", "horovod", "pandas"]),
        (PLAIN, ["pyspark", "torch", "mlflow", "petastorm", "horovod"]),
        # What a trainer rank loads: no Spark, so no JVM, although Petastorm's writer knows it.
        (RANKS, ["pyspark", "py4j", "mlflow", "horovod"]),
    ],
    ids=["light", "plain", "ranks"],
)
def test_what_importing_loads(modules: list[str], unwanted: list[str]) -> None:
    imports = "; ".join(f"import aisles.{module}" for module in modules)
    code = f"{imports}; import sys; print(sorted(set({unwanted!r}) & sys.modules.keys()))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
