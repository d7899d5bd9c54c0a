"""Shows what one feed file holds and what would become of it, before it is let in: no Spark."""

from __future__ import annotations

import json as jsons
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

from aisles.stages.params import REQUIRED, Common, param

if TYPE_CHECKING:
    from aisles.stages.inspect_file import Report
    from aisles.stages.inspect_roles import Known


@dataclass(frozen=True, kw_only=True)
class Inspect(Common):
    """Shows the columns, roles, fields and rejects of one feed file, before it is let in.

    The roles are inferred as ingest and normalise would on --run-date. With --tables what is stored
    there counts as well: the feed's own roles, and what the network's other feeds lend.
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
    known = _known(params, feed)
    with _opened(params.file) as stream:
        return survey(stream, params.file, feed, params.rows, known)


def _known(params: Inspect, feed: tuple[str, str]) -> Known:
    """What normalise would know beside the file."""
    from aisles.stages.inspect_roles import Known
    from aisles.stages.job import day_of
    from aisles.stages.readings import read_overrides, stated_of

    rows = stated_of(read_overrides(params.roles), feed).rows if params.roles else ()
    stored = _stored(params.tables, feed[0]) if params.tables else None
    return Known(day_of(params), [dict(row) for row in rows], stored)


def _stored(tables: str, network: str) -> list[dict[str, Any]]:
    """The rows of column_roles of one network's feeds, read without Spark."""
    import deltalake

    address = f"{tables.rstrip('/')}/column_roles"
    if not deltalake.DeltaTable.is_deltatable(address):
        raise ValueError(f"--tables {tables}: no table column_roles; run aisles normalise first")
    table = deltalake.DeltaTable(address).to_pyarrow_table(filters=[("network", "=", network)])
    found: list[dict[str, Any]] = table.to_pylist()
    return found


def _opened(address: str) -> BinaryIO:
    """The file's bytes from their start."""
    import fsspec

    try:
        system, path = fsspec.core.url_to_fs(address)
        if system.isdir(path):
            raise ValueError(f"{address}: expected one feed file, came a folder; name a file in it")
        stream: BinaryIO = system.open(path, "rb")
    except FileNotFoundError:
        raise ValueError(f"{address}: no such file") from None
    except (OSError, ImportError) as error:
        raise ValueError(f"{address}: it cannot be opened: {error}") from error
    return stream
