"""A trained model over tables: scores and embeddings of products, and how good they are."""

from aisles.score.measure import Measured, measure, measured
from aisles.score.scorer import SCORED, VOTES, Packed, Scorer, inputs_of, opened, score

__all__ = [
    "SCORED",
    "VOTES",
    "Measured",
    "Packed",
    "Scorer",
    "inputs_of",
    "measure",
    "measured",
    "opened",
    "score",
]
