"""What a training run tells while it runs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TrainingProgress:
    """A snapshot after a validation, or a line about preparation.

    Attributes
    ----------
    step
        Optimiser steps so far; 0 while preparing.
    seconds, seconds_left
        Training time spent and left, preparation not counted.
    train_loss, val_loss, best_val
        Mean since the last snapshot; this validation; the best so far. NaN while preparing.
    message
        A line for people.
    """

    step: int
    seconds: float
    seconds_left: float
    train_loss: float
    val_loss: float
    best_val: float
    message: str

    @classmethod
    def note(cls, message: str) -> TrainingProgress:
        """A line about preparation or export."""
        nan = float("nan")
        return cls(0, 0.0, nan, nan, nan, nan, message)
