"""The evaluation feeds: every record accounted for, dirt mended, roles right."""

import csv
import json
import os
import time
from collections import Counter, defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pytest
import role_cases

from aisles.feeds.infer import infer
from aisles.feeds.parse import Parsed, parse

ROOT = Path(__file__).resolve().parents[2]
KIT = Path(os.environ.get("AISLES_KIT", ROOT.parent / "shared" / "data"))
pytestmark = [
    pytest.mark.kit,
    pytest.mark.skipif(not KIT.is_dir(), reason=f"no evaluation feeds at {KIT}"),
]
LINE_DIRT = ("stray_ws", "trailing_delim", "unclosed_quote")
CODECS = {"windows-1252": "cp1252", "utf-8-sig": "utf-8-sig", "utf-8": "utf-8"}


def keys() -> list[dict[str, Any]]:
    return [json.loads(p.read_text()) for p in sorted(KIT.glob("feeds/*/roles_*.json"))]


def rows_of(key: dict[str, Any]) -> tuple[list[dict[str, str] | None], Parsed]:
    path = KIT / key["file"]
    parsed = parse(path, path.name)
    rows = []
    for batch in parsed:
        rows += [None if v is None else dict(v) for v in batch["values"].to_pylist()]
    return rows, parsed


@pytest.mark.parametrize("key", keys(), ids=lambda key: key["retailer"])
def test_records(key: dict[str, Any]) -> None:
    """Row numbers of the dirt list match, and all but wrong_columns rows are whole."""
    rows, parsed = rows_of(key)
    form, found = key["format"], parsed.format
    assert found is not None and parsed.complete
    assert parsed.read == parsed.kept + parsed.rejected == len(rows)
    assert parsed.trailer_count in (None, parsed.read)
    if form["type"] == "csv":
        assert (found.delimiter, found.header) == (form["delimiter"], form["header"])
        assert found.encoding == CODECS[form["encoding"]]
    dirt = defaultdict(list)
    with (KIT / "dirt.csv").open() as file:
        for row in csv.DictReader(file):
            if row["network"] == key["network"] and row["retailer"] == key["retailer"]:
                dirt[row["dirt"]].append((int(row["row_no"]), row["merchant_product_id"]))
    column = str(key["roles"]["merchant_product_id"][0])
    broken = {no for no, _ in dirt["wrong_columns"]}
    right: Counter[str] = Counter()
    for kind, places in dirt.items():
        for no, product in places:
            values = rows[no - 1]
            right[kind] += values is not None and values.get(column) == product
            assert values is not None or no in broken
    assert right["wrong_columns"] == 0
    for kind in LINE_DIRT:
        whole = len([no for no, _ in dirt[kind] if no not in broken])
        assert right[kind] >= 0.99 * whole
    print(f"\n{key['retailer']:12} read {parsed.read:6} rejected {parsed.rejected:3}", dict(right))


def per_role(cases: list[role_cases.Case], among_filled: bool = False) -> dict[str, list[int]]:
    """Role -> feeds asked, feeds right; columns that are wholly empty may be left out of both."""
    found: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for case in cases:
        roles = infer(case.columns, case.header)
        if among_filled:
            filled = {c.name for c in case.columns if any(c.values)}
            roles = [r for r in roles if r.column in filled]
            key = {r: (names & filled, bool(names & filled)) for r, (names, _) in case.key.items()}
            case = replace(case, key=key)
        for role, (right, _) in role_cases.judged(case, roles).items():
            found[role][0] += 1
            found[role][1] += right
    return found


def test_roles() -> None:
    """At least 95 of 100 roles right; an empty column that is named counts as the key says."""
    cases = list(role_cases.feeds(KIT, "kit"))
    ways = {
        "named": per_role(cases),
        "named, filled": per_role(cases, among_filled=True),
        "values alone": per_role([role_cases.hidden(case) for case in cases]),
    }
    totals = {
        way: [sum(v[i] for v in roles.values()) for i in (0, 1)] for way, roles in ways.items()
    }
    print("\nrole                 " + "".join(f"{way:>16}" for way in ways))
    for role in ways["named"]:
        cells = (f"{roles[role][1]} of {roles[role][0]}" for roles in ways.values())
        print(f"{role:21}" + "".join(f"{cell:>16}" for cell in cells))
    print(
        f"{'all':21}" + "".join(f"{f'{right} of {asked}':>16}" for asked, right in totals.values())
    )
    shares = {way: right / asked for way, (asked, right) in totals.items()}
    assert shares["named"] >= 0.95
    assert shares["named, filled"] >= 0.98
    assert shares["values alone"] >= 0.95


def test_single_real_rows() -> None:
    """One row and its header tell 95 of 100 roles, and each of title, price and link."""
    found = per_role(list(role_cases.real_rows(KIT)))
    asked, right = (sum(v[i] for v in found.values()) for i in (0, 1))
    assert right >= 0.95 * asked
    wanted = [found[role] for role in ("title", "price", "product_url")]
    assert sum(right for _, right in wanted) >= 0.95 * sum(asked for asked, _ in wanted)


def test_throughput() -> None:
    """Prints the processor time against pyarrow.csv on the same bytes, the median of three."""
    for key in keys():
        form, path = key["format"], KIT / key["file"]
        if form["type"] != "csv" or path.stat().st_size < 1_500_000:
            continue
        ours, theirs = [], []
        for _ in range(3):
            start = time.process_time()
            columns = rows_columns(path)
            ours.append(time.process_time() - start)
            start = time.process_time()
            plain_read(path, form, columns)
            theirs.append(time.process_time() - start)
        ratio = sorted(ours)[1] / sorted(theirs)[1]
        print(f"\n{key['retailer']:12} {ratio:.1f} times pyarrow.csv.read_csv", end="")


def rows_columns(path: Path) -> list[str]:
    parsed = parse(path, path.name)
    for _ in parsed:
        pass
    assert parsed.format is not None
    return list(parsed.format.columns)


def plain_read(path: Path, form: dict[str, Any], columns: list[str]) -> None:
    pyarrow.csv.read_csv(
        path,
        read_options=pyarrow.csv.ReadOptions(
            encoding=CODECS[form["encoding"]], column_names=columns, use_threads=False
        ),
        parse_options=pyarrow.csv.ParseOptions(
            delimiter=form["delimiter"],
            quote_char=form.get("quote", '"') or False,
            newlines_in_values=True,
            invalid_row_handler=lambda _: "skip",
        ),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(columns, pa.string())
        ),
    )
