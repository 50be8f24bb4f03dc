"""The validations of a training run, as they come."""

from __future__ import annotations

from deepz_live.train.progress import TrainingProgress


class Curve:
    """Validations of a run; hand :meth:`take` to it as ``report``."""

    def __init__(self) -> None:
        self.points: list[tuple[int, float]] = []
        """Step, and the loss that the best network is chosen by."""
        self.parts: list[dict[str, float]] = []
        """All other losses and scores of the same validations, by name."""
        self.seconds = 0.0

    def take(self, progress: TrainingProgress) -> None:
        """Keep the validation, where there is one."""
        if progress.val_parts:
            self.points.append((progress.step, progress.val_loss))
            self.parts.append(dict(progress.val_parts))
            self.seconds = progress.seconds

    @property
    def best(self) -> tuple[int, float]:
        """Step and loss of the best validation."""
        return min(self.points, key=lambda point: point[1])
