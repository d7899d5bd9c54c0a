"""Which records of one file are refused, by reason, with an example of each."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc

from aisles.stages.inspect_ids import Shared

MOST_REASONS = 30
_RAW_CHARS = 300
_OTHER = "further reasons"


@dataclass(frozen=True)
class Refusal:
    """Records that one stage (ingest, normalise) refuses for one reason, and the first of them.

    reason: numbers in it read N, so that like reasons count together. raw: as text, cut.
    """

    stage: str
    reason: str
    records: int
    record_no: int
    raw: str


class Refusals:
    """The refused records, taken batch by batch; `read` counts those that cannot be read."""

    def __init__(self) -> None:
        self.read = 0
        self.unreadable: str | None = None
        self._found: dict[tuple[str, str], Refusal] = {}

    def add_read(self, batch: pa.RecordBatch) -> None:
        """Takes what the reader made of some records (PARSED)."""
        bad = batch.filter(pc.is_valid(batch["reason"]))
        if not len(bad):
            return
        self.read += len(bad)
        last = bad["reason"][-1].as_py()
        if last.startswith("unreadable: "):
            self.unreadable = last.removeprefix("unreadable: ")
        self._add("ingest", bad["reason"], bad["record_no"], bad["raw"])

    def add_normalised(self, rows: pa.RecordBatch, values: pa.MapArray) -> None:
        """Takes what cleaning made of some records (PRODUCT_SCHEMA), and their cells."""
        bad = pc.is_valid(rows["reason"])
        if pc.any(bad).as_py():
            lost = rows.filter(bad)
            self._add("normalise", lost["reason"], lost["record_no"], values.filter(bad))

    def found(self, shared: Shared) -> list[Refusal]:
        """The refusals by stage, the most frequent first; colliding ids among them."""
        every = list(self._found.values())
        if shared.example is not None:
            first, other = shared.example
            raw = f"title and link differ from those of record {first:,}, the first of the id"
            every.append(Refusal("normalise", "id_collision", shared.collisions, other, raw))
        return sorted(every, key=lambda refusal: (refusal.stage, -refusal.records))

    def _add(self, stage: str, reasons: pa.Array, numbers: pa.Array, raw: pa.Array) -> None:
        kinds = pc.replace_substring_regex(reasons, "[0-9]+", "N")
        coded = kinds.dictionary_encode()
        counts = pc.value_counts(coded.indices).to_pylist()
        for entry in counts:
            kind = coded.dictionary[entry["values"]].as_py()
            if (stage, kind) not in self._found and len(self._found) >= MOST_REASONS:
                kind = _OTHER
            known = self._found.get((stage, kind))
            if known is None:
                first = pc.index(coded.indices, entry["values"]).as_py()
                example = (numbers[first].as_py(), _text(raw[first].as_py()))
                known = Refusal(stage, kind, 0, *example)
            records = known.records + entry["counts"]
            self._found[stage, kind] = replace(known, records=records)


def _text(raw: str | list[tuple[str, str]] | None) -> str:
    """A record as text: as it was written, or its cells as JSON."""
    text = raw if isinstance(raw, str) else json.dumps(dict(raw or []), ensure_ascii=False)
    return text[:_RAW_CHARS]
