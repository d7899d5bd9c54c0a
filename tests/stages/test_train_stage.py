"""What the train stage decides before it trains."""

import pytest

from aisles.config import TrainConfig
from aisles.stages.train import _affordable


@pytest.mark.parametrize(
    ("rows", "epochs"),
    [
        (100, 10),  # one step an epoch: all epochs
        (24_000, 10),  # 63 steps an epoch: 630 in all
        (164_000, 4),  # 428 steps an epoch: 1,500 allow 3.5
        (10_000_000, 2),  # never fewer than two
    ],
)
def test_large_snapshots_take_fewer_epochs(rows: int, epochs: int) -> None:
    config = TrainConfig(batch_size=384, epochs=10, max_steps=1500)
    assert _affordable(config, rows).epochs == epochs
