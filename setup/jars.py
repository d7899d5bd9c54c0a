"""Puts the jars of the installed delta-spark beside pyspark's own.

With the jars in place every session starts faster than with `spark.jars.packages`, without noise
and without a network. Spark's own resolver fetches them once into its cache.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pyspark

OURS = ("io.delta_", "io.unitycatalog_")
# Everything else that they need (Jackson, Hadoop, ...) Spark has itself, newer.
SPARKS = ("org.*:*", "com.*:*", "commons-*:*", "io.airlift:*")


def coordinates() -> str:
    """Maven name of Delta's Spark artifact; it carries the Spark version and the Scala version."""
    spark = ".".join(pyspark.__version__.split(".")[:2])
    return f"io.delta:delta-spark_{spark}_2.13:{version('delta-spark')}"


def main() -> None:
    home = Path(pyspark.__file__).parent / "jars"
    last = f"delta-spark*{version('delta-spark')}.jar"
    if list(home.glob(f"*{last}")):
        return
    # The one that says that all are there comes last.
    for jar in sorted(resolved(coordinates()), key=lambda jar: jar.match(f"*{last}")):
        if jar.name.startswith(OURS) and not (home / jar.name).exists():
            shutil.copy2(jar, home / f".{jar.name}.new")
            (home / f".{jar.name}.new").rename(home / jar.name)


def resolved(package: str) -> list[Path]:
    """The package's jars and those it needs, in the resolver's cache.

    spark-submit resolves before it runs the script, which asks for the result and starts no
    session: one would have its executor fetch the jars under the machine's own name, which need
    not lead anywhere. What a network does once in a while is tried again.
    """
    for pause in (5, 20, None):
        with tempfile.TemporaryDirectory() as folder:
            script = Path(folder, "resolve.py")
            script.write_text(
                "from pyspark import SparkConf, SparkContext\n"
                "SparkContext._ensure_initialized()\n"
                "print('JARS=' + SparkConf().get('spark.jars', ''))\n"
            )
            submit = Path(pyspark.__file__).parent / "bin" / "spark-submit"
            out = subprocess.run(
                [
                    str(submit),
                    "--master=local[1]",
                    f"--packages={package}",
                    f"--exclude-packages={','.join(SPARKS)}",
                    str(script),
                ],
                capture_output=True,
                text=True,
                cwd=folder,
                check=False,
                env={
                    **os.environ,
                    "SPARK_LOCAL_IP": "127.0.0.1",
                    "PYSPARK_PYTHON": sys.executable,
                    "PYSPARK_DRIVER_PYTHON": sys.executable,
                },
            )
        listed = [line for line in out.stdout.splitlines() if line.startswith("JARS=")]
        jars = (
            [Path(unquote(urlsplit(jar).path)) for jar in listed[0][5:].split(",")]
            if listed
            else []
        )
        if not out.returncode and any(jar.name.startswith(OURS) for jar in jars):
            return jars
        if pause is not None:
            print(f"aisles: Delta's jars: not fetched, trying again in {pause} s", flush=True)
            time.sleep(pause)
    # The cause stands first, what a JVM says while it ends comes last.
    sys.exit(
        f"aisles: Delta's jars ({package}) could not be fetched:\n"
        + out.stderr[:3000]
        + ("\n...\n" + out.stderr[3000:][-1000:] if len(out.stderr) > 3000 else "")
    )


if __name__ == "__main__":
    main()
