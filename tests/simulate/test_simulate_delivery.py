"""A whole delivery, read back with the plain readers of the standard library."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from PIL import Image

from aisles.simulate import simulate_local, small
from aisles.simulate.formats import delimiter_of
from aisles.simulate.lexicon import Retailer, conventions, retailers
from aisles.simulate.tree import tree

PRODUCTS = 2500
Row = dict[str, str]


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("day1")
    simulate_local(str(out), products=PRODUCTS)
    return out


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("day2")
    simulate_local(str(out), products=PRODUCTS, day=2, images=False)
    return out


def digests(out: Path) -> dict[str, str]:
    files = sorted(path for path in out.rglob("*") if path.is_file())
    return {str(f.relative_to(out)): hashlib.sha256(f.read_bytes()).hexdigest() for f in files}


def manifest(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "manifest.json").read_text())
    return found


def table(path: Path) -> list[Row]:
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode()
    return list(csv.DictReader(io.StringIO(text)))


def feed_text(out: Path, shop: Retailer) -> str:
    path = out / manifest(out)["retailers"][shop.name]["file"]
    raw = path.read_bytes()
    raw = gzip.decompress(raw) if path.suffix == ".gz" else raw
    return raw.decode(shop.encoding)


def feed(out: Path, shop: Retailer) -> list[list[str]]:
    """The rows of a feed as the texts of the convention's columns."""
    convention = conventions()[shop.convention]
    names = [name for name, _ in convention.columns]
    text = feed_text(out, shop)
    if convention.form == "jsonl":
        return [_json_row(line, names) for line in text.splitlines()]
    if convention.form == "xml":
        return list(_xml_rows(text, shop, names))
    quoting = csv.QUOTE_NONE if convention.form == "lines" else csv.QUOTE_MINIMAL
    stream = io.StringIO(text, newline="")
    rows = list(csv.reader(stream, delimiter=delimiter_of(shop), quoting=quoting))
    if convention.frame:
        assert rows[0][0] == "HDR" and rows[-1] == ["TRL", str(len(rows) - 2)]
        rows = rows[1:-1]
    if convention.header and convention.form == "csv":
        assert rows.pop(0) == names
    return rows


def _json_row(line: str, names: list[str]) -> list[str]:
    record = json.loads(line)
    out = []
    for name in names:
        at, _, inner = name.partition(".")
        out.append((record[at][inner] if inner else record[at]) or "")
    return out


def _xml_rows(text: str, shop: Retailer, names: list[str]) -> Iterator[list[str]]:
    convention = conventions()[shop.convention]
    space = f"{{{convention.namespace}}}"
    root = ElementTree.fromstring(text.encode())
    for element in root.iter(convention.record):
        found = {child.tag.replace(space, "g:"): child.text or "" for child in element}
        found |= {f"@{name}": value for name, value in element.attrib.items()}
        yield [found.get(name, "") for name in names]


def place(shop: Retailer, *kinds: str) -> int:
    columns = conventions()[shop.convention].columns
    return next(at for at, (_, what) in enumerate(columns) if what in kinds)


@pytest.mark.parametrize("shop", retailers(), ids=lambda shop: shop.name)
def test_feed_and_recorded_dirt_agree(first: Path, shop: Retailer) -> None:
    rows = feed(first, shop)
    told = manifest(first)["retailers"][shop.name]
    dirt = [line for line in table(first / "dirt.csv") if line["retailer"] == shop.name]
    assert Counter(line["dirt"] for line in dirt) == told["dirt"]
    if "unclosed_quote" in told["dirt"]:
        assert len(rows) < told["records"]
        return
    assert len(rows) == told["records"]
    width = len(conventions()[shop.convention].columns)
    id_at, title_at = place(shop, "id"), place(shop, "title")
    price_at = place(shop, "price", "list_cur")
    kinds: dict[int, set[str]] = {}
    for line in dirt:
        kinds.setdefault(int(line["row_no"]), set()).add(line["dirt"])
        if line["dirt"] != "wrong_columns":
            assert rows[int(line["row_no"]) - 1][id_at] == line["merchant_product_id"]
    seen: dict[str, str] = {}
    for row_no, row in enumerate(rows, 1):
        found = kinds.get(row_no, set())
        assert (len(row) < width) == ("wrong_columns" in found)
        assert (len(row) > width) == ("trailing_delim" in found)
        if "wrong_columns" in found:
            continue
        assert (row[title_at].strip() == "") == ("empty_title" in found)
        assert (row[id_at] in seen) == bool(found & {"dup_id", "id_collision"})
        if "id_collision" in found:
            assert row[title_at] != seen[row[id_at]]
        if "mojibake" in found and "empty_title" not in found:
            assert not row[title_at].isascii() or "&" in row[title_at] or "?" in row[title_at]
        if "double_entities" in found:
            assert any("&amp;" in cell for cell in row)
        plain = row[price_at].removesuffix(f" {shop.currency}").removesuffix(" €")
        if "price_text" not in found:
            assert float(plain.replace(",", ".")) > 0
        else:
            assert not row[price_at].replace(".", "").replace(",", "").isdigit()
        seen.setdefault(row[id_at], row[title_at])


def test_dirt_comes_at_the_promised_rates(first: Path) -> None:
    counted = Counter(line["dirt"] for line in table(first / "dirt.csv"))
    for kind in ("mojibake", "price_text", "stray_ws", "dup_id", "empty_title"):
        assert 0.02 < counted[kind] / PRODUCTS < 0.045, kind
    for kind in ("entities", "double_entities"):
        assert 0.01 < counted[kind] / PRODUCTS < 0.04, kind


def test_truth_names_categories_of_the_tree(first: Path) -> None:
    nodes = {node.category_id: node for node in tree().nodes}
    listed = table(first / "categories.csv")
    assert [row["category_id"] for row in listed] == list(nodes)
    total = complete = 0
    for shop in retailers():
        rows = table(first / "truth" / f"{shop.name}.csv.gz")
        ids = [row["merchant_product_id"] for row in rows]
        assert len(ids) == len(set(ids))
        for row in rows:
            given = [nodes[text] for text in row["category_ids"].split(";")]
            assert given[0].leaf == (row["complete"] == "1")
            assert (row["network"], row["retailer"]) == (shop.network, shop.name)
            complete += row["complete"] == "1"
        total += len(rows)
    assert 0.89 < total / PRODUCTS < 0.95
    assert 0.70 < complete / total < 0.80


def test_answers_spare_the_left_out_shops(first: Path) -> None:
    rows = table(first / "answers.csv")
    told = manifest(first)
    assert len(rows) == PRODUCTS // 10
    assert not {row["retailer"] for row in rows} & set(told["left_out"])
    truth = {
        (shop.name, row["merchant_product_id"]): row
        for shop in retailers()
        for row in table(first / "truth" / f"{shop.name}.csv.gz")
    }
    known = [(row, truth.get((row["retailer"], row["merchant_product_id"]))) for row in rows]
    pairs = [(a["category_ids"], t["category_ids"]) for a, t in known if t and t["complete"] == "1"]
    assert 0 <= sum(one != other for one, other in pairs) / len(pairs) < 0.06


def test_rules_can_mostly_be_read(first: Path) -> None:
    from aisles.rules.load import read_rules

    rules = read_rules(first / "rules.csv")
    categories = {row["category_id"] for row in table(first / "categories.csv")}
    broken = [rule for rule in rules if rule.error]
    assert 1400 < len(rules) < 2000
    assert 3 <= len(broken) <= 6
    assert {rule.category_id for rule in rules} <= categories
    assert 0.005 < sum(not rule.enabled for rule in rules) / len(rules) < 0.04
    assert len({rule.category_id for rule in rules}) > 700


def test_pictures_open_but_for_a_few(first: Path) -> None:
    good = bad = 0
    for row in table(first / "images.csv"):
        with zipfile.ZipFile(first / row["location"]) as archive:
            assert len(archive.namelist()) == len(set(archive.namelist()))
            for name in archive.namelist()[:60]:
                try:
                    image = Image.open(io.BytesIO(archive.read(name)))
                    image.load()
                except OSError:
                    bad += 1
                    continue
                assert image.size == (64, 64)
                good += 1
    assert good > 300
    assert bad / (good + bad) < 0.03


def test_second_day_differs_as_the_manifest_says(first: Path, second: Path) -> None:
    told = manifest(second)["retailers"]
    for shop in retailers():
        before, after = (_by_id(out, shop) for out in (first, second))
        if before is None or after is None:
            continue
        entry = told[shop.name]
        assert len(before.keys() - after.keys()) == entry["vanished"], shop.name
        assert len(after.keys() - before.keys()) == entry["new"], shop.name
        common = before.keys() & after.keys()
        assert sum(before[k] != after[k] for k in common) <= entry["changed"]
        if entry["changed"]:
            assert sum(before[k] != after[k] for k in common) >= entry["changed"] * 0.5
        order = [key for key in before if key in after]
        assert order == [key for key in after if key in before]


def _by_id(out: Path, shop: Retailer) -> dict[str, list[list[str]]] | None:
    """Records by product id; None where torn lines make the ids unsure."""
    dirt = manifest(out)["retailers"][shop.name]["dirt"]
    if {"unclosed_quote", "wrong_columns", "id_collision"} & set(dirt):
        return None
    found: dict[str, list[list[str]]] = {}
    for row in feed(out, shop):
        found.setdefault(row[place(shop, "id")], []).append(row)
    return found


def test_a_rerun_leaves_the_same_files(tmp_path: Path) -> None:
    small(str(tmp_path))
    once = digests(tmp_path)
    small(str(tmp_path))
    assert digests(tmp_path) == once
    assert not (tmp_path / ".parts").exists()


def test_another_number_of_answers(tmp_path: Path) -> None:
    simulate_local(str(tmp_path), products=300, answers=50, images=False)
    assert len(table(tmp_path / "answers.csv")) == 50
    assert table(tmp_path / "images.csv") == []


@pytest.mark.parametrize("wrong", [{"products": 0}, {"products": 5, "day": 0}])
def test_nothing_to_make(tmp_path: Path, wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="must be at least 1"):
        simulate_local(str(tmp_path), **wrong)


def test_spark_leaves_the_same_files(spark: Any, tmp_path: Path) -> None:
    from aisles.simulate import simulate

    one, other = tmp_path / "spark", tmp_path / "local"
    assert simulate(spark, str(one), products=300) == small(str(other))
    assert digests(one) == digests(other)
