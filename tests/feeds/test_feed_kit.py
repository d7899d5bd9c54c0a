"""The evaluation feeds: every record accounted for, dirt mended, roles right."""

import csv
import json
import os
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pytest

from aisles.feeds.formats import unique_names
from aisles.feeds.infer import ColumnSample, infer
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


def test_roles() -> None:
    """At least 95 of 100 roles right; an empty column that is named counts as the key says."""
    per_role: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for key in keys():
        rows, parsed = rows_of(key)
        assert parsed.format is not None
        some = [row for row in rows if row is not None]
        some = some[:: max(len(some) // 2000, 1)][:2000]
        names = list(parsed.format.columns) or list(dict.fromkeys(n for r in some for n in r))
        header = parsed.format.header or parsed.format.container != "delimited"
        samples = [ColumnSample(n, [r.get(n) for r in some]) for n in names]
        chosen = defaultdict(set)
        for result in infer(samples, header):
            chosen[result.role].add(result.column)
        filled = {name for row in some for name in row}
        for role, right in key["roles"].items():
            answer, got = {str(c) for c in right}, chosen[role]
            ok = bool(got) and got <= answer if answer else not got
            answer, got = answer & filled, got & filled
            ok_filled = bool(got) and got <= answer if answer else not got
            for place, count in enumerate((1, ok, ok_filled)):
                per_role[role][place] += count
    print("\nrole                  feeds  right  right among filled columns")
    for role, (feeds, right_, filled_) in per_role.items():
        print(f"{role:22}{feeds:5}{right_:7}{filled_:7}")
    total, right_all, filled_all = (sum(v[i] for v in per_role.values()) for i in range(3))
    print(f"{'all':22}{total:5}{right_all:7}{filled_all:7}")
    assert right_all >= 0.95 * total
    assert filled_all >= 0.98 * total


def test_single_real_rows() -> None:
    """One row and its header name title, price, link and picture wherever there are such."""
    wanted = {"title", "price", "product_url"}
    hits = tries = 0
    for line in (KIT / "real_rows.jsonl").read_text().splitlines():
        case = json.loads(line)
        names = unique_names(case["columns"])
        pairs = zip(names, case["row"], strict=False)
        roles = {r.role for r in infer([ColumnSample(n, [v]) for n, v in pairs], True)}
        tries += len(wanted)
        hits += len(wanted & roles)
    assert hits >= 0.95 * tries


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
