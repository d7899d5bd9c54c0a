"""Budget to strata."""

import numpy as np
import pyarrow as pa
import pytest

from aisles.config import SelectConfig
from aisles.select.frame import Frame, category_sums, plan, worth_sums

CONFIG = SelectConfig(budget=100, uniform=0.1, relabel=0.2)


def bins(uncertain: float, relabel: float) -> np.ndarray:
    made = np.zeros((2, 5, 2))
    made[0, 2] = uncertain, uncertain * 0.5
    made[1, 3] = relabel, relabel * 0.2
    return made


@pytest.mark.parametrize(
    ("uncertain", "relabel", "expected"),
    [
        (1000, 1000, {"uncertain": 70, "relabel": 20, "uniform": 10}),
        (1000, 5, {"uncertain": 85, "relabel": 5, "uniform": 10}),
        (0, 1000, {"uncertain": 0, "relabel": 90, "uniform": 10}),
        (10, 10, {"uncertain": 10, "relabel": 10, "uniform": 80}),
        (0, 0, {"uncertain": 0, "relabel": 0, "uniform": 100}),
    ],
)
def test_what_a_stratum_cannot_use_goes_on(
    uncertain: float, relabel: float, expected: dict[str, float]
) -> None:
    assert plan(bins(uncertain, relabel), 10_000, CONFIG).expected == pytest.approx(expected)


def test_a_budget_above_the_frame_asks_everything() -> None:
    made = plan(bins(3, 0), 50, CONFIG)
    assert made.chance == 1
    assert made.scales == (np.inf, np.inf)


@pytest.mark.parametrize("shares", [(0.0, 0.2), (0.5, 0.6), (0.1, -0.1)])
def test_shares_that_leave_pairs_without_a_chance_are_refused(shares: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="select: uniform"):
        plan(bins(1, 1), 10, SelectConfig(uniform=shares[0], relabel=shares[1]))


def test_worths_of_known_pairs() -> None:
    batch = pa.record_batch(
        {
            "product_id": ["p"] * 5,
            "category_id": ["a", "b", "a", "b", "retired"],
            "probability": [0.5, None, 0.5, 0.0, 0.5],
            "spread": [0.0, None, None, 0.0, 0.0],
            "target": [None, 0.8, 0.5, None, 0.9],
            "answered": [False, False, True, False, False],
        }
    )
    frame = Frame(pa.array(["a", "b"]), CONFIG, 1, (np.array([1.0, 1.0]), np.array([1.0, 2.0])))
    kept, place = frame.live(batch)
    assert place.tolist() == [0, 1, 0, 1]
    uncertain, relabel = frame.worths(kept, place)
    assert uncertain.tolist() == [1, 0, 0, 0]
    assert relabel == pytest.approx([0, 0.32, 0, 0])
    assert category_sums(frame, batch)[0].tolist() == [[1, 1], [0, 0]]
    assert worth_sums(frame, batch)[1].sum(0) == pytest.approx([1, 0.32])
