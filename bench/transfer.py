"""Does a training from a bundle do in a third of the steps what one from nothing does (JSON)?

    uv run python bench/transfer.py STACKS TEST --init beads_20x075 [--minutes 12]

Two trainings on the same stacks with the same seed and validation examples: the first one from
nothing with the preset ``quick`` for so many minutes, the second one from the bundle with the
preset ``transfer`` for a third of the first one's steps, its learning rate falling over those.
Their mean absolute errors on the test stacks, over all refocus distances, are compared (paper,
Figs. S11 and S12); beside them that of no refocusing. ``reached_at_step``: the first validation of
the second run that is as good as the best of the first.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from deepz_live.app.quality import Effort, measure
from deepz_live.app.training import find_stacks, training_order
from deepz_live.model.bundle import load_bundle
from deepz_live.train.progress import TrainingProgress
from deepz_live.train.run import train

EFFORT = Effort(inputs=5)
STRIDE = 3


class Curve:
    """Validations of a run."""

    def __init__(self) -> None:
        self.points: list[tuple[int, float]] = []

    def take(self, progress: TrainingProgress) -> None:
        if progress.val_parts:
            self.points.append((progress.step, progress.val_loss))

    @property
    def best(self) -> tuple[int, float]:
        return min(self.points, key=lambda point: point[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stacks", type=Path)
    parser.add_argument("test", type=Path)
    parser.add_argument("--init", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=12.0)
    args = parser.parse_args()
    with TemporaryDirectory() as folder:
        orders = [
            training_order(
                args.stacks, Path(folder) / preset, preset=preset, minutes=minutes, init=init
            )
            for preset, minutes, init in (
                ("quick", args.minutes, None), ("transfer", 60 * args.minutes, args.init),
            )
        ]  # fmt: skip
        curves = [Curve(), Curve()]
        train(orders[0], report=curves[0].take)
        steps = curves[0].points[-1][0]
        short = orders[1].preset.model_copy(
            update={"steps": max(steps // STRIDE, 1), "seed": orders[0].preset.seed}
        )
        train(replace(orders[1], preset=short), report=curves[1].take)
        errors = [mae(order.out, args.test) for order in orders]
    reached = [step for step, value in curves[1].points if value <= curves[0].best[1]]
    report = {
        "init": args.init.name,
        "scratch": {"steps": steps, "best_validation": curves[0].best, "mae": errors[0][0]},
        "transfer": {
            "steps": curves[1].points[-1][0], "best_validation": curves[1].best,
            "mae": errors[1][0], "reached_at_step": reached[0] if reached else None,
        },
        "mae_unrefocused": errors[0][1],
        "curves": {"scratch": curves[0].points, "transfer": curves[1].points},
    }  # fmt: skip
    print(json.dumps(report, indent=1))


def mae(bundle: Path, test: Path) -> tuple[float, float]:
    """Mean over distances: of the bundle's planes, and of the input as it is."""
    parts = [(path, None) for path in find_stacks(test)]
    rows = measure(load_bundle(bundle), parts, effort=EFFORT)["per_distance"]
    rows = [row for row in rows if abs(row["dz_um"]) > 1e-6]
    own = sum(row["mae"] for row in rows) / len(rows)
    return own, sum(row["baseline"]["mae"] for row in rows) / len(rows)


if __name__ == "__main__":
    main()
