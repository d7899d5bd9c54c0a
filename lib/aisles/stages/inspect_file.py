"""What one feed file holds and what would become of it, found in one pass and bounded memory.

The records are put by until all are read, as the roles come from all of them.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc

from aisles.feeds.formats import Format
from aisles.feeds.spark import format_text
from aisles.parameters import with_parameters, within
from aisles.products.normalise import normalise_batch
from aisles.products.offer import sale_columns
from aisles.products.reading import Readings
from aisles.stages.inspect_columns import Column, Tally, described, rivals
from aisles.stages.inspect_fields import FieldReport, Fields
from aisles.stages.inspect_ids import Ids, Shared
from aisles.stages.inspect_reader import Reader
from aisles.stages.inspect_refused import Refusal, Refusals
from aisles.stages.inspect_roles import Known, Settled, settled, unknown
from aisles.stages.inspect_sample import Drawn, Spool
from aisles.stages.inspect_warnings import warnings_of
from aisles.stages.readings import reading_of

_MAPS = pa.map_(pa.string(), pa.string())


@dataclass(frozen=True)
class Report:
    """All that `aisles inspect` shows of one file.

    ends: why the file counts as complete or truncated, in words. complete: null when the reading
    stopped early because no more records were asked for. sampled: records that roles come from.
    constant: columns that say the same of all products; they are no part of all_text. languages:
    those of titles and descriptions, ISO 639-1; none where too few texts tell. priced,
    price_minor (lowest, highest) and currencies are of the products. unknown: what may come out
    otherwise for reasons that do not lie in the file.
    """

    file: str
    network: str
    retailer: str
    format: Format | None
    read: int
    kept: int
    rejected: int
    trailer_count: int | None
    complete: bool | None
    ends: str
    sampled: int
    refusals: list[Refusal]
    shared: Shared
    columns: list[Column]
    constant: list[str]
    languages: list[str]
    more_columns: bool
    fields: list[FieldReport]
    priced: int
    price_minor: tuple[int, int] | None
    currencies: dict[str, int]
    warnings: list[str]
    unknown: list[str]


@dataclass
class Survey:
    """The running counts over one file.

    day: that of the delivery; sales have dates. inner: its columns within columns (parameters).
    """

    feed: tuple[str, str]
    file: str
    day: dt.date
    inner: list[str]
    tally: Tally
    refusals: Refusals
    fields: Fields
    ids: Ids

    def take(self, batch: pa.RecordBatch, readings: Readings) -> None:
        """Counts kept records as read, and what normalising makes of them."""
        cells = with_parameters(batch["values"], self.inner)
        self.tally.add(cells)
        raw = self._raw_items(batch)
        rows = normalise_batch(raw, readings)
        self.fields.add(rows, cells)
        self.refusals.add_normalised(rows, raw["values"])
        self.ids.add(rows.filter(pc.is_null(rows["reason"])))

    def _raw_items(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        network, retailer = self.feed
        same = {"network": network, "retailer": retailer, "run_date": self.day, "file": self.file}
        columns = {name: pa.repeat(pa.scalar(value), len(batch)) for name, value in same.items()}
        columns |= {"record_no": batch["record_no"], "values": batch["values"]}
        columns["content_hash"] = pa.nulls(len(batch), pa.string())
        return pa.RecordBatch.from_pydict(columns)


def survey(
    stream: BinaryIO,
    file: str,
    feed: tuple[str, str],
    most: int = 0,
    known: Known = Known(),  # noqa: B008 - frozen
) -> Report:
    """The report on one file: what ingest and normalise would make of it, by their own functions.

    Args:
        stream: the file's bytes; read once.
        file: its name or address.
        feed: network and retailer that its products would belong to.
        most: records to look at; 0 for all.
        known: the overrides and the stored roles that normalise would find.

    Raises:
        ValueError: when nothing of the file can be read, or an override names no role.
    """
    refusals, spool = Refusals(), Spool()
    place = f"{feed[0]}/{file.replace(chr(92), '/').rsplit('/', 1)[-1]}"
    drawn = Drawn(feed, place)
    reader = Reader(stream, file, most, refusals)
    for batch in reader.kept():
        drawn.add(batch)
        spool.add(batch)
    kept = reader.read - refusals.read
    if not kept and refusals.unreadable:
        raise ValueError(f"{file}: {refusals.unreadable}")
    form = reader.parsed.format
    whole = bool(kept and reader.parsed.complete)
    lost = None
    if whole and known.past and not reader.stopped:
        lost = known.past.lost(place, kept, reader.parsed.trailer_count is not None)
    doubtful = not whole or lost is not None
    roles = settled(drawn, None if form is None else format_text(form), known, doubtful)
    given = [(row["column"], row["role"], row["confidence"]) for row in roles.rows if row["role"]]
    stated = reading_of(roles.rows).unread | {name for name, *_ in given}
    on_sale = sale_columns((row["column"] for row in roles.rows if not row["role"]), stated)
    inner = [row["column"] for row in roles.rows if within(row["column"])]
    found = Survey(
        feed, place, known.run_date, inner, Tally(), refusals, Fields(given, on_sale), Ids()
    )
    readings = {feed: reading_of(roles.rows)}
    for batch in spool.batches():
        found.take(batch, readings)
    report = _report(found, reader, file, known, roles, _with_inner(drawn.records(), inner))
    if lost:
        report.warnings.append(f"looks truncated: {lost}; nothing that it lacks would be delisted")
    report.warnings.extend(warnings_of(report))
    report.warnings.extend(one.sentence for one in roles.moved)
    return report


def _with_inner(records: list[dict[str, str]], inner: list[str]) -> list[dict[str, str]]:
    """The sampled records with the cells of columns within columns."""
    maps = pa.array([list(record.items()) for record in records], _MAPS)
    return [dict(cells) for cells in with_parameters(maps, inner).to_pylist()] if inner else records


def _report(
    found: Survey,
    reader: Reader,
    file: str,
    known: Known,
    roles: Settled,
    records: list[dict[str, str]],
) -> Report:
    parsed = reader.parsed
    form, rejected = parsed.format, found.refusals.read
    shared, offers = found.ids.counts(), found.ids.offers()
    header = form is not None and (form.header or form.container != "delimited")
    reading = reading_of(roles.rows)
    complete, ends = reader.end()
    return Report(
        file=file,
        network=found.feed[0],
        retailer=found.feed[1],
        format=form,
        read=reader.read,
        kept=reader.read - rejected,
        rejected=rejected,
        trailer_count=parsed.trailer_count,
        complete=complete,
        ends=ends,
        sampled=len(records),
        refusals=found.refusals.found(shared),
        shared=shared,
        columns=described(roles.rows, rivals(roles.rows, records, header), records, found.tally),
        constant=sorted(reading.constant),
        languages=list(reading.languages),
        more_columns=found.tally.left_out,
        fields=found.fields.found(),
        priced=offers.priced,
        price_minor=offers.price_minor,
        currencies=offers.currencies,
        warnings=[],
        unknown=list(unknown(known, roles, reader.stopped)),
    )
