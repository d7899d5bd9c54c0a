"""What a round of questions draws from, and how its budget is spent; no Spark in here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from aisles.config import SelectConfig
from aisles.select.acquire import (
    Floats,
    Ints,
    acquire,
    bin_count,
    bins_of,
    conflict,
    solve_scale,
)
from aisles.select.draw import Stream

AIMED = ("uncertain", "relabel")
UNIFORM = "uniform"


@dataclass(frozen=True)
class Frame:
    """What a round draws from: every active product x live category.

    pairs of the aimed strata: those with a score row, and those with a rule's vote, unless they
    are answered. divisors: float64 (C,) of each aimed stratum.
    """

    category_ids: pa.Array
    config: SelectConfig
    round: int
    divisors: tuple[Floats, ...]

    def live(self, batch: pa.RecordBatch) -> tuple[pa.RecordBatch, Ints]:
        """The pairs of live categories, and the place of each one's category."""
        place = pc.index_in(batch.column("category_id"), value_set=self.category_ids)
        kept = pc.is_valid(place)
        return batch.filter(kept), place.filter(kept).to_numpy().astype(np.int64)

    def worths(self, batch: pa.RecordBatch, place: Ints) -> list[Floats]:
        """Worth of each live pair in each aimed stratum, 0 where it takes no part."""
        probability, spread, target = (
            numbers(batch, name) for name in ("probability", "spread", "target")
        )
        open_pair = ~batch.column("answered").to_numpy(zero_copy_only=False)
        score = np.nan_to_num(probability)
        unsure = acquire(score, np.nan_to_num(spread), self.config.disagreement)
        # A voted pair without a score row lies below the floor of scores: as good as 0.
        aims = (~np.isnan(probability), unsure), (~np.isnan(target), conflict(target, score))
        return [
            np.where(open_pair & known, worth / self.divisors[stratum][place], 0.0)
            for stratum, (known, worth) in enumerate(aims)
        ]

    def stream(self, stratum: str) -> Stream:
        """The random numbers of one stratum."""
        return Stream(self.config.seed, self.round, stratum)


@dataclass(frozen=True)
class Plan:
    """Scales of the aimed strata and the chance of the uniform one.

    expected: questions that each stratum draws on average, by its name.
    """

    scales: tuple[float, ...]
    chance: float
    expected: dict[str, float]


def plan(bins: NDArray[np.float64], pairs: int, config: SelectConfig) -> Plan:
    """How the budget is spent. bins: float64 (2, bins, 2), count and sum of worths by stratum.

    What an aimed stratum has no pairs for goes to the other one, then to the uniform stratum.
    Raises ValueError for shares that leave a pair without a chance.
    """
    if not 0 < config.uniform <= 1 or config.relabel < 0 or config.uniform + config.relabel > 1:
        raise ValueError(
            f"select: uniform {config.uniform} must be above 0 (every pair needs a chance) and "
            f"uniform + relabel ({config.relabel}) at most 1"
        )
    wanted = config.budget * np.array([1 - config.uniform - config.relabel, config.relabel])
    room = bins[:, :, 0].sum(1)
    spent = np.minimum(wanted, room)
    left = config.budget * (1 - config.uniform) - spent.sum()
    for stratum in range(len(AIMED)):
        more = min(left, room[stratum] - spent[stratum])
        spent[stratum] += more
        left -= more
    chance = min(1.0, (config.budget * config.uniform + left) / max(pairs, 1))
    scales = tuple(solve_scale(of[:, 0], of[:, 1], budget) for of, budget in zip(bins, spent))
    expected = {name: float(number) for name, number in zip(AIMED, spent)}
    return Plan(scales, chance, {**expected, UNIFORM: chance * pairs})


def category_sums(frame: Frame, batch: pa.RecordBatch) -> NDArray[np.float64]:
    """float64 (2, C, 2): number and sum of positive worths by aimed stratum and category."""
    batch, place = frame.live(batch)
    return _sums(frame.worths(batch, place), [place, place], len(frame.category_ids))


def worth_sums(frame: Frame, batch: pa.RecordBatch) -> NDArray[np.float64]:
    """float64 (2, bins, 2): number and sum of positive worths by aimed stratum and worth bin."""
    worths = frame.worths(*frame.live(batch))
    return _sums(worths, [bins_of(np.maximum(worth, 1e-300)) for worth in worths], bin_count())


def numbers(batch: pa.RecordBatch, name: str) -> Floats:
    """A column as float64, NaN where it is null."""
    return batch.column(name).cast(pa.float64()).to_numpy(zero_copy_only=False)


def _sums(worths: list[Floats], places: list[Ints], size: int) -> NDArray[np.float64]:
    return np.stack(
        [
            np.stack([np.bincount(place, worth > 0, size), np.bincount(place, worth, size)], 1)
            for worth, place in zip(worths, places)
        ]
    )
