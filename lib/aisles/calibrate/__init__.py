"""Figures, thresholds, calibration and unbiased estimates; numpy only, no Spark, no torch."""

from aisles.calibrate.calibration import Calibration, fit_calibration
from aisles.calibrate.estimate import Estimate, estimate_precision, estimate_recall
from aisles.calibrate.figures import (
    CategoryFigures,
    by_category,
    calibration_error,
    coverage,
    coverage_threshold,
    figures,
)
from aisles.calibrate.pairs import Pairs
from aisles.calibrate.tally import Tally
from aisles.calibrate.thresholds import Thresholds, choose_thresholds

__all__ = [
    "Calibration",
    "CategoryFigures",
    "Estimate",
    "Pairs",
    "Tally",
    "Thresholds",
    "by_category",
    "calibration_error",
    "choose_thresholds",
    "coverage",
    "coverage_threshold",
    "estimate_precision",
    "estimate_recall",
    "figures",
    "fit_calibration",
]
