"""Two trainings that differ in nothing but the mask in front of the camera."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deepz_live.app.helix.scenes import Mask, profile_of
from deepz_live.app.training import find_stacks, training_order

if TYPE_CHECKING:
    from deepz_live.train.order import TrainingOrder

SEED = 0
"""Of both presets' random choices, so that both masks see the same crops."""

Note = Callable[[str], None]


def order_for(
    mask: Mask, scans: Path, out: Path, changes: dict[str, Any], init: Path | None = None
) -> TrainingOrder:
    """The training through ``mask`` on the scans in ``scans / mask``.

    Input: a plane of the scan through the mask. Target: the planes of the clear pupil's scan of the
    same field, for both masks. A run that was stopped goes on.

    Parameters
    ----------
    changes
        What is set otherwise than in the preset: ``z_range_um`` and ``steps`` at least. The preset
        is ``quick``, or with ``init`` ``transfer`` at half its rate.
    """
    plain = find_stacks(scans / "none")
    stacks = plain if mask == "none" else find_stacks(scans / mask)
    first = init is None
    order = training_order(
        stacks,
        out,
        preset="quick" if first else "transfer",
        init=init,
        resume=out.with_name(out.name + ".work").exists(),
        target=None if mask == "none" else plain,
    )
    rate = order.preset.learning_rate * (1 if first else 0.5)
    usual = {"minutes": None, "align": False, "learning_rate": rate, "seed": SEED}
    preset = type(order.preset).model_validate(order.preset.model_dump() | usual | changes)
    optics = profile_of(mask, "beads-flat", 0, 64, changes["z_range_um"]).optics
    return replace(order, preset=preset, optics=optics)


def trained(order: TrainingOrder, note: Note = lambda _: None) -> dict[str, Any]:
    """Train unless the bundle is there; steps, minutes and best validation of this run."""
    from deepz_live.train.curve import Curve
    from deepz_live.train.run import train

    if (order.out / "rdf.yaml").is_file():
        return {}
    curve = Curve()

    def report(progress: Any) -> None:
        curve.take(progress)
        if progress.val_parts:
            note(f"{order.out.name}: step {progress.step}, validation {progress.val_loss:.4g}")

    train(order, report=report)
    return {
        "steps": curve.points[-1][0],
        "minutes": round(curve.seconds / 60, 1),
        "best_validation": curve.best,
    }
