"""The Spark session with Delta, the same for spark-submit, the command line and tests."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from aisles import files
from aisles.config import SparkConfig

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_JAVA = "spark.driver.extraJavaOptions"
_DELTA = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    # Dates and times mean the same on every machine.
    "spark.sql.session.timeZone": "UTC",
    # A commit that only repeats what is there is still told apart by its user metadata.
    "spark.sql.parquet.compression.codec": "zstd",
    # Persisted rows lie on disk for minutes: packing them costs more than reading them.
    "spark.sql.inMemoryColumnarStorage.compressed": "false",
    # Wide rows: batches of ten thousand, the default, outgrow the caches and the young generation.
    "spark.sql.inMemoryColumnarStorage.batchSize": "2500",
    # Rows are packed eight times and more, and cleaned by Python: 128 MB are a task of minutes.
    "spark.sql.files.maxPartitionBytes": "32m",
    # A run has more stages than the hundred whose generated code Spark keeps by default.
    "spark.sql.codegen.cache.maxEntries": "2000",
    # Rows of one day, or of a table and its change feed, need no sorting before they are written:
    # Spark sorts as soon as so many files are open.
    "spark.sql.maxConcurrentOutputFileWriters": "4",
    # Where in our code each column was made, for messages: a dozen calls to the JVM for each.
    "spark.python.sql.dataFrameDebugging.enabled": "false",
    # Only partitions that a job writes to are ever replaced, and only by replaceWhere.
    "spark.sql.sources.partitionOverwriteMode": "static",
}


def start(config: SparkConfig, app: str = "aisles") -> SparkSession:
    """The running session, or a new one with Delta and the configured settings."""
    from pyspark.sql import SparkSession

    # Workers run the interpreter that the driver runs, and torch in them one thread each.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    os.environ.setdefault("PYSPARK_DRIVER_PYTHON", sys.executable)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    builder = SparkSession.builder.appName(app)
    if config.master and "spark.master" not in _submitted():
        builder = builder.master(config.master)
    java = ""
    if config.master.startswith("local"):
        # Set before the JVM starts: which address to use, and to say no more than errors.
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
        if (log := files.folder("conf") / "log4j2.properties").is_file():
            given = config.conf.get(_JAVA, "")
            java = f"-Dlog4j2.configurationFile={log} {given}".strip()
    if config.driver_memory:
        builder = builder.config("spark.driver.memory", config.driver_memory)
    for key, value in {**_DELTA, **config.conf, **({_JAVA: java} if java else {})}.items():
        builder = builder.config(key, value)
    jars = _jars()
    if jars:
        builder = builder.config("spark.jars.packages", jars)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session


def _submitted() -> set[str]:
    """Settings that spark-submit was given; a master named there wins over the file."""
    from pyspark import SparkConf, SparkContext

    if SparkContext._gateway is None and "PYSPARK_GATEWAY_PORT" not in os.environ:
        return set()
    SparkContext._ensure_initialized()  # the settings are in the JVM that spark-submit started
    return {key for key, _ in SparkConf().getAll()}


def _jars() -> str:
    """Maven name of Delta's jars where they are not already beside Spark's own."""
    import pyspark

    if "DATABRICKS_RUNTIME_VERSION" in os.environ:
        return ""
    home = Path(os.environ.get("SPARK_HOME", Path(pyspark.__file__).parent)) / "jars"
    if any(home.glob("*delta-spark*.jar")):
        return ""
    from importlib.metadata import version

    spark = ".".join(pyspark.__version__.split(".")[:2])
    return f"io.delta:delta-spark_{spark}_2.13:{version('delta-spark')}"
