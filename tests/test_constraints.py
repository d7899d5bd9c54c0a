"""The lock: every dependency at one version, and no word of where it comes from."""

import re
import tomllib
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
SETUP = ROOT / "setup"


def lines_of(path: Path) -> list[str]:
    texts = [line.split("#")[0].strip() for line in path.read_text(encoding="utf-8").splitlines()]
    return [text for text in texts if text]


def pins() -> dict[str, str]:
    """Package -> version of setup/constraints.txt."""
    found = [re.fullmatch(r"([\w.\-]+)==([\w.]+)", line) for line in lines_of(CONSTRAINTS)]
    assert None not in found, "every line is name==version: no index, no address, no marker"
    return {str(canonicalize_name(one[1])): one[2] for one in found if one}


CONSTRAINTS = SETUP / "constraints.txt"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_the_lock_names_no_index_and_no_horovod() -> None:
    text = CONSTRAINTS.read_text(encoding="utf-8")
    assert not re.search(r"https?:|index-url|find-links|@|--", text)
    assert "horovod" not in pins()


def test_every_dependency_is_pinned() -> None:
    named = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]]
    wanted = {canonicalize_name(Requirement(text).name) for text in named}
    assert wanted - set(pins()) == set()


def test_what_the_lock_is_made_from_agrees_with_it() -> None:
    for text in lines_of(SETUP / "pins.in"):
        asked = Requirement(text)
        version = pins()[canonicalize_name(asked.name)]
        assert version in asked.specifier, text
    needed = {canonicalize_name(name) for name in lines_of(SETUP / "build.txt")}
    assert needed - set(pins()) == {"pip"}


# What an ML runtime brings itself, in the versions that fit its Spark.
RUNTIME = {
    *{"cffi", "cloudpickle", "delta-spark", "fsspec", "mlflow", "numpy", "packaging", "pandas"},
    *{"pillow", "psutil", "pyarrow", "pygments", "pyspark", "pyyaml", "pyzmq", "scikit-learn"},
    *{"scipy", "six", "torch", "typing-extensions", "wrapt"},
}


def test_the_packages_for_databricks_are_complete() -> None:
    listed = [canonicalize_name(name) for name in lines_of(SETUP / "databricks" / "packages.txt")]
    assert listed == sorted(set(listed))
    assert set(listed) & RUNTIME == set()
    assert set(listed) - set(pins()) == set()
    needed: set[str] = set()
    waiting = {canonicalize_name(Requirement(text).name) for text in PROJECT["dependencies"]}
    while waiting:
        name = waiting.pop()
        if name not in RUNTIME | needed:
            needed.add(name)
            waiting |= requirements_of(name)
    assert needed == set(listed)


def requirements_of(name: str) -> set[str]:
    """What an installed package needs on this interpreter, without extras."""
    try:
        texts = requires(name) or []
    except PackageNotFoundError:
        pytest.skip(f"{name} is not installed here")
    wanted = [Requirement(text) for text in texts]
    return {
        str(canonicalize_name(one.name))
        for one in wanted
        if one.marker is None or one.marker.evaluate({"extra": ""})
    }
