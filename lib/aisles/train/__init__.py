"""Training: one loop, on one process or on several that Horovod joins."""

from aisles.train.loop import fit
from aisles.train.ranks import Alone, Horovod, Ranks
from aisles.train.spec import FitResult, FitSpec
from aisles.train.start import RankFailed, launch, launch_spark

__all__ = [
    "Alone",
    "FitResult",
    "FitSpec",
    "Horovod",
    "RankFailed",
    "Ranks",
    "fit",
    "launch",
    "launch_spark",
]
