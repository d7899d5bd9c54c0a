"""`aisles sql`: what it says of a query that cannot be answered."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from aisles import schema
from aisles.cli import main

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the tables of all queries lie."""
    return tmp_path_factory.mktemp("sql")


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("SELECT networc FROM feed_report", "`networc`"),
        ("SELECT 1 FROM nothing", "`nothing`"),
        ("SELEC 1", "'SELEC'"),
    ],
)
def test_a_query_that_cannot_be_answered_ends_in_a_message(
    spark: SparkSession, folder: Path, capfd: pytest.CaptureFixture[str], query: str, says: str
) -> None:
    try:
        assert main(["sql", "--tables", str(folder), "--query", query]) == 1
    finally:
        for name in [*schema.views(), *schema.names()]:
            spark.catalog.dropTempView(name)
    told = capfd.readouterr().err
    assert says in told.split("aisles: ", 1)[1]
    assert "Project" not in told and "Traceback" not in told and "JVM" not in told
    assert len(told) < 1500
