"""Active learning: which questions to ask next, each with the probability of being asked."""

from aisles.select.acquire import (
    acquire,
    conflict,
    disagreement,
    divisor,
    entropy,
    inclusion,
    propensity,
    solve_scale,
)
from aisles.select.draw import Stream, UniformDraw
from aisles.select.questions import select_questions

__all__ = [
    "Stream",
    "UniformDraw",
    "acquire",
    "conflict",
    "disagreement",
    "divisor",
    "entropy",
    "inclusion",
    "propensity",
    "select_questions",
    "solve_scale",
]
