"""`aisles inspect`: what it says of whole, dirty, truncated and unreadable files."""

from __future__ import annotations

import gzip
import io
import json
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aisles import cli
from aisles.stages.inspect_columns import Tally
from aisles.stages.inspect_file import Report, survey
from aisles.stages.inspect_ids import Ids, Offers, Shared
from aisles.stages.inspect_view import plain

HEADER = "sku,product_name,brand,price,currency,product_url,image_url,ean"
WORDS = ["garden", "chair", "lamp", "mug", "desk", "shelf", "green", "oak", "wool", "steel"]


def line(number: int, **cells: str) -> str:
    words = [WORDS[number % 10], WORDS[number // 10 % 10], WORDS[number // 100 % 10]]
    values = {
        "sku": f"S{number:05}", "name": f"Big {' '.join(words)} {number}", "brand": "Acme",
        "price": f"{number % 90}.99", "currency": "EUR",
        "url": f"https://shop.example/p/{number}", "image": f"https://i.example/{number}.jpg",
        "ean": "4006381333931",
    } | cells  # fmt: skip
    return ",".join(values.values())


def inspected(*lines: str, name: str = "net/shop.csv", most: int = 0) -> Report:
    return look("\n".join(lines).encode() + b"\n", name, most)


def look(data: bytes, name: str = "net/shop.csv", most: int = 0) -> Report:
    return survey(io.BytesIO(data), name, ("net", "shop"), most)


LINES = [HEADER, *map(line, range(200))]


def test_a_clean_file() -> None:
    report = inspected(*LINES)
    assert (report.read, report.kept, report.rejected) == (200, 200, 0)
    assert (report.complete, report.ends) == (True, "it ends where a record ends")
    assert report.shared == Shared(200, 0, 0, 1, None)
    assert {column.name: column.role for column in report.columns} == {
        "sku": "merchant_product_id", "product_name": "title", "brand": "brand",
        "price": "price", "currency": "currency", "product_url": "product_url",
        "image_url": "image_url", "ean": "gtin",
    }  # fmt: skip
    sku = report.columns[0]
    assert (sku.filled, sku.distinct, sku.samples) == (200, 200, ("S00000", "S00001"))
    assert "header" in sku.why and sku.confidence > 0.8
    fields = {field.field: field for field in report.fields}
    price = fields["price_minor"]
    assert (price.columns, price.filled, price.valid) == (("price",), 200, 200)
    assert (price.sample, price.odd) == ("0.99 EUR", ())
    assert fields["gender"].columns == ()
    assert (report.refusals, report.currencies) == ([], {"EUR": 200})
    assert report.warnings == ["no filled column for description, merchant_category"]


def test_a_dirty_file() -> None:
    """Every kind of dirt is counted, with the first record that shows it."""
    report = inspected(
        *LINES,
        line(7, price="7.50"),  # again, cheaper
        line(8, name="Another thing", url="https://shop.example/p/other"),
        line(200, sku="", url="", ean=""),
        line(201, name="", url="", image=""),
        line(202, ean="4006381333932"),
        line(203, price="on request"),
        line(204, url="shop"),
        line(205) + ",one,two,more",
    )
    assert (report.read, report.kept, report.rejected) == (208, 207, 1)
    assert report.shared == Shared(203, 1, 1, 1, (9, 202))
    found = [(r.stage, r.reason, r.records, r.record_no) for r in report.refusals]
    assert found == [
        ("ingest", "wrong_columns: expected N, got N", 1, 208),
        ("normalise", "no_id", 1, 203),
        ("normalise", "empty_record", 1, 204),
        ("normalise", "id_collision", 1, 202),
    ]
    assert report.refusals[0].raw.startswith("S00205,Big shelf")
    assert json.loads(report.refusals[1].raw)["image_url"] == "https://i.example/200.jpg"
    fields = {field.field: (field.filled, field.valid, field.odd) for field in report.fields}
    assert fields["gtin"] == (206, 205, ("4006381333932",))
    assert fields["price_minor"] == (207, 206, ("on request",))
    assert fields["product_url"] == (205, 204, ("shop",))
    assert fields["title"] == (206, 206, ())


XML = "<rss><channel>" + "".join(
    f"<item><id>{n}</id><title>Lamp {n}</title><link>https://a.example/{n}</link></item>"
    for n in range(60)
)
MARKS = "HDR|1|Shop\n" + "".join(f"{n}|Oak chair {n}|https://a.example/{n}\n" for n in range(90))


@pytest.mark.parametrize(
    ("data", "name", "container", "complete", "ends"),
    [
        (MARKS + "TRL|90\n", "s.txt", "delimited", True,
         "its trailer counts 90 records, 90 were read"),
        (MARKS + "TRL|300\n", "s.txt", "delimited", False,
         "its trailer counts 300 records, 90 were read"),
        (MARKS, "s.txt", "delimited", False,
         "it starts with a HDR line and ends without its TRL line"),
        (XML + "</channel></rss>", "s.xml", "xml", True, "it ends where a record ends"),
        (XML, "s.xml", "xml", False, "it ends before its closing element or bracket"),
        (XML + "<item><id>", "s.xml", "xml", False, "its last record is rejected: truncated: "),
        ('[{"id": "1", "title": "Lamp"}, ', "s.json", "json", False,
         "it ends before its closing element or bracket"),
        ("\n".join(LINES[:99]) + "\nS00099,Big", "s.csv", "delimited", False,
         "its last record is rejected: wrong_columns: expected 8, got 2"),
        ("", "s.csv", "delimited", False, "it holds no record"),
    ],
)  # fmt: skip
def test_complete_or_truncated_and_why(
    data: str, name: str, container: str, complete: bool, ends: str
) -> None:
    report = look(data.encode(), name)
    assert report.format is not None and report.format.container == container
    assert (report.complete, report.ends[: len(ends)]) == (complete, ends)
    assert any("truncated" in warning for warning in report.warnings) is not complete


def test_a_compressed_stream_that_ends_early() -> None:
    rows = [line(number, name=f"{random.Random(number).random()}") for number in range(3000)]
    packed = gzip.compress("\n".join([HEADER, *rows]).encode())
    report = look(packed[: len(packed) // 2], "s.csv.gz")
    assert report.complete is False and 0 < report.read < 3000
    assert report.format is not None and report.format.compression == "gzip"


@pytest.mark.parametrize(
    ("change", "warning"),
    [
        ({"price": "5.00"}, "all 200 prices are 5.00 EUR"),
        ({"price": "5.00", "currency": "?"}, "no currency is known: prices are read with two"),
        ({"sku": "S1", "name": "Mug", "url": "https://a.example"},
         "99.5 % of the records repeat an id: the last one wins"),
        ({"brand": "Generic"}, "brand: 100 % of the cells are not a name, such as 'Generic'"),
        # What says nothing is not filled, and no cell that is not understood.
        ({"brand": "n/a"}, "no filled column for description, merchant_category"),
    ],
)  # fmt: skip
def test_warnings(change: dict[str, str], warning: str) -> None:
    report = inspected(HEADER, *(line(number, **change) for number in range(200)))
    assert [found for found in report.warnings if found.startswith(warning)]


def test_warnings_of_shares() -> None:
    """A price that cannot be read in a third of the records, titles that lack in a sixth."""
    rows = [
        line(n, price="ask" if n % 3 == 0 else "9.50", name="" if n % 6 == 1 else f"Oak chair {n}")
        for n in range(300)
    ]
    found = inspected(HEADER, *rows, *["broken,line"] * 10).warnings
    assert "3.2 % of the records cannot be read" in found
    assert "price_minor: 33.3 % of the cells are not a price, such as 'ask'" in found
    assert "16.7 % of the records have no title" in found


def test_a_column_without_a_value_is_as_good_as_none() -> None:
    report = inspected(HEADER, *(line(number, image="") for number in range(200)))
    assert "image_url" in {column.role for column in report.columns}
    assert report.warnings == ["no filled column for description, merchant_category, image_url"]


def test_few_titles() -> None:
    rows = [line(n, name=f"Big {WORDS[n % 10]} of oak") for n in range(200)]
    assert "only 10 different titles in 200 records" in inspected(HEADER, *rows).warnings


def test_two_columns_that_compete() -> None:
    rows = [f"{n};{n + 5000};Oak chair no {n};https://a.example/{n}" for n in range(300)]
    report = inspected("product id;item id;title;link", *rows)
    about = [warning for warning in report.warnings if "compete" in warning]
    taken = next(c.name for c in report.columns if c.role == "merchant_product_id")
    assert len(about) == 1 and about[0].startswith(f"columns {taken} (")
    assert about[0].endswith(f"compete for merchant_product_id: {taken} was taken")
    (other,) = [c for c in report.columns if c.name.endswith(" id") and not c.role]
    assert other.why.startswith("fits merchant_product_id (")


def test_no_roles_at_all() -> None:
    report = inspected("x,y", *["1,2"] * 50)
    assert [r.reason for r in report.refusals] == ["empty_record"]
    assert "no filled column has the role title: products would have none" in report.warnings
    assert "100 % of the readable records would be rejected: empty_record" in report.warnings


def test_only_so_many_records() -> None:
    report = inspected(*LINES, most=30)
    assert (report.read, report.kept) == (30, 30)
    assert (report.complete, report.ends) == (None, "stopped after 30 records, as asked")
    assert inspected(*LINES, most=200).read == inspected(*LINES, most=999).read == 200


def test_columns_beyond_the_sample_and_without_end() -> None:
    rows = [{"id": n, "title": f"Lamp {n}", f"k{n}": "x"} for n in range(2100)]
    report = look("\n".join(map(json.dumps, rows)).encode(), "s.jsonl")
    assert len(report.columns) == 2000 and report.more_columns
    assert all(column.filled for column in report.columns)
    assert "ever new columns" in " ".join(report.warnings)


def test_distinct_is_exact_when_few_and_close_when_many() -> None:
    tally = Tally()
    map_type = pa.map_(pa.string(), pa.string())
    for start in range(0, 60_000, 6000):
        rows = [[("all", str(n)), ("few", str(n % 700))] for n in range(start, start + 6000)]
        tally.add(pa.array([*rows, [("few", " ")]], map_type))
    assert tally.filled == {"all": 60_000, "few": 60_000}
    assert tally.distinct("few") == 700
    assert tally.distinct("all") == pytest.approx(60_000, rel=0.08)
    assert tally.distinct("none") == 0


Named = tuple[str, str | None, str | None]
CODES = ("EUR", None, "USD")


def _records(rows: list[Named]) -> pa.RecordBatch:
    ids, titles, links = zip(*rows) if rows else ((), (), ())
    return pa.RecordBatch.from_pydict(
        {
            "product_id": pa.array(ids, pa.string()),
            "title": pa.array(titles, pa.string()),
            "product_url": pa.array(links, pa.string()),
            "record_no": pa.array(np.arange(1, len(rows) + 1)),
            "price_minor": pa.array([n if n % 3 else None for n in range(len(rows))], pa.int64()),
            "currency": pa.array([CODES[n % 3] for n in range(len(rows))], pa.string()),
        }
    )


def _counted(rows: list[Named]) -> tuple[tuple[int, int, int], Offers]:
    """products, duplicates, collisions by the rule of aisles.products.identity, one by one; and
    what the products cost."""
    first: dict[str, Named] = {}
    last: dict[str, int] = {}
    duplicates = collisions = 0
    for place, (name, title, link) in enumerate(rows):
        if name not in first:
            first[name], last[name] = (name, title, link), place
            continue
        _, old_title, old_link = first[name]
        links_differ = bool(link and old_link and link != old_link)
        collides = title != old_title and links_differ
        collisions += collides
        duplicates += not collides
        if not collides:
            last[name] = place
    prices = [place for place in last.values() if place % 3]
    codes = Counter(code for place in last.values() if (code := CODES[place % 3]))
    span = (min(prices), max(prices)) if prices else None
    return (len(first), duplicates, collisions), Offers(len(prices), span, dict(codes))


_TEXT = st.sampled_from(["a", "b", "c", None])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("xyz"), _TEXT, _TEXT), max_size=30), st.integers(1, 9))
def test_ids_in_batches_of_any_size(rows: list[Named], size: int) -> None:
    ids, batch = Ids(), _records(rows)
    for start in range(0, len(rows), size):
        ids.add(batch.slice(start, size))
        ids.counts()  # settles what is pending, as a full batch would
    found, (expected, offers) = ids.counts(), _counted(rows)
    assert (found.products, found.duplicates, found.collisions) == expected
    assert ids.offers() == offers
    assert (found.example is None) is (found.collisions == 0)


def test_of_too_many_ids_a_part_is_counted() -> None:
    ids = Ids(most=1000)
    names = [f"p{n}" for n in range(20_000)]
    rows: list[Named] = [(name, "t", "u") for name in [*names, *names[:5000]]]
    rows += [(name, "other", "else") for name in names[:5000]]
    ids.add(_records(rows))
    found = ids.counts()
    assert found.one_in == 32
    assert found.products == pytest.approx(20_000, rel=0.2)
    assert found.duplicates == pytest.approx(5000, rel=0.35)
    assert found.collisions == pytest.approx(5000, rel=0.35)


def test_one_id_for_all_is_exact_however_many() -> None:
    ids = Ids(most=10)
    for _ in range(20):
        ids.add(_records([("same", "t", "u")] * 5000))
    assert ids.counts() == Shared(1, 99_999, 0, 1, None)


@pytest.fixture
def feed(tmp_path: Path) -> Path:
    path = tmp_path / "net" / "shop.csv"
    path.parent.mkdir()
    extra = [line(200, name="[red]Mug\x1b[31m\u202e [/]"), "broken,line"]
    path.write_text("\n".join([*LINES, *extra]) + "\n", encoding="utf-8")
    return path


def test_the_terminal(feed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["inspect", str(feed)]) == 0
    shown = capsys.readouterr().out
    assert max(map(len, shown.splitlines())) <= 100
    for words in (
        "feed      net/shop",
        'format    delimited, utf-8, delimiter ,, quote ", header of 8 columns',
        "records   202 read = 201 kept + 1 rejected",
        "products  201 products, 0 duplicates, 0 rejected",
        "Columns, roles from 201 records",
        "no column for: description, merchant_category, old_price_minor",
        "! no filled column for description, merchant_category",
        "1 warning\n",
        "not known here: other files of the retailer on the same day count with this one",
        "not known here: roles that are stored already stay while the columns look alike: --tables",
    ):
        assert words in shown
    assert "\x1b" not in shown and "\u202e" not in shown


def test_json(feed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["inspect", str(feed), "--json", "--network", "n", "--rows", "9"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["network"], report["retailer"], report["read"]) == ("n", "shop", 9)
    assert report["columns"][0]["role"] == "merchant_product_id"
    assert report["format"]["columns"] == HEADER.split(",")


def test_an_address(capsys: pytest.CaptureFixture[str]) -> None:
    import fsspec

    system = fsspec.filesystem("memory")
    system.pipe("/net/shop.csv.gz", gzip.compress("\n".join(LINES).encode()))
    assert cli.main(["inspect", "memory://net/shop.csv.gz"]) == 0
    assert "format    gzip, delimited" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("none.csv", None, "no such file"),
        ("", None, "expected one feed file, came a folder"),
        ("bad.zip", b"PK\x03\x04 no archive", "zip archive: "),
        ("enc.xml", b'<!DOCTYPE a [<!ENTITY x "y">]><a><b>1</b><b>2</b></a>', "xml_entities: "),
    ],
)
def test_a_file_that_cannot_be_read_is_one_line(
    tmp_path: Path, name: str, data: bytes | None, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / name if name else tmp_path
    if data is not None:
        path.write_bytes(data)
    assert cli.main(["inspect", str(path)]) == 1
    told = capsys.readouterr()
    assert told.out == "" and len(told.err.splitlines()) == 1
    assert told.err.startswith(f"aisles: {path}: {message}")


def test_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["inspect"])
    assert "the following arguments are required: FILE" in capsys.readouterr().err
    assert cli.main(["inspect", "x.csv", "--rows", "-1"]) == 1
    assert "--rows -1: expected a number of records" in capsys.readouterr().err


def test_no_sign_steers_the_terminal() -> None:
    assert plain("a\n b\x1b[31m\u202e\x00c", 20) == "a b·[31m··c"
    assert plain("x" * 50, 10) == "x" * 10


def test_neither_spark_nor_torch_is_loaded(feed: Path) -> None:
    code = (
        f"from aisles import cli; import sys; cli.main(['inspect', {str(feed)!r}]);"
        "print({'pyspark', 'torch', 'mlflow'} & sys.modules.keys())"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.rstrip().endswith("set()")


@pytest.mark.kit
@pytest.mark.long
def test_the_books_of_real_feeds_balance(kit: Path) -> None:
    for path in sorted((kit / "feeds").glob("*/*.*")):
        if path.suffix == ".json":
            continue
        with path.open("rb") as stream:
            report = survey(stream, str(path), (path.parent.name, path.name), 4000)
        assert report.read == report.kept + report.rejected == min(4000, report.read)
        lost = sum(r.records for r in report.refusals if r.stage == "normalise")
        shared = report.shared
        assert report.kept == shared.products + shared.duplicates + lost, path
        assert {"title", "merchant_product_id"} <= {column.role for column in report.columns}


def test_parameters_in_cells_are_columns_with_values() -> None:
    head = HEADER.replace(",ean", ",param")
    cells = [
        f"Colour:{'red' if n % 2 else 'blue'}|Size:{'SML'[n % 3]}"
        f"|EAN:400638133393{2 if n % 9 == 0 else 1}"
        for n in range(200)
    ]
    report = inspected(head, *(line(n, ean=cell) for n, cell in enumerate(cells)))
    columns = {column.name: column for column in report.columns}
    colour = columns["param[Colour: |]"]
    assert (colour.role, colour.filled, colour.distinct) == ("colour", 200, 2)
    assert set(colour.samples) == {"red", "blue"}
    assert columns["param[Size: |]"].role == "size" and columns["param"].role is None
    fields = {field.field: field for field in report.fields}
    assert fields["color"].filled == fields["size"].filled == fields["gtin"].filled == 200
    assert fields["gtin"].valid == 177 and fields["gtin"].odd == ("4006381333932",)
