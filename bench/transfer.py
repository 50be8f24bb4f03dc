"""Does a training from a bundle do in a third of the steps what one from nothing does (JSON)?

    uv run python bench/transfer.py STACKS TEST --init beads_20x075 [--minutes 12] [--shares 3 2]

Trainings on the same stacks with the same validation examples: the first one from nothing with the
preset ``quick`` for so many minutes; the others from the bundle with the preset ``transfer``, each
for the first one's steps divided by a share, its learning rate falling over those. Their mean
absolute errors on the test stacks, over all refocus distances, are compared (paper, Figs. S11 and
S12); beside them that of no refocusing. ``reached_at_step``: the first validation that is as good
as the best of the run from nothing.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from parts.curve import Curve

from deepz_live.app.quality import Effort, measure
from deepz_live.app.training import find_stacks, training_order
from deepz_live.model.bundle import load_bundle
from deepz_live.train.order import TrainingOrder
from deepz_live.train.run import train

EFFORT = Effort(inputs=5)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stacks", type=Path)
    parser.add_argument("test", type=Path)
    parser.add_argument("--init", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=12.0)
    parser.add_argument("--shares", type=float, nargs="+", default=[3.0])
    parser.add_argument("--learning-rate", type=float, help="instead of that of `transfer`")
    args = parser.parse_args()
    with TemporaryDirectory() as name:
        folder = Path(name)
        first = training_order(args.stacks, folder / "scratch", minutes=args.minutes)
        scratch, curve = run(first, args.test)
        report: dict[str, Any] = {"init": args.init.name, "scratch": scratch, "transfer": []}
        for share in args.shares:
            order = training_order(
                args.stacks, folder / f"transfer_{share:g}", preset="transfer", init=args.init
            )
            rate = args.learning_rate or order.preset.learning_rate
            changes = {
                "minutes": None,
                "steps": max(round(scratch["steps"] / share), 1),
                "seed": first.preset.seed,
                "learning_rate": rate,
            }
            order = replace(order, preset=order.preset.model_copy(update=changes))
            result, made = run(order, args.test)
            reached = [step for step, value in made.points if value <= curve.best[1]]
            report["transfer"].append(
                {
                    "share": share,
                    "learning_rate": rate,
                    "reached_at_step": reached[0] if reached else None,
                    **result,
                }
            )
    print(json.dumps(report, indent=1))


def run(order: TrainingOrder, test: Path) -> tuple[dict[str, Any], Curve]:
    """Train and measure."""
    curve = Curve()
    train(order, report=curve.take)
    own, unrefocused = mae(order.out, test)
    return {
        "steps": curve.points[-1][0],
        "minutes": round(curve.seconds / 60, 1),
        "best_validation": curve.best,
        "mae": own,
        "mae_unrefocused": unrefocused,
        "curve": curve.points,
    }, curve


def mae(bundle: Path, test: Path) -> tuple[float, float]:
    """Mean over distances: of the bundle's planes, and of the input as it is."""
    parts = [(path, None) for path in find_stacks(test)]
    rows = measure(load_bundle(bundle), parts, effort=EFFORT)["per_distance"]
    rows = [row for row in rows if abs(row["dz_um"]) > 1e-6]
    own = sum(row["mae"] for row in rows) / len(rows)
    return own, sum(row["baseline"]["mae"] for row in rows) / len(rows)


if __name__ == "__main__":
    main()
