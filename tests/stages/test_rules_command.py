"""`aisles rules check` and `aisles rules try` from the command line."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import deltalake
import pyarrow as pa
import pytest
from rich.console import Console

from aisles.cli import main
from aisles.rules.findings import Entry
from aisles.rules.load import Rule
from aisles.stages.rules_try import Trial
from aisles.stages.rules_view import pointed, show_findings, show_trial

_HEADER = "rule_id,category_id,condition,enabled,author_note"
_SOUND = 'R1,1,"title contains_any (""bib"", ""bibs"")",true,'
_UNSEEN = 'R2,1,"title contains_any (""feeding"", ""bottle"")",true,'
_BROKEN = 'R3,1,"title contains ""hat"" and",true,'


def _write(folder: Path, *lines: str) -> str:
    path = folder / "rules.csv"
    path.write_text("\n".join([_HEADER, *lines, ""]), encoding="utf-8")
    return str(path)


def test_a_sound_table_is_told_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "check", _write(tmp_path, _SOUND)]) == 0
    assert capsys.readouterr().out == "1 rule: 0 errors, 0 warnings, 0 notes\n"


def test_errors_end_with_status_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    unreachable = 'R2,1,"title contains ""feeding bib""",true,'
    path = _write(tmp_path, _SOUND, unreachable, _BROKEN)
    assert main(["rules", "check", path]) == 1
    said = capsys.readouterr()
    assert said.err.splitlines() == [
        "words were not looked for in products: --tables names none",
        f"aisles: {path}: 1 error in the rules",
    ]
    assert [line.rstrip() for line in said.out.splitlines()] == [
        "line 3, rule R2",
        '  title contains "feeding bib"',
        "  warning at position 0: adds nothing: every product that it finds rule R1 on line 2 finds"
        " as well:",
        '  title contains_any ("bib", "bibs")',
        "  Delete it, or make the other one narrower.",
        "",
        "line 4, rule R3",
        '  title contains "hat" and',
        "                          ^",
        '  error at position 24: expected a field, not or "(", found the end',
        "  The rule is skipped until this is mended.",
        "",
        "3 rules: 1 error, 1 warning, 0 notes",
    ]


def test_findings_as_json_and_csv(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = _write(tmp_path, _SOUND, _BROKEN)
    assert main(["rules", "check", path, "--json"]) == 1
    (finding,) = json.loads(capsys.readouterr().out)
    assert finding["rule_id"] == "R3"
    assert (finding["line"], finding["start"], finding["code"]) == (3, 24, "syntax")
    assert main(["rules", "check", path, "--csv"]) == 1
    (row,) = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert row == {key: str(value) for key, value in finding.items()}


def test_only_findings_from_a_severity_up(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    warned = 'R2,1,"title contains ""bib""",true,'
    path = _write(tmp_path, _SOUND, warned, _BROKEN)
    assert main(["rules", "check", path, "--severity", "error"]) == 1
    out = capsys.readouterr().out
    assert "R2" not in out
    assert out.endswith("3 rules: 1 error, 1 warning, 0 notes\n")
    assert main(["rules", "check", path, "--severity", "bad"]) == 1
    assert "expected error, warning, note" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "it cannot be opened: No such file or directory"),
        (b"rule_id,condition\n", "no column category_id, enabled, author_note"),
        (f"{_HEADER}\nR1,1,x,true,f\xfcr\n".encode("latin-1"), "is not UTF-8"),
        (f'{_HEADER}\nR1,1,"{"x" * 140_000}'.encode(), "is a quote not closed?"),
    ],
)
def test_a_file_that_is_no_rule_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None, message: str
) -> None:
    path = tmp_path / "rules.csv"
    if content is not None:
        path.write_bytes(content)
    assert main(["rules", "check", str(path)]) == 1
    assert message in capsys.readouterr().err


def test_categories_and_words_of_the_tables(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, tables = _write(tmp_path, _SOUND, _UNSEEN), str(tmp_path / "tables")
    assert main(["rules", "check", path, "--tables", tables]) == 1
    assert "no table products" in capsys.readouterr().err
    _products(tables)
    _delta(tables, "categories", [{"category_id": "2", "state": "active"}])
    assert main(["rules", "check", path, "--tables", tables, "--json"]) == 1
    found = [(f["rule_id"], f["code"]) for f in json.loads(capsys.readouterr().out)]
    assert found == [("R1", "category"), ("R1", "unseen"), ("R2", "category"), ("R2", "unseen")]
    named = tmp_path / "categories.csv"
    named.write_text("category_id,parent_id,level,name,path\n1,,1,Baby,Baby\n", encoding="utf-8")
    arguments = ["rules", "check", path, "--tables", tables, "--categories", str(named)]
    assert main([*arguments, "--severity", "error"]) == 0


def test_a_long_condition_is_cut_around_the_place() -> None:
    condition = 'title contains "' + "x" * 150 + '" and price >' + " " * 5 + "and"
    text, carets = pointed(condition, condition.index("price"), condition.index("price") + 5, 60)
    assert len(text) == 60
    assert text[0] == "…"
    assert text[carets.index("^") : carets.rindex("^") + 1] == "price"


def test_carets_stand_under_wide_signs() -> None:
    assert pointed('title is "靴" or x', 13, 15) == ('title is "靴" or x', " " * 14 + "^^")


def _shown(width: int = 100) -> tuple[Console, io.StringIO]:
    stream = io.StringIO()
    return Console(width=width, file=stream, color_system=None), stream


def test_nothing_is_wider_than_the_terminal_nor_steers_it() -> None:
    screen, stream = _shown()
    condition = 'title contains "\x1b[31m' + "靴 " * 150 + '"'
    entry = Entry(1, Rule("R1", "c", condition))
    findings = [
        entry.finding(place, "note", "x", condition, condition)
        for place in (None, entry.place, entry.place.children[0])
    ]
    show_findings(screen, findings, 1, {"note": 3})
    from rich.cells import cell_len

    lines = stream.getvalue().splitlines()
    assert max(map(cell_len, lines)) <= 100
    assert "\x1b" not in stream.getvalue()


def test_a_trial_without_any_product_is_shown() -> None:
    screen, stream = _shown()
    show_trial(screen, Trial("price < 5", "", uncaught=0))
    assert stream.getvalue().startswith("0 products of 0: price < 5\n")


def _delta(tables: str, name: str, rows: list[dict[str, object]], schema=None) -> None:  # type: ignore[no-untyped-def]
    deltalake.write_deltalake(f"{tables}/{name}", pa.Table.from_pylist(rows, schema))


def _products(tables: str) -> None:
    """Ten red shoes, five blue hats and one that is gone."""
    titles = [f"Red shoe {n}" for n in range(10)] + [f"Blue hat {n}" for n in range(5)] + ["Red"]
    texts = ["title", "description", "merchant_category", "brand", "gender"]
    rows = [
        {**dict.fromkeys(texts), "product_id": f"n/r/{n}", "title": title, "active": n < 15}
        | {"price_minor": 100 * n, "currency": "EUR", "description": "with a red sole"}
        for n, title in enumerate(titles)
    ]
    names = [("product_id", pa.string()), *((name, pa.string()) for name in texts)]
    others = [("price_minor", pa.int64()), ("currency", pa.string()), ("active", pa.bool_())]
    _delta(tables, "products", rows, pa.schema([*names, *others]))  # type: ignore[arg-type]


def _evidence(tables: str) -> None:
    """Rule R1 (Shoes) found two of the red shoes, the model three, people said yes and no."""
    tree = [("1", None, "Wear"), ("11", "1", "Shoes"), ("2", None, "Toys")]
    _delta(
        tables,
        "categories",
        [
            {"category_id": c, "parent_id": up, "level": 1, "name": n, "path": n, "state": "active"}
            for c, up, n in tree
        ],
    )
    rule = {"rule_id": "R1", "rule_version": 1, "category_id": "11", "effect": "is"}
    rule |= {"condition": 'title contains "shoe 1"', "enabled": True, "current": True}
    _delta(tables, "rules", [rule])
    votes = [{"product_id": f"n/r/{n}", "rule_id": "R1", "category_id": "11"} for n in (0, 1, 12)]
    schema = pa.schema([*((name, pa.string()) for name in votes[0]), ("vote", pa.int8())])
    _delta(tables, "rule_votes", [{**vote, "vote": 1} for vote in votes], schema)
    scores = [(0, "11", 0.9), (1, "11", 0.8), (2, "11", 0.7), (3, "11", 0.2)]
    scores += [(n, "1", 0.9) for n in (0, 1, 2, 13)]
    _delta(
        tables,
        "scores",
        [
            {"product_id": f"n/r/{n}", "category_id": c, "probability": p, "assigned": p > 0.5}
            for n, c, p in scores
        ],
    )
    said = [(0, "11", 1), (1, "11", -1), (2, "1", -1), (3, "1", 1), (12, "11", 1)]
    texts = ["answer_id", "product_id", "category_id"]
    kinds = [("answer", pa.int8()), ("complete", pa.bool_()), ("propensity", pa.float64())]
    _delta(
        tables,
        "human_labels",
        [
            {"answer_id": str(n), "product_id": f"n/r/{n}", "category_id": c, "answer": answer}
            | {"complete": False, "propensity": None, "at": None}
            for n, c, answer in said
        ],
        pa.schema([*((t, pa.string()) for t in texts), *kinds, ("at", pa.timestamp("us", "UTC"))]),  # type: ignore[arg-type]
    )


def test_a_condition_with_an_error_is_pointed_at(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "try", 'title contains "hat" and']) == 1
    said = capsys.readouterr()
    lines = said.out.splitlines()
    assert [line.rstrip() for line in lines[:2]] == ['title contains "hat" and', " " * 24 + "^"]
    assert "the condition cannot be read: position 24: expected a field" in said.err


@pytest.mark.usefixtures("spark")
def test_a_trial_before_anything_else_is_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tables = str(tmp_path)
    arguments = ["rules", "try", 'any contains "red"', "--tables", tables]
    assert main(arguments) == 1
    assert "no table products" in capsys.readouterr().err
    _products(tables)
    assert main([*arguments, "--samples", "2"]) == 0
    out = capsys.readouterr().out
    assert out.startswith('15 products of 15 (100.00%): any contains "red"\n')
    assert "Samples: 2 of 15" in out
    assert "! the table rule_votes is empty; aisles label fills it" in out
    assert {path.name for path in tmp_path.iterdir()} == {"products"}  # it writes nothing
    assert main([*arguments, "--category", "1"]) == 1
    assert "the table categories has no such id" in capsys.readouterr().err


@pytest.mark.usefixtures("spark")
def test_a_trial_for_a_category(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tables = str(tmp_path)
    _products(tables)
    _evidence(tables)
    condition = 'title contains "shoe" and price < 8'
    arguments = ["rules", "try", condition, "--tables", tables, "--category"]
    assert main([*arguments, "11", "--samples", "3", "--json"]) == 0
    trial = json.loads(capsys.readouterr().out)
    assert (trial["products"], trial["found"], trial["path"]) == (15, 8, "Wear > Shoes")
    assert len(trial["samples"]) == 3
    (excerpt,) = trial["samples"][0]["excerpts"]
    assert excerpt[0] == "title"
    assert excerpt[1][slice(*excerpt[2][0])] == "shoe"
    assert trial["rules"] == [
        {
            "rule_id": "R1",
            "category_id": "11",
            "path": "Wear > Shoes",
            "vote": 1,
            "shared": 2,
            "voted": 3,
            "condition": 'title contains "shoe 1"',
        }
    ]
    assert (trial["uncaught"], trial["uncaught_here"]) == (6, 6)
    assert trial["agreement"] == {"assigned": 3, "scored": 4, "probability": pytest.approx(0.65)}
    # Yes for Shoes, no for Shoes, no for Wear above it; a yes for Wear leaves Shoes open.
    assert (trial["yes"], trial["no"]) == (1, 2)
    assert main([*arguments, "2", "--json"]) == 0
    other = json.loads(capsys.readouterr().out)
    assert (other["uncaught"], other["uncaught_here"], other["agreement"]["scored"]) == (6, 8, 0)


@pytest.mark.usefixtures("spark")
def test_a_trial_without_a_category_names_the_models_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tables = str(tmp_path)
    _products(tables)
    _evidence(tables)
    assert main(["rules", "try", 'any contains "red"', "--tables", tables]) == 0
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert max(map(len, lines)) <= 100
    assert any(line.split() == ["3", "20%", "0.80", "11", "Wear", ">", "Shoes"] for line in lines)
    assert any(line.split() == ["1", "7%", "0.90", "1", "Wear"] for line in lines)
    assert "12 of 15 are caught by no rule yet" in lines


@pytest.mark.usefixtures("spark")
def test_words_of_a_trial_that_no_product_has(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tables = str(tmp_path)
    _products(tables)
    condition = 'title contains_any ("shoee", "sole", "hat") and price < 9'
    assert main(["rules", "try", condition, "--tables", tables, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["findings"]
    assert [(one["code"], one["advice"]) for one in found] == [
        ("misspelt", "Did you mean shoe (10)?"),
        ("unseen", "Look for other words, or keep these for products to come."),
    ]
