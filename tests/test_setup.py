"""Set-up from nothing, with everything that it would call replaced: nothing is installed."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SETUP = ROOT / "setup"
TOOLS = ["bash", "dirname", "sed", "head", "mkdir", "cat", "chmod", "cp", "mv", "rm", "ls", "wc"]
TOOLS += ["mktemp"]

PYTHON = """#!/bin/bash
echo "python $*" >>"$LOG"
case "$*" in
  *version_info*) exit {version} ;;
  *ensurepip*) exit {venv} ;;
  "-m venv "*) mkdir -p "$3/bin"; for x in pip uv python; do cp "$FAKES/echo" "$3/bin/$x"; done ;;
esac
"""
ECHO = '#!/bin/bash\necho "${0##*/} $*" >>"$LOG"\n[ "$*" != "-m pip install -q uv" ] || exit 0\n'


class Machine:
    """A folder with a copy of setup/, a PATH of a few fake programs, and a log of their calls."""

    def __init__(self, folder: Path) -> None:
        self.home, self.bin, self.log = folder / "aisles", folder / "bin", folder / "log"
        shutil.copytree(SETUP, self.home / "setup")
        self.bin.mkdir()
        self.log.touch()
        for tool in TOOLS:
            found = shutil.which(tool)
            assert found
            (self.bin / tool).symlink_to(found)
        self.write("echo.fake", ECHO)
        (self.bin / "echo.fake").rename(folder / "echo")
        self.env = {"PATH": str(self.bin), "LOG": str(self.log), "FAKES": str(folder)}

    def write(self, name: str, text: str) -> None:
        (self.bin / name).write_text(text)
        (self.bin / name).chmod(0o755)

    def python(self, version: int = 0, venv: int = 0) -> None:
        self.write("python3", PYTHON.format(version=version, venv=venv))

    def java(self, shown: str = 'openjdk version "17.0.9" 2023-10-17') -> None:
        self.write("java", f"#!/bin/bash\necho '{shown}' >&2\n")

    def run(self, script: str, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.home / "setup" / script), *arguments],
            env={**self.env, **env},
            cwd="/",
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def install(self, **env: str) -> subprocess.CompletedProcess[str]:
        return self.run("install.sh", ".venv", **env)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def refused(machine: Machine, found: subprocess.CompletedProcess[str], message: str) -> None:
    assert found.returncode == 1
    assert found.stdout == ""
    assert found.stderr == f"aisles: {message}\n"
    assert not (machine.home / ".venv").exists()


NO_PYTHON = "needs Python 3.11 or 3.12 (not found as python3.11, python3 or python3.12)"


def test_no_python(machine: Machine) -> None:
    refused(machine, machine.install(), NO_PYTHON)


def test_another_python(machine: Machine) -> None:
    machine.python(version=1)
    refused(machine, machine.install(), NO_PYTHON)


def test_python_without_venv(machine: Machine) -> None:
    machine.python(venv=1)
    message = "needs Python's venv module (Debian: apt-get install python3-venv)"
    refused(machine, machine.install(), message)


def test_no_java(machine: Machine) -> None:
    machine.python()
    message = "needs a JDK 17 or newer (found: none; looked for java)"
    refused(machine, machine.install(), message)
    java = machine.bin / "bin" / "java"
    message = f"needs a JDK 17 or newer (found: none; looked for {java})"
    refused(machine, machine.install(JAVA_HOME=str(machine.bin)), message)


@pytest.mark.parametrize(
    ("shown", "major"),
    [
        ('openjdk version "11.0.21" 2023-10-17', "11"),
        ('java version "1.8.0_392"', "1"),
        ("Error: could not find libjava.so", "none"),
    ],
)
def test_an_old_java(machine: Machine, shown: str, major: str) -> None:
    machine.python()
    machine.java(shown)
    message = f"needs a JDK 17 or newer (found: {major}; looked for java)"
    refused(machine, machine.install(), message)


def test_no_compiler(machine: Machine) -> None:
    machine.python()
    machine.java()
    message = "needs a C++ compiler to build Horovod (Debian: apt-get install g++)"
    refused(machine, machine.install(), message)


def test_no_cmake(machine: Machine) -> None:
    machine.python()
    machine.java()
    machine.write("clang++", "#!/bin/bash\n")
    message = "needs cmake to build Horovod (Debian: apt-get install cmake)"
    refused(machine, machine.install(), message)


@pytest.mark.parametrize("java", ['openjdk version "17.0.9" 2023-10-17', 'java version "25" 2025'])
def test_with_all_there_the_steps_follow_each_other(machine: Machine, java: str) -> None:
    machine.python()
    machine.java(java)
    machine.write("cmake", "#!/bin/bash\n")
    step = machine.home / "setup" / "horovod.sh"
    step.write_text('#!/bin/bash\necho "horovod $*" >>"$LOG"\n')
    for _ in range(2):
        found = machine.install(AISLES_CXX="my-compiler")
        assert found.stderr == ""
        assert found.returncode == 0
        assert found.stdout.splitlines()[-1].endswith("ready")
    calls = machine.log.read_text().splitlines()
    assert sum(call == "python -m venv .venv" for call in calls) == 1
    after = calls[calls.index("python -m venv .venv") + 1 :][:6]
    assert [call.split()[0] for call in after] == ["pip", "uv", "pip", "uv", "horovod", "python"]
    assert after[0] == "pip install -q uv"
    assert all("-c setup/constraints.txt" in call for call in after[1:4])
    # Its build reads the installed torch: packages come before it.
    assert after[4] == "horovod .venv"
    assert after[5] == "python setup/jars.py"


@pytest.mark.parametrize(
    ("given", "passed"),
    [
        ("-O3 -g -std=c++14 -c a.cc", "-O1 -std=c++20 -c a.cc"),
        ("-O2 -std=c++17 -ggdb -DX=-g", "-O2 -std=c++17 -ggdb -DX=-g"),
        ("", ""),
    ],
)
def test_the_compiler_gets_other_flags(machine: Machine, given: str, passed: str) -> None:
    machine.write("fake++", '#!/bin/bash\nprintf "%s|" "$@"\nexit 7\n')
    found = machine.run("compiler.sh", *given.split(), AISLES_CXX="fake++")
    words = ["-include", "string", *passed.split()]
    assert found.stdout == "".join(f"{word}|" for word in words)
    assert found.returncode == 7


def test_the_compiler_keeps_words_with_blanks_whole(machine: Machine) -> None:
    machine.write("fake++", '#!/bin/bash\nprintf "%s|" "$@"\n')
    found = machine.run("compiler.sh", '-DNAME="a b"', "x y.cc", AISLES_CXX="fake++")
    assert found.stdout == '-include|string|-DNAME="a b"|x y.cc|'


RUNTIME_PYTHON = """#!/bin/bash
echo "python $*" >>"$LOG"
case "$*" in
  -) while read -r _; do :; done; echo "$KEY" ;;
  "-m pip wheel"*) while [ "$1" != --wheel-dir ]; do shift; done; mkdir -p "$2"
    : >"$2/ftfy-1-py3-none-any.whl" ;;
  *horovod.torch*) exit "${HOROVOD:-0}" ;;
esac
"""
KEY = "torch2.9.1-py312-x86_64"


@pytest.fixture
def cluster(machine: Machine) -> Machine:
    """A machine with an ML runtime's Python."""
    machine.write("python", RUNTIME_PYTHON)
    machine.env |= {"AISLES_PYTHON_HOME": str(machine.home / "runtime"), "KEY": KEY}
    (machine.home / "runtime").mkdir()
    (machine.home / "runtime" / "bin").symlink_to(machine.bin)
    step = machine.home / "setup" / "horovod.sh"
    step.write_text(
        '#!/bin/bash\nmkdir -p "$XDG_CACHE_HOME/aisles/horovod-1-x"\n'
        ': >"$XDG_CACHE_HOME/aisles/horovod-1-x/horovod-1-cp312-linux.whl"\n'
    )
    return machine


def test_a_wheelhouse_is_filled_and_installed(cluster: Machine, tmp_path: Path) -> None:
    volume = tmp_path / "volume"
    for _ in range(2):
        found = cluster.run("databricks/wheelhouse.sh", str(volume))
        assert found.stderr == ""
        assert found.stdout == f"aisles: 2 wheels in {volume} for {KEY}\n"
    assert sorted(p.name for p in volume.iterdir()) == ["built_for", "init.sh", "wheels"]
    wheels = sorted((volume / "wheels").iterdir())
    assert [p.name for p in wheels] == ["ftfy-1-py3-none-any.whl", "horovod-1-cp312-linux.whl"]

    cluster.log.write_text("")
    env = {"AISLES_SETUP": str(volume), "AISLES_HOROVOD": "required"}
    found = cluster.run("databricks/init.sh", **env)
    assert (found.returncode, found.stdout, found.stderr) == (0, "", "")
    names = " ".join(map(str, wheels))
    assert cluster.log.read_text().splitlines() == [
        "python -",
        f"python -m pip install -q --no-index --no-deps {names}",
        "python -m pip config --global set install.no-deps true",
        "python -c import horovod.torch",
    ]


@pytest.mark.parametrize(
    ("env", "message"),
    [
        ({}, "AISLES_SETUP is not set: the folder that wheelhouse.sh filled"),
        (
            {"AISLES_SETUP": "/nowhere"},
            "/nowhere/wheels is missing; run setup/databricks/wheelhouse.sh once",
        ),
        (
            {"AISLES_SETUP": "VOLUME", "KEY": "torch3.0-py312-x86_64"},
            f"VOLUME is for {KEY}, this cluster is torch3.0-py312-x86_64; run wheelhouse.sh on it",
        ),
        (
            {"AISLES_SETUP": "VOLUME", "AISLES_HOROVOD": "required", "HOROVOD": "1"},
            "Horovod does not load; run wheelhouse.sh again",
        ),
    ],
)
def test_a_cluster_that_does_not_fit_does_not_start(
    cluster: Machine, tmp_path: Path, env: dict[str, str], message: str
) -> None:
    volume = tmp_path / "volume"
    assert cluster.run("databricks/wheelhouse.sh", str(volume)).returncode == 0
    given = {name: value.replace("VOLUME", str(volume)) for name, value in env.items()}
    found = cluster.run("databricks/init.sh", **given)
    assert found.returncode == 1
    assert found.stderr == f"aisles: {message.replace('VOLUME', str(volume))}\n"


def test_a_wheelhouse_is_made_on_a_cluster_only(machine: Machine, tmp_path: Path) -> None:
    script = "databricks/wheelhouse.sh"
    found = machine.run(script, str(tmp_path / "v"), AISLES_PYTHON_HOME="/none")
    assert found.returncode == 1
    message = "/none/bin/python is missing; run this on a cluster of the runtime"
    assert found.stderr == f"aisles: {message}\n"
    assert machine.run(script).stderr.startswith("aisles: usage: wheelhouse.sh ")


@pytest.mark.parametrize("script", [str(p.relative_to(SETUP)) for p in SETUP.rglob("*.sh")])
def test_every_script_can_be_run_and_parsed(script: str) -> None:
    assert os.access(SETUP / script, os.X_OK)
    subprocess.run(["bash", "-n", str(SETUP / script)], check=True)
