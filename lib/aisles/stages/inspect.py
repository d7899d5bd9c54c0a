"""Shows what one feed file holds and what would become of it, before it is let in: no Spark."""

from __future__ import annotations

import json as jsons
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

from aisles.stages.params import REQUIRED, Common, param

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

    from aisles.stages.inspect_file import Report
    from aisles.stages.inspect_roles import Known


@dataclass(frozen=True, kw_only=True)
class Inspect(Common):
    """Shows the columns, roles, fields and rejects of one feed file, before it is let in.

    The roles are inferred as ingest and normalise would on --run-date. With --tables what is stored
    there counts as well: the feed's own roles, what the network's other feeds lend, and how much
    the feed's last delivery held.
    """

    file: str = param(REQUIRED, "the file: a path or any address that fsspec opens", place=True)
    network: str = param("", "network that it belongs to; default: the name of its folder")
    retailer: str = param("", "its retailer; default: the file's name up to the first dot")
    roles: str = param("", "CSV network,retailer,column,role that overrides inferred roles")
    rows: int = param(0, "records to look at; default: all of them")
    json: bool = param(False, "print the report as JSON")


def run(params: Inspect) -> None:
    """Prints the report on the file."""
    report = inspected(params)
    if params.json:
        print(jsons.dumps(asdict(report), ensure_ascii=False, indent=2))
        return
    from aisles.stages.inspect_view import show
    from aisles.stages.report import console

    show(console(), report)


def inspected(params: Inspect) -> Report:
    """The report on the file.

    Raises:
        ValueError: when it cannot be opened or nothing of it can be read.
    """
    from aisles.stages.inspect_file import survey

    if params.rows < 0:
        raise ValueError(f"--rows {params.rows}: expected a number of records, 0 for all")
    parts = params.file.replace("\\", "/").rstrip("/").split("/")
    retailer = params.retailer or parts[-1].split(".", 1)[0]
    network = params.network or (parts[-2] if len(parts) > 1 else "")
    feed = (network or "network", retailer)
    system, path = _found(params.file)
    known = _known(params, feed, _bytes(system, path))
    with _opened(params.file, system, path) as stream:
        return survey(stream, params.file, feed, params.rows, known)


def _known(params: Inspect, feed: tuple[str, str], size: int | None) -> Known:
    """What normalise would know beside the file; size: its bytes."""
    from aisles.stages.inspect_loss import Past
    from aisles.stages.inspect_roles import Known
    from aisles.stages.job import day_of, settings
    from aisles.stages.readings import read_overrides, stated_of

    day = day_of(params)
    stated = stated_of(read_overrides(params.roles), feed).rows if params.roles else ()
    rows = [dict(row) for row in stated]
    if not params.tables:
        return Known(day, rows)
    network, retailer = ((name, "=", value) for name, value in zip(("network", "retailer"), feed))
    stored = _stored(params.tables, "column_roles", [network])
    files = _stored(params.tables, "feed_files", [network, retailer, ("run_date", "<", day)])
    return Known(day, rows, stored, Past(files, size, settings(params).ingest.sudden_loss))


def _stored(tables: str, table: str, where: list[Any]) -> list[dict[str, Any]]:
    """The rows of one table for which all that is asked holds, read without Spark."""
    import deltalake

    address = f"{tables.rstrip('/')}/{table}"
    if not deltalake.DeltaTable.is_deltatable(address):
        raise ValueError(f"--tables {tables}: no table {table}; run aisles normalise first")
    found: list[dict[str, Any]] = (
        deltalake.DeltaTable(address).to_pyarrow_table(filters=where).to_pylist()
    )
    return found


def _found(address: str) -> tuple[AbstractFileSystem, str]:
    """Where the file lies, and its path there."""
    import fsspec

    try:
        system, path = fsspec.core.url_to_fs(address)
        if system.isdir(path):
            raise ValueError(f"{address}: expected one feed file, came a folder; name a file in it")
    except (OSError, ImportError) as error:
        raise ValueError(f"{address}: it cannot be opened: {error}") from error
    return system, path


def _bytes(system: AbstractFileSystem, path: str) -> int | None:
    """The file's size, null where its storage does not say."""
    try:
        size: int | None = system.size(path)
    except OSError:
        return None
    return size


def _opened(address: str, system: AbstractFileSystem, path: str) -> BinaryIO:
    """The file's bytes from their start."""
    try:
        stream: BinaryIO = system.open(path, "rb")
    except FileNotFoundError:
        raise ValueError(f"{address}: no such file") from None
    except OSError as error:
        raise ValueError(f"{address}: it cannot be opened: {error}") from error
    return stream
