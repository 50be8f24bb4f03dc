"""The planes model against the paper's generator, and its variants, after equal times (JSON).

    uv run python bench/networks.py STACKS TEST [--minutes 6] [--runs planes generator …]

Every run trains from nothing on the same stacks for so many minutes, then meets the same test
stacks. The networks have as many weights as one another: the planes model at width 1 has 1.27
million, the generator at width 0.25 has 1.09. Runs:

planes, generator
    Squared and absolute error as in the preset ``quick``.
alpha_on_mae, alpha_on_adversarial
    The generator with the paper's discriminator, rates and updates, and both readings of Eq. 4.
distilled
    The planes model with this bench's generator as its teacher (trained first if need be).
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from deepz_live.app.quality import Effort, measure
from deepz_live.app.training import find_stacks, training_order
from deepz_live.model.bundle import load_bundle
from deepz_live.train.preset import Preset
from deepz_live.train.run import train

EFFORT = Effort(inputs=5)
GENERATOR: dict[str, Any] = {"model": "generator", "width": 0.25, "learning_rate": 0.001}
PAPER: dict[str, Any] = GENERATOR | {
    "learning_rate": 0.0001, "schedule": "constant", "warmup_steps": 1, "clip_norm": None,
}  # fmt: skip
RUNS: dict[str, dict[str, Any]] = {
    "planes": {},
    "generator": GENERATOR,
    "distilled": {},
    **{
        f"alpha_on_{term}": PAPER | {
            "generator": {"adversarial": True, "alpha": 0.02, "alpha_on": term, "updates": 6}
        }
        for term in ("mae", "adversarial")
    },
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stacks", type=Path)
    parser.add_argument("test", type=Path)
    parser.add_argument("--minutes", type=float, default=6.0)
    parser.add_argument("--runs", nargs="+", choices=tuple(RUNS), default=tuple(RUNS)[:2])
    args = parser.parse_args()
    names = list(args.runs)
    if "distilled" in names and "generator" not in names:
        names.insert(0, "generator")
    names.sort(key=lambda name: name == "distilled")  # the teacher comes first
    with TemporaryDirectory() as folder:
        report = {name: run(name, Path(folder), args) for name in names}
    print(json.dumps({"minutes": args.minutes, "runs": report}, indent=1))


def run(name: str, folder: Path, args: argparse.Namespace) -> dict[str, Any]:
    """Train and measure one variant."""
    teacher = folder / "generator" if name == "distilled" else None
    order = training_order(args.stacks, folder / name, minutes=args.minutes, teacher=teacher)
    preset = Preset.model_validate(order.preset.model_dump() | RUNS[name])
    train(replace(order, preset=preset, network=preset.model))
    bundle = load_bundle(order.out)
    quality = measure(bundle, [(path, None) for path in find_stacks(args.test)], effort=EFFORT)
    training = bundle.facts.training
    return {
        "steps": training["steps"],
        "minutes": training["minutes"],
        "seconds_per_plane": quality["seconds_per_plane"],
        "per_distance": quality["per_distance"],
    }


if __name__ == "__main__":
    main()
