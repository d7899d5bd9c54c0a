"""The records of one file that its roles are inferred from: those that normalise draws."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from aisles.feeds.infer import SAMPLE_ROWS
from aisles.feeds.records import PARSED
from aisles.stages.inspect_hash import place_hashes

_IN_MEMORY = 1 << 26  # bytes of records that are held, packed; more go to a temporary file
_KEPT = pa.schema([PARSED.field(name) for name in ("record_no", "values")])


@dataclass
class Drawn:
    """The 2,000 records with the smallest hashes among those that came so far, in their order.

    feed, file: what the hash is of beside the record's number; file: as raw_items has it.
    """

    feed: tuple[str, str]
    file: str
    _hashes: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    _numbers: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    _values: pa.Array = field(default_factory=lambda: pa.array([], PARSED.field("values").type))

    def add(self, batch: pa.RecordBatch) -> None:
        """Takes kept records."""
        numbers = batch["record_no"].to_numpy()
        hashes = place_hashes(*self.feed, self.file, numbers)
        here = np.arange(len(hashes))
        if len(self._hashes) == SAMPLE_ROWS:
            here = np.flatnonzero(hashes < self._hashes[-1])
        if not len(here):
            return
        every = np.concatenate([self._hashes, hashes[here]])
        order = np.argsort(every, kind="stable")[:SAMPLE_ROWS]
        values = pa.concat_arrays([self._values, batch["values"].take(pa.array(here))])
        self._numbers = np.concatenate([self._numbers, numbers[here]])[order]
        self._hashes, self._values = every[order], values.take(pa.array(order))

    @property
    def rows(self) -> int:
        """How many records are drawn."""
        return len(self._hashes)

    def records(self) -> list[dict[str, str]]:
        """The cells of each drawn record by column, in the order of the file."""
        return list(map(dict, self._values.take(pa.array(np.argsort(self._numbers))).to_pylist()))

    def table(self, declared: str | None) -> pa.Table:
        """What `aisles.feeds.roles.roles_of_feed` takes; declared: the format of the file, JSON."""
        network, retailer = self.feed
        more = int(declared is not None)
        rows, forms = self.rows + more, [None] * self.rows + [declared] * more
        return pa.table(
            {
                "network": pa.array([network] * rows, pa.string()),
                "retailer": pa.array([retailer] * rows, pa.string()),
                "hash": pa.concat_arrays([pa.array(self._hashes), pa.nulls(more, pa.int64())]),
                "values": pa.concat_arrays([self._values, pa.nulls(more, self._values.type)]),
                "format": pa.array(forms, pa.string()),
            }
        )


class Spool:
    """The kept records of a file, put by until its roles are known: in memory, or on disk if many.

    The disk space is given back when the object goes.
    """

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        self._writer = pa.ipc.new_stream(pa.PythonFile(self._file, "w"), _KEPT, options=options)

    def add(self, batch: pa.RecordBatch) -> None:
        """Takes kept records (PARSED)."""
        self._writer.write_batch(batch.select(_KEPT.names))

    def batches(self) -> Iterator[pa.RecordBatch]:
        """All that was taken, in order; nothing can be added any more."""
        self._writer.close()
        self._file.seek(0)
        yield from pa.ipc.open_stream(pa.PythonFile(self._file, "r"))
