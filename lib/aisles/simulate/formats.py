"""Records as the bytes of a feed file: delimited text, XML, JSON lines."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from functools import cache
from xml.sax.saxutils import escape, quoteattr

from aisles.simulate.draws import key_of
from aisles.simulate.lexicon import Convention, Retailer, conventions
from aisles.simulate.products import Product
from aisles.simulate.records import Record
from aisles.simulate.shops import retailer
from aisles.simulate.values import Value, values

_MONTH = "2025-03"


class Form:
    """How one shop writes its records. products: of all shops together."""

    def __init__(self, shop: Retailer, products: int) -> None:
        self.shop = shop
        self.convention = conventions()[shop.convention]
        self.delimiter = delimiter_of(shop)
        self.names = [name for name, _ in self.convention.columns]
        self.blank: list[str] = []
        self.filled: list[tuple[int, Value]] = []
        known = values(shop.name, products)
        for place, (_, what) in enumerate(self.convention.columns):
            self.blank.append(what[1:] if what[:1] == "=" else "")
            if what and what[0] != "=":
                self.filled.append((place, known[what]))
        self.title = [what for _, what in self.convention.columns].index("title")
        self.special = re.compile(f'["\r\n{re.escape(self.delimiter)}]').search
        self.cdata = key_of(shop.name, "cdata") % 2 == 0

    def cells(self, product: Product) -> list[str]:
        """The text of each column."""
        cells = self.blank.copy()
        for place, value in self.filled:
            cells[place] = value(product)
        return cells

    def cell(self, text: str) -> str:
        """A text as one cell of a delimited line."""
        if self.convention.form == "lines":
            if not self.special(text):
                return text
            return text.replace(self.delimiter, "/").replace("\n", " ").replace("\r", "")
        if self.convention.quote_all or self.special(text):
            return '"' + text.replace('"', '""') + '"'
        return text

    def line(self, cells: Iterable[str]) -> str:
        """A whole line."""
        return self.delimiter.join(cells) + self.shop.newline


def encode(shop: Retailer, records: Iterable[Record], products: int) -> bytes:
    """The records' bytes. products: of all shops together on the first day."""
    form = _form(shop.name, products)
    write = _WRITERS[form.convention.form]
    text = "".join([write(form, record) for record in records])
    # Only the head carries the byte order mark.
    encoding = "utf-8" if shop.encoding == "utf-8-sig" else shop.encoding
    return text.encode(encoding, "replace")


@cache
def _form(name: str, products: int) -> Form:
    return Form(retailer(name), products)


def head(shop: Retailer, day: int) -> bytes:
    """What stands before the first record."""
    convention = conventions()[shop.convention]
    text = ""
    if convention.form == "xml":
        text = _xml_head(shop, convention)
    elif convention.frame:
        text = f"HDR|{41000 + len(shop.name)}|{shop.merchant}|{_MONTH}-{day:02d} 04:15:02\n"
    elif convention.header and convention.form == "csv":
        form = _form(shop.name, 1)
        text = form.line(form.cell(name) for name in form.names)
    return text.encode(shop.encoding)


def tail(shop: Retailer, rows: int) -> bytes:
    """What stands after the last record."""
    convention = conventions()[shop.convention]
    if convention.form == "xml":
        return "".join(f"</{tag}>\n" for tag in reversed(convention.root)).encode()
    return f"TRL|{rows}\n".encode() if convention.frame else b""


def extension(shop: Retailer) -> str:
    """The end of the feed's file name."""
    form = conventions()[shop.convention].form
    ending = {"xml": "xml", "jsonl": "jsonl", "lines": "txt"}.get(form)
    ending = ending or ("txt" if delimiter_of(shop) == "\t" else "csv")
    return f"{ending}.gz" if shop.gzip else ending


def delimiter_of(shop: Retailer) -> str:
    """The sign between two cells of a delimited feed."""
    return shop.delimiter or conventions()[shop.convention].delimiter


def _delimited(form: Form, record: Record) -> str:
    cells = [form.cell(text) if text else text for text in form.cells(record.product)]
    if form.convention.quote_all:
        cells = [text or '""' for text in cells]
    if not record.dirt:
        return form.line(cells)
    kinds = {kind for kind, _ in record.dirt}
    if "unclosed_quote" in kinds:
        cells[form.title] = '"' + record.product.title.replace('"', '""')
    if "wrong_columns" in kinds:
        at = 2 + int(record.form * (len(cells) - 6))
        del cells[at : at + 1 + int(record.form * 1000) % 3]
    if "trailing_delim" in kinds:
        cells += [""] * (1 + int(record.form * 1000) % 2)
    return form.line(cells)


def _xml_head(shop: Retailer, convention: Convention) -> str:
    text = '<?xml version="1.0" encoding="UTF-8"?>\n'
    for place, tag in enumerate(convention.root):
        space = f' version="2.0" xmlns:g="{convention.namespace}"' if convention.namespace else ""
        text += f"<{tag}{'' if place else space}>\n"
        if tag in ("channel", "shop"):
            text += f"<title>{escape(shop.merchant)}</title>\n"
    return text


def _xml(form: Form, record: Record) -> str:
    attributes, leaves = "", []
    for (name, what), text in zip(form.convention.columns, form.cells(record.product)):
        if name[0] == "@":
            attributes += f" {name[1:]}={quoteattr(text)}"
        elif text and what == "desc" and form.cdata and "]]>" not in text:
            leaves.append(f"<{name}><![CDATA[{text}]]></{name}>")
        elif text:
            leaves.append(f"<{name}>{escape(text)}</{name}>")
    tag = form.convention.record
    return f"<{tag}{attributes}>{''.join(leaves)}</{tag}>\n"


def _json(form: Form, record: Record) -> str:
    out: dict[str, object] = {}
    for name, text in zip(form.names, form.cells(record.product)):
        at, _, inner = name.partition(".")
        if inner:
            nested = out.setdefault(at, {})
            assert isinstance(nested, dict)
            nested[inner] = text or None
        else:
            out[at] = text or None
    return json.dumps(out, ensure_ascii=False) + "\n"


_WRITERS: dict[str, Callable[[Form, Record], str]] = {
    "csv": _delimited,
    "lines": _delimited,
    "xml": _xml,
    "jsonl": _json,
}
