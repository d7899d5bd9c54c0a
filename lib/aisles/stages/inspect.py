"""Shows what one feed file holds, before it is let in: no Spark, no tables."""

from __future__ import annotations

import json as jsons
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, BinaryIO

from aisles.stages.params import REQUIRED, Common, param

if TYPE_CHECKING:
    from aisles.stages.inspect_file import Report


@dataclass(frozen=True, kw_only=True)
class Inspect(Common):
    """Shows the columns, roles, fields and rejects of one feed file, before it is let in."""

    file: str = param(REQUIRED, "the file: a path or any address that fsspec opens", place=True)
    network: str = param("", "network that it belongs to; default: the name of its folder")
    retailer: str = param("", "its retailer; default: the file's name up to the first dot")
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
    with _opened(params.file) as stream:
        return survey(stream, params.file, (network or "network", retailer), params.rows)


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
