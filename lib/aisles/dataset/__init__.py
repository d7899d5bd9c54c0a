"""Examples of a pinned table version as batches: every row exactly once, on any number of ranks."""

from aisles.dataset.loader import Loader, batch_of, in_order, on_device
from aisles.dataset.pinned import Pinned, VersionGone, pin
from aisles.dataset.planning import Plan, plan, rank_lanes
from aisles.dataset.rows import Rows

__all__ = [
    "Loader",
    "Pinned",
    "Plan",
    "Rows",
    "VersionGone",
    "batch_of",
    "in_order",
    "on_device",
    "pin",
    "plan",
    "rank_lanes",
]
