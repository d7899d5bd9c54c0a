"""Who reads which rows: lanes, steps and padding, from footers alone.

The order of an epoch is that of `lanes` fixed streams of rows. Every global batch takes
batch_size / lanes rows of each, and rank r of N owns the contiguous lanes r * lanes / N and on. So
the global batches are the same for every N that divides the lanes.
"""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass

from aisles.config import EncoderConfig, TrainConfig
from aisles.dataset.pinned import Pinned

logger = logging.getLogger(__name__)

# Whole row groups a lane are given up for single rows when they cost more padding than this share.
_MOST_PADDING = 0.25


@dataclass(frozen=True)
class Plan:
    """How one split is read, the same on every rank.

    lane_rows: rows of each lane an epoch. per_lane: rows of a lane in each global batch. by_row:
    False: lane l is the row groups l modulo lanes, which is Petastorm's shard l of lanes; True: it
    is the rows l modulo lanes of all row groups, for tables with too few or too uneven row groups.
    in_memory: the rows are read once and kept.
    """

    rows: int
    lane_rows: tuple[int, ...]
    per_lane: int
    by_row: bool
    in_memory: bool

    @property
    def lanes(self) -> int:
        """Number of lanes."""
        return len(self.lane_rows)

    @property
    def steps(self) -> int:
        """Global batches an epoch, the same on every rank."""
        return _steps(self.lane_rows, self.per_lane)

    @property
    def padding(self) -> float:
        """Share of an epoch's rows that are padding, 0..1."""
        places = self.steps * self.lanes * self.per_lane
        return 1.0 - self.rows / places if places else 0.0


def plan(pinned: Pinned, train: TrainConfig, encoder: EncoderConfig) -> Plan:
    """The plan of a split; it depends on the files and the configuration, never on the ranks.

    Raises ValueError when the lanes do not divide the batch size.
    """
    if train.lanes < 1 or train.batch_size < 1 or train.batch_size % train.lanes:
        raise ValueError(
            f"train.lanes ({train.lanes}) must divide train.batch_size ({train.batch_size})"
        )
    per_lane = train.batch_size // train.lanes
    groups = pinned.group_rows
    whole = tuple(sum(groups[lane :: train.lanes]) for lane in range(train.lanes))
    rowwise = tuple(len(range(lane, pinned.rows, train.lanes)) for lane in range(train.lanes))
    ideal = _steps(rowwise, per_lane)
    by_row = len(groups) < train.lanes or ideal < (1 - _MOST_PADDING) * _steps(whole, per_lane)
    made = Plan(
        rows=pinned.rows,
        lane_rows=rowwise if by_row else whole,
        per_lane=per_lane,
        by_row=by_row,
        in_memory=_size(pinned, encoder) <= train.memory_mb * 2**20,
    )
    _tell(pinned, made)
    return made


def rank_lanes(rank: int, ranks: int, lanes: int) -> range:
    """The contiguous lanes that a rank owns.

    Raises ValueError when the ranks do not divide the lanes.
    """
    if ranks < 1 or lanes % ranks:
        raise ValueError(f"train.ranks ({ranks}) must divide train.lanes ({lanes})")
    assert 0 <= rank < ranks
    share = lanes // ranks
    return range(rank * share, (rank + 1) * share)


def _steps(lane_rows: tuple[int, ...], per_lane: int) -> int:
    return max(math.ceil(rows / per_lane) for rows in lane_rows)


def _size(pinned: Pinned, encoder: EncoderConfig) -> int:
    fixed = 4 * (encoder.tokens + encoder.bag + encoder.categorical + encoder.numerical)
    return pinned.bytes + pinned.rows * (fixed + 3 * encoder.image_px**2)


def _tell(pinned: Pinned, made: Plan) -> None:
    name = f"{pinned.table} version {pinned.version}, split {pinned.split}"
    groups = len(pinned.group_rows)
    if made.by_row and made.rows and not made.in_memory:
        logger.warning(
            "%s: %d row groups for %d lanes, so every rank reads all of them; write smaller files "
            "(snapshot.rows_per_file) to let each rank read only its own",
            name,
            groups,
            made.lanes,
        )
    if made.padding > 0.5:
        logger.warning(
            "%s: %.0f %% of the rows of an epoch are padding; lower train.batch_size",
            name,
            100 * made.padding,
        )
