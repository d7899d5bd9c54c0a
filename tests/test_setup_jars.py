"""The fetching of Delta's jars, with a resolver that is a script: nothing is fetched."""

import importlib.util
import time
from pathlib import Path
from types import ModuleType

import pyspark
import pytest

SCRIPT = Path(__file__).resolve().parents[1] / "setup" / "jars.py"
SUBMIT = """#!/bin/bash
echo called >>"$LOG"
[ "$(wc -l <"$LOG")" -gt {failures} ] || {{ echo "the cause" >&2; exit 1; }}
echo "JARS=$LISTED"
"""


@pytest.fixture
def jars(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """setup/jars.py for a pyspark in tmp_path/spark; spark-submit is still to be written."""
    home = tmp_path / "spark"
    (home / "jars").mkdir(parents=True)
    (home / "bin").mkdir()
    (home / "__init__.py").touch()
    monkeypatch.setattr(pyspark, "__file__", str(home / "__init__.py"))
    monkeypatch.setattr(time, "sleep", lambda _: None)
    monkeypatch.setenv("LOG", str(tmp_path / "log"))
    spec = importlib.util.spec_from_file_location("setup_jars", SCRIPT)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def submit(folder: Path, failures: int) -> None:
    script = folder / "spark" / "bin" / "spark-submit"
    script.write_text(SUBMIT.format(failures=failures))
    script.chmod(0o755)


def listed(
    folder: Path, module: ModuleType, monkeypatch: pytest.MonkeyPatch, *more: str
) -> list[Path]:
    last = f"io.delta_delta-spark_4.2_2.13-{module.version('delta-spark')}.jar"
    found = [folder / "a cache" / name for name in (last, *more)]
    found[0].parent.mkdir()
    for path in found:
        path.write_text(path.name)
    monkeypatch.setenv("LISTED", ",".join(path.as_uri() for path in found))
    return found


def test_what_fails_once_is_tried_again(
    tmp_path: Path, jars: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit(tmp_path, failures=2)
    names = ["io.delta_delta-storage-4.4.0.jar", "org.roaringbitmap_RoaringBitmap-0.9.25.jar"]
    found = listed(tmp_path, jars, monkeypatch, *names)
    jars.main()
    home = tmp_path / "spark" / "jars"
    assert sorted(path.name for path in home.iterdir()) == sorted(p.name for p in found[:2])
    assert all((home / path.name).read_text() == path.name for path in found[:2])
    jars.main()
    assert (tmp_path / "log").read_text().count("called") == 3  # not again once all are there


def test_a_kill_between_two_jars_is_made_good(
    tmp_path: Path, jars: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit(tmp_path, failures=0)
    names = ["io.delta_delta-storage-4.4.0.jar", "io.delta_delta-kernel-api-4.4.0.jar"]
    found = listed(tmp_path, jars, monkeypatch, *names)
    home, real, copied = tmp_path / "spark" / "jars", jars.shutil.copy2, []

    def killed(source: Path, target: Path) -> None:
        if len(copied) == 2:
            raise KeyboardInterrupt
        copied.append(source)
        real(source, target)

    monkeypatch.setattr(jars.shutil, "copy2", killed)
    with pytest.raises(KeyboardInterrupt):
        jars.main()
    monkeypatch.setattr(jars.shutil, "copy2", real)
    jars.main()
    assert {path.name for path in home.iterdir()} == {path.name for path in found}


def test_the_cause_is_told(
    tmp_path: Path, jars: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit(tmp_path, failures=9)
    listed(tmp_path, jars, monkeypatch)
    with pytest.raises(SystemExit, match="could not be fetched:\nthe cause"):
        jars.main()
    assert (tmp_path / "log").read_text().count("called") == 3
    assert not list((tmp_path / "spark" / "jars").iterdir())
