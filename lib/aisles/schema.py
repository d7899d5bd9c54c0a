"""The declared tables: each is one executable CREATE TABLE under schemas/."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from aisles import files

_COLUMN = re.compile(
    r"^  (?P<name>\w+) (?P<type>.+?)(?P<required> NOT NULL)?"
    r" COMMENT '(?P<comment>(?:[^'\\]|\\.)*)',?$"
)


@dataclass(frozen=True)
class Column:
    """One declared column: Spark SQL type, whether null is refused, and what it means."""

    name: str
    type: str
    required: bool
    comment: str


def names() -> list[str]:
    """All declared tables."""
    return [name.removesuffix(".sql") for name in files.names("schemas", ".sql")]


def views() -> list[str]:
    """All declared views for analysts."""
    return [name.removesuffix(".sql") for name in files.names("schemas/views", ".sql")]


@lru_cache
def ddl(table: str) -> str:
    """The CREATE TABLE statement as it stands in schemas/."""
    return files.text(f"schemas/{table}.sql").strip()


def view(name: str) -> str:
    """The CREATE VIEW statement as it stands in schemas/views/."""
    return files.text(f"schemas/views/{name}.sql").strip()


@lru_cache
def columns(table: str) -> tuple[Column, ...]:
    """The declared columns of one table, in order."""
    found = [match for line in ddl(table).splitlines() if (match := _COLUMN.match(line))]
    assert found, f"schemas/{table}.sql declares no column"
    return tuple(
        Column(m["name"], m["type"], m["required"] is not None, m["comment"].replace("\\'", "'"))
        for m in found
    )
