"""What a person should look at before a feed is let in, one sentence each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from aisles.stages.inspect_fields import FieldReport, money

if TYPE_CHECKING:
    from aisles.stages.inspect_file import Report

FEW_READ = 0.01
"""Share of records that cannot be read from which it is said; the other shares likewise."""
MANY_REFUSED = 0.05
MANY_DUPLICATES = 0.05
MANY_UNCLEAR = 0.1
MANY_UNTITLED = 0.1
DOUBTFUL = 0.5
"""Confidence below which a role is to be checked."""
CLOSE = 3.0
"""Ratio of the odds of two columns for a role within which they compete for it."""
_WANTED = ("description", "merchant_category", "price", "product_url", "image_url")
_SINGLE = ("title", "merchant_product_id", "price", "currency", "gtin", "brand")


def warnings_of(report: Report) -> list[str]:
    """The warnings, the gravest first."""
    if not report.kept:
        return [*_of_end(report), "no record can be read: nothing would be let in"]
    parts = (_of_end(report), _of_records(report), _of_roles(report), _of_fields(report),
             _of_prices(report), _of_ids(report))  # fmt: skip
    return [warning for part in parts for warning in part]


def share(part: int, whole: int) -> str:
    """A share in per cent, never rounded to none or to all."""
    if part in (0, whole):
        return "100 %" if part else "0 %"
    return f"{min(max(100 * part / whole, 0.1), 99.9):.1f} %"


def _of_end(report: Report) -> Iterator[str]:
    if report.complete is False:
        yield f"looks truncated: {report.ends}; nothing that it lacks would be delisted"
    if report.format is not None and report.format.left_out:
        yield f"members of the archive that are not read: {', '.join(report.format.left_out)}"


def _of_records(report: Report) -> Iterator[str]:
    if report.rejected > FEW_READ * report.read:
        yield f"{share(report.rejected, report.read)} of the records cannot be read"
    for refusal in report.refusals:
        if refusal.stage == "normalise" and refusal.records > MANY_REFUSED * report.kept:
            part = share(refusal.records, report.kept)
            yield f"{part} of the readable records would be rejected: {refusal.reason}"
    if report.more_columns:
        yield "the records name ever new columns: those beyond the first 2,000 are not counted"


def _of_roles(report: Report) -> Iterator[str]:
    given = {column.role for column in report.columns if column.filled}
    if "title" not in given:
        yield "no filled column has the role title: products would have none"
    if "merchant_product_id" not in given:
        yield "no filled column has the role merchant_product_id: ids would be GTINs or links"
    if lacking := [role for role in _WANTED if role not in given]:
        yield f"no filled column for {', '.join(lacking)}"
    for column in report.columns:
        if column.role and column.filled and column.confidence < DOUBTFUL:
            yield f"{column.role} from column {column.name} is doubtful ({column.confidence:.2f})"
    yield from _rivals(report)


def _rivals(report: Report) -> Iterator[str]:
    """Two columns that fit one role nearly alike, where a product has one of it."""
    best = {c.role: c for c in sorted(report.columns, key=lambda c: c.confidence) if c.role}
    for column in report.columns:
        role, confidence = column.rival or ("", 0.0)
        winner = best.get(role)
        if winner is None or role not in _SINGLE or confidence < DOUBTFUL:
            continue
        if _odds(winner.confidence) < CLOSE * _odds(confidence):
            yield (
                f"columns {winner.name} ({winner.confidence:.2f}) and {column.name} "
                f"({confidence:.2f}) compete for {role}: {winner.name} was taken"
            )


def _odds(confidence: float) -> float:
    return confidence / max(1 - confidence, 0.001)


def _of_fields(report: Report) -> Iterator[str]:
    for field in report.fields:
        lost = field.filled - field.valid
        if field.filled and lost > MANY_UNCLEAR * field.filled:
            yield f"{field.field}: {share(lost, field.filled)} of the cells are {_unclear(field)}"
        if field.field == "title" and field.columns:
            lacking = report.kept - field.valid
            if lacking > MANY_UNTITLED * report.kept:
                yield f"{share(lacking, report.kept)} of the records have no title"
    for column in report.columns:
        if column.role == "title" and column.filled >= 100 and column.distinct < column.filled / 10:
            yield f"only {column.distinct:,} different titles in {column.filled:,} records"


def _unclear(field: FieldReport) -> str:
    return f"{field.unclear}, such as {field.odd[0][:40]!r}" if field.odd else field.unclear


def _of_prices(report: Report) -> Iterator[str]:
    priced = report.priced
    if report.price_minor is None:
        return
    low, high = report.price_minor
    known = sum(report.currencies.values())
    code = max(report.currencies, key=lambda c: report.currencies[c], default=None)
    if low == high and priced > 1:
        yield f"all {priced:,} prices are {money(low, code)}"
    if not known:
        yield "no currency is known: prices are read with two decimals"
    elif known < priced:
        yield f"{share(priced - known, priced)} of the prices have no known currency"
    if len(report.currencies) > 1:
        parts = sorted(report.currencies.items(), key=lambda item: -item[1])
        texts = [f"{code} {share(count, known)}" for code, count in parts]
        yield f"prices in {len(parts)} currencies: {', '.join(texts[:5])}"


def _of_ids(report: Report) -> Iterator[str]:
    shared = report.shared
    records = shared.products + shared.duplicates + shared.collisions
    if shared.duplicates > MANY_DUPLICATES * records:
        yield f"{share(shared.duplicates, records)} of the records repeat an id: the last one wins"
