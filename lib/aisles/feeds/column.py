"""One column of a feed while its role is inferred."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from aisles.feeds.evidence import Evidence
from aisles.feeds.shapes import Shape
from aisles.feeds.vocabulary import NameScores


@dataclass
class Column:
    """One column: what its name and its values say of each role, and the points, (roles,)."""

    name: str
    values: Sequence[str | None]
    shape: Shape
    named: NameScores
    lent: Mapping[str, float]
    clues: dict[str, Evidence]
    scores: np.ndarray
