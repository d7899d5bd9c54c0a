"""Roles of columns: the table column_roles from raw records, and the overrides of people."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from aisles.feeds.infer import SAMPLE_ROWS, Borrowed, ColumnRole, ColumnSample, infer
from aisles.feeds.lexicon import ROLES
from aisles.feeds.parameters import parameters_of
from aisles.feeds.profile import profile_of
from aisles.feeds.shapes import Shape
from aisles.parameters import with_parameters

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = [
    "ROLES",
    "ColumnRole",
    "ColumnSample",
    "Declared",
    "column_roles",
    "infer",
    "roles_of_feed",
    "with_overrides",
]

ROLES_SCHEMA = (
    "network string, retailer string, column string, role string, confidence double, "
    "evidence string, source string, filled double, decimals string, profile string"
)
_NUMBERS = ("confidence", "filled")
_ROLES = pa.schema(
    [
        (name, pa.float64() if name in _NUMBERS else pa.string())
        for name in (part.split()[0] for part in ROLES_SCHEMA.split(", "))
    ]
)
_FEED = ["network", "retailer"]
Feed = tuple[str, str]


@dataclass(frozen=True)
class Declared:
    """What is known of a feed's files before their records are read: records, formats (JSON)."""

    records: int
    formats: tuple[str, ...] = ()


def column_roles(
    raw: DataFrame,
    declared: Mapping[Feed, Declared] | None = None,
    lent: Mapping[Feed, Borrowed] | None = None,
) -> DataFrame:
    """One row per column of each feed: network, retailer, column, role, confidence, evidence,
    source (``inferred``), filled, decimals, profile. A column without a role has role null.

    Args:
        raw: records with network, retailer, file, record_no and values (null when rejected). At
            most 2,000 of each feed are looked at, those with the smallest hashes.
        declared: of each feed, what ``feed_files`` has; without it, records are counted first and
            columns that are blank in every record are not known.
        lent: what other feeds say of a feed's columns (``aisles.feeds.borrow``).
    """

    def of_feed(table: pa.Table) -> pa.Table:
        return roles_of_feed(table, lent)

    return sampled(raw, declared).groupBy(*_FEED).applyInArrow(of_feed, ROLES_SCHEMA)


def sampled(raw: DataFrame, declared: Mapping[Feed, Declared] | None = None) -> DataFrame:
    """The records and formats that ``roles_of_feed`` looks at; arguments of ``column_roles``.

    Of a feed with more records than are looked at, a quarter more than these: see ``chosen``.
    """
    from pyspark.sql import functions as F

    # Not of the day: the same file shows the same records whenever it comes.
    keys = [c for c in ("network", "retailer", "file", "record_no") if c in raw.columns]
    filled = raw.where(F.col("values").isNotNull()).withColumn("hash", F.xxhash64(*keys))
    limits = _counted(raw) if declared is None else _known(raw, declared)
    few = filled.join(F.broadcast(limits), _FEED).where("hash <= limit")
    rows = few.select(*_FEED, "hash", "values")
    at_once = 4 * raw.sparkSession.sparkContext.defaultParallelism
    if declared is None:
        return rows.repartition(at_once, *_FEED)
    forms = limits.select(*_FEED, F.explode("formats").alias("format"))
    every = rows.unionByName(forms, allowMissingColumns=True)
    if len(declared) == 1:
        return every
    return every.repartition(max(1, min(at_once, len(declared))), *_FEED)


_SHARE = 1.25 * SAMPLE_ROWS
_HASHES = 2**63  # from minus this up to this, exclusive


def _counted(raw: DataFrame) -> DataFrame:
    """One row a feed: the hash (limit) up to which a record may be among the sampled ones.

    A hash is as good as a draw: of the records below a limit that lets through a quarter more than
    are wanted, as many as wanted are there, but for one feed in a million million.
    """
    from pyspark.sql import functions as F

    share = _SHARE / F.count("*")
    below = (F.lit(-float(_HASHES)) + share * F.lit(2.0 * _HASHES)).try_cast("bigint")
    return raw.groupBy(*_FEED).agg(F.coalesce(below, F.lit(_HASHES - 1)).alias("limit"))


def _known(raw: DataFrame, declared: Mapping[Feed, Declared]) -> DataFrame:
    """The same for feeds whose records are counted already, with the formats of their files."""
    shares = [_SHARE / max(one.records, 1) for one in declared.values()]
    columns = {
        "network": pa.array([network for network, _ in declared], pa.string()),
        "retailer": pa.array([retailer for _, retailer in declared], pa.string()),
        "limit": pa.array(
            [min(int((2 * share - 1) * _HASHES), _HASHES - 1) for share in shares], pa.int64()
        ),
        "formats": pa.array(
            [list(one.formats) for one in declared.values()], pa.list_(pa.string())
        ),
    }
    return raw.sparkSession.createDataFrame(pa.table(columns))


def roles_of_feed(table: pa.Table, lent: Mapping[Feed, Borrowed] | None = None) -> pa.Table:
    """The roles of one feed's columns from its sampled records."""
    rows = table.select([name for name in table.column_names if name != "values"]).to_pylist()
    looked_at = chosen(table)
    records = [dict(one) for one in looked_at.to_pylist()]
    forms = [json.loads(f) for f in sorted({r["format"] for r in rows if r.get("format")})]
    names = _names(forms, records)
    columns = {name: [record.get(name) for record in records] for name in names}
    if more := parameters_of(columns, records):
        records = [dict(one) for one in with_parameters(looked_at, more).to_pylist()]
        columns |= {name: [record.get(name) for record in records] for name in more}
    samples = [ColumnSample(name, values) for name, values in columns.items()]
    feed = (rows[0]["network"], rows[0]["retailer"])
    found = infer(samples, _has_header(forms, names), (lent or {}).get(feed))
    described = [_row(feed, role, s) for role, s in zip(found, samples, strict=True)]
    return pa.Table.from_pylist(described, _ROLES)


def chosen(table: pa.Table) -> pa.MapArray:
    """The cells of the records of one feed that are looked at: those with the smallest hashes.

    table: hash and values, among them rows without values (formats).
    """
    records = table.select(["hash", "values"]).filter(pc.is_valid(table["values"]))
    return records.sort_by("hash")["values"].slice(0, SAMPLE_ROWS).combine_chunks()


def _row(feed: Feed, found: ColumnRole, sample: ColumnSample) -> dict[str, Any]:
    return {
        "network": feed[0],
        "retailer": feed[1],
        "column": found.column,
        "role": found.role,
        "confidence": found.confidence,
        "evidence": found.evidence,
        "source": "inferred",
        "filled": found.shape.filled,
        "decimals": decimals_of(found.shape) if found.shape.money > 0.5 else None,
        "profile": profile_of(found.shape, sample.values).text,
    }


def decimals_of(shape: Shape) -> str | None:
    """How a column of amounts writes decimals: ``comma``, ``dot``, None where they do not tell.

    One in ten may be written otherwise: shops paste amounts from elsewhere.
    """
    if max(shape.comma, shape.dot) == 0 or min(shape.comma, shape.dot) > 0.1 * (
        shape.comma + shape.dot
    ):
        return None
    return "comma" if shape.comma > shape.dot else "dot"


def _names(forms: list[dict[str, Any]], records: list[dict[str, str]]) -> list[str]:
    """Declared columns in file order, then those that only records name, positions by number."""
    names = dict.fromkeys(name for form in forms for name in form["columns"])
    seen = sorted({name for record in records for name in record}, key=_by_number)
    return list(names | dict.fromkeys(seen))


def _by_number(name: str) -> tuple[int, str]:
    return (int(name), "") if name.isdecimal() and len(name) < 6 else (1 << 30, name)


def _has_header(forms: list[dict[str, Any]], names: list[str]) -> bool:
    stated = [form["header"] or form["container"] != "delimited" for form in forms]
    return any(stated) if stated else not all(name.isdecimal() for name in names)


def with_overrides(
    inferred: Iterable[Mapping[str, Any]], overrides: Iterable[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """The rows of ``column_roles`` with people's choices put over them, ``source='override'``.

    An override names network, retailer (or ``*`` for all of the network's), column and role (blank
    or null: the column has none). One for the retailer wins over one for ``*``. Where a role is
    overridden in a feed, the columns that were inferred for it lose it. An override for a named
    retailer stands even if the column was not seen; one for ``*`` only where it was.

    Raises:
        ValueError: for a role that does not exist.
    """
    rows = {(r["network"], r["retailer"], r["column"]): dict(r) for r in inferred}
    stated: dict[tuple[str, str, str], str | None] = {}
    for override in sorted(overrides, key=lambda o: o["retailer"] != "*"):
        network, retailer, column = (override[k] for k in ("network", "retailer", "column"))
        role = _checked(override)
        if retailer != "*":
            stated[(network, retailer, column)] = role
            continue
        for key in rows:
            if (key[0], key[2]) == (network, column):
                stated[key] = role
    taken = {(key[0], key[1], role) for key, role in stated.items() if role}
    for key, row in rows.items():
        if key not in stated and (key[0], key[1], row["role"]) in taken:
            row.update(role=None, confidence=0.0, evidence="another column is stated for its role")
    put = {key: rows.get(key, {}) | _stated(key, role) for key, role in stated.items()}
    return list((rows | put).values())


def _checked(override: Mapping[str, Any]) -> str | None:
    role = (override.get("role") or "").strip() or None
    if role is not None and role not in ROLES:
        raise ValueError(
            f"role {role!r} of column {override['column']!r} ({override['network']}/"
            f"{override['retailer']}): expected one of {', '.join(ROLES)}"
        )
    return role


def _stated(key: tuple[str, str, str], role: str | None) -> dict[str, Any]:
    return {
        "network": key[0],
        "retailer": key[1],
        "column": key[2],
        "role": role,
        "confidence": 1.0,
        "evidence": "stated in the overrides",
        "source": "override",
    }
