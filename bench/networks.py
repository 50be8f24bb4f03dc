"""The planes model against the paper's generator, and its variants, after equal times (JSON).

    uv run python bench/networks.py STACKS TEST [--minutes 6] [--runs planes generator …]

Every run trains from nothing on the same stacks for so many minutes, then meets the same test
stacks. The networks have as many weights as one another: the planes model at width 1 has 1.27
million, the generator at width 0.25 has 1.09. Runs:

planes, generator
    Squared and absolute error as in the preset ``quick``.
alpha_on_mae, alpha_on_adversarial
    The generator with the paper's discriminator and updates (six and three an iteration), and both
    readings of Eq. 4. Rates are the paper's times ``--faster``: a run of minutes has a hundredth of
    the paper's updates.
distilled
    The planes model with this bench's generator as its teacher (trained first if need be).

A generator makes one plane at a time and takes longer to measure than to train; ``--side`` measures
the middle of every field, ``--inputs`` so many planes of it. ``curve``: step, selecting loss and
its parts at every validation. ``--picture FILE`` shows what each run makes of the first stack.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from deepz_live.app.quality import Effort, measure
from deepz_live.app.report.figures import image_rows
from deepz_live.app.report.pairs import Box, Field, open_field
from deepz_live.app.training import find_stacks, training_order
from deepz_live.model.bundle import Bundle, load_bundle
from deepz_live.refocus.engine import open_engine, planes_at
from deepz_live.session.stack import read_stack
from deepz_live.train.curve import Curve
from deepz_live.train.preset import Preset
from deepz_live.train.run import train

GENERATOR: dict[str, Any] = {"model": "generator", "width": 0.25, "learning_rate": 0.001}
PAPER_RATE, PAPER_DISCRIMINATOR_RATE = 1e-4, 3e-5
SHOWN_UM = (-6.0, -3.0, 3.0, 6.0)
RUNS = ("planes", "generator", "distilled", "alpha_on_mae", "alpha_on_adversarial")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stacks", type=Path)
    parser.add_argument("test", type=Path)
    parser.add_argument("--minutes", type=float, default=6.0)
    parser.add_argument("--runs", nargs="+", choices=RUNS, default=RUNS[:2])
    parser.add_argument("--faster", type=float, default=1.0)
    parser.add_argument("--inputs", type=int, default=5)
    parser.add_argument("--side", type=int)
    parser.add_argument("--picture", type=Path)
    args = parser.parse_args()
    names = list(args.runs)
    if "distilled" in names and "generator" not in names:
        names.insert(0, "generator")
    names.sort(key=lambda name: name == "distilled")  # the teacher comes first
    with TemporaryDirectory() as folder:
        report = {name: run(name, Path(folder), args) for name in names}
        if args.picture is not None:
            bundles = {name: load_bundle(Path(folder) / name) for name in names}
            args.picture.write_bytes(picture(bundles, find_stacks(args.test)[0], args.side))
    print(json.dumps({"minutes": args.minutes, "faster": args.faster, "runs": report}, indent=1))


def changes(name: str, faster: float) -> dict[str, Any]:
    """What a run changes in the preset ``quick``."""
    if name == "generator":
        return GENERATOR
    if not name.startswith("alpha_on_"):
        return {}
    term = name.removeprefix("alpha_on_")
    return GENERATOR | {
        "learning_rate": PAPER_RATE * faster,
        "schedule": "constant",
        "warmup_steps": 1,
        "clip_norm": None,
        "generator": {"adversarial": True, "alpha": 0.02, "alpha_on": term, "updates": 6},
        "discriminator": {"learning_rate": PAPER_DISCRIMINATOR_RATE * faster, "updates": 3},
    }


def run(name: str, folder: Path, args: argparse.Namespace) -> dict[str, Any]:
    """Train and measure one variant."""
    teacher = folder / "generator" if name == "distilled" else None
    order = training_order(args.stacks, folder / name, minutes=args.minutes, teacher=teacher)
    preset = Preset.model_validate(order.preset.model_dump() | changes(name, args.faster))
    curve = Curve()
    train(replace(order, preset=preset, network=preset.model), report=curve.take)
    bundle = load_bundle(order.out)
    parts = [(path, middle(path, args.side)) for path in find_stacks(args.test)]
    quality = measure(bundle, parts, effort=Effort(inputs=args.inputs))
    training = bundle.facts.training
    return {
        "steps": training["steps"],
        "best_step": training["best_step"],
        "minutes": training["minutes"],
        "seconds_per_plane": quality["seconds_per_plane"],
        "per_distance": quality["per_distance"],
        "curve": [
            {"step": step, "select": value, **parts}
            for (step, value), parts in zip(curve.points, curve.parts, strict=True)
        ],
    }


def middle(path: Path, side: int | None) -> Box | None:
    """The middle square of a stack's field; all of it where no side is given."""
    if side is None:
        return None
    corners = [max(0, (n - side) // 2) for n in read_stack(path).voxels.shape[1:]]
    return slice(corners[0], corners[0] + side), slice(corners[1], corners[1] + side)


def picture(bundles: dict[str, Bundle], path: Path, side: int | None) -> bytes:
    """Input, what each run makes of it, and the scan, a row for each defocus."""
    first = next(iter(bundles.values()))
    field = open_field(first, read_stack(path), middle(path, side), path)
    rows: list[tuple[str, list[tuple[str, np.ndarray]]]] = []
    engines = {name: open_engine(bundle) for name, bundle in bundles.items()}
    for um in SHOWN_UM:
        source = field.middle - field.steps(um)
        truth = ("mechanical scan", field.normalised(field.middle))
        made = [(name, refocused(engine, field, source, um)) for name, engine in engines.items()]
        images = [("input", field.normalised(source)), *made]
        rows.append((f"{um:+g} µm", [*images[:2], truth, *images[2:]]))
    for engine in engines.values():
        engine.close()
    return image_rows(rows, pixel_size_um=field.pixel_size_um, root=False, bar_um=10.0)


def refocused(engine, field: Field, source: int, um: float) -> np.ndarray:
    """Normalised ``(Y, X)``: plane ``source`` brought to ``um`` from it."""
    volume = engine.volume(field.voxels[source])
    plane = planes_at(volume, engine.bundle.facts.z_planes_um, [um])[0]
    return field.facts.output_normalization.forward(plane)


if __name__ == "__main__":
    main()
