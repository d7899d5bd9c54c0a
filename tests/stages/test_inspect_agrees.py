"""What `aisles inspect` says of a file is what ingest and normalise then store of it."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aisles.config import load
from aisles.simulate import simulate_local
from aisles.stages.inspect import Inspect, inspected
from aisles.stages.inspect_file import Report
from aisles.stages.inspect_hash import place_hashes
from aisles.stages.job import Job, run_stage
from aisles.stages.params import Ingest, Normalise
from aisles.stages.pipeline import work_of
from aisles.tables import Tables

DAY = dt.date(2026, 11, 3)
SHOPS = ("velvetlane", "homeharbor", "maisonclaire", "glowhouse")
HEAD = "artikelnummer;bezeichnung;marke;preis;uvp;lager;farbe;haendler;versand;link;bild;"
HEAD += "geschlecht;notiz"
ROLES = "network,retailer,column,role\nnet,komma,notiz,colour\nnet,*,farbe,\n"
ROLES += "net,komma,nie gesehen,size\nother,*,marke,title\n"
Figures = Mapping[str, Any]


def line(number: int, **cells: str) -> str:
    """One product with decimal commas, thousands that only those tell, and constant columns."""
    values = {
        "art": f"A{number:05}", "name": f"Stuhl aus Eiche Nr. {number}",
        "marke": ("Acme", "n/a", "Bolia")[number % 3],
        "preis": f"{number % 900 + 1},{number % 100:02}" if number % 7 else "1.234",
        "uvp": "" if number % 5 else f"{number + 2000},50", "lager": "1",
        "farbe": ("rot", "NULL", "blau")[number % 3], "shop": "Möbel Komma GmbH",
        "versand": "frei Haus", "link": f"https://komma.example/p/{number}",
        "bild": f"https://komma.example/b/{number}.jpg", "sex": "-",
        "notiz": ("grün", "gelb", "")[number % 3],
    } | cells  # fmt: skip
    return ";".join(values.values())


def comma_file() -> str:
    """2,597 records, more than roles are inferred from; some repeat an id, collide, are broken."""
    rows = [line(number) for number in range(2590)]
    rows += [line(n, preis="0,05") for n in (3, 4)]  # again, cheaper: the last one wins
    rows += [line(5, preis="99.999,00", name="Lampe", link="https://komma.example/p/x")]
    rows += [line(n, art="", link="", preis="77.777,00") for n in (9001, 9002)]
    rows += [line(9003, name="", link="", bild="kein Bild"), "kaputt;zu kurz"]
    return "\n".join([HEAD, *rows]) + "\n"


@pytest.fixture(scope="module")
def work(spark, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Report, Figures]]:  # type: ignore[no-untyped-def]
    """By retailer: what inspect says of its file, and what the tables hold."""
    folder = tmp_path_factory.mktemp("agrees")
    made = simulate_local(str(folder / "made"), products=5000, images=False, answers=0)
    files = [made["retailers"][shop]["file"] for shop in SHOPS]
    for number, file in enumerate(files):  # each in a network of its own: nobody lends
        path = folder / "feeds" / f"net{number}" / Path(file).name
        path.parent.mkdir(parents=True)
        shutil.copy(folder / "made" / file, path)
    (folder / "feeds" / "net").mkdir()
    (folder / "feeds" / "net" / "komma.csv").write_text(comma_file(), encoding="utf-8")
    roles = folder / "roles.csv"
    roles.write_text(ROLES)
    config = load("local", {"tables.location": str(folder / "tables")})
    tables = Tables(spark, config.tables)
    job = Job(config, DAY, spark, tables)
    run_stage(job, "ingest", work_of("ingest"), Ingest(feeds=str(folder / "feeds")))
    run_stage(job, "normalise", work_of("normalise"), Normalise(roles=str(roles)))
    rows = {
        name: tables.read(name).toPandas().to_dict("records")
        for name in ("feed_files", "column_roles", "rejected_items", "field_quality", "products")
    }
    said = {"run_date": str(DAY), "roles": str(roles)}
    found = {}
    for path in sorted((folder / "feeds").glob("*/*")):
        retailer = path.name.split(".", 1)[0]
        own = {n: [r for r in of if r["retailer"] == retailer] for n, of in rows.items()}
        found[retailer] = (inspected(Inspect(file=str(path), **said)), figures(own))
    # With tables: what is stored stays, and nothing else is known.
    again = inspected(
        Inspect(file=str(folder / "feeds/net/komma.csv"), tables=config.tables.location, **said)
    )
    assert again.columns == found["komma"][0].columns and again.fields == found["komma"][0].fields
    assert "--tables" not in " ".join(again.unknown)
    return found


def figures(rows: dict[str, list[dict[str, Any]]]) -> Figures:
    (file,) = rows["feed_files"]
    prices = [int(p) for r in rows["products"] if (p := r["price_minor"]) == p and p is not None]
    refused: dict[tuple[str, str], int] = {}
    for row in rows["rejected_items"]:
        kind = (row["stage"], "".join("N" if c.isdecimal() else c for c in row["reason"]))
        kind = (kind[0], kind[1].replace("NN", "N"))
        refused[kind] = refused.get(kind, 0) + 1
    codes = [row["currency"] for row in rows["products"] if row["currency"]]
    return {
        "books": (file["read"], file["kept"], file["rejected"], file["complete"]),
        "products": len(rows["products"]),
        "refused": refused,
        "fields": {r["field"]: (r["filled"], r["valid"]) for r in rows["field_quality"]},
        "price_minor": (min(prices), max(prices)) if prices else None,
        "priced": len(prices),
        "currencies": {code: codes.count(code) for code in codes},
        "languages": {one for r in rows["column_roles"] for one in (r["language"] or "").split()},
        "roles": {r["column"]: (r["role"], r["confidence"]) for r in rows["column_roles"]},
    }


def told(report: Report) -> Figures:
    return {
        "books": (report.read, report.kept, report.rejected, report.complete),
        "products": report.shared.products,
        "refused": {(r.stage, r.reason): r.records for r in report.refusals},
        "fields": {field.field: (field.filled, field.valid) for field in report.fields},
        "price_minor": report.price_minor,
        "priced": report.priced,
        "currencies": report.currencies,
        "languages": set(report.languages),
        "roles": {c.name: (c.role, c.confidence) for c in report.columns},
    }


@pytest.mark.long
@pytest.mark.parametrize("shop", [*SHOPS, "komma"])
def test_the_report_is_what_is_stored(work: dict[str, Any], shop: str) -> None:
    report, stored = work[shop]
    said = told(report)
    for name, figure in stored.items():
        if name == "roles":  # the report also names columns that no drawn record has
            figure, said = {**dict.fromkeys(said[name], (None, 0.0)), **figure}, dict(said)
            figure = {column: figure[column] for column in said[name]}
        assert said[name] == figure, name


@pytest.mark.long
def test_habits_constants_and_overrides(work: dict[str, Any]) -> None:
    report, stored = work["komma"]
    assert (report.read, report.kept, stored["products"]) == (2597, 2596, 2590)
    assert {r.reason: r.records for r in report.refusals if r.stage == "normalise"} == {
        "id_collision": 1, "no_id": 2, "empty_record": 1,
    }  # fmt: skip
    # 1.234 is more than a thousand where decimals have commas; losers of an id have no say.
    assert report.price_minor == (5, 123400)
    assert {"haendler", "versand"} <= set(report.constant)
    roles = {column.name: column.role for column in report.columns}
    assert (roles["notiz"], roles["farbe"], roles["marke"]) == ("colour", None, "brand")
    assert report.sampled == 2000
    assert any("--tables" in sentence for sentence in report.unknown)


def test_an_override_without_such_a_role_is_an_error(tmp_path: Path) -> None:
    feed, roles = tmp_path / "net" / "shop.csv", tmp_path / "roles.csv"
    feed.parent.mkdir()
    feed.write_text(comma_file())
    roles.write_text("network,retailer,column,role\nnet,shop,notiz,colr\n")
    with pytest.raises(ValueError, match="role 'colr' of column 'notiz'"):
        inspected(Inspect(file=str(feed), roles=str(roles)))
    with pytest.raises(ValueError, match="no table column_roles; run aisles normalise first"):
        inspected(Inspect(file=str(feed), tables=str(tmp_path)))


def test_places_hash_as_in_spark(spark) -> None:  # type: ignore[no-untyped-def]
    from pyspark.sql import functions as F

    long = "a-network-with-a-näme-of-more-than-32-bytes"
    for texts in (
        ("net", "shop", "net/shop.csv"),
        (long, "r" * 70, "x" * 33),
        ("", "é", "1234567"),
    ):
        network, retailer, file = texts
        columns = [F.lit(network), F.lit(retailer), F.lit(file), F.col("id")]
        rows = spark.range(0, 300).select("id", F.xxhash64(*columns)).collect()
        numbers = np.array([row[0] for row in rows])
        found = place_hashes(network, retailer, file, numbers)
        assert found.tolist() == [row[1] for row in rows]
