"""Our readers of prices, HTML and GTINs against the libraries made for them.

    python benchmarks/libraries.py

For each: how many of the project's own test cases each one gets right, and how often the library's
time ours fits into it (median and range of alternating repetitions). The cases were chosen by those
who wrote our readers, so they say what a library lacks here, and not how good it is in general.
A library that is not installed is told and skipped. lxml, which the project has anyway, stands in
for parsers of HTML: script, style and svg dropped, a space around all elements but inline ones.
"""

from __future__ import annotations

import csv
import gzip
import importlib
import os
import random
import re
import statistics
import sys
import time
from collections.abc import Callable
from decimal import ROUND_HALF_UP
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pyarrow as pa
from lxml import html as lxml_html

from aisles.products.currency import exponent
from aisles.products.gtin import canonical_gtin
from aisles.products.price import parse_prices
from aisles.products.text import clean

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "products"))

import test_canonical_forms
import test_mended_tags
import test_mended_text
import test_price_texts
import test_prices
import test_prices_below_one
import test_prices_of_programs

ROOT = Path(__file__).parents[1]
KIT = Path(os.environ.get("AISLES_KIT", ROOT.parent / "shared" / "data"))
REPEAT = 7
UNREAD = ("script", "style", "svg")
INLINE = re.compile(
    "a|abbr|acronym|b|bdi|bdo|big|cite|code|data|del|dfn|em|font|i|ins|kbd|label|mark|nobr|q|rb|rp|"
    "rt|rtc|ruby|s|samp|small|span|strike|strong|sub|sup|time|tt|u|var|wbr"
)


def main() -> None:
    """Prints the comparisons that can be made here."""
    csv.field_size_limit(1 << 30)
    prices()
    markup()
    gtins()


def prices() -> None:
    """price-parser, with the stated currency as its hint."""
    cases = [(text, None, minor) for text, minor, _ in _price_texts()]
    cases += [(text, code, minor) for text, code, minor, _ in test_prices.PRICES if text]
    texts, stated, wanted = (list(column) for column in zip(*cases))
    values, codes = pa.array(texts), pa.array(stated, pa.string())
    # One by one, as the library reads them: no text tells how another writes decimals.
    ours = [
        parse_prices(values.slice(at, 1), codes.slice(at, 1), "unknown")[0][0].as_py()
        for at in range(len(values))
    ]
    print(f"prices: {len(wanted)} cases, {sum(w is None for w in wanted)} of them no price")
    _right("ours", ours, wanted)
    if not _installed("price_parser"):
        return
    parser: Any = importlib.import_module("price_parser")

    def read(text: str, code: str | None) -> int | None:
        price = parser.Price.fromstring(text, currency_hint=code)
        found = price.amount
        if found is None or found < 0:
            return None
        return int((found * 10 ** exponent(code)).to_integral_value(ROUND_HALF_UP))

    _right("price-parser", [read(text, code) for text, code, _ in cases], wanted)
    draw = random.Random(1)
    plain = [f"{draw.randrange(100_000) / 100:.2f}" for _ in range(20_000)]
    for name, column in (("cases", texts * 100), ("plain decimals", plain)):
        array = pa.array(column)
        _ratio(
            f"price-parser, {name}",
            lambda array=array: parse_prices(array),  # type: ignore[misc]
            lambda column=column: [parser.Price.fromstring(text) for text in column],  # type: ignore[misc]
        )


def _price_texts() -> list[tuple[str, int | None, str | None]]:
    below = test_prices_below_one.CASES
    texts = [*test_price_texts.TEXTS, *test_prices_of_programs.TEXTS]
    return texts + [(text, minor, None) for text, minor in below]


def markup() -> None:
    """Parsers of HTML, on texts with tags and on texts with what is no tag."""
    suites = (test_mended_text, test_mended_tags)
    tags = {raw: wanted for suite in suites for raw, wanted in suite.MENDED.items() if "<" in raw}
    kept = [text for suite in suites for text in suite.KEPT if "<" in text]
    texts = _descriptions() or list(tags) * 200
    print(
        f"HTML: {len(tags)} cases with tags, {len(kept)} without; {len(texts)} texts for the time"
    )
    ways: dict[str, Callable[[str], str | None]] = {"lxml": _by_lxml}
    if _installed("selectolax"):
        ways["selectolax"] = _by_selectolax
    _right("ours, tags", clean(pa.array(list(tags))).to_pylist(), list(tags.values()))
    _right("ours, no tags", clean(pa.array(kept)).to_pylist(), kept)
    array = pa.array(texts)
    for name, way in ways.items():
        _right(f"{name}, tags", [_squeezed(way(raw)) for raw in tags], list(tags.values()))
        _right(f"{name}, no tags", [_squeezed(way(raw)) for raw in kept], kept)
        _ratio(name, lambda: clean(array), lambda way=way: [way(raw) for raw in texts])  # type: ignore[misc]


def _descriptions() -> list[str]:
    """Real descriptions with tags, where the evaluation feeds are at hand."""
    file = KIT / "feeds" / "daisycon" / "icecat.csv.gz"
    if not file.is_file():
        return []
    with gzip.open(file, "rt", encoding="utf-8", errors="replace", newline="") as opened:
        rows = csv.DictReader(opened, delimiter=";")
        found = [row["description"] for row in rows if "<" in (row["description"] or "")]
    return found[:5000]


def _by_lxml(raw: str) -> str | None:
    try:
        root = lxml_html.fromstring(f"<div>{raw}</div>")
    except (ValueError, lxml_html.etree.ParserError):
        return None
    pieces: list[str] = []

    def walk(node: Any) -> None:
        space = "" if INLINE.fullmatch(str(node.tag)) else " "
        pieces.append(space)
        if isinstance(node.tag, str) and node.tag not in UNREAD:
            pieces.append(node.text or "")
            for child in node:
                walk(child)
                pieces.append(child.tail or "")
        pieces.append(space)

    walk(root)
    return "".join(pieces)


def _by_selectolax(raw: str) -> str | None:
    lexbor: Any = importlib.import_module("selectolax.lexbor")
    tree = lexbor.LexborHTMLParser(raw)
    tree.strip_tags(list(UNREAD))
    tree.unwrap_tags(INLINE.pattern.split("|"))
    body = lexbor.LexborHTMLParser(tree.html or "").body  # read again: texts side by side are one
    return body.text(separator=" ") if body else None


def _squeezed(text: str | None) -> str | None:
    return " ".join((text or "").split()) or None


def gtins() -> None:
    """python-stdnum's EAN, which needs the bare digits."""
    cases = test_canonical_forms.FORMS[canonical_gtin]
    print(f"GTIN: {len(cases)} cases")
    _right("ours", canonical_gtin(pa.array(list(cases))).to_pylist(), list(cases.values()))
    if not _installed("stdnum"):
        return
    ean: Any = importlib.import_module("stdnum.ean")

    def read(text: str) -> str | None:
        digits = ean.compact(text)
        return digits.zfill(14) if ean.is_valid(digits) else None

    _right("python-stdnum", [read(text) for text in cases], list(cases.values()))
    draw = random.Random(2)
    codes = [f"{draw.randrange(10**13):013}" for _ in range(20_000)]
    array = pa.array(codes)
    same = canonical_gtin(array).to_pylist() == [read(code) for code in codes]
    print(f"  the same for {len(codes)} random codes of 13 digits: {same}")
    _ratio("python-stdnum", lambda: canonical_gtin(array), lambda: [read(code) for code in codes])


def _installed(module: str) -> bool:
    if find_spec(module) is None:
        print(f"  {module}: not installed, not compared")
        return False
    return True


def _right(name: str, found: list[Any], wanted: list[Any]) -> None:
    right = sum(a == b for a, b in zip(found, wanted, strict=True))
    print(f"  {name}: {right} of {len(wanted)} right")


def _ratio(name: str, ours: Callable[[], object], theirs: Callable[[], object]) -> None:
    each = sorted(_seconds(theirs) / _seconds(ours) for _ in range(REPEAT))
    print(
        f"  {name}: {statistics.median(each):.1f} [{each[0]:.1f}-{each[-1]:.1f}] times our time "
        "(one thread)"
    )


def _seconds(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


if __name__ == "__main__":
    pa.set_cpu_count(1)
    main()
