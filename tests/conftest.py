"""One Spark session for all tests, with the settings of a small machine."""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from aisles.tables import Tables

ROOT = Path(__file__).resolve().parents[1]
KIT = Path(os.environ.get("AISLES_KIT", ROOT.parent / "shared" / "data"))

# A loaded machine is no failure: what must end in time has a timeout of its own.
settings.register_profile("aisles", deadline=None)
settings.load_profile("aisles")

os.environ["PYSPARK_PYTHON"] = sys.executable
os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with Spark tests first: two workers then end at about the same time."""
    slow = {item.path for item in items if "spark" in getattr(item, "fixturenames", ())}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    """A local session on two cores; one task a shuffle, since tests hold few rows.

    Each table is created once: in other folders it begins as a copy of the empty one.
    """
    import dataclasses

    from aisles.config import load
    from aisles.session import start
    from aisles.tables import Tables

    config = load("local").spark
    small = {**config.conf, "spark.sql.shuffle.partitions": "1", "spark.default.parallelism": "2"}
    session = start(dataclasses.replace(config, conf=small, driver_memory="2g"), "aisles-tests")
    place = tmp_path_factory.mktemp("empty")
    empty = Tables(session, load("local", {"tables.location": str(place)}).tables)
    plain = Tables.ensure

    def ensure(self: "Tables", table: str) -> None:
        fresh = table not in self._ready and not self.config.catalog
        if fresh and "://" not in self.config.location and not Path(self.path(table)).exists():
            plain(empty, table)
            shutil.copytree(empty.path(table), self.path(table))
        plain(self, table)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Tables, "ensure", ensure)
        yield session
    session.stop()


@pytest.fixture(scope="session")
def kit() -> Path:
    """The folder of the evaluation feeds; the test is skipped without it."""
    if not KIT.is_dir():
        pytest.skip(f"no evaluation feeds at {KIT}")
    return KIT
