"""Rule tables: what is read, what is refused and with which line."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from aisles.rules.load import Rule, read_rules

_HEADER = "rule_id,category_id,condition,enabled,author_note"


def _table(*lines: str, header: str = _HEADER) -> io.StringIO:
    return io.StringIO("\n".join([header, *lines, ""]), newline="")


def test_rows_become_rules_in_order() -> None:
    rules = read_rules(
        _table('R2,7,"title is ""a""",true,by K.', "", 'R1,08,"price < 5 and",false,"x\ny"')
    )
    error = 'position 13: expected a field, not or "(", found the end'
    assert rules == [
        Rule("R2", "7", 'title is "a"', enabled=True, author_note="by K."),
        Rule("R1", "08", "price < 5 and", enabled=False, author_note="x\ny", error=error),
    ]


def test_effect_is_optional_and_files_may_begin_with_a_mark(tmp_path: Path) -> None:
    path = tmp_path / "rules.csv"
    lines = [f"{_HEADER},effect", "R1,1,price < 5,true,,is_not", "R2,1,price < 5,true,,"]
    path.write_text("\n".join(lines), encoding="utf-8-sig")
    assert [(rule.rule_id, rule.effect) for rule in read_rules(path)] == [
        ("R1", "is_not"),
        ("R2", "is"),
    ]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (_table(header="rule_id,condition,enabled"), "no column category_id, author_note"),
        (_table("R1,1,price < 5,yes,"), "enabled on line 2 is 'yes', expected true or false"),
        (_table("R1,1,price < 5,true"), "line 2 has 4 cells, the header 5"),
        (_table("R1,1,price < 5,true,,more"), "line 2 has 6 cells, the header 5"),
        (_table(",1,price < 5,true,"), "rule_id on line 2 is blank"),
        (_table("R1, ,price < 5,true,"), "category_id on line 2 is blank"),
        (
            _table('R1,1,price < 5,true,"a\nb"', "R2,1,price < 5,true,", "R1,2,price < 6,true,"),
            "rule_id R1 stands on line 2 and again on line 5",
        ),
        (
            _table("R1,1,price < 5,true,,no", header=f"{_HEADER},effect"),
            "effect on line 2 is 'no', expected is or is_not",
        ),
    ],
)
def test_a_wrong_table_is_refused(table: io.StringIO, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_rules(table)
