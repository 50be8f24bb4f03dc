"""Capturing the z-stacks a model is trained on."""

from deepz_live.app.calibrate.estimate import CalibrationEstimate, estimate
from deepz_live.app.calibrate.progress import CalibrationProgress
from deepz_live.app.calibrate.record import (
    RECORD,
    CalibrationRecord,
    StackEntry,
    read_record,
    write_record,
)
from deepz_live.app.calibrate.run import CalibrationRun

__all__ = [
    "RECORD",
    "CalibrationEstimate",
    "CalibrationProgress",
    "CalibrationRecord",
    "CalibrationRun",
    "StackEntry",
    "estimate",
    "read_record",
    "write_record",
]
