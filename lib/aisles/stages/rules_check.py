"""`aisles rules check`: findings on a rule table, without Spark."""

from __future__ import annotations

import csv as csvs
import json as jsons
import os
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, fields
from typing import TYPE_CHECKING

from aisles.rules.findings import SEVERITIES, Entry, Finding, read_entries
from aisles.rules.lint import lint, ordered
from aisles.stages.rules import RulesCheck

if TYPE_CHECKING:
    import deltalake
    import pyarrow as pa


def check(params: RulesCheck) -> None:
    """Prints the findings.

    Raises:
        ValueError: when one of them is an error, or something cannot be read.
    """
    entries, findings = checked(params)
    _print(params, entries, findings)
    errors = sum(finding.severity == "error" for finding in findings)
    if errors:
        raise ValueError(f"{params.file}: {errors:,} error{'s' * (errors > 1)} in the rules")


def checked(params: RulesCheck) -> tuple[list[Entry], list[Finding]]:
    """The rules of the table and all findings on them, in the order of the file."""
    if params.severity not in SEVERITIES:
        raise ValueError(f"--severity {params.severity}: expected {', '.join(SEVERITIES)}")
    entries, findings = _read(params.file)
    findings += lint(entries, _categories(params))
    if params.tables:
        findings += _on_products(params.tables, entries)
    else:
        print("words were not looked for in products: --tables names none", file=sys.stderr)
    return entries, ordered(findings)


def _read(path: str) -> tuple[list[Entry], list[Finding]]:
    try:
        with open(path, encoding="utf-8-sig", newline="") as stream:
            return read_entries(stream)
    except UnicodeDecodeError as error:
        reason = f"byte {error.start} is not UTF-8; store the table as UTF-8"
        raise ValueError(f"{path}: {reason}") from error
    except csvs.Error as error:
        raise ValueError(f"{path}: {error}; is a quote not closed?") from error
    except OSError as error:
        raise ValueError(f"{path}: it cannot be opened: {error.strerror}") from error


def _categories(params: RulesCheck) -> set[str] | None:
    """The ids of the tree that was named, else of the stored one; None where there is neither."""
    if params.categories:
        from aisles.taxonomy import Taxonomy

        if not os.path.isfile(params.categories):
            raise ValueError(f"--categories {params.categories}: no such file")
        return set(Taxonomy.read(params.categories).ids)
    table = _table(params.tables, "categories") if params.tables else None
    if table is None:
        return None
    rows = table.to_pyarrow_dataset().to_table(["category_id", "state"]).to_pylist()
    return {row["category_id"] for row in rows if row["state"] != "retired"}


def _on_products(tables: str, entries: list[Entry]) -> Iterator[Finding]:
    """Findings on words that no active product has."""
    import pyarrow.compute as pc

    from aisles.rules.grammar import TEXT_FIELDS
    from aisles.rules.words import seen_words, word_findings

    table = _table(tables, "products")
    if table is None:
        raise ValueError(f"--tables {tables}: no table products; run aisles normalise first")
    batches: Iterator[pa.RecordBatch] = table.to_pyarrow_dataset().to_batches(
        columns=list(TEXT_FIELDS), filter=pc.field("active")
    )
    readable = [entry for entry in entries if entry.error is None]
    return word_findings(readable, seen_words(batches, readable))


def _table(tables: str, name: str) -> deltalake.DeltaTable | None:
    """The table, read without Spark; None when it is not there."""
    import deltalake

    address = f"{tables.rstrip('/')}/{name}"
    return deltalake.DeltaTable(address) if deltalake.DeltaTable.is_deltatable(address) else None


def _print(params: RulesCheck, entries: list[Entry], findings: list[Finding]) -> None:
    shown = [f for f in findings if _at_least(f.severity, params.severity)]
    if params.json:
        print(jsons.dumps([asdict(finding) for finding in shown], ensure_ascii=False, indent=2))
    elif params.csv:
        writer = csvs.writer(sys.stdout, lineterminator="\n")
        writer.writerow(field.name for field in fields(Finding))
        writer.writerows(asdict(finding).values() for finding in shown)
    else:
        from aisles.stages.report import console
        from aisles.stages.rules_view import show_findings

        counts = Counter(finding.severity for finding in findings)
        show_findings(console(), shown, len(entries), counts)


def _at_least(severity: str, least: str) -> bool:
    return SEVERITIES.index(severity) <= SEVERITIES.index(least)
