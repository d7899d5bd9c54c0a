"""The answer key of a feed's columns."""

from __future__ import annotations

from typing import Any

from aisles.simulate.assemble import feed_path
from aisles.simulate.formats import delimiter_of
from aisles.simulate.lexicon import Convention, Retailer, conventions

_NAMES = {"utf-8-sig": "utf-8-sig", "cp1252": "windows-1252"}


def roles(shop: Retailer) -> dict[str, Any]:
    """The form of a shop's feed and the right columns of each role."""
    convention = conventions()[shop.convention]
    return {
        "retailer": shop.name,
        "network": shop.network,
        "file": feed_path(shop),
        "format": _form(shop, convention),
        "roles": convention.roles,
    }


def _form(shop: Retailer, convention: Convention) -> dict[str, Any]:
    form: dict[str, Any] = {"encoding": _NAMES.get(shop.encoding, "utf-8")}
    form["compression"] = "gzip" if shop.gzip else None
    if convention.form == "xml":
        return {"type": "xml", "record": convention.record, **form}
    if convention.form == "jsonl":
        return {"type": "jsonl", **form}
    form = {"type": "csv", "delimiter": delimiter_of(shop), "header": convention.header, **form}
    if convention.form == "lines":
        form["quote"] = None
    if convention.frame:
        form["first_line"], form["last_line"] = "HDR", "TRL"
    if not convention.header:
        form["columns"] = [name for name, _ in convention.columns]
    if convention.quote_all:
        form["quoting"] = "all"
    if shop.newline == "\r\n":
        form["line_end"] = "CRLF"
    return form
