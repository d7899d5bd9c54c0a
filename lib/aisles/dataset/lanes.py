"""The rows of each lane, epoch by epoch."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from aisles.config import EncoderConfig
from aisles.dataset import rows as decoding
from aisles.dataset.pinned import Pinned
from aisles.dataset.planning import Plan
from aisles.dataset.reader import row_groups
from aisles.dataset.rows import Rows


@dataclass(frozen=True)
class Source:
    """What every lane of a split needs to be read. clip: largest importance kept."""

    pinned: Pinned
    plan: Plan
    encoder: EncoderConfig
    clip: float
    ids: bool = False

    def blocks(self, shard: tuple[int, int] | None, seed: int | None) -> Iterator[Rows]:
        """One block of rows a row group; see reader.row_groups."""
        if not self.pinned.rows:
            return
        columns = (*decoding.COLUMNS, "product_id") if self.ids else decoding.COLUMNS
        without = self.pinned.without
        if without:
            columns = (*columns, "fold")
        for group in row_groups(self.pinned.files, columns, shard, seed):
            if without:
                kept = ~np.isin(group["fold"], without)
                group = {name: values[kept] for name, values in group.items()}
            yield decoding.decode(group, self.encoder, self.clip)

    def by_lane(self, lanes: Sequence[int], seeds: Sequence[int | None]) -> list[Iterator[Rows]]:
        """For each of the lanes the blocks of its rows; seeds: of lane by lane, for the order of
        row groups. Lanes that share row groups share one reader and the first seed."""
        count = self.plan.lanes
        if not self.plan.by_row:
            return [self.blocks((lane, count), seed) for lane, seed in zip(lanes, seeds)]
        shared = itertools.tee(self.blocks(None, seeds[0]), len(lanes))
        return [_dealt(blocks, lane, count) for blocks, lane in zip(shared, lanes)]


class Reading(Protocol):
    """Gives a rank's rows of an epoch."""

    def epoch(self, epoch: int, start: int) -> list[Iterator[Rows]]:
        """For each lane its rows in portions of plan.per_lane, from step `start` on."""
        ...


@dataclass
class Kept:
    """Rows read once and kept; every epoch permutes them, unless shuffle is False."""

    source: Source
    lanes: Sequence[int]
    seed: int
    shuffle: bool
    _rows: list[Rows] = field(default_factory=list)

    def epoch(self, epoch: int, start: int) -> list[Iterator[Rows]]:
        """See Reading."""
        if not self._rows:
            blocks = self.source.by_lane(self.lanes, [None] * len(self.lanes))
            if self.source.plan.by_row:
                self._rows = self._together(blocks)
            else:
                self._rows = [self._joined(list(lane)) for lane in blocks]
        return [
            self._portions(rows, lane, epoch, start) for rows, lane in zip(self._rows, self.lanes)
        ]

    def _together(self, lanes: list[Iterator[Rows]]) -> list[Rows]:
        # Side by side, so that the shared reader keeps no block longer than all lanes need it.
        parts = list(zip(*lanes))
        return [self._joined([part[i] for part in parts]) for i in range(len(lanes))]

    def _joined(self, blocks: list[Rows]) -> Rows:
        return Rows.concat([Rows.blank(0, self.source.encoder, self.source.ids), *blocks])

    def _portions(self, rows: Rows, lane: int, epoch: int, start: int) -> Iterator[Rows]:
        order = np.arange(len(rows))
        if self.shuffle:
            order = np.random.default_rng((self.seed, epoch, lane)).permutation(order)
        size = self.source.plan.per_lane
        for first in range(start * size, len(rows), size):
            yield rows.take(order[first : first + size])


@dataclass
class Streamed:
    """Rows read anew every epoch: row groups shuffled, then rows within a window of row groups.

    window: rows of a lane mixed at a time, at least; whole row groups.
    """

    source: Source
    lanes: Sequence[int]
    seed: int
    shuffle: bool
    window: int

    def epoch(self, epoch: int, start: int) -> list[Iterator[Rows]]:
        """See Reading."""
        read = self.source.by_lane(self.lanes, [self._seed(epoch, lane) for lane in self.lanes])
        portions: list[Iterator[Rows]] = []
        for lane, blocks in zip(self.lanes, read):
            random = np.random.default_rng((self.seed, epoch, lane))
            sized = (
                rechunk(blocks, self.source.plan.per_lane, self.window, random)
                if self.shuffle
                else rechunk(blocks, self.source.plan.per_lane)
            )
            portions.append(itertools.islice(sized, start, None))
        return portions

    def _seed(self, epoch: int, lane: int) -> int | None:
        if not self.shuffle:
            return None
        own = -1 if self.source.plan.by_row else lane
        return int(np.random.SeedSequence((self.seed, epoch, own + 1)).generate_state(1)[0])


def rechunk(
    blocks: Iterator[Rows],
    size: int,
    window: int = 0,
    random: np.random.Generator | None = None,
) -> Iterator[Rows]:
    """The same rows in portions of `size`, the last one perhaps shorter.

    random: mixes them within windows of at least `window` rows.
    """
    kept: list[Rows] = []
    held = 0
    for block in blocks:
        kept.append(block)
        held += len(block)
        if held < max(size, window):
            continue
        whole, order = _ordered(kept, random)
        full = held - held % size
        for first in range(0, full, size):
            yield whole.take(order[first : first + size])
        kept = [whole.take(order[full:])]
        held -= full
    if held:
        whole, order = _ordered(kept, random)
        for first in range(0, held, size):
            yield whole.take(order[first : first + size])


def _ordered(
    blocks: list[Rows], random: np.random.Generator | None
) -> tuple[Rows, NDArray[np.int64]]:
    whole = Rows.concat(blocks)
    order = np.arange(len(whole))
    return whole, order if random is None else random.permutation(order)


def _dealt(blocks: Iterator[Rows], lane: int, lanes: int) -> Iterator[Rows]:
    # By the place in the stream, not in the row group: lanes differ by one row at most, in every
    # order of the row groups.
    seen = 0
    for block in blocks:
        yield block.take(slice((lane - seen) % lanes, None, lanes))
        seen += len(block)
