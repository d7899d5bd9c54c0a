"""A stage as a spark-submit job from the built package, on executors of their own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import deltalake
import pyspark

from aisles.simulate import small

ROOT = Path(__file__).resolve().parents[2]

PROBE = """
import json, runpy, sys
out, job = sys.argv[1:3]
sys.argv = sys.argv[2:]
runpy.run_path(job, run_name="__main__")
from pyspark.sql import SparkSession
context = SparkSession.getActiveSession().sparkContext
seen = context.parallelize(range(8), 4).map(lambda _: __import__("aisles.feeds").__file__)
json.dump({"master": context.master, "from": seen.distinct().collect()}, open(out, "w"))
"""


def test_a_stage_runs_from_the_zip_on_executors_of_their_own(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    archive = tmp_path / "aisles.zip"
    shutil.copy(next(tmp_path.glob("*.whl")), archive)
    small(str(tmp_path / "sample"))
    probe, found = tmp_path / "probe.py", tmp_path / "found.json"
    probe.write_text(PROBE)
    home = Path(pyspark.__file__).parent
    master = "local-cluster[1,1,1024]"
    command = [
        str(home / "bin" / "spark-submit"), "--master", master, "--py-files", str(archive),
        str(probe), str(found), str(ROOT / "jobs" / "ingest.py"),
        "--env", "local", "--run-date", "2026-11-22",
        "--feeds", str(tmp_path / "sample" / "feeds"), "--tables", str(tmp_path / "tables"),
    ]  # fmt: skip
    env = os.environ | {"SPARK_HOME": str(home), "PYSPARK_PYTHON": sys.executable}
    ran = subprocess.run(
        command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=400, check=False
    )
    assert ran.returncode == 0, ran.stderr[-3000:]
    said = json.loads(found.read_text())
    assert said["master"] == master
    assert all("aisles.zip" in place for place in said["from"]), said
    files = deltalake.DeltaTable(str(tmp_path / "tables" / "feed_files")).to_pyarrow_table()
    assert sum(files["read"].to_pylist()) == sum(files["kept"].to_pylist()) + sum(
        files["rejected"].to_pylist()
    )
    assert files.num_rows > 5
    # Whatever the readers need was in the zip: else files would stand there as unreadable.
    refused = deltalake.DeltaTable(str(tmp_path / "tables" / "rejected_items")).to_pyarrow_table()
    assert [r for r in refused["reason"].to_pylist() if r.startswith("unreadable")] == []


def test_no_file_of_the_package_is_opened_by_its_path() -> None:
    """Inside a zip there is none."""
    known = {"files.py", "session.py"}  # of a checkout; pyspark's own
    users = {p.name for p in (ROOT / "lib").rglob("*.py") if "__file__" in p.read_text("utf-8")}
    assert users <= known
