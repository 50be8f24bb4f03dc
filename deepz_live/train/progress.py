"""What a training run tells while it runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class TrainingProgress:
    """A snapshot after a validation, or a line about preparation.

    Attributes
    ----------
    step
        Iterations so far; 0 while preparing.
    seconds, seconds_left
        Training time spent and left, preparation not counted.
    train_loss, val_loss, best_val
        Of the loss that the best network is chosen by: mean since the last snapshot; this
        validation; the best so far. NaN while preparing.
    message
        A line for people.
    train_parts, val_parts
        All other losses and scores by name, likewise.
    preview
        A PNG of input, refocused, target and difference, a row an example; written anew at every
        validation.
    """

    step: int
    seconds: float
    seconds_left: float
    train_loss: float
    val_loss: float
    best_val: float
    message: str
    train_parts: Mapping[str, float] = field(default_factory=dict)
    val_parts: Mapping[str, float] = field(default_factory=dict)
    preview: Path | None = None

    @classmethod
    def note(cls, message: str) -> TrainingProgress:
        """A line about preparation or export."""
        nan = float("nan")
        return cls(0, 0.0, nan, nan, nan, nan, message)
