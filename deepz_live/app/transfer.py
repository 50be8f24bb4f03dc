"""Training from a bundle against training from nothing, on the same stacks (paper S11, S12)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from deepz_live.app.quality import Effort, measure
from deepz_live.app.training import find_stacks, training_order
from deepz_live.model.bundle import load_bundle
from deepz_live.train.progress import TrainingProgress

EFFORT = Effort(inputs=5)
STRIDE = 3
"""The second training takes a third of the first one's steps."""


class Curve:
    """Validations of a run; hand :meth:`take` to it as ``report``.

    Attributes
    ----------
    points
        Step, and the loss that the best network is chosen by.
    parts
        All other losses and scores of the same validations, by name.
    """

    def __init__(self) -> None:
        self.points: list[tuple[int, float]] = []
        self.parts: list[dict[str, float]] = []

    def take(self, progress: TrainingProgress) -> None:
        if progress.val_parts:
            self.points.append((progress.step, progress.val_loss))
            self.parts.append(dict(progress.val_parts))

    @property
    def best(self) -> tuple[int, float]:
        return min(self.points, key=lambda point: point[1])


def compare_trainings(
    stacks: Path,
    test: Path,
    init: Path,
    folder: Path,
    *,
    minutes: float = 12.0,
    note: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Two trainings on ``stacks`` with the same seed and validation examples, scored on ``test``.

    The first one from nothing with the preset ``quick`` for so many minutes, the second one from
    the bundle ``init`` with the preset ``transfer`` for a third of the first one's steps, its
    learning rate falling over those.

    Parameters
    ----------
    folder
        Where the two bundles go.

    Returns
    -------
    ``scratch`` and ``transfer``: steps, best validation and mean absolute error over all refocus
    distances of the test stacks; ``reached_at_step``: the first validation of the second run that
    is as good as the best of the first; ``mae_unrefocused``; ``curves``.

    Raises
    ------
    TrainingError, BundleError, StackError, RefocusError
        As training and measuring do.
    """
    from deepz_live.train.run import train

    orders = [
        training_order(stacks, folder / preset, preset=preset, minutes=limit, init=start)
        for preset, limit, start in (
            ("quick", minutes, None), ("transfer", 60 * minutes, init),
        )
    ]  # fmt: skip
    curves = [Curve(), Curve()]
    note(f"Training from nothing, {minutes:g} minutes")
    train(orders[0], report=curves[0].take)
    steps = curves[0].points[-1][0]
    short = orders[1].preset.model_copy(
        update={"steps": max(steps // STRIDE, 1), "seed": orders[0].preset.seed}
    )
    note(f"Training from {init.name}, {short.steps} steps")
    train(replace(orders[1], preset=short), report=curves[1].take)
    errors = [mean_error(order.out, test) for order in orders]
    reached = [step for step, value in curves[1].points if value <= curves[0].best[1]]
    return {
        "init": init.name,
        "scratch": {"steps": steps, "best_validation": curves[0].best, "mae": errors[0][0]},
        "transfer": {
            "steps": curves[1].points[-1][0], "best_validation": curves[1].best,
            "mae": errors[1][0], "reached_at_step": reached[0] if reached else None,
        },
        "mae_unrefocused": errors[0][1],
        "curves": {"scratch": curves[0].points, "transfer": curves[1].points},
    }  # fmt: skip


def mean_error(bundle: Path, test: Path) -> tuple[float, float]:
    """Mean absolute error over distances: of the bundle's planes, and of the input as it is."""
    parts = [(path, None) for path in find_stacks(test)]
    rows = measure(load_bundle(bundle), parts, effort=EFFORT)["per_distance"]
    rows = [row for row in rows if abs(row["dz_um"]) > 1e-6]
    own = sum(row["mae"] for row in rows) / len(rows)
    return own, sum(row["baseline"]["mae"] for row in rows) / len(rows)
