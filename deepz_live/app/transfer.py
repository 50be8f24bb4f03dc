"""Training from a bundle against training from nothing, on the same stacks (paper S11, S12)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deepz_live.app.quality import Effort, measure
from deepz_live.app.training import find_stacks, training_order
from deepz_live.model.bundle import load_bundle

if TYPE_CHECKING:
    from deepz_live.train.curve import Curve
    from deepz_live.train.order import TrainingOrder

EFFORT = Effort(inputs=5)
STRIDE = 3
"""The second training takes a third of the first one's steps."""


def compare_trainings(
    stacks: Path,
    test: Path,
    init: Path,
    folder: Path,
    *,
    minutes: float = 12.0,
    steps: int | None = None,
    shares: Sequence[float] = (STRIDE,),
    learning_rate: float | None = None,
    note: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Trainings on ``stacks`` with the same seed and validation examples, scored on ``test``.

    The first one from nothing with the preset ``quick`` for so many minutes or steps, each other
    one from the bundle ``init`` with the preset ``transfer`` for a share of the first one's steps
    (1 / 3, …), its learning rate falling over those.

    Parameters
    ----------
    init
        A bundle, or ``BEST``.
    folder
        Where the bundles go.
    steps
        Of the first one, instead of minutes: a figure that another machine repeats.
    shares
        By which the first one's steps are divided.
    learning_rate
        Instead of that of ``transfer``.

    Returns
    -------
    ``scratch``, and under ``transfer`` one for each share: the bundle it started from, steps,
    minutes, best validation, curve, mean absolute error over all refocus distances of the test
    stacks and that of no refocusing.
    ``reached_at_step``: the first validation that is as good as the best of the first training.

    Raises
    ------
    TrainingError, BundleError, StackError, RefocusError
        As training and measuring do.
    """
    first = training_order(stacks, folder / "scratch", minutes=minutes)
    if steps is not None:
        changes: dict[str, Any] = {"minutes": None, "steps": steps}
        first = replace(first, preset=first.preset.model_copy(update=changes))
    note(f"Training from nothing, {f'{minutes:g} minutes' if steps is None else f'{steps} steps'}")
    scratch, curve = _run(first, test)
    report: dict[str, Any] = {"init": init.name, "scratch": scratch, "transfer": []}
    for share in shares:
        order = training_order(stacks, folder / f"share_{share:g}", preset="transfer", init=init)
        changes = {
            "minutes": None,
            "steps": max(round(scratch["steps"] / share), 1),
            "seed": first.preset.seed,
            "learning_rate": learning_rate or order.preset.learning_rate,
        }
        note(f"Training from {init.name}, {changes['steps']} steps")
        order = replace(order, preset=order.preset.model_copy(update=changes))
        result, made = _run(order, test)
        reached = [step for step, value in made.points if value <= curve.best[1]]
        report["transfer"].append(
            {
                "share": share,
                "from": _start(order.out),
                "learning_rate": changes["learning_rate"],
                "reached_at_step": reached[0] if reached else None,
                **result,
            }
        )
    return report


def _start(bundle: Path) -> str:
    """Name of the bundle that a training started from, or that it was ``nothing``."""
    start = load_bundle(bundle).facts.training.get("init")
    return start["name"] if start else "nothing"


def _run(order: TrainingOrder, test: Path) -> tuple[dict[str, Any], Curve]:
    from deepz_live.train.curve import Curve
    from deepz_live.train.run import train

    curve = Curve()
    train(order, report=curve.take)
    own, unrefocused = mean_error(order.out, test)
    return {
        "steps": curve.points[-1][0],
        "minutes": round(curve.seconds / 60, 1),
        "best_validation": curve.best,
        "mae": own,
        "mae_unrefocused": unrefocused,
        "curve": curve.points,
    }, curve


def mean_error(bundle: Path, test: Path) -> tuple[float, float]:
    """Mean absolute error over distances: of the bundle's planes, and of the input as it is."""
    parts = [(path, None) for path in find_stacks(test)]
    rows = measure(load_bundle(bundle), parts, effort=EFFORT)["per_distance"]
    rows = [row for row in rows if abs(row["dz_um"]) > 1e-6]
    own = sum(row["mae"] for row in rows) / len(rows)
    return own, sum(row["baseline"]["mae"] for row in rows) / len(rows)
